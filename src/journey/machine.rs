//! One model at work on one customer: timers due, then counters, then the first matching transition, then the reset
//! for the new phase.
//!
//! A machine reads and writes only its own model's words, so a model beside others does what it does alone. At most
//! one transition is caused by an event; timers may chain, and each chain ends, because the model check refuses
//! timers that go round without time going by.

mod build;
mod moment;

use moment::Moment;

use super::effect::{Cause, Effects, Transition};
use super::meter::Meter;
use super::program::Program;
use super::{Event, KindId, Record, Vocabulary};

/// A model, compiled for a set: its words in the record, and its rules by phase and kind.
#[derive(Debug)]
pub(super) struct Machine {
    /// Its index in the set.
    model: u16,
    place: Place,
    /// Kinds in the set's vocabulary.
    kinds: usize,
    /// By kind, the counters that count it.
    counts: Vec<Box<[u16]>>,
    /// By phase word and kind, the rules to try in turn.
    moves: Vec<Box<[u16]>>,
    /// By phase word, the timers that run.
    timers: Vec<Box<[Timer]>>,
    /// By phase word, after how much silence the customer is forgotten.
    forget: Vec<i64>,
    rules: Vec<Move>,
    meters: Vec<Meter>,
    /// The meters that begin anew with a phase.
    visit_meters: Vec<u16>,
    /// Bits of the timers that wait for the customer's last event.
    idle_bits: u32,
    /// Phase names by phase word.
    names: Vec<Box<str>>,
}

/// Where a model's state stands in a record. Times are after 1970, so 0 says "never".
#[derive(Debug, Clone, Copy)]
struct Place {
    phase: usize,
    seq: usize,
    since: usize,
    last: usize,
    first_seen: usize,
    /// Bits of the conditional timers that were due and not taken; only in models that have such.
    spent: Option<usize>,
}

#[derive(Debug)]
struct Move {
    to: u16,
    when: Option<Program>,
}

#[derive(Debug, Clone)]
struct Timer {
    rule: u16,
    start: Start,
    span: i64,
    /// Its bit among the spent ones, if it has a condition.
    bit: u32,
}

/// What a timer counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Phase,
    LastEvent,
}

/// What an event brings to each model.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub event: &'a Event<'a>,
    pub kind: KindId,
    pub channel: &'a str,
    pub vocabulary: &'a Vocabulary,
}

/// A timer that is the next to fire.
#[derive(Clone, Copy)]
pub(super) struct Due<'m> {
    pub at: i64,
    timer: &'m Timer,
}

impl Due<'_> {
    /// The index of its rule.
    pub fn rule(&self) -> usize {
        usize::from(self.timer.rule)
    }
}

impl Machine {
    /// Whether the model has seen the customer.
    pub fn has_seen(&self, record: &Record) -> bool {
        self.first_seen(record) != 0
    }

    /// When the model first saw the customer; 0 for never.
    pub fn first_seen(&self, record: &Record) -> i64 {
        record.i64(self.place.first_seen)
    }

    /// The time of the model's last event; 0 for never.
    pub fn last(&self, record: &Record) -> i64 {
        record.i64(self.place.last)
    }

    /// When the phase began.
    pub fn since(&self, record: &Record) -> i64 {
        record.i64(self.place.since)
    }

    /// The phase, as an index.
    pub fn phase(&self, record: &Record) -> Option<u16> {
        record.u32(self.place.phase).checked_sub(1).map(|index| index as u16)
    }

    /// Transitions so far.
    pub fn seq(&self, record: &Record) -> u32 {
        record.u32(self.place.seq)
    }

    /// A counter as it stands at the model's last event.
    pub fn counter(&self, record: &Record, index: usize) -> f64 {
        self.meters[index].read(record, self.last(record))
    }

    /// When the model has no more use for a customer it has seen.
    pub fn forget_at(&self, record: &Record) -> i64 {
        self.last(record).saturating_add(self.forget[record.u32(self.place.phase) as usize])
    }

