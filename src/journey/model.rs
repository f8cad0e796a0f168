//! A model as it was written, checked and resolved: names are indices here, and nothing is checked again.
//!
//! What a model *means* stands here and nowhere else; [`super::ModelSet`] makes it run. Not here: how a model is
//! written ([`super::CheckedModel`] reads it) and where its state stands in a record.

mod counter;
mod fingerprint;
mod phase;
mod rule;
mod signal;

use compact_str::CompactString;

use super::AttrType;
use super::program::{Program, Slot};

pub use counter::{Addend, Counter, Per, Window};
pub use phase::{Phase, Texts};
pub use rule::{Rule, Trigger};
pub use signal::{AtMost, Occasion, SignalRule, Wait};

/// One model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) name: String,
    /// What its state is kept under.
    pub(super) state_name: String,
    pub(super) version: u32,
    pub(super) hash: u64,
    pub(super) kinds: Vec<CompactString>,
    pub(super) attributes: Vec<(CompactString, AttrType)>,
    /// Which events it takes; all, if it does not say.
    pub(super) applies_to: Option<Condition>,
    pub(super) phases: Vec<Phase>,
    /// Phases that are gone, by name, and the one that took the place of each.
    pub(super) moved: Vec<(String, u16)>,
    pub(super) counters: Vec<Counter>,
    pub(super) rules: Vec<Rule>,
    pub(super) signals: Vec<SignalRule>,
    /// How many signals of a customer may wait at the same time.
    pub(super) waiting_max: u8,
}

/// The condition of a transition or a signal.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Condition {
    /// As it was written.
    pub text: String,
    pub program: Program,
    /// The names of what it reads, in the order of the program's slots.
    pub reads: Vec<CompactString>,
}

impl Model {
    /// The model's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name that its state is kept under: its own, but for a shadow.
    pub fn state_name(&self) -> &str {
        &self.state_name
    }

    /// The version its author gave it.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// A number that is the same as long as the model means the same: texts for people and scenarios do not count.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// The kinds of event it listens to; others do not touch it.
    pub fn kinds(&self) -> &[CompactString] {
        &self.kinds
    }

    /// The attributes of events its conditions and counters may read.
    pub fn attributes(&self) -> &[(CompactString, AttrType)] {
        &self.attributes
    }

    /// Which events it takes, as written: what does not meet this does not touch it, whatever its kind.
    pub fn applies_to(&self) -> Option<&str> {
        self.applies_to.as_ref().map(|condition| condition.text.as_str())
    }

    /// The phases, in the order of the file.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// The phase of that name.
    pub fn phase(&self, name: &str) -> Option<u16> {
        self.phases.iter().position(|phase| phase.name == name).map(|index| index as u16)
    }

    /// The phase in which a customer is who was left in the one of that name: that itself, or the one that took its place.
    pub fn home(&self, name: &str) -> Option<u16> {
        let moved = || self.moved.iter().find(|(gone, _)| gone == name).map(|(_, phase)| *phase);
        self.phase(name).or_else(moved)
    }

    /// The counters, in the order of the file.
    pub fn counters(&self) -> &[Counter] {
        &self.counters
    }

    /// The transitions, in the order of the file.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The signals, in the order of the file.
    pub fn signals(&self) -> &[SignalRule] {
        &self.signals
    }

    /// Does without signals, and without the counters that only they read.
    pub fn drop_signals(&mut self) {
        self.signals.clear();
        let conditions = || self.rules.iter().filter_map(|rule| rule.when.as_ref());
        let is_read = |index: u16| conditions().any(|when| when.program.slots().contains(&Slot::Counter(index)));
        let read: Vec<u16> = (0..self.counters.len() as u16).filter(|index| is_read(*index)).collect();
        let counters = read.iter().map(|index| self.counters[usize::from(*index)].clone()).collect();
        for when in self.rules.iter_mut().filter_map(|rule| rule.when.as_mut()) {
            when.program = when.program.map_slots(|slot| match slot {
                Slot::Counter(index) => {
                    let place = read.iter().position(|one| *one == index).expect("what is read is kept");
                    Slot::Counter(place as u16)
                }
                other => other,
            });
        }
        self.counters = counters;
    }

    /// What each signal is that can wait, by the number that state has of it: the same text means the same.
    pub fn waiting_meanings(&self) -> Vec<String> {
        self.waiting_signals().map(|(_, rule, _)| format!("{}: {}", rule.id, self.signal_definition(rule))).collect()
    }

    /// The signals that wait before they are told, in the order of the file: what waits is stored as its place among them.
    pub(super) fn waiting_signals(&self) -> impl Iterator<Item = (u16, &SignalRule, &Wait)> {
        (0..).zip(&self.signals).filter_map(|(index, rule)| Some((index, rule, rule.wait.as_ref()?)))
    }

    /// Whether these are all kinds of several: then an author wrote, or could have written, `any`.
    pub(super) fn is_any(&self, kinds: &[u16]) -> bool {
        kinds.len() == self.kinds.len() && kinds.len() > 1
    }

    /// The names of kinds, in the order in which they are listed.
    pub(super) fn kind_names(&self, kinds: &[u16]) -> Vec<&str> {
        kinds.iter().map(|kind| self.kinds[usize::from(*kind)].as_str()).collect()
    }

    /// Whether anything in it reads the money an event is worth.
    pub(super) fn reads_value(&self) -> bool {
        self.uses(Addend::Value, Slot::EventValue)
    }

    /// Whether anything in it reads this attribute.
    pub(super) fn reads_attribute(&self, index: u16) -> bool {
        self.waiting_signals().any(|(_, _, wait)| wait.correlate == Some(index))
            || self.counters.iter().any(|counter| counter.per.is_some_and(|per| per.attribute == index))
            || self.uses(Addend::Attribute(index), Slot::EventAttribute(index))
    }

    fn uses(&self, addend: Addend, slot: Slot) -> bool {
        let signals = self.signals.iter().map(|rule| rule.when.as_ref());
        let conditions = self.rules.iter().map(|rule| rule.when.as_ref()).chain(signals);
        let conditions = conditions.chain([self.applies_to.as_ref()]).flatten();
        self.counters.iter().any(|counter| counter.sum == Some(addend))
            || conditions.flat_map(|when| when.program.slots()).any(|read| *read == slot)
    }
}
