//! One partition with everybody in it, as a worker holds it, and the epochs it writes, which go nowhere.

use std::convert::Infallible;
use std::sync::Arc;

use klantreis::engine::ports::{Batch as _, Epoch, StateRecord, Topic};
use klantreis::engine::tally::Tally;
use klantreis::engine::worker::Foresight;
use klantreis::engine::{Merge, Next, Open, Partition, Restore, RestoreError, Rules, Taken};
use klantreis::formats::Decoder;
use klantreis::journey::{Cause, ModelSet};
use klantreis::snapshot::Codec;

use super::shelf::Shelf;
use super::{Feed, INPUTS, Records};

/// Customers who come first in one epoch while the shop is filled.
pub const FILL: usize = 2_000;

/// See the module.
pub struct Shop {
    pub rules: Arc<Rules>,
    pub partition: Partition,
    decoders: Vec<Box<dyn Decoder>>,
    codec: Codec,
    epoch: Epoch<()>,
    tally: Tally,
    offset: i64,
    /// Transitions so far, and those of them that were timers'.
    pub told: u64,
    pub fired: u64,
}

impl Shop {
    pub fn new() -> Self {
        Self::of(super::models())
    }

    /// One whose customers are followed by other models.
    pub fn of(set: Arc<ModelSet>) -> Self {
        let rules = super::rules(Arc::clone(&set));
        Self {
            partition: Partition::new(0, Arc::clone(&rules), vec![0; INPUTS.len()], 1, None),
            decoders: super::decoders(&set),
            codec: Codec::new(set),
            epoch: Epoch::default(),
            tally: Tally::new(INPUTS.len()),
            offset: 0,
            told: 0,
            fired: 0,
            rules,
        }
    }

    /// Applies records.
    pub fn apply(&mut self, records: &Records) {
        let Self { partition, decoders, epoch, tally, offset, .. } = self;
        let mut open = Open { epoch, tally };
        for (input, raw) in records.iter() {
            let taken = Taken { input, raw, offset: *offset, time: raw.timestamp, wall: raw.timestamp };
            assert!(partition.apply(taken, decoders[input].as_mut(), &mut open), "nothing has to be waited for");
            *offset += 1;
        }
    }

    /// Lets everybody go, and keeps the buffers.
    pub fn renew(&mut self) {
        self.partition = Partition::new(0, Arc::clone(&self.rules), vec![0; INPUTS.len()], 1, None);
        self.offset = 0;
    }

    /// Applies records as a worker does: inputs merged by time, and memory that later records need brought closer.
    pub fn work(&mut self, records: &Records) {
        let Self { partition, decoders, epoch, tally, .. } = self;
        let mut open = Open { epoch, tally };
        let by_input = records.by_input();
        let mut left = by_input.each_ref().map(Vec::as_slice);
        let mut merge = Merge::new(INPUTS.map(|_| Shelf::new(records)).into(), 0);
        let mut foresight = Foresight::new(INPUTS.len());
        loop {
            let next =
                merge.next(i64::MAX, i64::MAX, |input, shelf| Ok::<_, Infallible>(shelf.fetch(&mut left[input])));
            let Ok(Next::Record { input, time }) = next else { break };
            let (shelf, place) = merge.head(input);
            let raw = shelf.record(place);
            let taken = Taken { input, raw, offset: shelf.offset(place), time, wall: time };
            foresight.look(&merge, input, partition);
            assert!(partition.apply(taken, decoders[input].as_mut(), &mut open), "nothing has to be waited for");
            merge.advance(input, i64::MAX);
        }
    }

    /// Customers that changed in the open epoch.
    pub fn changed(&self) -> usize {
        self.partition.changed_len()
    }

    /// Closes the epoch and throws away what it writes.
    pub fn close(&mut self) {
        self.close_with(|_| ());
    }

    fn close_with(&mut self, look: impl FnOnce(&Epoch<()>)) {
        let Self { partition, codec, epoch, tally, .. } = self;
        partition.close(codec, &mut Open { epoch, tally });
        assert_eq!(tally.inputs.iter().flat_map(|input| input.rejected).sum::<u64>(), 0, "the load is sound");
        let timers = tally.transitions.iter().filter(|((.., cause), _)| *cause == Cause::Timer);
        self.fired += timers.map(|(_, count)| count).sum::<u64>();
        self.told += tally.transitions.values().sum::<u64>();
        look(epoch);
        epoch.clear();
        tally.clear(INPUTS.len());
    }

    /// One event of every customer; the state deltas that say so.
    pub fn fill(&mut self, feed: &mut Feed, customers: u64) -> Vec<Vec<u8>> {
        self.fill_keeping(feed, customers, true)
    }

    /// One event of every customer; the state deltas that say so, if they are kept.
    pub fn fill_keeping(&mut self, feed: &mut Feed, customers: u64, keep: bool) -> Vec<Vec<u8>> {
        let (mut records, mut next, mut parts) = (Records::default(), 0, Vec::new());
        while next < customers {
            let count = (customers - next).min(FILL as u64);
            let end = next + count;
            feed.fill(&mut records, count as usize, || {
                next += 1;
                next - 1
            });
            next = end;
            self.apply(&records);
            self.close_with(|epoch| {
                let values = epoch.deltas.iter().filter_map(|record| record.value.clone()).filter(|_| keep);
                parts.extend(values.map(|range| epoch.bytes[range.start as usize..range.end as usize].to_vec()));
            });
        }
        parts
    }

    /// How many customers are there after these state deltas are read.
    pub fn restored(rules: Arc<Rules>, parts: &[Vec<u8>]) -> usize {
        let mut codec = Codec::new(Arc::clone(&rules.set));
        let mut restore = Restore::new(0, rules, vec![None; INPUTS.len()]);
        for (offset, value) in (0..).zip(parts) {
            restore.take(&StateRecord { topic: Topic::StateDeltas, offset, key: &[], value: Some(value) }, &mut codec);
        }
        let partition =
            restore.finish::<RestoreError>(&mut codec, true, |_| Ok(0)).expect("what was written can be read");
        partition.store().len()
    }
}
