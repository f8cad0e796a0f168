//! The dashboards and alerts against the real thing: a running service, scraped by a real Prometheus.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::files::{list, path, string};
use crate::process::{Process, free_address};
use crate::queries::{self, Query};

/// How long the service has to give every panel something to show.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long to leave Prometheus alone between two rounds of questions.
const PAUSE: Duration = Duration::from_secs(1);

/// The answer to a GET: status and body. HTTP 1.0, so that the body ends with the connection.
fn get(address: SocketAddr, target: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(stream, "GET {target} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok((status, body.to_owned()))
}

fn percent_encoded(text: &str) -> String {
    let byte = |b: u8| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") };
    text.bytes().map(byte).collect()
}

/// What a query gives: for each series its labels and last value; an error in words.
fn ask(prometheus: SocketAddr, query: &Query) -> Result<Vec<Value>, String> {
    let target = format!("/api/v1/query?query={}", percent_encoded(&query.filled()));
    let (status, body) = get(prometheus, &target).map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_str(&body).map_err(|error| format!("{status}: {error}: {body}"))?;
    if answer["status"] != "success" {
        return Err(body);
    }
    Ok(list(&answer, "/data/result").to_vec())
}

/// Whether a query gives at least one number.
fn shows_data(prometheus: SocketAddr, query: &Query) -> bool {
    ask(prometheus, query).is_ok_and(|series| series.iter().any(|one| string(one, "/value/1") != "NaN"))
}

/// Prometheus with the project's alerts, scraping one address every second.
fn start_prometheus(folder: &Path, address: SocketAddr, service: SocketAddr) -> Process {
    let configuration = json!({
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [path("deploy/prometheus/alerts.yml")],
        "scrape_configs": [{"job_name": "klantreis", "static_configs": [{"targets": [service.to_string()]}]}],
    });
    let file = folder.join("prometheus.yml");
    // JSON is YAML.
    std::fs::write(&file, configuration.to_string()).expect("a file in a temporary folder");
    let mut command = Command::new("prometheus");
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"));
    Process::start("prometheus", &mut command, folder)
}

#[test]
fn every_panel_shows_data_of_a_running_service_and_no_alert_fires() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (service, prometheus) = (free_address(), free_address());
    let mut command = Command::new(env!("CARGO_BIN_EXE_klantreis"));
    command.args(["demo", "--seconds", "300", "--listen", &service.to_string()]);
    let mut demo = Process::start("klantreis demo", &mut command, folder.path());
    let mut scraper = start_prometheus(folder.path(), prometheus, service);

    let mut silent: Vec<Query> = queries::of_panels().into_iter().chain(queries::of_variables()).collect();
    let begun = Instant::now();
    while !silent.is_empty() && begun.elapsed() < PATIENCE {
        demo.assert_runs();
        scraper.assert_runs();
        silent.retain(|query| !shows_data(prometheus, query));
        std::thread::park_timeout(PAUSE);
    }
    let list_of = |silent: &[Query]| -> Vec<String> {
        silent
            .iter()
            .map(|query| format!("{}: {} ({:?})", query.place, query.filled(), ask(prometheus, query)))
            .collect()
    };
    assert!(silent.is_empty(), "without data after {PATIENCE:?}: {:#?}\n{}", list_of(&silent), demo.said());

    check_rules(prometheus);
    check_exposition(service);
    let (status, said) = demo.end();
    assert!(status.success(), "the demo ends well when asked to: {status}\n{said}");
}

/// Every alert can be evaluated, and none fires for a service in good health.
fn check_rules(prometheus: SocketAddr) {
    let (_, body) = get(prometheus, "/api/v1/rules").expect("Prometheus answers");
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    let rules: Vec<&Value> = list(&answer, "/data/groups").iter().flat_map(|group| list(group, "/rules")).collect();
    assert_eq!(rules.len(), queries::of_alerts().len());
    for rule in rules {
        assert_eq!(rule["health"], "ok", "{}: {}", rule["name"], rule["lastError"]);
        assert_ne!(rule["state"], "firing", "{}", rule["name"]);
    }
}

/// What the service tells Prometheus is as Prometheus wants it.
fn check_exposition(service: SocketAddr) {
    let (status, metrics) = get(service, "/metrics").expect("the service answers");
    assert_eq!(status, 200);
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool (Debian package prometheus) starts");
    let mut input = promtool.stdin.take().expect("the input is a pipe");
    input.write_all(metrics.as_bytes()).expect("promtool reads all of it");
    drop(input);
    let output = promtool.wait_with_output().expect("promtool ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
