//! Commands that read records and end: they ask the registry too, and wait for its answer, but not for ever.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use klantreis::formats::{FakeSchemas, Language, Lookup, Schemas};
use klantreis::registry::Patient;
use klantreis::replay::{Order, Outputs, Place, Replay, Source};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::events::{AT, first, first_schema};
use crate::framed;
use crate::program::{Ended, klantreis_with};
use crate::service::configuration;
use crate::stand_in::StandIn;

/// A registry that knows schema 1, a configuration that names it, and a file of records.
pub struct Shop {
    pub stand_in: StandIn,
    folder: TempDir,
    pub config: String,
    pub records: String,
}

impl Shop {
    /// Records each of a schema, a customer and a time after [`AT`], in this order. Only their events say when they are.
    pub fn new(stand_in: StandIn, records: &[(u32, &str, i64)]) -> Self {
        stand_in.add(1, "AVRO", first_schema(), &[]);
        let folder = tempfile::tempdir().unwrap();
        let mut lines = String::new();
        for (id, customer, after) in records {
            let value = framed(*id, &first(&format!("o-{customer}-{after}"), customer, AT + after));
            let line = json!({ "topic": "orders", "key": customer, "value_hex": hexadecimal(&value) });
            writeln!(lines, "{line}").unwrap();
        }
        let more = format!("schema_registry: {{ url: {:?} }}", stand_in.url());
        let config = write(folder.path(), "klantreis.yaml", &configuration("127.0.0.1:1", &more));
        let records = write(folder.path(), "records.ndjson", &lines);
        Self { stand_in, folder, config, records }
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        write(self.folder.path(), name, text)
    }

    /// Runs a command over the records.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let [config, records] = [self.config.as_str(), self.records.as_str()];
        let arguments: Vec<&str> = arguments
            .iter()
            .map(|argument| match *argument {
                "CONFIG" => config,
                "RECORDS" => records,
                argument => argument,
            })
            .collect();
        klantreis_with(&arguments, b"")
    }
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Customer and phase of each transition.
fn moves(ndjson: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let transitions = ndjson.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    transitions.map(|transition| (text(&transition["customer"]), text(&transition["to"]))).collect()
}

const REPLAY: [&str; 5] = ["replay", "-c", "CONFIG", "--input", "RECORDS"];

#[test]
fn a_replay_asks_the_registry_and_what_has_no_schema_there_is_a_dead_letter() {
    let shop = Shop::new(StandIn::start(), &[(1, "c-2", 500), (1, "c-1", 0), (9, "c-3", 600), (1, "c-4", 700)]);
    let letters = shop.write("letters.ndjson", "");
    let ended = shop.run(&[&REPLAY[..], &["--dead-letters", &letters]].concat());
    assert_eq!(ended.exit, 0, "{}", ended.err);
    // In the order of what their events say, for which their schema is needed, too.
    let customers: Vec<String> = moves(&ended.out).into_iter().map(|(customer, _)| customer).collect();
    assert_eq!(customers, ["c-1", "c-2", "c-4"]);
    assert!(ended.err.contains("4 records: 3 applied, 1 dead letters\ndead letters: bad_field 1"), "{}", ended.err);
    let letter: Value = serde_json::from_str(&std::fs::read_to_string(letters).unwrap()).unwrap();
    assert_eq!((&letter["line"], &letter["reason"]), (&json!(3), &json!("bad_field")));
    assert!(letter["message"].as_str().unwrap().contains("there is no schema 9: Schema not found"), "{letter}");
    let mut asked = shop.stand_in.asked();
    asked.sort();
    assert_eq!(asked, ["/schemas/ids/1", "/schemas/ids/9"]);
}

#[test]
fn a_replay_waits_for_a_registry_that_comes_later() {
    let mut shop = Shop::new(StandIn::away(), &[(1, "c-1", 0), (1, "c-2", 1)]);
    let (config, records) = (shop.config.clone(), shop.records.clone());
    let running = std::thread::spawn(move || klantreis_with(&["replay", "-c", &config, "--input", &records], b""));
    std::thread::sleep(Duration::from_secs(1));
    assert!(!running.is_finished(), "it waits");
    shop.stand_in.come_back();
    let ended = running.join().unwrap();
    assert_eq!(ended.exit, 0, "{}", ended.err);
    assert_eq!(moves(&ended.out).len(), 2);
    assert!(ended.err.contains("2 records: 2 applied\n"), "{}", ended.err);
    let warned = format!("the schema registry at {} does not give schema 1, trying on", shop.stand_in.url());
    assert!(ended.err.contains(&warned), "{}", ended.err);
}

