//! The ingest's epochs: when one is closed, and what follows from how it ended.
//!
//! Invariant: an epoch always moves offsets, one at least, also if all it says is the time: without offsets the group would
//! not be asked whether we are still the lead.

use std::time::Duration;

use super::lead::write_time;
use super::run::Ingest;
use crate::engine::epochs::InFlight;
use crate::engine::ports::{Committed, Source};
use crate::engine::worker::Ending;

/// What an epoch of the ingest holds.
pub(super) struct Stretch {
    /// Events written.
    written: u64,
    /// Where it leaves every place.
    positions: Vec<i64>,
    /// Whether it moves any of them on.
    moves: bool,
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
        if self.epochs.is_in_flight() {
            if !self.is_full() {
                return Ok(());
            }
            self.settle(Duration::from_millis(5))?;
            self.epochs.tally.waited += (self.clock.elapsed() - now).as_secs_f64();
        }
        if !self.epochs.is_in_flight() && self.epochs.is_open() {
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
        let (written, positions) = (std::mem::take(&mut press.written), lead.positions.clone());
        let closed = epochs.close(now, membership, Stretch { written, positions, moves });
        committer.submit(closed);
    }

    /// Looks whether the epoch in flight has ended, waiting at most this long, and draws the conclusions.
    pub(super) fn settle(&mut self, at_most: Duration) -> Result<(), Ending> {
        if !self.epochs.is_in_flight() {
            return Ok(());
        }
        let Some((committed, epoch)) = self.committer.finished(at_most) else { return Ok(()) };
        let InFlight { tally, holds, orphaned } = self.epochs.land().expect("checked above");
        if !matches!(committed, Committed::Failed(_)) {
            self.observer.settled(&committed, &tally);
        }
        let ended = match committed {
            Committed::Done { deltas, .. } => {
                self.board.wrote_events(&deltas);
                if let Some(lead) = self.lead.as_mut().filter(|_| !orphaned) {
                    lead.is_claimed = true;
                }
                self.epochs.shares.add(&tally, holds.written, self.settings.dead_letters_stop_above)
            }
            Committed::Failed(why) => {
                tracing::warn!(%why, "an epoch of the ingest came to nothing; going on from the group's offsets");
                self.begin_anew();
                self.epochs.unsure = Some(InFlight { tally, holds, orphaned });
                return Ok(());
            }
            Committed::Fenced(why) => Err(Ending::Fenced(why)),
            Committed::Fatal(why) => Err(Ending::Committer(why)),
        };
        self.epochs.give_back(epoch, tally);
        ended
    }

    /// These are the group's offsets. If they are those that the epoch left which we were unsure of, it was committed after
    /// all, with everything in it. One that moved nothing had nothing to count.
    pub(super) fn learn(&mut self, offsets: &[Option<i64>]) {
        let Some(unsure) = self.epochs.unsure.take() else { return };
        let left = unsure.holds.positions.iter().copied().map(Some);
        let committed = if unsure.holds.moves && left.eq(offsets.iter().copied()) {
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
        if self.epochs.is_open() {
            self.close();
            self.settle_all()?;
        }
        Ok(())
    }

    fn settle_all(&mut self) -> Result<(), Ending> {
        let deadline = self.clock.elapsed() + self.settings.settle_deadline;
        while self.epochs.is_in_flight() {
            if self.clock.elapsed() > deadline {
                return Err(Ending::Deadline(self.settings.settle_deadline));
            }
            self.settle(Duration::from_millis(20))?;
        }
        Ok(())
    }
}
