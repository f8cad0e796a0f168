//! The librdkafka properties of each client: ours, then the user's, except where exactly once would break.
//!
//! Its one invariant: a property that a promise rests on has our value, in every client. A user who sets one is told why not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

use super::partition_queue::Stamps;
use super::presence::Presence;
use crate::config::{self, Config, EVENTS, Start};

/// How long the coordinator lets a transaction stay open. Whoever takes our place waits at most this long for our last one.
pub(super) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a record may take to be acknowledged: less than a transaction may.
pub(super) const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the group waits for a member that fell silent.
const SESSION_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a member shows the group that it lives, and is told if it was replaced.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);
/// Fetched records that wait to be taken, over all partitions of a process: enough for some tens of milliseconds at full
/// speed. Less saves no time, and makes the workers wait.
const PREFETCH_BYTES: usize = 48 << 20;
/// What the broker sends of one partition at once, compressed, at most; it comes on top of what waits already.
const FETCH_BYTES: usize = 128 << 10;
/// Less than this is not asked for, so that a partition is not asked a thousand times for what it has: from three thousand
/// partitions of inputs on, a process holds more than it would otherwise.
const FETCH_BYTES_MIN: usize = 16 << 10;
/// The largest record that is written unless the user says otherwise; only dead letters come near.
const RECORD_BYTES: usize = 16 << 20;

/// Why the clients cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A property that is not the user's.
    #[error("{place}.{name} cannot be set: {why}; leave it out")]
    Ours {
        /// Where it was set.
        place: &'static str,
        /// The property.
        name: String,
        /// Why it cannot be.
        why: &'static str,
    },
    /// librdkafka does not know the property or its value.
    #[error("{place}: {problem}; see librdkafka's CONFIGURATION.md for names and values")]
    Unknown {
        /// Where it was set.
        place: &'static str,
        /// In librdkafka's words.
        problem: String,
    },
}

/// What the clients work for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Customers' journeys.
    Journey,
    /// Writing the events of the inputs anew, keyed by customer.
    Ingest,
}

/// A topic that a stage reads.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    /// What it is called.
    pub(super) name: String,
    pub(super) topic: String,
    /// Where it begins that was never read.
    pub(super) start: Start,
}

/// Everything needed to make clients.
#[derive(Debug, Clone)]
pub struct Settings {
    application: String,
    instance: String,
    brokers: String,
    properties: BTreeMap<String, String>,
    consumer: BTreeMap<String, String>,
    producer: BTreeMap<String, String>,
    /// What is read and written, by the configuration.
    pub(super) config: Arc<Config>,
    pub(super) stage: Stage,
    /// What is read, in the order that decides between records of the same time.
    pub(super) intakes: Arc<[Intake]>,
    presence: Arc<Presence>,
}

impl Settings {
    /// Checks what the user set; connects to nothing.
    ///
    /// # Errors
    /// If a property is not the user's to set, or librdkafka does not know it.
    pub fn new(config: Arc<Config>) -> Result<Settings, SettingsError> {
        let kafka = &config.kafka;
        let places = [
            ("kafka.properties", &kafka.properties),
            ("kafka.consumer", &kafka.consumer),
            ("kafka.producer", &kafka.producer),
        ];
        for (place, properties) in places {
            for name in properties.keys() {
                if let Some(why) = config::reserved(name) {
                    return Err(SettingsError::Ours { place, name: name.clone(), why });
                }
            }
            let mut given = ClientConfig::new();
            properties.iter().for_each(|(name, value)| _ = given.set(name, value));
            given
                .create_native_config()
                .map_err(|problem| SettingsError::Unknown { place, problem: problem.to_string() })?;
        }
        Ok(Settings {
            application: config.application.clone(),
            instance: kafka.instance.clone(),
            brokers: kafka.brokers.clone(),
            properties: kafka.properties.clone(),
            consumer: kafka.consumer.clone(),
            producer: kafka.producer.clone(),
            presence: Arc::default(),
            stage: Stage::Journey,
            intakes: match &config.topics.events {
                Some(topic) => [Intake { name: EVENTS.into(), topic: topic.clone(), start: Start::Earliest }].into(),
                None => inputs_of(&config),
            },
            config,
        })
    }

    /// The same for the stage that writes events anew, keyed by customer.
    #[must_use]
    pub fn of_ingest(&self) -> Settings {
        Settings { stage: Stage::Ingest, intakes: inputs_of(&self.config), ..self.clone() }
    }

    /// Whether a broker answers, as the sources made from these settings see it.
    pub fn presence(&self) -> &Arc<Presence> {
        &self.presence
    }

    /// How many topics are read.
    pub fn inputs(&self) -> usize {
        self.intakes.len()
    }

    /// What says when a record was: its timestamp, or, of events that were written anew, the events.
    pub(super) fn stamps(&self) -> Stamps {
        match (self.stage, &self.config.topics.events) {
            (Stage::Journey, Some(_)) => Stamps::InEvents,
            _ => Stamps::OfRecords,
        }
    }

    /// Their names.
    pub(super) fn topics(&self) -> Vec<String> {
        self.intakes.iter().map(|intake| intake.topic.clone()).collect()
    }

    /// Name of a worker as a member of the group and as a writer of transactions.
    pub(super) fn identity(&self, worker: usize) -> String {
        match self.stage {
            Stage::Journey => format!("{}-{}-{worker}", self.application, self.instance),
            Stage::Ingest => format!("{}-{}-ingest", self.application, self.instance),
        }
    }

