//! An event as a record of the topic of events, which the format `klantreis` reads.
//!
//! Invariant: what is read back is the event that was written, and the time that orders it. The first parts are always there
//! and in this order.

use std::ops::Range;

use crate::engine::notation;
use crate::engine::rules::Rules;
use crate::formats::{Details, Told};
use crate::journey::{Amount, Attr, Event};

/// Below this, in ten-thousandths, a number in JSON is as exact as the amount.
const EXACT: u64 = 1_000_000_000_000_000;

/// Where an event was found, and its time in the order of records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) time: i64,
    pub(super) input: usize,
    pub(super) partition: i32,
    pub(super) offset: i64,
}

/// Names, quoted once.
pub(super) struct Encoder {
    kinds: Vec<Vec<u8>>,
    attributes: Vec<Vec<u8>>,
    /// With what stands around them.
    inputs: Vec<Vec<u8>>,
}

impl Encoder {
    /// For the names of these rules.
    pub(super) fn new(rules: &Rules) -> Self {
        let quoted = |before: &[u8], name: &str, after: &[u8]| {
            let mut piece = before.to_vec();
            notation::text(name, &mut piece);
            piece.extend_from_slice(after);
            piece
        };
        let vocabulary = rules.set.vocabulary();
        Self {
            kinds: vocabulary.kinds().iter().map(|kind| quoted(b",\"kind\":", kind, b"")).collect(),
            attributes: vocabulary.attrs().iter().map(|(name, _)| quoted(b"", name, b":")).collect(),
            inputs: rules.inputs.iter().map(|input| quoted(b",\"input\":", &input.name, b",\"partition\":")).collect(),
        }
    }

    /// Appends an event of a kind that is known. Where its customer stands, if it stands there without a backslash.
    pub(super) fn event(&self, told: &Told<'_>, place: Place, out: &mut Vec<u8>) -> Option<Range<u32>> {
        let Event { customer, at, time_is_own, kind, id, value, attrs } = &told.event;
        time(place.time, out);
        out.extend_from_slice(b",\"customer\":");
        let key = notation::text(customer, out);
        out.extend_from_slice(b",\"at\":");
        notation::whole(*at, out);
        let kind = kind.and_then(|kind| self.kinds.get(usize::from(kind.0)));
        out.extend_from_slice(kind.map_or(&[][..], Vec::as_slice));
        out.extend_from_slice(&self.inputs[place.input]);
        notation::whole(place.partition, out);
        out.extend_from_slice(b",\"offset\":");
        notation::whole(place.offset, out);
        if !time_is_own {
            out.extend_from_slice(b",\"own\":false");
        }
        if let Some(id) = id {
            out.extend_from_slice(b",\"id\":");
            notation::text(id, out);
        }
        if let Some(value) = value {
            amount(*value, out);
        }
        if let Some(details) = &told.details {
            self::details(details, out);
        }
        self.attributes(attrs, out);
        out.push(b'}');
        key
    }

    fn attributes(&self, attrs: &[Option<Attr<'_>>], out: &mut Vec<u8>) {
        let mut begun = false;
        for (name, attr) in self.attributes.iter().zip(attrs) {
            let Some(attr) = attr else { continue };
            out.extend_from_slice(if begun { b"," } else { b",\"attributes\":{" });
            begun = true;
            out.extend_from_slice(name);
            match attr {
                Attr::Number(number) => notation::number(*number, out),
                Attr::Text(text) => _ = notation::text(text, out),
                Attr::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            }
        }
        if begun {
            out.push(b'}');
        }
    }
}

/// Appends a record that only says how far time has come.
pub(super) fn tick(at: i64, out: &mut Vec<u8>) {
    time(at, out);
    out.push(b'}');
}

/// What every record begins with. A record that came before the first with a time has none, and comes first.
fn time(at: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"time\":");
    notation::whole(at.max(0), out);
}

fn amount(value: Amount, out: &mut Vec<u8>) {
    let quote: &[u8] = if value.0.unsigned_abs() < EXACT { b"" } else { b"\"" };
    out.extend_from_slice(b",\"value\":");
    out.extend_from_slice(quote);
    out.extend_from_slice(value.to_string().as_bytes());
    out.extend_from_slice(quote);
}

fn details(details: &Details<'_>, out: &mut Vec<u8>) {
    if let Some(currency) = &details.currency {
        out.extend_from_slice(b",\"currency\":");
        notation::text(currency, out);
    }
    for (place, (kind, identifier)) in details.identifiers.iter().enumerate() {
        out.extend_from_slice(if place == 0 { b",\"identifiers\":{" } else { b"," });
        notation::text(kind, out);
        out.push(b':');
        notation::text(identifier, out);
    }
    if !details.identifiers.is_empty() {
        out.push(b'}');
    }
}
