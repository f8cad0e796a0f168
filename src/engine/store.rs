//! The customers of one partition, in memory: the only user of `DashMap`.
//!
//! Invariant: a customer stands in the shard that is its bucket, and the bucket depends on the id alone, in every
//! version of the program: the snapshot topic is keyed by it. One worker writes; look-ups from other threads read.
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

/// What a look-up will touch, in this order, each found by way of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Foresight {
    /// Where in the table the id belongs.
    Place,
    /// The table's entry.
    Entry,
    /// The customer's record.
    Record,
}

/// [`Customer::wake`] of a customer without an entry in the timer index.
pub const NEVER: u32 = u32::MAX;

/// The customers of one partition.
pub struct Store {
    map: DashMap<CompactString, Customer, foldhash::fast::FixedState>,
}

impl Default for Store {
    fn default() -> Self {
        Self::new()
    }
}

impl Store {
    /// An empty store.
    pub fn new() -> Self {
        Self { map: DashMap::with_hasher_and_shard_amount(foldhash::fast::FixedState::default(), BUCKETS) }
    }

    /// Reads a customer.
    pub fn read<T>(&self, hash: IdHash, id: &str, with: impl FnOnce(&Customer) -> T) -> Option<T> {
        let shard = self.map.shards()[hash.bucket()].read();
        shard.get(hash.0, |(key, _)| key == id).map(|(_, customer)| with(customer.get()))
    }

    /// Begins to bring closer what the look-ups to come will touch; `to_come` tells whose is that many after the next one.
    #[inline]
    pub fn foresee(&self, to_come: impl Fn(usize) -> Option<IdHash>) {
        for (by, what) in [(12, Foresight::Place), (8, Foresight::Entry), (4, Foresight::Record)] {
            if let Some(hash) = to_come(by) {
                self.fetch(hash, what);
            }
        }
    }

    /// Begins to bring closer what a look-up of this id will touch. Among many customers nearly every look-up goes three
    /// times to memory, one after the other, and waits there longer than the step itself takes.
    fn fetch(&self, hash: IdHash, what: Foresight) {
        let shard = self.map.shards()[hash.bucket()].read();
        match what {
            Foresight::Place => {
                // The table begins to look for an entry at these bits of the hash. If that is ever otherwise, this helps
                // nobody and harms nobody.
                let place = hash.0 as usize & (shard.buckets() - 1);
                prefetch(shard.data_end().as_ptr().cast::<u8>().wrapping_add(place));
            }
            Foresight::Entry => {
                shard.get(hash.0, |entry| {
                    prefetch(entry);
                    false
                });
            }
            Foresight::Record => {
                shard.get(hash.0, |(_, customer)| {
                    prefetch_record(customer.get());
                    false
                });
            }
        }
    }

    /// Changes a customer; one that is not there is made first, if `fresh` gives it.
    pub fn update<T, E>(
        &self,
        hash: IdHash,
        id: &str,
        fresh: impl FnOnce() -> Result<Customer, E>,
        with: impl FnOnce(&mut Customer, bool) -> T,
    ) -> Result<T, E> {
        let mut shard = self.map.shards()[hash.bucket()].write();
        if let Some((_, customer)) = shard.get_mut(hash.0, |(key, _)| key == id) {
            return Ok(with(customer.get_mut(), false));
        }
        let customer = fresh()?;
        let entry = shard
            .insert_entry(hash.0, (CompactString::from(id), SharedValue::new(customer)), |(key, _)| IdHash::of(key).0);
        Ok(with(entry.1.get_mut(), true))
    }

    /// Changes a customer that is there.
    pub fn update_existing<T>(&self, hash: IdHash, id: &str, with: impl FnOnce(&mut Customer) -> T) -> Option<T> {
        let mut shard = self.map.shards()[hash.bucket()].write();
        shard.get_mut(hash.0, |(key, _)| key == id).map(|(_, customer)| with(customer.get_mut()))
    }

    /// Drops a customer; whether it was there.
    pub fn remove(&self, hash: IdHash, id: &str) -> bool {
        self.map.shards()[hash.bucket()].write().erase_entry(hash.0, |(key, _)| key == id)
    }

