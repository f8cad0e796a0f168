//! Who changes a partition's customers.
//!
//! Invariant: there is one keeper of a store, and it changes the store only through `&mut self`. So it may look at the tables
//! without locking them: other threads only read. It locks what it changes, because of them.

use std::sync::Arc;

use compact_str::CompactString;
use dashmap::SharedValue;

use super::prefetch::prefetch;
use super::store::{Customer, IdHash, Store, prefetch_record};

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

/// See the module.
pub struct Keeper {
    store: Arc<Store>,
}

impl Default for Keeper {
    fn default() -> Self {
        Self::new()
    }
}

impl std::ops::Deref for Keeper {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Keeper {
    /// The keeper of an empty store.
    pub fn new() -> Self {
        Self { store: Arc::new(Store::new()) }
    }

    /// The store, for look-ups from other threads.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
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
        // SAFETY: the table is changed through us alone, and not while we are borrowed.
        let shard = unsafe { &*self.store.map.shards()[hash.bucket()].data_ptr() };
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
        &mut self,
        hash: IdHash,
        id: &str,
        fresh: impl FnOnce() -> Result<Customer, E>,
        with: impl FnOnce(&mut Customer, bool) -> T,
    ) -> Result<T, E> {
        let mut shard = self.store.map.shards()[hash.bucket()].write();
        if let Some((_, customer)) = shard.get_mut(hash.0, |(key, _)| key == id) {
            return Ok(with(customer.get_mut(), false));
        }
        let customer = fresh()?;
        let entry = shard
            .insert_entry(hash.0, (CompactString::from(id), SharedValue::new(customer)), |(key, _)| IdHash::of(key).0);
        Ok(with(entry.1.get_mut(), true))
    }

    /// Changes a customer that is there.
    pub fn update_existing<T>(&mut self, hash: IdHash, id: &str, with: impl FnOnce(&mut Customer) -> T) -> Option<T> {
        let mut shard = self.store.map.shards()[hash.bucket()].write();
        shard.get_mut(hash.0, |(key, _)| key == id).map(|(_, customer)| with(customer.get_mut()))
    }

    /// Drops a customer; whether it was there.
    pub fn remove(&mut self, hash: IdHash, id: &str) -> bool {
        self.store.map.shards()[hash.bucket()].write().erase_entry(hash.0, |(key, _)| key == id)
    }

    /// Visits the customers whose id has this hash: one, hardly ever more.
    pub fn with_hash(&mut self, hash: IdHash, mut visit: impl FnMut(&str, &mut Customer)) {
        let mut shard = self.store.map.shards()[hash.bucket()].write();
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::store::{BUCKETS, NEVER};
    use crate::journey::Record;

    fn customer(word: u32) -> Customer {
        Customer { record: Record(vec![word].into()), changed: 0, wake: NEVER }
    }

    fn put(keeper: &mut Keeper, id: &str, word: u32) {
        let made = keeper.update(IdHash::of(id), id, || Ok::<_, ()>(customer(word)), |_, new| new);
        assert_eq!(made, Ok(true), "{id} is new");
    }

    #[test]
    fn a_customer_is_made_once_found_again_and_dropped() {
        let mut store = Keeper::new();
        put(&mut store, "c1", 7);
        let again = store.update(IdHash::of("c1"), "c1", || Err("made twice"), |c, new| (c.record.0[0], new));
        assert_eq!(again, Ok((7, false)));
        assert_eq!(store.read(IdHash::of("c1"), "c1", |c| c.record.0[0]), Some(7));
        assert!(store.remove(IdHash::of("c1"), "c1"));
        assert!(!store.remove(IdHash::of("c1"), "c1"));
        assert!(store.is_empty());
    }

    #[test]
    fn every_customer_stands_in_its_bucket() {
        let mut store = Keeper::new();
        let ids: Vec<_> = (0..5_000).map(|n| format!("customer-{n}")).collect();
        ids.iter().for_each(|id| put(&mut store, id, 1));
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
            let mut store = Keeper::new();
            (0..all).for_each(|n| put(&mut store, &format!("c{n}"), n));
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
        let mut store = Keeper::new();
        (0..500).for_each(|n| put(&mut store, &format!("c{n}"), n));
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
