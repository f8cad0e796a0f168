//! The worker's loop.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::Ending;
use super::epochs::Partitions;
use super::foresight::Foresight;
use crate::engine::board::{Board, Slot};
use crate::engine::epochs::Epochs;
use crate::engine::homeless::Homeless;
use crate::engine::merge::{Merge, Next};
use crate::engine::partition::{Open, Partition, Taken};
use crate::engine::ports::{Batch, Clock, Committer, Observer, Source, StateCodec, StateReader};
use crate::engine::restore::Restore;
use crate::engine::rules::Rules;
use crate::engine::view::{PartitionView, WaitingRecord};
use crate::formats::Decoder;

/// Records of a partition applied before the next partition has its turn.
const ROUND: usize = 512;
/// The longest wait for records, so that requests to stop, rebalances and timers are seen in time.
const IDLE: Duration = Duration::from_millis(20);
/// How often the board is brought up to date.
const SHOW_EVERY: Duration = Duration::from_millis(250);

/// What a worker is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its number among the process's workers.
    pub worker: usize,
    /// How long an epoch is.
    pub commit_interval: Duration,
    /// Whether outputs wait for their epoch (exactly once) or leave at once (at least once).
    pub exactly_once: bool,
    /// How long an input at its end is still waited for.
    pub align_idle_after_ms: i64,
    /// Stop when more than this share of the records become dead letters.
    pub dead_letters_stop_above: Option<f64>,
    /// Where state and the group's offsets disagree, go on where the state says.
    pub adopt_state: bool,
    /// How long the epoch in flight may take when partitions must be given up.
    pub settle_deadline: Duration,
    /// What an epoch may hold.
    pub room: Room,
}

/// The bytes at which an epoch is closed before its time.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Of outputs.
    pub outputs: usize,
    /// Of changed customers, as they are in memory. Written they take less.
    pub changed: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { outputs: 8 << 20, changed: 24 << 20 }
    }
}

/// What a worker works with.
pub struct Equipment<S: Source> {
    /// The inputs.
    pub source: S,
    /// Where epochs go.
    pub committer: Box<dyn Committer<S::Membership>>,
    /// Where state comes from.
    pub reader: Box<dyn StateReader>,
    /// How state is written.
    pub codec: Box<dyn StateCodec>,
    /// A decoder for each of what is read.
    pub decoders: Vec<Box<dyn Decoder>>,
    /// Who is told of epochs.
    pub observer: Arc<dyn Observer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A partition that is being processed.
pub(super) struct Active<B> {
    pub(super) partition: Partition,
    pub(super) merge: Merge<B>,
    pub(super) foresight: Foresight,
    pub(super) slot: Arc<Slot>,
    pub(super) committed: u64,
    /// The record that it waits with, if it does.
    pub(super) waiting_record: Option<WaitingRecord>,
}

/// One worker.
pub struct Worker<S: Source> {
    pub(super) rules: Arc<Rules>,
    pub(super) settings: Settings,
    pub(super) board: Arc<Board>,
    pub(super) with: Equipment<S>,
    pub(super) active: BTreeMap<i32, Active<S::Batch>>,
    /// Partitions that are ours and wait for their restore.
    pub(super) waiting: VecDeque<i32>,
    pub(super) restoring: Option<Restore>,
    /// Since when restoring takes up time that was not told yet.
    pub(super) restoring_since: Option<Duration>,
    /// Bytes of state read for the partition that is being restored.
    pub(super) restoring_bytes: u64,
    /// Customers whose phase is gone, in the partitions that were read: if there are any, the rest is read to count them too.
    pub(super) homeless: Homeless,
    pub(super) retry_at: Duration,
    pub(super) membership: Option<S::Membership>,
    pub(super) epochs: Epochs<S::Membership, Partitions>,
    shown_at: Duration,
    /// The partition that filled an epoch last: the next round begins after it, so that all have their turn.
    filled_last: i32,
}

impl<S: Source> Worker<S> {
    /// A worker that owns nothing yet.
    pub fn new(rules: Arc<Rules>, settings: Settings, board: Arc<Board>, with: Equipment<S>) -> Self {
        let epochs = Epochs::new(rules.inputs.len());
        Self {
            rules,
            settings,
            board,
            with,
            active: BTreeMap::new(),
            waiting: VecDeque::new(),
            restoring: None,
            restoring_since: None,
            restoring_bytes: 0,
            homeless: Homeless::default(),
            retry_at: Duration::ZERO,
            membership: None,
            epochs,
            shown_at: Duration::ZERO,
            filled_last: -1,
        }
    }

    /// Works until the board says stop, then finishes, commits and leaves the group.
    pub fn run(mut self) -> Result<(), Ending> {
        let ended = self.work();
        if ended.is_ok() {
            self.commit_open()?;
        }
        self.drop_all();
        self.with.source.close(self.settings.settle_deadline);
        ended
    }

    fn work(&mut self) -> Result<(), Ending> {
        while !self.board.is_stopping() {
            if !self.turn()? {
                self.with.source.wait(self.idle_for());
            }
        }
        Ok(())
    }

    /// One turn of everything; whether there was anything to do.
    pub(super) fn turn(&mut self) -> Result<bool, Ending> {
        self.settle(Duration::ZERO)?;
        if let Some(change) = self.with.source.poll()? {
            self.change(change)?;
        }
        let restoring = self.restore_some()?;
        let progressed = !self.board.is_intake_stopped() && self.process()?;
        self.send_outputs();
        self.close_if_due()?;
        self.show();
        Ok(progressed || restoring)
    }

