//! Every PromQL expression in `deploy/`, with what it may name: metrics of the catalog, with their labels.

use serde_json::Value;

use klantreis::telemetry::catalog::{self, Kind};

use crate::files::{document, in_folder, json, list, string};

/// An expression and where it stands.
#[derive(Debug)]
pub struct Query {
    /// For messages.
    pub place: String,
    /// With the variables as they are written.
    pub expr: String,
}

/// Labels that a target brings along, and those of histograms and of alerts themselves.
const COMMON_LABELS: [&str; 3] = ["job", "instance", "le"];

/// The expressions of all alerts.
pub fn of_alerts() -> Vec<Query> {
    let rules = document("deploy/prometheus/alerts.yml");
    let all = list(&rules, "/groups").iter().flat_map(|group| list(group, "/rules"));
    all.map(|rule| Query { place: format!("alert {}", string(rule, "/alert")), expr: string(rule, "/expr").to_owned() })
        .collect()
}

/// The expressions of all panels of all dashboards.
pub fn of_panels() -> Vec<Query> {
    let mut found = Vec::new();
    for file in in_folder("deploy/grafana/dashboards", ".json") {
        let board = json(&file);
        let board_title = string(&board, "/title");
        for panel in list(&board, "/panels") {
            for target in list(panel, "/targets") {
                let place = format!("{board_title} / {} / {}", string(panel, "/title"), string(target, "/refId"));
                found.push(Query { place, expr: string(target, "/expr").to_owned() });
            }
        }
    }
    found
}

/// What the variables of all dashboards are filled from: the values of a label of a metric.
pub fn of_variables() -> Vec<Query> {
    let mut found = Vec::new();
    for file in in_folder("deploy/grafana/dashboards", ".json") {
        for variable in list(&json(&file), "/templating/list") {
            let query = string(variable, "/query/query");
            let inside = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
            let (metric, label) =
                inside.and_then(|inside| inside.split_once(", ")).expect("label_values(metric, label)");
            let place = format!("{file}: variable {}", string(variable, "/name"));
            found.push(Query { place, expr: format!("group by ({label}) ({metric})") });
        }
    }
    found
}

impl Query {
    /// The expression as Grafana would send it, over a short time and with all there is.
    pub fn filled(&self) -> String {
        let mut expr = self.expr.clone();
        for (variable, value) in
            [("$__rate_interval", "15s"), ("$__range", "1m"), ("$model", ".*"), ("$instance", ".*"), ("$input", ".*")]
        {
            expr = expr.replace(variable, value);
        }
        assert!(
            !expr.contains("[$") && !expr.contains("\"$") || expr.contains("\"$1\""),
            "{}: a variable is left in {expr}",
            self.place
        );
        expr
    }
}

/// A word of an expression, or anything else that is not a space.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

fn tokens(expr: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = expr.chars().peekable();
    while let Some(c) = rest.next() {
        let word = |c: &char| c.is_alphanumeric() || "_:.$".contains(*c);
        match c {
            '"' => {
                let mut text = String::new();
                while let Some(c) = rest.next().filter(|c| *c != '"') {
                    text.push(c);
                    if c == '\\' {
                        text.extend(rest.next());
                    }
                }
                found.push(Token::Text(text));
            }
            c if word(&c) => {
                let mut text = c.to_string();
                while let Some(c) = rest.next_if(word) {
                    text.push(c);
                }
                found.push(Token::Word(text));
            }
            c if c.is_whitespace() => {}
            c => found.push(Token::Sign(c)),
        }
    }
    found
}

/// The labels a metric by this name has; `None` if there is no such metric.
fn labels_of(name: &str) -> Option<Vec<&'static str>> {
    if name == "up" {
        return Some(Vec::new());
    }
    let metric = catalog::ALL.iter().find(|metric| match metric.kind {
        Kind::Histogram(_) => {
            name.strip_prefix(metric.name).is_some_and(|end| ["_bucket", "_sum", "_count"].contains(&end))
        }
        _ => name == metric.name,
    });
    metric.map(|metric| metric.labels.to_vec())
}

