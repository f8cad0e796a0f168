//! Stand-ins for the ports, in memory, that can be told to fail. For tests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use super::ports::*;
use super::tally::{InputTally, Tally};
use crate::formats::{Decoded, Decoder, RawRecord};
use crate::journey::Reject;

/// What a fetch is to give.
#[derive(Debug, Clone)]
pub enum Script {
    /// Records by (offset, timestamp).
    Records(Vec<(i64, i64)>),
    /// The end of the input.
    End,
    /// Nothing yet.
    Nothing,
}

/// A batch in memory.
#[derive(Debug, Clone, Default)]
pub struct FakeBatch {
    /// Records by (offset, timestamp, value).
    pub records: Vec<(i64, i64, Vec<u8>)>,
}

impl FakeBatch {
    /// Adds records without a value.
    pub fn extend(&mut self, records: &[(i64, i64)]) {
        self.records.extend(records.iter().map(|&(offset, timestamp)| (offset, timestamp, Vec::new())));
    }
}

impl Batch for FakeBatch {
    fn len(&self) -> usize {
        self.records.len()
    }
    fn record(&self, index: usize) -> RawRecord<'_> {
        let (_, timestamp, value) = &self.records[index];
        RawRecord { value: Some(value), timestamp: *timestamp, ..RawRecord::default() }
    }
    fn timestamp(&self, index: usize) -> i64 {
        self.records[index].1
    }
    fn key(&self, _index: usize) -> Option<&[u8]> {
        None
    }
    fn offset(&self, index: usize) -> i64 {
        self.records[index].0
    }
    fn clear(&mut self) {
        self.records.clear();
    }
}

/// A small generator of numbers, so that a seed is all there is to a run.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 27) % sides
    }
}

/// A record that was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where to.
    pub topic: Topic,
    /// The partition, if it was chosen.
    pub partition: Option<i32>,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
}

/// A record of an input: its timestamp in milliseconds and its value.
pub type Sent = (i64, Vec<u8>);

/// A broker in memory: what survives a worker.
#[derive(Debug, Default)]
pub struct Cluster {
    /// The inputs' records by (input, partition).
    pub inputs: BTreeMap<(usize, i32), Vec<Sent>>,
    /// Everything that was committed, but for the state topics.
    pub outputs: Vec<Written>,
    /// The state topics by partition: deltas with their offsets.
    pub deltas: BTreeMap<i32, VecDeque<(i64, Vec<u8>)>>,
    /// Snapshots by partition, all versions of each key, as before compaction.
    pub snapshots: BTreeMap<i32, Vec<Written>>,
    /// The group's offsets.
    pub offsets: BTreeMap<(usize, i32), i64>,
    /// What is kept with them.
    pub note: Option<String>,
    /// How the next commits end; those not said succeed.
    pub verdicts: VecDeque<Verdict>,
    /// Commits so far.
    pub commits: u64,
    next_delta: BTreeMap<i32, i64>,
}

/// How a commit ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is durable.
    Done,
    /// Nothing of it is.
    Failed,
    /// It is durable, but the answer is lost.
    DoneUnheard,
}

/// The cluster, shared by a test's ports.
pub type SharedCluster = Arc<Mutex<Cluster>>;

fn lock(cluster: &SharedCluster) -> MutexGuard<'_, Cluster> {
    cluster.lock().expect("no test panics while it holds the cluster")
}

/// The membership of a fake group.
#[derive(Debug, Clone)]
pub struct FakeMembership;

impl Membership for FakeMembership {}

/// Reads the cluster's inputs in chunks.
pub struct FakeSource {
    cluster: SharedCluster,
    changes: VecDeque<Change>,
    positions: BTreeMap<(usize, i32), i64>,
    chunks: Box<dyn FnMut() -> usize + Send>,
}

impl FakeSource {
    /// A source that is given these partitions; `chunks` says how many records each fetch brings (0: nothing yet).
    pub fn new(cluster: &SharedCluster, partitions: Vec<i32>, chunks: Box<dyn FnMut() -> usize + Send>) -> Self {
        let changes = VecDeque::from([Change::Assigned(partitions)]);
        Self { cluster: Arc::clone(cluster), changes, positions: BTreeMap::new(), chunks }
    }
}

impl Source for FakeSource {
    type Batch = FakeBatch;
    type Membership = FakeMembership;

