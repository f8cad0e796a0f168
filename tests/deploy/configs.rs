//! The configurations that `deploy/` carries, as klantreis reads them, and the events that the feeder makes.

use std::process::{Command, Output};

use crate::files::{document, in_folder, path, text};
use crate::kubernetes;

/// klantreis with these arguments, and the variables that deployments set.
fn klantreis(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_klantreis"))
        .args(arguments)
        .envs([
            ("KAFKA", "127.0.0.1:1"),
            ("POD_NAME", "klantreis-0"),
            ("API_TOKEN", "0123456789abcdef0123456789abcdef"),
        ])
        .envs([("KAFKA_USERNAME", "user"), ("KAFKA_PASSWORD", "password"), ("HOSTNAME", "klantreis-0")])
        .output()
        .expect("the binary under test starts")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn klantreis_accepts_the_configuration_of_the_compose_file() {
    let file = path("deploy/compose/klantreis.yaml");
    let output = klantreis(&["check", "-c", file.to_str().expect("the path is text")]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn klantreis_accepts_the_configuration_in_the_config_map() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("klantreis.yaml");
    std::fs::write(&file, kubernetes::configuration()).expect("a file in a temporary folder");
    let output = klantreis(&["check", "-c", file.to_str().expect("the path is text")]);
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn klantreis_accepts_every_example_and_the_models_keep_to_their_scenarios() {
    for file in in_folder("deploy/examples", ".yaml") {
        let whole = path(&file);
        let whole = whole.to_str().expect("the path is text");
        let is_model = document(&file).get("model").is_some();
        let output = if is_model { klantreis(&["model", "test", whole]) } else { klantreis(&["check", "-c", whole]) };
        assert!(output.status.success(), "{file}: {}", said(&output));
    }
}

#[test]
fn every_event_of_the_feeder_is_one_that_klantreis_can_use() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (input, rejected) = (folder.path().join("events.ndjson"), folder.path().join("rejected.ndjson"));
    let mut lines = String::new();
    let events = text("deploy/compose/feed/events.tsv");
    for (at, line) in events.lines().enumerate() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [share, topic, value] = fields[..] else { panic!("share, topic, value: {line}") };
        assert!(share.parse::<u32>().is_ok_and(|share| share > 0), "{line}");
        let (customer, milliseconds) = (format!("c{at:08}"), 1_767_225_600_000_u64 + at as u64 * 1000);
        let value = value
            .replace("@customer@", &customer)
            .replace("@id@", &format!("id-{at}"))
            .replace("@time@", &format!("2026-01-01T00:00:{at:02}.000Z"))
            .replace("@seconds@", &(milliseconds / 1000).to_string());
        assert!(!value.contains('@') || value.contains("@example.com"), "a placeholder is left: {value}");
        let record = serde_json::json!({"topic": topic, "timestamp": milliseconds, "key": customer, "value": value});
        lines.push_str(&format!("{record}\n"));
    }
    std::fs::write(&input, &lines).expect("a file in a temporary folder");
    let configuration = path("deploy/compose/klantreis.yaml");
    let argument = |path: &std::path::Path| path.to_str().expect("the path is text").to_owned();
    let output = klantreis(&[
        "replay",
        "-c",
        &argument(&configuration),
        "--input",
        &argument(&input),
        "--dead-letters",
        &argument(&rejected),
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let letters = std::fs::read_to_string(&rejected).unwrap_or_default();
    assert_eq!(letters, "", "nothing is rejected");
    let transitions = String::from_utf8_lossy(&output.stdout);
    // Each line is a customer of its own, who is new: all enter a phase, save the one whose payment is not completed.
    assert_eq!(transitions.lines().count(), events.lines().count() - 1, "{transitions}");
}
