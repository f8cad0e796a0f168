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
    /// It was there; whether it means the same, state does not say.
    Kept,
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

/// The committed state of an application, and what a changed configuration would make of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// The application.
    pub application: String,
    /// Partitions that have state; 0: the topics are not there.
    pub partitions: i32,
    /// Customers there are.
    pub customers: u64,
    /// Customers who would be forgotten at once.
    pub forgotten_at_once: u64,
    /// The models there would be.
    pub models: Vec<ModelStored>,
    /// The models whose state would go.
    pub models_gone: Vec<String>,
}

/// What one model would make of the state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelStored {
    /// Its name.
    pub model: String,
    /// [`Fate::Kept`] or [`Fate::New`].
    pub fate: Fate,
    /// Customers by phase: `new`, the phases there would be, then those that are gone.
    pub phases: Vec<PhaseStored>,
    /// Customers whose phase is gone and not moved: with one of them the service does not start.
    pub homeless: u64,
    /// What becomes of what was counted.
    pub counters: CountersStored,
    /// Signals that wait and would be dropped.
    pub signals_dropped: u64,
    /// Timers' transitions that would be taken at once.
    pub at_once: Vec<AtOnce>,
    /// Signals that would be told at once.
    pub signals_at_once: Vec<SignalAtOnce>,
}

/// Customers in one phase; `None` where there is no such phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhaseStored {
    /// Its name.
    pub phase: String,
    /// Now.
    pub now: Option<u64>,
    /// After the change, before anything happens.
    pub after: Option<u64>,
    /// Of a phase that is gone, the one that takes its place.
    pub moved: Option<String>,
}

/// Counters by what becomes of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CountersStored {
    /// Same name and meaning.
    pub carry_on: Vec<String>,
    /// Same name, another meaning.
    pub begin_anew: Vec<String>,
    /// There is none of that name any more.
    pub dropped: Vec<String>,
    /// There was none of that name.
    pub new: Vec<String>,
}

/// Timers' transitions of one kind that are due at the watermark of the customer's partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AtOnce {
    /// The phase left.
    pub from: String,
    /// The phase entered.
    pub to: String,
    /// The rule.
    pub rule: String,
    /// Of how many customers.
    pub customers: u64,
    /// Some of the customers.
    pub examples: Vec<String>,
}

/// Signals of one kind that are due at the watermark of the customer's partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignalAtOnce {
    /// Its id.
    pub signal: String,
    /// Of how many customers.
    pub customers: u64,
}

impl Stored {
    /// Customers whose phase is gone in one of the models; who has none in two counts twice.
    pub fn homeless(&self) -> u64 {
        self.models.iter().map(|model| model.homeless).sum()
    }
}
