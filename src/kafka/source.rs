//! The inputs as one worker reads them: partitions come and go with the group, each is read from where it is told to.
//!
//! Its one invariant: a record is handed out only from a partition that was started and not released since, in the order of
//! offsets from the given position, none twice and none left out. What to read next, and when, is the worker's business.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::consumer::{CurrentConsumer, Lead, Rebalanced};
use super::member::Member;
use super::membership::GroupMembership;
use super::partition_queue::{KafkaBatch, Notice, PartitionQueue, Stamps};
use super::settings::Settings;
use crate::engine::ports::{Batch, Change, Fetched, Source, SourceError};

/// How long a partition that was just assigned may take to accept a position.
const START_DEADLINE: Duration = Duration::from_secs(30);

/// Pause between tries at that.
const START_PAUSE: Duration = Duration::from_millis(5);

/// How long after being out of touch with the group being fenced can be the client's own doing.
const OUT_OF_TOUCH: Duration = Duration::from_secs(60);

/// An input: what it is called, and its topic.
struct Input {
    name: String,
    topic: String,
    /// For a lead, which reads one partition an input and all of them as one: that one.
    only: Option<i32>,
}

/// How long the lead may wait to hear how many partitions there are.
const COUNT_DEADLINE: Duration = Duration::from_secs(20);

/// A started partition of one input.
struct Reading {
    queue: PartitionQueue,
    /// Where it began.
    from: i64,
    /// The offset after the last record that came since; `None` if none came yet.
    next: Option<i64>,
    /// Nothing is to be read until something comes.
    ended: bool,
}

/// See [`Source`].
pub struct KafkaSource {
    /// By partition and input; `None` until started.
    readings: Vec<Vec<Option<Reading>>>,
    member: Member,
    current: Arc<CurrentConsumer>,
    settings: Settings,
    worker: usize,
    inputs: Vec<Input>,
    partitions: i32,
    stamps: Stamps,
    assigned: Vec<i32>,
    membership: Option<GroupMembership>,
    /// Whether the group waits for us to let go.
    asked_back: bool,
    /// When we were last out of touch with the group, if we have not rejoined for that since.
    out_of_touch: Option<Instant>,
}

impl KafkaSource {
    /// Joins the group as a worker of its own. `partitions` is the count that every input has.
    pub fn connect(settings: &Settings, worker: usize, partitions: i32) -> Result<KafkaSource, SourceError> {
        let inputs = settings.intakes.iter();
        let inputs = inputs.map(|one| Input { name: one.name.clone(), topic: one.topic.clone(), only: None }).collect();
        Self::join(settings, worker, partitions, inputs)
    }

    /// Joins a group in which one member, the lead, reads everything: all places as one partition, 0, each as an input of its
    /// own. The others are given nothing until the lead is gone. `places` are partitions of inputs, by the inputs' indices.
    pub fn connect_to_lead(settings: &Settings, places: &[(usize, i32)]) -> Result<KafkaSource, SourceError> {
        let input = |&(input, partition): &(usize, i32)| {
            let intake = &settings.intakes[input];
            Input { name: intake.name.clone(), topic: intake.topic.clone(), only: Some(partition) }
        };
        Self::join(settings, 0, 1, places.iter().map(input).collect())
    }

    fn join(
        settings: &Settings,
        worker: usize,
        partitions: i32,
        inputs: Vec<Input>,
    ) -> Result<KafkaSource, SourceError> {
        let member = Member::join(settings, worker, partitions, lead_of(&inputs))?;
        Ok(KafkaSource {
            readings: (0..partitions).map(|_| inputs.iter().map(|_| None).collect()).collect(),
            current: Arc::new(CurrentConsumer::new(member.consumer.clone())),
            member,
            settings: settings.clone(),
            worker,
            stamps: settings.stamps(),
            inputs,
            partitions,
            assigned: Vec::new(),
            membership: None,
            asked_back: false,
            out_of_touch: None,
        })
    }

    /// The consumer of the moment, for committing offsets without transactions.
    pub(super) fn consumer(&self) -> Arc<CurrentConsumer> {
        self.current.clone()
    }

