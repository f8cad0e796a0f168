//! Who changes a partition's customers.
//!
//! Invariant: there is one keeper of a store, and it changes the store only through `&mut self`. So it may look at index and
//! rows without locking them: other threads only read. It locks what it changes, because of them.

use std::sync::Arc;

use compact_str::CompactString;
use dashmap::SharedValue;

use super::id_form::Scratch;
use super::large_pages;
use super::prefetch::prefetch;
use super::rows::{CustomerMut, Row};
use super::store::{IdHash, Place, Store};

/// Bytes from which on a bucket's table is to be on large pages: some million customers of a partition.
const LARGE_TABLE: usize = 128 << 10;

/// See the module.
pub struct Keeper {
    store: Arc<Store>,
}

impl std::ops::Deref for Keeper {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Keeper {
    /// The keeper of an empty store, for records of so many words.
    pub fn new(record_words: usize) -> Self {
        Self { store: Arc::new(Store::new(record_words)) }
    }

    /// The store, for look-ups from other threads.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Begins to bring closer where the index is asked for this id. Among many customers nearly every look-up goes to memory,
    /// first there and then for the row, and waits longer than the step itself takes.
    #[inline]
    pub fn foresee_index(&self, hash: IdHash) {
        // SAFETY: the table is changed through us alone, and not while we are borrowed.
        let shard = unsafe { &*self.store.index.shards()[hash.bucket()].data_ptr() };
        // The table begins to look for an entry at these bits of the hash, at so many at once; entries stand before it,
        // backwards. If that is ever otherwise, this helps nobody and harms nobody.
        const GROUP: usize = 16;
        let place = hash.0 as usize & (shard.buckets() - 1);
        let marks = shard.data_end().as_ptr().cast::<u8>();
        prefetch(marks.wrapping_add(place));
        prefetch(marks.wrapping_add(place + GROUP - 1));
        prefetch(marks.wrapping_sub((place + 1) * size_of::<u32>()));
        prefetch(marks.wrapping_sub((place + GROUP) * size_of::<u32>()));
    }

    /// Begins to bring the row of this id closer.
    #[inline]
    pub fn foresee_row(&self, hash: IdHash) {
        // SAFETY: table and rows are changed through us alone, and not while we are borrowed.
        let (shard, rows) =
            unsafe { (&*self.store.index.shards()[hash.bucket()].data_ptr(), self.store.rows(hash.bucket())) };
        shard.get(hash.0, |(row, _)| {
            rows.prefetch(Row(*row));
            false
        });
    }

    /// Begins to bring the customer at this place closer.
    pub fn foresee_place(&self, place: Place) {
        // SAFETY: rows are changed through us alone, and not while we are borrowed.
        unsafe { self.store.rows(place.bucket()) }.prefetch(place.row());
    }

