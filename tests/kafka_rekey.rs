//! The same answer from inputs that are keyed by anything, in any number of partitions, as from inputs keyed by customer.

mod support;

use std::collections::HashSet;

use serde_json::Value;
use support::answer::{bodies, check_phases, check_signals, check_transitions, without_repeats, written};
use support::traffic::{Meaning, Record, Wanted, fold, traffic};
use support::{Broker, Isolation, Job, Send, Setup};

const WANTED: Wanted = Wanted { seed: 20_250_407, events: 12_000, customers: 1_200, days: 90, apart: 0 };

/// Records of which no two of the same customer and time are in the same input: nobody knows which of two partitions'
/// records was first, if they say the same time.
fn records(wanted: Wanted) -> Vec<Record> {
    let mut records = traffic(wanted);
    let mut seen = HashSet::new();
    records.retain(|record| seen.insert((record.customer.clone(), record.at, record.input)));
    records
}

/// Keyed by their number, by nothing, or by what they have in common with all.
fn keyed_by_anything(number: usize, record: &Record) -> Send {
    let key = match number % 3 {
        0 => Some(format!("event-{number}").into_bytes()),
        1 => None,
        _ => Some(vec![b'a' + (number % 20) as u8]),
    };
    // Without a key a producer picks a partition by itself.
    let partition = key.is_none().then_some((number % 3) as i32);
    Send { partition, key, value: Some(record.value.clone()), timestamp: Some(record.at), headers: Vec::new() }
}

fn rekey(setup: Setup) -> Setup {
    Setup { more: "keying: rekey", ..setup }
}

fn check(name: &str, setup: &Setup) {
    let records = records(WANTED);
    let job = Job::with_partitions(Broker::shared(), name, [6, 4, 3]);
    job.fill_as(&records, keyed_by_anything);
    let figures = job.catch_up("one", setup);
    assert_eq!(figures["events"], records.len(), "{figures}\n{}", job.log("one"));
    let (transitions, repeats) = without_repeats(written(&job));
    assert_eq!(repeats, 0, "nothing went wrong, so there is nothing to repeat");
    let mut customers = check_transitions(&transitions, fold(&records), name);
    assert!(check_signals(&job, &mut customers, name) > 100, "there are signals");
    check_phases(&job, &customers);
    check_places(&job, &records);
    check_identifiers(&job, records.len());

    let again = job.catch_up("one", setup);
    assert_eq!((&again["events"], &again["transitions"]), (&0.into(), &0.into()), "{again}");
    assert_eq!(written(&job).len(), transitions.len(), "a second run writes nothing more");
}

/// Events say all that identifies their customers, whichever of it the customer is.
fn check_identifiers(job: &Job<'_>, records: usize) {
    let events = job.broker.read(&job.topic("events"), Isolation::ReadCommitted);
    let events = events.iter().map(|event| serde_json::from_str::<Value>(event.text()).expect("events are JSON"));
    let events: Vec<_> = events.filter(|event| !event["customer"].is_null()).collect();
    assert!(events.len() > records / 2, "{} events of {records} records", events.len());
    for event in events {
        let identifiers = event["identifiers"].as_object();
        let is_there = identifiers.is_some_and(|all| all.values().any(|identifier| *identifier == event["customer"]));
        assert!(is_there, "{event}");
    }
}

/// Transitions and dead letters say where the record lies that they are of, in the input.
fn check_places(job: &Job<'_>, records: &[Record]) {
    let mut found = 0;
    let inputs: Vec<_> =
        (0..3).map(|input| (job.input(input), job.broker.read(&job.input(input), Isolation::ReadCommitted))).collect();
    for (_, body) in bodies(job, "transitions").iter().filter(|(_, body)| body["cause"] != "timer") {
        let place = |name: &str| body[name].as_i64().unwrap_or_else(|| panic!("no {name} in {body}"));
        let (_, seen) = inputs.iter().find(|(topic, _)| body["topic"] == **topic).expect("the topic of an input");
        let (partition, offset) = (place("partition"), place("offset"));
        let record = seen.iter().find(|seen| (i64::from(seen.partition), seen.offset) == (partition, offset));
        let record = record.unwrap_or_else(|| panic!("no record for {body}"));
        if let Some(id) = body["event_id"].as_str() {
            assert!(record.text().contains(id), "{body}: {}", record.text());
            found += 1;
        }
    }
    assert!(found > 500, "transitions say the events they came of: {found}");
    let unusable = records.iter().filter(|record| matches!(record.meaning, Meaning::Unusable(_))).count();
    let letters = job.broker.read(&job.topic("dead-letters"), Isolation::ReadCommitted);
    assert_eq!(letters.len(), unusable);
    for letter in letters {
        let header = |name: &str| {
            let value = letter.headers.iter().find(|(header, _)| header == name).and_then(|(_, value)| value.clone());
            String::from_utf8(value.unwrap_or_else(|| panic!("no {name}"))).expect("a text")
        };
        let topic = header("__connect.errors.topic");
        let (_, seen) = inputs.iter().find(|(name, _)| *name == topic).expect("the topic of an input");
        let is_it = |seen: &&support::Seen| {
            seen.partition.to_string() == header("__connect.errors.partition")
                && seen.offset.to_string() == header("__connect.errors.offset")
        };
        let record = seen.iter().find(is_it).expect("the record that it was");
        assert_eq!((&record.key, &record.value), (&letter.key, &letter.value));
    }
}

#[test]
fn inputs_keyed_by_anything_give_the_answer_of_inputs_keyed_by_customer() {
    check("rekey-eos", &rekey(Setup { workers: 2, ..Setup::default() }));
}

#[test]
fn inputs_keyed_by_anything_give_the_answer_at_least_once() {
    check("rekey-alo", &rekey(Setup { guarantee: "at_least_once", ..Setup::default() }));
}
