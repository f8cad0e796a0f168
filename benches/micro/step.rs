//! A customer's record and an event: the model alone.

use std::hint::black_box;

use klantreis::journey::{Effects, Record};

use crate::load::{self, Sample};
use crate::measure::Bench;

/// Few enough that all records are in the processor's cache.
const CUSTOMERS: usize = 256;

pub fn bench(criterion: &mut Bench) {
    let set = load::models();
    let sample = Sample::load();
    let mut decoders = load::decoders(&set);
    let mut events = Vec::new();
    for (input, decoder) in decoders.iter_mut().enumerate() {
        for value in sample.values(input) {
            let record = klantreis::formats::RawRecord { key: None, value: Some(value), timestamp: load::START };
            events.push(decoder.decode(&record).expect("the sample is sound"));
        }
    }
    events.retain(|event| event.kind.is_some());
    // Kinds in turn as they come, not input after input.
    events.sort_by_key(|event| event.at);
    criterion.bench_function("step/think5", |bencher| {
        let mut records: Vec<Box<Record>> = (0..CUSTOMERS).map(|_| set.fresh()).collect();
        let (mut effects, mut turn, mut at) = (Effects::default(), 0, load::START);
        bencher.iter(|| {
            turn += 1;
            at += 60_000;
            let place = turn % events.len();
            let event = &mut events[place];
            event.at = at;
            effects.clear();
            black_box(set.step(&mut records[turn * 7 % CUSTOMERS], event, "clicks", &mut effects))
        });
    });
}
