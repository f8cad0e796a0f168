//! What an application has written, held against what it must be.

use std::collections::{BTreeMap, HashMap, HashSet};

use klantreis::engine::murmur2::partition_of;
use serde_json::Value;

use super::think5::{Customer, Move, Think5, Told};
use super::traffic::{INPUTS, Meaning, Record};
use super::{Isolation, Job, PARTITIONS, Seen};

/// A transition as it was read.
#[derive(Debug, Clone)]
pub struct Written {
    pub id: String,
    pub customer: String,
    pub what: Move,
}

/// Transitions as a reader of committed records sees them, by partition and offset.
pub fn written(job: &Job<'_>) -> Vec<Written> {
    job.broker.read(&job.topic("transitions"), Isolation::ReadCommitted).iter().map(parse).collect()
}

fn parse(seen: &Seen) -> Written {
    let body: Value = serde_json::from_str(seen.text()).unwrap_or_else(|problem| panic!("{problem}: {seen:?}"));
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let needed = |name: &str| text(name).unwrap_or_else(|| panic!("no {name} in {body}"));
    let at: jiff::Timestamp = needed("at").parse().expect("a time");
    let written = Written {
        id: needed("id"),
        customer: needed("customer"),
        what: Move {
            seq: body["seq"].as_u64().expect("a number"),
            from: text("from"),
            to: needed("to"),
            at: at.as_millisecond(),
            cause: needed("cause"),
            event_id: text("event_id"),
        },
    };
    assert_eq!(seen.key.as_deref(), Some(written.customer.as_bytes()), "the key is the customer");
    check_partition(seen);
    written
}

/// Holds a record against where every producer of Kafka's own would have put it.
fn check_partition(seen: &Seen) {
    let key = seen.key.as_deref().expect("a key");
    assert_eq!(seen.partition, partition_of(key, PARTITIONS), "{seen:?}");
}

/// What is left when repeats, known by their ids, are dropped; and how many there were.
pub fn without_repeats(written: Vec<Written>) -> (Vec<Written>, usize) {
    let all = written.len();
    let mut seen = HashSet::new();
    let left: Vec<_> = written.into_iter().filter(|one| seen.insert(one.id.clone())).collect();
    let repeats = all - left.len();
    (left, repeats)
}

/// Holds transitions against the expected ones: each customer's `seq` without gap or repeat, every transition equal. A timer
/// that is due after a customer's last event may have fired or not; if it did, it is the one that was due. Gives the customers as these transitions leave them.
pub fn check_transitions(written: &[Written], mut expected: Think5, what: &str) -> Think5 {
    let mut by_customer: BTreeMap<&str, Vec<&Move>> = BTreeMap::new();
    let mut ids = HashSet::new();
    for one in written {
        assert!(ids.insert(&one.id), "{what}: two transitions have the id {}: {one:?}", one.id);
        by_customer.entry(&one.customer).or_default().push(&one.what);
    }
    for (id, customer) in &mut expected.customers {
        let got = by_customer.remove(id.as_str()).unwrap_or_default();
        while customer.moves.len() < got.len() && customer.fire() {}
        let wanted: Vec<&Move> = customer.moves.iter().collect();
        if got != wanted {
            let place = got.iter().zip(&wanted).take_while(|(got, wanted)| got == wanted).count();
            panic!(
                "{what}: {id} goes wrong at its transition {place} of {}:\n got {:?}\nwant {:?}\n got before {:?}",
                wanted.len(),
                got.get(place),
                wanted.get(place),
                got.get(place.wrapping_sub(1)),
            );
        }
    }
    assert!(by_customer.is_empty(), "{what}: transitions of customers that are not there: {by_customer:?}");
    expected
}

/// Holds the topic of signals against those expected of the customers as [`check_transitions`] left them: each customer's
/// `seq` without gap or repeat, every signal equal. One that is due after a customer's last event may have been told or not;
/// the customers are left as those that were leave them. How many there were.
pub fn check_signals(job: &Job<'_>, expected: &mut Think5, what: &str) -> usize {
    let mut by_customer: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    let mut ids = HashSet::new();
    for seen in job.broker.read(&job.topic("signals"), Isolation::ReadCommitted) {
        check_partition(&seen);
        let body: Value = serde_json::from_str(seen.text()).unwrap_or_else(|problem| panic!("{problem}: {seen:?}"));
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let needed = |name: &str| text(name).unwrap_or_else(|| panic!("no {name} in {body}"));
        let at: jiff::Timestamp = needed("at").parse().expect("a time");
        assert!(ids.insert(needed("id")), "{what}: two signals have the id of {body}");
        assert_eq!(seen.key.as_deref(), Some(needed("customer").as_bytes()), "the key is the customer");
        by_customer.entry(needed("customer")).or_default().push(Told {
            seq: body["seq"].as_u64().expect("a number"),
            signal: needed("signal"),
            phase: text("phase"),
            at: at.as_millisecond(),
            cause: needed("cause"),
            event_id: text("event_id"),
        });
    }
    for (id, customer) in &mut expected.customers {
        let (moves, got) = (customer.moves.len(), by_customer.remove(id).unwrap_or_default());
        while customer.told.len() < got.len() && customer.moves.len() == moves && customer.fire() {}
        assert_eq!(got, customer.told, "{what}: signals of {id}");
    }
    assert!(by_customer.is_empty(), "{what}: signals of customers that are not there: {by_customer:?}");
    ids.len()
}

