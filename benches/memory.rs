//! What a customer takes up, by number of customers and kind of id, and what an event costs among few and among many.
//!
//! `cargo bench --bench memory` measures up to 1,000,000 customers; with `-- --all` 10,000,000 too, which takes some 3 GB and
//! some minutes. Prints tables in Markdown. The customers are those of one partition with the model think5; each has had an
//! event before anything is measured. Every row is a process of its own.
//!
//! An event among many is measured beside one among few, in turns of a second or less and in the same process, because time
//! on a shared machine is not the same from one minute to the next. Both go through the same story, told at the size of
//! each: all come once in a day; then, for twenty days, twice as many events as there are customers, of anybody; then eleven
//! days with few, in which those who did not come again go away. What is measured are the next days: again as many
//! events as customers, while the timers of about a tenth of them fire.
#![allow(missing_docs)]

mod load;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use klantreis::journey::ModelSet;
use load::{Customers, Feed, Ids, Records, Shop, Spread, cpu_time};

/// The allocator of the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Customers that are few.
const FEW: u64 = 10_000;
/// Records made ahead of each measured stretch, after which the epoch is closed.
const STRETCH: u64 = 5_000;
/// Events of the many before it is the turn of the few, and the other way round.
const TURN: u64 = 200_000;
const DAY: f64 = 864e5;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).map(String::as_str)
    };
    if let Some(count) = after("--customers") {
        let count = count.parse().context("--customers needs a number")?;
        let ids = after("--ids").and_then(|name| Ids::ALL.into_iter().find(|ids| ids.name() == name));
        let spread = [("zipf", Spread::Zipf), ("uniform", Spread::Uniform)];
        return match after("--spread").and_then(|name| spread.into_iter().find(|(known, _)| *known == name)) {
            Some((_, spread)) => flatness(count, spread),
            None => {
                let set =
                    load::model(after("--model").unwrap_or("think5"), arguments.iter().any(|one| one == "--signals"));
                size(count, ids.unwrap_or(Ids::Short), set)
            }
        };
    }
    let mut counts = vec![FEW, 1_000_000];
    if arguments.iter().any(|argument| argument == "--all") {
        counts.push(10_000_000);
    }
    println!("| customers | ids | resident bytes per customer | of which counted by the store |");
    println!("|--:|---|--:|--:|");
    for count in &counts {
        for ids in Ids::ALL.into_iter().filter(|ids| *ids == Ids::Short || *count > FEW) {
            itself(*count, &["--ids", ids.name()])?;
        }
    }
    println!();
    // Without signals think5 stands above. The last is the largest that is built in.
    println!("| customers | model, with signals | resident bytes per customer | of which counted by the store |");
    println!("|--:|---|--:|--:|");
    for count in &counts[1..] {
        for model in ["think5", "retention5", "store-pos"] {
            itself(*count, &["--model", model, "--signals"])?;
        }
    }
    println!();
    println!(
        "| customers | events | timers fired, transitions per 100 events | ns per event | among {FEW} customers | ratio | closing epochs | among {FEW} | resident bytes per customer at the end |"
    );
    println!("|--:|---|--:|--:|--:|--:|--:|--:|--:|");
    for count in &counts[1..] {
        for spread in ["uniform", "zipf"] {
            itself(*count, &["--spread", spread])?;
        }
    }
    Ok(())
}

/// Runs this program for one row.
fn itself(count: u64, arguments: &[&str]) -> anyhow::Result<()> {
    let own = std::env::current_exe().context("finding this program")?;
    let mut command = Command::new(own);
    command.args(["--customers", &count.to_string()]).args(arguments).stdin(Stdio::null());
    let status = command.status().context("starting this program again")?;
    if !status.success() {
        bail!("measuring {count} customers failed: {status}");
    }
    Ok(())
}

/// What customers with such ids take up after an event each.
fn size(count: u64, ids: Ids, set: Arc<ModelSet>) -> anyhow::Result<()> {
    // Twenty days for the first event of each: short of the thirty after which quiet customers would leave.
    let mut feed = Feed::with(ids, 20.0 * DAY / count as f64);
    let (model, signals) = (set.models()[0].name().to_owned(), !set.models()[0].signals().is_empty());
    let mut shop = Shop::of(set);
    warm_up(&mut shop, &mut feed, count);
    let before = resident()?;
    shop.fill_keeping(&mut feed, count, false);
    let resident = resident()?.saturating_sub(before);
    // A model that knows few of the kinds meets few of the customers.
    let held = shop.partition.store().len();
    let each = |bytes: u64| bytes as f64 / held as f64;
    let what = if signals { &model } else { ids.name() };
    println!("| {held} | {what} | {:.0} | {:.0} |", each(resident), each(shop.partition.store().bytes()));
    Ok(())
}

