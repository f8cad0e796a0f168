//! The next record of one place that is merged with others, and what is known of its end.

use super::ports::Batch;

/// See the module.
pub(super) struct Head<B> {
    pub(super) batch: B,
    pub(super) next: usize,
    /// The time that orders the head record.
    pub(super) time: i64,
    /// The time of the record before it, for records without one.
    previous: i64,
    /// Since when (wall clock) the place is known to be at its end.
    pub(super) ended: Option<i64>,
    /// Whether the source was asked in this round already; a place at its end is asked once a round, not once a record.
    pub(super) asked: bool,
}

impl<B: Batch> Head<B> {
    /// Nothing was shown yet.
    pub(super) fn new(batch: B) -> Self {
        Self { batch, next: 0, time: i64::MIN, previous: i64::MIN, ended: None, asked: false }
    }

    /// Whether all that was fetched is gone past.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.next >= self.batch.len()
    }

    /// Makes room for what is fetched next.
    pub(super) fn empty(&mut self) {
        self.asked = true;
        self.batch.clear();
        self.next = 0;
    }

    /// Takes up the first record that was fetched.
    pub(super) fn show(&mut self, time_max: i64) {
        let stamp = self.batch.timestamp(self.next);
        self.time = if stamp < 0 { self.previous } else { stamp.min(time_max) };
    }

    /// Goes past the head record.
    #[inline]
    pub(super) fn advance(&mut self, time_max: i64) {
        self.previous = self.time;
        self.next += 1;
        if !self.is_empty() {
            self.show(time_max);
        }
    }
}
