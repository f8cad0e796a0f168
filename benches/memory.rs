//! What a customer takes up, and what an event costs among few and among many: one process for each number of customers.
//!
//! `cargo bench --bench memory` measures 10,000 and 1,000,000 customers; with `-- --all` 10,000,000 too, which takes some
//! 3 GB. Prints a table in Markdown. The customers are those of one partition with the model think5; each has had an event
//! before anything is measured.
#![allow(missing_docs)]

mod load;

use std::time::Duration;

use anyhow::{Context as _, bail};
use load::{Customers, Feed, Records, Shop, Spread, cpu_time};

/// The allocator of the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Events measured.
const EVENTS: usize = 1_000_000;
/// Records made ahead of each measured stretch.
const STRETCH: usize = 20_000;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(place) = arguments.iter().position(|argument| argument == "--customers") {
        return measure(arguments.get(place + 1).context("--customers needs a number")?.parse()?);
    }
    println!(
        "| customers | resident bytes per customer | of which counted by the store | ns per event, Zipf | ns per event, uniform |"
    );
    println!("|--:|--:|--:|--:|--:|");
    let mut counts = vec![10_000_u64, 1_000_000];
    if arguments.iter().any(|argument| argument == "--all") {
        counts.push(10_000_000);
    }
    for count in counts {
        let own = std::env::current_exe().context("finding this program")?;
        let status = std::process::Command::new(own).args(["--customers", &count.to_string()]).status()?;
        if !status.success() {
            bail!("measuring {count} customers failed: {status}");
        }
    }
    Ok(())
}

fn measure(count: u64) -> anyhow::Result<()> {
    // Twenty days for the first event of each: short of the thirty after which quiet customers would leave.
    let mut feed = Feed::new(20.0 * 864e5 / count as f64);
    let (mut shop, mut records) = (Shop::new(), Records::default());
    // What every run needs, however few customers, is there before the first look: buffers as large as they will be.
    let mut guest = count;
    feed.fill(&mut records, load::FILL, || {
        guest += 1;
        guest
    });
    shop.apply(&records);
    shop.close();
    let before = resident()?;
    shop.fill_keeping(&mut feed, count, false);
    let resident = resident()?.saturating_sub(before);
    let counted = shop.partition.store().bytes();
    let each = |bytes: u64| bytes as f64 / count as f64;
    // Five more days.
    feed.step_ms = 5.0 * 864e5 / (2 * EVENTS) as f64;
    let zipf = cost(&mut shop, &mut feed, Customers::new(count, Spread::Zipf));
    let uniform = cost(&mut shop, &mut feed, Customers::new(count, Spread::Uniform));
    println!("| {count} | {:.0} | {:.0} | {:.0} | {:.0} |", each(resident), each(counted), zipf, uniform);
    Ok(())
}

/// Nanoseconds that an event takes from its bytes to the open epoch.
fn cost(shop: &mut Shop, feed: &mut Feed, mut customers: Customers) -> f64 {
    let (mut records, mut spent) = (Records::default(), Duration::ZERO);
    for _ in 0..EVENTS / STRETCH {
        feed.fill(&mut records, STRETCH, || customers.next());
        let began = cpu_time();
        shop.apply(&records);
        spent += cpu_time() - began;
        shop.close();
    }
    spent.as_secs_f64() * 1e9 / EVENTS as f64
}

fn resident() -> anyhow::Result<u64> {
    klantreis::process::resident_bytes().context("/proc/self/statm does not say how much memory is taken")
}
