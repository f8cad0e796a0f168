//! A worker's epochs: when one is closed, and what follows from how it ended.

use std::time::Duration;

use super::{Ending, Worker};
use crate::engine::epochs::InFlight;
use crate::engine::partition::Open;
use crate::engine::ports::{Committed, Epoch, Source, Told, Topic};

/// What a customer takes beside its record, about.
const CUSTOMER_BYTES: usize = 32;

/// What an epoch of a worker holds: its partitions, each with the number of its epoch.
pub(super) type Partitions = Vec<(i32, u64)>;

impl<S: Source> Worker<S> {
    /// Customers changed in the open epoch.
    pub(super) fn changes(&self) -> usize {
        self.active.values().map(|active| active.partition.changed_len()).sum()
    }

    /// Whether the open epoch, with so many customers changed, is to be closed before anything else is done.
    pub(super) fn is_full(&self, changes: usize) -> bool {
        let customer = self.rules.set.layout().words * size_of::<u64>() + CUSTOMER_BYTES;
        let room = &self.settings.room;
        self.epochs.open.bytes.len() > room.outputs || changes * customer > room.changed
    }

    /// Closes the open epoch if its time has come and the committer is free; waits for it only if the epoch grows too large.
    pub(super) fn close_if_due(&mut self) -> Result<(), Ending> {
        let now = self.with.clock.elapsed();
        let Some(due) = self.epochs.due_at(self.settings.commit_interval) else { return Ok(()) };
        let full = self.is_full(self.changes());
        if now < due && !full {
            return Ok(());
        }
        if self.epochs.is_in_flight() {
            if !full {
                return Ok(());
            }
            while self.epochs.is_in_flight() {
                self.settle(Duration::from_millis(5))?;
                if !self.epochs.is_open() {
                    return Ok(());
                }
            }
            self.epochs.tally.waited += (self.with.clock.elapsed() - now).as_secs_f64();
        }
        self.close();
        Ok(())
    }

    /// Ends the open epoch and hands it to the committer, which is free.
    fn close(&mut self) {
        let now = self.with.clock.elapsed();
        let Self { epochs, active, with, membership, .. } = self;
        let mut partitions = Vec::new();
        for (number, active) in active.iter_mut().filter(|(_, active)| active.partition.is_touched()) {
            partitions.push((*number, active.partition.epoch));
            let mut open = Open { epoch: &mut epochs.open, tally: &mut epochs.tally };
            active.partition.close(with.codec.as_ref(), &mut open);
        }
        if partitions.is_empty() {
            epochs.drop_open();
            return;
        }
        let closed = epochs.close(now, membership, partitions);
        with.committer.submit(closed);
    }

    /// At least once: what the last rounds led to leaves at once.
    pub(super) fn send_outputs(&mut self) {
        let Self { epochs, with, settings, membership, .. } = self;
        if settings.exactly_once || epochs.open.outputs.is_empty() {
            return;
        }
        let mut outputs = std::mem::replace(&mut epochs.open, Box::new(Epoch::default()));
        with.observer.told(&mut told(&outputs));
        outputs.membership.clone_from(membership);
        with.committer.emit(outputs);
    }

    /// Looks whether the epoch in flight has ended, waiting at most this long, and draws the conclusions.
    pub(super) fn settle(&mut self, at_most: Duration) -> Result<(), Ending> {
        if !self.epochs.is_in_flight() {
            return Ok(());
        }
        let Some((committed, epoch)) = self.with.committer.finished(at_most) else { return Ok(()) };
        let InFlight { tally, holds, .. } = self.epochs.land().expect("checked above");
        if !matches!(committed, Committed::Failed(_)) {
            self.with.observer.settled(&committed, &tally);
        }
        let ended = match committed {
            Committed::Done { deltas, .. } => {
                if self.settings.exactly_once {
                    self.with.observer.told(&mut told(&epoch));
                }
                self.done(&holds, &deltas);
                self.epochs.shares.add(&tally, 0, self.settings.dead_letters_stop_above)
            }
            Committed::Failed(why) => {
                tracing::warn!(%why, "an epoch came to nothing; restoring all partitions of worker {}", self.settings.worker);
                self.begin_anew();
                self.epochs.unsure = Some(InFlight { tally, holds, orphaned: false });
                return Ok(());
            }
            Committed::Fenced(why) => Err(Ending::Fenced(why)),
            Committed::Fatal(why) => Err(Ending::Committer(why)),
        };
        self.epochs.give_back(epoch, tally);
        ended
    }

    /// A partition was restored whose next epoch has this number. If the epoch that we were unsure of was its last, it was
    /// committed after all, with everything in it; else it was not.
    pub(super) fn learn(&mut self, number: i32, next_epoch: u64) {
        let Some(unsure) = &self.epochs.unsure else { return };
        let Some((_, epoch)) = unsure.holds.iter().find(|(partition, _)| *partition == number) else { return };
        let committed = if next_epoch > *epoch {
            Committed::Done { deltas: Vec::new(), took: Duration::ZERO }
        } else {
            Committed::Failed("it is not in the state topics".to_owned())
        };
        let tally = &unsure.tally;
        self.with.observer.settled(&committed, tally);
        self.epochs.unsure = None;
    }

    /// The partitions go before it is known what became of the epoch: it counts as failed, somebody else goes on from it.
    pub(super) fn give_up_unsure(&mut self) {
        if let Some(unsure) = self.epochs.unsure.take() {
            self.with.observer.settled(&Committed::Failed("its partitions are gone".to_owned()), &unsure.tally);
        }
    }

    fn done(&mut self, partitions: &[(i32, u64)], deltas: &[(i32, i64, i64)]) {
        for &(number, epoch) in partitions {
            let Some(active) = self.active.get_mut(&number) else { continue };
            active.committed = epoch;
            if let Some((_, first, _)) = deltas.iter().find(|(partition, ..)| *partition == number) {
                active.partition.pace.epoch_at(epoch, *first);
            }
            if let Some(below) = active.partition.pace.trim(epoch) {
                self.with.reader.trim(number, below);
            }
        }
    }

    /// Settles what is in flight, then commits what is open and settles that too, each under the deadline.
    pub(super) fn commit_open(&mut self) -> Result<(), Ending> {
        self.settle_all()?;
        if self.epochs.is_open() || self.active.values().any(|a| a.partition.is_touched()) {
            self.close();
            self.settle_all()?;
        }
        Ok(())
    }

    /// Waits for the epoch in flight, under the deadline.
    pub(super) fn settle_all(&mut self) -> Result<(), Ending> {
        let deadline = self.with.clock.elapsed() + self.settings.settle_deadline;
        while self.epochs.is_in_flight() {
            if self.with.clock.elapsed() > deadline {
                return Err(Ending::Deadline(self.settings.settle_deadline));
            }
            self.settle(Duration::from_millis(20))?;
        }
        Ok(())
    }
}

/// The bodies of an epoch's transitions and signals.
fn told<M>(epoch: &Epoch<M>) -> impl Iterator<Item = (Told, &[u8])> {
    epoch.outputs.iter().filter_map(|record| {
        let told = match record.topic {
            Topic::Transitions => Told::Transition,
            Topic::Signals => Told::Signal,
            _ => return None,
        };
        let value = record.value.clone()?;
        Some((told, &epoch.bytes[value.start as usize..value.end as usize]))
    })
}
