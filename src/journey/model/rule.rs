//! A transition: where it leads, and what sets it off.

use compact_str::CompactString;

use super::Condition;
use crate::journey::Span;

/// A transition as the model states it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(in crate::journey) id: String,
    pub(in crate::journey) from: Vec<Option<u16>>,
    pub(in crate::journey) to: u16,
    pub(in crate::journey) trigger: Trigger,
    pub(in crate::journey) when: Option<Condition>,
}

/// What sets a transition off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// An event of one of these kinds, as indices into [`Model::kinds`](super::Model::kinds), ascending.
    On(Vec<u16>),
    /// This long since the phase began.
    After(Span),
    /// This long since the customer's last event.
    Idle(Span),
}

impl Rule {
    /// Its name within the model.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The phases it leaves, as indices; `None` is a new customer.
    pub fn from(&self) -> &[Option<u16>] {
        &self.from
    }

    /// The phase it enters, as an index.
    pub fn to(&self) -> u16 {
        self.to
    }

    /// What sets it off.
    pub fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// Its condition as written, if it has one.
    pub fn when(&self) -> Option<&str> {
        self.when.as_ref().map(|when| when.text.as_str())
    }

    /// The names of what its condition reads, in the order of a transition's values; empty without a condition.
    pub fn reads(&self) -> &[CompactString] {
        self.when.as_ref().map_or(&[], |when| when.reads.as_slice())
    }
}
