//! What the engine needs from the outside, and nothing about how it is done.

use std::time::Duration;

use crate::formats::RawRecord;
use crate::journey::Record;

/// Records of one input and partition, in the order of their offsets, as they were fetched together.
pub trait Batch: Send {
    /// How many records there are.
    fn len(&self) -> usize;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The record at this place.
    fn record(&self, index: usize) -> RawRecord<'_>;
    /// The timestamp of the record at this place.
    fn timestamp(&self, index: usize) -> i64;
    /// The key of the record at this place.
    fn key(&self, index: usize) -> Option<&[u8]>;
    /// The offset of the record at this place.
    fn offset(&self, index: usize) -> i64;
    /// The record at this place will be asked for soon.
    fn foresee(&self, _index: usize) {}
    /// Lets the records go, keeping the memory for the next fetch.
    fn clear(&mut self);
}

/// How a fetch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fetched {
    /// The batch holds records.
    Records,
    /// Nothing has arrived yet, but there may be more.
    Nothing,
    /// The reader is at the end of this input's partition, after the records fetched so far. Stays so until records come.
    End,
}

/// A change of what this worker owns. A partition is that of all inputs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// These partitions are ours now; nothing is read from them before [`Source::start`].
    Assigned(Vec<i32>),
    /// We are asked to give up everything: finish, commit, drop, then call [`Source::release`].
    Revoked,
    /// Everything was taken away already; nothing may be committed. Drop, then call [`Source::release`].
    Lost,
}

/// Proof of membership under which an epoch commits: taken when the partitions were assigned, never refreshed.
pub trait Membership: Clone + Send {}

/// The inputs, read by one worker.
pub trait Source {
    /// What it fetches into.
    type Batch: Batch;
    /// See [`Membership`].
    type Membership: Membership;

    /// A batch to fetch into.
    fn batch(&self) -> Self::Batch;
    /// Serves what the group asks of us; to be called often, also while nothing is read. Never blocks.
    fn poll(&mut self) -> Result<Option<Change>, SourceError>;
    /// The membership under which the present assignment was given.
    fn membership(&self) -> Result<Self::Membership, SourceError>;
    /// Begins to read a partition, each input at its position.
    fn start(&mut self, partition: i32, positions: &[i64]) -> Result<(), SourceError>;
    /// Takes what has arrived of one input's partition, without waiting. `batch` is empty before.
    fn fetch(&mut self, input: usize, partition: i32, batch: &mut Self::Batch) -> Result<Fetched, SourceError>;
    /// Waits until something may have arrived, at most this long.
    fn wait(&mut self, at_most: Duration);
    /// Records between our fetch position and the end of each input's partition: `None` while unknown.
    fn lag(&self, input: usize, partition: i32) -> Option<i64>;
    /// What is wrong just now but may pass, such as a broker that cannot be reached.
    fn trouble(&self) -> Option<String>;
    /// Lets go of all partitions after a [`Change::Revoked`] or [`Change::Lost`] is dealt with.
    fn release(&mut self) -> Result<(), SourceError>;
    /// Leaves the group, waiting at most this long.
    fn close(&mut self, deadline: Duration);
}

/// Why a source cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Another process took our place in the group.
    #[error("fenced: another process works as {0}; give every process of an application a `kafka.instance` of its own")]
    Fenced(String),
    /// The assignment makes no sense for co-partitioned inputs.
    #[error(
        "partition {partition} of input {input} is not assigned to this worker, but the same partition of another input is; let all processes of the application have the same inputs"
    )]
    NotAligned {
        /// The input whose partition is missing.
        input: String,
        /// The partition.
        partition: i32,
    },
    /// The inputs grew while the service ran.
    #[error(
        "the inputs have more partitions than the {count} they had at the start (partition {partition} is new); the count is fixed for the life of an application"
    )]
    Grown {
        /// The count at the start.
        count: i32,
        /// A partition that was not there.
        partition: i32,
    },
    /// An input that one process reads alone grew while it ran.
    #[error(
        "input {input} had {known} partitions at the start and has {now} now; start the process again, so that all of them are read"
    )]
    Wider {
        /// The input.
        input: String,
        /// The count at the start.
        known: usize,
        /// The count now.
        now: usize,
    },
    /// An input lost records we have not read, or restarted from nothing.
    #[error(
        "input {input}, partition {partition}: offset {offset} is not there any more: its records were deleted before they were read, or the topic was created again; put them back, or begin anew with another `application` name"
    )]
    OffsetGone {
        /// The input.
        input: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
    },
    /// Anything else that cannot be mended by waiting.
    #[error("{0}")]
    Fatal(String),
}

