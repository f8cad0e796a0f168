//! What an epoch writes of a partition when it ends: latest phases, state deltas with the marker last, snapshot buckets,
//! and the offsets it stands for.
//!
//! Invariant: everything is encoded here, by the partition's only writer; the committer sees bytes. A partition that is
//! written for always has an offset to commit (a transaction without one would not be fenced).

use std::ops::Range;

use super::output;
use super::partition::{Open, Partition};
use super::ports::{Epoch, Marker, OutRecord, PartHeader, StateCodec, Topic};
use super::store::{BUCKETS, IdHash, Place};
use crate::journey::Record;

/// Bytes of a part of the state topics, before compression; a broker takes a mebibyte.
const PART_BYTES_MAX: usize = 512 << 10;

/// Bytes of snapshots after which an epoch takes no more of them, over all its partitions: more than half of what its deltas
/// may have, so that no partition falls behind for long.
const SNAPSHOT_BYTES_MAX: u64 = 16 << 20;

/// Customers being written into an epoch, cut into parts; each becomes one record.
struct Parts<'a, M> {
    codec: &'a dyn StateCodec,
    header: PartHeader,
    epoch: &'a mut Epoch<M>,
    /// Where each part begins.
    starts: Vec<usize>,
}

impl<'a, M> Parts<'a, M> {
    fn begin(codec: &'a dyn StateCodec, header: PartHeader, epoch: &'a mut Epoch<M>) -> Self {
        let starts = vec![epoch.bytes.len()];
        codec.begin(&header, &mut epoch.bytes);
        Self { codec, header, epoch, starts }
    }

    fn customer(&mut self, id: &str, record: Option<&Record>) {
        let end = self.epoch.bytes.len();
        if end - self.starts[self.starts.len() - 1] > PART_BYTES_MAX {
            self.header.part += 1;
            self.starts.push(end);
            self.codec.begin(&self.header, &mut self.epoch.bytes);
        }
        self.codec.customer(id, record, &mut self.epoch.bytes);
    }

    fn marker(&mut self, marker: &Marker) {
        self.codec.marker(marker, &mut self.epoch.bytes);
    }

    /// The parts' ranges, and how many bytes they are.
    fn finish(mut self) -> (Vec<Range<u32>>, u64) {
        let (count, first, end) = (self.starts.len() as u16, self.starts[0], self.epoch.bytes.len());
        self.starts.push(end);
        let ranges = self.starts.windows(2).map(|ends| {
            self.codec.set_parts(count, &mut self.epoch.bytes[ends[0]..ends[1]]);
            ends[0] as u32..ends[1] as u32
        });
        (ranges.collect(), (end - first) as u64)
    }
}

/// Places put in the order of their buckets: all of them, and where each bucket's begin.
fn by_bucket(places: &[Place]) -> (Vec<Place>, [usize; BUCKETS + 1]) {
    let mut starts = [0; BUCKETS + 1];
    places.iter().for_each(|place| starts[place.bucket() + 1] += 1);
    (0..BUCKETS).for_each(|bucket| starts[bucket + 1] += starts[bucket]);
    let (mut sorted, mut next) = (vec![Place(0); places.len()], starts);
    for place in places {
        let at = &mut next[place.bucket()];
        sorted[*at] = *place;
        *at += 1;
    }
    (sorted, starts)
}

impl Partition {
    /// Ends the partition's epoch, if there is anything to commit, and begins the next.
    pub fn close<M>(&mut self, codec: &dyn StateCodec, open: &mut Open<'_, M>) {
        if !self.touched {
            return;
        }
        if self.rules.writes_phases {
            self.close_phases(open);
        }
        let delta_bytes = self.close_deltas(codec, open);
        self.pace.delta(delta_bytes);
        let snapshot_bytes = self.close_snapshots(codec, open);
        open.tally.state_bytes += delta_bytes + snapshot_bytes;
        open.tally.snapshot_bytes += snapshot_bytes;
        self.close_offsets(open.epoch);
        self.changed.clear();
        self.removed.clear();
        self.moved.clear();
        self.touched = false;
        self.epoch += 1;
    }

