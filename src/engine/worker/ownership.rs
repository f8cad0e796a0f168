//! Which partitions are ours: given, restored, taken away.

use std::sync::Arc;
use std::time::Duration;

use super::foresight::Foresight;
use super::run::Active;
use super::{Ending, Worker};
use crate::engine::homeless::Homeless;
use crate::engine::merge::Merge;
use crate::engine::ports::{Change, Source, StateError};
use crate::engine::restore::{Restore, RestoreError};
use crate::engine::view::PartitionView;

/// How long state is read before the group is served again.
const RESTORE_SLICE: Duration = Duration::from_millis(50);
/// How long until an unavailable broker is asked again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

impl<S: Source> Worker<S> {
    /// The group gives or takes.
    pub(super) fn change(&mut self, change: Change) -> Result<(), Ending> {
        match change {
            Change::Assigned(partitions) => {
                tracing::info!(worker = self.settings.worker, ?partitions, "partitions assigned");
                self.drop_all();
                self.membership = Some(self.with.source.membership()?);
                for partition in partitions {
                    self.wait_for_restore(partition);
                }
                // At once: what the board says from before, that nothing is left to do, was said of nothing.
                self.board.tell(self.settings.worker, |view| (view.assigned, view.caught_up) = (true, false));
            }
            Change::Revoked => {
                tracing::info!(worker = self.settings.worker, "partitions revoked");
                self.board.tell(self.settings.worker, |view| view.assigned = false);
                // An epoch that cannot be committed in time is lost to us; whoever owns the partitions next reads it again.
                match self.commit_open() {
                    Ok(()) => {}
                    Err(Ending::Deadline(_)) => tracing::warn!("giving up partitions with an epoch in flight"),
                    Err(other) => return Err(other),
                }
                self.drop_all();
                self.with.source.release()?;
            }
            Change::Lost => {
                tracing::warn!(worker = self.settings.worker, "partitions lost");
                self.board.tell(self.settings.worker, |view| view.assigned = false);
                self.drop_all();
                self.with.source.release()?;
            }
        }
        Ok(())
    }

    /// Drops everything we own.
    pub(super) fn drop_all(&mut self) {
        let numbers = self.active.keys().chain(self.waiting.iter()).copied();
        for number in numbers.chain(self.restoring.as_ref().map(Restore::number)) {
            self.board.drop_slot(number);
        }
        self.give_up_unsure();
        self.active.clear();
        self.waiting.clear();
        self.restoring = None;
        self.restoring_since = None;
        self.homeless = Homeless::default();
        self.membership = None;
        self.epochs.drop_open();
    }

    /// Drops what we know of our partitions, and restores them.
    pub(super) fn begin_anew(&mut self) {
        let mut numbers: Vec<i32> = self.active.keys().copied().collect();
        numbers.extend(self.restoring.take().map(|restore| restore.number()));
        self.active.clear();
        self.epochs.drop_open();
        for number in numbers {
            self.wait_for_restore(number);
        }
    }

    fn wait_for_restore(&mut self, number: i32) {
        self.restoring_since.get_or_insert_with(|| self.with.clock.elapsed());
        self.waiting.push_back(number);
        self.show_restoring(number, 0.0);
    }

    fn show_restoring(&self, number: i32, share: f64) {
        let inputs = self.rules.reads().len();
        let view = PartitionView {
            partition: number,
            worker: self.settings.worker,
            restoring: Some(share),
            customers: 0,
            bytes: 0,
            phases: self.rules.set.models().iter().map(|model| vec![0; model.phases().len() + 1]).collect(),
            pairs: Vec::new(),
            epoch: 0,
            watermark: None,
            positions: vec![0; inputs],
            lag: vec![None; inputs],
            waiting_record: None,
        };
        self.board.slot(number).show(view, None);
    }

