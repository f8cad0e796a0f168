//! The customers of one partition, in memory: in a `DashMap`.
//!
//! Invariant: a customer stands in the shard that is its bucket, and the bucket depends on the id alone, in every
//! version of the program: the snapshot topic is keyed by it. Any thread reads; who changes is in `keeper`.
//! A shard's lock is held for one customer's step, or while one bucket is encoded, never across a wait.
//!
//! Not here: what a record means (that is `journey`), timers, what changed in an epoch.

use compact_str::CompactString;
use dashmap::{DashMap, SharedValue};
use xxhash_rust::xxh3::xxh3_64;

use super::prefetch::prefetch;
use crate::journey::Record;

/// Buckets of a partition; fixed, because a snapshot's records are keyed by bucket.
pub const BUCKETS: usize = 64;

/// Looking a customer up costs as much as walking past this many.
const MANY: usize = 8;

/// The hash of a customer's id, computed once per event: XXH3, 64 bits, seed 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdHash(pub u64);

impl IdHash {
    /// The hash of an id.
    pub fn of(id: &str) -> Self {
        Self::of_bytes(id.as_bytes())
    }

    /// The hash of an id's bytes.
    pub fn of_bytes(id: &[u8]) -> Self {
        Self(xxh3_64(id))
    }

    /// The bucket: six bits that the table inside a shard does not use.
    pub fn bucket(self) -> usize {
        (self.0 >> 40) as usize % BUCKETS
    }
}

/// A customer as held in memory. What is durable of it is the record alone.
#[derive(Debug)]
pub struct Customer {
    /// The state.
    pub record: Record,
    /// Number (low bits) of the epoch that last changed it.
    pub changed: u32,
    /// The tick of its live entry in the timer index; [`NEVER`] if it has none.
    pub wake: u32,
}

/// [`Customer::wake`] of a customer without an entry in the timer index.
pub const NEVER: u32 = u32::MAX;

/// The customers of one partition, for whoever reads; a [`Keeper`](super::keeper::Keeper) changes them.
pub struct Store {
    pub(super) map: DashMap<CompactString, Customer, foldhash::fast::FixedState>,
}

impl Store {
    /// An empty store.
    pub(super) fn new() -> Self {
        Self { map: DashMap::with_hasher_and_shard_amount(foldhash::fast::FixedState::default(), BUCKETS) }
    }

    /// Reads a customer.
    pub fn read<T>(&self, hash: IdHash, id: &str, with: impl FnOnce(&Customer) -> T) -> Option<T> {
        let shard = self.map.shards()[hash.bucket()].read();
        shard.get(hash.0, |(key, _)| key == id).map(|(_, customer)| with(customer.get()))
    }

    /// Visits a bucket's customers, in no particular order.
    pub fn visit_bucket(&self, bucket: usize, visit: impl FnMut(&str, &Customer)) {
        self.visit_some(bucket, |_| true, visit);
    }

    /// Visits those of a bucket's customers that are wanted. Each waits until its record, which stands elsewhere, is near.
    fn visit_some(&self, bucket: usize, wanted: impl Fn(&Customer) -> bool, mut visit: impl FnMut(&str, &Customer)) {
        const WAITING: usize = 8;
        let shard = self.map.shards()[bucket].read();
        let mut waiting: [Option<&(CompactString, SharedValue<Customer>)>; WAITING] = [None; WAITING];
        let mut turn = 0;
        // SAFETY: the guard outlives the iterator, so the table is neither changed nor dropped while it is walked.
        for entry in unsafe { shard.iter() } {
            // SAFETY: as above, also for those that wait; the bucket is occupied, since the iterator gave it.
            let entry = unsafe { entry.as_ref() };
            if !wanted(entry.1.get()) {
                continue;
            }
            prefetch_record(entry.1.get());
            if let Some((id, customer)) = waiting[turn % WAITING].replace(entry) {
                visit(id, customer.get());
            }
            turn += 1;
        }
        for (id, customer) in (turn..turn + WAITING).filter_map(|turn| waiting[turn % WAITING]) {
            visit(id, customer.get());
        }
    }

    /// Visits a bucket's customers that changed in this epoch, given their hashes; who has gone since is passed over.
    pub fn visit_changed(&self, bucket: usize, hashes: &[IdHash], epoch: u32, mut visit: impl FnMut(&str, &Customer)) {
        let shard = self.map.shards()[bucket].read();
        if hashes.len() * MANY > shard.len() {
            drop(shard);
            return self.visit_some(bucket, |customer| customer.changed == epoch, visit);
        }
        for hash in hashes {
            // SAFETY: the guard outlives the iterator, so the table is neither changed nor dropped while it is walked.
            for entry in unsafe { shard.iter_hash(hash.0) } {
                // SAFETY: as above; the bucket is occupied, since the iterator gave it.
                let (id, customer) = unsafe { entry.as_ref() };
                // The iterator goes by a part of the hash.
                if customer.get().changed == epoch && IdHash::of(id) == *hash {
                    visit(id, customer.get());
                }
            }
        }
    }

    /// Customers in a bucket.
    pub fn bucket_len(&self, bucket: usize) -> usize {
        self.map.shards()[bucket].read().len()
    }

    /// Customers in all buckets.
    pub fn len(&self) -> usize {
        (0..BUCKETS).map(|bucket| self.bucket_len(bucket)).sum()
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An estimate of the bytes taken, given the words of a record.
    pub fn bytes(&self, words: usize) -> u64 {
        let entry = size_of::<(CompactString, Customer)>() + 1;
        self.map
            .shards()
            .iter()
            .map(|shard| {
                let shard = shard.read();
                (shard.buckets() * entry + shard.len() * words.next_multiple_of(2) * 4) as u64
            })
            .sum()
    }
}

/// Begins to bring a customer's record closer.
pub(super) fn prefetch_record(customer: &Customer) {
    const WORDS_OF_A_LINE: usize = 16;
    let words = &customer.record.0;
    prefetch(words.as_ptr());
    prefetch(words.as_ptr().wrapping_add(WORDS_OF_A_LINE));
}
