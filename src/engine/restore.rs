//! From the state topics back to a partition: the newest snapshot of each bucket, then the deltas after it.
//!
//! Invariant: the partition that comes out is the one that its last committed epoch left behind, whatever stands behind
//! the last complete marker, whatever an earlier owner wrote after it lost the partition, and however far compaction and
//! trimming have come. What cannot be told for certain is refused.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::homeless::Homeless;
use super::keeper::Keeper;
use super::pace::Pace;
use super::partition::Partition;
use super::ports::{CodecError, Marker, PartHeader, StateCodec, StateEntry, StateRecord, Topic};
use super::rules::Rules;
use super::store::{BUCKETS, IdHash, Store};

/// Why a partition cannot be restored. Waiting does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// A part cannot be read.
    #[error("partition {partition}, offset {offset} of the state topic: {source}")]
    Unreadable {
        /// The partition.
        partition: i32,
        /// The offset of the part.
        offset: i64,
        /// What is wrong with it.
        source: CodecError,
    },
    /// Part of a bucket is missing.
    #[error(
        "partition {0}: the snapshot of bucket {1} is incomplete ({2} of {3} parts): the state topic lost records; restore it from a copy, or begin anew with another `application` name"
    )]
    Incomplete(i32, usize, usize, u16),
    /// Deltas that the snapshots do not cover are missing.
    #[error(
        "partition {0}: the deltas begin at epoch {1}, but bucket {2} was last written at epoch {3}: the state topic lost records; restore it from a copy, or begin anew with another `application` name (`klantreis topics check` says whether its retention is right)"
    )]
    Gap(i32, u64, usize, u64),
    /// Offsets without state.
    #[error(
        "partition {0}: the consumer group has committed offsets, but there is no state: the state topics were emptied or renamed; put them back, or delete the group's offsets to begin anew (kafka-consumer-groups.sh --delete-offsets)"
    )]
    OffsetsWithoutState(i32),
    /// State without offsets.
    #[error(
        "partition {0}: there is state up to {1}, but the consumer group has no committed offset for {2} (they expire when no member was there for a week); run once with `klantreis run --adopt-state` to go on where the state says"
    )]
    StateWithoutOffsets(i32, String, String),
    /// State and offsets differ.
    #[error(
        "partition {partition}: the state was left at offset {marker} of {topic}, but the consumer group's committed offset is {group}: somebody moved the group's offsets; set them back to {marker}, or run once with `klantreis run --adopt-state` to go on where the state says"
    )]
    Differ {
        /// The partition.
        partition: i32,
        /// The input's topic.
        topic: String,
        /// Where the state was left.
        marker: i64,
        /// Where the group stands.
        group: i64,
    },
    /// The state is of inputs that were keyed otherwise.
    #[error(
        "partition {0}: the state was made with `keying: {1}`, and now it is {2}: where reading is to go on cannot be told from it; begin anew with another `application` name, or go back to `keying: {1}`"
    )]
    OtherKeying(i32, &'static str, &'static str),
    /// Customers whose phase is gone.
    #[error("{0}")]
    Homeless(Homeless),
}

/// Parts of one epoch, with their offsets.
type Parts = Vec<(i64, Vec<u8>)>;

/// A partition being restored.
pub struct Restore {
    number: i32,
    rules: Arc<Rules>,
    /// The group's committed offsets, by input.
    committed: Vec<Option<i64>>,
    /// The newest snapshot parts, by (bucket, part), until all are read; then empty.
    snapshots: BTreeMap<(u16, u16), (i64, PartHeader, Vec<u8>)>,
    /// Whether the snapshots were applied: deltas come after them.
    snapshots_done: bool,
    /// The epoch of each bucket's snapshot; 0 for none.
    written_at: [u64; BUCKETS],
    /// Parts of an epoch whose marker has not come yet.
    pending: Parts,
    /// The term and epoch that they are of.
    pending_mark: (u64, u64),
    /// The last complete epoch, not yet applied: a successor who had not seen it may still take its number.
    held: Option<(PartHeader, Parts)>,
    /// The last epoch that was applied.
    last: Option<(PartHeader, Marker)>,
    /// The customers as far as they are read.
    keeper: Keeper,
    pace: Pace,
    failed: Option<RestoreError>,
}