/// All of a topic as JSON, without `model` and `id`, in an order of its own; each with its model.
pub fn bodies(job: &Job<'_>, topic: &str) -> Vec<(String, Value)> {
    let seen = job.broker.read(&job.topic(topic), Isolation::ReadCommitted);
    let mut bodies: Vec<_> = seen
        .iter()
        .map(|seen| {
            let mut body: Value = serde_json::from_str(seen.text()).expect("JSON");
            let object = body.as_object_mut().expect("an object");
            let model = object.remove("model").and_then(|model| model.as_str().map(str::to_owned)).expect("a model");
            object.remove("id");
            (model, body)
        })
        .collect();
    bodies.sort_by_cached_key(|(_, body)| body.to_string());
    bodies
}

/// Holds the topic of a shadow against those of the active model that it is the same as: it tells the same, each once.
pub fn check_shadow(job: &Job<'_>, what: &str) {
    let [transitions, signals, shadow] = ["transitions", "signals", "shadow"].map(|topic| bodies(job, topic));
    let mut active: Vec<&Value> = transitions.iter().chain(&signals).map(|(_, body)| body).collect();
    active.sort_by_cached_key(|body| body.to_string());
    assert!(shadow.iter().all(|(model, _)| model == "think5 (shadow)"), "{what}");
    let told: Vec<&Value> = shadow.iter().map(|(_, body)| body).collect();
    let place = told.iter().zip(&active).take_while(|(told, active)| told == active).count();
    assert!(told == active, "{what}: at {place} of {}: {:?} and {:?}", told.len(), told.get(place), active.get(place));
}

/// Holds the topic of phases against the customers: its latest value is where the last transition led.
pub fn check_phases(job: &Job<'_>, expected: &Think5) {
    let mut latest = HashMap::new();
    for seen in job.broker.read(&job.topic("phases"), Isolation::ReadCommitted) {
        check_partition(&seen);
        let key = String::from_utf8(seen.key.clone().expect("a key")).expect("a text");
        latest.insert(key, serde_json::from_str::<Value>(seen.text()).expect("JSON"));
    }
    assert_eq!(latest.len(), expected.customers.len(), "every customer has a phase, and nobody else");
    for (id, customer) in &expected.customers {
        let found = &latest[id]["models"]["think5"];
        let last = customer.moves.last().expect("a customer has had an event");
        let since = found["since"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let found = (found["phase"].as_str(), since.map(|at| at.as_millisecond()), found["seq"].as_u64());
        assert_eq!(found, (Some(last.to.as_str()), Some(last.at), Some(last.seq)), "the latest phase of {id}");
    }
}

/// Holds the dead letters against the records that cannot be used: bytes and key as they were, their time, and why.
pub fn check_dead_letters(job: &Job<'_>, records: &[Record]) {
    check_dead_letters_of(job, records, |record| record.customer.clone());
}

/// The same of records with other keys.
pub fn check_dead_letters_of(job: &Job<'_>, records: &[Record], key_of: fn(&Record) -> String) {
    let header = |seen: &Seen, name: &str| {
        let found = seen.headers.iter().find(|(header, _)| header == name);
        let value = found.and_then(|(_, value)| value.clone()).unwrap_or_else(|| panic!("no {name} in {seen:?}"));
        String::from_utf8(value).expect("a text")
    };
    let mut found = Vec::new();
    for seen in job.broker.read(&job.topic("dead-letters"), Isolation::ReadCommitted) {
        assert!(!header(&seen, "__connect.errors.exception.message").is_empty());
        let (topic, time) = (header(&seen, "__connect.errors.topic"), header(&seen, "klantreis.timestamp"));
        let reason = header(&seen, "__connect.errors.stage");
        found.push((topic, time, reason, seen.key.expect("a key"), seen.value.expect("a value")));
    }
    let mut expected = Vec::new();
    for record in records {
        if let Meaning::Unusable(reason) = record.meaning {
            let key = key_of(record).into_bytes();
            expected.push((
                job.input(record.input),
                record.at.to_string(),
                reason.to_owned(),
                key,
                record.value.clone(),
            ));
        }
    }
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "dead letters of {} inputs", INPUTS.len());
    assert!(!found.is_empty(), "there are some");
}

/// Holds the state of a customer, as a process tells it, against what it must be.
pub fn check_state(told: &Value, id: &str, expected: &Customer) {
    let state = &told["models"][0];
    let time = |name: &str| {
        let time = state[name].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        time.map(|time| time.as_millisecond())
    };
    let awaited: Vec<(&str, &str)> = state["awaited"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| (one["due"].as_str().expect("a time"), one["signal"].as_str().expect("a signal")))
        .collect();
    let mut wanted: Vec<(i64, &str)> = expected.awaited.iter().map(|(signal, due)| (*due, *signal)).collect();
    wanted.sort_unstable();
    let time_of = |due| jiff::Timestamp::from_millisecond(due).map(|time| format!("{time:.3}")).expect("a time");
    let wanted: Vec<(String, &str)> = wanted.into_iter().map(|(due, signal)| (time_of(due), signal)).collect();
    assert!(
        awaited.iter().copied().eq(wanted.iter().map(|(due, signal)| (due.as_str(), *signal))),
        "{id}: {awaited:?}, not {wanted:?}"
    );
    let due = state["next_timer"]["due"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    assert_eq!(
        (
            state["phase"].as_str(),
            time("since"),
            time("last"),
            state["seq"].as_u64(),
            state["counters"]["views"].as_u64(),
            due.map(|due| due.as_millisecond()),
            told["committed"].as_bool(),
        ),
        (
            expected.phase,
            Some(expected.since),
            Some(expected.last),
            Some(expected.moves.len() as u64),
            Some(expected.views),
            expected.timer().map(|(due, _)| due),
            Some(true),
        ),
        "state of {id}"
    );
}
