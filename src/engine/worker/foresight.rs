//! Looking ahead: memory that records some way behind an input's head will need is brought closer, so that nobody waits for
//! it when their turn comes.
//!
//! Invariant: it changes nothing but how long things take. A customer is known from the record's key, which is the
//! customer's id; if it is another, a little work was for nothing.

use crate::engine::merge::Merge;
use crate::engine::partition::Partition;
use crate::engine::ports::Batch;
use crate::engine::store::IdHash;

/// How many records ahead a record's bytes are asked for, which come from another thread's cache.
const BYTES: usize = 20;
/// How many ahead the index is, where it will be asked for the customer.
const INDEX: usize = 12;
/// How many ahead the customer's row is, which the index tells.
const ROW: usize = 6;
/// Hashes kept, from the one use to the other.
const KEPT: usize = (INDEX - ROW + 1).next_power_of_two();

/// See the module; one for each partition.
pub struct Foresight {
    /// By input: the hashes of the keys of records to come, each at its place in the batch.
    hashes: Vec<[Option<IdHash>; KEPT]>,
}

impl Foresight {
    /// Nothing seen yet, of so many inputs.
    pub fn new(inputs: usize) -> Self {
        Self { hashes: vec![[None; KEPT]; inputs] }
    }

    /// Looks ahead of an input's head, as is done for each head in turn.
    #[inline]
    pub fn look<B: Batch>(&mut self, merge: &Merge<B>, input: usize, partition: &Partition) {
        if let Some((batch, place)) = merge.ahead(input, BYTES) {
            batch.foresee(place);
        }
        let hash = |batch: &B, place: usize| batch.key(place).map(IdHash::of_bytes);
        let (hashes, keeper) = (&mut self.hashes[input], partition.keeper());
        if let Some((batch, place)) = merge.ahead(input, INDEX) {
            let hash = hash(batch, place);
            hashes[place % KEPT] = hash;
            if let Some(hash) = hash {
                keeper.foresee_index(hash);
            }
        }
        if let Some((batch, place)) = merge.ahead(input, ROW) {
            // The first of a batch were not come by yet.
            let known = if place >= INDEX { hashes[place % KEPT] } else { hash(batch, place) };
            if let Some(hash) = known {
                keeper.foresee_row(hash);
            }
        }
    }
}
