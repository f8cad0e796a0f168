//! Until the end: signals, memory, dead workers, and the order of leaving.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::figures::Progress;
use super::start::Running;
use super::{Figures, ServiceError, memory};
use crate::config::Guarantee;
use crate::engine::worker::Ending;
use crate::process;

/// How often the run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often memory is looked at.
const MEMORY_EVERY: Duration = Duration::from_secs(1);
/// How long everything must have been caught up: a group may still be moving partitions about, and a broker that is busy
/// may be slow to show what it has.
const CAUGHT_UP_FOR: Duration = Duration::from_millis(500);

impl Running {
    /// Waits until the service ends: by a signal, because it has caught up (if asked for), or because a worker cannot go
    /// on. Stops the intake, finishes and commits the open epochs, leaves the group, each under the deadline.
    pub fn wait(mut self) -> Result<Figures, ServiceError> {
        let mut progress = Progress::new();
        let ended = self.watch(&mut progress);
        progress.sample(self.board.taken());
        let left = self.leave();
        let mut figures = progress.figures(self.board.taken());
        if let Some(stop) = self.stop_http.take() {
            let _ = stop.send(());
        }
        self.runtime.shutdown_timeout(Duration::from_secs(3));
        figures.threads = self.config.workers;
        figures.guarantee = match self.config.guarantee {
            Guarantee::ExactlyOnce => "eos",
            Guarantee::AtLeastOnce => "alo",
        };
        figures.transitions = self.witness.transitions.load(Relaxed);
        figures.ignored = self.witness.ignored.load(Relaxed);
        figures.dead_letters = self.witness.dead_letters.load(Relaxed);
        figures.duplicates = self.witness.duplicates.load(Relaxed);
        figures.changed = self.witness.changed.load(Relaxed);
        figures.state_bytes = self.witness.state_bytes.load(Relaxed);
        figures.commit_wait_s = self.witness.waited_us.load(Relaxed) as f64 / 1e6;
        let restored = self.board.restored();
        (figures.ready_s, figures.restore_s) = (restored.at.as_secs_f64(), restored.took.as_secs_f64());
        (figures.restored_customers, figures.restored_bytes) = (restored.customers, restored.bytes);
        ended.and(left).map(|()| figures)
    }

    /// Until there is a reason to stop.
    fn watch(&mut self, progress: &mut Progress) -> Result<(), ServiceError> {
        let Self { runtime, signals, ended, board, options, memory_limit, workers, config, .. } = self;
        runtime.block_on(async {
            let mut tick = tokio::time::interval(LOOK_EVERY);
            let mut memory_watch = memory::Watch::default();
            let (mut memory_at, mut caught_up_at) = (Instant::now(), None);
            loop {
                tokio::select! {
                    () = signals.wait() => break,
                    // Whoever told the workers to stop may not have told us yet.
                    end = ended.recv() => match end {
                        Some((_, Ok(()))) | None if board.is_stopping() => break,
                        end => return worker_end(end, workers, config.workers),
                    },
                    _ = tick.tick() => {}
                }
                if board.is_stopping() {
                    break;
                }
                progress.sample(board.taken());
                if let Some((limit, resident)) = memory_limit.zip(process::resident_bytes())
                    && memory_at.elapsed() >= MEMORY_EVERY
                {
                    memory_at = Instant::now();
                    memory_watch.look(resident, limit, board);
                }
                if options.exit_when_caught_up {
                    caught_up_at = board.is_caught_up().then(|| caught_up_at.unwrap_or_else(Instant::now));
                    if let Some(at) = caught_up_at.filter(|at| at.elapsed() >= CAUGHT_UP_FOR) {
                        tracing::info!(records = board.taken(), "caught up");
                        progress.end_at(at);
                        break;
                    }
                }
            }
            tracing::info!("stopping");
            Ok(())
        })
    }

    /// Waits for the ingest to finish, if there is one, then for the workers, all under the deadline.
    fn leave(&mut self) -> Result<(), ServiceError> {
        let until = Instant::now() + self.deadline;
        self.board.stop_ingest();
        let ingest = self.join(self.config.workers, until);
        self.board.stop();
        let mut first = ingest;
        for number in 0..self.config.workers {
            first = first.and(self.join(number, until));
        }
        while let Ok((worker, end)) = self.ended.try_recv() {
            let end = end.map_err(|source| match source {
                Ending::Deadline(_) => ServiceError::Deadline(self.deadline),
                source => ServiceError::ended(worker, self.config.workers, source),
            });
            first = first.and(end);
        }
        first
    }

    /// Waits for a thread to end, if it is there.
    fn join(&mut self, number: usize, until: Instant) -> Result<(), ServiceError> {
        let Some(thread) = self.workers.get_mut(number).and_then(Option::take) else { return Ok(()) };
        while !thread.is_finished() {
            if Instant::now() > until {
                return Err(ServiceError::Deadline(self.deadline));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        thread.join().map_err(|_| ServiceError::Died(number))
    }
}

/// A worker ended before it was asked to.
fn worker_end(
    end: Option<(usize, Result<(), Ending>)>,
    workers: &[Option<std::thread::JoinHandle<()>>],
    count: usize,
) -> Result<(), ServiceError> {
    match end {
        Some((worker, Err(source))) => Err(ServiceError::ended(worker, count, source)),
        Some((worker, Ok(()))) => Err(ServiceError::Died(worker)),
        None => {
            let dead =
                workers.iter().position(|thread| thread.as_ref().is_none_or(std::thread::JoinHandle::is_finished));
            Err(ServiceError::Died(dead.unwrap_or(0)))
        }
    }
}
