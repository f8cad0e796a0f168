//! An input that stands in no configuration: a format with what stands beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::formats::{FormatSpec, Options, RecipeSpec, TimeSource, Wrapper};
use crate::journey::DropReason;

/// A format with what an input says beside it. In a file: a mapping alone, or an input as configurations have it, or a list
/// `inputs` with one.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrialInput {
    /// The input's name; not used.
    pub name: Option<String>,
    /// The topic.
    pub topic: Option<String>,
    /// Where it begins; not used.
    pub start: Option<String>,
    /// The format; `mapping` if there is one and nothing is said.
    pub format: Option<String>,
    /// What stands where.
    pub mapping: Option<RecipeSpec>,
    /// The types of identifiers that make the customer.
    #[serde(deserialize_with = "one_or_more")]
    pub customer: Option<Vec<String>>,
    /// The zone of times without one.
    pub zone: Option<String>,
    /// Kinds by what the producer calls the events.
    pub kinds: BTreeMap<String, String>,
    /// Whether what is left out is left out.
    pub drops: BTreeMap<String, bool>,
    /// What is around records.
    pub unwrap: Vec<Wrapper>,
    /// Whose time counts.
    pub time: TimeSource,
}

fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        One(String),
        More(Vec<String>),
    }

    Ok(Option::deserialize(deserializer)?.map(|form| match form {
        Form::One(of) => vec![of],
        Form::More(types) => types,
    }))
}

/// A file that holds a list of inputs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    inputs: Vec<TrialInput>,
}

/// The keys that tell an input from a mapping.
const OF_INPUTS: [&str; 3] = ["mapping", "format", "topic"];

impl TrialInput {
    /// Reads what a file says; of several inputs the one that is named so, or whose topic is.
    ///
    /// # Errors
    /// If it says nothing of the kind; with the place and what to write instead.
    pub fn parse(text: &str, named: Option<&str>) -> Result<Self, String> {
        let keys: BTreeMap<String, serde_json::Value> =
            serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        if keys.contains_key("inputs") {
            let Listed { inputs } = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
            return one(inputs, named);
        }
        if OF_INPUTS.iter().any(|key| keys.contains_key(*key)) {
            return serde_saphyr::from_str(text).map_err(|error| error.to_string());
        }
        let mapping = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        Ok(Self { mapping: Some(mapping), ..Self::default() })
    }

    /// The format, checked.
    ///
    /// # Errors
    /// If it makes no sense; says what to write instead.
    pub fn spec(&self) -> Result<FormatSpec, String> {
        let name = match (&self.format, &self.mapping) {
            (Some(format), _) => format,
            (None, Some(_)) => "mapping",
            (None, None) => return Err("no format is named; say which with --format, or ask `klantreis detect`".into()),
        };
        let drops = self.drops.iter().map(|(label, is_on)| {
            let reason = DropReason::of(label).ok_or_else(|| {
                let all = DropReason::ALL.map(DropReason::label).join(", ");
                format!("drops: there is no reason `{label}`; write one of {all}")
            })?;
            Ok((reason, *is_on))
        });
        let options = Options {
            customer: self.customer.clone(),
            zone: self.zone.clone(),
            kinds: self.kinds.clone(),
            drops: drops.collect::<Result<_, String>>()?,
            unwrap: self.unwrap.clone(),
        };
        FormatSpec::with(name, self.mapping.clone(), options)
    }
}

fn one(inputs: Vec<TrialInput>, named: Option<&str>) -> Result<TrialInput, String> {
    let names: Vec<String> =
        inputs.iter().filter_map(|input| input.name.clone().or_else(|| input.topic.clone())).collect();
    let count = inputs.len();
    let fits = |input: &TrialInput| match named {
        Some(named) => input.name.as_deref() == Some(named) || input.topic.as_deref() == Some(named),
        None => count == 1,
    };
    let found = inputs.into_iter().find(fits);
    found.ok_or_else(|| format!("it has {count} inputs; say which one with --input: {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPING: &str = "customer: who\ntime: when\nkind: purchased\n";

    #[test]
    fn a_file_holds_a_mapping_or_an_input_or_a_list_of_them() {
        let indented = MAPPING.replace('\n', "\n  ");
        let nested = MAPPING.replace('\n', "\n      ");
        for text in [
            MAPPING.to_owned(),
            format!("mapping:\n  {}", indented.trim_end()),
            format!("format: mapping\nmapping:\n  {}", indented.trim_end()),
            format!("inputs:\n  - name: a\n    topic: a\n    mapping:\n      {}", nested.trim_end()),
        ] {
            let input = TrialInput::parse(&text, None).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(input.spec().map(|spec| spec.name()), Ok("mapping"), "{text}");
        }
        let two = "inputs: [{ name: a, topic: x, format: segment }, { name: b, topic: y, format: square }]";
        let named = |name| TrialInput::parse(two, Some(name)).map(|input| input.format.unwrap_or_default());
        assert_eq!(named("b"), Ok("square".to_owned()));
        let one = TrialInput::parse("{ format: ga4, customer: anonymous_id }", None).expect("an input");
        assert_eq!(one.customer, Some(vec!["anonymous_id".to_owned()]));
        assert_eq!(named("x"), Ok("segment".to_owned()));
        assert!(TrialInput::parse(two, None).is_err_and(|error| error.ends_with("--input: a, b")));
    }

    #[test]
    fn what_makes_no_sense_says_what_to_write() {
        let check = |text: &str, expected: &str| {
            let error = TrialInput::parse(text, None).and_then(|input| input.spec()).map(|_| ()).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("format: sqare", "did you mean `square`");
        check("customer: a\ntme: b", "unknown field `tme`");
        check("topic: a", "--format");
        check("format: segment\ndrops: { bots: true }", "write one of anonymous, bot");
        check("- a", "");
    }
}