    /// Changes a customer; one that is not there is made first, if `fresh` agrees and says in which epoch it counts as
    /// changed.
    pub fn update<T, E>(
        &mut self,
        hash: IdHash,
        id: &str,
        fresh: impl FnOnce() -> Result<u32, E>,
        with: impl FnOnce(Place, CustomerMut<'_>, bool) -> T,
    ) -> Result<T, E> {
        let bucket = hash.bucket();
        let mut shard = self.store.index.shards()[bucket].write();
        // SAFETY: the lock is held until the end of this function.
        let rows = unsafe { self.store.rows_mut(bucket) };
        if let Some(&(row, _)) = shard.get(hash.0, |(row, _)| rows.is(Row(*row), id)) {
            let row = Row(row);
            return Ok(with(Place::new(bucket, row), rows.customer_mut(row), false));
        }
        let changed = fresh()?;
        let row = rows.add(id, changed);
        let buckets = shard.buckets();
        shard.insert_entry(hash.0, (row.0, SharedValue::new(())), |(row, _)| {
            IdHash::of_bytes(rows.id_bytes(Row(*row), &mut Scratch::new())).0
        });
        if shard.buckets() != buckets {
            let (start, layout) = shard.allocation_info();
            // Of a small table little is won, and its pages would be mostly its neighbours'.
            if layout.size() >= LARGE_TABLE {
                large_pages::wish(start, layout.size());
            }
        }
        Ok(with(Place::new(bucket, row), rows.customer_mut(row), true))
    }

    /// Changes the customer at a place, if there is one.
    pub fn change<T>(&mut self, place: Place, with: impl FnOnce(CustomerMut<'_>) -> T) -> Option<T> {
        let _lock = self.store.index.shards()[place.bucket()].write();
        // SAFETY: the lock is held until the end of this function.
        let rows = unsafe { self.store.rows_mut(place.bucket()) };
        (!rows.is_empty(place.row())).then(|| with(rows.customer_mut(place.row())))
    }

    /// Who is at a place; empty if nobody is.
    pub fn id(&self, place: Place) -> CompactString {
        // SAFETY: rows are changed through us alone, and not while we are borrowed.
        let rows = unsafe { self.store.rows(place.bucket()) };
        rows.id_text(place.row(), &mut Scratch::new()).into()
    }

    /// Changes all customers of a bucket, one after the other.
    pub fn change_bucket(&mut self, bucket: usize, mut with: impl FnMut(Place, CustomerMut<'_>)) {
        let _lock = self.store.index.shards()[bucket].write();
        // SAFETY: the lock is held until the end of this function.
        let rows = unsafe { self.store.rows_mut(bucket) };
        for row in rows.all() {
            if !rows.is_empty(row) {
                with(Place::new(bucket, row), rows.customer_mut(row));
            }
        }
    }

    /// Drops a customer; whether it was there.
    pub fn remove(&mut self, hash: IdHash, id: &str) -> bool {
        let mut shard = self.store.index.shards()[hash.bucket()].write();
        // SAFETY: the lock is held until the end of this function.
        let rows = unsafe { self.store.rows_mut(hash.bucket()) };
        let removed = shard.remove_entry(hash.0, |(row, _)| rows.is(Row(*row), id));
        removed.is_some_and(|(row, _)| {
            rows.remove(Row(row));
            true
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::store::BUCKETS;

    fn put(keeper: &mut Keeper, id: &str, word: u32) -> Place {
        let (place, new) = keeper
            .update(
                IdHash::of(id),
                id,
                || Ok::<_, ()>(0),
                |place, customer, new| {
                    customer.record.0[0] = word;
                    (place, new)
                },
            )
            .expect("it may be made");
        assert!(new, "{id} is new");
        place
    }

    #[test]
    fn a_customer_is_made_once_found_again_and_dropped() {
        let mut store = Keeper::new(1);
        let place = put(&mut store, "c1", 7);
        let again = store.update(IdHash::of("c1"), "c1", || Err("made twice"), |at, c, new| (at, c.record.0[0], new));
        assert_eq!(again, Ok((place, 7, false)));
        assert_eq!(store.read(IdHash::of("c1"), "c1", |c| c.record.0[0]), Some(7));
        assert_eq!(store.change(place, |c| c.record.0[0]), Some(7));
        assert_eq!(store.id(place), "c1");
        assert!(store.remove(IdHash::of("c1"), "c1"));
        assert!(!store.remove(IdHash::of("c1"), "c1"));
        assert_eq!(store.change(place, |c| c.record.0[0]), None);
        assert_eq!(store.id(place), "");
        assert!(store.is_empty());
    }

    #[test]
    fn a_customer_that_may_not_be_made_leaves_nothing() {
        let mut store = Keeper::new(1);
        let made = store.update(IdHash::of("c1"), "c1", || Err::<u32, _>("no"), |_, _, _| ());
        assert_eq!(made, Err("no"));
        assert!(store.is_empty());
    }

    #[test]
    fn every_customer_stands_in_its_bucket() {
        let mut store = Keeper::new(1);
        let ids: Vec<_> = (0..5_000).map(|n| format!("customer-{n}")).collect();
        for id in &ids {
            assert_eq!(put(&mut store, id, 1).bucket(), IdHash::of(id).bucket());
        }
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
    fn those_who_changed_are_visited_once_each_and_nobody_who_has_gone() {
        let mut store = Keeper::new(1);
        let places: Vec<_> = (0..5_000).map(|n| put(&mut store, &format!("c{n}"), n)).collect();
        for place in &places[..2_500] {
            store.change(*place, |customer| *customer.changed = 5);
        }
        store.remove(IdHash::of("c0"), "c0");
        let mut seen = Vec::new();
        for bucket in 0..BUCKETS {
            let places: Vec<_> = places.iter().copied().filter(|place| place.bucket() == bucket).collect();
            store.visit_changed(&places, 5, |id, _| seen.push(id.to_owned()));
        }
        let mut expected: Vec<_> = (1..2_500).map(|n| format!("c{n}")).collect();
        seen.sort_unstable();
        expected.sort_unstable();
        assert_eq!(seen, expected);
    }

    #[test]
    fn looking_ahead_changes_nothing_whoever_is_asked_for() {
        let mut store = Keeper::new(1);
        let check = |store: &Keeper| {
            for n in 0..2_000 {
                let hash = IdHash::of(&format!("c{n}"));
                store.foresee_index(hash);
                store.foresee_row(hash);
            }
        };
        check(&store);
        let places: Vec<_> = (0..1_000).map(|n| put(&mut store, &format!("c{n}"), n)).collect();
        check(&store);
        for (n, place) in (0..).zip(places) {
            store.foresee_place(place);
            assert_eq!(store.read(IdHash::of(&format!("c{n}")), &format!("c{n}"), |c| c.record.0[0]), Some(n));
        }
    }

    #[test]
    fn the_bucket_of_an_id_never_changes() {
        // The snapshot topic is keyed by bucket: these values are part of the stored format.
        assert_eq!(IdHash::of("c00000001").0, 0xbf9b_ee6a_de0e_6fad);
        assert_eq!(IdHash::of("c00000001").bucket(), 46);
    }
}