    fn batch(&self) -> FakeBatch {
        FakeBatch::default()
    }
    fn poll(&mut self) -> Result<Option<Change>, SourceError> {
        Ok(self.changes.pop_front())
    }
    fn membership(&self) -> Result<FakeMembership, SourceError> {
        Ok(FakeMembership)
    }
    fn start(&mut self, partition: i32, positions: &[i64]) -> Result<(), SourceError> {
        for (input, position) in positions.iter().enumerate() {
            self.positions.insert((input, partition), *position);
        }
        Ok(())
    }
    fn fetch(&mut self, input: usize, partition: i32, batch: &mut FakeBatch) -> Result<Fetched, SourceError> {
        let cluster = lock(&self.cluster);
        let position = self.positions.get_mut(&(input, partition)).expect("only started partitions are read");
        let all = cluster.inputs.get(&(input, partition)).map_or(&[][..], Vec::as_slice);
        let rest = &all[usize::try_from(*position).expect("offsets are not negative").min(all.len())..];
        if rest.is_empty() {
            return Ok(Fetched::End);
        }
        let count = (self.chunks)().min(rest.len());
        for (timestamp, value) in &rest[..count] {
            batch.records.push((*position, *timestamp, value.clone()));
            *position += 1;
        }
        Ok(if count == 0 { Fetched::Nothing } else { Fetched::Records })
    }
    fn wait(&mut self, _at_most: Duration) {}
    fn lag(&self, _input: usize, _partition: i32) -> Option<i64> {
        None
    }
    fn trouble(&self) -> Option<String> {
        None
    }
    fn release(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
    fn close(&mut self, _deadline: Duration) {}
}

/// Commits to the cluster, all or nothing.
pub struct FakeCommitter {
    cluster: SharedCluster,
    exactly_once: bool,
    ended: Option<(Committed, Box<Epoch<FakeMembership>>)>,
    /// How often `finished` is asked in vain.
    patience: u32,
}

impl FakeCommitter {
    /// A committer for this cluster.
    pub fn new(cluster: &SharedCluster, exactly_once: bool) -> Self {
        Self { cluster: Arc::clone(cluster), exactly_once, ended: None, patience: 0 }
    }
}

fn written(epoch: &Epoch<FakeMembership>, record: &OutRecord) -> Written {
    let bytes = |range: &std::ops::Range<u32>| epoch.bytes[range.start as usize..range.end as usize].to_vec();
    Written {
        topic: record.topic,
        partition: record.partition,
        key: record.key.as_ref().map(bytes),
        value: record.value.as_ref().map(bytes),
    }
}

impl Committer<FakeMembership> for FakeCommitter {
    fn submit(&mut self, epoch: Box<Epoch<FakeMembership>>) {
        assert!(self.ended.is_none(), "one epoch at a time");
        assert!(epoch.membership.is_some(), "an epoch commits under a membership");
        for record in &epoch.deltas {
            let partition = record.partition.expect("deltas name their partition");
            assert!(epoch.offsets.iter().any(|(_, p, _)| *p == partition), "partition {partition} has no offset (I2)");
        }
        let mut cluster = lock(&self.cluster);
        let verdict = cluster.verdicts.pop_front().unwrap_or(Verdict::Done);
        let committed = if verdict == Verdict::Failed {
            Committed::Failed("as told".to_owned())
        } else {
            cluster.commits += 1;
            cluster.outputs.extend(epoch.outputs.iter().map(|record| written(&epoch, record)));
            let mut deltas: Vec<(i32, i64, i64)> = Vec::new();
            for record in &epoch.deltas {
                let record = written(&epoch, record);
                let partition = record.partition.expect("checked above");
                let next = cluster.next_delta.entry(partition).or_default();
                let offset = *next;
                *next += 2; // a control record between epochs
                cluster.deltas.entry(partition).or_default().push_back((offset, record.value.expect("never null")));
                match deltas.iter_mut().find(|(p, ..)| *p == partition) {
                    Some((.., end)) => *end = offset + 1,
                    None => deltas.push((partition, offset, offset + 1)),
                }
            }
            for record in &epoch.snapshots {
                let record = written(&epoch, record);
                cluster.snapshots.entry(record.partition.expect("snapshots name theirs")).or_default().push(record);
            }
            cluster.note.clone_from(&epoch.note);
            for &(input, partition, offset) in &epoch.offsets {
                cluster.offsets.insert((input, partition), offset);
            }
            match verdict {
                Verdict::DoneUnheard => Committed::Failed("nobody knows".to_owned()),
                _ => Committed::Done { deltas, took: Duration::ZERO },
            }
        };
        self.patience = (cluster.commits % 3) as u32;
        drop(cluster);
        self.ended = Some((committed, epoch));
    }

    fn finished(&mut self, at_most: Duration) -> Option<(Committed, Box<Epoch<FakeMembership>>)> {
        if at_most.is_zero() && self.patience > 0 {
            self.patience -= 1;
            return None;
        }
        self.ended.take()
    }

