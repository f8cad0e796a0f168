//! The words that labels are made of.

use crate::journey::{Cause, Pair};

/// The names behind the indices that the engine counts by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The inputs, in the order of the configuration; where events are keyed anew, these last.
    pub inputs: Vec<String>,
    /// The first of them that the workers read.
    pub reads_from: usize,
    /// The active models, in the order of their set.
    pub models: Vec<ModelNames>,
    /// The shadows, each beside its model, as indices into the models.
    pub pairs: Vec<Pair>,
    /// The variants of an experiment, in their order.
    pub variants: Vec<String>,
    /// The kinds of event, in the order of their ids.
    pub kinds: Vec<String>,
}

/// The names of one model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelNames {
    /// The model's name.
    pub name: String,
    /// Its phases' ids, in their order.
    pub phases: Vec<String>,
    /// The moves its rules allow, if known: their counters then start at zero instead of with the first such
    /// transition, so that a rate over the first one is right.
    pub moves: Vec<Move>,
    /// Its signals' ids, in their order.
    pub signals: Vec<String>,
}

/// A move that a rule allows: (phase left, phase entered, cause).
pub type Move = (Option<u16>, u16, Cause);

/// What does not change while the process runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The version that runs.
    pub version: String,
    /// The delivery guarantee, as the configuration writes it.
    pub guarantee: String,
    /// Memory at which the service stops taking in, if there is a limit.
    pub memory_limit: Option<u64>,
}