    fn close_phases<M>(&mut self, open: &mut Open<'_, M>) {
        self.moved.sort_unstable();
        self.moved.dedup();
        for id in &self.moved {
            let latest = self.keeper.read(IdHash::of(id), id, |customer| self.rules.set.latest(customer.record));
            let latest = latest.filter(|latest| !latest.is_empty());
            output::phases(self.subject(id), latest.as_deref(), open.epoch);
        }
    }

    fn close_deltas<M>(&mut self, codec: &dyn StateCodec, open: &mut Open<'_, M>) -> u64 {
        let (changed, starts) = by_bucket(&self.changed);
        open.tally.changed += changed.len() as u64;
        let mut parts = Parts::begin(codec, self.part_header(None), open.epoch);
        for (bucket, ends) in starts.windows(2).enumerate().filter(|(_, ends)| ends[0] < ends[1]) {
            self.pace.changed(bucket);
            // Who changed first and was forgotten later in this epoch is not there.
            self.keeper.visit_changed(&changed[ends[0]..ends[1]], self.epoch as u32, |id, customer| {
                parts.customer(id, Some(customer.record));
            });
        }
        self.removed.sort_unstable();
        self.removed.dedup();
        for id in &self.removed {
            let hash = IdHash::of(id);
            self.pace.changed(hash.bucket());
            if self.keeper.read(hash, id, |_| ()).is_none() {
                parts.customer(id, None);
            }
        }
        parts.marker(&Marker {
            positions: self.rules.reads().iter().map(|input| input.topic.clone()).zip(self.positions.clone()).collect(),
            watermark: self.watermark.state(),
        });
        let (ranges, bytes) = parts.finish();
        let partition = Some(self.number);
        open.epoch.deltas.extend(ranges.into_iter().map(|range| OutRecord {
            topic: Topic::StateDeltas,
            partition,
            key: None,
            value: Some(range),
            headers: 0..0,
        }));
        bytes
    }

    fn close_snapshots<M>(&mut self, codec: &dyn StateCodec, open: &mut Open<'_, M>) -> u64 {
        let mut written = 0;
        while open.tally.snapshot_bytes + written < SNAPSHOT_BYTES_MAX
            && let Some(bucket) = self.pace.next_bucket(written)
        {
            let mut parts = Parts::begin(codec, self.part_header(Some(bucket as u16)), open.epoch);
            self.keeper.visit_bucket(bucket, |id, customer| parts.customer(id, Some(customer.record)));
            let (ranges, bytes) = parts.finish();
            let count = ranges.len() as u16;
            let before = self.pace.written(bucket, self.epoch, bytes, count);
            let stale = (count..before).map(|_| None);
            for (part, value) in ranges.into_iter().map(Some).chain(stale).enumerate() {
                let start = open.epoch.bytes.len() as u32;
                open.epoch.bytes.extend_from_slice(format!("{bucket}/{part}").as_bytes());
                open.epoch.snapshots.push(OutRecord {
                    topic: Topic::StateSnapshots,
                    partition: Some(self.number),
                    key: Some(start..open.epoch.bytes.len() as u32),
                    value,
                    headers: 0..0,
                });
            }
            written += bytes;
        }
        written
    }

    fn part_header(&self, bucket: Option<u16>) -> PartHeader {
        PartHeader { epoch: self.epoch, term: self.term, bucket, part: 0, parts: 0 }
    }

    /// The offsets that moved; all of them in an owner's first epoch, so that group and marker agree from then on; at
    /// least one always.
    fn close_offsets<M>(&mut self, epoch: &mut Epoch<M>) {
        let before = epoch.offsets.len();
        for (input, &position) in self.positions.iter().enumerate() {
            if self.committed_positions.get(input) != Some(&position) {
                epoch.offsets.push((input, self.number, position));
            }
        }
        if epoch.offsets.len() == before {
            epoch.offsets.push((0, self.number, self.positions[0]));
        }
        self.committed_positions.clone_from(&self.positions);
    }
}