    /// Visits the customers whose id has this hash: one, hardly ever more.
    pub fn with_hash(&self, hash: IdHash, mut visit: impl FnMut(&str, &mut Customer)) {
        let mut shard = self.map.shards()[hash.bucket()].write();
        let mut seen = 0;
        // Two ids with one hash are found by asking for the n-th match, so that no unsafe iterator is needed.
        loop {
            let mut skip = seen;
            let found = shard.get_mut(hash.0, |(key, _)| {
                IdHash::of(key) == hash && {
                    let wanted = skip == 0;
                    skip = usize::saturating_sub(skip, 1);
                    wanted
                }
            });
            let Some((id, customer)) = found else { return };
            visit(id, customer.get_mut());
            seen += 1;
        }
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

fn prefetch_record(customer: &Customer) {
    const WORDS_OF_A_LINE: usize = 16;
    let words = &customer.record.0;
    prefetch(words.as_ptr());
    prefetch(words.as_ptr().wrapping_add(WORDS_OF_A_LINE));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customer(word: u32) -> Customer {
        Customer { record: Record(vec![word].into()), changed: 0, wake: NEVER }
    }

    fn put(store: &Store, id: &str, word: u32) {
        let made = store.update(IdHash::of(id), id, || Ok::<_, ()>(customer(word)), |_, new| new);
        assert_eq!(made, Ok(true), "{id} is new");
    }

    #[test]
    fn a_customer_is_made_once_found_again_and_dropped() {
        let store = Store::new();
        put(&store, "c1", 7);
        let again = store.update(IdHash::of("c1"), "c1", || Err("made twice"), |c, new| (c.record.0[0], new));
        assert_eq!(again, Ok((7, false)));
        assert_eq!(store.read(IdHash::of("c1"), "c1", |c| c.record.0[0]), Some(7));
        assert!(store.remove(IdHash::of("c1"), "c1"));
        assert!(!store.remove(IdHash::of("c1"), "c1"));
        assert!(store.is_empty());
    }

    #[test]
    fn every_customer_stands_in_its_bucket() {
        let store = Store::new();
        let ids: Vec<_> = (0..5_000).map(|n| format!("customer-{n}")).collect();
        ids.iter().for_each(|id| put(&store, id, 1));
        let mut found = 0;
        for bucket in 0..BUCKETS {
            let before = found;
            store.visit_bucket(bucket, |id, _| {
                assert_eq!(IdHash::of(id).bucket(), bucket);
                found += 1;
            });
            assert_eq!(store.bucket_len(bucket), found - before);
        }
        assert_eq!(found, ids.len());
        assert_eq!(store.len(), ids.len());
    }

    #[test]
    fn those_who_changed_are_visited_once_each_whether_few_or_many_did() {
        let check = |all: u32, changed: u32| {
            let store = Store::new();
            (0..all).for_each(|n| put(&store, &format!("c{n}"), n));
            let ids: Vec<_> = (0..changed).map(|n| format!("c{n}")).collect();
            for id in &ids {
                store.update_existing(IdHash::of(id), id, |customer| customer.changed = 5);
            }
            let gone = "c0";
            store.remove(IdHash::of(gone), gone);
            let mut seen = Vec::new();
            for bucket in 0..BUCKETS {
                let hashes: Vec<_> = ids.iter().map(|id| IdHash::of(id)).filter(|h| h.bucket() == bucket).collect();
                store.visit_changed(bucket, &hashes, 5, |id, _| seen.push(id.to_owned()));
            }
            let mut expected = ids[1..].to_vec();
            seen.sort_unstable();
            expected.sort_unstable();
            assert_eq!(seen, expected, "{changed} of {all}");
        };
        check(20_000, 100);
        check(20_000, 20_000);
        check(20_000, 2_500);
        check(1, 1);
    }

    #[test]
    fn a_customer_is_found_by_hash_alone() {
        let store = Store::new();
        (0..500).for_each(|n| put(&store, &format!("c{n}"), n));
        let mut seen = Vec::new();
        store.with_hash(IdHash::of("c77"), |id, c| seen.push((id.to_owned(), c.record.0[0])));
        assert_eq!(seen, [("c77".to_owned(), 77)]);
    }

    #[test]
    fn the_bucket_of_an_id_never_changes() {
        // The snapshot topic is keyed by bucket: these values are part of the stored format.
        assert_eq!(IdHash::of("c00000001").0, 0xbf9b_ee6a_de0e_6fad);
        assert_eq!(IdHash::of("c00000001").bucket(), 46);
    }
}
