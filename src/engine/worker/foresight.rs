//! Looking ahead: memory that records some way behind an input's head will need is brought closer, so that nobody waits for
//! it when their turn comes.
//!
//! Invariant: it changes nothing but how long things take. A customer is known from the record's key, which is the
//! customer's id; if it is another, a little work was for nothing.

use std::ops::Range;

use crate::engine::keeper::Keeper;
use crate::engine::merge::Merge;
use crate::engine::partition::Partition;
use crate::engine::ports::Batch;
use crate::engine::store::IdHash;

/// How many records are looked at together. Finding where memory is takes as long as fetching it, when customers are many and
/// the processor has not kept their pages' addresses. It can search for several at once, but only within the few hundred
/// instructions that it works on at a time, and a record takes more than that.
const GROUP: usize = 8;
/// How many ahead the index is, where it will be asked for the customer: of a whole group.
const INDEX: usize = 2 * GROUP;
/// How many ahead the customer's row is, which the index tells.
const ROW: usize = GROUP;
/// How many ahead a record's bytes are, which come from another thread's cache: before its key is looked at.
const BYTES: usize = INDEX + 2 * GROUP;

/// See the module; one for each partition.
pub struct Foresight {
    /// By input: the hashes of the keys of records to come, each at its place in the batch.
    hashes: Vec<[Option<IdHash>; INDEX]>,
}

impl Foresight {
    /// Nothing seen yet, of so many inputs.
    pub fn new(inputs: usize) -> Self {
        Self { hashes: vec![[None; INDEX]; inputs] }
    }

    /// Looks ahead of an input's head, as is done for each head in turn.
    #[inline]
    pub fn look<B: Batch>(&mut self, merge: &Merge<B>, input: usize, partition: &Partition) {
        if let Some((batch, place)) = merge.ahead(input, BYTES) {
            batch.foresee(place);
        }
        let (batch, place) = merge.head(input);
        if place % GROUP == 0 {
            self.look_far(batch, place, input, partition.keeper());
        }
    }

    /// Looks ahead of the first record of a group.
    fn look_far<B: Batch>(&mut self, batch: &B, head: usize, input: usize, keeper: &Keeper) {
        let hashes = &mut self.hashes[input];
        let ask_index = |hashes: &mut [Option<IdHash>; INDEX], places: Range<usize>| {
            for place in places.start..places.end.min(batch.len()) {
                let hash = batch.key(place).map(IdHash::of_bytes);
                hashes[place % INDEX] = hash;
                hash.into_iter().for_each(|hash| keeper.foresee_index(hash));
            }
        };
        if head == 0 {
            ask_index(hashes, 0..INDEX);
        }
        // Of the first of a batch nothing was asked for yet.
        for place in if head == 0 { 0 } else { head + ROW }..(head + ROW + GROUP).min(batch.len()) {
            hashes[place % INDEX].into_iter().for_each(|hash| keeper.foresee_row(hash));
        }
        ask_index(hashes, head + INDEX..head + INDEX + GROUP);
    }
}
