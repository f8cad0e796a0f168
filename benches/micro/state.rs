//! State on its way out and back: what closing an epoch costs for each customer that changed in it, and what restoring
//! costs for each customer.

use std::time::Duration;

use crate::load::{self, Customers, Feed, Records, Shop, Spread, cpu_time};
use crate::measure::Bench;

/// Records of an epoch: a tenth of a second at 200,000 a second.
const EPOCH: usize = 20_000;
/// Customers restored at once.
const RESTORED: u64 = 100_000;

pub fn bench(criterion: &mut Bench) {
    let mut group = criterion.benchmark_group("state");
    group.bench_function("close, per changed customer", |bencher| {
        let (mut shop, mut feed, mut records) = (Shop::new(), Feed::new(900.0), Records::default());
        let mut customers = Customers::new(1_000_000, Spread::Uniform);
        bencher.iter_custom(|wanted| {
            let (mut spent, mut closed) = (Duration::ZERO, 0);
            while closed < wanted {
                feed.fill(&mut records, EPOCH, || customers.next());
                shop.apply(&records);
                closed += shop.changed() as u64;
                let began = cpu_time();
                shop.close();
                spent += cpu_time() - began;
            }
            spent.mul_f64(wanted as f64 / closed as f64)
        });
    });
    group.bench_function("restore, per customer", |bencher| {
        let (mut shop, mut feed) = (Shop::new(), Feed::new(900.0));
        let parts = shop.fill(&mut feed, RESTORED);
        // A little fewer: some events are of kinds that the model does not know.
        let there = shop.partition.store().len();
        bencher.iter_custom(|wanted| {
            let (mut spent, mut restored) = (Duration::ZERO, 0);
            while restored < wanted {
                let began = cpu_time();
                let again = Shop::restored(load::rules(load::models()), &parts);
                spent += cpu_time() - began;
                assert_eq!(again, there, "everybody is back");
                restored += there as u64;
            }
            spent.mul_f64(wanted as f64 / restored as f64)
        });
    });
}