    /// The next timer: the earliest, of equals the first in the file. Never before the phase began.
    pub fn next_timer(&self, record: &Record) -> Option<Due<'_>> {
        let timers = &self.timers[record.u32(self.place.phase) as usize];
        let spent = self.place.spent.map_or(0, |word| record.u32(word));
        let mut next: Option<Due<'_>> = None;
        for timer in timers.iter().filter(|timer| timer.bit & spent == 0) {
            let since = self.since(record);
            let at = match timer.start {
                Start::Phase => since.saturating_add(timer.span),
                Start::LastEvent => self.last(record).saturating_add(timer.span).max(since),
            };
            if next.is_none_or(|next| at < next.at) {
                next = Some(Due { at, timer });
            }
        }
        next
    }

    /// Fires a timer that is due.
    pub fn fire(&self, record: &mut Record, due: Due<'_>, effects: &mut Effects) {
        let scene = Moment { machine: self, record, input: None, now: due.at, before: self.last(record) };
        let rule = &self.rules[due.rule()];
        if rule.when.as_ref().is_some_and(|when| !when.holds(&scene)) {
            let word = self.place.spent.expect("a model with conditional timers has a word for the spent ones");
            record.set_u32(word, record.u32(word) | due.timer.bit);
            return;
        }
        let values = scene.note(rule.when.as_ref(), effects);
        let taken = Taken { rule: due.timer.rule, at: due.at, cause: Cause::Timer, late: false, values };
        self.enter(record, &taken, effects);
    }

    /// Takes an event of a kind the model knows; says whether it was late.
    pub fn take(&self, record: &mut Record, input: Input<'_>, effects: &mut Effects) -> bool {
        let at = input.event.at;
        let first = !self.has_seen(record);
        if first {
            record.set_i64(self.place.first_seen, at);
            record.set_i64(self.place.since, at);
        } else {
            while let Some(due) = self.next_timer(record).filter(|due| due.at <= at) {
                self.fire(record, due, effects);
            }
        }
        let before = self.last(record);
        let late = at < before;
        if at > before {
            record.set_i64(self.place.last, at);
            if let Some(word) = self.place.spent {
                record.set_u32(word, record.u32(word) & !self.idle_bits);
            }
        }
        let since = self.since(record);
        let kind = usize::from(input.kind.0);
        for index in &self.counts[kind] {
            let meter = &self.meters[usize::from(*index)];
            if !meter.visit || at >= since {
                meter.count(record, input.event);
            }
        }
        let before = if first { 0 } else { before };
        let scene = Moment { machine: self, record, input: Some((input, late)), now: at.max(since), before };
        let candidates = &self.moves[record.u32(self.place.phase) as usize * self.kinds + kind];
        let won = candidates.iter().copied().find(|rule| {
            let when = self.rules[usize::from(*rule)].when.as_ref();
            when.is_none_or(|when| when.holds(&scene))
        });
        if let Some(rule) = won {
            let values = scene.note(self.rules[usize::from(rule)].when.as_ref(), effects);
            let taken = Taken { rule, at: at.max(since), cause: Cause::Event(input.kind), late, values };
            self.enter(record, &taken, effects);
        }
        late
    }

    /// Takes a transition: tells of it, and begins the new phase.
    fn enter(&self, record: &mut Record, taken: &Taken, effects: &mut Effects) {
        let to = self.rules[usize::from(taken.rule)].to;
        let seq = self.seq(record).saturating_add(1);
        effects.transitions.push(Transition {
            model: self.model,
            rule: taken.rule,
            from: self.phase(record),
            to,
            at: taken.at,
            since: self.since(record),
            first_seen: self.first_seen(record),
            seq,
            cause: taken.cause,
            late: taken.late,
            values: taken.values,
        });
        record.set_u32(self.place.phase, u32::from(to) + 1);
        record.set_u32(self.place.seq, seq);
        record.set_i64(self.place.since, taken.at);
        for index in &self.visit_meters {
            self.meters[usize::from(*index)].reset(record);
        }
        if let Some(word) = self.place.spent {
            record.set_u32(word, 0);
        }
    }
}

/// A transition that is about to be taken.
struct Taken {
    rule: u16,
    at: i64,
    cause: Cause,
    late: bool,
    values: (u32, u32),
}
