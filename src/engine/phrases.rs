//! What transitions are put together from: the pieces that are the same for every customer, quoted and joined once.
//!
//! Invariant: a piece holds everything between two things that differ, so that a transition is a handful of copies.

use std::sync::Arc;

use super::notation;
use super::rules::{Envelope, Rules};
use crate::journey::{KindId, Model, Transition};

/// The CloudEvents type of a transition.
pub const TYPE: &str = "klantreis.transition";

/// The pieces of a transition, ready to be copied.
#[derive(Debug)]
pub struct Phrases {
    /// How transitions are wrapped.
    pub(super) envelope: Envelope,
    /// The CloudEvents source.
    pub(super) source: Arc<str>,
    /// Of a structured CloudEvent: from behind the id to the subject.
    pub(super) type_and_source: Piece,
    models: Vec<ModelPhrases>,
    /// By kind: from behind the time to the event's id.
    kinds: Vec<Piece>,
    /// By input: the channel.
    channels: Vec<Piece>,
}

/// Bytes of JSON.
type Piece = Box<[u8]>;

#[derive(Debug)]
struct ModelPhrases {
    /// What a transition's identity begins with: application and model.
    identity: Piece,
    /// From behind the transition's id to the customer.
    model: Piece,
    /// By phase, the phase that is left.
    from: Vec<Piece>,
    /// By phase, the phase that is entered, and what stands before the time.
    to: Vec<Piece>,
    rules: Vec<RulePhrases>,
}

#[derive(Debug)]
struct RulePhrases {
    rule: Piece,
    /// The names of the values that its condition reads, each with what stands before the value.
    reads: Vec<Piece>,
}

/// The pieces of one transition.
pub(super) struct Pieces<'a> {
    pub(super) identity: &'a [u8],
    pub(super) model: &'a [u8],
    pub(super) from: &'a [u8],
    pub(super) to: &'a [u8],
    pub(super) rule: &'a [u8],
    pub(super) reads: &'a [Piece],
}

impl Phrases {
    /// The pieces for these rules.
    pub fn new(rules: &Rules) -> Self {
        let source = format!("klantreis/{}", rules.application);
        let kinds = rules.set.vocabulary().kinds();
        Self {
            envelope: rules.envelope,
            type_and_source: piece(&[
                Part::Json("\",\"type\":"),
                Part::Text(TYPE),
                Part::Json(",\"source\":"),
                Part::Text(&source),
                Part::Json(",\"subject\":"),
            ]),
            source: source.into(),
            models: rules.set.models().iter().map(|model| ModelPhrases::new(&rules.application, model)).collect(),
            kinds: kinds
                .iter()
                .map(|kind| piece(&[Part::Json("\",\"cause\":"), Part::Text(kind), Part::Json(",\"event_id\":")]))
                .collect(),
            channels: rules
                .inputs
                .iter()
                .map(|input| piece(&[Part::Json(",\"channel\":"), Part::Text(&input.name)]))
                .collect(),
        }
    }

    /// Those of a transition.
    pub(super) fn of(&self, transition: &Transition) -> Pieces<'_> {
        let model = &self.models[usize::from(transition.model)];
        let rule = &model.rules[usize::from(transition.rule)];
        Pieces {
            identity: &model.identity,
            model: &model.model,
            from: transition.from.map_or(b",\"from\":null", |from| &model.from[usize::from(from)]),
            to: &model.to[usize::from(transition.to)],
            rule: &rule.rule,
            reads: &rule.reads,
        }
    }

    /// From behind the time to the id of an event of this kind.
    pub(super) fn kind(&self, kind: KindId) -> &[u8] {
        &self.kinds[usize::from(kind.0)]
    }

    /// The channel of an input.
    pub(super) fn channel(&self, input: usize) -> &[u8] {
        &self.channels[input]
    }
}

impl ModelPhrases {
    fn new(application: &str, model: &Model) -> Self {
        let mut identity = Vec::new();
        [application, model.name()].into_iter().for_each(|text| identify(text, &mut identity));
        let version = model.version().to_string();
        let phases = |before: &str, after: &str| {
            let phases = model.phases().iter();
            phases.map(|phase| piece(&[Part::Json(before), Part::Text(phase.name()), Part::Json(after)])).collect()
        };
        Self {
            identity: identity.into(),
            model: piece(&[
                Part::Json("\",\"model\":"),
                Part::Text(model.name()),
                Part::Json(",\"version\":"),
                Part::Json(&version),
                Part::Json(",\"customer\":"),
            ]),
            from: phases(",\"from\":", ""),
            to: phases(",\"to\":", ",\"at\":\""),
            rules: model
                .rules()
                .iter()
                .map(|rule| RulePhrases {
                    rule: piece(&[Part::Json(",\"rule\":"), Part::Text(rule.id())]),
                    reads: (0..)
                        .zip(rule.reads())
                        .map(|(place, name)| {
                            let before = if place == 0 { ",\"values\":{" } else { "," };
                            piece(&[Part::Json(before), Part::Text(name), Part::Json(":")])
                        })
                        .collect(),
                })
                .collect(),
        }
    }
}

/// Appends a text as it goes into a transition's identity.
pub(super) fn identify(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&(text.len() as u64).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

enum Part<'a> {
    /// Is JSON already.
    Json(&'a str),
    /// Is to be quoted.
    Text(&'a str),
}

fn piece(parts: &[Part<'_>]) -> Piece {
    let mut out = Vec::new();
    for part in parts {
        match part {
            Part::Json(json) => out.extend_from_slice(json.as_bytes()),
            Part::Text(text) => _ = notation::text(text, &mut out),
        }
    }
    out.into()
}
