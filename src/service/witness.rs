//! Who is told of epochs: the metrics, the live page, and the totals for the closing figures.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::engine::ports::{Committed, Observer, Told};
use crate::engine::tally::Tally;
use crate::http::LiveBus;
use crate::telemetry::Telemetry;

/// See the module.
pub struct Witness {
    /// The metrics.
    pub telemetry: Arc<Telemetry>,
    /// The live page.
    pub live: Arc<LiveBus>,
    /// Committed transitions.
    pub transitions: AtomicU64,
    /// Committed records that no model takes.
    pub ignored: AtomicU64,
    /// Committed dead letters.
    pub dead_letters: AtomicU64,
    /// Committed repeats that were dropped.
    pub duplicates: AtomicU64,
    /// Customers committed to the state deltas, each once an epoch.
    pub changed: AtomicU64,
    /// Bytes of state committed, before compression.
    pub state_bytes: AtomicU64,
    /// Microseconds that workers waited because the epoch before was still being committed.
    pub waited_us: AtomicU64,
}

impl Witness {
    /// A witness who has seen nothing.
    pub fn new(telemetry: Arc<Telemetry>, live: Arc<LiveBus>) -> Self {
        let zero = AtomicU64::default;
        Self {
            telemetry,
            live,
            transitions: zero(),
            ignored: zero(),
            dead_letters: zero(),
            duplicates: zero(),
            changed: zero(),
            state_bytes: zero(),
            waited_us: zero(),
        }
    }
}

impl Observer for Witness {
    fn settled(&self, committed: &Committed, tally: &Tally) {
        self.telemetry.count_commit(committed);
        if !matches!(committed, Committed::Done { .. }) {
            return;
        }
        self.telemetry.count_epoch(tally);
        self.transitions.fetch_add(tally.transitions.values().sum(), Relaxed);
        self.changed.fetch_add(tally.changed, Relaxed);
        self.state_bytes.fetch_add(tally.state_bytes, Relaxed);
        self.waited_us.fetch_add((tally.waited * 1e6) as u64, Relaxed);
        for input in &tally.inputs {
            self.ignored.fetch_add(input.ignored, Relaxed);
            self.duplicates.fetch_add(input.duplicate, Relaxed);
            self.dead_letters.fetch_add(input.rejected.iter().sum(), Relaxed);
        }
    }

    fn told(&self, values: &mut dyn Iterator<Item = (Told, &[u8])>) {
        self.live.publish(values.filter_map(|(told, value)| Some((told, std::str::from_utf8(value).ok()?))));
    }
}