    fn emit(&mut self, outputs: Box<Epoch<FakeMembership>>) {
        assert!(!self.exactly_once, "exactly once, nothing leaves ahead of its epoch");
        let records: Vec<_> = outputs.outputs.iter().map(|record| written(&outputs, record)).collect();
        lock(&self.cluster).outputs.extend(records);
    }
}

/// Reads the cluster's state topics.
pub struct FakeReader {
    cluster: SharedCluster,
    partition: i32,
    at: usize,
}

impl FakeReader {
    /// A reader of this cluster.
    pub fn new(cluster: &SharedCluster) -> Self {
        Self { cluster: Arc::clone(cluster), partition: -1, at: 0 }
    }
}

impl StateReader for FakeReader {
    fn open(&mut self, partition: i32) -> Result<Vec<Option<i64>>, StateError> {
        (self.partition, self.at) = (partition, 0);
        let cluster = lock(&self.cluster);
        let inputs = cluster.inputs.keys().map(|(input, _)| *input + 1).max().unwrap_or(0);
        Ok((0..inputs).map(|input| cluster.offsets.get(&(input, partition)).copied()).collect())
    }
    fn read(&mut self, _at_most: Duration, take: &mut dyn FnMut(StateRecord<'_>)) -> Result<Option<f64>, StateError> {
        let cluster = lock(&self.cluster);
        for (offset, record) in cluster.snapshots.get(&self.partition).into_iter().flatten().enumerate() {
            take(StateRecord {
                topic: Topic::StateSnapshots,
                offset: offset as i64,
                key: record.key.as_deref().unwrap_or_default(),
                value: record.value.as_deref(),
            });
        }
        for (offset, value) in cluster.deltas.get(&self.partition).into_iter().flatten() {
            take(StateRecord { topic: Topic::StateDeltas, offset: *offset, key: &[], value: Some(value) });
        }
        Ok(None)
    }
    fn beginning(&mut self, _input: usize, _partition: i32) -> Result<i64, StateError> {
        Ok(0)
    }
    fn trim(&mut self, partition: i32, below: i64) {
        let mut cluster = lock(&self.cluster);
        let deltas = cluster.deltas.entry(partition).or_default();
        while deltas.front().is_some_and(|(offset, _)| *offset < below) {
            deltas.pop_front();
        }
    }
}

/// Where an ingest goes on in the cluster; what it reads are partitions of inputs, in this order.
pub struct FakePositions {
    cluster: SharedCluster,
    places: Vec<(usize, i32)>,
}

impl FakePositions {
    /// Of these places.
    pub fn new(cluster: &SharedCluster, places: &[(usize, i32)]) -> Self {
        Self { cluster: Arc::clone(cluster), places: places.to_vec() }
    }
}

impl Positions for FakePositions {
    fn committed(&mut self) -> Result<GroupOffsets, StateError> {
        let cluster = lock(&self.cluster);
        let offsets = self.places.iter().map(|place| cluster.offsets.get(place).copied()).collect();
        Ok(GroupOffsets { offsets, note: cluster.note.clone() })
    }
    fn beginning(&mut self, place: usize) -> Result<i64, StateError> {
        // As `start: latest` says.
        Ok(lock(&self.cluster).inputs.get(&(place, 0)).map_or(0, Vec::len) as i64)
    }
    fn first(&mut self, _place: usize) -> Result<i64, StateError> {
        Ok(0)
    }
    fn has_events(&mut self) -> Result<bool, StateError> {
        Ok(lock(&self.cluster).outputs.iter().any(|record| record.topic == Topic::Events))
    }
}

/// A clock that goes on by itself, a millisecond a look.
#[derive(Debug, Default)]
pub struct FakeClock {
    looks: AtomicU64,
}

impl Clock for FakeClock {
    fn wall_ms(&self) -> i64 {
        1_800_000_000_000 + self.looks.load(Relaxed) as i64
    }
    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.looks.fetch_add(1, Relaxed))
    }
}

/// An observer that adds up what is told as committed.
#[derive(Default)]
pub struct Ear {
    /// Records, and transitions.
    pub heard: Mutex<(u64, u64)>,
}

impl Observer for Ear {
    fn settled(&self, committed: &Committed, tally: &Tally) {
        if matches!(committed, Committed::Done { .. }) {
            let mut heard = self.heard.lock().expect("no test panics while it listens");
            heard.0 += tally.inputs.iter().map(InputTally::events).sum::<u64>();
            heard.1 += tally.transitions.values().sum::<u64>();
        }
    }
    fn told(&self, values: &mut dyn Iterator<Item = (Told, &[u8])>) {
        values.for_each(drop);
    }
}

/// A decoder whose records wait for their schemas until it is told that these are here.
pub struct WaitingDecoder {
    decoder: Box<dyn Decoder>,
    are_here: Arc<AtomicBool>,
}

impl WaitingDecoder {
    /// Around that decoder.
    pub fn around(decoder: Box<dyn Decoder>, are_here: &Arc<AtomicBool>) -> Box<dyn Decoder> {
        Box::new(Self { decoder, are_here: Arc::clone(are_here) })
    }
}

impl Decoder for WaitingDecoder {
    fn decode<'a>(&mut self, record: &RawRecord<'a>) -> Result<Decoded<'a>, Reject> {
        if self.are_here.load(Relaxed) { self.decoder.decode(record) } else { Ok(Decoded::NotYet) }
    }
}