    /// Goes on with the restore under way, or begins the next; whether there is any.
    pub(super) fn restore_some(&mut self) -> Result<bool, Ending> {
        if self.waiting.is_empty() && self.restoring.is_none() {
            return Ok(false);
        }
        if self.epochs.is_undecided() || self.with.clock.elapsed() < self.retry_at {
            return Ok(false);
        }
        match self.restore_slice() {
            Err(Ending::State(StateError::Unavailable(why))) => {
                tracing::warn!(%why, "cannot read state yet");
                self.waiting.extend(self.restoring.take().map(|restore| restore.number()));
                self.retry_at = self.with.clock.elapsed() + RETRY_AFTER;
                Ok(false)
            }
            other => other.map(|()| true),
        }
    }

    fn restore_slice(&mut self) -> Result<(), Ending> {
        if self.restoring.is_none() {
            let Some(&number) = self.waiting.front() else { return Ok(()) };
            let committed = self.with.reader.open(number)?;
            self.waiting.pop_front();
            self.restoring = Some(Restore::new(number, Arc::clone(&self.rules), committed));
            self.restoring_bytes = 0;
        }
        let Some(restore) = self.restoring.as_mut() else { return Ok(()) };
        let (codec, bytes) = (self.with.codec.as_mut(), &mut self.restoring_bytes);
        let share = self.with.reader.read(RESTORE_SLICE, &mut |record| {
            *bytes += record.value.map_or(0, <[u8]>::len) as u64;
            restore.take(&record, codec);
        })?;
        let number = restore.number();
        match share {
            Some(share) => self.show_restoring(number, share),
            None => self.finish_restore()?,
        }
        Ok(())
    }

    fn finish_restore(&mut self) -> Result<(), Ending> {
        let Some(restore) = self.restoring.take() else { return Ok(()) };
        let number = restore.number();
        let adopt = self.settings.adopt_state || !self.settings.exactly_once;
        let reader = &mut self.with.reader;
        let partition = match restore
            .finish(self.with.codec.as_mut(), adopt, |input| reader.beginning(input, number).map_err(Ending::from))
        {
            Err(Ending::State(StateError::Unavailable(why))) => {
                self.waiting.push_back(number);
                return Err(StateError::Unavailable(why).into());
            }
            Err(Ending::Restore(RestoreError::Homeless(more))) => {
                self.homeless.add(more);
                None
            }
            other => Some(other?),
        };
        let Some(partition) = partition.filter(|_| self.homeless.is_empty()) else { return self.refuse_homeless() };
        tracing::info!(
            worker = self.settings.worker,
            partition = number,
            customers = partition.customers,
            epoch = partition.epoch,
            "restored"
        );
        self.learn(number, partition.epoch);
        self.with.source.start(number, &partition.positions)?;
        let batches: Vec<_> = self.rules.reads().iter().map(|_| self.with.source.batch()).collect();
        let foresight = Foresight::new(batches.len());
        let merge = Merge::new(batches, self.settings.align_idle_after_ms);
        let committed = partition.epoch - 1;
        let slot = self.board.slot(number);
        self.tell_restored(partition.customers);
        self.active.insert(number, Active { partition, merge, foresight, slot, committed, waiting_record: None });
        self.show_partition(number);
        Ok(())
    }

    /// Nothing more is begun: ends when all partitions are counted.
    fn refuse_homeless(&mut self) -> Result<(), Ending> {
        if !self.waiting.is_empty() {
            return Ok(());
        }
        Err(RestoreError::Homeless(std::mem::take(&mut self.homeless)).into())
    }

    /// Tells what was restored, and how long it took since that was told last.
    fn tell_restored(&mut self, customers: u64) {
        let now = self.with.clock.elapsed();
        let since = self.restoring_since.take().unwrap_or(now);
        self.restoring_since = (!self.waiting.is_empty()).then_some(now);
        self.board.tell(self.settings.worker, |view| {
            view.restored.customers += customers;
            view.restored.bytes += self.restoring_bytes;
            view.restored.took += now - since;
            view.restored.at = now;
        });
    }
}
