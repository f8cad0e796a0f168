//! What transitions are put together from: the pieces that are the same for every customer, quoted and joined once.
//!
//! Invariant: a piece holds everything between two things that differ, so that a transition is a handful of copies.

use std::sync::Arc;

use compact_str::CompactString;

use super::notation;
use super::ports::Topic;
use super::rules::{Envelope, Rules};
use crate::journey::{KindId, Model, Phase, Signal, Transition};

/// The CloudEvents type of a transition, and of a signal.
pub const TYPE: &str = "klantreis.transition";
/// See above.
pub const SIGNAL_TYPE: &str = "klantreis.signal";

/// The pieces of transitions and signals, ready to be copied.
#[derive(Debug)]
pub struct Phrases {
    /// How transitions are wrapped.
    pub(super) envelope: Envelope,
    /// The CloudEvents source.
    pub(super) source: Arc<str>,
    pub(super) transition: EventKind,
    pub(super) signal: EventKind,
    /// The same of shadows.
    pub(super) shadow_transition: EventKind,
    /// See above.
    pub(super) shadow_signal: EventKind,
    models: Vec<ModelPhrases>,
    /// By kind: from behind the time to the event's id.
    kinds: Vec<Piece>,
    /// By input: the channel.
    channels: Vec<Piece>,
    /// By variant of an experiment.
    variants: Vec<Piece>,
    /// By input: its topic, and what stands before the partition.
    topics: Vec<Piece>,
}

/// A kind of CloudEvent.
#[derive(Debug)]
pub(super) struct EventKind {
    /// Its type.
    pub(super) name: &'static str,
    /// Where it is written.
    pub(super) topic: Topic,
    /// What tells its ids from those of other kinds.
    pub(super) salt: &'static [u8],
    /// Of a structured CloudEvent: from behind the id to the subject.
    pub(super) type_and_source: Piece,
}

impl EventKind {
    fn new(name: &'static str, topic: Topic, salt: &'static [u8], source: &str) -> Self {
        let type_and_source = piece(&[
            Part::Json("\",\"type\":"),
            Part::Text(name),
            Part::Json(",\"source\":"),
            Part::Text(source),
            Part::Json(",\"subject\":"),
        ]);
        Self { name, topic, salt, type_and_source }
    }
}

/// Bytes of JSON.
pub(super) type Piece = Box<[u8]>;

#[derive(Debug)]
struct ModelPhrases {
    is_shadow: bool,
    /// What a transition's identity begins with: application and model.
    identity: Piece,
    /// From behind the transition's id to the customer.
    model: Piece,
    /// By phase, the phase that is left.
    from: Vec<Piece>,
    /// By phase, the phase that is entered, and what stands before the time.
    to: Vec<Piece>,
    rules: Vec<RulePhrases>,
    /// By phase, the phase a signal is told in.
    phase: Vec<Piece>,
    signals: Vec<RulePhrases>,
}

/// Of a transition's rule, or a signal's.
#[derive(Debug)]
struct RulePhrases {
    rule: Piece,
    /// The names of the values that its condition reads, each with what stands before the value.
    reads: Vec<Piece>,
}

/// The pieces of one transition.
pub(super) struct Pieces<'a> {
    pub(super) kind: &'a EventKind,
    pub(super) identity: &'a [u8],
    pub(super) model: &'a [u8],
    pub(super) from: &'a [u8],
    pub(super) to: &'a [u8],
    pub(super) rule: &'a [u8],
    pub(super) reads: &'a [Piece],
}

/// The pieces of one signal.
pub(super) struct SignalPieces<'a> {
    pub(super) kind: &'a EventKind,
    pub(super) identity: &'a [u8],
    pub(super) model: &'a [u8],
    pub(super) signal: &'a [u8],
    pub(super) phase: &'a [u8],
    pub(super) reads: &'a [Piece],
}

impl Phrases {
    /// The pieces for these rules.
    pub fn new(rules: &Rules) -> Self {
        let source = format!("klantreis/{}", rules.application);
        let kinds = rules.set.vocabulary().kinds();
        Self {
            envelope: rules.envelope,
            transition: EventKind::new(TYPE, Topic::Transitions, b"", &source),
            signal: EventKind::new(SIGNAL_TYPE, Topic::Signals, b"signal", &source),
            shadow_transition: EventKind::new(TYPE, Topic::Shadow, b"", &source),
            shadow_signal: EventKind::new(SIGNAL_TYPE, Topic::Shadow, b"signal", &source),
            source: source.into(),
            models: rules
                .set
                .models()
                .iter()
                .enumerate()
                .map(|(index, model)| ModelPhrases::new(rules, model, index >= rules.set.active()))
                .collect(),
            kinds: kinds
                .iter()
                .map(|kind| piece(&[Part::Json("\",\"cause\":"), Part::Text(kind), Part::Json(",\"event_id\":")]))
                .collect(),
            channels: rules
                .inputs
                .iter()
                .map(|input| piece(&[Part::Json(",\"channel\":"), Part::Text(&input.name)]))
                .collect(),
            variants: rules
                .set
                .variants()
                .into_iter()
                .flat_map(|rule| rule.names())
                .map(|name| piece(&[Part::Json(",\"variant\":"), Part::Text(name)]))
                .collect(),
            topics: rules
                .inputs
                .iter()
                .map(|input| {
                    piece(&[Part::Json(",\"topic\":"), Part::Text(&input.topic), Part::Json(",\"partition\":")])
                })
                .collect(),
        }
    }