    /// Joins anew after being fenced. After an outage the client can be fenced by itself: it comes back under a new member id
    /// while a request under the old one is still on its way. If somebody else has our place after all, we are fenced again,
    /// and that counts.
    fn rejoin(&mut self) -> Result<Change, SourceError> {
        tracing::warn!("fenced after an outage; joining the group again as {}", self.settings.identity(self.worker));
        self.stop_all();
        self.membership = None;
        self.asked_back = false;
        self.out_of_touch = None;
        self.member = Member::join(&self.settings, self.worker, self.partitions, lead_of(&self.inputs))?;
        self.current.set(self.member.consumer.clone());
        Ok(Change::Lost)
    }

    /// The partitions that all inputs have, or what is wrong with them.
    fn aligned(&self, ours: &[(String, i32)]) -> Result<Vec<i32>, SourceError> {
        if self.inputs.iter().any(|input| input.only.is_some()) {
            return self.led(ours);
        }
        let mut partitions: Vec<i32> = ours.iter().map(|(_, partition)| *partition).collect();
        partitions.sort_unstable();
        partitions.dedup();
        for &partition in &partitions {
            if partition >= self.partitions {
                return Err(SourceError::Grown { count: self.partitions, partition });
            }
            let missing = self
                .inputs
                .iter()
                .find(|input| !ours.iter().any(|(topic, one)| *topic == input.topic && *one == partition));
            if let Some(input) = missing {
                return Err(SourceError::NotAligned { input: input.name.clone(), partition });
            }
        }
        Ok(partitions)
    }

    /// Of a lead everything is partition 0, of others nothing is. The group also moves when an input grows, and what it has
    /// more would be read by nobody.
    fn led(&self, ours: &[(String, i32)]) -> Result<Vec<i32>, SourceError> {
        if ours.is_empty() {
            return Ok(Vec::new());
        }
        for intake in self.settings.intakes.iter() {
            let told = self.member.consumer.fetch_metadata(Some(&intake.topic), COUNT_DEADLINE);
            let told =
                told.map_err(|problem| SourceError::Fatal(format!("partitions of {}: {problem}", intake.topic)))?;
            let now = told.topics().first().map_or(0, |topic| topic.partitions().len());
            let known = self.inputs.iter().filter(|input| input.topic == intake.topic).count();
            if now > known {
                return Err(SourceError::Wider { input: intake.name.clone(), known, now });
            }
        }
        Ok(vec![0])
    }

    /// The topic and partition that are read as this partition of an input.
    fn place(&self, input: usize, partition: i32) -> (&str, i32) {
        let Input { topic, only, .. } = &self.inputs[input];
        (topic, only.unwrap_or(partition))
    }

    fn change(&mut self, rebalanced: Rebalanced) -> Result<Change, SourceError> {
        match rebalanced {
            Rebalanced::Assigned(ours, membership) => {
                let partitions = self.aligned(&ours)?;
                tracing::info!(?partitions, ?membership, "partitions assigned");
                self.assigned.clone_from(&partitions);
                self.membership = Some(membership);
                Ok(Change::Assigned(partitions))
            }
            Rebalanced::Revoked => {
                self.asked_back = true;
                Ok(Change::Revoked)
            }
            Rebalanced::Lost => {
                self.asked_back = true;
                self.membership = None;
                self.out_of_touch = Some(Instant::now());
                Ok(Change::Lost)
            }
            Rebalanced::Failed(problem) => Err(SourceError::Fatal(problem)),
        }
    }

    /// What an error on the consumer's own queue means. Most are told for information: the client goes on trying.
    fn mind(&self, error: &KafkaError) -> Result<(), SourceError> {
        let fatal = self.member.consumer.client().fatal_error();
        let (code, text) = match (fatal, error.rdkafka_error_code()) {
            (Some(fatal), _) => fatal,
            (None, Some(code)) => (code, error.to_string()),
            (None, None) => return Ok(()),
        };
        match code {
            RDKafkaErrorCode::FencedInstanceId => Err(SourceError::Fenced(self.settings.identity(self.worker))),
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::InconsistentGroupProtocol
            | RDKafkaErrorCode::InvalidSessionTimeout
            | RDKafkaErrorCode::InvalidGroupId => Err(SourceError::Fatal(format!("reading the inputs: {text}"))),
            _ if matches!(error, KafkaError::MessageConsumptionFatal(_)) => {
                Err(SourceError::Fatal(format!("reading the inputs: {text}")))
            }
            _ => Ok(()),
        }
    }

