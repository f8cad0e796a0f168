//! A configuration for tests, without a file.

use std::collections::BTreeMap;

use klantreis::config::{
    Config, Envelope, Guarantee, HttpConfig, InputConfig, KafkaConfig, Keying, ModelRef, Needs, Start, TimeSource,
    Topics,
};
use klantreis::formats::FormatSpec;
use klantreis::journey::Span;
use klantreis::yaml::Place;

use super::Broker;

/// An application of this name that reads inputs (named as the last part of their topic) with the defaults of a configuration.
pub fn config(broker: &Broker, application: &str, instance: &str, topics: &[String]) -> Config {
    let input = |topic: &String| InputConfig {
        name: topic.rsplit('.').next().expect("there is a last part").to_owned(),
        name_at: Place::START,
        topic: topic.clone(),
        format: FormatSpec::new("segment", None).expect("a built-in format"),
        time: TimeSource::Event,
        start: Start::Earliest,
    };
    Config {
        variants: None,
        schema_registry: None,
        shadows: Vec::new(),
        application: application.to_owned(),
        kafka: KafkaConfig {
            brokers: broker.address().to_owned(),
            instance: instance.to_owned(),
            properties: BTreeMap::new(),
            consumer: BTreeMap::new(),
            producer: BTreeMap::new(),
            replication: 1,
        },
        inputs: topics.iter().map(input).collect(),
        keying: Keying::Direct,
        models: vec![ModelRef::BuiltIn("think5".to_owned())],
        topics: Topics {
            shadow: None,
            events: None,
            transitions: format!("{application}.transitions"),
            signals: Some(format!("{application}.signals")),
            phases: Some(format!("{application}.phases")),
            dead_letters: format!("{application}.dead-letters"),
            state_deltas: format!("{application}.state-deltas"),
            state_snapshots: format!("{application}.state-snapshots"),
        },
        guarantee: Guarantee::ExactlyOnce,
        needs: Needs::Reference,
        commit_interval: Span(100),
        workers: 1,
        align_idle_after: Span(0),
        allowed_lateness: Span(60_000),
        max_future_skew: Span(300_000),
        forget_after: Span(400 * 86_400_000),
        remembered_ids: 4,
        max_event_bytes: 1 << 20,
        dead_letters_stop_above: None,
        memory_limit: None,
        shutdown_deadline: Span(20_000),
        envelope: Envelope::Binary,
        http: HttpConfig { listen: None, metrics_listen: None, token: None },
    }
}
