//! The list `inputs`: what is read, how it is decoded, and where it begins.

use serde::Deserialize;

use super::problem::Problems;
use super::section::{Found, Section};
use super::{InputConfig, Start, foreign, units};
use crate::formats::{FormatSpec, RecipeSpec, TimeSource};
use crate::yaml::{Node, Place};

/// An input with the places of what must differ from other inputs.
pub(super) struct Input {
    pub name_at: Place,
    pub topic_at: Place,
    pub config: InputConfig,
}

const EXAMPLE: &str = "write for example inputs: [{ name: clicks, topic: clicks, format: segment }]";

/// Reads all of them; those that are unusable are left out and reported.
pub(super) fn read(root: &mut Section<'_>) -> Vec<Input> {
    let problems = root.problems;
    if root.node("inputs").is_none() {
        root.missing("inputs", EXAMPLE);
    }
    let nodes = root.list("inputs", EXAMPLE).unwrap_or_default();
    let inputs: Vec<Input> =
        nodes.iter().enumerate().filter_map(|(index, node)| read_one(index, node, problems)).collect();
    check_differ(&inputs, problems);
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

/// The format with its mapping.
fn format(section: &mut Section<'_>) -> Option<FormatSpec> {
    let problems = section.problems;
    let name = section.required("format", "write the format of its records, such as segment");
    let mut broken = false;
    let mapping = section.node("mapping").and_then(|node| {
        let read = RecipeSpec::deserialize(foreign::Reader(node));
        read.map_err(|error| {
            broken = true;
            error.report(node.at, problems);
        })
        .ok()
    });
    let name = name?;
    if broken {
        return None;
    }
    FormatSpec::new(name.value, mapping)
        .map_err(|message| {
            let (what, instead) = message.split_once("; ").unwrap_or((&message, "see the formats in the README"));
            problems.add(name.at, what, instead);
        })
        .ok()
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
