//! How far a partition's time has come: what quiet customers' timers are fired by.
//!
//! Invariant: it never goes back. While an input has records to read, time is what the records say; only when all inputs
//! are at their end does it go on with the wall clock, from the highest record time seen. So data of last year does not
//! leap to today.

use super::ports::WatermarkState;

/// The watermark of one partition.
#[derive(Debug, Clone, Copy)]
pub struct Watermark {
    state: WatermarkState,
    lateness_ms: i64,
}

impl Watermark {
    /// Goes on from what was committed, or from nothing.
    pub fn new(state: Option<WatermarkState>, lateness_ms: i64) -> Self {
        let nothing = WatermarkState { at: i64::MIN, record_time: i64::MIN, wall: 0 };
        Self { state: state.unwrap_or(nothing), lateness_ms }
    }

    /// The watermark; `None` before the first record.
    pub fn at(&self) -> Option<i64> {
        (self.state.at != i64::MIN).then_some(self.state.at)
    }

    /// What is to be committed.
    pub fn state(&self) -> WatermarkState {
        self.state
    }

    /// A record is about to be applied that is the lowest of all inputs that are not at their end.
    pub fn record(&mut self, time: i64, wall: i64) {
        if time >= self.state.record_time {
            self.state.record_time = time;
            self.state.wall = wall;
        }
        self.state.at = self.state.at.max(time.saturating_sub(self.lateness_ms));
    }

    /// All inputs are at their end: time goes on with the wall clock.
    pub fn at_end(&mut self, wall: i64) {
        if self.state.record_time == i64::MIN {
            return;
        }
        let gone_by = (wall - self.state.wall).max(0);
        let now = self.state.record_time.saturating_add(gone_by).saturating_sub(self.lateness_ms);
        self.state.at = self.state.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_the_records_and_never_goes_back() {
        let mut watermark = Watermark::new(None, 60);
        assert_eq!(watermark.at(), None);
        for (time, expected) in [(1_000, 940), (900, 940), (1_000, 940), (1_500, 1_440)] {
            watermark.record(time, 5_000_000);
            assert_eq!(watermark.at(), Some(expected), "after a record of {time}");
        }
    }

    #[test]
    fn at_the_end_it_goes_on_with_the_wall_clock_from_the_highest_record() {
        let mut watermark = Watermark::new(None, 60);
        watermark.at_end(9_999);
        assert_eq!(watermark.at(), None, "there is no time before the first record");
        watermark.record(1_000, 5_000);
        watermark.at_end(5_500);
        assert_eq!(watermark.at(), Some(1_440));
        watermark.at_end(5_100);
        assert_eq!(watermark.at(), Some(1_440), "a clock set back changes nothing");
    }

    #[test]
    fn what_was_committed_carries_on() {
        let mut first = Watermark::new(None, 60);
        first.record(1_000, 5_000);
        let mut second = Watermark::new(Some(first.state()), 60);
        assert_eq!(second.at(), Some(940));
        second.at_end(6_000);
        assert_eq!(second.at(), Some(1_940));
    }
}
