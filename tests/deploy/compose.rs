//! The compose file: that its services name each other rightly, mount what is there, and open nothing to the network.

use serde_json::Value;

use crate::files::{document, list, path, string, text};
use crate::shape::{Shape, strangers};

const FILE: &str = "deploy/compose.yaml";

/// The parts of the compose specification that the file uses.
const SHAPE: &Shape = &[
    ("", &["name", "services", "volumes", "x-defaults"]),
    ("x-defaults", &["*"]),
    ("services", &["<any>"]),
    (
        "services.*",
        &[
            "image",
            "build",
            "hostname",
            "depends_on",
            "environment",
            "entrypoint",
            "command",
            "volumes",
            "ports",
            "healthcheck",
            "restart",
            "security_opt",
            "logging",
            "read_only",
            "cap_drop",
            "init",
            "stop_grace_period",
            "deploy",
        ],
    ),
    ("services.*.build", &["context", "dockerfile"]),
    ("services.*.depends_on", &["<any>"]),
    ("services.*.depends_on.*", &["condition"]),
    ("services.*.environment", &["*"]),
    ("services.*.healthcheck", &["test", "interval", "timeout", "retries", "start_period"]),
    ("services.*.logging", &["driver", "options"]),
    ("services.*.logging.options", &["max-size", "max-file"]),
    ("services.*.deploy", &["resources"]),
    ("services.*.deploy.resources", &["limits"]),
    ("services.*.deploy.resources.limits", &["cpus", "memory"]),
    ("volumes", &["<any>"]),
];

fn services(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    compose["services"].as_object().expect("there are services").iter()
}

#[test]
fn the_file_holds_nothing_strange_and_every_service_that_was_promised() {
    let compose = document(FILE);
    assert_eq!(strangers(&compose, SHAPE), Vec::<String>::new());
    let names: Vec<&String> = services(&compose).map(|(name, _)| name).collect();
    for name in ["kafka", "topics", "klantreis", "feeder", "prometheus", "grafana"] {
        assert!(names.iter().any(|known| *known == name), "{name} is missing from {names:?}");
    }
}

#[test]
fn services_wait_for_services_that_can_become_what_is_waited_for() {
    let compose = document(FILE);
    for (name, service) in services(&compose) {
        for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
            let Some(other_service) = compose["services"].get(other) else {
                panic!("{name} waits for {other}, which is not there")
            };
            match string(how, "/condition") {
                "service_healthy" => {
                    assert!(other_service.get("healthcheck").is_some(), "{name}: {other} has no health check")
                }
                "service_completed_successfully" => {
                    assert_eq!(other_service["restart"], "no", "{name}: {other} never ends")
                }
                "service_started" => {}
                condition => panic!("{name} waits for {other} to be {condition}"),
            }
        }
    }
}

#[test]
fn what_is_mounted_is_there() {
    let compose = document(FILE);
    let mut used = Vec::new();
    for (name, service) in services(&compose) {
        for volume in list(service, "/volumes") {
            let parts: Vec<&str> = volume.as_str().expect("volumes in their short form").split(':').collect();
            if let Some(file) = parts[0].strip_prefix("./") {
                assert!(path("deploy").join(file).exists(), "{name} mounts {file}, which is not there");
                assert_eq!(parts.get(2), Some(&"ro"), "{name} may write to {file}");
            } else {
                assert!(
                    compose["volumes"].get(parts[0]).is_some(),
                    "{name} uses the volume {}, which is not declared",
                    parts[0]
                );
                used.push(parts[0].to_owned());
            }
        }
    }
    for name in compose["volumes"].as_object().expect("volumes are declared").keys() {
        assert!(used.contains(name), "the volume {name} is not used");
    }
    let klantreis = &compose["services"]["klantreis"];
    assert!(
        path("deploy").join(string(klantreis, "/build/context")).join(string(klantreis, "/build/dockerfile")).exists()
    );
}

