//! One model at work on one customer: timers due, then counters, then the first matching transition, then the reset
//! for the new phase.
//!
//! A machine reads and writes only its own model's words, so a model beside others does what it does alone. At most
//! one transition is caused by an event; timers may chain, and each chain ends, because the model check refuses
//! timers that go round without time going by.

mod alert;
mod awaited;
mod build;
mod moment;
mod standing;
mod waiting;

use alert::Alerts;
use awaited::Waitlist;
pub use awaited::renumbered;
pub(super) use awaited::{Awaited, NUMBERS_MAX};
use moment::Moment;
use standing::Place;
pub(super) use standing::Standing;
pub(super) use waiting::Due;
use waiting::Waiting;

use super::effect::{Cause, Effects, Transition, Value};
use super::meter::Meter;
use super::program::Program;
use super::{Event, KindId, Record, Vocabulary};

/// A model, compiled for a set: its words in the record, and its rules by phase and kind.
#[derive(Debug)]
pub(super) struct Machine {
    /// Its index in the set.
    model: u16,
    /// Which events it takes.
    applies_to: Option<Program>,
    place: Place,
    /// Where the bits of the conditional timers stand that were due and not taken; only in models that have such.
    spent: Option<usize>,
    /// Kinds in the set's vocabulary.
    kinds: usize,
    /// By phase word and kind, what an event does.
    responses: Vec<Response>,
    /// By phase word and kind, whether an event is a touchpoint of the phase.
    touchpoints: Box<[bool]>,
    /// The cell of a new customer, which those of the phases follow; see [`Effects::touchpoints`].
    first_cell: u16,
    /// By phase word, what runs without an event.
    waiting: Vec<Waiting>,
    rules: Vec<Move>,
    /// The signals that wait.
    waitlist: Waitlist,
    /// What is told beside the phases; only in models that have signals.
    alerts: Option<Box<Alerts>>,
    meters: Vec<Meter>,
    /// The meters that begin anew with a phase.
    visit_meters: Vec<u16>,
    /// Bits of the timers that wait for the customer's last event.
    idle_bits: u32,
    /// Phase names by phase word.
    names: Vec<Box<str>>,
}

/// What an event of one kind does in one phase.
#[derive(Debug, Clone, Default)]
struct Response {
    /// The counters that count it.
    counts: Box<[u16]>,
    /// The rules to try in turn.
    rules: Box<[u16]>,
    /// What it is to signals, if it is anything.
    signals: Option<Box<Occasions>>,
}

/// What an event is to signals.
#[derive(Debug, Clone, Default)]
struct Occasions {
    /// Those that tell of it.
    of: Box<[u16]>,
    /// Those whose waiting it calls off.
    ends: Box<[u16]>,
}

/// What happens to a customer next by itself.
#[derive(Clone, Copy)]
pub(super) enum Next<'m> {
    /// A timer leads to another phase.
    Timer(Due<'m>),
    /// A signal has waited long enough.
    Signal(Awaited),
}

impl Next<'_> {
    /// When.
    pub fn at(&self) -> i64 {
        match self {
            Self::Timer(due) => due.at,
            Self::Signal(awaited) => awaited.due,
        }
    }
}

#[derive(Debug)]
struct Move {
    to: u16,
    when: Option<Program>,
}

/// What an event brings to each model.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub event: &'a Event<'a>,
    pub kind: KindId,
    pub channel: &'a str,
    pub vocabulary: &'a Vocabulary,
}

impl Machine {
    /// Whether it takes this event; of the kind it need not know.
    #[inline]
    pub fn applies_to(&self, input: &Input<'_>) -> bool {
        self.applies_to.as_ref().is_none_or(|applies_to| applies_to.holds(input))
    }

    /// Whether it takes every event of the kinds it knows.
    pub fn takes_all(&self) -> bool {
        self.applies_to.is_none()
    }

    /// Where the customer stands.
    #[inline]
    pub fn standing(&self, record: &Record) -> Standing {
        self.place.read(record)
    }

    /// A counter as it stands at the model's last event.
    pub fn counter(&self, record: &Record, index: usize) -> f64 {
        self.meters[index].show(record, self.standing(record).last, None).unwrap_or(0.0)
    }

