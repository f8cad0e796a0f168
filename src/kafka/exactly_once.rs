//! An epoch as one transaction.
//!
//! Its one invariant: when an epoch's end is told, no transaction of ours is open or undecided. What an unknown outcome came to
//! is settled by a producer that begins anew under the same id, and learned by whoever restores after that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::acknowledgements::Ledger;
use super::committer::{Way, await_verdict, offsets_of, sound};
use super::consumer::CurrentConsumer;
use super::membership::GroupMembership;
use super::producer::Writer;
use super::settings::{Settings, TRANSACTION_TIMEOUT};
use super::transaction::Ending;
use crate::engine::ports::{Committed, Epoch};

/// An epoch may take this long, so that we give up before the coordinator does.
const EPOCH_DEADLINE: Duration = Duration::from_secs(12);
/// One try at beginning anew.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause between tries at beginning anew.
const INIT_PAUSE: Duration = Duration::from_millis(250);

/// Commits by transactions.
pub(super) struct ExactlyOnce {
    settings: Settings,
    worker: usize,
    dead_letter_bytes: usize,
    topics: Vec<String>,
    /// `None` until it has begun under our id.
    writer: Option<Writer>,
    consumer: Arc<CurrentConsumer>,
    stop: Arc<AtomicBool>,
}

impl ExactlyOnce {
    pub(super) fn new(
        settings: Settings,
        worker: usize,
        dead_letter_bytes: usize,
        consumer: Arc<CurrentConsumer>,
        stop: Arc<AtomicBool>,
    ) -> ExactlyOnce {
        let topics = settings.topics();
        ExactlyOnce { settings, worker, dead_letter_bytes, topics, writer: None, consumer, stop }
    }

    /// Begins anew under our id, which settles what the one before left open. Goes on while the broker is away.
    fn renew(&mut self) -> Result<(), Ending> {
        self.writer = None;
        let mut told = false;
        loop {
            let writer =
                Writer::new(&self.settings, self.worker, true, self.dead_letter_bytes).map_err(Ending::Forbidden)?;
            match writer.step("beginning under our id", Instant::now() + INIT_TIMEOUT, Writer::init) {
                Ok(()) => {
                    writer.acquaint(INIT_TIMEOUT);
                    self.writer = Some(writer);
                    return Ok(());
                }
                Err(ending @ (Ending::Forbidden(_) | Ending::Fenced(_))) => return Err(ending),
                Err(ending) if self.stop.load(Ordering::Acquire) => return Err(Ending::Unknown(ending.into_problem())),
                Err(ending) => {
                    if !told {
                        tracing::warn!("transactions are not possible yet, trying on: {}", ending.into_problem());
                    }
                    told = true;
                    writer.serve(INIT_PAUSE);
                }
            }
        }
    }

    fn attempt(&mut self, epoch: &Epoch<GroupMembership>, deadline: Instant) -> Result<Vec<(i32, i64, i64)>, Ending> {
        let membership = sound(epoch).map_err(Ending::Forbidden)?;
        let offsets = offsets_of(epoch, &self.topics).map_err(Ending::Forbidden)?;
        if self.writer.is_none() {
            self.renew()?;
        }
        let writer = self.writer.as_ref().expect("renewing ends with a writer or an error");
        let ledger = Ledger::Even;
        writer.accounts().open(ledger);
        writer.step("beginning a transaction", deadline, |writer, _| writer.begin())?;
        for records in [&epoch.outputs, &epoch.deltas, &epoch.snapshots] {
            writer.send(epoch, records, ledger);
        }
        // The offsets' way to the coordinators and back is as long as the records': they go side by side.
        let added =
            writer.step("adding offsets", deadline, |writer, left| writer.send_offsets(&offsets, membership, left));
        let written = added.and_then(|()| writer.settle(ledger, deadline).map_err(Ending::Abort));
        if let Err(Ending::Abort(problem)) = written {
            return Err(writer.ailment().unwrap_or(Ending::Abort(problem)));
        }
        written?;
        writer.drain(deadline);
        writer.step("committing", deadline, Writer::commit)?;
        Ok(writer.accounts().deltas(ledger))
    }

