//! A broker inside the process, for the demo: librdkafka's mock cluster, a plain producer that feeds it, and a plain reader.
//!
//! It takes transactions but keeps none of their promises: it stores no transactional offsets, keeps 5 MiB a partition and
//! loses everything at its end. Nothing about exactly once may be proved on it.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::RDKafkaErrorCode;

pub use rdkafka::error::KafkaError as BrokerError;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

/// The broker; it is gone when this is dropped.
pub struct MockBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl MockBroker {
    /// Starts one. It listens on the loopback interface.
    ///
    /// # Errors
    /// If librdkafka cannot start it.
    pub fn start() -> Result<Self, BrokerError> {
        Ok(Self { cluster: MockCluster::new(1)? })
    }

    /// Creates a topic; it knows no other way.
    ///
    /// # Errors
    /// If there is one of that name.
    pub fn create(&self, topic: &str, partitions: i32) -> Result<(), BrokerError> {
        self.cluster.create_topic(topic, partitions, 1)
    }

    /// Its address.
    pub fn brokers(&self) -> String {
        self.cluster.bootstrap_servers()
    }
}

/// Writes records to a broker as a shop's own systems would: keyed, timestamped, without transactions.
#[derive(Clone)]
pub struct PlainProducer {
    producer: Arc<BaseProducer>,
}

impl PlainProducer {
    /// Connects.
    ///
    /// # Errors
    /// If librdkafka refuses the settings.
    pub fn new(brokers: &str) -> Result<Self, BrokerError> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "5")
            .create()?;
        Ok(Self { producer: Arc::new(producer) })
    }

    /// Sends a record. A full queue is waited for.
    ///
    /// # Errors
    /// If the record can never be sent.
    pub fn send(&self, topic: &str, key: &str, timestamp: i64, value: &[u8]) -> Result<(), BrokerError> {
        let mut record = BaseRecord::to(topic).key(key).timestamp(timestamp).payload(value);
        loop {
            record = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((BrokerError::MessageProduction(RDKafkaErrorCode::QueueFull), record)) => record,
                Err((error, _)) => return Err(error),
            };
            self.producer.poll(Duration::from_millis(10));
        }
    }

    /// Takes note of what was delivered, without waiting; to be called now and then.
    pub fn poll(&self) {
        self.producer.poll(Duration::ZERO);
    }

    /// Waits until all is delivered, at most this long.
    ///
    /// # Errors
    /// If the time does not suffice.
    pub fn flush(&self, at_most: Duration) -> Result<(), BrokerError> {
        self.producer.flush(at_most)
    }
}

/// Reads a topic as anybody else would: from its beginning, only what is committed, in no group.
pub struct PlainReader {
    consumer: BaseConsumer,
}

impl PlainReader {
    /// Begins to read all partitions of a topic.
    ///
    /// # Errors
    /// If librdkafka refuses the settings.
    pub fn new(brokers: &str, topic: &str, partitions: i32) -> Result<Self, BrokerError> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            // Asked for by librdkafka, and never joined.
            .set("group.id", "reader")
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            .set("fetch.wait.max.ms", "50")
            .create()?;
        let mut all = TopicPartitionList::new();
        for partition in 0..partitions {
            all.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&all)?;
        Ok(Self { consumer })
    }

    /// Hands over the value of the next record, waiting for one at most this long. False: there was none.
    pub fn read(&self, at_most: Duration, take: impl FnOnce(&[u8])) -> bool {
        match self.consumer.poll(at_most) {
            Some(Ok(message)) => {
                take(message.payload().unwrap_or_default());
                true
            }
            // What a reader of a mock meets (a fetch that failed, an end) is over with the next fetch.
            Some(Err(_)) | None => false,
        }
    }
}
