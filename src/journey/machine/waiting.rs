//! What becomes of a customer in a phase if nothing happens: its timers, and that the customer is forgotten.
//!
//! Every event asks twice when something is due next, before it for what comes first, after it for the deadline. So that
//! is a few additions for each phase, however many timers it has; which timer it is is only asked when one is due.

use super::Standing;

/// What runs in one phase.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    timers: Box<[Timer]>,
    /// The shortest span from the phase's begin; [`NEVER`] if no timer counts from there.
    after: i64,
    /// The shortest span from the last event; [`NEVER`] if no timer counts from there.
    idle: i64,
    /// Whether a timer may be spent, so that the shortest spans do not tell.
    is_conditional: bool,
    /// After how much silence the customer is forgotten.
    forget_after: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Timer {
    pub rule: u16,
    pub start: Start,
    pub span: i64,
    /// Its bit among the spent ones, if it has a condition.
    pub bit: u32,
}

impl Timer {
    /// When it is due. Never before the phase began.
    fn due(&self, since: i64, last: i64) -> i64 {
        match self.start {
            Start::Phase => since.saturating_add(self.span),
            Start::LastEvent => last.saturating_add(self.span).max(since),
        }
    }
}

/// What a timer counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Phase,
    LastEvent,
}

/// A timer that is the next to fire.
#[derive(Clone, Copy)]
pub(in crate::journey) struct Due<'m> {
    pub at: i64,
    pub(super) timer: &'m Timer,
}

impl Due<'_> {
    /// The index of its rule.
    pub fn rule(&self) -> usize {
        usize::from(self.timer.rule)
    }
}

/// Later than every time.
const NEVER: i64 = i64::MAX;

impl Waiting {
    /// What runs in a phase with these timers.
    pub fn new(timers: Vec<Timer>, forget_after: i64) -> Self {
        let shortest = |start| {
            let spans = timers.iter().filter(|timer| timer.start == start).map(|timer| timer.span);
            spans.min().unwrap_or(NEVER)
        };
        Self {
            after: shortest(Start::Phase),
            idle: shortest(Start::LastEvent),
            is_conditional: timers.iter().any(|timer| timer.bit != 0),
            timers: timers.into(),
            forget_after,
        }
    }

    /// When the next timer is due; [`NEVER`] if none is. `spent` has the bits of those that do not run any more.
    #[inline]
    pub fn due_at(&self, standing: Standing, spent: impl FnOnce() -> u32) -> i64 {
        let Standing { since, last, .. } = standing;
        if self.is_conditional {
            return self.next_at(since, last, spent());
        }
        since.saturating_add(self.after).min(last.saturating_add(self.idle).max(since))
    }

    /// The same, timer by timer.
    #[inline(never)]
    fn next_at(&self, since: i64, last: i64, spent: u32) -> i64 {
        self.next(since, last, spent).map_or(NEVER, |due| due.at)
    }

    /// The next timer: the earliest, of equals the first in the file. Never before the phase began.
    pub fn next(&self, since: i64, last: i64, spent: u32) -> Option<Due<'_>> {
        let running = self.timers.iter().filter(|timer| timer.bit & spent == 0);
        let due = running.map(|timer| Due { at: timer.due(since, last), timer });
        due.min_by_key(|due| due.at)
    }

    /// The timers that run: the rule of each, and when it is due.
    pub fn running(&self, since: i64, last: i64, spent: u32) -> impl Iterator<Item = (u16, i64)> {
        let running = self.timers.iter().filter(move |timer| timer.bit & spent == 0);
        running.map(move |timer| (timer.rule, timer.due(since, last)))
    }

    /// When the model has no more use for the customer.
    #[inline]
    pub fn forget_at(&self, standing: Standing) -> i64 {
        standing.last.saturating_add(self.forget_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn timer() -> impl Strategy<Value = Timer> {
        let start = prop_oneof![Just(Start::Phase), Just(Start::LastEvent)];
        (start, 0..50_i64, 0..3_u32).prop_map(|(start, span, bit)| Timer { rule: 0, start, span, bit: bit & 2 })
    }

    proptest! {
        #[test]
        fn something_is_due_when_the_next_timer_is(
            timers in prop::collection::vec(timer(), 0..4),
            since in 1..100_i64,
            last in 1..100_i64,
            spent in 0..4_u32,
        ) {
            let standing = Standing { phase: 1, seq: 1, since, last, first_seen: 1 };
            let waiting = Waiting::new(timers, 7);
            let next = waiting.next(since, last, spent).map_or(NEVER, |due| due.at);
            prop_assert_eq!(waiting.due_at(standing, || spent), next);
        }
    }
}
