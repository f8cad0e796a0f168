//! The customers of one partition, in buckets.
//!
//! Invariant: a customer's bucket is a part of its id's hash, always the same part, because snapshots are keyed by it. The
//! map has a shard for each bucket and finds a customer's row; a bucket's rows are read and changed under its shard's lock,
//! which is held for one customer's step, or while one bucket is encoded, never across a wait.
//!
//! Not here: what a record means (that is `journey`), timers, what changed in an epoch.

use std::cell::UnsafeCell;
use std::sync::Arc;

use dashmap::DashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::id_form::Scratch;
use super::quarry::Quarry;
use super::rows::{Customer, Row, Rows};

/// Buckets of a partition; fixed, because a snapshot's records are keyed by bucket.
pub const BUCKETS: usize = 64;
/// Customers whose rows are brought closer while others are visited.
const AHEAD: usize = 8;

/// The hash of a customer's id: XXH3, 64 bits, seed 0.
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

/// Where a customer stands, from its first event until it is forgotten: bucket and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place(pub u32);

const _: () = assert!(BUCKETS <= 1 << (u32::BITS - Row::BITS), "a place is a bucket and a row in one word");

impl Place {
    pub(super) fn new(bucket: usize, row: Row) -> Self {
        Self((bucket as u32) << Row::BITS | row.0)
    }

    /// The bucket.
    pub fn bucket(self) -> usize {
        (self.0 >> Row::BITS) as usize
    }

    pub(super) fn row(self) -> Row {
        Row(self.0 & ((1 << Row::BITS) - 1))
    }
}

/// The customers of one partition, for whoever reads; a [`Keeper`](super::keeper::Keeper) changes them.
pub struct Store {
    /// The numbers of rows, by the hashes of the ids that stand in them.
    pub(super) index: DashMap<u32, (), foldhash::fast::FixedState>,
    /// By bucket, as the map's shards are.
    rows: Box<[UnsafeCell<Rows>]>,
}

// SAFETY: rows are reached through the lock of their bucket's shard alone; but for the keeper's, who is the only one that
// changes them, and only looks at them without a lock while it does not.
unsafe impl Sync for Store {}

impl Store {
    /// An empty store, for records of so many words.
    pub(super) fn new(record_words: usize) -> Self {
        let quarry = Arc::<Quarry>::default();
        Self {
            index: DashMap::with_hasher_and_shard_amount(foldhash::fast::FixedState::default(), BUCKETS),
            rows: (0..BUCKETS).map(|_| UnsafeCell::new(Rows::of(record_words, Arc::clone(&quarry)))).collect(),
        }
    }

    /// # Safety
    /// The lock of the bucket's shard is held for as long as the rows are borrowed, or nobody changes them.
    pub(super) unsafe fn rows(&self, bucket: usize) -> &Rows {
        // SAFETY: by contract.
        unsafe { &*self.rows[bucket].get() }
    }

    /// # Safety
    /// The lock of the bucket's shard is held, for writing, for as long as the rows are borrowed.
    #[expect(clippy::mut_from_ref, reason = "it is the shard's lock that makes sure of one borrower")]
    pub(super) unsafe fn rows_mut(&self, bucket: usize) -> &mut Rows {
        // SAFETY: by contract.
        unsafe { &mut *self.rows[bucket].get() }
    }

    /// Reads a customer.
    pub fn read<T>(&self, hash: IdHash, id: &str, with: impl FnOnce(Customer<'_>) -> T) -> Option<T> {
        let shard = self.index.shards()[hash.bucket()].read();
        // SAFETY: the lock is held until the end of this function.
        let rows = unsafe { self.rows(hash.bucket()) };
        let (row, _) = shard.get(hash.0, |(row, _)| rows.is(Row(*row), id))?;
        rows.state(Row(*row)).map(with)
    }

    /// Visits a bucket's customers, in no particular order.
    pub fn visit_bucket(&self, bucket: usize, mut visit: impl FnMut(&str, Customer<'_>)) {
        let _lock = self.index.shards()[bucket].read();
        // SAFETY: the lock is held until the end of this function.
        let rows = unsafe { self.rows(bucket) };
        let mut scratch = Scratch::new();
        for row in rows.all() {
            if let Some(customer) = rows.state(row) {
                visit(rows.id_text(row, &mut scratch), customer);
            }
        }
    }

    /// Visits those customers of a bucket at these places that changed in this epoch; who has gone since is passed over.
    pub fn visit_changed(&self, places: &[Place], epoch: u32, mut visit: impl FnMut(&str, Customer<'_>)) {
        let Some(bucket) = places.first().map(|place| place.bucket()) else { return };
        let _lock = self.index.shards()[bucket].read();
        // SAFETY: the lock is held until the end of this function.
        let rows = unsafe { self.rows(bucket) };
        let mut scratch = Scratch::new();
        for (number, place) in places.iter().enumerate() {
            debug_assert_eq!(place.bucket(), bucket);
            if let Some(later) = places.get(number + AHEAD) {
                rows.prefetch(later.row());
            }
            match rows.state(place.row()) {
                Some(customer) if customer.changed == epoch => visit(rows.id_text(place.row(), &mut scratch), customer),
                _ => {}
            }
        }
    }

    /// Customers in a bucket.
    pub fn bucket_len(&self, bucket: usize) -> usize {
        self.index.shards()[bucket].read().len()
    }

    /// Customers in all buckets.
    pub fn len(&self) -> usize {
        (0..BUCKETS).map(|bucket| self.bucket_len(bucket)).sum()
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An estimate of the bytes taken.
    pub fn bytes(&self) -> u64 {
        const INDEX_ENTRY: usize = size_of::<u32>() + 1;
        let buckets = self.index.shards().iter().enumerate().map(|(bucket, shard)| {
            let shard = shard.read();
            // SAFETY: the lock is held until the end of this function.
            (shard.buckets() * INDEX_ENTRY) as u64 + unsafe { self.rows(bucket) }.bytes()
        });
        buckets.sum()
    }
}
