//! Finding and changing a customer among many.

use std::convert::Infallible;
use std::hint::black_box;

use criterion::BenchmarkId;
use klantreis::engine::keeper::Keeper;
use klantreis::engine::store::IdHash;

use crate::load::{self, Customers, Spread};
use crate::measure::Bench;

/// Ids drawn ahead, so that drawing them is not measured.
const DRAWN: usize = 1 << 20;

pub fn bench(criterion: &mut Bench) {
    let words = load::models().layout().words;
    let mut group = criterion.benchmark_group("store");
    for count in [10_000_u64, 1_000_000] {
        let mut store = Keeper::new(words);
        (0..count).for_each(|customer| update(&mut store, &id(customer)));
        for spread in [Spread::Uniform, Spread::Zipf] {
            let mut customers = Customers::new(count, spread);
            let ids: Vec<[u8; 9]> =
                (0..DRAWN).map(|_| id(customers.next()).as_bytes().try_into().expect("nine characters")).collect();
            let ids = || ids.iter().cycle().map(|id| std::str::from_utf8(id).expect("letters and digits"));
            group.bench_function(BenchmarkId::new(format!("find/{spread:?}"), count), |bencher| {
                let mut ids = ids();
                bencher.iter(|| {
                    let id = ids.next().expect("without end");
                    black_box(store.read(IdHash::of(id), id, |customer| customer.record.u32(0)))
                });
            });
            group.bench_function(BenchmarkId::new(format!("update/{spread:?}"), count), |bencher| {
                let mut ids = ids();
                bencher.iter(|| update(&mut store, ids.next().expect("without end")));
            });
        }
    }
}

fn update(store: &mut Keeper, id: &str) {
    let Ok(()) = store.update(
        IdHash::of(id),
        id,
        || Ok::<_, Infallible>(0),
        |_, customer, _| {
            let word = customer.record.u32(0);
            customer.record.set_u32(0, word.wrapping_add(1));
        },
    );
}

fn id(customer: u64) -> String {
    format!("c{customer:08}")
}
