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
    /// The variant of the customer, as an index into [`super::VariantRule::names`]; `None` if no event said one.
    pub variant: Option<u16>,
    /// Whether the event was older than the customer's last one in this model.
    pub late: bool,
    /// Range in [`Effects::values`]: the values the rule's condition was decided on, in the order of the rule's reads.
    pub values: (u32, u32),
}

/// Something told of a customer beside its phases.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// Index of the model in its set.
    pub model: u16,
    /// Index of the rule in the model's signals; its id and what its condition reads stand there.
    pub rule: u16,
    /// When, in epoch milliseconds: the event's or the transition's time, or the end of the wait.
    pub at: i64,
    /// When what it tells of began: for one that waited, the time of what it waited after; else `at`.
    pub since: i64,
    /// The phase the customer is in when it is told, as an index into the model's phases.
    pub phase: Option<u16>,
    /// When the model first saw the customer; part of the signal's identity.
    pub first_seen: i64,
    /// Number of the signal within customer and model, from 1, without gaps.
    pub seq: u32,
    /// What caused it.
    pub cause: Cause,
    /// The variant of the customer, as an index into [`super::VariantRule::names`]; `None` if no event said one.
    pub variant: Option<u16>,
    /// Whether the event was older than the customer's last one in this model.
    pub late: bool,
    /// Range in [`Effects::values`]: the values its condition was decided on; empty for one that waited.
    pub values: (u32, u32),
}

/// A signal whose occasion has come: to be told, or to wait, once the transition of the same event is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Raised {
    pub rule: u16,
    pub values: (u32, u32),
}

/// Everything that one or more steps led to; cleared and reused by the caller.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Effects {
    /// The transitions, in the order they were taken.
    pub transitions: Vec<Transition>,
    /// The signals, in the order they were told.
    pub signals: Vec<Signal>,
    /// For each event and each model that took it the cell of the phase that the customer is in after it, if the event is
    /// a touchpoint of that phase. The cells of a set are numbered model by model: `new` first, then the phases.
    pub touchpoints: Vec<u16>,
    /// The values that conditions were decided on; each transition and signal names its range.
    pub values: Vec<Value>,
    /// Signals that waited and made way for others, because a customer has places for only so many.
    pub displaced: u32,
    /// How often a customer was forgotten (and, in a step, begun anew).
    pub forgotten: u32,
    /// Room to work in.
    pub(super) raised: Vec<Raised>,
}

impl Effects {
    /// Empties it, keeping the memory.
    pub fn clear(&mut self) {
        self.transitions.clear();
        self.signals.clear();
        self.touchpoints.clear();
        self.values.clear();
        self.raised.clear();
        (self.displaced, self.forgotten) = (0, 0);
    }

    /// Whether there is nothing in it for anybody to hear of.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.transitions.is_empty() && self.signals.is_empty() && self.forgotten == 0 && self.displaced == 0
    }

    /// How much there is of what is told.
    pub(super) fn mark(&self) -> Mark {
        Mark {
            transitions: self.transitions.len(),
            signals: self.signals.len(),
            values: self.values.len(),
            displaced: self.displaced,
        }
    }

    /// The transitions that were told since.
    pub(super) fn transitions_since(&mut self, mark: Mark) -> impl Iterator<Item = &mut Transition> {
        self.transitions[mark.transitions..].iter_mut()
    }

    /// The signals that were told since.
    pub(super) fn signals_since(&mut self, mark: Mark) -> impl Iterator<Item = &mut Signal> {
        self.signals[mark.signals..].iter_mut()
    }

    /// Takes back what was told since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.transitions.truncate(mark.transitions);
        self.signals.truncate(mark.signals);
        self.values.truncate(mark.values);
        self.displaced = mark.displaced;
    }
}

/// See [`Effects::mark`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    transitions: usize,
    signals: usize,
    values: usize,
    displaced: u32,
}