/// The topic a record is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Phase transitions.
    Transitions,
    /// What is told beside the phases.
    Signals,
    /// The latest phase of each customer, compacted.
    Phases,
    /// Transitions and signals of shadows.
    Shadow,
    /// Events keyed by customer.
    Events,
    /// Records that could not be used.
    DeadLetters,
    /// What changed in an epoch.
    StateDeltas,
    /// The rolling snapshot.
    StateSnapshots,
}

/// A record to write. Ranges point into [`Epoch::bytes`], so that an epoch of many records is one allocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutRecord {
    /// Where to.
    pub topic: Topic,
    /// The partition; `None` lets the key decide (murmur2).
    pub partition: Option<i32>,
    /// The key, if it has one.
    pub key: Option<std::ops::Range<u32>>,
    /// The value; `None` is a tombstone.
    pub value: Option<std::ops::Range<u32>>,
    /// Range in [`Epoch::headers`].
    pub headers: std::ops::Range<u32>,
}

/// A header of an [`OutRecord`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutHeader {
    /// The name: one of a few fixed ones, or that of an original record's header.
    pub name: std::borrow::Cow<'static, str>,
    /// The value, if it has one; see [`Epoch::header_value`].
    pub value: Option<HeaderValue>,
}

/// The value of a header. What many records share is not copied for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// In [`Epoch::bytes`]; may be a part of the record's key or value.
    Own(std::ops::Range<u32>),
    /// The same whoever writes it.
    Fixed(&'static str),
    /// The same for all records of an application.
    Shared(std::sync::Arc<str>),
}

/// Everything that moves together: outputs, state and input offsets of one worker over one commit interval.
#[derive(Debug, Clone)]
pub struct Epoch<M> {
    /// The bytes of all keys, values and header values.
    pub bytes: Vec<u8>,
    /// The headers of all records.
    pub headers: Vec<OutHeader>,
    /// Transitions, signals, phases and dead letters.
    pub outputs: Vec<OutRecord>,
    /// State deltas with the marker last, per partition.
    pub deltas: Vec<OutRecord>,
    /// Snapshot buckets; at least once, produced only when the deltas are acknowledged.
    pub snapshots: Vec<OutRecord>,
    /// The next offset to read, by (input, partition); never empty for a partition that something is written for.
    pub offsets: Vec<(usize, i32, i64)>,
    /// What is kept with the offsets, if anything is: a short text.
    pub note: Option<String>,
    /// The membership under which the epoch was opened.
    pub membership: Option<M>,
    /// Its number within the worker, for the log.
    pub sequence: u64,
}

impl<M> Default for Epoch<M> {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            headers: Vec::new(),
            outputs: Vec::new(),
            deltas: Vec::new(),
            snapshots: Vec::new(),
            offsets: Vec::new(),
            note: None,
            membership: None,
            sequence: 0,
        }
    }
}

impl<M> Epoch<M> {
    /// The bytes of a key or a value.
    pub fn slice(&self, range: &std::ops::Range<u32>) -> &[u8] {
        &self.bytes[range.start as usize..range.end as usize]
    }

    /// The headers of a record.
    pub fn headers_of(&self, record: &OutRecord) -> &[OutHeader] {
        &self.headers[record.headers.start as usize..record.headers.end as usize]
    }