#[test]
fn explain_and_plan_replay_with_the_registry_of_their_configuration() {
    let shop = Shop::new(StandIn::start(), &[(1, "c-1", 0), (1, "c-2", 1)]);
    let ended = shop.run(&["explain", "c-2", "-c", "CONFIG", "--input", "RECORDS"]);
    assert_eq!(ended.exit, 0, "{}", ended.err);
    assert!(ended.out.contains("think5: aankoop since 2025-01-03T10:00:00.124Z"), "{}", ended.out);
    let ended = shop.run(&["plan", "-c", "CONFIG", "--against", "CONFIG", "--input", "RECORDS", "--format", "json"]);
    assert_eq!(ended.exit, 0, "{}", ended.err);
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&told["records"], &told["customers"]), (&json!(2), &json!([2, 2])));
}

#[test]
fn a_registry_that_never_answers_ends_each_command_with_where_it_should_be() {
    let shop = Shop::new(StandIn::away(), &[(1, "c-1", 0)]);
    let commands = [
        REPLAY.to_vec(),
        vec!["explain", "c-1", "-c", "CONFIG", "--input", "RECORDS"],
        vec!["plan", "-c", "CONFIG", "--against", "CONFIG", "--input", "RECORDS"],
        vec!["try", "-c", "CONFIG", "RECORDS"],
        vec!["detect", "-c", "CONFIG", "RECORDS"],
    ];
    let begun = Instant::now();
    // All at once, for each waits as long as it may.
    std::thread::scope(|scope| {
        for command in &commands {
            scope.spawn(|| check_gives_up(&shop, command));
        }
    });
    assert!((30..50).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

fn check_gives_up(shop: &Shop, command: &[&str]) {
    let Ended { exit, out, err } = shop.run(command);
    assert_eq!(exit, 1, "{command:?}: {err}");
    let last = err.lines().last().unwrap_or_default();
    let (file, url) = (&shop.records, shop.stand_in.url());
    let place = if ["try", "detect"].contains(&command[0]) { format!("{file}:1") } else { format!("{file}, line 1") };
    let expected = format!("{place}: the schema registry at {url} has not given schema 1 yet: ");
    assert!(last.starts_with(&expected) && last.contains("it was waited for 30 s"), "{command:?}: {err}");
    assert!(err.contains("waiting for 5 s of 30 s"), "{command:?}: {err}");
    assert!(!err.contains("dead letter") && out.is_empty(), "{command:?}: {out}{err}");
}

#[test]
fn a_record_without_a_schema_ends_a_replay_also_where_its_time_is_known() {
    let shop = Shop::new(StandIn::away(), &[]);
    let value = hexadecimal(&framed(1, &first("o-1", "c-1", AT)));
    let line = |value: &str| json!({ "topic": "orders", "timestamp": AT, "value_hex": value }).to_string();
    let file = shop.write("timed.ndjson", &format!("{}\n{}\n", line("00"), line(&value)));
    let config = klantreis::config::load(shop.config.as_ref()).unwrap();
    let schemas = FakeSchemas::default();
    schemas.set_away(true);
    let replay = Replay {
        config: &config,
        set: Arc::new(config.model_set().unwrap()),
        sources: vec![Source { place: Place::File(file.clone().into()), input: None }],
        schemas: Some(Arc::new(schemas)),
        order: Order { window_ms: None, latest_ms: i64::MAX },
        until: None,
    };
    let mut letters = Vec::new();
    let outputs =
        Outputs { transitions: &mut Vec::new(), signals: None, shadow: None, dead_letters: Some(&mut letters) };
    let error = replay.run(outputs, &mut |_, _| ()).unwrap_err().to_string();
    assert_eq!(error, format!("{file}, line 2: the stand-in is away"));
    let letters = String::from_utf8(letters).unwrap();
    assert!(
        letters.lines().count() == 1 && letters.contains(r#""line":1,"#),
        "only what no schema would help: {letters}"
    );
}

#[test]
fn who_is_patient_gets_the_answer_or_after_some_time_none() {
    let away = Arc::new(FakeSchemas::default().with(1, Language::Avro, first_schema(), &[]));
    let patient = Patient::with_patience(Arc::clone(&away) as Arc<dyn Schemas>, Duration::from_millis(50));
    assert!(matches!(patient.find(1), Lookup::Found(_)));
    assert!(matches!(patient.find(2), Lookup::Unknown(_)), "it is believed");
    assert_eq!(patient.missing(), None);

    away.set_away(true);
    let begun = Instant::now();
    assert_eq!(patient.find(1), Lookup::NotYet);
    assert!(begun.elapsed() >= Duration::from_millis(50));
    assert!(patient.missing().unwrap().starts_with("the stand-in is away; it was waited for"));

    std::thread::scope(|scope| {
        let patient = Patient::with_patience(Arc::clone(&away) as Arc<dyn Schemas>, crate::PATIENCE);
        let waiting = scope.spawn(move || patient.find(1));
        std::thread::sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished());
        away.set_away(false);
        assert!(matches!(waiting.join().unwrap(), Lookup::Found(_)));
    });
}
