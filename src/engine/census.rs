//! How many customers are in which phase, kept up as they move.

use super::rules::Rules;
use crate::journey::Record;

/// Customers by model and phase; the last of each model are those in no phase yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Census(Vec<Vec<u64>>);

impl Census {
    /// Nobody anywhere.
    pub fn new(rules: &Rules) -> Self {
        Self(rules.set.models().iter().map(|model| vec![0; model.phases().len() + 1]).collect())
    }

    /// Counts a customer who is new here.
    pub fn add(&mut self, record: &Record, rules: &Rules) {
        for (model, counts) in self.0.iter_mut().enumerate() {
            counts[place(model, record, rules)] += 1;
        }
    }

    /// Forgets a customer who was counted in this state.
    pub fn remove(&mut self, record: &Record, rules: &Rules) {
        for (model, counts) in self.0.iter_mut().enumerate() {
            counts[place(model, record, rules)] -= 1;
        }
    }

    /// Moves a customer from one state to another.
    pub fn change(&mut self, before: &Record, after: &Record, rules: &Rules) {
        self.remove(before, rules);
        self.add(after, rules);
    }

    /// The counts.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.0
    }
}

fn place(model: usize, record: &Record, rules: &Rules) -> usize {
    rules.set.phase_of(record, model).map_or_else(|| rules.set.models()[model].phases().len(), usize::from)
}