    /// The bytes of a header's value.
    pub fn header_value<'a>(&'a self, header: &'a OutHeader) -> Option<&'a [u8]> {
        Some(match header.value.as_ref()? {
            HeaderValue::Own(range) => self.slice(range),
            HeaderValue::Fixed(value) => value.as_bytes(),
            HeaderValue::Shared(value) => value.as_bytes(),
        })
    }

    /// Empties it, keeping the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.headers.clear();
        self.outputs.clear();
        self.deltas.clear();
        self.snapshots.clear();
        self.offsets.clear();
        self.note = None;
        self.membership = None;
    }
}

/// How an epoch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Committed {
    /// It is durable. The offsets that its state deltas got, or its events: (partition, first offset, offset after the last).
    Done {
        /// See above.
        deltas: Vec<(i32, i64, i64)>,
        /// From taking the epoch to the commit's acknowledgement.
        took: Duration,
    },
    /// It is not, or nobody knows: drop everything and restore. The pending transaction, if any, is resolved.
    Failed(String),
    /// Another process took our place: stop.
    Fenced(String),
    /// It is not, and trying again will not help: not allowed, or an epoch that breaks a rule of ours. Stop.
    Fatal(String),
}

/// Makes epochs durable, one at a time, while the worker goes on.
pub trait Committer<M>: Send {
    /// Takes an epoch. Only to be called when none is in flight.
    fn submit(&mut self, epoch: Box<Epoch<M>>);
    /// The end of the epoch in flight, with the epoch's memory for reuse; waits at most this long. `None`: still in flight, or none is.
    fn finished(&mut self, at_most: Duration) -> Option<(Committed, Box<Epoch<M>>)>;
    /// At least once: sends outputs at once, ahead of their epoch. Exactly once: never called.
    fn emit(&mut self, outputs: Box<Epoch<M>>);
}

/// What a part of the state topics says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartHeader {
    /// The epoch whose end it describes.
    pub epoch: u64,
    /// The term of its owner: each owner of a partition begins a new one, so that a late part of an earlier owner is known.
    pub term: u64,
    /// For a snapshot: its bucket.
    pub bucket: Option<u16>,
    /// Its number among the parts of this bucket or epoch, from 0.
    pub part: u16,
    /// How many parts the bucket or epoch has.
    pub parts: u16,
}

/// The end of a partition's epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The next offset to apply, by topic of the input; one for every input, also those never read.
    pub positions: Vec<(String, i64)>,
    /// The watermark.
    pub watermark: WatermarkState,
}

/// What is kept of a watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WatermarkState {
    /// The watermark itself; never goes back. `i64::MIN` before the first record.
    pub at: i64,
    /// The highest record time seen; `i64::MIN` before the first.
    pub record_time: i64,
    /// The wall clock when it was seen. Not part of the digest.
    pub wall: i64,
}

/// One customer in a part of the state topics.
#[derive(Debug, PartialEq)]
pub enum StateEntry<'a> {
    /// The customer's full state.
    Full {
        /// Who.
        id: &'a str,
        /// The state, in the layout of the active models.
        record: &'a Record,
    },
    /// The customer was forgotten.
    Removed {
        /// Who.
        id: &'a str,
    },
}

/// Writes customers' records as bytes for the state topics, and reads them back, also those of other models' layouts.
pub trait StateCodec: Send {
    /// Begins a part.
    fn begin(&self, header: &PartHeader, out: &mut Vec<u8>);
    /// Sets in a part how many there are, which is known when all are written.
    fn set_parts(&self, parts: u16, part: &mut [u8]);
    /// Adds a customer; `None`: forgotten.
    fn customer(&self, id: &str, record: Option<&Record>, out: &mut Vec<u8>);
    /// Ends the last part of an epoch.
    fn marker(&self, marker: &Marker, out: &mut Vec<u8>);
    /// Reads what a part says of itself.
    fn header(&self, bytes: &[u8]) -> Result<PartHeader, CodecError>;
    /// Reads a part, handing over its customers. A phase that its model does not have any more is
    /// [`GONE`](super::homeless::GONE) and its place among [`StateCodec::phases_gone`].
    fn read(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(&PartHeader, StateEntry<'_>),
    ) -> Result<(PartHeader, Option<Marker>), CodecError>;
    /// The phases met so far that an active model does not have any more, whether or not somebody is in them.
    fn phases_gone(&self) -> &[StoredPhase];
}

/// A phase as state names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoredPhase {
    /// Its model.
    pub model: String,
    /// Its own name.
    pub phase: String,
}

