//! What is written for others to read: transitions, signals, latest phases, dead letters, as records in the open epoch.
//!
//! Not here: deciding anything. A transition's or a signal's body alone is enough to act on; the CloudEvents attributes (specification
//! 1.0, Kafka protocol binding) repeat what brokers and routers look at. No body holds a "now".
//!
//! What an attribute repeats stands in the epoch once: key and attributes are ranges of the body where that has them as
//! they are.

use std::borrow::Cow;
use std::ops::Range;

use xxhash_rust::xxh3::xxh3_128;

use super::notation;
use super::phrases::{EventKind, Phrases, Piece, identify};
use super::ports::{Epoch, HeaderValue, OutHeader, OutRecord, Topic};
use super::rules::Envelope;
use crate::formats::RawRecord;
use crate::journey::{Cause, Effects, Latest, Reject, Value};

/// Whom something is told of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The customer's id: the key.
    pub customer: &'a str,
    /// The partition it is written to; `None` lets the key decide.
    pub partition: Option<i32>,
}

/// The event that a transition came of.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The event's id.
    pub event_id: Option<&'a str>,
    /// Index of the input it came by.
    pub input: usize,
    /// Partition and offset of its record; `None` if it lay in no topic.
    pub place: Option<(i32, i64)>,
}

/// A record that could not be used, and where it stood.
#[derive(Debug)]
pub struct DeadLetter<'a> {
    /// The record as it came.
    pub raw: RawRecord<'a>,
    /// The topic it came from.
    pub topic: &'a str,
    /// The partition it came from.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// What is wrong with it.
    pub reject: &'a Reject,
}

/// Writes the transitions of one step or firing.
pub fn transitions<M>(
    phrases: &Phrases,
    subject: Subject<'_>,
    effects: &Effects,
    origin: Option<Origin<'_>>,
    epoch: &mut Epoch<M>,
) {
    for transition in &effects.transitions {
        let pieces = phrases.of(transition);
        let (at, first_seen, seq) = (transition.at, transition.first_seen, transition.seq);
        let head = Head { kind: pieces.kind, identity: pieces.identity, model: pieces.model, at, first_seen, seq };
        event(phrases, subject, &head, epoch, |out| {
            out.extend_from_slice(pieces.from);
            out.extend_from_slice(pieces.to);
            let time = timed(at, out);
            let origin = cause(phrases, transition.cause, origin, out);
            out.extend_from_slice(pieces.rule);
            let fate = Fate { late: transition.late, variant: transition.variant, origin };
            tail(phrases, fate, pieces.reads, &effects.values, transition.values, out);
            time
        });
    }
}

