//! The whole service over a broker in the process: what it does with records whose schema is not to be had.

use std::path::Path;
use std::time::Duration;

use klantreis::kafka::mock::{MockBroker, PlainProducer, PlainReader};
use klantreis::service::{self, Options, Running, StateKeeping};

use crate::client;
use crate::events::{AT, first, first_schema};
use crate::stand_in::StandIn;
use crate::{framed, parse, until};

/// A configuration with one input in Avro, and more keys.
pub fn configuration(brokers: &str, more: &str) -> String {
    format!(
        "application: shop
kafka: {{ brokers: {brokers:?}, instance: test }}
inputs:
  - name: orders
    topic: orders
    format: mapping
    mapping:
      reads: avro
      identifiers: {{ user_id: customer_id }}
      customer: [user_id]
      time: {{ from: ordered_at, format: epoch_ms }}
      kind: purchased
      id: order_id
      value: total
models: [think5]
workers: 1
http: {{ listen: 127.0.0.1:0 }}
{more}
"
    )
}

/// The service with its topics.
fn started(broker: &MockBroker, more: &str) -> Running {
    let config = parse(&configuration(&broker.brokers(), more)).unwrap();
    for topic in ["orders", "shop.transitions", "shop.signals", "shop.phases", "shop.dead-letters"] {
        broker.create(topic, 1).unwrap();
    }
    ["shop.state-deltas", "shop.state-snapshots"].iter().for_each(|topic| broker.create(topic, 1).unwrap());
    let options =
        Options { exit_when_caught_up: false, adopt_state: false, state: StateKeeping::Never { partitions: 1 } };
    service::start(config, options).unwrap()
}

#[test]
fn records_wait_for_a_registry_that_is_away_and_none_becomes_a_dead_letter() {
    let broker = MockBroker::start().unwrap();
    let mut stand_in = StandIn::away();
    stand_in.add(1, "AVRO", first_schema(), &[]);
    let more = format!("schema_registry: {{ url: {:?} }}", stand_in.url());
    let running = started(&broker, &more);
    let producer = PlainProducer::new(&broker.brokers()).unwrap();
    let send = |id: u32, customer: &str| {
        let order = first(&format!("o-{customer}"), customer, AT);
        producer.send("orders", customer, AT, &framed(id, &order)).unwrap();
        producer.flush(Duration::from_secs(10)).unwrap();
    };
    let transitions = PlainReader::new(&broker.brokers(), "shop.transitions", 1).unwrap();
    let letters = PlainReader::new(&broker.brokers(), "shop.dead-letters", 1).unwrap();
    let next = |reader: &PlainReader| {
        let mut text = None;
        reader.read(Duration::from_millis(100), |value| text = Some(String::from_utf8_lossy(value).into_owned()));
        text
    };
    send(1, "c-1001");
    send(1, "c-1002");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!((running.taken(), next(&transitions), next(&letters)), (0, None, None), "it waits");
    check_waits(&running, &stand_in);

    stand_in.come_back();
    for customer in ["c-1001", "c-1002"] {
        let told = until("a transition", || next(&transitions));
        assert!(told.contains(customer), "in their order: {told}");
    }
    assert_eq!(next(&letters), None);
    check_goes_on(&running);
    // A schema that nobody knows is another matter.
    send(9, "c-1003");
    send(1, "c-1004");
    let told = until("the transition after it", || next(&transitions));
    assert!(told.contains("c-1004"), "{told}");
    assert!(until("the dead letter", || next(&letters)).contains("c-1003"));
    let figures = stopped(running);
    assert_eq!((figures.events, figures.dead_letters), (4, 1));
}

fn answer(running: &Running, path: &str) -> client::Answer {
    let address = running.addresses().all.expect("it listens");
    client::Exchange::begin(address, "GET", path, &[]).finish()
}