    /// The consumer group.
    pub(super) fn group(&self) -> String {
        match self.stage {
            Stage::Journey => self.application.clone(),
            Stage::Ingest => format!("{}.ingest", self.application),
        }
    }

    /// For requests alone: administration, and looking at the true ends of partitions.
    pub(super) fn plain(&self, worker: usize, role: &str) -> ClientConfig {
        let mut client = ClientConfig::new();
        let debugging = self.properties.contains_key("debug");
        client
            .set_log_level(if debugging { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info })
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", format!("{}-{role}", self.identity(worker)))
            .set("reconnect.backoff.max.ms", "2000");
        self.properties.iter().for_each(|(name, value)| _ = client.set(name, value));
        client
    }

    /// For a worker as a member of the group; all its partitions together prefetch no more than their share.
    pub(super) fn member(&self, worker: usize, partitions: i32) -> ClientConfig {
        let mut client = self.plain(worker, "source");
        let queues = self.intakes.len().max(1) * usize::try_from(partitions).unwrap_or(1).max(1);
        let waiting = (PREFETCH_BYTES / queues).clamp(FETCH_BYTES_MIN, 8 << 20);
        client
            .set("group.id", self.group())
            .set("group.instance.id", self.identity(worker))
            .set("partition.assignment.strategy", "range")
            .set("session.timeout.ms", SESSION_TIMEOUT.as_millis().to_string())
            .set("heartbeat.interval.ms", HEARTBEAT.as_millis().to_string())
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("queued.max.messages.kbytes", (waiting / 1024).to_string())
            .set("fetch.message.max.bytes", (waiting / 2).clamp(FETCH_BYTES_MIN, FETCH_BYTES).to_string())
            // A partition whose records all wait to be taken is not asked for; those that are may have no more. So the broker
            // must not hold its answer back for longer than it takes to work off what waits.
            .set("fetch.wait.max.ms", "10")
            .set("statistics.interval.ms", "1000");
        self.consuming(&mut client);
        client
    }

    /// For reading state back: chooses its partitions itself and never joins the group, whose offsets it asks for.
    pub(super) fn reader(&self, worker: usize) -> ClientConfig {
        let mut client = self.plain(worker, "restore");
        client
            .set("group.id", self.group())
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("queued.max.messages.kbytes", "32768")
            .set("fetch.message.max.bytes", "1048576")
            // What is read next is asked for when the answer to the question before is there; that one is often asked at an end.
            .set("fetch.wait.max.ms", "1");
        self.consuming(&mut client);
        client
    }

    /// For looking at what is not committed yet.
    pub(super) fn ends(&self, worker: usize) -> ClientConfig {
        let mut client = self.plain(worker, "ends");
        client
            .set("isolation.level", "read_uncommitted")
            .set("group.id", self.group())
            .set("enable.auto.commit", "false");
        client
    }

    /// For looking at a topic in no group.
    pub(super) fn looker(&self) -> ClientConfig {
        let mut client = self.plain(0, "try");
        self.consuming(&mut client);
        client
    }

    fn consuming(&self, client: &mut ClientConfig) {
        client
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("allow.auto.create.topics", "false")
            .set("isolation.level", "read_committed")
            .set("fetch.queue.backoff.ms", "5")
            .set("fetch.error.backoff.ms", "100")
            .set("socket.receive.buffer.bytes", "1048576");
        self.consumer.iter().for_each(|(name, value)| _ = client.set(name, value));
    }

    /// For writing; with transactions if `transactional`.
    pub(super) fn writer(&self, worker: usize, transactional: bool) -> ClientConfig {
        let mut client = self.plain(worker, "committer");
        client
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("compression.type", "lz4")
            // Steps of a transaction are refused while the broker still ends the one before, which takes a few milliseconds;
            // librdkafka's own pause of 100 before it tries again would be as long as an epoch. It doubles with each try.
            .set("retry.backoff.ms", "3")
            // An epoch is produced at once and its end is waited for; single outputs fare better with company.
            .set("linger.ms", if transactional { "1" } else { "2" })
            .set("batch.num.messages", "100000")
            .set("queue.buffering.max.messages", "500000")
            .set("queue.buffering.max.kbytes", "262144")
            .set("message.max.bytes", RECORD_BYTES.to_string())
            .set("message.timeout.ms", MESSAGE_TIMEOUT.as_millis().to_string());
        if transactional {
            client
                .set("transactional.id", self.identity(worker))
                .set("transaction.timeout.ms", TRANSACTION_TIMEOUT.as_millis().to_string());
        }
        self.producer.iter().for_each(|(name, value)| _ = client.set(name, value));
        client
    }

    /// Whether the user says how records are compressed.
    pub(super) fn compression_is_given(&self) -> bool {
        let names = ["compression.type", "compression.codec"];
        names.iter().any(|name| self.producer.contains_key(*name) || self.properties.contains_key(*name))
    }

    /// The largest record that our producers send.
    pub(super) fn record_bytes(&self) -> usize {
        let given = self.producer.get("message.max.bytes").or(self.properties.get("message.max.bytes"));
        given.and_then(|bytes| bytes.parse().ok()).unwrap_or(RECORD_BYTES)
    }
}

fn inputs_of(config: &Config) -> Arc<[Intake]> {
    let inputs = config.inputs.iter();
    inputs.map(|one| Intake { name: one.name.clone(), topic: one.topic.clone(), start: one.start }).collect()
}