/// What an expression names that is not there: metrics, or labels of them.
pub fn unknown_names(expr: &str) -> Vec<String> {
    let tokens = tokens(expr);
    let mut problems = Vec::new();
    let mut labels: Vec<&str> = COMMON_LABELS.to_vec();
    let mut metrics = 0;
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(name) = token else { continue };
        if name != "up" && !name.starts_with("klantreis_") {
            continue;
        }
        metrics += 1;
        match labels_of(name) {
            None => problems.push(format!("no metric is called {name}")),
            Some(own) => {
                for label in matched(&tokens[at + 1..]) {
                    if !own.contains(&label) && !COMMON_LABELS.contains(&label) {
                        problems.push(format!("{name} has no label {label}"));
                    }
                }
                labels.extend(own);
            }
        }
    }
    for label in grouped(&tokens) {
        if !labels.contains(&label) {
            problems.push(format!("no metric in it has the label {label}"));
        }
    }
    if metrics == 0 {
        problems.push("it names no metric".to_owned());
    }
    problems
}

/// The labels in the braces that follow, if braces follow.
fn matched(rest: &[Token]) -> Vec<&str> {
    if rest.first() != Some(&Token::Sign('{')) {
        return Vec::new();
    }
    let inside = rest.iter().skip(1).take_while(|token| **token != Token::Sign('}'));
    inside.filter_map(|token| if let Token::Word(word) = token { Some(word.as_str()) } else { None }).collect()
}

/// The labels in the lists after `by`, `without`, `on` and `ignoring`.
fn grouped(tokens: &[Token]) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Token::Word(word) = token else { continue };
        if !["by", "without", "on", "ignoring"].contains(&word.as_str()) {
            continue;
        }
        let inside = tokens[at + 1..].iter().skip(1).take_while(|token| **token != Token::Sign(')'));
        found.extend(inside.filter_map(|token| if let Token::Word(word) = token { Some(word.as_str()) } else { None }));
    }
    found
}

/// The words of an expression: for telling whether a legend's label is there.
pub fn words(expr: &str) -> Vec<String> {
    tokens(expr).into_iter().filter_map(|token| if let Token::Word(word) = token { Some(word) } else { None }).collect()
}

#[test]
fn every_query_names_only_metrics_and_labels_of_the_catalog() {
    let mut problems = Vec::new();
    for query in of_alerts().into_iter().chain(of_panels()).chain(of_variables()) {
        problems.extend(unknown_names(&query.expr).into_iter().map(|problem| format!("{}: {problem}", query.place)));
    }
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn names_that_are_not_there_are_found_out() {
    let check = |expr: &str, expected: &[&str]| assert_eq!(unknown_names(expr), expected, "{expr}");
    check("sum by (input) (rate(klantreis_records_total{outcome=\"late\"}[5m]))", &[]);
    check("klantreis_recrods_total", &["no metric is called klantreis_recrods_total"]);
    check("klantreis_ready{input=\"a\"}", &["klantreis_ready has no label input"]);
    check("sum by (phase) (klantreis_ready)", &["no metric in it has the label phase"]);
    check("rate(klantreis_event_delay_seconds_bucket[5m])", &[]);
    check("rate(klantreis_event_delay_seconds[5m])", &["no metric is called klantreis_event_delay_seconds"]);
    check("vector(1)", &["it names no metric"]);
}

#[test]
fn every_metric_of_the_catalog_is_looked_at_somewhere() {
    // A timestamp says nothing by itself; its delay is shown.
    let elsewhere = ["klantreis_watermark_timestamp_seconds"];
    let all: Vec<String> = of_alerts().iter().chain(&of_panels()).flat_map(|query| words(&query.expr)).collect();
    for metric in catalog::ALL.iter().filter(|metric| !elsewhere.contains(&metric.name)) {
        let shown = all.iter().any(|word| word.starts_with(metric.name));
        assert!(shown, "{} is on no dashboard and in no alert", metric.name);
    }
}

/// The value of a target's legend.
pub fn legend(target: &Value) -> &str {
    target.get("legendFormat").and_then(Value::as_str).unwrap_or("")
}