/// What is told while records wait: it is not taken out of service for that, but says so in all its answers.
fn check_waits(running: &Running, stand_in: &StandIn) {
    let why = format!("the schema registry at {} has not given schema 1 yet: ", stand_in.url());
    let ready = until("the warning", || {
        let answer = answer(running, "/readyz");
        answer.body.contains("warning").then_some(answer)
    });
    assert_eq!(ready.status, 200, "{ready:?}");
    let lines: Vec<&str> = ready.body.lines().collect();
    assert!(lines.len() == 2 && lines[0] == "ready", "{ready:?}");
    assert!(lines[1].starts_with("warning: 1 of 1 partitions waits for a schema, for "), "{ready:?}");
    assert!(lines[1].contains(&why), "{ready:?}");
    let status = answer(running, "/v1/status").json();
    let record = &status["partitions"][0]["waiting_record"];
    assert_eq!((&record["input"], &record["offset"]), (&"orders".into(), &0.into()), "{status}");
    assert!(status["troubles"][0].as_str().is_some_and(|trouble| trouble.contains(&why)), "{status}");
    assert!(waited(running) >= 1.0);
}

/// And when they do not any more.
fn check_goes_on(running: &Running) {
    until("the end of the warning", || (answer(running, "/readyz").body == "ready\n").then_some(()));
    assert_eq!(answer(running, "/v1/status").json()["partitions"][0].get("waiting_record"), None);
    assert_eq!(waited(running), 0.0);
}

/// The seconds that the metric tells.
fn waited(running: &Running) -> f64 {
    let metrics = answer(running, "/metrics").body;
    let value = metrics.lines().find_map(|line| line.strip_prefix("klantreis_schema_wait_seconds{input=\"orders\"} "));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{metrics}"))
}

#[test]
fn a_service_whose_records_wait_stops_when_it_is_told_to() {
    let broker = MockBroker::start().unwrap();
    let stand_in = StandIn::away();
    let more = format!("schema_registry: {{ url: {:?} }}\nshutdown: {{ deadline: 5s }}", stand_in.url());
    let running = started(&broker, &more);
    let producer = PlainProducer::new(&broker.brokers()).unwrap();
    producer.send("orders", "c-1001", AT, &framed(1, &first("o-1", "c-1001", AT))).unwrap();
    producer.flush(Duration::from_secs(10)).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let figures = stopped(running);
    assert_eq!((figures.events, figures.dead_letters), (0, 0));
}

fn stopped(running: Running) -> service::Figures {
    running.stopper()();
    running.wait().unwrap()
}

/// What is said of a configuration.
fn check(more: &str, expected: &str) {
    let said = parse(&configuration("127.0.0.1:9092", more)).err().unwrap_or_default();
    assert!(said.contains(expected), "{more}: {said}");
}

#[test]
fn where_schemas_are_must_be_said_in_full() {
    check("", "k.yaml:4:11: the records of input orders have schemas, but nothing says where these are");
    check("schema_registry: {}", "schema_registry.url is missing");
    check(
        "schema_registry: { url: 'registry:8081' }",
        "schema_registry.url is \"registry:8081\"; write http:// or https:// and a host",
    );
    check("schema_registry: { url: 'http://' }", "write http:// or https:// and a host");
    check("schema_registry: { url: 'http:///' }", "write http:// or https:// and a host");
    check(
        "schema_registry: { url: 'https://shop:x@r/a' }",
        "schema_registry.url has a user in it; write username and password",
    );
    check("schema_registry: { url: 'https://r/a@b' }", "");
    check("schema_registry: { url: 'http://r', username: shop }", "a user or a password alone; write both or none");
    check(
        "schema_registry: { url: 'http://r', username: shop, password: x, token: y }",
        "a token and a user or password; write one or the other",
    );
    check("schema_registry: { url: 'http://r', ca_file: ca.pem }", "has a ca_file, but its url is not https");
    check("schema_registry: { url: 'http://r', user: shop }", "schema_registry.user is not a key that is known here");
    check("schema_registry: { url: 'http://r', token: '${NOPE}' }", "the environment variable NOPE is not set");
    check("schema_registry: { url: 'https://r/base', username: shop, password: x, ca_file: ca.pem }", "");
    let config =
        parse(&configuration("127.0.0.1:9092", "schema_registry: { url: 'https://r', ca_file: ca.pem }")).unwrap();
    assert_eq!(config.schema_registry.unwrap().ca_file.as_deref(), Some(Path::new("./ca.pem")));
}