    /// Moves the reader of all inputs of a partition. A partition that was assigned a moment ago may not take positions yet;
    /// one that came to grief never will, and has said why.
    fn seek(&mut self, partition: i32, positions: &[i64]) -> Result<(), SourceError> {
        let (consumer, identity) = (self.member.consumer.clone(), self.settings.identity(self.worker));
        let describe = |problem: &dyn std::fmt::Display| match consumer.client().fatal_error() {
            // Nothing goes any more for a member that was put out, and that is what is wrong.
            Some((RDKafkaErrorCode::FencedInstanceId, _)) => SourceError::Fenced(identity.clone()),
            _ => SourceError::Fatal(format!("going to the positions of partition {partition}: {problem}")),
        };
        let begun = Instant::now();
        let mut left: Vec<usize> = (0..self.inputs.len()).collect();
        loop {
            let mut list = TopicPartitionList::with_capacity(left.len());
            for &input in &left {
                let (topic, place) = self.place(input, partition);
                list.add_partition_offset(topic, place, Offset::Offset(positions[input]))
                    .map_err(|problem| describe(&problem))?;
            }
            let asked =
                self.member.consumer.seek_partitions(list, START_DEADLINE).map_err(|problem| describe(&problem))?;
            let answer = |input: usize| {
                let (topic, place) = self.place(input, partition);
                asked.find_partition(topic, place).map(|one| one.error())
            };
            left.retain(|&input| answer(input) != Some(Ok(())));
            let Some(&refused) = left.first() else { return Ok(()) };
            if let Some(Err(problem)) = answer(refused)
                && begun.elapsed() > START_DEADLINE
            {
                return Err(describe(&problem));
            }
            self.throw_away(refused, partition)?;
            std::thread::sleep(START_PAUSE);
        }
    }

    /// Takes what is left of an earlier start, up to why it stands still.
    fn throw_away(&mut self, input: usize, partition: i32) -> Result<(), SourceError> {
        let mut batch = self.batch();
        while self.fetch(input, partition, &mut batch)? == Fetched::Records {
            batch.clear();
        }
        Ok(())
    }

    fn reading(&self, input: usize, partition: i32) -> Option<&Reading> {
        self.readings.get(usize::try_from(partition).ok()?)?.get(input)?.as_ref()
    }

    fn stop_all(&mut self) {
        self.assigned.clear();
        self.readings.iter_mut().flatten().for_each(|reading| *reading = None);
    }
}

impl Source for KafkaSource {
    type Batch = KafkaBatch;
    type Membership = GroupMembership;

    fn batch(&self) -> KafkaBatch {
        KafkaBatch::new(self.member.consumer.clone())
    }

    fn poll(&mut self) -> Result<Option<Change>, SourceError> {
        loop {
            let heard = self.member.consumer.context().heard();
            match self.member.consumer.poll(Duration::ZERO) {
                Some(Err(error)) => match self.mind(&error) {
                    Err(SourceError::Fenced(_))
                        if self.out_of_touch.take().is_some_and(|at| at.elapsed() < OUT_OF_TOUCH) =>
                    {
                        return self.rejoin().map(Some);
                    }
                    minded => minded?,
                },
                // Every partition has a queue of its own or is paused.
                Some(Ok(message)) => drop(message),
                None => {}
            }
            if let Some(rebalanced) = self.member.consumer.context().next() {
                return self.change(rebalanced).map(Some);
            }
            if self.member.consumer.context().heard() == heard {
                return Ok(None);
            }
        }
    }

    fn membership(&self) -> Result<GroupMembership, SourceError> {
        self.membership
            .clone()
            .ok_or_else(|| SourceError::Fatal("asked for a membership without an assignment".to_owned()))
    }

