//! Every metric there is, in one list.

use Kind::{Counter, Gauge, Histogram, SecondsCounter};
use Unit::{Bytes, Count, Ratio, Seconds};

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only rises, in whole numbers.
    Counter,
    /// Only rises, in fractions of a second.
    SecondsCounter,
    /// Goes up and down.
    Gauge,
    /// Samples, counted up to each of these bounds.
    Histogram(&'static [f64]),
}

/// What a metric's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things, or a yes (1) or no (0).
    Count,
    /// Seconds, or seconds since 1970.
    Seconds,
    /// Bytes.
    Bytes,
    /// A share from 0 to 1.
    Ratio,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its full name.
    pub name: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// What its numbers are.
    pub unit: Unit,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($id:ident: $name:literal, $kind:expr, $unit:ident, [$($label:literal),*], $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $id: Metric = Metric {
                name: concat!("klantreis_", $name), kind: $kind, unit: $unit, labels: &[$($label),*], help: $help,
            };
        )*
        /// The whole list.
        pub const ALL: &[Metric] = &[$($id),*];
    };
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// From a minute to a year: how long people stay in a phase.
const STAYS: &[f64] = &[
    MINUTE,
    10.0 * MINUTE,
    HOUR,
    6.0 * HOUR,
    DAY,
    2.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    30.0 * DAY,
    90.0 * DAY,
    180.0 * DAY,
    365.0 * DAY,
];
/// Around the commit interval.
const EPOCHS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Around what a broker needs for a transaction.
const COMMITS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// From live to days of catching up.
const DELAYS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, MINUTE, 5.0 * MINUTE, HOUR, 6.0 * HOUR, DAY];

