//! How a worker's day can end before it is asked to stop.

use crate::engine::ports::{SourceError, StateError};
use crate::engine::restore::RestoreError;

/// Why a worker cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ending {
    /// Another process took our place.
    #[error(
        "fenced: {0}; if another process has the same application and instance name, give each its own `kafka.instance`"
    )]
    Fenced(String),
    /// Epochs cannot be committed.
    #[error("an epoch cannot be committed, now or later: {0}")]
    Committer(String),
    /// The inputs cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A partition's state cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// A partition's state does not fit.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Too much of the input is unusable.
    #[error(
        "{rejected} of the last {records} records became dead letters, more than the {limit_percent} % allowed; the most frequent reason is {reason}; look at the `__connect.errors` headers in the topic of dead letters, mend the input or its mapping, or allow more with `dead_letters.stop_above`"
    )]
    TooManyDeadLetters {
        /// Records that became dead letters.
        rejected: u64,
        /// All records.
        records: u64,
        /// What is allowed.
        limit_percent: u64,
        /// The most frequent reason.
        reason: &'static str,
    },
    /// The inputs are not keyed by customer.
    #[error(
        "{wrong} of the first {records} records are of customers who belong in another partition; write the inputs keyed by the customer's id and partitioned as Kafka's default partitioner does (murmur2; librdkafka clients need `partitioner=murmur2_random`), or begin anew with `keying: rekey` and another `application` name: then klantreis keys them itself"
    )]
    NotKeyedByCustomer {
        /// Records in the wrong partition.
        wrong: u64,
        /// All records.
        records: u64,
    },
    /// The place in the inputs is lost.
    #[error(
        "the consumer group {group} has no offsets, but topic {events} has events: where reading the inputs is to go on is not known (offsets expire when no member was there for a week); set the group's offsets for the inputs to where it was (kafka-consumer-groups.sh --reset-offsets), or begin anew with another `application` name"
    )]
    OffsetsGone {
        /// The group.
        group: String,
        /// The topic of events.
        events: String,
    },
    /// The committer did not answer in time.
    #[error("the epoch in flight was not settled within {0:?}; what is in it will be read again")]
    Deadline(std::time::Duration),
}