    fn start(&mut self, partition: i32, positions: &[i64]) -> Result<(), SourceError> {
        if !self.assigned.contains(&partition) || positions.len() != self.inputs.len() {
            return Err(SourceError::Fatal(format!(
                "partition {partition} cannot be started with {} positions: it is not assigned, or the inputs are {}",
                positions.len(),
                self.inputs.len()
            )));
        }
        self.seek(partition, positions)?;
        let slot = usize::try_from(partition).expect("partitions that are assigned are not negative");
        let mut list = TopicPartitionList::with_capacity(self.inputs.len());
        for (index, &from) in positions.iter().enumerate() {
            let kept = self.readings[slot][index].take();
            let (topic, place) = self.place(index, partition);
            list.add_partition(topic, place);
            let queue = match kept {
                Some(mut reading) => {
                    reading.queue.restart();
                    reading.queue
                }
                None => {
                    let (consumer, wake) = (self.member.consumer.clone(), self.member.wake.clone());
                    let queue = PartitionQueue::new(consumer, topic, place, self.stamps, wake);
                    queue.ok_or_else(|| SourceError::Fatal(format!("{topic}, partition {place} has no queue")))?
                }
            };
            self.readings[slot][index] = Some(Reading { queue, from, next: None, ended: false });
        }
        self.member
            .consumer
            .resume(&list)
            .map_err(|problem| SourceError::Fatal(format!("beginning to read: {problem}")))
    }

    fn fetch(&mut self, input: usize, partition: i32, batch: &mut KafkaBatch) -> Result<Fetched, SourceError> {
        let slot = usize::try_from(partition).ok();
        let reading = slot.and_then(|slot| self.readings.get_mut(slot)?.get_mut(input)?.as_mut());
        let Some(reading) = reading else { return Ok(Fetched::Nothing) };
        let told = reading.queue.take(batch);
        match told {
            _ if !batch.is_empty() => {
                reading.ended = false;
                reading.next = Some(batch.offset(batch.len() - 1) + 1);
                Ok(Fetched::Records)
            }
            Some(Notice::End) => {
                reading.ended = true;
                Ok(Fetched::End)
            }
            None if reading.ended => Ok(Fetched::End),
            None => {
                // The event comes with the next, empty answer to a fetch, which the broker holds back for a while. A reader
                // that has taken everything up to the end that came with the records knows it now. Not so one that was
                // just started: what it knows of the end may be old. And a transaction's own records can keep the next
                // offset short of the end for ever; then only the event tells.
                reading.ended = matches!((reading.next, reading.queue.end()), (Some(next), Some(end)) if next >= end);
                Ok(if reading.ended { Fetched::End } else { Fetched::Nothing })
            }
            Some(Notice::Trouble(code, offset, text)) => {
                let from = reading.from;
                let (name, (_, partition)) = (self.inputs[input].name.clone(), self.place(input, partition));
                Err(match code {
                    RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => {
                        let offset = if offset >= 0 { offset } else { from };
                        SourceError::OffsetGone { input: name, partition, offset }
                    }
                    _ => SourceError::Fatal(format!("input {name}, partition {partition}, offset {offset}: {text}")),
                })
            }
        }
    }

    fn wait(&mut self, at_most: Duration) {
        self.member.wait(at_most);
    }

    fn lag(&self, input: usize, partition: i32) -> Option<i64> {
        let reading = self.reading(input, partition)?;
        if reading.ended {
            return Some(0);
        }
        let at = reading.next.unwrap_or(reading.from);
        Some((reading.queue.end()? - at).max(0))
    }

    fn trouble(&self) -> Option<String> {
        let away = self.settings.presence().away(Instant::now())?;
        Some(format!("no broker answers, for {} s now", away.as_secs()))
    }

    fn release(&mut self) -> Result<(), SourceError> {
        self.stop_all();
        self.membership = None;
        if !std::mem::take(&mut self.asked_back) {
            return Ok(());
        }
        let released = self.member.consumer.unassign();
        released.map_err(|problem| SourceError::Fatal(format!("letting go of partitions: {problem}")))
    }

    fn close(&mut self, deadline: Duration) {
        self.stop_all();
        self.membership = None;
        self.member.leave(deadline);
    }
}

/// The first place is the sign of the lead: `range` gives the first partition of every topic to the same member.
fn lead_of(inputs: &[Input]) -> Option<Lead> {
    let all: Vec<_> = inputs.iter().map(|input| Some((input.topic.clone(), input.only?))).collect::<Option<_>>()?;
    Some(Lead { sign: all.first()?.clone(), all })
}
