//! `replay` from outside: the generated events give the transitions of an independent reading of the model, in whatever
//! form and order they come, and rows of CSV become journeys.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "support/program.rs"]
mod program;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use program::{Ended, klantreis_with};
use serde_json::Value;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");
const EVENTS: &str = "tests/fixtures/replay/events.ndjson.gz";

fn replay(config: &str, arguments: &[&str], stdin: &[u8]) -> Ended {
    klantreis_with(&[&["replay", "-c", config], arguments].concat(), stdin)
}

/// A replay of the job that goes well: its transitions.
fn replay_job(arguments: &[&str], stdin: &[u8]) -> Ended {
    let ended = replay("deploy/examples/job.yaml", arguments, stdin);
    assert_eq!(ended.exit, 0, "{arguments:?}: {}", ended.err);
    ended
}

fn unpacked(path: &str) -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(Path::new(FOLDER).join(path)).unwrap()).read_to_string(&mut text).unwrap();
    text
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Each customer's transitions without the timers at the end, which may fire with or without a later event.
fn journeys(ndjson: &str) -> BTreeMap<String, Vec<Value>> {
    let mut journeys: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in ndjson.lines() {
        let mut transition: Value = serde_json::from_str(line).unwrap();
        if let Some(at) = transition["at"].as_str() {
            transition["at"] = at.parse::<jiff::Timestamp>().unwrap().as_millisecond().into();
        }
        let fields = ["seq", "from", "to", "at", "cause", "event_id"].map(|name| (name, transition[name].clone()));
        let customer = transition["customer"].as_str().unwrap().to_owned();
        journeys.entry(customer).or_default().push(fields.into_iter().collect());
    }
    for journey in journeys.values_mut() {
        let end = journey.iter().rposition(|transition| transition["cause"] != "timer").map_or(0, |last| last + 1);
        journey.truncate(end);
    }
    journeys
}

#[test]
fn generated_events_give_the_transitions_of_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let letters = folder.path().join("letters.ndjson");
    let ended = replay_job(&["--input", EVENTS, "--dead-letters", letters.to_str().unwrap()], b"");
    let expected = journeys(&unpacked("tests/fixtures/replay/expected.ndjson.gz"));
    let actual = journeys(&ended.out);
    assert_eq!(actual.len(), 60);
    for (customer, journey) in &expected {
        assert_eq!(actual.get(customer), Some(journey), "{customer}");
    }
    assert_eq!(actual, expected);

    assert!(ended.err.contains("dead letters: malformed 9, no_customer 7, no_time 9"), "{}", ended.err);
    let events = unpacked(EVENTS);
    let lines: Vec<&str> = events.lines().collect();
    let letters = std::fs::read_to_string(letters).unwrap();
    for letter in letters.lines() {
        let letter: Value = serde_json::from_str(letter).unwrap();
        let line: Value = serde_json::from_str(lines[letter["line"].as_u64().unwrap() as usize - 1]).unwrap();
        assert_eq!(
            (&letter["value"], &letter["key"]),
            (&line["value"], &line["key"]),
            "the bytes are the original ones"
        );
    }
    assert_eq!(letters.lines().count(), 25);
}

#[test]
fn form_and_order_of_the_files_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let whole = replay_job(&["--input", EVENTS], b"").out;
    let events = unpacked(EVENTS);
    let of_topic = |topic: &str| {
        let start = format!("{{\"topic\":\"{topic}\"");
        events.lines().filter(|line| line.starts_with(&start)).map(|line| format!("{line}\n")).collect::<String>()
    };
    let [clicks, mail, pos] = ["clicks", "mail", "pos"].map(of_topic);
    assert_eq!(clicks.len() + mail.len() + pos.len(), events.len());
    let check = |what: &str, arguments: &[&str], stdin: &[u8]| {
        assert!(replay_job(arguments, stdin).out == whole, "{what}: other transitions");
    };
    check("standard input", &["--input", "-"], events.as_bytes());
    check("gzipped standard input", &["--input", "-"], &std::fs::read(Path::new(FOLDER).join(EVENTS)).unwrap());
    check("sorted", &["--input", "-", "--sort"], [&*pos, &mail, &clicks].concat().as_bytes());
    let pos = write(folder.path(), "a", &pos);
    let clicks = write(folder.path(), "b", &clicks);
    check("three sources", &["--input", &pos, "--input", &clicks, "--input", "-"], mail.as_bytes());
    let out = folder.path().join("out.ndjson");
    let ended = replay_job(&["--input", EVENTS, "--output", out.to_str().unwrap()], b"");
    assert_eq!((ended.out.as_str(), std::fs::read_to_string(out).unwrap() == whole), ("", true));
}

