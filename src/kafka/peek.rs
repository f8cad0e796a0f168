//! Looking at a topic: its last records, or all there are, in no group and without committing anything.
//!
//! Its one invariant: it ends by itself. Where the partitions end is asked once, and what comes later is not read.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use super::context::Quiet;
use super::settings::Settings;

/// How long a single question to the broker may take.
const ASK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long nothing may come although there is something to read.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How long a record is waited for before there is a look at where the reader stands: transactions end with what is not handed out.
const LOOK_AFTER: Duration = Duration::from_millis(100);
/// How much further back is looked if a topic's last offsets hold too few records, because others were compacted away or taken back.
const FURTHER: u64 = 8;

/// How to reach the brokers.
#[derive(Debug, Clone)]
pub struct Access(ClientConfig);

impl Access {
    /// As a configuration says.
    pub fn of(settings: &Settings) -> Self {
        Self(peeking(settings.looker()))
    }

    /// Without passwords or certificates.
    pub fn plain(brokers: &str) -> Self {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", brokers)
            .set("client.id", "klantreis-try")
            .set("isolation.level", "read_committed")
            .set("allow.auto.create.topics", "false");
        Self(peeking(client))
    }
}

fn peeking(mut client: ClientConfig) -> ClientConfig {
    client
        // Asked for by librdkafka, and never joined.
        .set("group.id", "klantreis-try")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error");
    client
}

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// With the first record there is.
    Beginning,
    /// With so many before the last one, over all partitions.
    Last(u64),
}

/// A record of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peeked {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its timestamp in epoch milliseconds; −1 if it has none.
    pub timestamp: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Why a topic cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum PeekError {
    /// There is no such topic.
    #[error("there is no topic {topic}; there are {known}")]
    NoTopic {
        /// The topic.
        topic: String,
        /// Those there are.
        known: String,
    },
    /// The broker cannot be asked, or does not answer.
    #[error("{what}: {problem}")]
    Failed {
        /// What was asked for.
        what: String,
        /// In librdkafka's words.
        problem: String,
    },
    /// Nothing comes although there is something to read.
    #[error("reading {topic}: nothing came for {} s, though there is more to read", SILENCE_MAX.as_secs())]
    Silent {
        /// The topic.
        topic: String,
    },
}

/// A partition that is read.
#[derive(Debug)]
struct Part {
    partition: i32,
    low: i64,
    high: i64,
    /// The next offset to read.
    position: i64,
}

/// Reads a topic.
pub struct Peek {
    consumer: BaseConsumer<Quiet>,
    topic: String,
    parts: Vec<Part>,
    /// Read already; `None`: they are handed out as they come.
    ready: Option<VecDeque<Peeked>>,
}

impl Peek {
    /// Begins to read.
    ///
    /// # Errors
    /// If there is no such topic, or no broker answers.
    pub fn open(access: &Access, topic: &str, from: From) -> Result<Self, PeekError> {
        let failed =
            |what: &str, problem: KafkaError| PeekError::Failed { what: what.to_owned(), problem: problem.to_string() };
        let consumer: BaseConsumer<Quiet> =
            access.0.create_with_context(Quiet).map_err(|problem| failed("setting up a client", problem))?;
        let asked = format!("asking for {topic}");
        let told = consumer.fetch_metadata(Some(topic), ASK_TIMEOUT).map_err(|problem| failed(&asked, problem))?;
        let found = told.topics().iter().find(|one| one.name() == topic);
        let partitions: Vec<i32> = match found.map(|one| (one.error().map(RDKafkaErrorCode::from), one.partitions())) {
            Some((None, partitions)) if !partitions.is_empty() => partitions.iter().map(|one| one.id()).collect(),
            None | Some((None | Some(RDKafkaErrorCode::UnknownTopicOrPartition), _)) => {
                return Err(PeekError::NoTopic { topic: topic.to_owned(), known: known(&consumer) });
            }
            Some((Some(code), _)) => return Err(failed(&asked, KafkaError::MetadataFetch(code))),
        };
        let mut parts = Vec::new();
        for partition in partitions {
            let ends = consumer.fetch_watermarks(topic, partition, ASK_TIMEOUT);
            let (low, high) = ends.map_err(|problem| failed(&format!("the ends of {topic}"), problem))?;
            parts.push(Part { partition, low, high, position: low });
        }
        let mut this = Self { consumer, topic: topic.to_owned(), parts, ready: None };
        match from {
            From::Beginning => this.assign()?,
            From::Last(count) => this.ready = Some(this.last(count)?),
        }
        Ok(this)
    }