    /// Those of a transition.
    pub(super) fn of(&self, transition: &Transition) -> Pieces<'_> {
        let model = &self.models[usize::from(transition.model)];
        let rule = &model.rules[usize::from(transition.rule)];
        Pieces {
            kind: if model.is_shadow { &self.shadow_transition } else { &self.transition },
            identity: &model.identity,
            model: &model.model,
            from: transition.from.map_or(b",\"from\":null", |from| &model.from[usize::from(from)]),
            to: &model.to[usize::from(transition.to)],
            rule: &rule.rule,
            reads: &rule.reads,
        }
    }

    /// Those of a signal.
    pub(super) fn of_signal(&self, signal: &Signal) -> SignalPieces<'_> {
        let model = &self.models[usize::from(signal.model)];
        let rule = &model.signals[usize::from(signal.rule)];
        SignalPieces {
            kind: if model.is_shadow { &self.shadow_signal } else { &self.signal },
            identity: &model.identity,
            model: &model.model,
            signal: &rule.rule,
            phase: signal.phase.map_or(b",\"phase\":null", |phase| &model.phase[usize::from(phase)]),
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

    /// The variant of an experiment.
    pub(super) fn variant(&self, variant: u16) -> &[u8] {
        &self.variants[usize::from(variant)]
    }

    /// The topic of an input, and what stands before the partition.
    pub(super) fn topic(&self, input: usize) -> &[u8] {
        &self.topics[input]
    }
}

impl ModelPhrases {
    fn new(rules: &Rules, model: &Model, is_shadow: bool) -> Self {
        let mut identity = Vec::new();
        [rules.application.as_str(), model.name()].into_iter().for_each(|text| identify(text, &mut identity));
        let (version, hash) = (model.version().to_string(), format!("{:016x}", model.hash()));
        let phases = |before: &str, after: &str| {
            let phases = model.phases().iter();
            phases.map(|phase| piece(&[Part::Json(before), Part::Text(phase.name()), Part::Json(after)])).collect()
        };
        Self {
            is_shadow,
            identity: identity.into(),
            model: piece(&[
                Part::Json("\",\"model\":"),
                Part::Text(model.name()),
                Part::Json(",\"version\":"),
                Part::Json(&version),
                Part::Json(",\"hash\":"),
                Part::Text(&hash),
                Part::Json(",\"customer\":"),
            ]),
            from: phases(",\"from\":", ""),
            to: model.phases().iter().map(|phase| entered(phase, rules.inline_needs)).collect(),
            rules: model.rules().iter().map(|rule| RulePhrases::new(",\"rule\":", rule.id(), rule.reads())).collect(),
            phase: phases(",\"phase\":", ""),
            signals: model
                .signals()
                .iter()
                .map(|rule| RulePhrases::new(",\"signal\":", rule.id(), rule.reads()))
                .collect(),
        }
    }
}

/// The phase that is entered, what the customer needs in it if that is wanted, and what stands before the time.
fn entered(phase: &Phase, needs: bool) -> Piece {
    let mut out = Vec::from(piece(&[Part::Json(",\"to\":"), Part::Text(phase.name())]));
    let texts: serde_json::Map<_, _> = phase
        .needs()
        .by_language()
        .into_iter()
        .filter(|(_, needs)| !needs.is_empty())
        .map(|(language, needs)| (language.to_owned(), needs.as_slice().into()))
        .collect();
    if needs && !texts.is_empty() {
        out.extend_from_slice(b",\"needs\":");
        serde_json::to_writer(&mut out, &texts).expect("writing to memory does not fail");
    }
    out.extend_from_slice(b",\"at\":\"");
    out.into()
}

impl RulePhrases {
    fn new(before: &str, id: &str, reads: &[CompactString]) -> Self {
        let read = |(place, name): (usize, &CompactString)| {
            let before = if place == 0 { ",\"values\":{" } else { "," };
            piece(&[Part::Json(before), Part::Text(name), Part::Json(":")])
        };
        Self { rule: piece(&[Part::Json(before), Part::Text(id)]), reads: reads.iter().enumerate().map(read).collect() }
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
