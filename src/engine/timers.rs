//! Which customers may have a timer due: an index derived from the customers' records and rebuilt from them.
//!
//! Invariant: a customer with a deadline has exactly one live entry, at or before its deadline. An entry is live if its
//! tick is the customer's `wake`; others are left behind and passed over when their tick comes. So a deadline that only
//! moves out costs nothing: the entry comes up, the deadline is looked at, and the entry moves on.
//!
//! Ticks are seconds, and so are the times up to which timers fire ([`whole_tick`]): a deadline between two ticks is due
//! at the later one. An entry for a far deadline is rounded down to a coarse tick, so that ten million customers share
//! a few thousand ticks; it is looked at again, more finely, as the deadline comes near. When a timer *fires* is decided
//! by deadline and watermark alone, never by the index.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::rows::NEVER;
use super::store::Place;

/// Milliseconds of a tick.
const TICK_MS: i64 = 1_000;
/// A deadline this many coarse ticks away is rounded to one of them. With more a quiet customer comes up less often before
/// its time, and there are more ticks: some hundreds for each doubling of the distance.
const STEPS: i64 = 128;

/// The index of one partition.
#[derive(Debug, Default)]
pub struct Timers {
    /// The customers of each tick. An entry is added far more often than a tick, so ticks are found by their hash.
    ticks: HashMap<u32, Vec<Place>, foldhash::fast::FixedState>,
    /// The same ticks, each once, the first on top.
    order: BinaryHeap<Reverse<u32>>,
}

impl Timers {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sees to it that a customer with this deadline comes up in time. `wake` is the customer's own note of its entry;
    /// `now` is the watermark, or the time of the customer's last event while there is none.
    #[inline]
    pub fn schedule(&mut self, place: Place, deadline: Option<i64>, now: i64, wake: &mut u32) {
        let Some(deadline) = deadline else { return };
        // An entry that begins by the deadline is in time, and to see that takes no division.
        let begins = i64::from(*wake) * TICK_MS;
        let in_time = *wake != NEVER && (begins <= deadline || *wake <= fine_tick(deadline));
        if !in_time {
            *wake = self.add(place, deadline, now);
        }
    }

    /// Makes an entry; its tick.
    #[inline(never)]
    fn add(&mut self, place: Place, deadline: i64, now: i64) -> u32 {
        let tick = coarse_tick(deadline, now);
        let Self { ticks, order } = self;
        let customers = ticks.entry(tick).or_insert_with(|| {
            order.push(Reverse(tick));
            Vec::new()
        });
        customers.push(place);
        tick
    }

    /// Whether an entry may be due at this time; cheap enough to be asked for every record.
    #[inline]
    pub fn may_be_due(&self, until: i64) -> bool {
        self.order.peek().is_some_and(|Reverse(first)| i64::from(*first) * TICK_MS <= until)
    }

    /// Takes the entries of the first tick that is not after `until`: the tick and its customers.
    pub fn pop(&mut self, until: i64) -> Option<(u32, Vec<Place>)> {
        if !self.may_be_due(until) {
            return None;
        }
        let Reverse(tick) = self.order.pop()?;
        let customers = self.ticks.remove(&tick).expect("every tick in order has customers");
        Some((tick, customers))
    }

    /// The customers of the first tick, whenever that is.
    pub fn first(&self) -> &[Place] {
        let customers = self.order.peek().and_then(|Reverse(first)| self.ticks.get(first));
        customers.map_or(&[], Vec::as_slice)
    }

    /// Entries, live or left behind.
    pub fn len(&self) -> usize {
        self.ticks.values().map(Vec::len).sum()
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.ticks.is_empty()
    }
}

/// The latest time not after `time` up to which timers fire.
pub fn whole_tick(time: i64) -> i64 {
    time.div_euclid(TICK_MS) * TICK_MS
}

/// The tick at which a deadline is due.
fn fine_tick(deadline: i64) -> u32 {
    let tick = deadline.saturating_add(TICK_MS - 1).div_euclid(TICK_MS);
    tick.clamp(0, i64::from(NEVER) - 1) as u32
}

/// The tick at which to look at a deadline again: not after it is due, and after `now` unless it is due by then.
fn coarse_tick(deadline: i64, now: i64) -> u32 {
    let away = deadline.saturating_sub(now).max(0) / TICK_MS;
    let grain = 1_u32 << (away / STEPS).max(1).ilog2().min(24);
    match grain {
        1 => fine_tick(deadline),
        grain => fine_tick(deadline - TICK_MS + 1) / grain * grain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;

    fn all(timers: &mut Timers, until: i64) -> Vec<(u32, Vec<Place>)> {
        std::iter::from_fn(|| timers.pop(until)).collect()
    }

    #[test]
    fn an_entry_comes_up_at_its_tick_and_not_before() {
        let mut timers = Timers::new();
        let mut wake = NEVER;
        timers.schedule(Place(5), Some(10_000), 9_000, &mut wake);
        assert!(!timers.may_be_due(9_999));
        assert_eq!(timers.pop(9_999), None);
        assert!(timers.may_be_due(10_000));
        assert_eq!(timers.pop(10_000), Some((10, vec![Place(5)])));
        assert!(timers.is_empty());
    }

    #[test]
    fn a_deadline_that_moves_out_adds_no_entry_and_one_that_moves_in_adds_one() {
        let mut timers = Timers::new();
        let mut wake = NEVER;
        timers.schedule(Place(5), Some(30 * DAY), 0, &mut wake);
        let first = wake;
        timers.schedule(Place(5), Some(31 * DAY), 0, &mut wake);
        assert_eq!((timers.len(), wake), (1, first));
        timers.schedule(Place(5), Some(2 * DAY), 0, &mut wake);
        assert_eq!(timers.len(), 2);
        assert!(wake < first);
    }

    #[test]
    fn many_far_deadlines_share_few_ticks() {
        let mut timers = Timers::new();
        for n in 0..100_000_u32 {
            timers.schedule(Place(n), Some(30 * DAY + i64::from(n) * 1_000), 0, &mut { NEVER });
        }
        assert!(timers.ticks.len() < 512, "{} ticks", timers.ticks.len());
        assert_eq!(all(&mut timers, 32 * DAY).iter().map(|(_, places)| places.len()).sum::<usize>(), 100_000);
    }

    proptest! {
        #[test]
        fn looking_again_reaches_every_deadline_in_a_few_steps(deadline in 0..4_000_000_000_000_i64, back in 0..800 * DAY) {
            let mut now = deadline - back;
            let mut steps = 0;
            loop {
                let tick = coarse_tick(deadline, now);
                prop_assert!(tick <= fine_tick(deadline));
                if tick == fine_tick(deadline) {
                    break;
                }
                prop_assert!(i64::from(tick) * TICK_MS > now, "an entry must not come up again at once");
                now = i64::from(tick) * TICK_MS;
                steps += 1;
                prop_assert!(steps < 200);
            }
        }
    }
}
