//! The thread that makes a worker's epochs durable, one at a time, while the worker goes on.
//!
//! Its one invariant: every epoch that is handed over comes back, with exactly one ending. How one is committed is said by a
//! [`Way`]; this file knows threads and what every epoch has to fulfil.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use rdkafka::{Offset, TopicPartitionList};

use super::at_least_once::{AtLeastOnce, Stream};
use super::consumer::CurrentConsumer;
use super::exactly_once::ExactlyOnce;
use super::membership::GroupMembership;
use super::settings::{HEARTBEAT, Settings, Stage};
use super::source::KafkaSource;
use crate::config::Guarantee;
use crate::engine::ports::{Committed, Committer, Epoch, OutRecord};

/// How long a committer that is dropped may take for what it is at.
const FAREWELL: Duration = Duration::from_secs(3);

/// How long the group may take to tell a member that it was replaced: the time of two heartbeats, and then some.
const VERDICT: Duration = HEARTBEAT.saturating_mul(2).saturating_add(Duration::from_millis(500));

/// Pause between looks whether it has.
const VERDICT_PAUSE: Duration = Duration::from_millis(10);

/// How an epoch is made durable.
pub(super) trait Way: Send {
    /// Does ahead of the first epoch what takes time.
    fn prepare(&mut self);
    /// Makes an epoch durable, or leaves no trace of it that a reader of committed records sees (exactly once).
    fn commit(&mut self, epoch: &Epoch<GroupMembership>) -> Committed;
}

/// See [`Committer`].
pub struct KafkaCommitter {
    epochs: Option<Sender<Box<Epoch<GroupMembership>>>>,
    endings: Receiver<(Committed, Box<Epoch<GroupMembership>>)>,
    /// At least once alone.
    stream: Option<Arc<Stream>>,
    stop: Arc<AtomicBool>,
}

impl KafkaCommitter {
    /// Starts a worker's committer. `dead_letter_bytes` is the largest record that the topic of dead letters takes.
    pub fn connect(
        settings: &Settings,
        worker: usize,
        source: &KafkaSource,
        dead_letter_bytes: usize,
    ) -> Result<KafkaCommitter, String> {
        let stop = Arc::new(AtomicBool::new(false));
        let settings = settings.clone();
        // Events that come twice would be counted twice: they are written exactly once whatever the outputs are.
        let guarantee = match settings.stage {
            Stage::Journey => settings.config.guarantee,
            Stage::Ingest => Guarantee::ExactlyOnce,
        };
        let (way, stream): (Box<dyn Way>, _) = match guarantee {
            Guarantee::ExactlyOnce => {
                let consumer = source.consumer();
                (Box::new(ExactlyOnce::new(settings, worker, dead_letter_bytes, consumer, stop.clone())), None)
            }
            Guarantee::AtLeastOnce => {
                let way = AtLeastOnce::new(settings, worker, dead_letter_bytes, source.consumer(), stop.clone())?;
                let stream = way.stream();
                (Box::new(way), Some(stream))
            }
        };
        let (epochs, taken) = bounded(1);
        let (told, endings) = bounded(1);
        std::thread::Builder::new()
            .name(format!("committer-{worker}"))
            .spawn(move || run(way, &taken, &told))
            .map_err(|problem| format!("starting a thread: {problem}"))?;
        Ok(KafkaCommitter { epochs: Some(epochs), endings, stream, stop })
    }
}

fn run(
    mut way: Box<dyn Way>,
    epochs: &Receiver<Box<Epoch<GroupMembership>>>,
    endings: &Sender<(Committed, Box<Epoch<GroupMembership>>)>,
) {
    way.prepare();
    for epoch in epochs {
        let ending = way.commit(&epoch);
        if endings.send((ending, epoch)).is_err() {
            break;
        }
    }
}

