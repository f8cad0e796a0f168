//! What is counted, over what.

use crate::journey::Span;

/// Something that is counted or added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counter {
    /// Its name, as conditions know it.
    pub name: String,
    /// The kinds of event it counts, as indices into [`Model::kinds`](super::Model::kinds), ascending.
    pub kinds: Vec<u16>,
    /// What it adds up; `None`: it counts events.
    pub sum: Option<Addend>,
    /// Over what.
    pub window: Window,
    /// Whether each value of an attribute is counted by itself.
    pub per: Option<Per>,
    /// The kinds of event with which it begins anew, as indices into [`Model::kinds`](super::Model::kinds), ascending.
    pub reset: Vec<u16>,
}

/// Counting each value of an attribute by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Per {
    /// The attribute, as an index into the model's.
    pub attribute: u16,
    /// How many values of a customer are kept: those seen last.
    pub values: u8,
}

/// What a counter adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addend {
    /// The money an event is worth.
    Value,
    /// An attribute, as an index into the model's.
    Attribute(u16),
}

/// What a counter counts over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// This visit of the phase.
    Visit,
    /// The customer's whole life.
    Ever,
    /// The time that just went by, in steps of an eighth of it.
    Sliding(Span),
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Visit => f.write_str("visit"),
            Self::Ever => f.write_str("ever"),
            Self::Sliding(span) => span.fmt(f),
        }
    }
}
