//! What each step of an event costs by itself, without Kafka: `make bench`, or `cargo bench --bench micro -- FILTER`.
//!
//! One file a step, in the order an event takes them; `partition` is all of them together.
#![allow(missing_docs)]

#[path = "../load/mod.rs"]
mod load;

mod decode;
mod measure;
mod partition;
mod state;
mod step;
mod store;
mod timers;

use std::time::Duration;

use criterion::Criterion;

/// The allocator of the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut criterion = Criterion::default()
        .with_measurement(measure::CpuTime)
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500))
        .configure_from_args();
    decode::bench(&mut criterion);
    step::bench(&mut criterion);
    store::bench(&mut criterion);
    timers::bench(&mut criterion);
    partition::bench(&mut criterion);
    state::bench(&mut criterion);
    criterion.final_summary();
}
