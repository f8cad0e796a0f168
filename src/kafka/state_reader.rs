//! Reading a partition's state back.
//!
//! Its one invariant, in this order: the group's stable offsets first, then the true ends of the state topics, then records up
//! to those ends. Stable means that the broker waits for transactions that may still move the offsets, so that everything that
//! belongs to the offsets lies before the ends. What the records mean, and whether they fit the offsets, the engine decides.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::context::Quiet;
use super::group_offsets::{ASK_TIMEOUT, beginning, soon, stable, trouble};
use super::overdue::Overdue;
use super::settings::Settings;
use super::trimmer::Trimmer;
use crate::engine::ports::{StateError, StateReader, StateRecord, Topic};

/// How long nothing comes until the reader is asked where it stands: behind the last record there is only the end of its
/// transaction, which is not handed out.
const LOOK_AFTER: Duration = Duration::from_millis(1);

/// A state topic of the open partition.
struct Part {
    topic: Topic,
    name: String,
    /// The first offset there is.
    low: i64,
    /// Where reading ends.
    high: i64,
    /// The next offset to read.
    position: i64,
    /// Whether everything before it was read that is committed.
    exhausted: bool,
}

impl Part {
    fn done(&self) -> bool {
        self.position >= self.high
    }
}

/// See [`StateReader`].
pub struct KafkaStateReader {
    settings: Settings,
    /// Reads what is committed, and asks for the group's offsets without being a member.
    reader: BaseConsumer<Quiet>,
    /// Sees the true ends: a client that reads committed records is told the last stable offset instead. And the group's offsets
    /// as they are, whatever transaction may still move them.
    ends: BaseConsumer<Quiet>,
    trimmer: Trimmer,
    /// Whether the reader knows who leads the state topics; left to itself it finds out a second late.
    acquainted: bool,
    partition: i32,
    /// Snapshots, then deltas.
    parts: [Part; 2],
    /// Which part is assigned to the reader.
    reading: Option<usize>,
    /// The transaction that keeps us from going on.
    overdue: Overdue,
}

impl KafkaStateReader {
    /// Sets the clients up; connects in the background.
    pub fn connect(settings: &Settings, worker: usize) -> Result<KafkaStateReader, StateError> {
        let fatal = |problem: KafkaError| StateError::Fatal(format!("setting up the clients: {problem}"));
        let topics = &settings.config.topics;
        let part =
            |topic, name: &String| Part { topic, name: name.clone(), low: 0, high: 0, position: 0, exhausted: false };
        Ok(KafkaStateReader {
            reader: settings.reader(worker).create_with_context(Quiet).map_err(fatal)?,
            ends: settings.ends(worker).create_with_context(Quiet).map_err(fatal)?,
            trimmer: Trimmer::new(settings, worker),
            acquainted: false,
            partition: -1,
            parts: [
                part(Topic::StateSnapshots, &topics.state_snapshots),
                part(Topic::StateDeltas, &topics.state_deltas),
            ],
            reading: None,
            overdue: Overdue::default(),
            settings: settings.clone(),
        })
    }

    /// How many partitions have state; `None`: the topics are not there. Creates nothing.
    pub fn partitions(&self) -> Result<Option<i32>, StateError> {
        let topic = &self.settings.config.topics.state_deltas;
        let what = format!("the partitions of {topic}");
        let told = self.reader.fetch_metadata(Some(topic), ASK_TIMEOUT).map_err(|problem| trouble(&what, &problem))?;
        let found = told.topics().iter().find(|one| one.name() == topic);
        match found.map(|one| (one.error().map(RDKafkaErrorCode::from), one.partitions().len())) {
            None | Some((Some(RDKafkaErrorCode::UnknownTopicOrPartition), _)) | Some((None, 0)) => Ok(None),
            Some((None, count)) => Ok(Some(i32::try_from(count).unwrap_or(i32::MAX))),
            Some((Some(code), _)) => Err(trouble(&what, &KafkaError::MetadataFetch(code))),
        }
    }

    fn committed(&mut self, partition: i32) -> Result<Vec<Option<i64>>, StateError> {
        let places: Vec<_> = self.settings.intakes.iter().map(|intake| (intake.topic.as_str(), partition)).collect();
        let what = format!("the group's offsets, partition {partition}");
        Ok(stable(&self.reader, &self.ends, &mut self.overdue, &places, &what)?.offsets)
    }

    /// Points the reader at a part.
    fn assign(&mut self, index: usize) -> Result<(), StateError> {
        let part = &self.parts[index];
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition_offset(&part.name, self.partition, Offset::Offset(part.position))
            .and_then(|()| self.reader.assign(&list))
            .map_err(|problem| StateError::Fatal(format!("reading {}: {problem}", part.name)))?;
        self.reading = Some(index);
        Ok(())
    }

    fn stop(&mut self) {
        if self.reading.take().is_some() {
            _ = self.reader.unassign();
        }
    }