    /// When the model has no more use for the customer, and when the next timer is due, later than every time if none is.
    /// `None` for a customer it has not seen.
    #[inline]
    pub fn ends(&self, record: &Record) -> Option<(i64, i64)> {
        let standing = self.standing(record);
        let waiting = &self.waiting[standing.phase as usize];
        standing.is_seen().then(|| (waiting.forget_at(standing), self.due_in(waiting, record, standing)))
    }

    /// When something is due next by itself; later than every time if nothing is.
    #[inline]
    fn due_at(&self, record: &Record, standing: Standing) -> i64 {
        self.due_in(&self.waiting[standing.phase as usize], record, standing)
    }

    #[inline]
    fn due_in(&self, waiting: &Waiting, record: &Record, standing: Standing) -> i64 {
        let timer = waiting.due_at(standing, || self.spent(record));
        if self.waitlist.is_none() { timer } else { timer.min(self.waitlist.due_at(record)) }
    }

    /// What comes next by itself: the earliest; of equals a signal, then the first timer in the file.
    pub fn next(&self, record: &Record) -> Option<Next<'_>> {
        let timer = self.next_timer(record);
        let awaited = self.waitlist.next(record);
        match (timer, awaited) {
            (Some(due), Some(awaited)) if due.at < awaited.due => Some(Next::Timer(due)),
            (_, Some(awaited)) => Some(Next::Signal(awaited)),
            (timer, None) => timer.map(Next::Timer),
        }
    }

    /// The next timer: the earliest, of equals the first in the file. Never before the phase began.
    pub fn next_timer(&self, record: &Record) -> Option<Due<'_>> {
        let Standing { phase, since, last, .. } = self.standing(record);
        self.waiting[phase as usize].next(since, last, self.spent(record))
    }

    /// When the timer of a rule is due; `None` if it has none, or if it does not run.
    pub fn timer_of(&self, record: &Record, rule: u16) -> Option<i64> {
        let Standing { phase, since, last, .. } = self.standing(record);
        self.waiting[phase as usize]
            .running(since, last, self.spent(record))
            .find_map(|(own, at)| (own == rule).then_some(at))
    }

    /// What the condition of a rule reads, as it stands without an event.
    pub fn reads_of(&self, record: &Record, rule: u16) -> Vec<Value> {
        let last = self.standing(record).last;
        let scene = Moment { machine: self, record, input: None, now: last, before: last };
        let mut effects = Effects::default();
        scene.note(self.rules[usize::from(rule)].when.as_ref(), &mut effects);
        effects.values
    }

    /// The signals that wait: when each is due, and its index among the model's signals.
    pub fn awaited(&self, record: &Record) -> Vec<(i64, u16)> {
        let rule = |number: u16| self.alerts.as_ref().map(|alerts| alerts.waiting[usize::from(number)]);
        let all = self.waitlist.all(record);
        let mut all: Vec<_> = all.filter_map(|(_, one)| Some((one.due, rule(one.number)?))).collect();
        all.sort_unstable();
        all
    }

    /// Does what is due.
    pub fn fire(&self, record: &mut Record, next: Next<'_>, effects: &mut Effects) {
        match next {
            Next::Timer(due) => self.fire_timer(record, due, effects),
            Next::Signal(awaited) => self.end_wait(record, awaited, effects),
        }
    }

    fn fire_timer(&self, record: &mut Record, due: Due<'_>, effects: &mut Effects) {
        let before = self.standing(record).last;
        let scene = Moment { machine: self, record, input: None, now: due.at, before };
        let rule = &self.rules[due.rule()];
        if rule.when.as_ref().is_some_and(|when| !when.holds(&scene)) {
            let word = self.spent.expect("a model with conditional timers has a word for the spent ones");
            record.set_u32(word, record.u32(word) | due.timer.bit);
            return;
        }
        let values = scene.note(rule.when.as_ref(), effects);
        let taken = Taken { rule: due.timer.rule, at: due.at, cause: Cause::Timer, late: false, values };
        if self.alerts.is_some() {
            self.hear_move(&scene, taken.rule, effects);
        }
        self.enter(record, &taken, effects);
        if !effects.raised.is_empty() {
            self.raise_all(record, Told { at: due.at, cause: Cause::Timer, late: false }, None, effects);
        }
    }

    /// Takes an event of a kind the model knows; says whether it was late. What few events need stands in functions of
    /// its own that are not inlined, so that the others do not pay for what it keeps in registers.
    #[inline(never)]
    pub fn take(&self, record: &mut Record, input: &Input<'_>, effects: &mut Effects) -> bool {
        let at = input.event.at;
        let mut standing = self.standing(record);
        if !standing.is_seen() {
            standing.first_seen = at;
            standing.since = at;
        } else if self.due_at(record, standing) <= at {
            self.fire_until(record, at, effects);
            standing = self.standing(record);
        }
        let before = standing.last;
        if at > before {
            standing.last = at;
            if let Some(word) = self.spent {
                record.set_u32(word, record.u32(word) & !self.idle_bits);
            }
        }
        self.place.write(record, standing);
        let response = &self.responses[standing.phase as usize * self.kinds + usize::from(input.kind.0)];
        if !response.counts.is_empty() {
            self.count(&response.counts, record, input.event, standing.since);
        }
        if !response.rules.is_empty() || response.signals.is_some() {
            self.decide(response, record, input, before, effects);
            standing.phase = self.standing(record).phase;
        }
        if self.touchpoints[standing.phase as usize * self.kinds + usize::from(input.kind.0)] {
            effects.touchpoints.push(self.first_cell + standing.phase as u16);
        }
        at < before
    }

    /// Fires the timers that are due by this time. Few events find one.
    #[inline(never)]
    fn fire_until(&self, record: &mut Record, at: i64, effects: &mut Effects) {
        while let Some(next) = self.next(record).filter(|next| next.at() <= at) {
            self.fire(record, next, effects);
        }
    }

    /// Counts an event, or begins a counter anew with it; for a counter of the visit only what happened since the phase
    /// began matters.
    #[inline(never)]
    fn count(&self, counters: &[u16], record: &mut Record, event: &Event<'_>, since: i64) {
        for index in counters {
            let meter = &self.meters[usize::from(*index)];
            if !meter.visit || event.at >= since {
                meter.count(record, event);
            }
        }
    }

    /// Takes the transition of the first rule that holds, if one does, and sees to the signals. The customer's last event
    /// was `before`.
    #[inline(never)]
    fn decide(&self, response: &Response, record: &mut Record, input: &Input<'_>, before: i64, effects: &mut Effects) {
        let at = input.event.at;
        let (now, late) = (at.max(self.standing(record).since), at < before);
        if let Some(occasions) = &response.signals {
            self.call_off(&occasions.ends, record, input.event);
        }
        let scene = Moment { machine: self, record, input: Some((input, late)), now, before };
        if let Some(occasions) = &response.signals {
            self.hear(&occasions.of, &scene, effects);
        }
        let won = response.rules.iter().copied().find(|rule| {
            let when = self.rules[usize::from(*rule)].when.as_ref();
            when.is_none_or(|when| when.holds(&scene))
        });
        let cause = Cause::Event(input.kind);
        if let Some(rule) = won {
            let values = scene.note(self.rules[usize::from(rule)].when.as_ref(), effects);
            if self.alerts.is_some() {
                self.hear_move(&scene, rule, effects);
            }
            let taken = Taken { rule, at: now, cause, late, values };
            self.enter(record, &taken, effects);
        }
        if !effects.raised.is_empty() {
            self.raise_all(record, Told { at: now, cause, late }, Some(input.event), effects);
        }
    }

    /// Takes a transition: tells of it, and begins the new phase.
    fn enter(&self, record: &mut Record, taken: &Taken, effects: &mut Effects) {
        let to = self.rules[usize::from(taken.rule)].to;
        let mut standing = self.standing(record);
        let seq = standing.seq.saturating_add(1);
        effects.transitions.push(Transition {
            model: self.model,
            rule: taken.rule,
            from: standing.phase(),
            to,
            at: taken.at,
            since: standing.since,
            first_seen: standing.first_seen,
            seq,
            cause: taken.cause,
            variant: None,
            late: taken.late,
            values: taken.values,
        });
        standing.phase = u32::from(to) + 1;
        standing.seq = seq;
        standing.since = taken.at;
        self.place.write(record, standing);
        for index in &self.visit_meters {
            self.meters[usize::from(*index)].reset(record);
        }
        if let Some(word) = self.spent {
            record.set_u32(word, 0);
        }
    }

    /// Bits of the timers that do not run any more.
    fn spent(&self, record: &Record) -> u32 {
        self.spent.map_or(0, |word| record.u32(word))
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

/// When something is told, and why.
#[derive(Clone, Copy)]
struct Told {
    at: i64,
    cause: Cause,
    late: bool,
}
