//! When which bucket is written to the rolling snapshot, and which deltas nobody needs any more.
//!
//! Invariant: a delta may be deleted only when every bucket is covered: unchanged since, or written at or after its epoch
//! in a committed epoch. Never the last marker.
//!
//! Snapshots are paced by the deltas: for every two bytes of deltas, one byte of buckets. So what a restore reads stays
//! within about three times the state, and an idle service writes nothing.

use std::collections::VecDeque;

use super::store::BUCKETS;

/// Bytes of buckets written with one epoch at most, so that closing an epoch stays short.
const BYTES_AN_EPOCH: u64 = 1 << 20;
/// Epochs that must be superfluous before the broker is asked to delete them, if they have few bytes.
const EPOCHS_A_TRIM: usize = 256;
/// Bytes of superfluous deltas for which the broker is asked to delete them at once: as many as these, and as many as half
/// of the state. A restore would read them for nothing.
const BYTES_A_TRIM: u64 = 1 << 20;

/// The pace of one partition's snapshots.
#[derive(Debug)]
pub struct Pace {
    budget: u64,
    next: usize,
    buckets: [Bucket; BUCKETS],
    /// Epochs whose deltas may still be there, oldest first.
    epochs: VecDeque<Deltas>,
    /// Bytes of all deltas up to now.
    deltas: u64,
    /// Of these, the bytes of those that the broker was asked to delete.
    trimmed: u64,
}

/// The deltas of an epoch.
#[derive(Debug, Clone, Copy)]
struct Deltas {
    epoch: u64,
    /// The offset of their first part.
    offset: i64,
    /// Bytes of all deltas up to their end.
    end: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    /// Changed since it was last written.
    dirty: bool,
    /// The epoch it was last written at; 0 if never.
    written_at: u64,
    /// How many bytes it had then.
    bytes: u64,
    /// How many parts it had then.
    parts: u16,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            budget: 0,
            next: 0,
            buckets: [Bucket::default(); BUCKETS],
            epochs: VecDeque::new(),
            deltas: 0,
            trimmed: 0,
        }
    }
}

impl Pace {
    /// A customer of this bucket changed.
    pub fn changed(&mut self, bucket: usize) {
        self.buckets[bucket].dirty = true;
    }

    /// These bytes of deltas were written.
    pub fn delta(&mut self, bytes: u64) {
        self.budget = (self.budget + bytes / 2).min(self.state().max(BYTES_AN_EPOCH));
        self.deltas += bytes;
    }

    /// Restore found these bytes of deltas; the epoch that they are of is told next.
    pub fn restored_delta(&mut self, bytes: u64) {
        self.deltas += bytes;
    }

