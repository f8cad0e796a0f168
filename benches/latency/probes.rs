//! When the events were sent whose transitions are waited for. Written by the feeder, read by the reader.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::options::Plan;

/// Not sent, or not waited for any more.
const NEVER: u64 = u64::MAX;

/// See the module. Times are nanoseconds since it was made.
pub struct Probes {
    began: Instant,
    plan: Plan,
    sent: Vec<AtomicU64>,
    /// How many there are in all, once that is known.
    expected: AtomicU64,
}

impl Probes {
    pub fn new(plan: Plan) -> Self {
        let sent = (0..plan.events.div_ceil(plan.every)).map(|_| AtomicU64::new(NEVER)).collect();
        Self { began: Instant::now(), plan, sent, expected: AtomicU64::new(NEVER) }
    }

    pub fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// Before the event goes out.
    pub fn sent(&self, number: u64, at: u64) {
        self.sent[(number / self.plan.every) as usize].store(at, Ordering::Release);
    }

    /// When the event was sent, if its transition is waited for; from now on it is not. A repeat is not waited for.
    pub fn take(&self, number: u64) -> Option<u64> {
        if !number.is_multiple_of(self.plan.every) {
            return None;
        }
        let at = self.sent.get((number / self.plan.every) as usize)?.swap(NEVER, Ordering::AcqRel);
        (at != NEVER).then_some(at)
    }

    /// All are sent.
    pub fn expect(&self, count: u64) {
        self.expected.store(count, Ordering::Release);
    }

    /// How many there are in all, if that is known.
    pub fn expected(&self) -> Option<u64> {
        Some(self.expected.load(Ordering::Acquire)).filter(|count| *count != NEVER)
    }
}
