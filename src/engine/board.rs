//! What the workers tell of themselves, for look-ups, readiness and metrics, and what they are told.
//!
//! Workers write at a commit or a few times a second; others read. Nothing here is on the path of an event.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use super::murmur2;
use super::rules::Rules;
use super::store::{IdHash, Store};
use super::view::{CustomerView, IngestView, Lookup, Overview, PartitionView, View};

/// One partition, as its worker shows it.
#[derive(Default)]
pub struct Slot {
    /// A lock, because a partition's store comes with its restore and goes with its revocation.
    store: RwLock<Option<Arc<Store>>>,
    committed: AtomicU64,
    view: Mutex<Option<PartitionView>>,
}

impl Slot {
    /// Shows the partition as it is now; the store once it is restored.
    pub fn show(&self, view: PartitionView, store: Option<&Arc<Store>>) {
        self.committed.store(view.epoch, Relaxed);
        *self.store.write().unwrap_or_else(PoisonError::into_inner) = store.cloned();
        *lock(&self.view) = Some(view);
    }
}

/// What a worker says of itself.
#[derive(Debug, Clone, Default)]
pub struct WorkerView {
    /// Whether it has been given its partitions, if only none.
    pub assigned: bool,
    /// Whether everything is read, applied and committed.
    pub caught_up: bool,
    /// What is wrong just now.
    pub trouble: Option<String>,
    /// Whether it ended, well or not.
    pub ended: bool,
    /// What it read back so far.
    pub restored: Restored,
}

/// What was read back from the state topics, all restores together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Restored {
    /// Customers of the partitions that were restored.
    pub customers: u64,
    /// Bytes of state that they were made of.
    pub bytes: u64,
    /// From being given partitions to having restored them.
    pub took: Duration,
    /// When the last restore ended, by the workers' clock.
    pub at: Duration,
}

impl Restored {
    /// This and what another worker restored at the same time.
    fn beside(self, other: Self) -> Self {
        Self {
            customers: self.customers + other.customers,
            bytes: self.bytes + other.bytes,
            took: self.took.max(other.took),
            at: self.at.max(other.at),
        }
    }
}

/// The board of one process.
pub struct Board {
    rules: Arc<Rules>,
    /// A lock, because partitions come and go; never held for longer than a look.
    slots: RwLock<BTreeMap<i32, Arc<Slot>>>,
    workers: Vec<Mutex<WorkerView>>,
    ingest: Mutex<Option<IngestView>>,
    /// By partition of the topic of events: the offset after the last that this process committed there.
    events: Mutex<BTreeMap<i32, i64>>,
    taken: AtomicU64,
    stop_ingest: AtomicBool,
    stop: AtomicBool,
    intake_stopped: Mutex<Option<String>>,
    intake_flag: AtomicBool,
}

impl Board {
    /// An empty board for this many workers.
    pub fn new(rules: Arc<Rules>, workers: usize) -> Self {
        Self {
            rules,
            slots: RwLock::default(),
            workers: (0..workers).map(|_| Mutex::default()).collect(),
            ingest: Mutex::default(),
            events: Mutex::default(),
            taken: AtomicU64::new(0),
            stop_ingest: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            intake_stopped: Mutex::default(),
            intake_flag: AtomicBool::new(false),
        }
    }