impl Committer<GroupMembership> for KafkaCommitter {
    fn submit(&mut self, epoch: Box<Epoch<GroupMembership>>) {
        if let Some(stream) = &self.stream {
            stream.turn();
        }
        // A thread that is gone tells so in `finished`.
        if let Some(epochs) = &self.epochs {
            _ = epochs.send(epoch);
        }
    }

    fn finished(&mut self, at_most: Duration) -> Option<(Committed, Box<Epoch<GroupMembership>>)> {
        match self.endings.recv_timeout(at_most) {
            Ok(ending) => Some(ending),
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => None,
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => {
                Some((Committed::Fatal("the committer's thread has ended".to_owned()), Box::default()))
            }
        }
    }

    fn emit(&mut self, outputs: Box<Epoch<GroupMembership>>) {
        if let Some(stream) = &self.stream {
            stream.emit(&outputs);
        }
    }
}

impl Drop for KafkaCommitter {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.epochs = None;
        // The thread hangs up when it is done; one that is still waiting for a broker is left behind.
        let begun = Instant::now();
        while begun.elapsed() < FAREWELL {
            if let Err(crossbeam_channel::RecvTimeoutError::Disconnected) =
                self.endings.recv_timeout(FAREWELL.saturating_sub(begun.elapsed()))
            {
                break;
            }
        }
    }
}

/// The group's coordinator says that another has the place that a member of it had. Is it so, the worker is told with the next
/// heartbeat, and ends; is it the worker itself that came back after an outage, it is another member now. Waits for either.
pub(super) fn await_verdict(consumer: &CurrentConsumer, member: Option<&GroupMembership>, stop: &AtomicBool) {
    let begun = Instant::now();
    while begun.elapsed() < VERDICT && !stop.load(Ordering::Acquire) {
        let now = GroupMembership::of(&consumer.get());
        if now.is_ok_and(|now| member.is_none_or(|member| !now.same_as(member))) {
            break;
        }
        std::thread::sleep(VERDICT_PAUSE);
    }
}

/// What an epoch must have to be fenced by the group: a membership, and offsets of every partition that it writes state for.
/// Without offsets the broker checks nothing.
pub(super) fn sound(epoch: &Epoch<GroupMembership>) -> Result<&GroupMembership, String> {
    let membership = epoch.membership.as_ref();
    let membership = membership.ok_or_else(|| format!("epoch {} was opened without a membership", epoch.sequence))?;
    if epoch.offsets.is_empty() {
        return Err(format!("epoch {} moves no offsets", epoch.sequence));
    }
    let moved = |partition: i32| epoch.offsets.iter().any(|(_, one, _)| *one == partition);
    let mut checked = None;
    for partition in epoch.deltas.iter().chain(&epoch.snapshots).filter_map(|record: &OutRecord| record.partition) {
        if checked != Some(partition) && !moved(partition) {
            return Err(format!(
                "epoch {} writes state of partition {partition} without moving its offsets",
                epoch.sequence
            ));
        }
        checked = Some(partition);
    }
    Ok(membership)
}

/// The epoch's offsets by topic.
pub(super) fn offsets_of(epoch: &Epoch<GroupMembership>, topics: &[String]) -> Result<TopicPartitionList, String> {
    let mut list = TopicPartitionList::with_capacity(epoch.offsets.len());
    for &(input, partition, offset) in &epoch.offsets {
        let topic = topics
            .get(input)
            .ok_or_else(|| format!("epoch {} moves an input {input} that is not there", epoch.sequence))?;
        if offset < 0 {
            return Err(format!("epoch {} moves {topic}, partition {partition} to {offset}", epoch.sequence));
        }
        list.add_partition_offset(topic, partition, Offset::Offset(offset))
            .map_err(|problem| format!("offset {offset} of {topic}, partition {partition}: {problem}"))?;
    }
    if let (Some(note), Some(first)) = (&epoch.note, epoch.offsets.first())
        && let Some(mut first) = list.find_partition(&topics[first.0], first.1)
    {
        first.set_metadata(note);
    }
    Ok(list)
}
