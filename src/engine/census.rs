//! How many customers are in which phase, and in which at the same time of a model and of its shadow; kept up as they move.

use super::rules::Rules;
use crate::journey::{Pair, Record};

/// Customers by phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census {
    /// By model and phase; the last of each model are those in no phase yet.
    phases: Vec<Vec<u64>>,
    /// By shadow, phase of the active model and phase of the shadow, side by side; each with those in no phase as the last.
    pairs: Vec<Vec<u64>>,
}

impl Census {
    /// Nobody anywhere.
    pub fn new(rules: &Rules) -> Self {
        let places = |model: u16| rules.set.models()[usize::from(model)].phases().len() + 1;
        Self {
            phases: rules.set.models().iter().map(|model| vec![0; model.phases().len() + 1]).collect(),
            pairs: rules.set.pairs().iter().map(|pair| vec![0; places(pair.beside) * places(pair.shadow)]).collect(),
        }
    }

    /// Counts a customer who is new here.
    pub fn add(&mut self, record: &Record, rules: &Rules) {
        for (model, counts) in self.phases.iter_mut().enumerate() {
            counts[place(model, record, rules)] += 1;
        }
        for (pair, counts) in rules.set.pairs().iter().zip(&mut self.pairs) {
            counts[cell(*pair, record, rules)] += 1;
        }
    }

    /// Forgets a customer who was counted in this state.
    pub fn remove(&mut self, record: &Record, rules: &Rules) {
        for (model, counts) in self.phases.iter_mut().enumerate() {
            counts[place(model, record, rules)] -= 1;
        }
        for (pair, counts) in rules.set.pairs().iter().zip(&mut self.pairs) {
            counts[cell(*pair, record, rules)] -= 1;
        }
    }

    /// Moves a customer from one state to another.
    pub fn change(&mut self, before: &Record, after: &Record, rules: &Rules) {
        self.remove(before, rules);
        self.add(after, rules);
    }

    /// Customers by model and phase; the last of each model are those in no phase yet.
    pub fn phases(&self) -> &[Vec<u64>] {
        &self.phases
    }

    /// By shadow the customers by the phase of the active model, then of the shadow; each with those in no phase as the last.
    pub fn pairs(&self) -> &[Vec<u64>] {
        &self.pairs
    }
}

fn cell(pair: Pair, record: &Record, rules: &Rules) -> usize {
    let [beside, shadow] = [pair.beside, pair.shadow].map(usize::from);
    let columns = rules.set.models()[shadow].phases().len() + 1;
    place(beside, record, rules) * columns + place(shadow, record, rules)
}

fn place(model: usize, record: &Record, rules: &Rules) -> usize {
    rules.set.phase_of(record, model).map_or_else(|| rules.set.models()[model].phases().len(), usize::from)
}