    /// Bytes of the state, as the snapshots have it.
    fn state(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.bytes.max(1)).sum()
    }

    /// The buckets to write with this epoch; each is to be reported by [`Pace::written`] before the next is asked for.
    pub fn next_bucket(&mut self, written_bytes: u64) -> Option<usize> {
        if written_bytes >= BYTES_AN_EPOCH {
            return None;
        }
        let bucket = (0..BUCKETS).map(|step| (self.next + step) % BUCKETS).find(|&b| self.buckets[b].dirty)?;
        // A bucket that was never written has no size yet; a little is asked for, so that it is not free.
        if self.budget < self.buckets[bucket].bytes.max(256) {
            return None;
        }
        self.next = (bucket + 1) % BUCKETS;
        Some(bucket)
    }

    /// A bucket is part of this epoch. How many parts it had before, so that the superfluous ones can be tombstoned.
    pub fn written(&mut self, bucket: usize, epoch: u64, bytes: u64, parts: u16) -> u16 {
        self.budget = self.budget.saturating_sub(bytes.max(256));
        let before = self.buckets[bucket].parts;
        self.buckets[bucket] = Bucket { dirty: false, written_at: epoch, bytes, parts };
        before
    }

    /// What restore found of a bucket.
    pub fn restored(&mut self, bucket: usize, epoch: u64, bytes: u64, parts: u16) {
        self.buckets[bucket] = Bucket { dirty: self.buckets[bucket].dirty, written_at: epoch, bytes, parts };
    }

    /// An epoch's deltas stand in the topic from this offset on.
    pub fn epoch_at(&mut self, epoch: u64, first_offset: i64) {
        if self.epochs.back().is_none_or(|last| last.epoch < epoch) {
            self.epochs.push_back(Deltas { epoch, offset: first_offset, end: self.deltas });
        }
    }

    /// An epoch is committed: the offset below which deltas may be deleted, if it is worth it.
    pub fn trim(&mut self, committed: u64) -> Option<i64> {
        let covered = self.buckets.iter().filter(|b| b.dirty).map(|b| b.written_at).min().unwrap_or(committed);
        // The committed epoch itself holds the last marker.
        let keep_from = (covered + 1).min(committed);
        let superfluous = self.epochs.partition_point(|deltas| deltas.epoch < keep_from);
        let end = self.epochs.get(superfluous.checked_sub(1)?)?.end;
        if superfluous < EPOCHS_A_TRIM && end - self.trimmed < BYTES_A_TRIM.max(self.state() / 2) {
            return None;
        }
        self.trimmed = end;
        self.epochs.drain(..superfluous);
        self.epochs.front().map(|deltas| deltas.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_buckets_are_skipped_and_an_idle_partition_writes_nothing() {
        let mut pace = Pace::default();
        pace.delta(10_000_000);
        assert_eq!(pace.next_bucket(0), None);
        pace.changed(5);
        assert_eq!(pace.next_bucket(0), Some(5));
        pace.written(5, 9, 1_000, 1);
        assert_eq!(pace.next_bucket(1_000), None);
    }

    #[test]
    fn buckets_take_turns_and_cost_what_they_weigh() {
        let mut pace = Pace::default();
        (0..BUCKETS).for_each(|bucket| pace.changed(bucket));
        pace.delta(4_000);
        let mut written = Vec::new();
        while let Some(bucket) = pace.next_bucket(0) {
            pace.written(bucket, 1, 1_000, 1);
            written.push(bucket);
        }
        assert_eq!(written, [0, 1]);
        pace.changed(0);
        pace.delta(4_000);
        assert_eq!(pace.next_bucket(0), Some(2), "the one written longest ago comes first");
    }

    #[test]
    fn deltas_go_only_below_what_every_dirty_bucket_has_been_written_at() {
        let mut pace = Pace::default();
        for epoch in 1..=1_000 {
            pace.epoch_at(epoch, epoch as i64 * 10);
        }
        pace.changed(3);
        assert_eq!(pace.trim(1_000), None, "bucket 3 was never written");
        pace.written(3, 600, 10, 1);
        pace.changed(3);
        assert_eq!(pace.trim(1_000), Some(6_010), "epochs up to 600 are covered");
        pace.written(3, 1_000, 10, 1);
        assert_eq!(pace.trim(1_000), Some(10_000), "the last marker stays");
    }

    #[test]
    fn few_epochs_of_many_bytes_go_as_well() {
        let mut pace = Pace::default();
        let epoch = |pace: &mut Pace, number: u64, bytes| {
            pace.delta(bytes);
            pace.epoch_at(number, number as i64 * 10);
        };
        epoch(&mut pace, 1, BYTES_A_TRIM - 1);
        epoch(&mut pace, 2, 1);
        assert_eq!(pace.trim(2), None, "a byte is missing");
        epoch(&mut pace, 3, 1);
        assert_eq!(pace.trim(3), Some(30));
        epoch(&mut pace, 4, BYTES_A_TRIM - 2);
        epoch(&mut pace, 5, 1);
        assert_eq!(pace.trim(5), None, "those that went count once");
        pace.restored(7, 5, 4 * BYTES_A_TRIM, 1);
        epoch(&mut pace, 6, 2 * BYTES_A_TRIM);
        epoch(&mut pace, 7, 1);
        assert_eq!(pace.trim(7), Some(70), "of a large state more must be superfluous");
    }
}
