//! The epoch that is open, the one in flight, and the one that nobody is sure of: the same for all who fill epochs.
//!
//! Not in here: what belongs into an epoch, and what follows from how it ended.

use std::time::Duration;

use super::ports::Epoch;
use super::shares::Shares;
use super::tally::Tally;

/// The epochs of one who fills them; of those that are closed it remembers what they `H`old.
pub(super) struct Epochs<M, H> {
    pub(super) open: Box<Epoch<M>>,
    pub(super) tally: Box<Tally>,
    /// When the open epoch got its first record.
    opened_at: Option<Duration>,
    in_flight: Option<InFlight<H>>,
    /// An epoch that came to nothing as far as we were told; what is read back next says whether it did.
    pub(super) unsure: Option<InFlight<H>>,
    /// Memory of an epoch that is done with.
    spare: Option<(Box<Epoch<M>>, Box<Tally>)>,
    sequence: u64,
    inputs: usize,
    pub(super) shares: Shares,
}

/// An epoch that was handed to the committer.
pub(super) struct InFlight<H> {
    pub(super) tally: Box<Tally>,
    /// What it holds.
    pub(super) holds: H,
    /// What it belongs to was dropped meanwhile.
    pub(super) orphaned: bool,
}

impl<M: Clone, H> Epochs<M, H> {
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

    /// Whether there is anything in the open epoch.
    pub(super) fn is_open(&self) -> bool {
        self.opened_at.is_some()
    }

    /// Whether an epoch is with the committer.
    pub(super) fn is_in_flight(&self) -> bool {
        self.in_flight.is_some()
    }

    /// Whether nothing is open or in flight.
    pub(super) fn is_settled(&self) -> bool {
        !self.is_open() && !self.is_in_flight()
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

    /// Ends the open epoch, under this membership. It is to be handed to the committer, and is in flight from now on.
    pub(super) fn close(&mut self, now: Duration, membership: &Option<M>, holds: H) -> Box<Epoch<M>> {
        let opened = self.opened_at.take().unwrap_or(now);
        self.tally.duration = (now - opened).as_secs_f64();
        self.sequence += 1;
        self.open.sequence = self.sequence;
        self.open.membership.clone_from(membership);
        let (fresh, tally) =
            self.spare.take().unwrap_or_else(|| (Box::new(Epoch::default()), Box::new(Tally::new(self.inputs))));
        let tally = std::mem::replace(&mut self.tally, tally);
        self.in_flight = Some(InFlight { tally, holds, orphaned: false });
        std::mem::replace(&mut self.open, fresh)
    }

    /// The epoch in flight, which has landed.
    pub(super) fn land(&mut self) -> Option<InFlight<H>> {
        self.in_flight.take()
    }

    /// Memory of an epoch that is done with.
    pub(super) fn give_back(&mut self, mut epoch: Box<Epoch<M>>, mut tally: Box<Tally>) {
        epoch.clear();
        tally.clear(self.inputs);
        self.spare = Some((epoch, tally));
    }
}