impl Restore {
    /// Begins with nothing but the group's committed offsets.
    pub fn new(number: i32, rules: Arc<Rules>, committed: Vec<Option<i64>>) -> Self {
        Self {
            keeper: Keeper::new(rules.set.layout().words),
            pace: Pace::default(),
            number,
            rules,
            committed,
            snapshots: BTreeMap::new(),
            snapshots_done: false,
            written_at: [0; BUCKETS],
            pending: Vec::new(),
            pending_mark: (0, 0),
            held: None,
            last: None,
            failed: None,
        }
    }

    /// Begins a look at a partition that is not to run: its records have so many words.
    pub fn to_look(number: i32, rules: Arc<Rules>, words: usize) -> Self {
        Self { keeper: Keeper::new(words), ..Self::new(number, rules, Vec::new()) }
    }

    /// The partition.
    pub fn number(&self) -> i32 {
        self.number
    }

    /// Takes one record of the state topics; snapshots come first.
    pub fn take(&mut self, record: &StateRecord<'_>, codec: &mut dyn StateCodec) {
        if self.failed.is_some() {
            return;
        }
        let taken = match record.topic {
            Topic::StateSnapshots => self.take_snapshot(record, codec),
            _ => self.apply_snapshots(codec).and_then(|()| self.take_delta(record, codec)),
        };
        self.failed = taken.err();
    }

    fn unreadable(&self, offset: i64) -> impl FnOnce(CodecError) -> RestoreError + use<> {
        let partition = self.number;
        move |source| RestoreError::Unreadable { partition, offset, source }
    }

    fn take_snapshot(&mut self, record: &StateRecord<'_>, codec: &mut dyn StateCodec) -> Result<(), RestoreError> {
        let Some(key) = parse_key(record.key) else {
            let source = CodecError::Corrupt(format!("its key is {:?}", String::from_utf8_lossy(record.key)));
            return Err(self.unreadable(record.offset)(source));
        };
        let Some(value) = record.value else {
            self.snapshots.remove(&key);
            return Ok(());
        };
        let header = codec.header(value).map_err(self.unreadable(record.offset))?;
        // At least once, a former owner's late bucket may stand behind its successor's.
        if self.snapshots.get(&key).is_none_or(|(_, known, _)| (known.term, known.epoch) <= (header.term, header.epoch))
        {
            self.snapshots.insert(key, (record.offset, header, value.to_vec()));
        }
        Ok(())
    }

    /// All snapshot parts are known: the newest complete set of each bucket becomes state.
    fn apply_snapshots(&mut self, codec: &mut dyn StateCodec) -> Result<(), RestoreError> {
        if std::mem::replace(&mut self.snapshots_done, true) {
            return Ok(());
        }
        let parts = std::mem::take(&mut self.snapshots);
        let mut newest: HashMap<u16, PartHeader> = HashMap::new();
        for ((bucket, _), (_, header, _)) in &parts {
            let known = newest.entry(*bucket).or_insert(*header);
            if (known.term, known.epoch) < (header.term, header.epoch) {
                *known = *header;
            }
        }
        let mut found: HashMap<u16, (usize, u64)> = HashMap::new();
        for ((bucket, _), (offset, header, bytes)) in parts {
            let wanted = newest[&bucket];
            if (header.term, header.epoch) != (wanted.term, wanted.epoch) {
                continue;
            }
            let seen = found.entry(bucket).or_default();
            *seen = (seen.0 + 1, seen.1 + bytes.len() as u64);
            let keeper = &mut self.keeper;
            let read = codec.read(&bytes, &mut |_, entry| {
                let (StateEntry::Full { id, .. } | StateEntry::Removed { id }) = &entry;
                put(keeper, IdHash::of(id), entry);
            });
            read.map_err(self.unreadable(offset))?;
        }
        for (bucket, header) in newest {
            let (seen, bytes) = found.get(&bucket).copied().unwrap_or_default();
            let bucket = usize::from(bucket);
            if seen != usize::from(header.parts) {
                return Err(RestoreError::Incomplete(self.number, bucket, seen, header.parts));
            }
            self.written_at[bucket] = header.epoch;
            self.pace.restored(bucket, header.epoch, bytes, header.parts);
        }
        Ok(())
    }

