//! Records that were made ahead, handed out as the inputs of a service would: each input by itself, some at a time.

use std::cell::Cell;

use klantreis::engine::ports::{Batch, Fetched};
use klantreis::formats::RawRecord;

use super::Records;

/// Records that a batch holds at most.
const BATCH: usize = 512;

/// Some records of one input.
pub struct Shelf<'a> {
    records: &'a Records,
    /// Their numbers among all.
    places: &'a [u32],
}

impl<'a> Shelf<'a> {
    /// One with nothing on it.
    pub fn new(records: &'a Records) -> Self {
        Self { records, places: &[] }
    }

    /// Puts the next records of an input on it.
    pub fn fetch(&mut self, left: &mut &'a [u32]) -> Fetched {
        let (these, rest) = left.split_at(left.len().min(BATCH));
        (self.places, *left) = (these, rest);
        if these.is_empty() { Fetched::End } else { Fetched::Records }
    }
}

impl Batch for Shelf<'_> {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn record(&self, index: usize) -> RawRecord<'_> {
        self.records.record(self.places[index] as usize)
    }

    fn timestamp(&self, index: usize) -> i64 {
        self.record(index).timestamp
    }

    fn key(&self, index: usize) -> Option<&[u8]> {
        Some(self.records.key(self.places[index] as usize))
    }

    fn offset(&self, index: usize) -> i64 {
        i64::from(self.places[index])
    }

    fn clear(&mut self) {
        self.places = &[];
    }
}
