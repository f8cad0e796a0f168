//! A customer's record and an event: the model alone.

use std::hint::black_box;

use klantreis::journey::{Effects, ModelSet, Record};

use crate::load::{self, Sample};
use crate::measure::Bench;

/// Few enough that all records are in the processor's cache.
const CUSTOMERS: usize = 256;

pub fn bench(criterion: &mut Bench) {
    // The last is the largest that is built in.
    for (name, model, signals) in [
        ("step/think5", "think5", false),
        ("step/think5, with signals", "think5", true),
        ("step/retention5, with signals", "retention5", true),
    ] {
        step(criterion, name, &load::model(model, signals));
    }
}

fn step(criterion: &mut Bench, name: &str, set: &ModelSet) {
    let sample = Sample::load();
    let mut events = sample.events(set);
    criterion.bench_function(name, |bencher| {
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
