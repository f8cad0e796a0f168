//! What is written for others to read: transitions, latest phases, dead letters, as records in the open epoch.
//!
//! Not here: deciding anything. A transition's body alone is enough to act on; the CloudEvents attributes (specification
//! 1.0, Kafka protocol binding) repeat what brokers and routers look at. No body holds a "now".

use std::borrow::Cow;
use std::io::Write;
use std::ops::Range;

use xxhash_rust::xxh3::Xxh3;

use super::ports::{Epoch, OutHeader, OutRecord, Topic};
use super::rules::{Envelope, Rules};
use crate::formats::RawRecord;
use crate::journey::{Cause, Effects, ModelState, Reject, Transition, Value};

/// The event that a transition came of.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The event's id.
    pub event_id: Option<&'a str>,
    /// The input it came by.
    pub channel: &'a str,
}

/// A record that could not be used, and where it stood.
#[derive(Debug)]
pub struct DeadLetter<'a> {
    /// The record as it came.
    pub raw: RawRecord<'a>,
    /// Its headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
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
    rules: &Rules,
    customer: &str,
    effects: &Effects,
    origin: Option<Origin<'_>>,
    epoch: &mut Epoch<M>,
) {
    for transition in &effects.transitions {
        let id = transition_id(rules, customer, transition);
        let key = push(&mut epoch.bytes, customer.as_bytes());
        let time = range_of(&mut epoch.bytes, |out| write_time(out, transition.at));
        let id_range = range_of(&mut epoch.bytes, |out| write!(out, "{id:032x}"));
        let origin = origin.filter(|_| transition.cause != Cause::Timer);
        let mut writer = Body { rules, customer, transition, effects, origin };
        let headers = epoch.headers.len() as u32;
        let value = match rules.envelope {
            Envelope::Bare => range_of(&mut epoch.bytes, |out| writer.data(out, id)),
            Envelope::Binary => {
                let value = range_of(&mut epoch.bytes, |out| writer.data(out, id));
                let version = push(&mut epoch.bytes, b"1.0");
                let kind = push(&mut epoch.bytes, TYPE.as_bytes());
                let source = range_of(&mut epoch.bytes, |out| write!(out, "klantreis/{}", rules.application));
                let json = push(&mut epoch.bytes, b"application/json");
                epoch.headers.extend(
                    [
                        ("ce_specversion", version),
                        ("ce_id", id_range),
                        ("ce_source", source),
                        ("ce_type", kind),
                        ("ce_time", time),
                        ("ce_subject", key.clone()),
                        ("content-type", json),
                    ]
                    .map(|(name, value)| OutHeader { name: Cow::Borrowed(name), value: Some(value) }),
                );
                value
            }
            Envelope::Structured => {
                let json = push(&mut epoch.bytes, b"application/cloudevents+json");
                epoch.headers.push(OutHeader { name: Cow::Borrowed("content-type"), value: Some(json) });
                range_of(&mut epoch.bytes, |out| writer.structured(out, id))
            }
        };
        epoch.outputs.push(OutRecord {
            topic: Topic::Transitions,
            partition: None,
            key: Some(key),
            value: Some(value),
            headers: headers..epoch.headers.len() as u32,
        });
    }
}

/// The CloudEvents type of a transition.
const TYPE: &str = "klantreis.transition";

/// The identity of a transition: the same whenever the same input is read again in the same order.
fn transition_id(rules: &Rules, customer: &str, transition: &Transition) -> u128 {
    let mut hash = Xxh3::new();
    for text in [&rules.application, rules.set.models()[usize::from(transition.model)].name(), customer] {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.update(&transition.first_seen.to_le_bytes());
    hash.update(&transition.seq.to_le_bytes());
    hash.digest128()
}

struct Body<'a> {
    rules: &'a Rules,
    customer: &'a str,
    transition: &'a Transition,
    effects: &'a Effects,
    origin: Option<Origin<'a>>,
}

