//! Records like those of the comparison job, made in memory: the generator's own, with other customers and times put in.
//!
//! `sample.ndjson` holds 200 records in a row as `benches/peers/generator` writes them (`--seed 11`); the mix of kinds and
//! the sizes of the values are therefore the job's. Not in here: measuring.
// Each benchmark uses a part of this.
#![allow(dead_code, unused_imports)]

mod cpu;
mod customers;
mod fixtures;
mod ids;
#[cfg(feature = "registry")]
mod schemas;
mod shelf;
mod shop;
mod touch;

pub use cpu::cpu_time;
pub use customers::{Customers, Spread};
pub use fixtures::{Fixtures, fixtures, record};
pub use ids::Ids;
pub use shop::{FILL, Shop};
pub use touch::touch;

use std::ops::Range;
use std::sync::Arc;

use klantreis::engine::{Envelope, InputRules, Rules};
use klantreis::formats::{Decoder, FormatSpec, RawRecord, TimeSource, open};
use klantreis::journey::{Event, ModelSet, SetOptions, Span, builtin};

/// The inputs of the job, by topic, with their formats.
pub const INPUTS: [(&str, &str); 3] = [("clicks", "segment"), ("mail", "sendgrid"), ("pos", "square")];
pub const DAY: i64 = 86_400_000;
/// Where event time begins: 2025-01-01T00:00:00Z.
pub const START: i64 = 1_735_689_600_000;

/// The job's model: think5 without signals.
pub fn models() -> Arc<ModelSet> {
    model("think5", false)
}

/// A built-in model, with its signals or without.
pub fn model(name: &str, signals: bool) -> Arc<ModelSet> {
    let options = SetOptions { forget_after: Span(400 * DAY), remembered_ids: 4 };
    let mut checked = builtin(name).expect("it is built in");
    if !signals {
        checked.model.drop_signals();
    }
    Arc::new(ModelSet::new(vec![checked], options).expect("it runs alone"))
}

/// The rules of the job, for one partition that holds everybody.
pub fn rules(set: Arc<ModelSet>) -> Arc<Rules> {
    let inputs = INPUTS.map(|(name, _)| InputRules { name: name.to_owned(), topic: name.to_owned() });
    Arc::new(Rules {
        application: "bench".to_owned(),
        set,
        inputs: inputs.to_vec(),
        reads_from: 0,
        partition_count: Some(1),
        outputs_alike: false,
        allowed_lateness_ms: 60_000,
        max_future_skew_ms: 300_000,
        event_bytes_max: 1 << 20,
        envelope: Envelope::Binary,
        inline_needs: false,
        writes_phases: false,
    })
}

pub fn decoders(set: &ModelSet) -> Vec<Box<dyn Decoder>> {
    let decoder = |format| {
        let spec = FormatSpec::new(format, None).expect("the formats are built in");
        open(&spec, set.vocabulary(), TimeSource::Event).expect("fixed formats fit every vocabulary")
    };
    INPUTS.iter().map(|(_, format)| decoder(format)).collect()
}

/// A record of the sample, with the places of what changes.
struct Template {
    input: usize,
    value: Vec<u8>,
    customers: Vec<usize>,
    /// Times written as RFC 3339, or else as seconds.
    times: Vec<usize>,
    seconds: Option<usize>,
    /// 16 characters of the event's id.
    id: usize,
    /// Whether it means anything to the model.
    counts: bool,
}

/// The sample.
pub struct Sample(Vec<Template>);

impl Sample {
    pub fn load() -> Self {
        Self::with(Ids::Short)
    }

    /// The same, with customers named otherwise.
    fn with(ids: Ids) -> Self {
        let lines = include_str!("sample.ndjson").lines();
        let records = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).expect("the sample is JSON"));
        Self(records.map(|record| Template::new(&record, ids)).collect())
    }

    /// The values of one input, as they are.
    pub fn values(&self, input: usize) -> Vec<&[u8]> {
        self.0.iter().filter(|one| one.input == input).map(|one| one.value.as_slice()).collect()
    }

    /// What the model knows of all inputs, decoded.
    pub fn events(&self, set: &ModelSet) -> Vec<Event<'_>> {
        let mut events = Vec::new();
        for (input, decoder) in decoders(set).iter_mut().enumerate() {
            for value in self.values(input) {
                let record = RawRecord { value: Some(value), timestamp: START, ..RawRecord::default() };
                events.extend(decoder.decode(&record).expect("the sample is sound").one());
            }
        }
        events.retain(|event| event.kind.is_some());
        // Kinds in turn as they come, not input after input.
        events.sort_by_key(|event| event.at);
        events
    }
}

