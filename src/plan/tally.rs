//! Stored customers counted: where they are, and what would be due for them at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::homeless::GONE;
use crate::engine::ports::StoredPhase;
use crate::engine::store::{BUCKETS, Store};
use crate::engine::timers::whole_tick;
use crate::journey::{Effects, Fired, ModelSet, Record};

/// What was counted, partition by partition.
pub(super) struct Tally {
    set: Arc<ModelSet>,
    /// The words that hold phases, by model.
    phase_words: Vec<usize>,
    examples: usize,
    /// Customers there are.
    pub(super) customers: u64,
    /// Customers by phase as it is stored.
    pub(super) stored: Vec<u64>,
    /// By model, customers in no phase yet.
    pub(super) new: Vec<u64>,
    /// By model, signals that wait and that it does not know.
    pub(super) waits: Vec<u64>,
    /// Customers who would be forgotten at once.
    pub(super) forgotten: u64,
    /// Customers who would take a transition at once.
    pub(super) moves: BTreeMap<Move, Customers>,
    /// Customers of whom a signal would be told at once, by model and rule.
    pub(super) signals: BTreeMap<(u16, u16), u64>,
}

/// A transition, by indices into its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Move {
    pub(super) model: u16,
    pub(super) from: Option<u16>,
    pub(super) to: u16,
    pub(super) rule: u16,
}

/// How many customers, and some of them.
#[derive(Debug, Default)]
pub(super) struct Customers {
    pub(super) count: u64,
    pub(super) some: Vec<String>,
}

impl Tally {
    /// Nothing counted yet; rows name so many customers at most.
    pub(super) fn new(set: &Arc<ModelSet>, examples: usize) -> Self {
        let models = set.models().len();
        Self {
            phase_words: set.layout().phase_words(),
            set: Arc::clone(set),
            examples,
            customers: 0,
            stored: Vec::new(),
            new: vec![0; models],
            waits: vec![0; models],
            forgotten: 0,
            moves: BTreeMap::new(),
            signals: BTreeMap::new(),
        }
    }

    /// Counts a partition as a survey reads it, whose time has come to the watermark. `phases` are the stored phases.
    pub(super) fn take(&mut self, store: &Store, watermark: Option<i64>, phases: &[StoredPhase]) {
        self.stored.resize(phases.len(), 0);
        let home = |stored: &StoredPhase| {
            self.set.models().iter().find(|model| model.state_name() == stored.model)?.home(&stored.phase)
        };
        let homes: Vec<Option<u16>> = phases.iter().map(home).collect();
        let mut effects = Effects::default();
        for bucket in 0..BUCKETS {
            store.visit_bucket(bucket, |id, customer| {
                self.customers += 1;
                if let Some(mut record) = self.settle(customer.record, &homes)
                    && let Some(at) = watermark
                {
                    effects.clear();
                    self.fire(id, &mut record, whole_tick(at), &mut effects);
                }
            });
        }
    }

    /// Counts where a customer is: the record as the models would have it, unless a phase has no home.
    fn settle(&mut self, stored: &Record, homes: &[Option<u16>]) -> Option<Box<Record>> {
        let words = self.set.layout().words;
        let mut record = Record::of(&stored.0[..words]).to_owned();
        let mut at_home = true;
        for (model, word) in self.phase_words.iter().enumerate() {
            self.waits[model] += u64::from(stored.u32(words + model));
            let Some(number) = record.u32(*word).checked_sub(GONE) else {
                self.new[model] += 1;
                continue;
            };
            self.stored[number as usize] += 1;
            match homes[number as usize] {
                Some(phase) => record.set_u32(*word, u32::from(phase) + 1),
                None => at_home = false,
            }
        }
        at_home.then_some(record)
    }

    /// Counts what would be due by this time.
    fn fire(&mut self, id: &str, record: &mut Record, until: i64, effects: &mut Effects) {
        self.forgotten += u64::from(self.set.fire(record, until, effects) == Fired::Forgotten);
        // Timers may lead round: a customer counts once in a row.
        let moves = effects.transitions.iter().map(|transition| Move {
            model: transition.model,
            from: transition.from,
            to: transition.to,
            rule: transition.rule,
        });
        for row in moves.collect::<BTreeSet<_>>() {
            let customers = self.moves.entry(row).or_default();
            customers.count += 1;
            if customers.some.len() < self.examples {
                customers.some.push(id.to_owned());
            }
        }
        let signals = effects.signals.iter().map(|signal| (signal.model, signal.rule));
        for row in signals.collect::<BTreeSet<_>>() {
            *self.signals.entry(row).or_default() += 1;
        }
    }
}