    /// Leaves nothing open after an epoch that did not commit.
    fn end(&mut self, ending: Ending, epoch: &Epoch<GroupMembership>, begun: Instant) -> Committed {
        // Being fenced can show first as something else; beginning anew would then put the other out in turn.
        let fenced = self.writer.as_ref().is_some_and(Writer::is_fenced);
        let ending = match ending {
            Ending::Forbidden(problem) => Ending::Forbidden(problem),
            ending if fenced => Ending::Fenced(ending.into_problem()),
            ending => ending,
        };
        match ending {
            Ending::Abort(problem) => self.abort(problem, epoch, begun, false),
            Ending::Displaced(problem) => self.abort(problem, epoch, begun, true),
            Ending::Unknown(problem) => self.settle_unknown(format!("unknown outcome: {problem}")),
            // A transaction that outlived its time is ended by the coordinator, with the same error as being replaced. If we
            // were replaced after all, the group has put us out, and reading the inputs says so.
            Ending::Fenced(problem) if begun.elapsed() + Duration::from_secs(1) > EPOCH_DEADLINE => {
                self.settle_unknown(problem)
            }
            Ending::Fenced(problem) => {
                Committed::Fenced(format!("{problem} (this process works as {})", self.settings.identity(self.worker)))
            }
            Ending::Forbidden(problem) => Committed::Fatal(problem),
        }
    }

    /// Aborts the transaction; if the group gave our place away (`displaced`), waits for its word before anything else.
    fn abort(&mut self, problem: String, epoch: &Epoch<GroupMembership>, begun: Instant, displaced: bool) -> Committed {
        let aborted = self.writer.as_ref().map(|writer| {
            writer.step("aborting", Instant::now() + TRANSACTION_TIMEOUT - EPOCH_DEADLINE, Writer::abort)
        });
        if let Some(Err(Ending::Fenced(why))) = aborted {
            return self.end(Ending::Fenced(format!("{problem}; {why}")), epoch, begun);
        }
        if displaced {
            // Whoever has our place in the group has our id as well, unless it is ourselves: nothing is begun anew before that is
            // known, nor told, since our partitions would be restored while another moves them on.
            await_verdict(&self.consumer, epoch.membership.as_ref(), &self.stop);
            if self.stop.load(Ordering::Acquire) {
                return Committed::Failed(problem);
            }
        }
        match aborted {
            Some(Ok(())) => Committed::Failed(problem),
            // Being fenced may have shown meanwhile.
            Some(Err(why)) => self.end(Ending::Unknown(format!("{problem}; {}", why.into_problem())), epoch, begun),
            None => self.settle_unknown(problem),
        }
    }

    fn settle_unknown(&mut self, problem: String) -> Committed {
        match self.renew() {
            Err(Ending::Fenced(why)) => Committed::Fenced(format!("{problem}; {why}")),
            Err(Ending::Forbidden(why)) => Committed::Fatal(format!("{problem}; {why}")),
            Ok(()) | Err(_) => Committed::Failed(problem),
        }
    }
}

impl Way for ExactlyOnce {
    fn prepare(&mut self) {
        // What goes wrong here comes back with the first epoch.
        if let Err(problem) = self.renew() {
            tracing::warn!("transactions are not possible: {problem:?}");
        }
    }

    fn commit(&mut self, epoch: &Epoch<GroupMembership>) -> Committed {
        let begun = Instant::now();
        match self.attempt(epoch, begun + EPOCH_DEADLINE) {
            Ok(deltas) => Committed::Done { deltas, took: begun.elapsed() },
            Err(ending) => self.end(ending, epoch, begun),
        }
    }
}
