//! The section `kafka`: how to reach the brokers.

use std::collections::BTreeMap;

use super::KafkaConfig;
use super::section::{Found, Section};
use super::units;

/// Properties that carry the guarantees and are therefore not for the user to set.
const OURS: [&str; 14] = [
    "bootstrap.servers",
    "metadata.broker.list",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "transactional.id",
    "enable.idempotence",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "isolation.level",
    "auto.offset.reset",
    "partition.assignment.strategy",
    "partitioner",
];

/// Reads it.
pub(super) fn read(mut section: Section<'_>) -> KafkaConfig {
    let brokers = section.required("brokers", "write for example brokers: 127.0.0.1:9092");
    let instance = section.node("instance").and_then(|node| match &node.value {
        // Empty is what `${HOSTNAME:-}` gives where there is no such variable: the host's own name then.
        super::tree::Value::Text(text) if text.trim().is_empty() => None,
        _ => section.text("instance", "write a name that no other process of the application has"),
    });
    let replication = section.whole("replication", 1..=100);
    let read = KafkaConfig {
        brokers: brokers.map_or_else(String::new, |brokers| brokers.value.to_owned()),
        instance: instance.map_or_else(units::host_name, |instance| instance.value.to_owned()),
        properties: properties(section.section("properties")),
        consumer: properties(section.section("consumer")),
        producer: properties(section.section("producer")),
        replication: replication.map_or(-1, |replication| replication as i32),
    };
    section.finish();
    read
}

/// librdkafka properties by name. Whether librdkafka knows them shows when a client is made of them.
fn properties(section: Section<'_>) -> BTreeMap<String, String> {
    let problems = section.problems;
    let mut properties = BTreeMap::new();
    for (name, Found { at, value }) in section.texts() {
        if OURS.contains(&name.as_str()) {
            problems.add(at, format!("{name} is set by the service itself, its guarantees rest on it"), "leave it out");
        } else {
            properties.insert(name, value);
        }
    }
    properties
}