/// Writes the signals of one step or firing.
pub fn signals<M>(
    phrases: &Phrases,
    subject: Subject<'_>,
    effects: &Effects,
    origin: Option<Origin<'_>>,
    epoch: &mut Epoch<M>,
) {
    for signal in &effects.signals {
        let pieces = phrases.of_signal(signal);
        let (at, first_seen, seq) = (signal.at, signal.first_seen, signal.seq);
        let head = Head { kind: pieces.kind, identity: pieces.identity, model: pieces.model, at, first_seen, seq };
        event(phrases, subject, &head, epoch, |out| {
            out.extend_from_slice(pieces.signal);
            out.extend_from_slice(pieces.phase);
            out.extend_from_slice(br#","at":""#);
            let time = timed(at, out);
            if signal.since != at {
                out.extend_from_slice(br#"","since":""#);
                notation::time(signal.since, out);
            }
            let origin = cause(phrases, signal.cause, origin, out);
            let fate = Fate { late: signal.late, variant: signal.variant, origin };
            tail(phrases, fate, pieces.reads, &effects.values, signal.values, out);
            time
        });
    }
}

/// What a transition and a signal have alike.
struct Head<'a> {
    kind: &'a EventKind,
    /// Application and model.
    identity: &'a [u8],
    /// From behind the id to the customer.
    model: &'a [u8],
    at: i64,
    first_seen: i64,
    seq: u32,
}

/// Writes one event, as the envelope says. `rest` writes its body from behind the number on, and says where the time stands.
#[inline]
fn event<M>(
    phrases: &Phrases,
    Subject { customer, partition }: Subject<'_>,
    head: &Head<'_>,
    epoch: &mut Epoch<M>,
    rest: impl FnOnce(&mut Vec<u8>) -> Range<u32>,
) {
    let first_header = epoch.headers.len() as u32;
    let out = &mut epoch.bytes;
    let (kind, id) = (head.kind, head.id(customer, out));
    let start = out.len() as u32;
    let places = match phrases.envelope {
        Envelope::Bare | Envelope::Binary => head.data(&id, customer, out, rest),
        Envelope::Structured => {
            out.extend_from_slice(br#"{"specversion":"1.0","id":""#);
            out.extend_from_slice(&id);
            out.extend_from_slice(&kind.type_and_source);
            notation::text(customer, out);
            out.extend_from_slice(br#","time":""#);
            notation::time(head.at, out);
            out.extend_from_slice(br#"","datacontenttype":"application/json","data":"#);
            let places = head.data(&id, customer, out, rest);
            out.push(b'}');
            places
        }
    };
    let value = start..out.len() as u32;
    // Escaped in the body, or not: the key is the id as it is.
    let key = places.customer.unwrap_or_else(|| push(out, customer.as_bytes()));
    let headers = &mut epoch.headers;
    let mut add = |name, value| headers.push(OutHeader { name: Cow::Borrowed(name), value: Some(value) });
    match phrases.envelope {
        Envelope::Bare => {}
        Envelope::Binary => {
            add("ce_specversion", HeaderValue::Fixed("1.0"));
            add("ce_id", HeaderValue::Own(places.id));
            add("ce_source", HeaderValue::Shared(phrases.source.clone()));
            add("ce_type", HeaderValue::Fixed(kind.name));
            add("ce_time", HeaderValue::Own(places.time));
            add("ce_subject", HeaderValue::Own(key.clone()));
            add("content-type", HeaderValue::Fixed("application/json"));
        }
        Envelope::Structured => add("content-type", HeaderValue::Fixed("application/cloudevents+json")),
    }
    epoch.outputs.push(OutRecord {
        topic: kind.topic,
        partition,
        key: Some(key),
        value: Some(value),
        headers: first_header..epoch.headers.len() as u32,
    });
}

impl Head<'_> {
    /// What makes it the one it is: the same whenever the same input is read again in the same order. `scratch` is left as
    /// it was.
    fn id(&self, customer: &str, scratch: &mut Vec<u8>) -> [u8; 32] {
        let start = scratch.len();
        scratch.extend_from_slice(self.identity);
        identify(customer, scratch);
        scratch.extend_from_slice(&self.first_seen.to_le_bytes());
        scratch.extend_from_slice(&self.seq.to_le_bytes());
        scratch.extend_from_slice(self.kind.salt);
        let id = xxh3_128(&scratch[start..]);
        scratch.truncate(start);
        notation::hex(id)
    }

    /// Writes the body.
    fn data(
        &self,
        id: &[u8; 32],
        customer: &str,
        out: &mut Vec<u8>,
        rest: impl FnOnce(&mut Vec<u8>) -> Range<u32>,
    ) -> Places {
        out.extend_from_slice(br#"{"id":""#);
        let id = push(out, id);
        out.extend_from_slice(self.model);
        let customer = notation::text(customer, out);
        out.extend_from_slice(br#","seq":"#);
        notation::whole(self.seq, out);
        Places { id, customer, time: rest(out) }
    }
}

/// Where the body has what attributes repeat.
struct Places {
    id: Range<u32>,
    /// `None` if the customer's id stands there with backslashes.
    customer: Option<Range<u32>>,
    time: Range<u32>,
}

/// Writes a time, and says where.
fn timed(at: i64, out: &mut Vec<u8>) -> Range<u32> {
    let start = out.len() as u32;
    notation::time(at, out);
    start..out.len() as u32
}

/// Writes what caused it, from behind the time, and gives back the event's origin if it was one: a timer that fires ahead of
/// an event is not the event's doing.
fn cause<'a>(phrases: &Phrases, cause: Cause, origin: Option<Origin<'a>>, out: &mut Vec<u8>) -> Option<Origin<'a>> {
    match cause {
        Cause::Event(kind) => {
            out.extend_from_slice(phrases.kind(kind));
            match origin.and_then(|origin| origin.event_id) {
                Some(event_id) => _ = notation::text(event_id, out),
                None => out.extend_from_slice(b"null"),
            }
            origin
        }
        Cause::Timer => {
            out.extend_from_slice(br#"","cause":"timer","event_id":null"#);
            None
        }
    }
}

/// What every body says of how it came to be.
struct Fate<'a> {
    late: bool,
    variant: Option<u16>,
    origin: Option<Origin<'a>>,
}

/// Writes what every body ends with.
fn tail(
    phrases: &Phrases,
    Fate { late, variant, origin }: Fate<'_>,
    reads: &[Piece],
    values: &[Value],
    range: (u32, u32),
    out: &mut Vec<u8>,
) {
    if late {
        out.extend_from_slice(br#","late":true"#);
    }
    if let Some(origin) = origin {
        out.extend_from_slice(phrases.channel(origin.input));
        if let Some((partition, offset)) = origin.place {
            out.extend_from_slice(phrases.topic(origin.input));
            notation::whole(partition, out);
            out.extend_from_slice(br#","offset":"#);
            notation::whole(offset, out);
        }
    }
    if let Some(variant) = variant {
        out.extend_from_slice(phrases.variant(variant));
    }
    if range.0 < range.1 {
        for (name, value) in reads.iter().zip(&values[range.0 as usize..range.1 as usize]) {
            out.extend_from_slice(name);
            json_value(value, out);
        }
        out.push(b'}');
    }
    out.push(b'}');
}

fn json_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Number(number) => notation::number(*number, out),
        Value::Text(value) => _ = notation::text(value, out),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Missing => out.extend_from_slice(b"null"),
    }
}

/// Writes a customer's latest phases, for the compacted topic; `None`: the customer is forgotten, or in no phase.
pub fn phases<M>(Subject { customer, partition }: Subject<'_>, latest: Option<&[Latest<'_>]>, epoch: &mut Epoch<M>) {
    let out = &mut epoch.bytes;
    let key = push(out, customer.as_bytes());
    let value = latest.map(|latest| {
        let start = out.len() as u32;
        out.extend_from_slice(br#"{"customer":"#);
        notation::text(customer, out);
        out.extend_from_slice(br#","models":{"#);
        for (place, Latest { model, phase, since, seq }) in latest.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            notation::text(model, out);
            out.extend_from_slice(br#":{"phase":"#);
            notation::text(phase, out);
            out.extend_from_slice(br#","since":""#);
            notation::time(*since, out);
            out.extend_from_slice(br#"","seq":"#);
            notation::whole(*seq, out);
            out.push(b'}');
        }
        out.extend_from_slice(b"}}");
        start..out.len() as u32
    });
    epoch.outputs.push(OutRecord { topic: Topic::Phases, partition, key: Some(key), value, headers: 0..0 });
}

/// Writes a record that could not be used: its bytes, key and headers as they were, and headers that say why, named as
/// Kafka Connect names them.
pub fn dead_letter<M>(letter: DeadLetter<'_>, epoch: &mut Epoch<M>) {
    let DeadLetter { raw, topic, partition, offset, reject } = letter;
    let first = epoch.headers.len() as u32;
    for (name, value) in raw.headers.all() {
        let value = value.map(|value| HeaderValue::Own(push(&mut epoch.bytes, &value)));
        epoch.headers.push(OutHeader { name: Cow::Owned(name), value });
    }
    let own: [(&'static str, String); 6] = [
        ("__connect.errors.topic", topic.to_owned()),
        ("__connect.errors.partition", partition.to_string()),
        ("__connect.errors.offset", offset.to_string()),
        ("__connect.errors.stage", reject.reason().to_owned()),
        ("__connect.errors.exception.message", reject.to_string()),
        ("klantreis.timestamp", raw.timestamp.to_string()),
    ];
    for (name, value) in own {
        let value = Some(HeaderValue::Own(push(&mut epoch.bytes, value.as_bytes())));
        epoch.headers.push(OutHeader { name: Cow::Borrowed(name), value });
    }
    let key = raw.key.map(|key| push(&mut epoch.bytes, key));
    let value = raw.value.map(|value| push(&mut epoch.bytes, value));
    epoch.outputs.push(OutRecord {
        topic: Topic::DeadLetters,
        partition: None,
        key,
        value,
        headers: first..epoch.headers.len() as u32,
    });
}

fn push(bytes: &mut Vec<u8>, more: &[u8]) -> Range<u32> {
    let start = bytes.len() as u32;
    bytes.extend_from_slice(more);
    start..bytes.len() as u32
}