const SHOP: &str = r#"
application: shop
kafka: { brokers: "127.0.0.1:1" }
inputs:
  - name: mail
    topic: mail
    format: mapping
    mapping:
      customer: household
      time: { from: day, format: "%d-%m-%Y", zone: Europe/Amsterdam }
      kind: { from: did, table: { sent: mail_delivered, "click*": mail_clicked } }
  - name: till
    topic: till
    format: mapping
    mapping:
      customer: { from: card, number_as_text: true }
      time: { from: at, format: "%Y-%m-%d %H:%M", zone: Europe/Amsterdam }
      kind: { from: receipt, table: { "C*": returned }, default: purchased }
      id: receipt
models: [think5]
"#;

#[test]
fn rows_of_two_files_become_one_journey() {
    let folder = tempfile::tempdir().unwrap();
    let config = write(folder.path(), "shop.yaml", SHOP);
    let mail = write(
        folder.path(),
        "mail.csv",
        "household;day;did\r\n7;01-03-2025;sent\r\n7;03-03-2025;click, twice\r\n8;03-03-2025;opened\r\n",
    );
    let till = write(
        folder.path(),
        "till.csv",
        "receipt,card,at,note\n1,7.0,2025-03-03 09:30,\"one\nnote\"\nC1,7.0,2025-03-03 10:00,\n2,,2025-03-04 12:00,\n3,7.0\n",
    );
    let letters = folder.path().join("letters.ndjson").to_str().unwrap().to_owned();
    let arguments =
        ["--input", &format!("mail={mail}"), "--input", &format!("till={till}"), "--dead-letters", &letters];
    let ended = replay(&config, &arguments, b"");
    assert_eq!(ended.exit, 0, "{}", ended.err);
    let moves: Vec<String> = ended
        .out
        .lines()
        .map(|line| {
            let transition: Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| transition[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {} {} {}", text("customer"), text("at"), text("to"), text("cause"), text("channel"))
        })
        .collect();
    assert_eq!(
        moves,
        [
            "7 2025-02-28T23:00:00.000Z orientatie mail_delivered mail",
            "7 2025-03-02T23:00:00.000Z afweging mail_clicked mail",
            "7 2025-03-03T08:30:00.000Z aankoop purchased till",
        ]
    );
    let letters: Vec<Value> =
        std::fs::read_to_string(letters).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let letters: Vec<_> = letters.iter().map(|letter| (letter["line"].as_u64(), letter["reason"].as_str())).collect();
    assert_eq!(letters, [(Some(5), Some("no_customer")), (Some(6), Some("malformed"))]);
    for part in [
        "7 records: 3 applied, 2 that no model takes, 2 dead letters",
        "customers in think5: orientatie 0, afweging 0, aankoop 1",
    ] {
        assert!(ended.err.contains(part), "{part} in {}", ended.err);
    }
}

const COUNTED: &str = r#"
application: shop
kafka: { brokers: "127.0.0.1:1" }
inputs:
  - name: pos
    topic: pos
    format: poslog
    zone: Europe/Amsterdam
  - name: web
    topic: web
    format: mapping
    mapping:
      each: /orders
      customer: ^/who
      time: { from: /at, format: rfc3339 }
      kind: purchased
      id: /no
models: [think5]
"#;

#[test]
fn a_file_is_read_whole_if_its_lines_are_no_records() {
    let folder = tempfile::tempdir().unwrap();
    let config = write(folder.path(), "shop.yaml", COUNTED);
    let log = "tests/fixtures/formats/poslog/two-transactions.xml";
    let ended = replay(&config, &["--input", &format!("pos={log}")], b"");
    assert_eq!(ended.exit, 0, "{}", ended.err);
    assert!(ended.err.starts_with("1 records: 2 applied\n"), "two sales of one document: {}", ended.err);
    let moves = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let customers: Vec<String> = moves.map(|moved| moved["customer"].as_str().unwrap().to_owned()).collect();
    assert_eq!(customers, ["c-1001", "c-1002"], "{}", ended.out);

    // Documents one after the other, each over several lines, of which each holds several events.
    let order = |no: u32, at: &str| format!("{{ \"no\": \"{no}\",\n  \"at\": \"{at}\" }}");
    let orders = [
        format!(
            "{{\n\"who\": \"a\",\n\"orders\": [{}, {}]\n}}\n",
            order(1, "2025-01-03T10:00:00Z"),
            order(2, "2025-01-03T11:00:00Z")
        ),
        format!("{{\n\"who\": \"b\",\n\"orders\": [{}]\n}}\n", order(3, "2025-01-03T12:00:00Z")),
        "{\n\"orders\": [{}]\n}\n".to_owned(),
    ];
    let web = write(folder.path(), "orders.json", &orders.concat());
    let letters = folder.path().join("letters.ndjson").to_str().unwrap().to_owned();
    let ended = replay(&config, &["--input", &format!("web={web}"), "--dead-letters", &letters], b"");
    assert_eq!((ended.exit, ended.out.lines().count()), (0, 2), "{}", ended.err);
    assert!(ended.err.starts_with("3 records: 3 applied, 1 dead letters\n"), "{}", ended.err);
    let letter: Value = serde_json::from_str(&std::fs::read_to_string(letters).unwrap()).unwrap();
    assert_eq!((letter["line"].as_u64(), letter["reason"].as_str()), (Some(12), Some("no_customer")));

    let ended = replay(&config, &["--input", log], b"");
    assert_eq!(ended.exit, 2);
    assert!(ended.err.contains("does not name the topics of its records"), "{}", ended.err);
}

#[test]
fn arguments_that_make_no_sense_together_say_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let csv = write(folder.path(), "rows.csv", "a,b\n1,2\n");
    let check = |arguments: &[&str], expected: &str| {
        let ended = replay("deploy/examples/job.yaml", arguments, b"");
        assert_eq!((ended.exit, ended.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.err.contains(expected), "{expected} in {}", ended.err);
    };
    check(&["--input", "/nowhere/events.ndjson"], "/nowhere/events.ndjson cannot be opened");
    check(&["--input", &csv], "--input NAME=");
    check(&["--input", &format!("till={csv}")], "there is no input `till`; there are clicks, mail, pos");
    check(&["--input", "-", "--input", "pos=-"], "standard input can be read only once");
    check(&["--input", EVENTS, "--output", "/nowhere/out.ndjson"], "/nowhere/out.ndjson");
}

#[test]
fn signals_go_to_a_file_of_their_own_numbered_for_each_customer() {
    let folder = tempfile::tempdir().unwrap();
    let config = std::fs::read_to_string(Path::new(FOLDER).join("deploy/examples/job.yaml")).unwrap();
    let on = config.replace("  signals: off", "  signals: told");
    assert_ne!(config, on);
    let (config, told) = (write(folder.path(), "job.yaml", &on), folder.path().join("signals.ndjson"));
    let ended = replay(&config, &["--input", EVENTS, "--signals", told.to_str().unwrap()], b"");
    assert_eq!(ended.exit, 0, "{}", ended.err);
    let plain = replay_job(&["--input", EVENTS], b"");
    assert_eq!(ended.out, plain.out, "signals change no transition");
    assert!(!plain.err.contains("signals"), "{}", plain.err);

    let text = std::fs::read_to_string(&told).unwrap();
    let signals: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(ended.err.contains(&format!(" transitions, {} signals\n", signals.len())), "{}", ended.err);
    let mut seqs: BTreeMap<String, u64> = BTreeMap::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for signal in &signals {
        let seq = seqs.entry(signal["customer"].as_str().unwrap().to_owned()).or_default();
        *seq += 1;
        assert_eq!(signal["seq"], *seq, "{signal}");
        let time = |field: &str| signal[field].as_str().map(|at| at.parse::<jiff::Timestamp>().unwrap());
        let id = signal["signal"].as_str().unwrap();
        let wait = match id {
            "cart_abandoned" => Some(60),
            "checkout_abandoned" => Some(30),
            "evaluation_due" => Some(7 * 24 * 60),
            _ => None,
        };
        let waited = time("since").map(|since| (time("at").unwrap() - since).as_mins());
        assert_eq!(waited, wait, "{signal}");
        assert_eq!(signal["cause"] == "timer", wait.is_some(), "{signal}");
        *kinds.entry(id.to_owned()).or_default() += 1;
    }
    assert_eq!(kinds.len(), 5, "{kinds:?}");
}
