//! The section `kafka`: how to reach the brokers.

use std::collections::BTreeMap;

use super::KafkaConfig;
use super::section::{Found, Section};
use super::units;
use crate::yaml::Yaml;

/// Properties that carry the guarantees and are therefore not for the user to set, and why. Both names where librdkafka
/// has two.
const RESERVED: [(&str, &str); 24] = [
    ("bootstrap.servers", "it is kafka.brokers"),
    ("metadata.broker.list", "it is kafka.brokers"),
    ("group.id", "it is the application's name"),
    ("group.instance.id", "it is made of application, kafka.instance and worker"),
    ("group.protocol", "partitions change hands by the classic protocol"),
    ("transactional.id", "it is made of application, kafka.instance and worker"),
    ("partition.assignment.strategy", "the same partition of all inputs must come to the same worker"),
    ("enable.auto.commit", "offsets are committed together with the state"),
    ("auto.commit.interval.ms", "offsets are committed together with the state"),
    ("enable.auto.offset.store", "offsets are committed together with the state"),
    ("isolation.level", "what others took back must not be read"),
    ("auto.offset.reset", "an input's start says where it begins, and a position that is gone must be an error"),
    ("enable.partition.eof", "reading inputs in the order of time rests on it"),
    ("partitioner", "a customer's records must be where Kafka's own clients look for them"),
    ("partitioner_cb", "a customer's records must be where Kafka's own clients look for them"),
    ("enable.idempotence", "nothing may be written twice"),
    ("acks", "nothing may be lost with one broker"),
    ("request.required.acks", "nothing may be lost with one broker"),
    ("transaction.timeout.ms", "deadlines of commits rest on it"),
    ("message.timeout.ms", "deadlines of commits rest on it"),
    ("delivery.timeout.ms", "deadlines of commits rest on it"),
    ("delivery.report.only.error", "acknowledgements are counted"),
    ("statistics.interval.ms", "whether a broker answers is read from the statistics"),
    ("allow.auto.create.topics", "`klantreis topics create` makes them, with the settings they need"),
];

/// Why a librdkafka property is not for the user to set; `None` if it is.
pub fn reserved(property: &str) -> Option<&'static str> {
    RESERVED.iter().find(|(name, _)| *name == property).map(|(_, why)| *why)
}

/// Reads it.
pub(super) fn read(mut section: Section<'_>) -> KafkaConfig {
    let brokers = section.required("brokers", "write for example brokers: 127.0.0.1:9092");
    let instance = section.node("instance").and_then(|node| match &node.value {
        // Empty is what `${HOSTNAME:-}` gives where there is no such variable: the host's own name then.
        Yaml::Text(text) if text.trim().is_empty() => None,
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
        if let Some(why) = reserved(&name) {
            problems.add(at, format!("{name} cannot be set: {why}"), "leave it out");
        } else {
            properties.insert(name, value);
        }
    }
    properties
}