metrics! {
    RECORDS: "records_total", Counter, Count, ["input", "outcome"],
        "Records that are handled and committed, by input and by how they ended; a record of several events counts once for each.";
    DROPPED: "dropped_total", Counter, Count, ["input", "reason"],
        "Events that were left out on purpose, by input and reason: bots, machine opens, tests and the like.";
    REJECTS: "rejects_total", Counter, Count, ["input", "reason"],
        "Records that went to the dead letters, by input and reason.";
    FUTURE_EVENTS: "future_events_total", Counter, Count, ["input"],
        "Events whose time lay too far ahead of their record, so that the record's time was taken.";
    TRANSITIONS: "transitions_total", Counter, Count, ["model", "from", "to", "cause"],
        "Transitions from one phase to another; from is new for a new customer, cause is the kind of event or timer.";
    VARIANT_TRANSITIONS: "variant_transitions_total", Counter, Count, ["model", "from", "to", "variant"],
        "Transitions of customers who have been shown a variant of an experiment; from is new for a new customer.";
    SIGNALS: "signals_total", Counter, Count, ["model", "signal"],
        "Signals told: what is written beside the phases.";
    TOUCHPOINTS: "touchpoints_total", Counter, Count, ["model", "phase", "channel"],
        "Events that are touchpoints of the phase the customer is in after them, by the input they came by.";
    SIGNALS_DISPLACED: "signals_displaced_total", Counter, Count, [],
        "Signals that waited and were never told, because more waited of the same customer than there is room for.";
    CUSTOMERS: "customers", Gauge, Count, ["model", "phase"],
        "Customers in each phase now, in the partitions of this process; new are those without a phase yet.";
    SHADOW_CUSTOMERS: "shadow_customers", Gauge, Count, ["shadow", "model", "phase", "shadow_phase"],
        "Customers by the phase they are in now in a model and in the shadow that runs beside it; new are those without one.";
    TIME_IN_PHASE: "time_in_phase_seconds", Histogram(STAYS), Seconds, ["model", "phase"],
        "Event time that customers had spent in a phase when they left it.";
    FORGOTTEN: "forgotten_total", Counter, Count, [],
        "Customers dropped after a long silence.";
    EPOCH_DURATION: "epoch_duration_seconds", Histogram(EPOCHS), Seconds, [],
        "Time from the first record of an epoch to its closing.";
    COMMIT_DURATION: "commit_duration_seconds", Histogram(COMMITS), Seconds, [],
        "Time from handing an epoch to the committer to its being durable.";
    COMMIT_FAILURES: "commit_failures_total", Counter, Count, [],
        "Epochs that could not be committed, after which a worker restored what it owns.";
    WORKER_BUSY: "worker_busy_seconds_total", SecondsCounter, Seconds, [],
        "Time the workers spent on decoding and applying records, all workers together.";
    WORKER_WAITED: "worker_waited_seconds_total", SecondsCounter, Seconds, [],
        "Time the workers waited because the epoch before was still being committed, all workers together.";
    RESTORE_PROGRESS: "restore_progress_ratio", Gauge, Ratio, ["partition"],
        "Share of a partition's state that is restored; 1 when it is being processed.";
    PARTITIONS: "partitions", Gauge, Count, ["state"],
        "Partitions this process owns, by whether they are being restored or ready.";
    LAG: "lag_records", Gauge, Count, ["input", "partition"],
        "Records of an input's partition that are not yet applied; where events are keyed anew, not yet read, and events has those not yet applied.";
    SCHEMA_WAIT: "schema_wait_seconds", Gauge, Seconds, ["input"],
        "How long a record of an input has been waiting for its schema, and others with it, the longest of all partitions; 0 while none waits.";
    INGEST_LEAD: "ingest_lead", Gauge, Count, [],
        "Where events are keyed anew: 1 in the one process that does it, 0 in those that stand by.";
    WATERMARK: "watermark_timestamp_seconds", Gauge, Seconds, ["partition"],
        "Event time up to which a partition is complete.";
    WATERMARK_DELAY: "watermark_delay_seconds", Gauge, Seconds, ["partition"],
        "How far a partition's watermark is behind the clock.";
    EVENT_DELAY: "event_delay_seconds", Histogram(DELAYS), Seconds, [],
        "Time from a record's timestamp to its being taken up, sampled once a fetch.";
    STORE_CUSTOMERS: "store_customers", Gauge, Count, [],
        "Customers held in memory.";
    STORE_BYTES: "store_bytes", Gauge, Bytes, [],
        "Estimated memory of the customers held.";
    PROCESS_RESIDENT: "process_resident_bytes", Gauge, Bytes, [],
        "Memory of the whole process.";
    MEMORY_LIMIT: "memory_limit_bytes", Gauge, Bytes, [],
        "Memory at which the service stops taking in records.";
    STATE_BYTES: "state_bytes_total", Counter, Bytes, [],
        "Bytes of state deltas and snapshots written, before compression.";
    READY: "ready", Gauge, Count, [],
        "Whether every partition of this process is restored and being processed.";
    BUILD_INFO: "build_info", Gauge, Count, ["version", "guarantee"],
        "Always 1; the labels say what is running.";
}

/// The outcomes of [`RECORDS`].
pub const OUTCOMES: [&str; 6] = ["applied", "late", "duplicate", "ignored", "dropped", "rejected"];
/// What [`TRANSITIONS`] and [`CUSTOMERS`] say for a customer without a phase.
pub const NEW: &str = "new";
/// The cause in [`TRANSITIONS`] that is not a kind.
pub const TIMER: &str = "timer";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_in_their_unit_and_counters_in_total() {
        for metric in ALL {
            let stem = metric.name.strip_suffix("_total");
            let counts = matches!(metric.kind, Counter | SecondsCounter);
            assert_eq!(stem.is_some(), counts, "{}", metric.name);
            let stem = stem.unwrap_or(metric.name);
            for (unit, ending) in [(Seconds, "_seconds"), (Bytes, "_bytes"), (Ratio, "_ratio")] {
                assert_eq!(stem.ends_with(ending), metric.unit == unit, "{}", metric.name);
            }
        }
    }

    #[test]
    fn names_are_unique_and_help_is_a_sentence() {
        let mut names: Vec<_> = ALL.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.iter().all(|metric| metric.help.ends_with('.')));
    }

    #[test]
    fn buckets_rise() {
        for metric in ALL {
            if let Histogram(bounds) = metric.kind {
                assert!(bounds.is_sorted_by(|a, b| a < b) && !bounds.is_empty(), "{}", metric.name);
            }
        }
    }
}