impl Body<'_> {
    fn data(&mut self, out: &mut Vec<u8>, id: u128) -> std::io::Result<()> {
        let Transition { model, rule, from, to, at, seq, cause, late, values, .. } = *self.transition;
        let model = &self.rules.set.models()[usize::from(model)];
        let phase = |index: u16| model.phases()[usize::from(index)].name();
        write!(out, r#"{{"id":"{id:032x}","model":"#)?;
        text(out, model.name())?;
        write!(out, r#","version":{},"customer":"#, model.version())?;
        text(out, self.customer)?;
        write!(out, r#","seq":{seq},"from":"#)?;
        match from {
            Some(from) => text(out, phase(from))?,
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(br#","to":"#);
        text(out, phase(to))?;
        out.extend_from_slice(br#","at":""#);
        write_time(out, at)?;
        out.extend_from_slice(br#"","cause":"#);
        match cause {
            Cause::Event(kind) => text(out, self.rules.set.vocabulary().kind_name(kind))?,
            Cause::Timer => out.extend_from_slice(br#""timer""#),
        }
        out.extend_from_slice(br#","event_id":"#);
        match self.origin.and_then(|origin| origin.event_id) {
            Some(event_id) => text(out, event_id)?,
            None => out.extend_from_slice(b"null"),
        }
        let rule = &model.rules()[usize::from(rule)];
        out.extend_from_slice(br#","rule":"#);
        text(out, rule.id())?;
        if late {
            out.extend_from_slice(br#","late":true"#);
        }
        if let Some(origin) = self.origin {
            out.extend_from_slice(br#","channel":"#);
            text(out, origin.channel)?;
        }
        if values.0 < values.1 {
            let values = &self.effects.values[values.0 as usize..values.1 as usize];
            for (place, (name, value)) in rule.reads().iter().zip(values).enumerate() {
                out.extend_from_slice(if place == 0 { br#","values":{"# } else { b"," });
                text(out, name)?;
                out.push(b':');
                json_value(out, value)?;
            }
            out.push(b'}');
        }
        out.push(b'}');
        Ok(())
    }

    fn structured(&mut self, out: &mut Vec<u8>, id: u128) -> std::io::Result<()> {
        write!(out, r#"{{"specversion":"1.0","id":"{id:032x}","type":"{TYPE}","source":"#)?;
        text(out, &format!("klantreis/{}", self.rules.application))?;
        out.extend_from_slice(br#","subject":"#);
        text(out, self.customer)?;
        out.extend_from_slice(br#","time":""#);
        write_time(out, self.transition.at)?;
        out.extend_from_slice(br#"","datacontenttype":"application/json","data":"#);
        self.data(out, id)?;
        out.push(b'}');
        Ok(())
    }
}

/// Writes a customer's latest phases, for the compacted topic; no states: the customer is forgotten.
pub fn phases<M>(customer: &str, states: Option<&[ModelState]>, epoch: &mut Epoch<M>) {
    let key = push(&mut epoch.bytes, customer.as_bytes());
    let value = states.map(|states| {
        range_of(&mut epoch.bytes, |out| {
            out.extend_from_slice(br#"{"customer":"#);
            text(out, customer)?;
            out.extend_from_slice(br#","models":{"#);
            let mut first = true;
            for state in states {
                let (Some(phase), Some(since)) = (&state.phase, state.since) else { continue };
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                text(out, &state.model)?;
                out.extend_from_slice(br#":{"phase":"#);
                text(out, phase)?;
                out.extend_from_slice(br#","since":""#);
                write_time(out, since)?;
                write!(out, r#"","seq":{}}}"#, state.seq)?;
            }
            out.extend_from_slice(b"}}");
            Ok(())
        })
    });
    epoch.outputs.push(OutRecord { topic: Topic::Phases, partition: None, key: Some(key), value, headers: 0..0 });
}

/// Writes a record that could not be used: its bytes, key and headers as they were, and headers that say why, named as
/// Kafka Connect names them.
pub fn dead_letter<M>(letter: DeadLetter<'_>, epoch: &mut Epoch<M>) {
    let DeadLetter { raw, headers, topic, partition, offset, reject } = letter;
    let first = epoch.headers.len() as u32;
    for (name, value) in headers {
        let value = value.map(|value| push(&mut epoch.bytes, &value));
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
        let value = push(&mut epoch.bytes, value.as_bytes());
        epoch.headers.push(OutHeader { name: Cow::Borrowed(name), value: Some(value) });
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

fn range_of(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Range<u32> {
    let start = bytes.len() as u32;
    write(bytes).expect("writing to memory does not fail");
    start..bytes.len() as u32
}

fn text(out: &mut Vec<u8>, text: &str) -> std::io::Result<()> {
    Ok(serde_json::to_writer(out, text)?)
}

/// RFC 3339 in UTC with milliseconds.
fn write_time(out: &mut Vec<u8>, at: i64) -> std::io::Result<()> {
    match jiff::Timestamp::from_millisecond(at) {
        Ok(time) => write!(out, "{time:.3}"),
        // Only reachable for a timer centuries away; the number is still a time.
        Err(_) => write!(out, "{at}"),
    }
}

fn json_value(out: &mut Vec<u8>, value: &Value) -> std::io::Result<()> {
    match value {
        // Counters are whole numbers and read better without a fraction.
        Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => write!(out, "{}", *number as i64),
        Value::Number(number) => Ok(serde_json::to_writer(out, number)?),
        Value::Text(value) => text(out, value),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Missing => out.write_all(b"null"),
    }
}
