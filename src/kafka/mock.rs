//! A broker inside the process, for the demo: librdkafka's mock cluster, and a plain producer that feeds it.
//!
//! It takes transactions but keeps none of their promises: it stores no transactional offsets, keeps 5 MiB a partition and
//! loses everything at its end. Nothing about exactly once may be proved on it.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};

/// The broker; it is gone when this is dropped.
pub struct MockBroker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl MockBroker {
    /// Starts one with these topics. It listens on the loopback interface.
    ///
    /// # Errors
    /// If librdkafka cannot start it.
    pub fn start<'a>(topics: impl IntoIterator<Item = &'a str>, partitions: i32) -> Result<Self, KafkaError> {
        let cluster = MockCluster::new(1)?;
        for topic in topics {
            cluster.create_topic(topic, partitions, 1)?;
        }
        Ok(Self { cluster })
    }

    /// Its address.
    pub fn brokers(&self) -> String {
        self.cluster.bootstrap_servers()
    }
}

/// Writes records to a broker as a shop's own systems would: keyed, timestamped, without transactions.
pub struct PlainProducer {
    producer: BaseProducer,
}

impl PlainProducer {
    /// Connects.
    ///
    /// # Errors
    /// If librdkafka refuses the settings.
    pub fn new(brokers: &str) -> Result<Self, KafkaError> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "5")
            .create()?;
        Ok(Self { producer })
    }

    /// Sends a record. A full queue is waited for.
    ///
    /// # Errors
    /// If the record can never be sent.
    pub fn send(&self, topic: &str, key: &str, timestamp: i64, value: &[u8]) -> Result<(), KafkaError> {
        let mut record = BaseRecord::to(topic).key(key).timestamp(timestamp).payload(value);
        loop {
            record = match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), record)) => record,
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
    pub fn flush(&self, at_most: Duration) -> Result<(), KafkaError> {
        self.producer.flush(at_most)
    }
}
