//! The active models, compiled together.

use super::{Effects, Event, Layout, Record, Vocabulary};

/// One model, compiled.
#[derive(Debug)]
pub struct Model {}
#[derive(Debug)]
pub struct Phase;
#[derive(Debug)]
pub struct Rule;
#[allow(missing_docs, clippy::todo)]
impl Phase {
    pub fn name(&self) -> &str {
        todo!()
    }
}
#[allow(missing_docs, clippy::todo)]
impl Rule {
    pub fn id(&self) -> &str {
        todo!()
    }
    pub fn reads(&self) -> &[compact_str::CompactString] {
        todo!()
    }
}
#[allow(missing_docs, clippy::todo)]
impl Model {
    pub fn name(&self) -> &str {
        todo!()
    }
    pub fn version(&self) -> u32 {
        todo!()
    }
    pub fn phases(&self) -> &[Phase] {
        todo!()
    }
    pub fn rules(&self) -> &[Rule] {
        todo!()
    }
}

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// At least one model took it; `late` if it was older than the customer's last event in one of them.
    Applied {
        /// See above.
        late: bool,
    },
    /// The customer's memory of event ids has it already; nothing changed, save timers that were due.
    Duplicate,
    /// No active model knows its kind; nothing changed at all.
    Ignored,
}

/// What came of firing a quiet customer's timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fired {
    /// Nothing was due.
    Nothing,
    /// The record changed.
    Changed,
    /// The customer is forgotten: drop the record.
    Forgotten,
}

/// The active models, compiled together: one vocabulary, one layout of state.
#[derive(Debug)]
pub struct ModelSet {}

#[allow(missing_docs, clippy::todo, unused_variables)]
impl ModelSet {
    pub fn vocabulary(&self) -> &Vocabulary {
        todo!()
    }
    pub fn models(&self) -> &[Model] {
        todo!()
    }
    pub fn layout(&self) -> &Layout {
        todo!()
    }
    /// The record of a customer nobody has seen yet.
    pub fn fresh(&self) -> Record {
        todo!()
    }
    pub fn step(&self, record: &mut Record, event: &Event<'_>, channel: &str, effects: &mut Effects) -> Outcome {
        todo!()
    }
    pub fn fire(&self, record: &mut Record, until: i64, effects: &mut Effects) -> Fired {
        todo!()
    }
    /// A customer's state in each model, for people to read.
    pub fn describe(&self, record: &Record) -> Vec<super::ModelState> {
        todo!()
    }
    pub fn phase_of(&self, record: &Record, model: usize) -> Option<u16> {
        todo!()
    }
    pub fn deadline(&self, record: &Record) -> Option<i64> {
        todo!()
    }
}
