//! What came of a plan, as it is written in JSON. Names are those of the model files; `new` is a customer in no phase yet.

use serde::Serialize;

/// What became of a model, found by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It means the same.
    Same,
    /// It means something else.
    Changed,
    /// It was not there before.
    New,
    /// It is not there any more.
    Gone,
}

/// The same records through both configurations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Records and lines that were read.
    pub records: u64,
    /// Customers there are in the end before the change, and after it.
    pub customers: (u64, u64),
    /// By model: those there are, then those that are gone.
    pub models: Vec<ModelReplayed>,
}

/// One model before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelReplayed {
    /// Its name.
    pub model: String,
    /// What became of it.
    pub fate: Fate,
    /// Its version before; `None`: it was not there.
    pub version_before: Option<u32>,
    /// Its version after; `None`: it is not there.
    pub version_after: Option<u32>,
    /// Customers by phase in the end: `new`, the phases there are, then those that are gone.
    pub phases: Vec<PhaseReplayed>,
    /// Where the same customers are in the end; only if the model is there before and after.
    pub places: Vec<Cell>,
    /// Transitions, by the phases and rules of both.
    pub transitions: Vec<TransitionReplayed>,
    /// Signals, by id.
    pub signals: Vec<SignalReplayed>,
}

/// Customers in one phase; `None` where there is no such phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhaseReplayed {
    /// Its name.
    pub phase: String,
    /// Before.
    pub before: Option<u64>,
    /// After.
    pub after: Option<u64>,
}

/// Customers who are in one phase before and in one, maybe another, after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The phase before; `None`: the customer is not there, or not any more.
    pub before: Option<String>,
    /// The phase after.
    pub after: Option<String>,
    /// How many they are.
    pub customers: u64,
    /// Some of them.
    pub examples: Vec<String>,
}

/// Transitions of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TransitionReplayed {
    /// The phase left; one that is moved under the name it has after.
    pub from: String,
    /// The phase entered.
    pub to: String,
    /// The rule.
    pub rule: String,
    /// How many.
    #[serde(flatten)]
    pub told: Tellings,
}

/// Signals of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignalReplayed {
    /// Its id.
    pub signal: String,
    /// How many.
    #[serde(flatten)]
    pub told: Tellings,
}

/// How often something is told before and after. What is told of the same customer with the same meaning at the same time
/// is the same; ids and numbers may differ.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tellings {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
    /// After and not before.
    pub gained: u64,
    /// Before and not after.
    pub lost: u64,
    /// Some of the customers of those gained.
    pub gained_by: Vec<String>,
    /// Some of the customers of those lost.
    pub lost_by: Vec<String>,
}

impl ModelReplayed {
    /// Whether nothing at all is different.
    pub fn is_same(&self) -> bool {
        let told = self.transitions.iter().map(|row| &row.told).chain(self.signals.iter().map(|row| &row.told));
        self.places.iter().all(|cell| cell.before == cell.after)
            && self.phases.iter().all(|phase| phase.before.unwrap_or(0) == phase.after.unwrap_or(0))
            && told.into_iter().all(|told| told.gained == 0 && told.lost == 0)
    }
}