/// What every run needs, however few customers, is there before the first look: buffers as large as they will be.
fn warm_up(shop: &mut Shop, feed: &mut Feed, count: u64) {
    let (mut records, mut guest) = (Records::default(), count);
    feed.fill(&mut records, load::FILL, || {
        guest += 1;
        guest
    });
    shop.apply(&records);
    shop.close();
}

/// Customers and their story, as the module tells it.
struct Story {
    count: u64,
    spread: Spread,
    shop: Shop,
    feed: Feed,
    customers: Customers,
    records: Records,
    /// Events that are left of the story.
    left: u64,
    /// Events measured, and what they took until they were applied, and then to close their epochs.
    events: u64,
    applied: Duration,
    closed: Duration,
    fired: u64,
    told: u64,
}

impl Story {
    fn new(count: u64, spread: Spread) -> Self {
        Self {
            count,
            spread,
            shop: Shop::new(),
            feed: Feed::new(0.0),
            customers: Customers::new(count, spread),
            records: Records::default(),
            left: 0,
            events: 0,
            applied: Duration::ZERO,
            closed: Duration::ZERO,
            fired: 0,
            told: 0,
        }
    }

    /// Everything up to what is measured.
    fn begin(&mut self) {
        let Self { count, shop, feed, records, .. } = self;
        let count = *count;
        shop.renew();
        *feed = Feed::new(DAY / count as f64);
        shop.fill_keeping(feed, count, false);
        let mut anybody = Customers::new(count, Spread::Uniform);
        for (days, events, stretch) in [(20.0, 2 * count, STRETCH), (11.0, count / 10, STRETCH / 10)] {
            feed.step_ms = days * DAY / events as f64;
            let mut left = events;
            while left > 0 {
                let now = left.min(stretch);
                feed.fill(records, now as usize, || anybody.next());
                shop.work(records);
                shop.close();
                left -= now;
            }
        }
        // Among customers of whom a few are busy, more are quiet.
        let days = if self.spread == Spread::Zipf { 7.0 } else { 9.0 };
        feed.step_ms = days * DAY / count as f64;
        self.left = count;
    }

    /// The next so many events.
    fn go_on(&mut self, events: u64) {
        let mut wanted = events;
        while wanted > 0 {
            if self.left == 0 {
                self.begin();
            }
            let Self { shop, feed, customers, records, .. } = self;
            let now = wanted.min(STRETCH).min(self.left);
            feed.fill(records, now as usize, || customers.next());
            let (fired, told, began) = (shop.fired, shop.told, cpu_time());
            shop.work(records);
            let applied = cpu_time();
            shop.close();
            self.closed += cpu_time() - applied;
            self.applied += applied - began;
            self.fired += shop.fired - fired;
            self.told += shop.told - told;
            self.events += now;
            self.left -= now;
            wanted -= now;
        }
    }

    fn each(&self, spent: Duration) -> f64 {
        spent.as_secs_f64() * 1e9 / self.events as f64
    }
}

fn flatness(count: u64, spread: Spread) -> anyhow::Result<()> {
    let mut few = Story::new(FEW, spread);
    few.go_on(FEW);
    let before = resident()?;
    let mut many = Story::new(count, spread);
    many.begin();
    while many.left > 0 {
        let turn = TURN.min(many.left);
        many.go_on(turn);
        few.go_on(turn);
    }
    let resident = resident()?.saturating_sub(before) as f64 / count as f64;
    let name = if spread == Spread::Zipf { "Zipf" } else { "uniform" };
    let share = |number: u64| 100.0 * number as f64 / count as f64;
    let (fired, told) = (share(many.fired), share(many.told));
    let (one, other) = (many.each(many.applied), few.each(few.applied));
    let (closed, other_closed) = (many.each(many.closed), few.each(few.closed));
    println!(
        "| {count} | {name} | {fired:.0}, {told:.0} | {one:.0} | {other:.0} | {:.2} | {closed:.0} | {other_closed:.0} | {resident:.0} |",
        one / other
    );
    Ok(())
}

fn resident() -> anyhow::Result<u64> {
    klantreis::process::resident_bytes().context("/proc/self/statm does not say how much memory is taken")
}