impl Template {
    fn new(record: &serde_json::Value, ids: Ids) -> Self {
        let text = |name: &str| record[name].as_str().expect("a text");
        let customer = ids.of(0);
        let value = text("value").replace(text("key"), &customer);
        let at = record["timestamp"].as_i64().expect("a number");
        let time = rfc3339(at);
        let places = |what: &str| value.match_indices(what).map(|(place, _)| place).collect::<Vec<_>>();
        let id = ["ajs-", "\"sg_event_id\":\"", "\"event_id\":\""];
        let id = id
            .iter()
            .find_map(|mark| value.find(mark).map(|place| place + mark.len()))
            .expect("every record has an id");
        Self {
            input: INPUTS.iter().position(|(name, _)| *name == text("topic")).expect("one of the job's topics"),
            customers: places(&customer),
            times: places(std::str::from_utf8(&time).expect("digits")),
            seconds: value.find("\"timestamp\":1").map(|place| place + "\"timestamp\":".len()),
            id,
            counts: !value.contains("\"status\":\"APPROVED\""),
            value: value.into_bytes(),
        }
    }
}

/// Records in the order of their times.
#[derive(Default)]
pub struct Records {
    bytes: Vec<u8>,
    all: Vec<(usize, i64, Range<usize>)>,
    keys: Vec<u8>,
    key_bytes: usize,
}

impl Records {
    /// The key of each record: its customer.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.all.len()).map(|number| self.key(number))
    }

    /// The key of the record of this number.
    pub fn key(&self, number: usize) -> &[u8] {
        &self.keys[number * self.key_bytes..][..self.key_bytes]
    }

    /// The record of this number.
    pub fn record(&self, number: usize) -> RawRecord<'_> {
        let (_, timestamp, range) = &self.all[number];
        RawRecord { value: Some(&self.bytes[range.clone()]), timestamp: *timestamp, ..RawRecord::default() }
    }

    pub fn iter(&self) -> impl Iterator<Item = (usize, RawRecord<'_>)> {
        self.all.iter().enumerate().map(|(number, (input, ..))| (*input, self.record(number)))
    }

    /// The numbers of each input's records.
    fn by_input(&self) -> [Vec<u32>; INPUTS.len()] {
        let mut numbers = [const { Vec::new() }; INPUTS.len()];
        self.all.iter().zip(0..).for_each(|((input, ..), number)| numbers[*input].push(number));
        numbers
    }
}

/// Goes on for as long as records are asked for.
pub struct Feed {
    sample: Sample,
    ids: Ids,
    /// How many records there have been.
    pub next: u64,
    /// The time of the next one.
    pub at: f64,
    /// Milliseconds between two records.
    pub step_ms: f64,
}

impl Feed {
    pub fn new(step_ms: f64) -> Self {
        Self::with(Ids::Short, step_ms)
    }

    /// One whose customers have such ids.
    pub fn with(ids: Ids, step_ms: f64) -> Self {
        Self { sample: Sample::with(ids), ids, next: 0, at: START as f64, step_ms }
    }

    /// The next records, of customers that `who` names, in place of those that are there.
    pub fn fill(&mut self, records: &mut Records, count: usize, mut who: impl FnMut() -> u64) {
        records.bytes.clear();
        records.all.clear();
        records.keys.clear();
        records.key_bytes = self.ids.bytes();
        let mut written = (i64::MIN, [0; 24]);
        for _ in 0..count {
            let template = &self.sample.0[(self.next % self.sample.0.len() as u64) as usize];
            let at = self.at as i64;
            let start = records.bytes.len();
            records.bytes.extend_from_slice(&template.value);
            let value = &mut records.bytes[start..];
            let key = records.keys.len();
            self.ids.push(who(), &mut records.keys);
            let customer = &records.keys[key..];
            template.customers.iter().for_each(|&place| value[place..][..customer.len()].copy_from_slice(customer));
            if at != written.0 {
                written = (at, rfc3339(at));
            }
            template.times.iter().for_each(|&place| value[place..][..24].copy_from_slice(&written.1));
            if let Some(place) = template.seconds {
                value[place..][..10].copy_from_slice((at / 1000).to_string().as_bytes());
            }
            let id = format!("{:016x}", self.next.wrapping_mul(SCATTER));
            value[template.id..][..16].copy_from_slice(id.as_bytes());
            records.all.push((template.input, at, start..records.bytes.len()));
            self.next += 1;
            self.at += self.step_ms;
        }
    }

    /// Whether the record of this number means anything to the model; one that does not changes nothing.
    pub fn counts(&self, number: u64) -> bool {
        self.sample.0[(number % self.sample.0.len() as u64) as usize].counts
    }
}

/// Makes ids of one record after another unlike each other; odd, so that no two are the same.
const SCATTER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Which record of a feed, from 0, has an id.
pub fn number_of(event_id: &[u8]) -> Option<u64> {
    let digits = event_id.strip_prefix(b"ajs-").unwrap_or(event_id).get(..16)?;
    let id = u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some(id.wrapping_mul(INVERSE))
}

/// What undoes [`SCATTER`]: every step doubles the number of bits that are right, three at first.
const INVERSE: u64 = {
    let (mut inverse, mut step) = (SCATTER, 0);
    while step < 5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(SCATTER.wrapping_mul(inverse)));
        step += 1;
    }
    assert!(inverse.wrapping_mul(SCATTER) == 1);
    inverse
};

/// A time as the job's records have it, in 24 characters.
fn rfc3339(at: i64) -> [u8; 24] {
    let time = jiff::Timestamp::from_millisecond(at).expect("a time of this century");
    let text = format!("{time:.3}");
    text.as_bytes().try_into().expect("three decimals and a Z")
}
