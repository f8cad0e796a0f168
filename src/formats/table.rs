//! The formats there are, one line each, and how one of them is chosen.

use super::json::{JsonDecoder, JsonFormat, ValueAt};
use super::mapping::{Mapping, MappingSpec};
use super::{Decoder, TimeSource, segment, sendgrid, square};
use crate::journey::Vocabulary;
use crate::yaml::nearest;

/// A format that can be named in a configuration.
#[derive(Debug)]
pub struct Format {
    /// Its name.
    pub name: &'static str,
    /// What it reads, in one line.
    pub about: &'static str,
    reads: Reads,
}

#[derive(Debug)]
enum Reads {
    Fixed(&'static JsonFormat),
    Mapping,
}

/// All formats. A new one is a file with its table and a line here.
pub static FORMATS: [Format; 4] = [
    fixed("segment", "Segment track and page calls", &segment::FORMAT),
    fixed("sendgrid", "SendGrid event webhook objects, the customer in the argument customer_id", &sendgrid::FORMAT),
    fixed("square", "Square payment.updated notifications", &square::FORMAT),
    Format { name: "mapping", about: "rows of CSV and other JSON, as `mapping` says", reads: Reads::Mapping },
];

const fn fixed(name: &'static str, about: &'static str, format: &'static JsonFormat) -> Format {
    Format { name, about, reads: Reads::Fixed(format) }
}

/// How the records of an input are decoded, as configured and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct FormatSpec {
    format: usize,
    mapping: Option<MappingSpec>,
}

impl FormatSpec {
    /// The format of that name; `mapping` belongs to the format `mapping` and to no other. An error says what to write
    /// instead.
    pub fn new(name: &str, mapping: Option<MappingSpec>) -> Result<Self, String> {
        let Some(format) = FORMATS.iter().position(|format| format.name == name) else {
            return Err(unknown(name));
        };
        match (&FORMATS[format].reads, &mapping) {
            (Reads::Mapping, None) => {
                Err("format `mapping` needs `mapping:`, which says where things stand; write it with at least `customer`, `time` and `kind`".into())
            }
            (Reads::Mapping, Some(spec)) => {
                Mapping::new(spec)?;
                Ok(Self { format, mapping })
            }
            (Reads::Fixed(_), Some(_)) => {
                Err(format!("`mapping:` is only for `format: mapping`; leave it out, for format `{name}` knows its fields"))
            }
            (Reads::Fixed(_), None) => Ok(Self { format, mapping }),
        }
    }

    /// The format's name.
    pub fn name(&self) -> &'static str {
        FORMATS[self.format].name
    }
}

/// A decoder of that format, taking what the vocabulary asks for.
pub fn open(spec: &FormatSpec, vocabulary: &Vocabulary, time: TimeSource) -> Result<Box<dyn Decoder>, String> {
    match (&FORMATS[spec.format].reads, &spec.mapping) {
        (Reads::Fixed(format), _) => Ok(Box::new(JsonDecoder::new(format, vocabulary, time))),
        (Reads::Mapping, Some(mapping)) => Ok(Box::new(Mapping::new(mapping)?.decoder(vocabulary, time)?)),
        (Reads::Mapping, None) => Err("format `mapping` without `mapping:`".into()),
    }
}

/// The kinds that a format can yield, each once; `None` if the records themselves name their kinds.
pub fn kinds_of(spec: &FormatSpec) -> Option<Vec<String>> {
    match (&FORMATS[spec.format].reads, &spec.mapping) {
        (Reads::Fixed(format), _) => Some(format.kinds.iter().map(|rule| rule.kind.to_owned()).collect()),
        (Reads::Mapping, mapping) => mapping.as_ref().and_then(MappingSpec::kinds),
    }
}

/// The attributes that a format can yield; `None` if the records themselves name them.
pub fn attributes_of(spec: &FormatSpec) -> Option<Vec<String>> {
    spec.mapping.as_ref().map(|mapping| mapping.attributes.keys().cloned().collect())
}

/// Whether events of a format may be worth money.
pub fn has_value(spec: &FormatSpec) -> bool {
    match (&FORMATS[spec.format].reads, &spec.mapping) {
        (Reads::Fixed(format), _) => !matches!(format.value, ValueAt::Nowhere),
        (Reads::Mapping, mapping) => mapping.as_ref().is_some_and(|mapping| mapping.value.is_some()),
    }
}

fn unknown(name: &str) -> String {
    let known = FORMATS.iter().map(|format| format!("`{}`", format.name)).collect::<Vec<_>>().join(", ");
    match nearest(name, FORMATS.iter().map(|format| format.name)) {
        Some(near) => format!("there is no format `{name}`; did you mean `{near}`? (There are {known}.)"),
        None => format!("there is no format `{name}`; there are {known}"),
    }
}
