//! A customer's state for people to read.

use super::machine::Machine;
use super::{Model, Record};

/// Where a customer is in one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest<'m> {
    /// The model's name.
    pub model: &'m str,
    /// The phase's name.
    pub phase: &'m str,
    /// When the phase began, in epoch milliseconds.
    pub since: i64,
    /// Transitions so far.
    pub seq: u32,
}

/// A customer's state in one model.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ModelState {
    /// The model's name.
    pub model: String,
    /// The phase's name; `None` for a customer who is in none yet.
    pub phase: Option<String>,
    /// When the phase began, in epoch milliseconds.
    pub since: Option<i64>,
    /// When the model's last event was.
    pub last: Option<i64>,
    /// When the model first saw the customer.
    pub first_seen: Option<i64>,
    /// Transitions so far.
    pub seq: u32,
    /// Counters by name, as they stand at `last`.
    pub counters: Vec<(String, f64)>,
    /// The next timer: when it is due (epoch ms) and the id of its rule.
    pub next_timer: Option<(i64, String)>,
    /// Signals that wait: when each is due (epoch ms), and its id.
    pub awaited: Vec<(i64, String)>,
}

impl ModelState {
    /// The state that a model's machine keeps in the record.
    pub(super) fn of(model: &Model, machine: &Machine, record: &Record) -> Self {
        let standing = machine.standing(record);
        let (seen, phase) = (standing.is_seen(), standing.phase());
        let counters = model.counters.iter().enumerate();
        Self {
            model: model.name.clone(),
            phase: phase.map(|index| model.phases[usize::from(index)].name.clone()),
            since: phase.map(|_| standing.since),
            last: seen.then_some(standing.last),
            first_seen: seen.then_some(standing.first_seen),
            seq: standing.seq,
            counters: counters.map(|(index, counter)| (counter.name.clone(), machine.counter(record, index))).collect(),
            next_timer: machine.next_timer(record).map(|due| (due.at, model.rules[due.rule()].id.clone())),
            awaited: machine
                .awaited(record)
                .into_iter()
                .map(|(due, rule)| (due, model.signals[usize::from(rule)].id.clone()))
                .collect(),
        }
    }
}