/// Why a part of the state topics cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The bytes are not what this program writes.
    #[error("not a part of klantreis state: {0}")]
    Corrupt(String),
    /// Written by a later program.
    #[error("written in format {0}, but this program reads formats up to {1}; run a newer klantreis")]
    Newer(u8, u8),
}

/// A record of a state topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRecord<'a> {
    /// [`Topic::StateDeltas`] or [`Topic::StateSnapshots`].
    pub topic: Topic,
    /// Its offset.
    pub offset: i64,
    /// Its key.
    pub key: &'a [u8],
    /// Its value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
}

/// The committed state of a partition, as it was when [`StateReader::open`] was called.
pub trait StateReader: Send {
    /// Begins with a partition: reads the committed offsets of the group (stable), by input, then the state topics' ends.
    fn open(&mut self, partition: i32) -> Result<Vec<Option<i64>>, StateError>;
    /// Hands over some of the records, snapshots first, then deltas; at most this long. `Ok(None)` when all were handed over,
    /// else an estimate of the share done.
    fn read(&mut self, at_most: Duration, take: &mut dyn FnMut(StateRecord<'_>)) -> Result<Option<f64>, StateError>;
    /// Where an input that was never read begins, by its `start` setting.
    fn beginning(&mut self, input: usize, partition: i32) -> Result<i64, StateError>;
    /// Deletes the deltas of a partition below an offset; the broker does it when it likes.
    fn trim(&mut self, partition: i32, below: i64);
}

/// What a group has committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupOffsets {
    /// By place; `None`: never.
    pub offsets: Vec<Option<i64>>,
    /// What was kept with the last of them ([`Epoch::note`]).
    pub note: Option<String>,
}

/// Where reading goes on for somebody who keeps nothing but offsets. A place is a partition of an input.
pub trait Positions: Send {
    /// The group's stable offsets.
    fn committed(&mut self) -> Result<GroupOffsets, StateError>;
    /// Where a place of an input begins that was never read, by the input's `start` setting.
    fn beginning(&mut self, place: usize) -> Result<i64, StateError>;
    /// The first record that a place has.
    fn first(&mut self, place: usize) -> Result<i64, StateError>;
    /// Whether anything was ever written to the topic of events.
    fn has_events(&mut self) -> Result<bool, StateError>;
}

/// Why state cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The broker is away, or records were deleted while they were read: trying again, from [`StateReader::open`], is right.
    #[error("reading state: {0}")]
    Unavailable(String),
    /// It will not get better by itself.
    #[error("reading state: {0}")]
    Fatal(String),
}

/// What is told of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// That it moved from one phase to another.
    Transition,
    /// Something beside the phases.
    Signal,
}

/// Who is told what became of epochs: metrics, the live page.
pub trait Observer: Send + Sync {
    /// An epoch has ended; `tally` counts only if it is durable.
    fn settled(&self, committed: &Committed, tally: &super::tally::Tally);
    /// Transitions and signals are durable (exactly once) or sent (at least once): the values of their records.
    fn told(&self, values: &mut dyn Iterator<Item = (Told, &[u8])>);
}

/// The time.
pub trait Clock: Send + Sync {
    /// The wall clock, in milliseconds since 1970-01-01T00:00:00Z.
    fn wall_ms(&self) -> i64;
    /// A clock that only goes forward, for measuring.
    fn elapsed(&self) -> Duration;
}
