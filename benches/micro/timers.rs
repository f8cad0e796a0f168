//! The index of quiet customers: a deadline set, and looked at again until it is due.

use std::hint::black_box;

use criterion::BenchmarkId;
use klantreis::engine::rows::NEVER;
use klantreis::engine::store::Place;
use klantreis::engine::timers::Timers;

use crate::load::{DAY, cpu_time};
use crate::measure::Bench;

pub fn bench(criterion: &mut Bench) {
    let mut group = criterion.benchmark_group("timers");
    for (name, days) in [("2d", 2), ("30d", 30), ("400d", 400)] {
        group.bench_function(BenchmarkId::new("set", name), |bencher| {
            let (mut timers, mut turn) = (Timers::new(), 0_u32);
            bencher.iter(|| {
                turn += 1;
                let mut wake = NEVER;
                let now = i64::from(turn);
                timers.schedule(Place(turn), Some(now + days * DAY), now, black_box(&mut wake));
            });
        });
        // From being set to being due, with every look in between.
        group.bench_function(BenchmarkId::new("life", name), |bencher| {
            bencher.iter_custom(|count| {
                let began = cpu_time();
                let mut timers = Timers::new();
                let mut deadlines = Vec::with_capacity(count as usize);
                for turn in 0..count {
                    let deadline = days * DAY + turn as i64 * 1_000;
                    timers.schedule(Place(turn as u32), Some(deadline), turn as i64 * 1_000, &mut { NEVER });
                    deadlines.push(deadline);
                }
                while let Some((tick, places)) = timers.pop(i64::MAX) {
                    let now = i64::from(tick) * 1_000;
                    for place in places {
                        let deadline = deadlines[place.0 as usize];
                        if deadline > now {
                            timers.schedule(place, Some(deadline), now, &mut { NEVER });
                        }
                    }
                }
                cpu_time() - began
            });
        });
    }
}