    fn take_delta(&mut self, record: &StateRecord<'_>, codec: &mut dyn StateCodec) -> Result<(), RestoreError> {
        let Some(value) = record.value else { return Ok(()) };
        let header = codec.header(value).map_err(self.unreadable(record.offset))?;
        // An earlier owner's part that came late: its partition was somebody else's by then.
        let newest = self.held.as_ref().map(|(held, _)| held).or(self.last.as_ref().map(|(last, _)| last));
        if newest.is_some_and(|newest| header.term < newest.term) {
            return Ok(());
        }
        if newest.is_none() && header.part == 0 {
            self.check_gap(header.epoch)?;
        }
        let mark = (header.term, header.epoch);
        if header.part == 0 {
            self.pending.clear();
            self.pending_mark = mark;
        } else if self.pending_mark != mark || self.pending.len() != usize::from(header.part) {
            // The rest of an epoch that was never finished, or whose begin is trimmed away.
            return Ok(());
        }
        self.pending.push((record.offset, value.to_vec()));
        if self.pending.len() == usize::from(header.parts) && header.part + 1 == header.parts {
            self.complete_epoch(header, codec)?;
        }
        Ok(())
    }

    /// Whether the first delta that is still there follows on what the snapshots cover.
    fn check_gap(&self, first: u64) -> Result<(), RestoreError> {
        // A bucket that is not written for long is unchanged since, or its deltas are there from its epoch on. Only when
        // deltas begin after the first epoch, a bucket without any snapshot must be one in which nobody ever was.
        match first {
            0 | 1 => Ok(()),
            _ if self.written_at.iter().all(|&at| at == 0) => Err(RestoreError::Gap(self.number, first, 0, 0)),
            _ => Ok(()),
        }
    }

    /// An epoch is complete. At least once, an owner's last epoch can land behind its successor's restore, who then goes on
    /// from the one before, with the same number and a higher term: so an epoch is applied when the next one shows that its
    /// owner knew it, and is dropped when the next one takes its number.
    fn complete_epoch(&mut self, header: PartHeader, codec: &mut dyn StateCodec) -> Result<(), RestoreError> {
        if self.held.as_ref().is_some_and(|(held, _)| held.epoch < header.epoch) {
            self.apply_held(codec)?;
        }
        self.held = Some((header, std::mem::take(&mut self.pending)));
        Ok(())
    }

    fn apply_held(&mut self, codec: &mut dyn StateCodec) -> Result<(), RestoreError> {
        let Some((_, parts)) = self.held.take() else { return Ok(()) };
        self.pace.restored_delta(parts.iter().map(|(_, bytes)| bytes.len() as u64).sum());
        for (offset, bytes) in parts {
            let Self { keeper, pace, written_at, .. } = self;
            let read = codec.read(&bytes, &mut |header, entry| {
                let (StateEntry::Full { id, .. } | StateEntry::Removed { id }) = &entry;
                let hash = IdHash::of(id);
                let bucket = hash.bucket();
                if header.epoch > written_at[bucket] {
                    pace.changed(bucket);
                    put(keeper, hash, entry);
                }
            });
            let (header, marker) = read.map_err(self.unreadable(offset))?;
            if header.part == 0 {
                self.pace.epoch_at(header.epoch, offset);
            }
            if let Some(marker) = marker {
                self.last = Some((header, marker));
            }
        }
        Ok(())
    }

