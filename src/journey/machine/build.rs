//! Building a machine: a checked model's names become places in the record and indices by phase and kind.

use super::{Machine, Move, Place, Start, Timer};
use crate::journey::Vocabulary;
use crate::journey::meter::Meter;
use crate::journey::model::{Addend, Model, Trigger, Window};
use crate::journey::program::Slot;
use crate::journey::record::{FieldType, Layout};

impl Machine {
    /// Compiles a model as the one of this index in its set, and finds room for its state.
    pub fn new(model: &Model, index: usize, vocabulary: &Vocabulary, layout: &mut Layout, forget_after: i64) -> Self {
        let kinds = vocabulary.kinds().len();
        let ids = Ids::new(model, vocabulary);
        let phases = model.phases.len() + 1;
        let mut machine = Self {
            model: index as u16,
            place: Place::new(model, index, layout),
            kinds,
            counts: vec![Box::default(); kinds],
            moves: vec![Box::default(); phases * kinds],
            timers: vec![Box::default(); phases],
            forget: vec![forget_after; phases],
            rules: Vec::new(),
            meters: Vec::new(),
            visit_meters: Vec::new(),
            idle_bits: 0,
            names: std::iter::once("new").chain(model.phases.iter().map(|p| p.name.as_str())).map(Box::from).collect(),
        };
        for (word, phase) in (1..).zip(&model.phases) {
            machine.forget[word] = phase.forget_after.map_or(forget_after, |span| span.0);
        }
        machine.add_counters(model, &ids, layout);
        machine.add_rules(model, &ids);
        machine
    }

    fn add_counters(&mut self, model: &Model, ids: &Ids, layout: &mut Layout) {
        let mut counts = vec![Vec::new(); self.kinds];
        for (number, counter) in model.counters.iter().enumerate() {
            let sum = counter.sum.map(|sum| match sum {
                Addend::Value => Addend::Value,
                Addend::Attribute(local) => Addend::Attribute(ids.attribute(local)),
            });
            self.meters.push(Meter::place(layout, self.model.into(), model, number, sum));
            if counter.window == Window::Visit {
                self.visit_meters.push(number as u16);
            }
            for kind in &counter.kinds {
                counts[ids.kind(*kind)].push(number as u16);
            }
        }
        self.counts = counts.into_iter().map(Box::from).collect();
    }

    fn add_rules(&mut self, model: &Model, ids: &Ids) {
        let mut moves = vec![Vec::new(); self.moves.len()];
        let mut timers = vec![Vec::new(); self.timers.len()];
        let mut bits = (0..32).map(|bit| 1_u32 << bit);
        for (number, rule) in model.rules.iter().enumerate() {
            let number = number as u16;
            let global = |slot| match slot {
                Slot::EventAttribute(local) => Slot::EventAttribute(ids.attribute(local)),
                other => other,
            };
            let when = rule.when.as_ref().map(|when| when.program.map_slots(global));
            let (start, span) = match rule.trigger {
                Trigger::On(ref kinds) => {
                    for (from, kind) in rule.from.iter().flat_map(|from| kinds.iter().map(move |kind| (from, kind))) {
                        moves[phase_word(*from) * self.kinds + ids.kind(*kind)].push(number);
                    }
                    self.rules.push(Move { to: rule.to, when });
                    continue;
                }
                Trigger::After(span) => (Start::Phase, span.0),
                Trigger::Idle(span) => (Start::LastEvent, span.0),
            };
            let bit = when.as_ref().and_then(|_| bits.next()).unwrap_or(0);
            if start == Start::LastEvent {
                self.idle_bits |= bit;
            }
            for from in &rule.from {
                timers[phase_word(*from)].push(Timer { rule: number, start, span, bit });
            }
            self.rules.push(Move { to: rule.to, when });
        }
        self.moves = moves.into_iter().map(Box::from).collect();
        self.timers = timers.into_iter().map(Box::from).collect();
    }
}

impl Place {
    fn new(model: &Model, index: usize, layout: &mut Layout) -> Self {
        let mut push = |name: &str, kind| layout.push(format!("{}/{name}", model.name), kind, index);
        let is_timer = |trigger: &Trigger| !matches!(trigger, Trigger::On(_));
        let conditional = model.rules.iter().filter(|rule| is_timer(&rule.trigger) && rule.when.is_some());
        let ids: Vec<&str> = conditional.map(|rule| rule.id.as_str()).collect();
        Self {
            phase: push("phase", FieldType::Phase),
            seq: push("seq", FieldType::U32),
            since: push("since", FieldType::I64),
            last: push("last", FieldType::I64),
            first_seen: push("first_seen", FieldType::I64),
            spent: (!ids.is_empty()).then(|| push(&format!("spent={}", ids.join(",")), FieldType::U32)),
        }
    }
}

/// How the set's vocabulary numbers a model's kinds and attributes.
struct Ids {
    kinds: Vec<u16>,
    /// Attributes that nothing reads are in no vocabulary.
    attributes: Vec<Option<u16>>,
}

impl Ids {
    fn new(model: &Model, vocabulary: &Vocabulary) -> Self {
        Self {
            kinds: model.kinds.iter().map(|kind| known(vocabulary.kind(kind)).0).collect(),
            attributes: model.attributes.iter().map(|(name, _)| vocabulary.attr(name).map(|id| id.0)).collect(),
        }
    }

    fn kind(&self, local: u16) -> usize {
        self.kinds[usize::from(local)].into()
    }

    fn attribute(&self, local: u16) -> u16 {
        known(self.attributes[usize::from(local)])
    }
}

/// The word that a phase is stored as.
fn phase_word(phase: Option<u16>) -> usize {
    phase.map_or(0, |index| usize::from(index) + 1)
}

/// What a set's vocabulary has because it was made from its models.
fn known<T>(id: Option<T>) -> T {
    id.expect("the vocabulary of a set holds the names its models use")
}
