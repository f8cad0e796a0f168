//! The group member of one worker, and what its rebalance callback does: assign, pause and note; nothing else.
//!
//! On a revocation it only notes: the group waits until the worker has finished what it holds and lets go.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use super::context;
use super::membership::GroupMembership;
use super::partition_queue::make_known;
use super::presence::Presence;

/// A worker's consumer.
pub(super) type GroupConsumer = BaseConsumer<GroupContext>;

/// The consumer of the moment, shared with whoever commits without transactions.
pub(super) struct CurrentConsumer(Mutex<Arc<GroupConsumer>>);

impl CurrentConsumer {
    pub(super) fn new(consumer: Arc<GroupConsumer>) -> CurrentConsumer {
        CurrentConsumer(Mutex::new(consumer))
    }

    pub(super) fn get(&self) -> Arc<GroupConsumer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, consumer: Arc<GroupConsumer>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = consumer;
    }
}

/// What happened to the assignment, in the order it happened.
#[derive(Debug)]
pub(super) enum Rebalanced {
    /// These are ours, under this membership.
    Assigned(Vec<(String, i32)>, GroupMembership),
    /// All are to be given back.
    Revoked,
    /// All are gone.
    Lost,
    /// The callback could not do its part.
    Failed(String),
}

/// Of a group in which one member reads everything: whoever is given `sign` is the lead and takes `all`, whatever else it is
/// given; the others take nothing. The group is subscribed to what is read all the same: offsets of other topics would be
/// forgotten by the broker after a while, group or no group.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    pub(super) sign: (String, i32),
    pub(super) all: Vec<(String, i32)>,
}

/// The callbacks of a worker's consumer.
pub(super) struct GroupContext {
    presence: Arc<Presence>,
    lead: Option<Lead>,
    /// A lock because callbacks get a shared reference; they run in the worker's own thread.
    rebalanced: Mutex<VecDeque<Rebalanced>>,
    /// Callbacks so far: a poll serves one event and does not say whether there was any.
    heard: AtomicU64,
    /// Nobody is left to let go of partitions: a revocation does it itself.
    closing: AtomicBool,
}

impl GroupContext {
    pub(super) fn new(presence: Arc<Presence>, lead: Option<Lead>) -> GroupContext {
        GroupContext {
            presence,
            lead,
            rebalanced: Mutex::default(),
            heard: AtomicU64::new(0),
            closing: AtomicBool::new(false),
        }
    }

    /// The next thing that happened.
    pub(super) fn next(&self) -> Option<Rebalanced> {
        self.rebalanced.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// How many callbacks there were; a poll that leaves it as it is has found nothing.
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Acquire)
    }

    fn hear(&self) {
        self.heard.fetch_add(1, Ordering::AcqRel);
    }

    /// From now on revocations are followed at once.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    fn note(&self, what: Rebalanced) {
        self.rebalanced.lock().unwrap_or_else(PoisonError::into_inner).push_back(what);
    }

    /// Takes the assignment, but has nothing read: partitions are paused before they are assigned, so that no fetch slips
    /// through. Where to read from is said when a partition is started. Until then they stand at an absolute offset, never at a
    /// logical one such as the end: the client would look that up, and if the answer comes after the true position was said, it
    /// looks it up once more and goes there.
    fn assign(&self, consumer: &GroupConsumer, partitions: &mut TopicPartitionList) -> Result<(), KafkaError> {
        let membership = GroupMembership::of(consumer);
        let mut taken = self.lead.as_ref().map(|lead| lead.taken(partitions));
        let partitions = taken.as_mut().unwrap_or(partitions);
        partitions.set_all_offsets(Offset::Offset(0))?;
        for one in partitions.elements() {
            make_known(consumer, one.topic(), one.partition());
        }
        consumer.pause(partitions)?;
        consumer.assign(partitions)?;
        match membership {
            Ok(membership) => {
                let elements = partitions.elements();
                let ours = elements.iter().map(|one| (one.topic().to_owned(), one.partition())).collect();
                self.note(Rebalanced::Assigned(ours, membership));
            }
            // The group has thrown us out between giving the partitions and now; the loss is reported next.
            Err(problem) => tracing::warn!("an assignment is ignored: {problem}"),
        }
        Ok(())
    }
}

impl Lead {
    /// What is taken of what the group gives.
    fn taken(&self, given: &TopicPartitionList) -> TopicPartitionList {
        let mut taken = TopicPartitionList::new();
        if given.find_partition(&self.sign.0, self.sign.1).is_some() {
            self.all.iter().for_each(|(topic, partition)| _ = taken.add_partition(topic, *partition));
        }
        taken
    }
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.hear();
        context::log(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        self.hear();
        context::log_error(&error, reason);
    }
    fn stats_raw(&self, statistics: &[u8]) {
        self.hear();
        context::observe(&self.presence, statistics);
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(&self, consumer: &GroupConsumer, event: RDKafkaRespErr, partitions: &mut TopicPartitionList) {
        self.hear();
        if self.closing.load(Ordering::Acquire) {
            if let Err(problem) = consumer.unassign() {
                tracing::warn!("letting go of partitions while closing: {problem}");
            }
            return;
        }
        match event {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                if let Err(problem) = self.assign(consumer, partitions) {
                    self.note(Rebalanced::Failed(format!("taking over partitions: {problem}")));
                }
            }
            _ if consumer.assignment_lost() => self.note(Rebalanced::Lost),
            _ => self.note(Rebalanced::Revoked),
        }
    }
}
