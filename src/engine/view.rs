//! What others may see of the engine while it runs: partitions, their progress, and single customers. Read only.

use crate::journey::{ModelState, Way};

/// A record that cannot be decoded yet. It stays the next one, and what comes after it waits with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingRecord {
    /// Index of the input.
    pub input: usize,
    /// The partition it is in.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Since when it waits, in epoch milliseconds.
    pub since: i64,
}

impl WaitingRecord {
    /// If it was the same record before, it has been waiting since then.
    #[must_use]
    pub fn or_since(self, before: Option<Self>) -> Self {
        before.filter(|before| Self { since: self.since, ..*before } == self).unwrap_or(self)
    }
}

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
    /// The record that holds it up, if one does.
    pub waiting_record: Option<WaitingRecord>,
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
    /// The record that holds it up, if one does.
    pub waiting_record: Option<WaitingRecord>,
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
    /// Why not, or what else is wrong (`memory limit reached …`, `no broker answers, for 12 s now`); shown with readiness.
    pub troubles: Vec<String>,
}

impl Overview {
    /// The records that hold something up, one a partition at most, and that of the ingest.
    pub fn waiting_records(&self) -> impl Iterator<Item = WaitingRecord> {
        let of_partitions = self.partitions.iter().filter_map(|partition| partition.waiting_record);
        of_partitions.chain(self.ingest.iter().filter_map(|ingest| ingest.waiting_record))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_been_waiting_since_it_was_first_seen_to() {
        let record = |offset, since| WaitingRecord { input: 1, partition: 2, offset, since };
        assert_eq!(record(7, 50).or_since(None), record(7, 50));
        assert_eq!(record(7, 50).or_since(Some(record(7, 40))), record(7, 40));
        assert_eq!(record(8, 50).or_since(Some(record(7, 40))), record(8, 50), "another one");
        assert_eq!(record(7, 50).or_since(Some(WaitingRecord { partition: 3, ..record(7, 40) })), record(7, 50));
    }
}
