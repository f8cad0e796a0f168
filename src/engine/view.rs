//! What others may see of the engine while it runs: partitions, their progress, and single customers. Read only.

use crate::journey::{ModelState, Way};

/// Where a partition stands.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionView {
    /// Its number.
    pub partition: i32,
    /// The worker that owns it.
    pub worker: usize,
    /// `None` while it processes; else the share of its state that is restored, 0 to 1.
    pub restoring: Option<f64>,
    /// Customers held.
    pub customers: u64,
    /// Estimated bytes they take.
    pub bytes: u64,
    /// Customers by model and phase; the last of each model are those without a phase yet.
    pub phases: Vec<Vec<u64>>,
    /// Customers by shadow, the phase of its active model, and its own phase, side by side; those in no phase are the last.
    pub pairs: Vec<Vec<u64>>,
    /// Number of the last committed epoch.
    pub epoch: u64,
    /// The watermark in epoch milliseconds; `None` before the first record.
    pub watermark: Option<i64>,
    /// The next offset to apply, by what is read.
    pub positions: Vec<i64>,
    /// Records not yet applied, by what is read; `None` while unknown.
    pub lag: Vec<Option<i64>>,
}

/// Where the ingest of the process stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IngestView {
    /// Whether it is the lead, or stands by; `None` until the group has said.
    pub leads: Option<bool>,
    /// How far its time has come, in epoch milliseconds; `None` before the first record, and for one that stands by.
    pub time: Option<i64>,
    /// Partitions of the inputs.
    pub places: Vec<PlaceView>,
}

/// Where the ingest stands in a partition of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceView {
    /// Index of the input.
    pub input: usize,
    /// The partition.
    pub partition: i32,
    /// The next offset to read; `None` while unknown, and for one that stands by.
    pub position: Option<i64>,
    /// Records not yet read; `None` likewise.
    pub lag: Option<i64>,
}

/// Where the process stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overview {
    /// The partitions this process owns, by number.
    pub partitions: Vec<PartitionView>,
    /// The ingest, where events are keyed anew.
    pub ingest: Option<IngestView>,
    /// Partitions of what is read.
    pub partition_count: i32,
    /// Whether every worker is a member of the group with its partitions restored.
    pub ready: bool,
    /// Why not, or what else is wrong (`memory limit reached …`, `broker away for 12 s`); shown with readiness.
    pub troubles: Vec<String>,
}

/// A customer as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomerView {
    /// The id.
    pub customer: String,
    /// Its partition.
    pub partition: i32,
    /// Whether what is shown is durable; if not, it may still be taken back.
    pub committed: bool,
    /// The variant of an experiment it has been shown, if any.
    pub variant: Option<String>,
    /// Its state in each model.
    pub models: Vec<ModelState>,
    /// By model, each way out of its phase.
    pub ways: Vec<Vec<Way>>,
}

/// The answer to a look-up.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// Here it is.
    Found(Box<CustomerView>),
    /// Its partition is here, and nobody of that name is in it.
    Unknown {
        /// The partition.
        partition: i32,
    },
    /// Its partition is on another worker process, or on none right now.
    NotHere {
        /// The partition.
        partition: i32,
    },
    /// Its partition is here, but still being restored.
    Restoring {
        /// The partition.
        partition: i32,
    },
}

/// What the HTTP interface and the metrics ask the engine.
pub trait View: Send + Sync {
    /// Where everything stands.
    fn overview(&self) -> Overview;
    /// One customer.
    fn customer(&self, id: &str) -> Lookup;
}