    /// The next record; `None` at the end.
    ///
    /// # Errors
    /// If the broker does not give it.
    pub fn read(&mut self) -> Result<Option<Peeked>, PeekError> {
        match &mut self.ready {
            Some(ready) => Ok(ready.pop_front()),
            None => self.wait(),
        }
    }

    /// The last records, in the order of their times.
    fn last(&mut self, count: u64) -> Result<VecDeque<Peeked>, PeekError> {
        let mut back = count.max(1);
        loop {
            for part in &mut self.parts {
                let start = part.high.saturating_sub(i64::try_from(back).unwrap_or(i64::MAX));
                part.position = start.max(part.low);
            }
            let is_all = self.parts.iter().all(|part| part.position == part.low);
            self.assign()?;
            let mut all = Vec::new();
            while let Some(peeked) = self.wait()? {
                all.push(peeked);
            }
            if all.len() as u64 >= count || is_all {
                all.sort_by(in_time);
                let superfluous = all.len().saturating_sub(usize::try_from(count).unwrap_or(usize::MAX));
                return Ok(all.into_iter().skip(superfluous).collect());
            }
            back = back.saturating_mul(FURTHER);
        }
    }

    fn assign(&self) -> Result<(), PeekError> {
        let mut list = TopicPartitionList::new();
        let mut assigned = Ok(());
        for part in self.parts.iter().filter(|part| part.position < part.high) {
            let added = list.add_partition_offset(&self.topic, part.partition, Offset::Offset(part.position));
            assigned = assigned.and(added);
        }
        assigned.and_then(|()| self.consumer.assign(&list)).map_err(|problem| self.failed(&problem))
    }

    /// Waits for the next record before the ends.
    fn wait(&mut self) -> Result<Option<Peeked>, PeekError> {
        let mut heard = Instant::now();
        while self.parts.iter().any(|part| part.position < part.high) {
            match self.consumer.poll(LOOK_AFTER) {
                Some(Ok(message)) => {
                    let partition = message.partition();
                    let Some(part) = self.parts.iter_mut().find(|part| part.partition == partition) else { continue };
                    // What came since the ends were asked for is not read, and what is left over of an earlier look neither.
                    let is_wanted = (part.position..part.high).contains(&message.offset());
                    part.position = part.position.max(message.offset() + 1);
                    if is_wanted {
                        return Ok(Some(peeked(&message)));
                    }
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    if let Some(part) = self.parts.iter_mut().find(|part| part.partition == partition) {
                        part.position = part.high;
                    }
                    heard = Instant::now();
                }
                // Only news: the client connects again by itself.
                Some(Err(problem)) if is_news(&problem) => {}
                Some(Err(problem)) => return Err(self.failed(&problem)),
                None if pass(&self.consumer, &self.topic, &mut self.parts) => heard = Instant::now(),
                None => {}
            }
            if heard.elapsed() > SILENCE_MAX {
                return Err(PeekError::Silent { topic: self.topic.clone() });
            }
        }
        Ok(None)
    }

    fn failed(&self, problem: &KafkaError) -> PeekError {
        PeekError::Failed { what: format!("reading {}", self.topic), problem: problem.to_string() }
    }
}

/// Goes where the client stands by its own account, which counts what is not handed out. Whether that is further on.
fn pass(consumer: &BaseConsumer<Quiet>, topic: &str, parts: &mut [Part]) -> bool {
    let Ok(list) = consumer.position() else { return false };
    let mut has_moved = false;
    for part in parts {
        let one = list.find_partition(topic, part.partition).map(|one| one.offset());
        if let Some(Offset::Offset(offset)) = one
            && offset > part.position
        {
            part.position = offset;
            has_moved = true;
        }
    }
    has_moved
}

fn in_time(a: &Peeked, b: &Peeked) -> Ordering {
    (a.timestamp, a.partition, a.offset).cmp(&(b.timestamp, b.partition, b.offset))
}

fn peeked(message: &BorrowedMessage<'_>) -> Peeked {
    let headers = message.headers().map(|all| {
        all.iter().map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec))).collect::<Vec<_>>()
    });
    Peeked {
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().unwrap_or(-1),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers: headers.unwrap_or_default(),
    }
}

/// The topics there are, for an error; those that begin with `_` are Kafka's own.
fn known(consumer: &BaseConsumer<Quiet>) -> String {
    let Ok(told) = consumer.fetch_metadata(None, ASK_TIMEOUT) else { return "none that are told".to_owned() };
    let mut names: Vec<&str> =
        told.topics().iter().map(|topic| topic.name()).filter(|name| !name.starts_with('_')).collect();
    names.sort_unstable();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn is_news(problem: &KafkaError) -> bool {
    let code = problem.rdkafka_error_code();
    matches!(code, Some(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure))
}
