//! From an event to its transition: feeds a running service at a steady rate and reads what it writes, in one process with
//! one clock.
//!
//! Most events are of customers who come again; every N-th is the first of a new customer, which always leads to a transition
//! that names the event. Of those the time is taken: from the time that stands in the event's record to the moment a
//! `read_committed` consumer has the transition. What is sent during the warm-up is left out. Prints one line of JSON.
//!
//! Without arguments, as `cargo bench` starts it, it says so and ends. `run.sh` beside it is how it is used.
#![allow(missing_docs)]

mod feeder;
mod figures;
#[path = "../load/mod.rs"]
mod load;
mod options;
mod probes;
mod reader;

use std::sync::Arc;

use anyhow::{Context as _, bail};
use feeder::Fed;
use figures::Figures;
use options::{Options, Rate};
use probes::Probes;

/// Also librdkafka's allocator, as in the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let Some(options) = Options::from_arguments()? else {
        println!("latency: nothing to do without --kafka HOST:PORT (`make bench-latency` starts it)");
        return Ok(());
    };
    let probes = Arc::new(Probes::new(options.plan()));
    let reader = reader::start(&options, Arc::clone(&probes))?;
    let fed = feeder::feed(&options, &probes).context("feeding")?;
    let read = reader.join().map_err(|_| anyhow::anyhow!("the reader has died"))?.context("reading transitions")?;
    println!("{}", report(&options, &fed, &read));
    match fed.probes - read.arrived {
        0 => Ok(()),
        missing => bail!("{missing} of {} transitions have not come", fed.probes),
    }
}

fn report(options: &Options, fed: &Fed, read: &reader::Read) -> String {
    let per_second = |until: u64| if until == 0 { 0.0 } else { fed.events as f64 * 1e9 / until as f64 };
    if options.rate == Rate::Max {
        return format!(
            "{{\"events\":{},\"transitions\":{},\"events_per_s\":{:.0},\"linger_ms\":{}}}",
            fed.events,
            read.arrived,
            per_second(read.last),
            options.linger_ms,
        );
    }
    let Figures { count, p50, p99, p999, max } = Figures::of(&read.latencies);
    format!(
        "{{\"events\":{},\"events_per_s\":{:.0},\"transitions\":{count},\"p50_ms\":{p50:.1},\"p99_ms\":{p99:.1},\"p999_ms\":{p999:.1},\
         \"max_ms\":{max:.1},\"gap_ms_max\":{:.1},\"behind_ms_max\":{:.1},\"linger_ms\":{}}}",
        fed.events,
        per_second(fed.last),
        figures::milliseconds(read.gap_max),
        figures::milliseconds(fed.behind_max),
        options.linger_ms,
    )
}
