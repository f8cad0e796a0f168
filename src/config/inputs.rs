//! The list `inputs`: what is read, how it is decoded, and where it begins.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, SeqAccess, Visitor};

use super::problem::Problems;
use super::section::{Found, Section};
use super::{InputConfig, Keying, Start, foreign, units};
use crate::formats::{FormatSpec, Options, RecipeSpec, TimeSource, Wrapper};
use crate::journey::DropReason;
use crate::yaml::{Node, Place};

/// An input with the places of what must differ from other inputs.
pub(super) struct Input {
    pub name_at: Place,
    pub topic_at: Place,
    pub config: InputConfig,
}

/// What the events of all inputs are called where they are read, once they are keyed by customer.
pub const EVENTS: &str = "events";

const EXAMPLE: &str = "write for example inputs: [{ name: clicks, topic: clicks, format: segment }]";

/// Reads all of them; those that are unusable are left out and reported.
pub(super) fn read(root: &mut Section<'_>, keying: Keying) -> Vec<Input> {
    let problems = root.problems;
    if root.node("inputs").is_none() {
        root.missing("inputs", EXAMPLE);
    }
    let nodes = root.list("inputs", EXAMPLE).unwrap_or_default();
    let inputs: Vec<Input> =
        nodes.iter().enumerate().filter_map(|(index, node)| read_one(index, node, problems)).collect();
    check_differ(&inputs, problems);
    // What the journey stage reads goes by this name, beside the inputs.
    if let Some(input) = inputs.iter().find(|input| keying == Keying::Rekey && input.config.name == EVENTS) {
        let what = format!("an input is named {EVENTS}, as with keying: rekey the events that it is made into are");
        problems.add(input.name_at, what, "give it another name");
    }
    inputs
}

fn read_one(index: usize, node: &Node, problems: &Problems) -> Option<Input> {
    let mut section = Section::open(format!("inputs[{index}]"), Some(node), node.at, problems);
    let name = section.required("name", "write a short name, such as clicks");
    let topic = section.required("topic", "write the topic to read");
    let format = format(&mut section);
    let times = [("event", TimeSource::Event), ("record", TimeSource::Record)];
    let time = section.choice("time", &times).unwrap_or_default();
    let start = start(&mut section).unwrap_or(Start::Earliest);
    section.finish();
    let (name, topic) = (name?, topic?);
    if !units::is_plain(name.value) || name.value.len() > 64 {
        let what = format!("the input's name {:?} has other characters than letters, digits, - _ and .", name.value);
        problems.add(name.at, what, "write a short name, such as clicks");
    }
    check_topic(topic, problems);
    let (name_at, topic_at) = (name.at, topic.at);
    let config = InputConfig {
        name: name.value.to_owned(),
        name_at,
        topic: topic.value.to_owned(),
        format: format?,
        time,
        start,
    };
    Some(Input { name_at, topic_at, config })
}

/// Reports a name that Kafka refuses.
pub(super) fn check_topic(topic: Found<&str>, problems: &Problems) {
    if !units::is_topic(topic.value) {
        let what = format!("{:?} cannot be the name of a topic", topic.value);
        problems.add(topic.at, what, "write up to 249 letters, digits, - _ and .");
    }
}

/// The format with its mapping and what is said beside.
fn format(section: &mut Section<'_>) -> Option<FormatSpec> {
    let problems = section.problems;
    let name = section.required("format", "write the format of its records, such as segment");
    let at = section.node("mapping").map(|node| node.at);
    let mapping = foreign::<RecipeSpec>(section, "mapping");
    let options = options(section);
    let name = name?;
    FormatSpec::with(name.value, mapping?, options?)
        .map_err(|message| {
            let (what, instead) = message.split_once("; ").unwrap_or((&message, "see the formats in the README"));
            problems.add(at.unwrap_or(name.at), what, instead);
        })
        .ok()
}

/// What is said of a format beside its name.
fn options(section: &mut Section<'_>) -> Option<Options> {
    let customer = foreign::<OneOrMore>(section, "customer");
    let zone = section.text("zone", "write an IANA name, such as Europe/Amsterdam").map(|zone| zone.value.to_owned());
    let kinds = foreign::<BTreeMap<String, String>>(section, "kinds");
    let drops = foreign::<BTreeMap<String, bool>>(section, "drops");
    let unwrap = foreign::<Vec<Wrapper>>(section, "unwrap");
    let drops = drops?.unwrap_or_default().into_iter().map(|(label, is_on)| match DropReason::of(&label) {
        Some(reason) => Some((reason, is_on)),
        None => {
            let what = format!("{label} is no reason to leave an event out");
            section.problems.add(section.at, what, units::suggest(&label, &DropReason::ALL.map(DropReason::label)));
            None
        }
    });
    let drops = drops.collect::<Option<_>>();
    Some(Options {
        customer: customer?.map(|OneOrMore(types)| types),
        zone,
        kinds: kinds?.unwrap_or_default(),
        drops: drops?,
        unwrap: unwrap?.unwrap_or_default(),
    })
}

/// A value that reads itself; the outer option is whether it could, the inner whether it is there.
#[allow(clippy::option_option)]
fn foreign<T: DeserializeOwned>(section: &mut Section<'_>, key: &'static str) -> Option<Option<T>> {
    let Some(node) = section.node(key) else { return Some(None) };
    match T::deserialize(foreign::Reader(node)) {
        Ok(value) => Some(Some(value)),
        Err(mistake) => {
            mistake.report(node.at, section.problems);
            None
        }
    }
}

/// A text, or a list of them.
struct OneOrMore(Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a type of identifier such as user_id, or a list of them")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![text.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<OneOrMore, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(items)).map(OneOrMore)
            }
        }

        deserializer.deserialize_any(Form)
    }
}

/// Where an input begins that was never read.
fn start(section: &mut Section<'_>) -> Option<Start> {
    let instead = "write earliest, latest or a time such as 2025-01-31T00:00:00Z";
    let Found { at, value } = section.text("start", instead)?;
    match value {
        "earliest" => Some(Start::Earliest),
        "latest" => Some(Start::Latest),
        _ => match value.parse::<jiff::Timestamp>() {
            Ok(time) => Some(Start::Time(time.as_millisecond())),
            Err(_) => {
                section.problems.add(at, format!("{value:?} is not where an input can begin"), instead);
                None
            }
        },
    }
}

/// Two inputs of the same name, or of the same topic, would count everything twice.
fn check_differ(inputs: &[Input], problems: &Problems) {
    for (index, input) in inputs.iter().enumerate() {
        let before = &inputs[..index];
        if let Some(other) = before.iter().find(|other| other.config.name == input.config.name) {
            let what = format!("two inputs are named {} (the first in line {})", input.config.name, other.name_at.line);
            problems.add(input.name_at, what, "give each a name of its own");
        }
        if let Some(other) = before.iter().find(|other| other.config.topic == input.config.topic) {
            let what = format!(
                "inputs {} and {} read the same topic {}",
                other.config.name, input.config.name, input.config.topic
            );
            problems.add(input.topic_at, what, "leave one of them out");
        }
    }
}
