//! The dashboards as Grafana would load them: whole, readable, and asking a source that is provisioned.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::files::{document, in_folder, json, list, string};
use crate::queries::{legend, words};

const FOLDER: &str = "deploy/grafana/dashboards";

/// What Grafana brings along without plugins.
const PANELS: [&str; 6] = ["row", "stat", "bargauge", "timeseries", "table", "nodeGraph"];

fn boards() -> Vec<(String, Value)> {
    in_folder(FOLDER, ".json").into_iter().map(|file| (file.clone(), json(&file))).collect()
}

fn number(panel: &Value, key: &str) -> u64 {
    panel["gridPos"][key].as_u64().unwrap_or_else(|| panic!("{panel} has no {key}"))
}

#[test]
fn boards_and_panels_are_told_apart() {
    let mut uids = BTreeSet::new();
    for (file, board) in boards() {
        assert!(uids.insert(string(&board, "/uid").to_owned()), "{file}: its uid is another's");
        assert!(!string(&board, "/description").is_empty(), "{file}");
        let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
        for panel in list(&board, "/panels") {
            assert!(ids.insert(panel["id"].as_u64().expect("an id")), "{file}: two panels have the id {}", panel["id"]);
            let title = string(panel, "/title");
            assert!(titles.insert(title), "{file}: two panels are called {title}");
        }
        for link in list(&board, "/links") {
            let uid = string(link, "/url").strip_prefix("/d/").expect("a link to a dashboard");
            assert!(boards().iter().any(|(_, other)| other["uid"] == uid), "{file}: no dashboard is {uid}");
        }
    }
}

#[test]
fn panels_lie_side_by_side_and_never_on_each_other() {
    for (file, board) in boards() {
        let panels = list(&board, "/panels");
        for (at, panel) in panels.iter().enumerate() {
            let (x, y, w, h) = (number(panel, "x"), number(panel, "y"), number(panel, "w"), number(panel, "h"));
            assert!(w > 0 && h > 0 && x + w <= 24, "{file}: {} does not fit", panel["title"]);
            for other in &panels[at + 1..] {
                let beside = x + w <= number(other, "x")
                    || number(other, "x") + number(other, "w") <= x
                    || y + h <= number(other, "y")
                    || number(other, "y") + number(other, "h") <= y;
                assert!(beside, "{file}: {} lies on {}", panel["title"], other["title"]);
            }
        }
    }
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    for (file, board) in boards() {
        for panel in list(&board, "/panels") {
            let (kind, title) = (string(panel, "/type"), string(panel, "/title"));
            assert!(PANELS.contains(&kind), "{file}: {title}: {kind} may need a plugin");
            if kind == "row" {
                continue;
            }
            assert!(string(panel, "/description").ends_with('.'), "{file}: {title}: the description is a sentence");
            assert!(!string(panel, "/fieldConfig/defaults/unit").is_empty(), "{file}: {title}");
            assert!(!list(panel, "/targets").is_empty(), "{file}: {title} shows nothing");
        }
    }
}

#[test]
fn legends_are_words_and_their_labels_are_in_the_query() {
    for (file, board) in boards() {
        for panel in list(&board, "/panels") {
            let several = list(panel, "/targets").len() > 1;
            for target in list(panel, "/targets") {
                let place = format!("{file}: {}", string(panel, "/title"));
                let (legend, words) = (legend(target), words(string(target, "/expr")));
                let labels: Vec<&str> =
                    legend.split("{{").skip(1).map(|rest| rest.split("}}").next().expect("a part")).collect();
                for label in &labels {
                    assert!(words.iter().any(|word| word == label), "{place}: the query has no {label}");
                }
                let unnamed = legend == "__auto" && (several || words.iter().any(|word| word == "by"));
                let drawn = ["timeseries", "bargauge"].contains(&string(panel, "/type"));
                assert!(!(drawn && unnamed), "{place}: its lines have no names");
            }
        }
    }
}

#[test]
fn every_panel_and_variable_asks_the_source_that_is_provisioned() {
    let sources = document("deploy/grafana/provisioning/datasources/prometheus.yaml");
    let provisioned = (string(&sources, "/datasources/0/type"), string(&sources, "/datasources/0/uid"));
    let check = |place: &str, source: &Value| {
        assert_eq!((string(source, "/type"), string(source, "/uid")), provisioned, "{place}");
    };
    for (file, board) in boards() {
        for variable in list(&board, "/templating/list") {
            check(&file, &variable["datasource"]);
        }
        for panel in list(&board, "/panels").iter().filter(|panel| panel["type"] != "row") {
            check(string(panel, "/title"), &panel["datasource"]);
            let mut ids = BTreeSet::new();
            for target in list(panel, "/targets") {
                check(string(panel, "/title"), &target["datasource"]);
                assert!(ids.insert(string(target, "/refId")), "{file}: {} asks twice as one", panel["title"]);
            }
        }
    }
}

#[test]
fn every_variable_that_is_used_is_defined_and_the_other_way_round() {
    const BUILT_IN: [&str; 2] = ["$__rate_interval", "$__range"];
    for (file, board) in boards() {
        let defined: BTreeSet<String> =
            list(&board, "/templating/list").iter().map(|v| format!("${}", string(v, "/name"))).collect();
        let mut used = BTreeSet::new();
        for target in list(&board, "/panels").iter().flat_map(|panel| list(panel, "/targets")) {
            let expr = string(target, "/expr");
            for (at, _) in expr.match_indices('$') {
                let name: String =
                    expr[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                // $1 is what a regular expression of label_replace caught.
                if !name.starts_with(|c: char| c.is_ascii_digit()) {
                    used.insert(format!("${name}"));
                }
            }
        }
        let own: BTreeSet<String> = used.iter().filter(|name| !BUILT_IN.contains(&name.as_str())).cloned().collect();
        assert_eq!(own, defined, "{file}");
    }
}

#[test]
fn transformations_name_fields_that_the_queries_have() {
    for (file, board) in boards() {
        for panel in list(&board, "/panels") {
            let words: BTreeSet<String> =
                list(panel, "/targets").iter().flat_map(|target| words(string(target, "/expr"))).collect();
            let made =
                ["Time", "Value", "Value #A", "Value #B", "mainstat", "id", "source", "target", "instance", "move"];
            // The labels of a metric whose series are shown as they are.
            let plain = ["version", "guarantee"];
            for transformation in list(panel, "/transformations") {
                let options = &transformation["options"];
                let mut fields: Vec<&str> = ["rowField", "columnField", "valueField"]
                    .iter()
                    .filter_map(|key| options.get(*key).and_then(Value::as_str))
                    .collect();
                for key in ["renameByName", "excludeByName", "indexByName"] {
                    fields.extend(options[key].as_object().into_iter().flatten().map(|(field, _)| field.as_str()));
                }
                fields.extend(list(options, "/include/names").iter().filter_map(Value::as_str));
                for field in fields {
                    let there = made.contains(&field) || plain.contains(&field) || words.contains(field);
                    assert!(there, "{file}: {}: no field is called {field}", panel["title"]);
                }
            }
        }
    }
}
