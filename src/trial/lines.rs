//! What became of a record, as lines: for people, and as JSON in the form of the formats' fixtures.

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::sample::{At, Sample, Spot};
use super::tried::{Outcome, Part, Seen, Tried};
use crate::journey::Attr;

/// Writes lines for people. `place` is what stands before each.
///
/// # Errors
/// If they cannot be written.
pub fn write_text(sample: &Sample, tried: &Tried, out: &mut dyn Write) -> io::Result<()> {
    let at = &sample.at;
    match &tried.outcome {
        Outcome::Ignored => writeln!(out, "{at}  ignored"),
        Outcome::Rejected(reject) => writeln!(out, "{at}  rejected  {}: {reject}", reject.reason()),
        Outcome::Parts(parts) => parts.iter().try_for_each(|part| match part {
            Part::Dropped(reason) => writeln!(out, "{at}  dropped  {}", reason.label()),
            Part::Event(seen) => writeln!(out, "{at}  {seen}"),
        }),
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(kind) = &self.kind else {
            let name = self.name.as_deref().unwrap_or_default();
            return write!(f, "unmapped  {name:?}  {}  {}", self.customer, time(self.at));
        };
        write!(f, "{kind}  {}  {}", self.customer, time(self.at))?;
        if let Some(value) = self.value {
            write!(f, "  {value}")?;
            if let Some(currency) = &self.currency {
                write!(f, " {currency}")?;
            }
        }
        if let Some(id) = &self.id {
            write!(f, "  id {id}")?;
        }
        for (name, value) in &self.attributes {
            match value {
                Attr::Number(number) => write!(f, "  {name}={number}")?,
                Attr::Bool(value) => write!(f, "  {name}={value}")?,
                Attr::Text(text) if is_plain(text) => write!(f, "  {name}={text}")?,
                Attr::Text(text) => write!(f, "  {name}={text:?}")?,
            }
        }
        Ok(())
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '"')
}

/// A time as text, to the millisecond.
pub(super) fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |at| format!("{at:.3}"))
}

/// Writes JSON: a line for each thing that the record tells of, or one that says why there is none. `has_file`: whether each
/// names its file.
///
/// # Errors
/// If they cannot be written.
pub fn write_json(sample: &Sample, tried: &Tried, has_file: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut line = |what: What<'_>| {
        serde_json::to_writer(&mut *out, &Line { at: &sample.at, has_file, what })?;
        out.write_all(b"\n")
    };
    match &tried.outcome {
        Outcome::Ignored => line(What::Ignored),
        Outcome::Rejected(reject) => line(What::Rejected(reject.reason(), reject.to_string())),
        Outcome::Parts(parts) => parts.iter().try_for_each(|part| match part {
            Part::Dropped(reason) => line(What::Dropped(reason.label())),
            Part::Event(seen) => line(What::Seen(seen)),
        }),
    }
}

struct Line<'a> {
    at: &'a At,
    has_file: bool,
    what: What<'a>,
}

enum What<'a> {
    Seen(&'a Seen),
    Dropped(&'a str),
    Rejected(&'a str, String),
    Ignored,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self.at.spot {
            Spot::Line(line) => {
                if self.has_file {
                    map.serialize_entry("file", &*self.at.source)?;
                }
                map.serialize_entry("line", &line)?;
            }
            Spot::Offset(partition, offset) => {
                map.serialize_entry("partition", &partition)?;
                map.serialize_entry("offset", &offset)?;
            }
        }
        match &self.what {
            What::Seen(seen) => seen_entries(seen, &mut map)?,
            What::Dropped(reason) => map.serialize_entry("dropped", reason)?,
            What::Ignored => map.serialize_entry("ignored", &true)?,
            What::Rejected(reason, message) => {
                map.serialize_entry("rejected", reason)?;
                map.serialize_entry("message", message)?;
            }
        }
        map.end()
    }
}

fn seen_entries<M: SerializeMap>(seen: &Seen, map: &mut M) -> Result<(), M::Error> {
    let Some(kind) = &seen.kind else {
        return map.serialize_entry("unmapped", seen.name.as_deref().unwrap_or_default());
    };
    map.serialize_entry("customer", &seen.customer)?;
    map.serialize_entry("kind", kind)?;
    map.serialize_entry("at", &time(seen.at))?;
    if let Some(id) = &seen.id {
        map.serialize_entry("id", id)?;
    }
    if let Some(value) = seen.value {
        // As it is, not as the nearest binary number.
        let exact = RawValue::from_string(value.to_string());
        map.serialize_entry("value", &exact.map_err(serde::ser::Error::custom)?)?;
    }
    if let Some(currency) = &seen.currency {
        map.serialize_entry("currency", currency)?;
    }
    if !seen.identifiers.is_empty() {
        map.serialize_entry("identifiers", &Pairs(&seen.identifiers))?;
    }
    if !seen.attributes.is_empty() {
        let value = |value: &Attr<'_>| match value {
            Attr::Number(number) => whole(*number).map_or_else(|| (*number).into(), serde_json::Value::from),
            Attr::Text(text) => serde_json::Value::from(&**text),
            Attr::Bool(value) => serde_json::Value::from(*value),
        };
        let all: Vec<_> = seen.attributes.iter().map(|(name, of)| (name.clone(), value(of))).collect();
        map.serialize_entry("attributes", &Pairs(&all))?;
    }
    Ok(())
}

/// A number that has no decimals, so that two pieces are `2`.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

struct Pairs<'a, T>(&'a [(String, T)]);

impl<T: Serialize> Serialize for Pairs<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// `2 records`, `1 record`.
pub(super) fn plural(count: u64, word: &str) -> String {
    let mut text = format!("{count} {word}");
    if count != 1 {
        _ = text.write_char('s');
    }
    text
}
