//! How fast time goes by in the shop, and from when to when.

use std::time::Duration;

const DAY_MS: f64 = 86_400_000.0;

/// Without an end in sight the shop has so many seconds of the wall's time before it reaches today.
const OPEN_END_SECONDS: u64 = 3_600;

/// The earliest opening, so that no event is older than events may be: 1995-01-01.
const EARLIEST_MS: i64 = 788_918_400_000;

/// So many days lie behind the shop when somebody begins to watch, so that there is something to see.
const HISTORY_DAYS: f64 = 30.0;

/// But not more events than the mock of a broker can hold at once.
const HISTORY_EVENTS: f64 = 12_000.0;

/// The shop's time as a function of the wall's. It begins in the past and runs towards today, never beyond: what lies
/// ahead of the wall clock counts as late for its timers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// When the shop's first customer comes, in epoch milliseconds.
    pub opens_at: i64,
    /// When somebody begins to watch: what happened before is read at once, as a service reads what is there when it starts.
    pub watched_from: i64,
    /// Days in the shop per second on the wall.
    pub days_per_second: f64,
}

impl Pace {
    /// For a shop of so many customers that is asked for so many events a second, from `now` on for so many seconds.
    /// A day takes a second; less if so few customers could not do so much.
    pub fn new(now: i64, rate: u32, customers: u32, seconds: Option<u64>) -> Self {
        let days_per_second = (2.0 * f64::from(rate) / f64::from(customers)).max(1.0);
        let length = seconds.unwrap_or(OPEN_END_SECONDS) as f64 * days_per_second * DAY_MS;
        let watched_from = (now as f64 - length).max(EARLIEST_MS as f64) as i64;
        let history_days = HISTORY_DAYS.min(HISTORY_EVENTS * days_per_second / f64::from(rate));
        Self { opens_at: watched_from - (history_days * DAY_MS) as i64, watched_from, days_per_second }
    }

    /// How many days are there already when somebody begins to watch.
    pub fn history_days(&self) -> f64 {
        (self.watched_from - self.opens_at) as f64 / DAY_MS
    }

    /// How many events a day make so many a second on the wall.
    pub fn events_per_day(&self, rate: u32) -> f64 {
        f64::from(rate) / self.days_per_second
    }

    /// The shop's time when it is watched for so long; `now` is the wall's.
    pub fn at(&self, passed: Duration, now: i64) -> i64 {
        let passed = passed.as_secs_f64() * self.days_per_second * DAY_MS;
        (self.watched_from + passed as i64).min(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;
    const DAY: i64 = 86_400_000;

    #[test]
    fn a_day_takes_a_second_and_the_last_one_is_today() {
        let pace = Pace::new(NOW, 400, 2_000, Some(60));
        let watched_from = NOW - 60 * DAY;
        assert_eq!(pace, Pace { opens_at: watched_from - 30 * DAY, watched_from, days_per_second: 1.0 });
        assert_eq!(pace.at(Duration::ZERO, NOW), watched_from);
        assert_eq!(pace.at(Duration::from_millis(1_500), NOW), watched_from + DAY * 3 / 2);
        assert_eq!(pace.at(Duration::from_secs(60), NOW + 60_000), NOW);
        assert_eq!(pace.at(Duration::from_secs(61), NOW + 61_000), NOW + 61_000);
        assert_eq!(pace.events_per_day(400), 400.0);
    }

    #[test]
    fn few_customers_with_much_to_do_live_faster() {
        let pace = Pace::new(NOW, 2_000, 1_000, Some(10));
        assert_eq!((pace.watched_from, pace.days_per_second), (NOW - 40 * DAY, 4.0));
        assert_eq!(pace.events_per_day(2_000), 500.0);
    }

    #[test]
    fn a_busy_shop_has_a_shorter_history_than_a_quiet_one() {
        let history = |rate, customers| {
            let pace = Pace::new(NOW, rate, customers, Some(10));
            pace.watched_from - pace.opens_at
        };
        assert_eq!(history(1, 2_000), 30 * DAY);
        assert_eq!(history(400, 2_000), 30 * DAY);
        assert_eq!(history(12_000, 1_000_000), DAY);
    }

    #[test]
    fn the_shop_never_opens_before_events_are_believed() {
        assert_eq!(Pace::new(NOW, 400, 2_000, Some(1_000_000)).watched_from, EARLIEST_MS);
        assert_eq!(Pace::new(NOW, 400, 2_000, None).watched_from, NOW - 3_600 * DAY);
    }
}
