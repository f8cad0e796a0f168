//! What an epoch did, counted beside it and told only when it is committed, so that a failed epoch counts nothing twice.

use std::collections::HashMap;

use crate::journey::{Cause, DropReason, Outcome, Reject};

/// How the events of an input ended; every one ends exactly once. A record that cannot be used counts as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InputTally {
    /// Applied in order.
    pub applied: u64,
    /// Applied, though older than the customer's last event.
    pub late: u64,
    /// Dropped: the customer's memory of event ids has it.
    pub duplicate: u64,
    /// Dropped: no model takes it.
    pub ignored: u64,
    /// Dropped on purpose, by [`DropReason::index`].
    pub dropped: [u64; DropReason::ALL.len()],
    /// Gone to the dead letters, by [`Reject::index`].
    pub rejected: [u64; Reject::REASONS.len()],
    /// Of the applied: those whose time lay too far ahead of their record, so that the record's time was taken.
    pub future: u64,
}

impl InputTally {
    /// All events of the input.
    pub fn events(&self) -> u64 {
        let ended = self.applied + self.late + self.duplicate + self.ignored;
        ended + self.dropped.iter().chain(&self.rejected).sum::<u64>()
    }

    /// Counts an event that was applied, or was not for a reason that models give.
    #[inline]
    pub fn ended(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Applied { late: false } => self.applied += 1,
            Outcome::Applied { late: true } => self.late += 1,
            Outcome::Duplicate => self.duplicate += 1,
            Outcome::Ignored => self.ignored += 1,
        }
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: &Self) {
        self.applied += other.applied;
        self.late += other.late;
        self.duplicate += other.duplicate;
        self.ignored += other.ignored;
        self.future += other.future;
        self.dropped.iter_mut().zip(other.dropped).for_each(|(sum, more)| *sum += more);
        self.rejected.iter_mut().zip(other.rejected).for_each(|(sum, more)| *sum += more);
    }
}

/// What an epoch did.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// By input.
    pub inputs: Vec<InputTally>,
    /// Transitions by (model, from, to, cause).
    pub transitions: HashMap<(u16, Option<u16>, u16, Cause), u64, foldhash::fast::FixedState>,
    /// Transitions of customers with a variant, by (model, from, to, variant).
    pub variants: HashMap<(u16, Option<u16>, u16, u16), u64, foldhash::fast::FixedState>,
    /// Signals by (model, rule).
    pub signals: HashMap<(u16, u16), u64, foldhash::fast::FixedState>,
    /// Touchpoints by input and cell ([`crate::journey::Effects::touchpoints`]), cell by cell; it is as long as it had to be.
    pub touchpoints: Vec<u64>,
    /// Signals that waited and made way for others of the same customer.
    pub displaced: u64,
    /// For each transition that left a phase: (model, phase left, seconds spent in it).
    pub dwells: Vec<(u16, u16, f32)>,
    /// Customers forgotten.
    pub forgotten: u64,
    /// Customers whose state changed, each once an epoch.
    pub changed: u64,
    /// Bytes of state deltas and snapshots written, before compression.
    pub state_bytes: u64,
    /// Of these, the bytes of snapshots.
    pub snapshot_bytes: u64,
    /// Seconds from the record's timestamp to now, when the record was taken up: one sample a fetched batch.
    pub delays: Vec<f32>,
    /// Seconds the worker spent on applying, of the epoch's time.
    pub busy: f64,
    /// Seconds from the epoch's first record to its closing.
    pub duration: f64,
    /// Seconds the worker waited because the previous epoch was still in flight.
    pub waited: f64,
}

impl Tally {
    /// An empty tally of this many inputs.
    pub fn new(inputs: usize) -> Self {
        Self { inputs: vec![InputTally::default(); inputs], ..Self::default() }
    }

    /// Counts a touchpoint.
    #[inline]
    pub fn touch(&mut self, cell: u16, input: usize) {
        let place = usize::from(cell) * self.inputs.len() + input;
        if place >= self.touchpoints.len() {
            self.touchpoints.resize(place + 1, 0);
        }
        self.touchpoints[place] += 1;
    }

    /// Empties it, keeping the memory.
    pub fn clear(&mut self, inputs: usize) {
        self.inputs.clear();
        self.inputs.resize(inputs, InputTally::default());
        self.transitions.clear();
        self.variants.clear();
        self.signals.clear();
        self.touchpoints.clear();
        self.dwells.clear();
        self.delays.clear();
        (self.forgotten, self.displaced) = (0, 0);
        (self.changed, self.state_bytes, self.snapshot_bytes) = (0, 0, 0);
        (self.busy, self.duration, self.waited) = (0.0, 0.0, 0.0);
    }
}
