//! Finding and changing a customer among many.

use std::hint::black_box;

use compact_str::CompactString;
use criterion::BenchmarkId;
use klantreis::engine::keeper::Keeper;
use klantreis::engine::store::IdHash;

use crate::load::{self, Customers, Ids, Spread, touch};
use crate::measure::Bench;

/// Ids drawn ahead, so that drawing them is not measured.
const DRAWN: usize = 1 << 20;

pub fn bench(criterion: &mut Bench) {
    let words = load::models().layout().words;
    let mut group = criterion.benchmark_group("store");
    for count in [10_000_u64, 1_000_000] {
        let mut store = Keeper::new(words);
        (0..count).for_each(|customer| touch(&mut store, &Ids::Short.of(customer)));
        for spread in [Spread::Uniform, Spread::Zipf] {
            let mut customers = Customers::new(count, spread);
            let ids: Vec<_> = (0..DRAWN).map(|_| CompactString::from(Ids::Short.of(customers.next()))).collect();
            let ids = || ids.iter().cycle();
            group.bench_function(BenchmarkId::new(format!("find/{spread:?}"), count), |bencher| {
                let mut ids = ids();
                bencher.iter(|| {
                    let id = ids.next().expect("without end");
                    black_box(store.read(IdHash::of(id), id, |customer| customer.record.u32(0)))
                });
            });
            group.bench_function(BenchmarkId::new(format!("update/{spread:?}"), count), |bencher| {
                let mut ids = ids();
                bencher.iter(|| touch(&mut store, ids.next().expect("without end")));
            });
        }
    }
}
