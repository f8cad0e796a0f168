//! The epoch that is open and the one in flight.

use std::time::Duration;

use super::{Ending, Worker};
use crate::engine::partition::Open;
use crate::engine::ports::{Committed, Epoch, Source, Told, Topic};
use crate::engine::shares::Shares;
use crate::engine::tally::Tally;

/// What a customer takes beside its record, about.
const CUSTOMER_BYTES: usize = 32;
/// A worker's epochs.
pub(super) struct Epochs<M> {
    pub(super) open: Box<Epoch<M>>,
    pub(super) tally: Box<Tally>,
    /// When the open epoch got its first record.
    opened_at: Option<Duration>,
    in_flight: Option<InFlight>,
    /// An epoch that came to nothing as far as we were told; the restore that follows learns whether it did.
    unsure: Option<InFlight>,
    /// Memory of an epoch that is done with.
    spare: Option<(Box<Epoch<M>>, Box<Tally>)>,
    sequence: u64,
    inputs: usize,
    shares: Shares,
}

struct InFlight {
    tally: Box<Tally>,
    /// The partitions it holds, with the number of their epoch.
    partitions: Vec<(i32, u64)>,
    /// What it belongs to was dropped meanwhile.
    orphaned: bool,
}

impl<M> Epochs<M> {
    pub(super) fn new(inputs: usize) -> Self {
        Self {
            open: Box::new(Epoch::default()),
            tally: Box::new(Tally::new(inputs)),
            opened_at: None,
            in_flight: None,
            unsure: None,
            spare: None,
            sequence: 0,
            inputs,
            shares: Shares::default(),
        }
    }

    /// Something is in the open epoch.
    pub(super) fn touch(&mut self, now: Duration) {
        self.opened_at.get_or_insert(now);
    }

    /// When the open epoch is to be closed; `None` if there is nothing in it.
    pub(super) fn due_at(&self, interval: Duration) -> Option<Duration> {
        self.opened_at.map(|opened| opened + interval)
    }

    /// Whether nothing is open or in flight.
    pub(super) fn is_settled(&self) -> bool {
        self.opened_at.is_none() && self.in_flight.is_none()
    }

    /// Whether an epoch of what was dropped is still undecided: until it is not, nothing may be restored.
    pub(super) fn is_undecided(&self) -> bool {
        self.in_flight.as_ref().is_some_and(|in_flight| in_flight.orphaned)
    }

    /// Forgets what is open; what is in flight belongs to nothing any more.
    pub(super) fn drop_open(&mut self) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.orphaned = true;
        }
        self.open.clear();
        self.tally.clear(self.inputs);
        self.opened_at = None;
    }
}

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
        if self.epochs.in_flight.is_some() {
            if !full {
                return Ok(());
            }
            while self.epochs.in_flight.is_some() {
                self.settle(Duration::from_millis(5))?;
                if self.epochs.due_at(Duration::ZERO).is_none() {
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
        let opened = epochs.opened_at.take().unwrap_or(now);
        epochs.tally.duration = (now - opened).as_secs_f64();
        if partitions.is_empty() {
            epochs.drop_open();
            return;
        }
        epochs.sequence += 1;
        epochs.open.sequence = epochs.sequence;
        epochs.open.membership.clone_from(membership);
        let (fresh, tally) =
            epochs.spare.take().unwrap_or_else(|| (Box::new(Epoch::default()), Box::new(Tally::new(epochs.inputs))));
        let closed = std::mem::replace(&mut epochs.open, fresh);
        let tally = std::mem::replace(&mut epochs.tally, tally);
        epochs.in_flight = Some(InFlight { tally, partitions, orphaned: false });
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
        if self.epochs.in_flight.is_none() {
            return Ok(());
        }
        let Some((committed, mut epoch)) = self.with.committer.finished(at_most) else { return Ok(()) };
        let InFlight { mut tally, partitions, .. } = self.epochs.in_flight.take().expect("checked above");
        if !matches!(committed, Committed::Failed(_)) {
            self.with.observer.settled(&committed, &tally);
        }
        let ended = match committed {
            Committed::Done { deltas, .. } => {
                if self.settings.exactly_once {
                    self.with.observer.told(&mut told(&epoch));
                }
                self.done(&partitions, &deltas);
                self.epochs.shares.add(&tally, 0, self.settings.dead_letters_stop_above)
            }
            Committed::Failed(why) => {
                tracing::warn!(%why, "an epoch came to nothing; restoring all partitions of worker {}", self.settings.worker);
                self.begin_anew();
                epoch.clear();
                self.epochs.unsure = Some(InFlight { tally, partitions, orphaned: false });
                return Ok(());
            }
            Committed::Fenced(why) => Err(Ending::Fenced(why)),
            Committed::Fatal(why) => Err(Ending::Committer(why)),
        };
        epoch.clear();
        tally.clear(self.epochs.inputs);
        self.epochs.spare = Some((epoch, tally));
        ended
    }

    /// A partition was restored whose next epoch has this number. If the epoch that we were unsure of was its last, it was
    /// committed after all, with everything in it; else it was not.
    pub(super) fn learn(&mut self, number: i32, next_epoch: u64) {
        let Some(unsure) = &self.epochs.unsure else { return };
        let Some((_, epoch)) = unsure.partitions.iter().find(|(partition, _)| *partition == number) else { return };
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
        if self.epochs.due_at(Duration::ZERO).is_some() || self.active.values().any(|a| a.partition.is_touched()) {
            self.close();
            self.settle_all()?;
        }
        Ok(())
    }

    /// Waits for the epoch in flight, under the deadline.
    pub(super) fn settle_all(&mut self) -> Result<(), Ending> {
        let deadline = self.with.clock.elapsed() + self.settings.settle_deadline;
        while self.epochs.in_flight.is_some() {
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
