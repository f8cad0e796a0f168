//! Time for partitions of the topic of events in which nothing happens: the journeys' time comes from what is written there
//! alone, so now and again it has to be said how far it has come.

use std::time::Duration;

/// How often that is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// What each partition was told last.
pub(super) struct Ticks {
    /// The highest time that an event or a tick had; `i64::MIN` before the first.
    told: Vec<i64>,
    /// Whether something was written since the last look.
    busy: Vec<bool>,
    looked_at: Duration,
}

impl Ticks {
    /// Nobody was told anything.
    pub(super) fn new(partitions: i32, now: Duration) -> Self {
        let count = usize::try_from(partitions).unwrap_or(0);
        Self { told: vec![i64::MIN; count], busy: vec![false; count], looked_at: now }
    }

    /// An event of this time is written there.
    pub(super) fn wrote(&mut self, partition: i32, time: i64) {
        let Ok(partition) = usize::try_from(partition) else { return };
        self.busy[partition] = true;
        self.told[partition] = self.told[partition].max(time);
    }

    /// The partitions to be told that it is so late: those that heard nothing since the last look, once a second; with `all`,
    /// at once and all that do not know.
    pub(super) fn due(&mut self, time: Option<i64>, all: bool, now: Duration) -> Vec<i32> {
        let Some(time) = time else { return Vec::new() };
        let looks = now.saturating_sub(self.looked_at) >= EVERY;
        if !looks && !all {
            return Vec::new();
        }
        if looks {
            self.looked_at = now;
        }
        let mut due = Vec::new();
        for (partition, (told, busy)) in (0..).zip(self.told.iter_mut().zip(&mut self.busy)) {
            let is_busy = *busy && !all;
            if looks {
                *busy = false;
            }
            if !is_busy && *told < time {
                *told = time;
                due.push(partition);
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_that_hears_nothing_for_a_second_is_told_the_time_if_it_went_on() {
        let mut ticks = Ticks::new(3, Duration::ZERO);
        let at = Duration::from_millis;
        ticks.wrote(0, 100);
        assert_eq!(ticks.due(None, true, at(5_000)), [0; 0], "there is no time before the first record");
        assert_eq!(ticks.due(Some(100), false, at(999)), [0; 0]);
        assert_eq!(ticks.due(Some(100), false, at(1_000)), [1, 2], "the first has heard");
        assert_eq!(ticks.due(Some(150), false, at(1_500)), [0; 0]);
        ticks.wrote(1, 150);
        ticks.wrote(1, 140);
        assert_eq!(ticks.due(Some(150), false, at(2_000)), [0, 2]);
        assert_eq!(ticks.due(Some(150), false, at(3_000)), [0; 0], "all know");
        ticks.wrote(2, 200);
        assert_eq!(ticks.due(Some(200), true, at(3_001)), [0, 1], "at once");
        assert_eq!(ticks.due(Some(200), true, at(3_002)), [0; 0]);
    }
}
