//! Filling topics and reading them back, independently of the code under test.

use std::time::{Duration, Instant};

use futures::executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::Broker;

/// Everything here is over a loopback: what takes longer than this is stuck.
const STUCK: Duration = Duration::from_secs(30);

/// What a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Records of committed transactions alone.
    ReadCommitted,
    /// All, also of aborted and open ones.
    ReadUncommitted,
}

/// A topic to create: name, partitions, settings.
pub type NewTopicOf<'a> = (&'a str, i32, &'a [(&'a str, &'a str)]);

/// A record to send.
#[derive(Debug, Clone, Default)]
pub struct Send {
    /// `None`: the key decides.
    pub partition: Option<i32>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    /// `None`: now.
    pub timestamp: Option<i64>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Send {
    /// A record of a key and a value.
    pub fn new(key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Send {
        Send { key: Some(key.as_ref().to_vec()), value: Some(value.as_ref().to_vec()), ..Send::default() }
    }

    /// To this partition.
    pub fn to(self, partition: i32) -> Send {
        Send { partition: Some(partition), ..self }
    }

    /// At this time.
    pub fn at(self, timestamp: i64) -> Send {
        Send { timestamp: Some(timestamp), ..self }
    }
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub partition: i32,
    pub offset: i64,
    pub timestamp: Option<i64>,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Seen {
    /// The value as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(self.value.as_deref().unwrap_or_default()).expect("the value is text")
    }
}

impl Broker {
    fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", self.address());
        client
    }

    fn admin(&self) -> AdminClient<DefaultClientContext> {
        self.client().create().expect("an admin client can be made")
    }

    /// Creates topics.
    pub fn create_topics(&self, topics: &[NewTopicOf<'_>]) {
        let new: Vec<_> = topics
            .iter()
            .map(|(name, partitions, settings)| {
                let topic = NewTopic::new(name, *partitions, TopicReplication::Fixed(1));
                settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value))
            })
            .collect();
        let admin = self.admin();
        let options = AdminOptions::new().operation_timeout(Some(STUCK));
        for created in block_on(admin.create_topics(&new, &options)).expect("topics can be created") {
            created.unwrap_or_else(|(topic, problem)| panic!("creating {topic}: {problem}"));
        }
        let begun = Instant::now();
        for (name, partitions, _) in topics {
            while admin.inner().fetch_metadata(Some(name), STUCK).is_ok_and(|all| {
                all.topics().first().is_none_or(|topic| topic.partitions().len() as i32 != *partitions)
            }) {
                assert!(begun.elapsed() < STUCK, "topic {name} does not appear");
            }
        }
    }

    /// Gives a topic more partitions: so many in all.
    pub fn grow(&self, topic: &str, partitions: usize) {
        let wanted = [NewPartitions::new(topic, partitions)];
        let options = AdminOptions::new().operation_timeout(Some(STUCK));
        for grown in block_on(self.admin().create_partitions(&wanted, &options)).expect("topics can grow") {
            grown.unwrap_or_else(|(topic, problem)| panic!("{topic}: {problem}"));
        }
    }