    /// Where the reader stands by its own account, which counts records that are not handed out.
    fn passed(&self, part: &Part) -> i64 {
        let position = self.reader.position().ok();
        let position =
            position.and_then(|list| list.find_partition(&part.name, self.partition).map(|one| one.offset()));
        match position {
            Some(Offset::Offset(offset)) => offset,
            _ => part.position,
        }
    }

    fn share(&self) -> f64 {
        let all: i64 = self.parts.iter().map(|part| (part.high - part.low).max(0)).sum();
        let read: i64 = self.parts.iter().map(|part| (part.position.min(part.high) - part.low).max(0)).sum();
        if all == 0 { 1.0 } else { read as f64 / all as f64 }
    }

    /// Takes what has arrived of a part. `true` when it is at its end.
    fn read_part(
        &mut self,
        index: usize,
        deadline: Instant,
        take: &mut dyn FnMut(StateRecord<'_>),
    ) -> Result<bool, StateError> {
        let mut first = true;
        while !self.parts[index].done() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() && !std::mem::take(&mut first) {
                return Ok(false);
            }
            match self.reader.poll(left.min(LOOK_AFTER)) {
                // A record beyond the end that was asked for is committed too, and belongs to what follows: it is not ours.
                Some(Ok(message)) if message.offset() >= self.parts[index].high => {
                    self.parts[index].position = self.parts[index].high;
                }
                Some(Ok(message)) => {
                    let part = &mut self.parts[index];
                    take(StateRecord {
                        topic: part.topic,
                        offset: message.offset(),
                        key: message.key().unwrap_or_default(),
                        value: message.payload(),
                    });
                    part.position = message.offset() + 1;
                    part.exhausted = false;
                }
                // At the end of what is committed; if that is short of the end, a transaction is still open.
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    let passed = self.passed(&self.parts[index]);
                    let part = &mut self.parts[index];
                    part.position = passed.max(part.position);
                    part.exhausted = true;
                }
                // Only news, and possibly old: during an outage they pile up. The client connects again by itself.
                Some(Err(problem)) if is_news(&problem) => self.overdue.over(),
                Some(Err(problem)) => {
                    self.stop();
                    return Err(trouble(&format!("reading {}", self.parts[index].name), &problem));
                }
                None => {
                    let passed = self.passed(&self.parts[index]);
                    self.parts[index].position = passed.max(self.parts[index].position);
                }
            }
        }
        Ok(true)
    }

    /// Tells the log if a part does not come to its end because a transaction does not.
    fn watch(&mut self, index: usize) {
        let part = &self.parts[index];
        if !part.exhausted {
            return self.overdue.over();
        }
        let what = format!("reading {}, partition {}, offset {}", part.name, self.partition, part.position);
        if let Some(news) = self.overdue.news(&what, Instant::now()) {
            tracing::warn!("{news}");
        }
    }
}

impl StateReader for KafkaStateReader {
    fn open(&mut self, partition: i32) -> Result<Vec<Option<i64>>, StateError> {
        self.stop();
        self.partition = partition;
        let committed = soon(|| self.committed(partition))?;
        if !self.acquainted {
            for part in &self.parts {
                let asked = self.reader.fetch_metadata(Some(&part.name), ASK_TIMEOUT);
                asked.map_err(|problem| trouble(&format!("who leads {}", part.name), &problem))?;
            }
            self.acquainted = true;
        }
        for part in &mut self.parts {
            let what = format!("the ends of {}, partition {partition}", part.name);
            let ends = &self.ends;
            let (low, high) = soon(|| {
                ends.fetch_watermarks(&part.name, partition, ASK_TIMEOUT).map_err(|problem| trouble(&what, &problem))
            })?;
            (part.low, part.high, part.position, part.exhausted) = (low, high, low, false);
        }
        Ok(committed)
    }

    fn read(&mut self, at_most: Duration, take: &mut dyn FnMut(StateRecord<'_>)) -> Result<Option<f64>, StateError> {
        let deadline = Instant::now() + at_most;
        for index in 0..self.parts.len() {
            if self.parts[index].done() {
                continue;
            }
            if self.reading != Some(index) {
                self.assign(index)?;
            }
            if !self.read_part(index, deadline, take)? {
                self.watch(index);
                return Ok(Some(self.share()));
            }
        }
        self.stop();
        Ok(None)
    }

    fn beginning(&mut self, input: usize, partition: i32) -> Result<i64, StateError> {
        beginning(&self.ends, &self.settings.intakes[input], partition)
    }

    fn trim(&mut self, partition: i32, below: i64) {
        self.trimmer.trim(partition, below);
    }
}

/// Whether an error tells of connections alone: reading goes on by itself when they are back.
fn is_news(problem: &KafkaError) -> bool {
    let code = problem.rdkafka_error_code();
    matches!(code, Some(RDKafkaErrorCode::AllBrokersDown | RDKafkaErrorCode::BrokerTransportFailure))
}
