//! An epoch without a transaction: outputs leave as they are made, state follows, offsets come last.
//!
//! Its one invariant: what is written later promises that what was written before is there. Deltas end with the marker, in the
//! order of their partition; buckets follow when the marker is acknowledged; offsets follow the buckets. Restoring believes the
//! marker.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::acknowledgements::Ledger;
use super::committer::{Way, await_verdict, offsets_of, sound};
use super::consumer::CurrentConsumer;
use super::membership::GroupMembership;
use super::producer::Writer;
use super::settings::{MESSAGE_TIMEOUT, Settings};
use crate::engine::ports::{Committed, Epoch};

/// Pause between tries at committing offsets.
const OFFSETS_PAUSE: Duration = Duration::from_millis(50);

/// What the worker, which sends outputs at once, and the committer share.
pub(super) struct Stream {
    /// A lock because the committer replaces both between epochs; held for a copy only.
    open: Mutex<(Arc<Writer>, Ledger)>,
}

impl Stream {
    fn open(&self) -> (Arc<Writer>, Ledger) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends outputs of the open epoch.
    pub(super) fn emit(&self, outputs: &Epoch<GroupMembership>) {
        let (writer, ledger) = self.open();
        writer.send(outputs, &outputs.outputs, ledger);
    }

    /// Closes the open epoch: what is sent from now on belongs to the next.
    pub(super) fn turn(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.1 = open.1.next();
        open.0.accounts().open(open.1);
    }

    fn replace(&self, writer: Arc<Writer>) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).0 = writer;
    }
}

/// Commits without transactions.
pub(super) struct AtLeastOnce {
    settings: Settings,
    worker: usize,
    dead_letter_bytes: usize,
    topics: Vec<String>,
    stream: Arc<Stream>,
    consumer: Arc<CurrentConsumer>,
    stop: Arc<AtomicBool>,
}

impl AtLeastOnce {
    pub(super) fn new(
        settings: Settings,
        worker: usize,
        dead_letter_bytes: usize,
        consumer: Arc<CurrentConsumer>,
        stop: Arc<AtomicBool>,
    ) -> Result<AtLeastOnce, String> {
        let writer = Arc::new(Writer::new(&settings, worker, false, dead_letter_bytes)?);
        let topics = settings.topics();
        let stream = Arc::new(Stream { open: Mutex::new((writer, Ledger::Even)) });
        Ok(AtLeastOnce { settings, worker, dead_letter_bytes, topics, stream, consumer, stop })
    }

    pub(super) fn stream(&self) -> Arc<Stream> {
        self.stream.clone()
    }

    fn attempt(&self, epoch: &Epoch<GroupMembership>, begun: Instant) -> Result<Vec<(i32, i64, i64)>, Committed> {
        let membership = sound(epoch).map_err(Committed::Fatal)?;
        let offsets = offsets_of(epoch, &self.topics).map_err(Committed::Fatal)?;
        let (writer, open) = self.stream.open();
        let ledger = open.next();
        // A record fails by itself when its time is up; this is longer.
        let deadline = begun + 2 * MESSAGE_TIMEOUT;
        writer.send(epoch, &epoch.outputs, ledger);
        writer.send(epoch, &epoch.deltas, ledger);
        writer.settle(ledger, deadline).map_err(Committed::Failed)?;
        if !epoch.snapshots.is_empty() {
            writer.send(epoch, &epoch.snapshots, ledger);
            writer.settle(ledger, deadline).map_err(Committed::Failed)?;
        }
        self.commit_offsets(&offsets, membership, deadline)?;
        Ok(writer.accounts().deltas(ledger))
    }

    /// The consumer commits as what it is now; that must be what the epoch was opened as.
    fn commit_offsets(
        &self,
        offsets: &TopicPartitionList,
        membership: &GroupMembership,
        deadline: Instant,
    ) -> Result<(), Committed> {
        loop {
            let consumer = self.consumer.get();
            let now = GroupMembership::of(&consumer).map_err(Committed::Failed)?;
            if !now.same_as(membership) {
                return Err(Committed::Failed(format!(
                    "the group has moved on: opened as {membership:?}, now {now:?}"
                )));
            }
            let problem = match consumer.commit(offsets, CommitMode::Sync) {
                Ok(()) => return Ok(()),
                Err(
                    problem @ KafkaError::ConsumerCommit(
                        RDKafkaErrorCode::IllegalGeneration | RDKafkaErrorCode::UnknownMemberId,
                    ),
                ) => return Err(Committed::Failed(problem.to_string())),
                Err(problem @ KafkaError::ConsumerCommit(RDKafkaErrorCode::FencedInstanceId)) => {
                    await_verdict(&self.consumer, Some(membership), &self.stop);
                    return Err(Committed::Failed(problem.to_string()));
                }
                Err(problem) => problem,
            };
            if Instant::now() >= deadline || self.stop.load(Ordering::Acquire) {
                return Err(Committed::Failed(format!("committing offsets: {problem}")));
            }
            std::thread::sleep(OFFSETS_PAUSE);
        }
    }

    /// Throws away what is still to be sent, so that nothing of a failed epoch arrives after its partitions are restored.
    fn begin_anew(&self) -> Result<(), String> {
        let writer = Writer::new(&self.settings, self.worker, false, self.dead_letter_bytes)?;
        let (old, _) = self.stream.open();
        self.stream.replace(Arc::new(writer));
        old.discard(Instant::now() + MESSAGE_TIMEOUT);
        Ok(())
    }
}

impl Way for AtLeastOnce {
    fn prepare(&mut self) {
        self.stream.open().0.acquaint(MESSAGE_TIMEOUT);
    }

    fn commit(&mut self, epoch: &Epoch<GroupMembership>) -> Committed {
        let begun = Instant::now();
        match self.attempt(epoch, begun) {
            Ok(deltas) => Committed::Done { deltas, took: begun.elapsed() },
            Err(Committed::Failed(problem)) => match self.begin_anew() {
                Ok(()) => Committed::Failed(problem),
                Err(why) => Committed::Fatal(format!("{problem}; {why}")),
            },
            Err(other) => other,
        }
    }
}
