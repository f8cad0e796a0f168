//! The steps that are counted: those of `benches/micro`, with less of everything, since each instruction takes some fifty times
//! as long here.
//!
//! What a step needs is made outside of [`measured`], and what is done only the first time has been done before. The seeds of
//! all that is drawn are fixed.

use std::hint::black_box;
use std::sync::Arc;

use klantreis::engine::keeper::Keeper;
use klantreis::engine::rows::NEVER;
use klantreis::engine::store::{IdHash, Place};
use klantreis::engine::timers::Timers;
use klantreis::formats::RawRecord;
use klantreis::journey::{Effects, Record};

use crate::load::{self, Customers, DAY, Feed, Ids, Records, Sample, Shop, Spread, touch};

/// Does its work inside of [`measured`]; how many operations that were.
pub type Step = fn() -> u64;

/// Every step by its name.
pub const STEPS: [(&str, Step); 10] = [
    ("decode/segment", || decode(0)),
    ("decode/sendgrid", || decode(1)),
    ("decode/square", || decode(2)),
    ("step/think5", step),
    ("store/find", find),
    ("store/update", update),
    ("timers/set", timers),
    ("apply", apply),
    ("state/close, per changed customer", close),
    ("state/restore, per customer", restore),
];

const CUSTOMERS: u64 = 10_000;
/// Operations, where one can say beforehand how many.
const OPERATIONS: u64 = 10_000;
/// Records of an epoch.
const EPOCH: usize = 5_000;
const EPOCHS: u64 = 4;

/// What is to be counted. A struct, so that one pointer leads to it.
struct Work<'a>(&'a mut dyn FnMut());

/// Valgrind counts from when this is entered until it is left, and finds it by its name.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn measured(work: &mut Work<'_>) {
    (work.0)();
}

/// Counts what `work` does.
fn count(mut work: impl FnMut()) {
    measured(&mut Work(&mut work));
}

fn decode(input: usize) -> u64 {
    let set = load::models();
    let sample = Sample::load();
    let mut decoder = load::decoders(&set).swap_remove(input);
    let values = sample.values(input);
    let mut decode = |value| {
        let record = RawRecord { value: Some(value), timestamp: load::START, ..RawRecord::default() };
        black_box(decoder.decode(&record).expect("the sample is sound"));
    };
    values.iter().for_each(|value| decode(value));
    // All of them equally often.
    let rounds = OPERATIONS / values.len() as u64;
    count(|| (0..rounds).for_each(|_| values.iter().for_each(|value| decode(value))));
    rounds * values.len() as u64
}

fn step() -> u64 {
    let set = load::models();
    let sample = Sample::load();
    let mut events = sample.events(&set);
    let mut records: Vec<Box<Record>> = (0..256).map(|_| set.fresh()).collect();
    let (mut effects, mut turn, mut at) = (Effects::default(), 0, load::START);
    let mut step = || {
        turn += 1;
        at += 60_000;
        let (place, record) = (turn % events.len(), turn * 7 % records.len());
        events[place].at = at;
        effects.clear();
        let _ = black_box(set.step(&mut records[record], &events[place], "clicks", &mut effects));
    };
    (0..OPERATIONS).for_each(|_| step());
    count(|| (0..OPERATIONS).for_each(|_| step()));
    OPERATIONS
}

/// A store with everybody in it, and ids of some.
fn store() -> (Keeper, Vec<String>) {
    let mut store = Keeper::new(load::models().layout().words);
    (0..CUSTOMERS).for_each(|customer| touch(&mut store, &Ids::Short.of(customer)));
    let mut customers = Customers::new(CUSTOMERS, Spread::Uniform);
    (store, (0..OPERATIONS).map(|_| Ids::Short.of(customers.next())).collect())
}

fn find() -> u64 {
    let (store, ids) = store();
    count(|| {
        for id in &ids {
            black_box(store.read(IdHash::of(id), id, |customer| customer.record.u32(0)));
        }
    });
    OPERATIONS
}

fn update() -> u64 {
    let (mut store, ids) = store();
    count(|| ids.iter().for_each(|id| touch(&mut store, id)));
    OPERATIONS
}

fn timers() -> u64 {
    let mut timers = Timers::new();
    let mut set = |turn: u64| {
        let now = turn as i64;
        timers.schedule(Place(turn as u32), Some(now + 30 * DAY), now, black_box(&mut { NEVER }));
    };
    (0..OPERATIONS).for_each(&mut set);
    count(|| (OPERATIONS..2 * OPERATIONS).for_each(&mut set));
    OPERATIONS
}

/// A shop that everybody has been to, and what comes next.
struct Busy {
    shop: Shop,
    parts: Vec<Vec<u8>>,
    feed: Feed,
    customers: Customers,
    records: Records,
}

impl Busy {
    fn new() -> Self {
        // Ninety days of the job, if each customer has ten events.
        let mut feed = Feed::new(90.0 * 864e5 / (10 * CUSTOMERS) as f64);
        let mut shop = Shop::new();
        let parts = shop.fill(&mut feed, CUSTOMERS);
        let customers = Customers::new(CUSTOMERS, Spread::Uniform);
        Self { shop, parts, feed, customers, records: Records::default() }
    }

    fn next(&mut self) {
        self.feed.fill(&mut self.records, EPOCH, || self.customers.next());
    }
}

fn apply() -> u64 {
    let mut busy = Busy::new();
    for _ in 0..EPOCHS {
        busy.next();
        count(|| busy.shop.apply(&busy.records));
        busy.shop.close();
    }
    EPOCHS * EPOCH as u64
}

fn close() -> u64 {
    let mut busy = Busy::new();
    let mut closed = 0;
    for _ in 0..EPOCHS {
        busy.next();
        busy.shop.apply(&busy.records);
        closed += busy.shop.changed() as u64;
        count(|| busy.shop.close());
    }
    closed
}

fn restore() -> u64 {
    let Busy { shop, parts, .. } = Busy::new();
    let there = shop.partition.store().len();
    let mut again = 0;
    count(|| again = Shop::restored(Arc::clone(&shop.rules), &parts));
    assert_eq!(again, there, "everybody is back");
    there as u64
}