#[test]
fn every_port_is_bound_to_the_loopback_address_and_every_service_has_limits() {
    let compose = document(FILE);
    for (name, service) in services(&compose) {
        for port in list(service, "/ports") {
            assert!(port.as_str().is_some_and(|port| port.starts_with("127.0.0.1:")), "{name}: {port}");
        }
        for limit in ["cpus", "memory"] {
            string(service, &format!("/deploy/resources/limits/{limit}"));
        }
        let (_, tag) = string(service, "/image").rsplit_once(':').unwrap_or_else(|| panic!("{name} has no tag"));
        assert!(tag.contains('.') && tag != "latest", "{name}: {tag} is not one version");
        assert!(list(service, "/security_opt").contains(&"no-new-privileges:true".into()), "{name}");
    }
    let tag = string(&compose, "/services/klantreis/image");
    assert_eq!(tag, concat!("klantreis:", env!("CARGO_PKG_VERSION")));
}

#[test]
fn klantreis_writes_no_disk_and_has_longer_to_end_than_its_deadline() {
    let compose = document(FILE);
    let klantreis = &compose["services"]["klantreis"];
    assert_eq!(klantreis["read_only"], true);
    assert_eq!(list(klantreis, "/cap_drop"), ["ALL"]);
    let seconds = |text: &str| -> u64 { text.strip_suffix('s').and_then(|n| n.parse().ok()).expect("seconds") };
    let grace = seconds(string(klantreis, "/stop_grace_period"));
    let configuration = document("deploy/compose/klantreis.yaml");
    let deadline = configuration.pointer("/shutdown/deadline").and_then(Value::as_str).map_or(20, seconds);
    assert!(grace >= deadline + 10, "{grace} s, and the deadline is {deadline} s");
    let variables = klantreis["environment"].as_object().expect("an environment");
    for name in variables.keys() {
        let read = text("deploy/compose/klantreis.yaml").contains(&format!("${{{name}"));
        assert!(read, "{name} is set, but the configuration does not read it");
    }
}

#[test]
fn prometheus_scrapes_where_klantreis_listens_and_grafana_asks_prometheus() {
    let configuration = document("deploy/compose/klantreis.yaml");
    let (_, port) = string(&configuration, "/http/metrics_listen").rsplit_once(':').expect("an address has a port");
    let prometheus = document("deploy/prometheus/prometheus.yml");
    let targets: Vec<&Value> =
        list(&prometheus, "/scrape_configs").iter().flat_map(|job| list(job, "/static_configs/0/targets")).collect();
    assert!(targets.iter().any(|target| **target == format!("klantreis:{port}")), "{targets:?}");
    let source = document("deploy/grafana/provisioning/datasources/prometheus.yaml");
    assert_eq!(string(&source, "/datasources/0/url"), "http://prometheus:9090");
    assert_eq!(source.pointer("/datasources/0/jsonData/timeInterval"), prometheus.pointer("/global/scrape_interval"));
    let compose = document(FILE);
    let mounted = |service: &str, inside: &str| {
        let volumes = list(&compose, &format!("/services/{service}/volumes"));
        volumes.iter().any(|volume| volume.as_str().is_some_and(|v| v.split(':').nth(1) == Some(inside)))
    };
    let provider = document("deploy/grafana/provisioning/dashboards/klantreis.yaml");
    assert!(mounted("grafana", string(&provider, "/providers/0/options/path")));
    for rules in list(&prometheus, "/rule_files") {
        let file = format!("/etc/prometheus/{}", rules.as_str().expect("a file name"));
        assert!(mounted("prometheus", &file), "{file}");
    }
}

#[test]
fn the_topics_that_are_made_are_those_that_are_read_and_fed() {
    let configuration = document("deploy/compose/klantreis.yaml");
    let read: Vec<&str> = list(&configuration, "/inputs").iter().map(|input| string(input, "/topic")).collect();
    let compose = document(FILE);
    let script = string(&compose, "/services/topics/command/0");
    assert!(script.contains(&format!("for topic in {};", read.join(" "))), "{script}");
    let feed = text("deploy/compose/feed/feed.sh");
    assert!(feed.contains(&format!("for topic in {};", read.join(" "))));
    for line in text("deploy/compose/feed/events.tsv").lines() {
        let topic = line.split('\t').nth(1).expect("share, topic, value");
        assert!(read.contains(&topic), "{line}");
    }
}