    /// Everything was handed over: the customers, and the end of the last epoch; `None`: there was none.
    pub fn look(mut self, codec: &mut dyn StateCodec) -> Result<(Arc<Store>, Option<Marker>), RestoreError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.apply_snapshots(codec)?;
        self.apply_held(codec)?;
        Ok((Arc::clone(self.keeper.store()), self.last.map(|(_, marker)| marker)))
    }

    /// Everything was handed over: the partition, ready to go on. `beginning` gives where an input starts that was never
    /// read. `adopt`: where state and offsets disagree, the state is right (at least once it always is).
    pub fn finish<E: From<RestoreError>>(
        mut self,
        codec: &mut dyn StateCodec,
        adopt: bool,
        mut beginning: impl FnMut(usize) -> Result<i64, E>,
    ) -> Result<Partition, E> {
        if let Some(error) = self.failed.take() {
            return Err(error.into());
        }
        self.apply_snapshots(codec)?;
        self.apply_held(codec)?;
        let homeless = Homeless::count(self.number, &self.keeper, &self.rules.set, codec.phases_gone());
        if !homeless.is_empty() {
            return Err(RestoreError::Homeless(homeless).into());
        }
        let positions = self.positions(adopt, &mut beginning)?;
        let mut partition = Partition::new(self.number, self.rules, positions, 1, None);
        (partition.keeper, partition.pace) = (self.keeper, self.pace);
        let (epoch, term, watermark) = match &self.last {
            Some((header, marker)) => (header.epoch + 1, header.term + 1, Some(marker.watermark)),
            None => (1, 1, None),
        };
        partition.go_on(epoch, term, watermark);
        Ok(partition)
    }

    /// State of inputs that were keyed by customer does not go on from events that are keyed anew, nor the other way round:
    /// everything would be read from its start once more.
    fn check_keying(&self) -> Result<(), RestoreError> {
        let Some((_, marker)) = &self.last else { return Ok(()) };
        let events = self.rules.events_topic();
        let was_rekeyed = marker.positions.iter().any(|(topic, _)| *topic == events);
        match self.rules.is_rekeyed() {
            is if is == was_rekeyed || marker.positions.is_empty() => Ok(()),
            true => Err(RestoreError::OtherKeying(self.number, "direct", "rekey")),
            false => Err(RestoreError::OtherKeying(self.number, "rekey", "direct")),
        }
    }

    fn positions<E: From<RestoreError>>(
        &self,
        adopt: bool,
        beginning: &mut impl FnMut(usize) -> Result<i64, E>,
    ) -> Result<Vec<i64>, E> {
        let mut positions = Vec::new();
        self.check_keying()?;
        for (input, rules) in self.rules.reads().iter().enumerate() {
            let marker = self.last.as_ref().and_then(|(_, marker)| {
                marker.positions.iter().find(|(topic, _)| *topic == rules.topic).map(|(_, position)| *position)
            });
            let topic = rules.topic.clone();
            positions.push(match (marker, self.committed[input]) {
                (Some(marker), Some(group)) if marker == group || adopt => marker,
                (Some(marker), Some(group)) => {
                    return Err(RestoreError::Differ { partition: self.number, topic, marker, group }.into());
                }
                (Some(marker), None) if adopt => marker,
                (Some(marker), None) => {
                    let place = format!("offset {marker}");
                    return Err(RestoreError::StateWithoutOffsets(self.number, place, topic).into());
                }
                (None, Some(_)) if self.last.is_none() => {
                    return Err(RestoreError::OffsetsWithoutState(self.number).into());
                }
                // A new input beside others that were read before: the group may know it from an earlier life.
                (None, Some(group)) => group,
                (None, None) => beginning(input)?,
            });
        }
        Ok(positions)
    }
}

fn parse_key(key: &[u8]) -> Option<(u16, u16)> {
    let (bucket, part) = std::str::from_utf8(key).ok()?.split_once('/')?;
    let bucket = bucket.parse().ok().filter(|&bucket| usize::from(bucket) < BUCKETS)?;
    Some((bucket, part.parse().ok()?))
}

/// Puts one customer back; what was there of it is replaced.
fn put(keeper: &mut Keeper, hash: IdHash, entry: StateEntry<'_>) {
    match entry {
        StateEntry::Full { id, record } => {
            let fresh = || Ok::<_, std::convert::Infallible>(0);
            let Ok(()) = keeper.update(hash, id, fresh, |_, customer, _| customer.record.0.copy_from_slice(&record.0));
        }
        StateEntry::Removed { id } => _ = keeper.remove(hash, id),
    }
}

impl Partition {
    /// Goes on after the last committed epoch: counts the customers, builds the timers' index, and claims the partition by an epoch of its own.
    fn go_on(&mut self, epoch: u64, term: u64, watermark: Option<super::ports::WatermarkState>) {
        self.epoch = epoch;
        self.term = term;
        self.watermark = super::watermark::Watermark::new(watermark, self.rules.allowed_lateness_ms);
        // The claim: the first epoch commits every input's offset, and its marker makes an earlier owner's late parts known.
        self.touched = true;
        let now = self.watermark.at().unwrap_or(0);
        for bucket in 0..BUCKETS {
            let Self { keeper, timers, rules, census, customers, .. } = self;
            keeper.change_bucket(bucket, |place, customer| {
                *customer.changed = (epoch - 1) as u32;
                *customers += 1;
                census.add(customer.record, rules);
                timers.schedule(place, rules.set.deadline(customer.record), now, customer.wake);
            });
        }
    }
}
