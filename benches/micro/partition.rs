//! Everything that happens to a record between Kafka and Kafka: decoded, stepped, stored, written into the epoch.

use std::time::Duration;

use criterion::BenchmarkId;

use crate::load::{Customers, Feed, Records, Shop, Spread, cpu_time};
use crate::measure::Bench;

/// Records made ahead of each measured stretch.
const STRETCH: usize = 20_000;

pub fn bench(criterion: &mut Bench) {
    let mut group = criterion.benchmark_group("apply");
    for count in [10_000_u64, 1_000_000] {
        for spread in [Spread::Uniform, Spread::Zipf] {
            // Ninety days of the job, if each customer has ten events.
            let mut feed = Feed::new(90.0 * 864e5 / (10.0 * count as f64));
            let (mut shop, mut records) = (Shop::new(), Records::default());
            shop.fill(&mut feed, count);
            let mut customers = Customers::new(count, spread);
            group.bench_function(BenchmarkId::new(format!("{spread:?}"), count), |bencher| {
                bencher.iter_custom(|wanted| {
                    let mut spent = Duration::ZERO;
                    let mut left = wanted as usize;
                    while left > 0 {
                        let now = left.min(STRETCH);
                        feed.fill(&mut records, now, || customers.next());
                        let began = cpu_time();
                        shop.apply(&records);
                        spent += cpu_time() - began;
                        shop.close();
                        left -= now;
                    }
                    spent
                });
            });
        }
    }
}