    /// The place where a partition is shown; made if it is not there.
    pub fn slot(&self, partition: i32) -> Arc<Slot> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(partition).or_default())
    }

    /// A partition is not ours any more.
    pub fn drop_slot(&self, partition: i32) {
        self.slots.write().unwrap_or_else(PoisonError::into_inner).remove(&partition);
    }

    /// A worker changes what it says of itself.
    pub fn tell(&self, worker: usize, change: impl FnOnce(&mut WorkerView)) {
        change(&mut lock(&self.workers[worker]));
    }

    /// Records were taken up.
    pub fn took(&self, records: u64) {
        self.taken.fetch_add(records, Relaxed);
    }

    /// Records taken up so far, by all workers.
    pub fn taken(&self) -> u64 {
        self.taken.load(Relaxed)
    }

    /// What all workers restored so far; the longest time that one of them took.
    pub fn restored(&self) -> Restored {
        self.workers.iter().map(|worker| lock(worker).restored).fold(Restored::default(), Restored::beside)
    }

    /// The ingest shows where it stands.
    pub fn show_ingest(&self, view: IngestView) {
        *lock(&self.ingest) = Some(view);
    }

    /// The ingest has committed events: (partition, first offset, offset after the last).
    pub fn wrote_events(&self, written: &[(i32, i64, i64)]) {
        lock(&self.events).extend(written.iter().map(|(partition, _, after)| (*partition, *after)));
    }

    /// Asks the ingest to finish: nothing more is to be read, but what was is still applied.
    pub fn stop_ingest(&self) {
        self.stop_ingest.store(true, Relaxed);
    }

    /// Whether the ingest is asked to finish.
    pub fn is_ingest_stopping(&self) -> bool {
        self.stop_ingest.load(Relaxed) || self.is_stopping()
    }

    /// Asks the workers to finish.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// Whether the workers are asked to finish.
    pub fn is_stopping(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Stops taking in records, and says why; `None` goes on.
    pub fn stop_intake(&self, why: Option<String>) {
        self.intake_flag.store(why.is_some(), Relaxed);
        *lock(&self.intake_stopped) = why;
    }

    /// Whether no records are to be taken in.
    pub fn is_intake_stopped(&self) -> bool {
        self.intake_flag.load(Relaxed)
    }

    /// The workers that ended though nobody asked them to.
    pub fn dead_workers(&self) -> Vec<String> {
        let ended = self.workers.iter().enumerate().filter(|(_, worker)| lock(worker).ended && !self.is_stopping());
        ended.map(|(number, _)| format!("worker {number} ended")).collect()
    }

    /// Whether every worker has read, applied and committed everything, also what the ingest wrote a moment ago: a broker shows
    /// that to readers some time after it is committed.
    pub fn is_caught_up(&self) -> bool {
        let are_caught_up = self.workers.iter().all(|worker| {
            let worker = lock(worker);
            worker.assigned && worker.caught_up
        });
        are_caught_up && self.has_read_events()
    }

    fn has_read_events(&self) -> bool {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let position = |slot: &Slot| lock(&slot.view).as_ref().and_then(|view| view.positions.first().copied());
        let events = lock(&self.events);
        slots.iter().all(|(partition, slot)| events.get(partition).is_none_or(|after| position(slot) >= Some(*after)))
    }
}

impl View for Board {
    fn overview(&self) -> Overview {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let partitions: Vec<_> = slots.values().filter_map(|slot| lock(&slot.view).clone()).collect();
        let shown = slots.len();
        drop(slots);
        let mut troubles: Vec<String> = lock(&self.intake_stopped).iter().cloned().collect();
        let mut assigned = true;
        for worker in &self.workers {
            let worker = lock(worker);
            assigned &= worker.assigned;
            troubles.extend(worker.trouble.clone().filter(|trouble| !troubles.contains(trouble)));
        }
        if !assigned {
            troubles.push("waiting for the consumer group to assign partitions".to_owned());
        }
        let restored = partitions.len() == shown && partitions.iter().all(|p| p.restoring.is_none());
        if !restored {
            troubles.push("restoring state".to_owned());
        }
        let ready = troubles.is_empty() && !self.is_stopping();
        let ingest = lock(&self.ingest).clone();
        Overview { partitions, ingest, partition_count: self.rules.partition_count.unwrap_or(1), ready, troubles }
    }

    fn customer(&self, id: &str) -> Lookup {
        let partition = self.rules.partition_count.map_or(0, |count| murmur2::partition_of(id.as_bytes(), count));
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = slots.get(&partition).cloned() else { return Lookup::NotHere { partition } };
        drop(slots);
        let Some(store) = slot.store.read().unwrap_or_else(PoisonError::into_inner).clone() else {
            return Lookup::Restoring { partition };
        };
        let committed = slot.committed.load(Relaxed) as u32;
        // Put into words only after the lock is given back, which the customer's worker may want.
        let found = store.read(IdHash::of(id), id, |customer| (customer.record.to_owned(), customer.changed));
        let Some((record, changed)) = found else { return Lookup::Unknown { partition } };
        Lookup::Found(Box::new(CustomerView {
            customer: id.to_owned(),
            partition,
            // Epoch numbers may wrap around in 32 bits; the difference does not lie.
            committed: committed.wrapping_sub(changed) < u32::MAX / 2,
            variant: self.rules.set.variant_name(&record).map(str::to_owned),
            models: self.rules.set.describe(&record),
            ways: self.rules.set.explain(&record),
        }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_workers_restore_side_by_side_adds_up_and_the_slowest_ones_time_counts() {
        let restored = |customers, took, at| Restored {
            customers,
            bytes: 100 * customers,
            took: Duration::from_millis(took),
            at: Duration::from_millis(at),
        };
        let both = restored(3, 20, 70).beside(restored(4, 50, 60));
        assert_eq!(both, restored(7, 50, 70));
        assert_eq!(both.beside(Restored::default()), both, "a worker without partitions");
    }
}