    /// Deletes the records of a partition below an offset.
    pub fn delete_records(&self, topic: &str, partition: i32, below: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(below)).expect("an offset");
        let deleted = block_on(self.admin().delete_records(&list, &AdminOptions::new().operation_timeout(Some(STUCK))));
        deleted.expect("records can be deleted").elements()[0].error().expect("records are deleted");
    }

    /// Writes records as Kafka's own clients would partition them, and waits until they are there.
    pub fn produce(&self, topic: &str, records: impl IntoIterator<Item = Send>) {
        let producer: BaseProducer = self
            .client()
            .set("partitioner", "murmur2_random")
            .set("enable.idempotence", "true")
            .set("linger.ms", "2")
            .set("message.max.bytes", "20000000")
            .create()
            .expect("a producer can be made");
        send(&producer, topic, records);
        producer.flush(STUCK).expect("records are acknowledged");
    }

    /// Writes records in a transaction of its own, which then commits or aborts.
    pub fn produce_in_transaction(&self, id: &str, topic: &str, records: impl IntoIterator<Item = Send>, commit: bool) {
        let producer: BaseProducer = self
            .client()
            .set("partitioner", "murmur2_random")
            .set("transactional.id", id)
            .create()
            .expect("a producer can be made");
        producer.init_transactions(STUCK).expect("transactions are possible");
        producer.begin_transaction().expect("a transaction begins");
        send(&producer, topic, records);
        producer.flush(STUCK).expect("records are acknowledged");
        if commit { producer.commit_transaction(STUCK) } else { producer.abort_transaction(STUCK) }.expect("it ends");
    }

    /// A producer with an open transaction that holds these records; it stays open until the producer is dropped and times out.
    pub fn open_transaction(
        &self,
        id: &str,
        topic: &str,
        records: impl IntoIterator<Item = Send>,
        timeout: Duration,
    ) -> BaseProducer {
        let producer: BaseProducer = self
            .client()
            .set("transactional.id", id)
            .set("transaction.timeout.ms", timeout.as_millis().to_string())
            .create()
            .expect("a producer can be made");
        producer.init_transactions(STUCK).expect("transactions are possible");
        producer.begin_transaction().expect("a transaction begins");
        send(&producer, topic, records);
        producer.flush(STUCK).expect("records are acknowledged");
        producer
    }

    /// All records of a topic from its beginning to where its end is now, by partition and offset.
    pub fn read(&self, topic: &str, isolation: Isolation) -> Vec<Seen> {
        let level = match isolation {
            Isolation::ReadCommitted => "read_committed",
            Isolation::ReadUncommitted => "read_uncommitted",
        };
        let consumer: BaseConsumer = self
            .client()
            .set("group.id", "reads-alone")
            .set("enable.auto.commit", "false")
            .set("isolation.level", level)
            .set("enable.partition.eof", "true")
            .set("fetch.message.max.bytes", "20000000")
            .set("fetch.wait.max.ms", "20")
            .create()
            .expect("a consumer can be made");
        // A client that reads committed records is told the last stable offset, which lags behind a commit that was just
        // acknowledged: the true ends come from another client, and what lies before them is waited for.
        let ends: BaseConsumer =
            self.client().set("isolation.level", "read_uncommitted").create().expect("a consumer can be made");
        let metadata = ends.fetch_metadata(Some(topic), STUCK).expect("the broker answers");
        let mut open = std::collections::BTreeMap::new();
        let mut assigned = TopicPartitionList::new();
        for partition in metadata.topics()[0].partitions() {
            let (low, high) = ends.fetch_watermarks(topic, partition.id(), STUCK).expect("the broker answers");
            if low < high {
                assigned.add_partition_offset(topic, partition.id(), Offset::Beginning).expect("an offset");
                open.insert(partition.id(), high);
            }
        }
        consumer.assign(&assigned).expect("partitions can be assigned");
        let mut seen = Vec::new();
        let begun = Instant::now();
        while !open.is_empty() {
            assert!(begun.elapsed() < STUCK, "reading {topic} is stuck after {} records", seen.len());
            match consumer.poll(Duration::from_millis(50)) {
                Some(Ok(message)) => seen.push(Seen {
                    partition: message.partition(),
                    offset: message.offset(),
                    timestamp: message.timestamp().to_millis(),
                    key: message.key().map(<[u8]>::to_vec),
                    value: message.payload().map(<[u8]>::to_vec),
                    headers: message.headers().map_or_else(Vec::new, |headers| {
                        headers.iter().map(|one| (one.key.to_owned(), one.value.map(<[u8]>::to_vec))).collect()
                    }),
                }),
                // At the end of what is stable; the position counts a transaction's own records.
                None | Some(Err(KafkaError::PartitionEOF(_))) => {
                    let position = consumer.position().expect("the partitions are assigned");
                    open.retain(|partition, high| {
                        let at = position.find_partition(topic, *partition).map(|one| one.offset());
                        !matches!(at, Some(Offset::Offset(at)) if at >= *high)
                    });
                }
                Some(Err(problem)) => panic!("reading {topic}: {problem}"),
            }
        }
        seen.sort_by_key(|one| (one.partition, one.offset));
        seen
    }

    /// The committed offset of a group, by partition.
    pub fn committed(&self, group: &str, topic: &str, partitions: i32) -> Vec<Option<i64>> {
        let consumer: BaseConsumer = self.client().set("group.id", group).create().expect("a consumer can be made");
        let mut asked = TopicPartitionList::new();
        (0..partitions).for_each(|partition| {
            asked.add_partition(topic, partition);
        });
        let told = consumer.committed_offsets(asked, STUCK).expect("the broker answers");
        told.elements()
            .iter()
            .map(|one| match one.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            })
            .collect()
    }
}

fn send(producer: &BaseProducer, topic: &str, records: impl IntoIterator<Item = Send>) {
    for one in records {
        let headers = one
            .headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: value.as_ref() }));
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic);
        record.key = one.key.as_deref();
        record.payload = one.value.as_deref();
        record.partition = one.partition;
        record.timestamp = one.timestamp;
        record.headers = (!one.headers.is_empty()).then_some(headers);
        while let Err((problem, back)) = producer.send(record) {
            assert_eq!(problem, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), "sending to {topic}");
            record = back;
            producer.poll(Duration::from_millis(1));
        }
    }
}
