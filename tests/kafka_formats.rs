//! All formats at once: each on a topic of its own of a real broker, read by one service, every event told of.
#![allow(missing_docs, clippy::unwrap_used)]

// What the tests of the formats need of it beside.
#[allow(dead_code)]
#[path = "formats/cases.rs"]
mod cases;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;

use cases::{Case, Input, cases};
use klantreis::formats::{FORMATS, KINDS};
use serde_json::Value;
use support::{Broker, Isolation};

/// Later than every event of the fixtures, so that none is from the future.
const FILLED_AT: i64 = 1_790_000_000_000;
const ZONE: &str = "Europe/Amsterdam";

/// Formats whose times need a zone from their input.
const WITHOUT_ZONES: [&str; 1] = ["poslog"];

/// Whether an input that says nothing but the zone reads the case as the fixture wants it read.
fn is_plain(case: &Case) -> bool {
    let zone = WITHOUT_ZONES.contains(&case.format.as_str()).then(|| ZONE.to_owned());
    let Input { headers, key, timestamp, .. } = &case.input;
    let beside = Input { headers: headers.clone(), key: key.clone(), zone, ..Input::default() };
    timestamp.is_none() && case.input == beside && case.name.starts_with(&format!("{}/", case.format))
}

/// What the service is to do with the events of some cases.
#[derive(Debug, Default)]
struct Expected {
    /// How often, by channel, offset, customer, kind and event id.
    told: BTreeMap<(String, i64, String, String, String), usize>,
    /// The same with the time.
    at: BTreeSet<(String, i64, String, String, String, String)>,
    ignored: u64,
    dead_letters: u64,
}

#[test]
fn all_formats_on_topics_of_their_own_are_read_at_once() {
    let broker = Broker::shared();
    let prefix = broker.prefix("formats");
    let formats: Vec<&str> = FORMATS.iter().map(|format| format.name).filter(|name| *name != "mapping").collect();
    let topics: Vec<String> = formats.iter().map(|format| format!("{prefix}{format}")).collect();
    // One partition: in which everybody belongs, also those who share a record.
    let new: Vec<_> = topics.iter().map(|topic| (topic.as_str(), 1, &[("retention.ms", "-1")] as _)).collect();
    broker.create_topics(&new);

    let all = cases();
    let mut expected = Expected::default();
    for (format, topic) in formats.iter().zip(&topics) {
        let of: Vec<&Case> = all.iter().filter(|case| case.format == *format && is_plain(case)).collect();
        assert!(of.len() >= 8, "{format} has {} cases that need no more than the format's name", of.len());
        let records = of.iter().map(|case| support::Send {
            key: Some(case.name.clone().into_bytes()),
            value: Some(case.value.clone()),
            timestamp: Some(FILLED_AT),
            headers: case
                .input
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), Some(value.clone().into())))
                .collect(),
            partition: Some(0),
        });
        broker.produce(topic, records);
        for (offset, case) in of.iter().enumerate() {
            expected.add(format, offset as i64, case);
        }
    }

    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("told.yaml");
    let config = folder.path().join("formats.yaml");
    std::fs::write(&model, everything_told()).unwrap();
    std::fs::write(&config, configuration(broker, &prefix, &formats, &topics)).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_klantreis"))
        .args(["run", "--exit-when-caught-up", "-c", config.to_str().unwrap()])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {log}"));

    let mut found = Expected {
        ignored: figures["ignored"].as_u64().unwrap(),
        dead_letters: figures["dead_letters"].as_u64().unwrap(),
        ..Expected::default()
    };
    for record in broker.read(&format!("{prefix}all.signals"), Isolation::ReadCommitted) {
        let signal: Value = serde_json::from_str(record.text()).unwrap();
        let text = |key: &str| signal[key].as_str().unwrap_or_default().to_owned();
        let offset = signal["offset"].as_i64().unwrap();
        let told = (text("channel"), offset, text("customer"), text("cause"), text("event_id"));
        // What is told of an event that came late may be of the time at which the phase began.
        if signal["late"] != true {
            let (channel, _, customer, kind, id) = told.clone();
            let at = (channel, offset, customer, kind, id, text("at"));
            assert!(expected.at.contains(&at), "{at:?} is not expected");
        }
        *found.told.entry(told).or_default() += 1;
    }
    let missing: Vec<_> = expected.told.iter().filter(|(told, count)| found.told.get(told) != Some(count)).collect();
    let surplus: Vec<_> = found.told.iter().filter(|(told, count)| expected.told.get(told) != Some(count)).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?}\nsurplus {surplus:#?}\n{log}");
    assert_eq!((found.ignored, found.dead_letters), (expected.ignored, expected.dead_letters), "{log}");
    assert!(expected.told.len() > 300, "{}", expected.told.len());
}

impl Expected {
    fn add(&mut self, format: &str, offset: i64, case: &Case) {
        if case.expected.is_empty() {
            self.ignored += 1;
        }
        for line in &case.expected {
            if line.get("rejected").is_some() {
                self.dead_letters += 1;
            } else if line.get("unmapped").is_some() {
                self.ignored += 1;
            } else if line.get("dropped").is_none() {
                let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
                let told = (format.to_owned(), offset, text("customer"), text("kind"), text("id"));
                let (channel, _, customer, kind, id) = told.clone();
                self.at.insert((channel, offset, customer, kind, id, text("at")));
                *self.told.entry(told).or_default() += 1;
            }
        }
    }
}

/// A model with one phase that tells of every event.
fn everything_told() -> String {
    let kinds: Vec<&str> = KINDS.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect();
    let kinds = kinds.join(", ");
    format!(
        "model: told
version: 1
kinds: [{kinds}]
phases:
  known: {{ name: {{ en: Known }} }}
transitions:
  - {{ id: arrival, from: new, to: known, on: any }}
signals:
  - {{ id: event, on: [{kinds}] }}
"
    )
}

fn configuration(broker: &Broker, prefix: &str, formats: &[&str], topics: &[String]) -> String {
    let mut text = format!(
        "application: {prefix}all
kafka: {{ brokers: \"{}\", instance: one, replication: 1 }}
models: [./told.yaml]
envelope: bare
duplicates: {{ remember: 0 }}
http: {{ listen: \"127.0.0.1:0\" }}
inputs:
",
        broker.address()
    );
    for (format, topic) in formats.iter().zip(topics) {
        let zone = if WITHOUT_ZONES.contains(format) { format!(", zone: {ZONE}") } else { String::new() };
        let _ = writeln!(text, "  - {{ name: {format}, topic: {topic}, format: {format}{zone} }}");
    }
    text
}
