//! The epoch that is open and the one in flight.
//!
//! Invariant: an epoch always moves offsets, one at least, also if all it says is the time: without offsets the group would
//! not be asked whether we are still the lead.

use std::time::Duration;

use super::lead::write_time;
use super::run::Ingest;
use crate::engine::ports::{Committed, Epoch, Source};
use crate::engine::shares::Shares;
use crate::engine::tally::Tally;
use crate::engine::worker::Ending;

/// The ingest's epochs.
pub(super) struct Epochs<M> {
    pub(super) open: Box<Epoch<M>>,
    pub(super) tally: Box<Tally>,
    /// When the open epoch got its first record.
    opened_at: Option<Duration>,
    in_flight: Option<InFlight>,
    /// An epoch that came to nothing as far as we were told; the group's offsets, asked for next, say whether it did.
    unsure: Option<InFlight>,
    /// Memory of an epoch that is done with.
    spare: Option<(Box<Epoch<M>>, Box<Tally>)>,
    sequence: u64,
    inputs: usize,
    shares: Shares,
}

struct InFlight {
    tally: Box<Tally>,
    /// Events written.
    written: u64,
    /// Where it leaves every place.
    positions: Vec<i64>,
    /// Whether it moves any of them on.
    moves: bool,
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

    /// Whether an epoch of what was dropped is still undecided: until it is not, nothing may be read.
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

impl<S: Source> Ingest<S> {
    /// Whether the open epoch has no room for more.
    pub(super) fn is_full(&self) -> bool {
        self.epochs.open.bytes.len() > self.settings.room
    }

    /// Closes the open epoch if its time has come, or it is full, and the committer is free. A full one that must wait takes no
    /// more records.
    pub(super) fn close_if_due(&mut self) -> Result<(), Ending> {
        let now = self.clock.elapsed();
        let Some(due) = self.epochs.due_at(self.settings.commit_interval) else { return Ok(()) };
        if now < due && !self.is_full() {
            return Ok(());
        }
        if self.epochs.in_flight.is_some() {
            if !self.is_full() {
                return Ok(());
            }
            self.settle(Duration::from_millis(5))?;
            self.epochs.tally.waited += (self.clock.elapsed() - now).as_secs_f64();
        }
        if self.epochs.in_flight.is_none() && self.epochs.opened_at.is_some() {
            self.close();
        }
        Ok(())
    }

    /// Ends the open epoch and hands it to the committer, which is free.
    pub(super) fn close(&mut self) {
        let now = self.clock.elapsed();
        let Self { epochs, lead, places, committer, membership, press, .. } = self;
        let Some(lead) = lead else { return };
        let offset = |number: usize| (places[number].input, places[number].partition, lead.positions[number]);
        let before = epochs.open.offsets.len();
        let moved = (0..places.len()).filter(|&number| lead.committed.get(number) != Some(&lead.positions[number]));
        epochs.open.offsets.extend(moved.map(offset));
        let moves = epochs.open.offsets.len() > before;
        // The first place's offset carries the time, so it is always there, and first.
        match epochs.open.offsets.iter().position(|moved| *moved == offset(0)) {
            Some(place) => epochs.open.offsets.swap(0, place),
            None => epochs.open.offsets.insert(0, offset(0)),
        }
        epochs.open.note = Some(write_time(lead.time.state()));
        lead.committed.clone_from(&lead.positions);
        let opened = epochs.opened_at.take().unwrap_or(now);
        epochs.tally.duration = (now - opened).as_secs_f64();
        epochs.sequence += 1;
        epochs.open.sequence = epochs.sequence;
        epochs.open.membership.clone_from(membership);
        let (fresh, tally) =
            epochs.spare.take().unwrap_or_else(|| (Box::new(Epoch::default()), Box::new(Tally::new(epochs.inputs))));
        let closed = std::mem::replace(&mut epochs.open, fresh);
        let tally = std::mem::replace(&mut epochs.tally, tally);
        let (written, positions) = (std::mem::take(&mut press.written), lead.positions.clone());
        epochs.in_flight = Some(InFlight { tally, written, positions, moves, orphaned: false });
        committer.submit(closed);
    }

    /// Looks whether the epoch in flight has ended, waiting at most this long, and draws the conclusions.
    pub(super) fn settle(&mut self, at_most: Duration) -> Result<(), Ending> {
        if self.epochs.in_flight.is_none() {
            return Ok(());
        }
        let Some((committed, mut epoch)) = self.committer.finished(at_most) else { return Ok(()) };
        let in_flight = self.epochs.in_flight.take().expect("checked above");
        epoch.clear();
        match committed {
            Committed::Done { ref deltas, .. } => {
                self.board.wrote_events(deltas);
                self.observer.settled(&committed, &in_flight.tally);
                let InFlight { mut tally, written, .. } = in_flight;
                if let Some(lead) = self.lead.as_mut().filter(|_| !in_flight.orphaned) {
                    lead.is_claimed = true;
                }
                let ended = self.epochs.shares.add(&tally, written, self.settings.dead_letters_stop_above);
                tally.clear(self.epochs.inputs);
                self.epochs.spare = Some((epoch, tally));
                ended
            }
            Committed::Failed(why) => {
                tracing::warn!(%why, "an epoch of the ingest came to nothing; going on from the group's offsets");
                self.begin_anew();
                self.epochs.unsure = Some(in_flight);
                Ok(())
            }
            Committed::Fenced(why) => {
                self.observer.settled(&Committed::Fenced(why.clone()), &in_flight.tally);
                Err(Ending::Fenced(why))
            }
            Committed::Fatal(why) => {
                self.observer.settled(&Committed::Fatal(why.clone()), &in_flight.tally);
                Err(Ending::Committer(why))
            }
        }
    }

    /// These are the group's offsets. If they are those that the epoch left which we were unsure of, it was committed after
    /// all, with everything in it. One that moved nothing had nothing to count.
    pub(super) fn learn(&mut self, offsets: &[Option<i64>]) {
        let Some(unsure) = self.epochs.unsure.take() else { return };
        let left = unsure.positions.iter().copied().map(Some);
        let committed = if unsure.moves && left.eq(offsets.iter().copied()) {
            Committed::Done { deltas: Vec::new(), took: Duration::ZERO }
        } else {
            Committed::Failed("the group's offsets are not those of it".to_owned())
        };
        self.observer.settled(&committed, &unsure.tally);
    }

    /// The lead goes before it is known what became of the epoch: it counts as failed, somebody else goes on from it.
    pub(super) fn give_up_unsure(&mut self) {
        if let Some(unsure) = self.epochs.unsure.take() {
            self.observer.settled(&Committed::Failed("somebody else leads".to_owned()), &unsure.tally);
        }
    }

    /// Settles what is in flight, then commits what is open and settles that too, each under the deadline.
    pub(super) fn commit_open(&mut self) -> Result<(), Ending> {
        self.settle_all()?;
        if self.epochs.opened_at.is_some() {
            self.close();
            self.settle_all()?;
        }
        Ok(())
    }

    fn settle_all(&mut self) -> Result<(), Ending> {
        let deadline = self.clock.elapsed() + self.settings.settle_deadline;
        while self.epochs.in_flight.is_some() {
            if self.clock.elapsed() > deadline {
                return Err(Ending::Deadline(self.settings.settle_deadline));
            }
            self.settle(Duration::from_millis(20))?;
        }
        Ok(())
    }
}
