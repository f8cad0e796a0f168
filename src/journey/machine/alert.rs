//! Signals: what is told of a customer beside its phases, at once or after a wait.
//!
//! Order within an event: what it calls off; then whether it is an occasion, as the conditions of transitions see it; then
//! the transition; then what is told. So a signal says the phase that the customer has entered, and a limit per visit counts
//! what is told of entering to the visit that began.

use super::awaited::{Awaited, Mark};
use super::{Machine, Moment, Told};
use crate::journey::effect::{Cause, Effects, Raised, Signal};
use crate::journey::program::Program;
use crate::journey::{Event, Record};

/// The signals of a model, compiled for a set.
#[derive(Debug)]
pub(super) struct Alerts {
    /// Where the number of signals told so far stands.
    pub seq: usize,
    pub all: Vec<Alert>,
    /// Indices of those that wait, by their number on the waitlist.
    pub waiting: Vec<u16>,
    /// Indices of those that tell of transitions.
    pub moves: Vec<u16>,
}

/// One signal.
#[derive(Debug)]
pub(super) struct Alert {
    pub when: Option<Program>,
    pub wait: Option<Wait>,
    /// The meter that counts how often it was told, and how often that may be.
    pub at_most: Option<(u16, u32)>,
    /// By phase word: whether leaving and entering the phase is an occasion; of those that tell of transitions.
    pub leaving: Box<[bool]>,
    pub entering: Box<[bool]>,
}

#[derive(Debug)]
pub(super) struct Wait {
    /// Its number on the waitlist.
    pub number: u16,
    pub span: i64,
    /// The attribute that says what an event is about, as the vocabulary numbers it.
    pub correlate: Option<u16>,
}

impl Wait {
    fn mark(&self, event: Option<&Event<'_>>) -> Mark {
        let attribute = self.correlate.and_then(|index| event?.attrs.get(usize::from(index))?.as_ref());
        Mark::of(attribute)
    }
}

impl Machine {
    fn alerts(&self) -> &Alerts {
        self.alerts.as_deref().expect("only a model with signals has responses that name some")
    }

    /// Calls off the waiting of these signals.
    #[inline(never)]
    pub(super) fn call_off(&self, signals: &[u16], record: &mut Record, event: &Event<'_>) {
        let alerts = self.alerts();
        for rule in signals {
            let Some(wait) = &alerts.all[usize::from(*rule)].wait else { continue };
            self.waitlist.call_off(record, wait.number, wait.mark(Some(event)), wait.span, event.at);
        }
    }

    /// Notes which of these signals the event is an occasion for.
    #[inline(never)]
    pub(super) fn hear(&self, signals: &[u16], scene: &Moment<'_>, effects: &mut Effects) {
        let alerts = self.alerts();
        for rule in signals.iter().copied() {
            let alert = &alerts.all[usize::from(rule)];
            if alert.when.as_ref().is_none_or(|when| when.holds(scene)) {
                // One that waits is told without values: they are not kept so long.
                let when = if alert.wait.is_some() { None } else { alert.when.as_ref() };
                let values = scene.note(when, effects);
                effects.raised.push(Raised { rule, values });
            }
        }
    }

    /// Notes which signals a transition is an occasion for that is about to be taken.
    #[inline(never)]
    pub(super) fn hear_move(&self, scene: &Moment<'_>, rule: u16, effects: &mut Effects) {
        let alerts = self.alerts();
        let to = usize::from(self.rules[usize::from(rule)].to) + 1;
        let from = self.standing(scene.record).phase as usize;
        for index in alerts.moves.iter().copied() {
            let alert = &alerts.all[usize::from(index)];
            if alert.leaving[from] && alert.entering[to] {
                self.hear(&[index], scene, effects);
            }
        }
    }

    /// Tells the signals that were noted, or lets them wait.
    #[inline(never)]
    pub(super) fn raise_all(&self, record: &mut Record, told: Told, event: Option<&Event<'_>>, effects: &mut Effects) {
        let mut raised = std::mem::take(&mut effects.raised);
        for Raised { rule, values } in raised.drain(..) {
            let alerts = self.alerts();
            match &alerts.all[usize::from(rule)].wait {
                Some(wait) => {
                    let due = told.at.saturating_add(wait.span);
                    let awaited = Awaited { due, number: wait.number, mark: wait.mark(event) };
                    effects.displaced += u32::from(self.waitlist.begin(record, awaited));
                }
                None => self.tell(record, rule, told, told.at, values, effects),
            }
        }
        // Its room is kept.
        effects.raised = raised;
    }

    /// Tells a signal that has waited.
    pub(super) fn end_wait(&self, record: &mut Record, awaited: Awaited, effects: &mut Effects) {
        let alerts = self.alerts();
        self.waitlist.end(record, awaited);
        let rule = alerts.waiting[usize::from(awaited.number)];
        let span = alerts.all[usize::from(rule)].wait.as_ref().map_or(0, |wait| wait.span);
        let told = Told { at: awaited.due, cause: Cause::Timer, late: false };
        self.tell(record, rule, told, awaited.due.saturating_sub(span), (0, 0), effects);
    }

    /// Tells a signal, unless it was told often enough.
    fn tell(&self, record: &mut Record, rule: u16, told: Told, since: i64, values: (u32, u32), effects: &mut Effects) {
        let Told { at, cause, late } = told;
        let alerts = self.alerts();
        if let Some((meter, times)) = alerts.all[usize::from(rule)].at_most {
            let meter = &self.meters[usize::from(meter)];
            if meter.read(record, at) >= f64::from(times) {
                return;
            }
            meter.add_at(record, at, 1);
        }
        let seq = record.u32(alerts.seq).saturating_add(1);
        record.set_u32(alerts.seq, seq);
        let standing = self.standing(record);
        let (phase, first_seen) = (standing.phase(), standing.first_seen);
        effects.signals.push(Signal {
            model: self.model,
            rule,
            at,
            since,
            phase,
            first_seen,
            seq,
            cause,
            variant: None,
            late,
            values,
        });
    }
}
