//! Prometheus' configuration and alerts, by promtool; what promtool does not ask for is asked here.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::files::{document, list, path, string};
use crate::queries;

const ALERTS: &str = "deploy/prometheus/alerts.yml";
const CASES: &str = "deploy/prometheus/alerts.test.yml";

/// Runs promtool, which must agree.
fn promtool(arguments: &[&str]) {
    let output = Command::new("promtool")
        .args(arguments)
        .current_dir(path("deploy/prometheus"))
        .output()
        .unwrap_or_else(|error| panic!("promtool (Debian package prometheus): {error}"));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "promtool {}: {said}", arguments.join(" "));
}

fn alerts() -> Vec<Value> {
    let rules = document(ALERTS);
    list(&rules, "/groups").iter().flat_map(|group| list(group, "/rules")).cloned().collect()
}

#[test]
fn promtool_accepts_the_configuration() {
    promtool(&["check", "config", "prometheus.yml"]);
}

#[test]
fn promtool_accepts_the_rules() {
    promtool(&["check", "rules", "--lint-fatal", "alerts.yml"]);
}

#[test]
fn the_alerts_fire_and_are_silent_as_their_cases_say() {
    promtool(&["test", "rules", "alerts.test.yml"]);
}

#[test]
fn every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() {
    let cases = document(CASES);
    let (mut fires, mut silent) = (BTreeSet::new(), BTreeSet::new());
    for case in list(&cases, "/tests").iter().flat_map(|test| list(test, "/alert_rule_test")) {
        let name = string(case, "/alertname").to_owned();
        let expected = case["exp_alerts"].as_array().expect("what is expected is said, if it is nothing");
        if expected.is_empty() {
            silent.insert(name)
        } else {
            fires.insert(name)
        };
    }
    let all: BTreeSet<String> = alerts().iter().map(|alert| string(alert, "/alert").to_owned()).collect();
    assert_eq!(fires, all, "the alerts that fire in a case");
    assert_eq!(silent, all, "the alerts that are silent in a case");
}

#[test]
fn every_alert_says_what_is_wrong_and_what_to_do() {
    for alert in alerts() {
        let name = string(&alert, "/alert");
        assert!(name.starts_with("Klantreis"), "{name}");
        assert!(["critical", "warning"].contains(&string(&alert, "/labels/severity")), "{name}");
        for (annotation, at_least) in [("summary", 15), ("description", 40), ("runbook", 60)] {
            let text = string(&alert, &format!("/annotations/{annotation}"));
            assert!(text.len() >= at_least, "{name}: {annotation} says too little: {text}");
        }
    }
}

#[test]
fn promtool_parses_every_query_of_the_dashboards() {
    let rules: Vec<Value> = queries::of_panels()
        .into_iter()
        .chain(queries::of_variables())
        .enumerate()
        .map(|(at, query)| json!({"record": format!("query:{at}"), "expr": query.filled(), "labels": {"place": query.place}}))
        .collect();
    assert!(rules.len() > 30, "{} queries", rules.len());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("queries.yml");
    // JSON is YAML.
    let groups = json!({"groups": [{"name": "queries", "rules": rules}]});
    std::fs::write(&file, groups.to_string()).expect("a file in a temporary folder");
    promtool(&["check", "rules", file.to_str().expect("the path is text")]);
}
