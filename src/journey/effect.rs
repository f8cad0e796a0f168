//! What a step leads to. The core decides; the engine carries out.

use super::KindId;

/// Why a transition was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// An event of this kind.
    Event(KindId),
    /// A timer: too long in the phase, or too long without a sign of life.
    Timer,
}

/// A value that a condition was decided on.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number: a counter, an attribute, a span in milliseconds.
    Number(f64),
    /// A text attribute, phase, kind or channel.
    Text(Box<str>),
    /// A truth value.
    Bool(bool),
    /// The event does not have it.
    Missing,
}

/// A customer's move from one phase of a model to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// Index of the model in its set.
    pub model: u16,
    /// Index of the rule in the model's transitions; its id and what its condition reads stand there.
    pub rule: u16,
    /// The phase left, as an index into the model's phases; `None` for a new customer.
    pub from: Option<u16>,
    /// The phase entered.
    pub to: u16,
    /// When, in epoch milliseconds: the event's time or the timer's due time, never before `since`.
    pub at: i64,
    /// When the phase that is left began (for a new customer, the time of the first event).
    pub since: i64,
    /// When the model first saw the customer; part of the transition's identity.
    pub first_seen: i64,
    /// Number of the transition within customer and model, from 1, without gaps.
    pub seq: u32,
    /// What caused it.
    pub cause: Cause,
    /// Whether the event was older than the customer's last one in this model.
    pub late: bool,
    /// Range in [`Effects::values`]: the values the rule's condition was decided on, in the order of the rule's reads.
    pub values: (u32, u32),
}

/// Everything that one or more steps led to; cleared and reused by the caller.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects {
    /// The transitions, in the order they were taken.
    pub transitions: Vec<Transition>,
    /// The values that conditions were decided on; each transition names its range.
    pub values: Vec<Value>,
    /// How often a customer was forgotten (and, in a step, begun anew).
    pub forgotten: u32,
}

impl Effects {
    /// Empties it, keeping the memory.
    pub fn clear(&mut self) {
        self.transitions.clear();
        self.values.clear();
        self.forgotten = 0;
    }
}
