//! What an epoch writes of a partition when it ends: latest phases, state deltas with the marker last, snapshot buckets,
//! and the offsets it stands for.
//!
//! Invariant: everything is encoded here, by the partition's only writer; the committer sees bytes. A partition that is
//! written for always has an offset to commit (a transaction without one would not be fenced).

use std::ops::Range;

use super::output;
use super::partition::{Open, Partition};
use super::ports::{Epoch, Marker, OutRecord, PartHeader, StateCodec, Topic};
use super::store::IdHash;
use crate::journey::Record;

/// Bytes of a part of the state topics, before compression; a broker takes a mebibyte.
const PART_BYTES_MAX: usize = 512 << 10;

/// Customers being written, cut into parts; each becomes one record.
struct Parts<'a> {
    codec: &'a dyn StateCodec,
    bodies: Vec<u8>,
    cuts: Vec<usize>,
}

impl<'a> Parts<'a> {
    fn new(codec: &'a dyn StateCodec) -> Self {
        Self { codec, bodies: Vec::new(), cuts: vec![0] }
    }

    fn customer(&mut self, id: &str, record: Option<&Record>) {
        if self.bodies.len() - self.cuts[self.cuts.len() - 1] > PART_BYTES_MAX {
            self.cuts.push(self.bodies.len());
        }
        self.codec.customer(id, record, &mut self.bodies);
    }

    fn count(&self) -> u16 {
        self.cuts.len() as u16
    }

    /// Writes the parts into the epoch, each behind its header: their ranges, and how many bytes they are.
    fn finish<M>(mut self, mut header: PartHeader, epoch: &mut Epoch<M>) -> (Vec<Range<u32>>, u64) {
        header.parts = self.count();
        self.cuts.push(self.bodies.len());
        let first = epoch.bytes.len();
        let ranges = self.cuts.windows(2).enumerate().map(|(part, cut)| {
            let start = epoch.bytes.len() as u32;
            self.codec.begin(&PartHeader { part: part as u16, ..header }, &mut epoch.bytes);
            epoch.bytes.extend_from_slice(&self.bodies[cut[0]..cut[1]]);
            start..epoch.bytes.len() as u32
        });
        let ranges = ranges.collect();
        (ranges, (epoch.bytes.len() - first) as u64)
    }
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
            let states = self.store.read(IdHash::of(id), id, |customer| self.rules.set.describe(&customer.record));
            let states = states.filter(|states| states.iter().any(|state| state.phase.is_some()));
            output::phases(id, states.as_deref(), open.epoch);
        }
    }

    fn close_deltas<M>(&mut self, codec: &dyn StateCodec, open: &mut Open<'_, M>) -> u64 {
        let mut parts = Parts::new(codec);
        for id in &self.changed {
            open.tally.changed += 1;
            self.pace.changed(IdHash::of(id).bucket());
            // Not there: changed first and forgotten later in this epoch.
            self.store.read(IdHash::of(id), id, |customer| parts.customer(id, Some(&customer.record)));
        }
        self.removed.sort_unstable();
        self.removed.dedup();
        for id in &self.removed {
            self.pace.changed(IdHash::of(id).bucket());
            if self.store.read(IdHash::of(id), id, |_| ()).is_none() {
                parts.customer(id, None);
            }
        }
        let marker = Marker {
            positions: self.rules.inputs.iter().map(|input| input.topic.clone()).zip(self.positions.clone()).collect(),
            watermark: self.watermark.state(),
        };
        codec.marker(&marker, &mut parts.bodies);
        let (ranges, bytes) = parts.finish(self.part_header(None), open.epoch);
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
        while let Some(bucket) = self.pace.next_bucket(written) {
            let mut parts = Parts::new(codec);
            self.store.visit_bucket(bucket, |id, customer| parts.customer(id, Some(&customer.record)));
            let count = parts.count();
            let (ranges, bytes) = parts.finish(self.part_header(Some(bucket as u16)), open.epoch);
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
