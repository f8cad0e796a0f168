//! A record becomes events: decoded, sorted out, and written into the open epoch.
//!
//! Invariant: of each record all events are written or none, and it is counted here unless it is written: what is written
//! is counted by whoever applies it.

use std::sync::Arc;

use super::encode::{self, Encoder};
use super::ticks::Ticks;
use crate::engine::murmur2;
use crate::engine::output::{self, DeadLetter};
use crate::engine::partition::Open;
use crate::engine::ports::{OutRecord, Topic};
use crate::engine::rules::Rules;
use crate::formats::{Decoded, Decoder, Item, RawRecord, Told};
use crate::journey::Reject;

/// A record and where it stood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken<'a> {
    pub(super) raw: RawRecord<'a>,
    pub(super) place: encode::Place,
}

/// The largest values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// That are read.
    pub(super) record: usize,
    /// That are written.
    pub(super) event: usize,
}

/// See the module.
pub(super) struct Press {
    rules: Arc<Rules>,
    encoder: Encoder,
    decoders: Vec<Box<dyn Decoder>>,
    limits: Limits,
    partitions: i32,
    /// Events written.
    pub(super) written: u64,
}

impl Press {
    pub(super) fn new(rules: &Arc<Rules>, decoders: Vec<Box<dyn Decoder>>, limits: Limits) -> Self {
        let partitions = rules.partition_count.unwrap_or(1);
        Self { encoder: Encoder::new(rules), rules: Arc::clone(rules), decoders, limits, partitions, written: 0 }
    }

    /// Partitions of the topic of events.
    pub(super) fn partitions(&self) -> i32 {
        self.partitions
    }

    /// Takes a record. However it ends, it is counted once for each of its events. If it cannot be decoded yet, nothing is
    /// done at all: `false`, and the record is to be brought again.
    #[must_use]
    pub(super) fn take<M>(&mut self, taken: &Taken<'_>, ticks: &mut Ticks, open: &mut Open<'_, M>) -> bool {
        let input = taken.place.input;
        let decoded = match self.check_size(&taken.raw) {
            Ok(()) => self.decoders[input].decode(&taken.raw),
            Err(reject) => Err(reject),
        };
        match decoded {
            Ok(Decoded::NotYet) => return false,
            Ok(Decoded::One(told)) => {
                let written = self.write(&told, taken, ticks, open);
                written.unwrap_or_else(|reject| self.reject(taken, &reject, open));
            }
            Ok(Decoded::Dropped(reason)) => open.tally.inputs[input].dropped[reason.index()] += 1,
            Ok(Decoded::Ignored) => open.tally.inputs[input].ignored += 1,
            Ok(Decoded::Several(items)) => self.take_several(items, taken, ticks, open),
            Err(reject) => self.reject(taken, &reject, open),
        }
        true
    }

    /// Takes the events of one record, all or none.
    fn take_several<M>(&mut self, items: Vec<Item<'_>>, taken: &Taken<'_>, ticks: &mut Ticks, open: &mut Open<'_, M>) {
        let input = taken.place.input;
        let before = (open.epoch.bytes.len(), open.epoch.outputs.len(), self.written, open.tally.inputs[input]);
        for item in items {
            match item {
                Item::Event(told) => {
                    if let Err(reject) = self.write(&told, taken, ticks, open) {
                        open.epoch.bytes.truncate(before.0);
                        open.epoch.outputs.truncate(before.1);
                        (self.written, open.tally.inputs[input]) = (before.2, before.3);
                        return self.reject(taken, &reject, open);
                    }
                }
                Item::Dropped(reason) => open.tally.inputs[input].dropped[reason.index()] += 1,
            }
        }
    }

    /// Writes one event, unless no model takes it.
    fn write<M>(
        &mut self,
        told: &Told<'_>,
        taken: &Taken<'_>,
        ticks: &mut Ticks,
        open: &mut Open<'_, M>,
    ) -> Result<(), Reject> {
        let input = taken.place.input;
        if !self.rules.set.takes(&told.event, &self.rules.inputs[input].name) {
            open.tally.inputs[input].ignored += 1;
            return Ok(());
        }
        let bytes = &mut open.epoch.bytes;
        let start = bytes.len();
        let quoted = self.encoder.event(told, taken.place, bytes);
        let end = bytes.len();
        if end - start > self.limits.event {
            bytes.truncate(start);
            return Err(Reject::TooLarge(end - start, self.limits.event));
        }
        let customer = told.event.customer.as_bytes();
        let key = quoted.unwrap_or_else(|| {
            bytes.extend_from_slice(customer);
            end as u32..bytes.len() as u32
        });
        // Whoever sends it looks for the partition by the key as well, of many at once.
        ticks.wrote(murmur2::partition_of(customer, self.partitions), taken.place.time);
        open.epoch.outputs.push(OutRecord {
            topic: Topic::Events,
            partition: None,
            key: Some(key),
            value: Some(start as u32..end as u32),
            headers: 0..0,
        });
        self.written += 1;
        Ok(())
    }

    /// Says in a partition how far time has come.
    pub(super) fn tick<M>(&self, partition: i32, time: i64, open: &mut Open<'_, M>) {
        let start = open.epoch.bytes.len() as u32;
        encode::tick(time, &mut open.epoch.bytes);
        let value = start..open.epoch.bytes.len() as u32;
        let (partition, value) = (Some(partition), Some(value));
        open.epoch.outputs.push(OutRecord { topic: Topic::Events, partition, key: None, value, headers: 0..0 });
    }

    fn check_size(&self, raw: &RawRecord<'_>) -> Result<(), Reject> {
        match raw.value {
            None | Some([]) => Err(Reject::Empty),
            Some(value) if value.len() > self.limits.record => Err(Reject::TooLarge(value.len(), self.limits.record)),
            Some(_) => Ok(()),
        }
    }

    #[cold]
    fn reject<M>(&self, taken: &Taken<'_>, reject: &Reject, open: &mut Open<'_, M>) {
        let encode::Place { input, partition, offset, .. } = taken.place;
        open.tally.inputs[input].rejected[reject.index()] += 1;
        let topic = &self.rules.inputs[input].topic;
        output::dead_letter(DeadLetter { raw: taken.raw, topic, partition, offset, reject }, open.epoch);
    }
}
