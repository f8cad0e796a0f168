//! What is told beside the phases: of what, when, and how often.

use compact_str::CompactString;

use super::{Condition, Window};
use crate::journey::Span;

/// Something that is told beside the phases, as the model states it.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalRule {
    pub(in crate::journey) id: String,
    pub(in crate::journey) occasion: Occasion,
    /// The phases in which the occasion counts; `None`: in all, and for new customers.
    pub(in crate::journey) phases: Option<Vec<Option<u16>>>,
    pub(in crate::journey) when: Option<Condition>,
    pub(in crate::journey) wait: Option<Wait>,
    pub(in crate::journey) at_most: Option<AtMost>,
}

/// What a signal tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occasion {
    /// An event of one of these kinds, as indices into [`Model::kinds`](super::Model::kinds), ascending.
    On(Vec<u16>),
    /// A transition.
    Move {
        /// Out of one of these phases (`None`: a new customer); of any, if it does not matter.
        leaving: Option<Vec<Option<u16>>>,
        /// Into one of these phases; any, if it does not matter.
        entering: Option<Vec<u16>>,
    },
}

/// How long a signal waits, and what it does not wait for in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// How long.
    pub span: Span,
    /// Events of these kinds in between call it off, as indices into [`Model::kinds`](super::Model::kinds), ascending.
    pub unless: Vec<u16>,
    /// The attribute that says whether two events are about the same thing, as an index into the model's.
    pub correlate: Option<u16>,
}

/// How often a signal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtMost {
    /// So often,
    pub times: u32,
    /// over this.
    pub window: Window,
}

impl SignalRule {
    /// Its name within the model.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it tells of.
    pub fn occasion(&self) -> &Occasion {
        &self.occasion
    }

    /// The phases in which the occasion counts, as indices (`None` is a new customer); all, if it does not matter.
    pub fn phases(&self) -> Option<&[Option<u16>]> {
        self.phases.as_deref()
    }

    /// Its condition as written, if it has one.
    pub fn when(&self) -> Option<&str> {
        self.when.as_ref().map(|when| when.text.as_str())
    }

    /// The names of what its condition reads, in the order of a signal's values; empty without a condition.
    pub fn reads(&self) -> &[CompactString] {
        self.when.as_ref().map_or(&[], |when| when.reads.as_slice())
    }

    /// How long it waits, if it does.
    pub fn wait(&self) -> Option<&Wait> {
        self.wait.as_ref()
    }

    /// How often it is told, if that is limited.
    pub fn at_most(&self) -> Option<AtMost> {
        self.at_most
    }
}