    /// Gives every partition a round, as long as the epoch has room; whether anything was there.
    fn process(&mut self) -> Result<bool, Ending> {
        let began = self.with.clock.elapsed();
        let wall = self.with.clock.wall_ms();
        let time_max = wall.saturating_add(self.rules.max_future_skew_ms);
        let mut taken = 0;
        let mut changes = self.changes();
        let last = self.filled_last;
        let numbers = self.active.range(last.saturating_add(1)..).chain(self.active.range(..=last));
        for number in numbers.map(|(number, _)| *number).collect::<Vec<i32>>() {
            let (records, customers) = self.process_partition(number, wall, time_max)?;
            taken += records;
            changes += customers;
            // However many partitions there are: an epoch holds no more than it may and what one of them adds in a round.
            if self.is_full(changes) {
                self.filled_last = number;
                break;
            }
        }
        let touched = self.active.values().any(|active| active.partition.is_touched());
        if touched {
            self.epochs.touch(self.with.clock.elapsed());
        }
        if taken > 0 {
            // Keyed anew, records are taken up where that is done.
            if !self.rules.is_rekeyed() {
                self.board.took(taken);
            }
            self.epochs.tally.busy += (self.with.clock.elapsed() - began).as_secs_f64();
        }
        Ok(taken > 0)
    }

    /// Gives a partition a round; the records taken, and the customers changed first by them in the open epoch.
    fn process_partition(&mut self, number: i32, wall: i64, time_max: i64) -> Result<(u64, usize), Ending> {
        let Self { active, with, epochs, rules, .. } = self;
        let Some(Active { partition, merge, foresight, waiting_record, .. }) = active.get_mut(&number) else {
            return Ok((0, 0));
        };
        let mut open = Open { epoch: &mut epochs.open, tally: &mut epochs.tally };
        let (mut taken, changed) = (0, partition.changed_len());
        let mut waits = None;
        merge.begin_round();
        for _ in 0..ROUND {
            let source = &mut with.source;
            match merge.next(wall, time_max, |input, batch| source.fetch(input, number, batch))? {
                Next::Record { input, time } => {
                    let (batch, place) = merge.head(input);
                    let raw = batch.record(place);
                    let (input_read, offset) = (rules.reads_from + input, batch.offset(place));
                    let record = Taken { input: input_read, raw, offset, time, wall };
                    foresight.look(merge, input, partition);
                    if !partition.apply(record, with.decoders[input].as_mut(), &mut open) {
                        // It stays the next one, and the partition waits for what it needs.
                        waits = Some(WaitingRecord { input: input_read, partition: number, offset, since: wall });
                        break;
                    }
                    if taken == 0 && raw.timestamp >= 0 {
                        open.tally.delays.push((wall - raw.timestamp) as f32 / 1e3);
                    }
                    merge.advance(input, time_max);
                    taken += 1;
                }
                Next::Wait => break,
                Next::End => {
                    // Keyed anew, events tell time themselves, also when there are none.
                    if !rules.is_rekeyed() {
                        partition.at_end(wall, &mut open);
                    }
                    break;
                }
            }
        }
        if taken > 0 || waits.is_some() {
            *waiting_record = waits.map(|record| record.or_since(*waiting_record));
        }
        Ok((taken, partition.changed_len() - changed))
    }

    /// How long there is nothing to do but wait for records.
    fn idle_for(&self) -> Duration {
        match self.epochs.due_at(self.settings.commit_interval) {
            Some(due) => due.saturating_sub(self.with.clock.elapsed()).clamp(Duration::from_millis(1), IDLE),
            None => IDLE,
        }
    }

    /// Whether everything that is ours is read, applied and committed.
    pub(super) fn is_caught_up(&self) -> bool {
        self.waiting.is_empty()
            && self.restoring.is_none()
            && self.epochs.is_settled()
            && self.active.values().all(|active| active.merge.is_at_end() && !active.partition.is_touched())
    }

    fn show(&mut self) {
        let now = self.with.clock.elapsed();
        let caught_up = self.is_caught_up();
        let trouble = self.with.source.trouble();
        self.board.tell(self.settings.worker, |view| {
            view.caught_up = caught_up;
            view.trouble = trouble;
        });
        if now.saturating_sub(self.shown_at) < SHOW_EVERY {
            return;
        }
        self.shown_at = now;
        for number in self.active.keys() {
            self.show_partition(*number);
        }
    }

    pub(super) fn show_partition(&self, number: i32) {
        let Some(Active { partition, slot, committed, waiting_record, .. }) = self.active.get(&number) else {
            return;
        };
        let lag = (0..self.rules.reads().len()).map(|input| self.with.source.lag(input, number));
        let view = PartitionView {
            partition: number,
            worker: self.settings.worker,
            restoring: None,
            customers: partition.customers,
            bytes: partition.store().bytes(),
            phases: partition.census.phases().to_vec(),
            pairs: partition.census.pairs().to_vec(),
            epoch: *committed,
            watermark: partition.watermark(),
            positions: partition.positions.clone(),
            lag: lag.collect(),
            waiting_record: *waiting_record,
        };
        slot.show(view, Some(partition.store()));
    }
}
