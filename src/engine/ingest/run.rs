//! The loop of the ingest.

use std::sync::Arc;
use std::time::Duration;

use super::encode;
use super::epochs::Stretch;
use super::lead::Lead;
use super::press::{Limits, Press, Taken};
use crate::engine::board::Board;
use crate::engine::epochs::Epochs;
use crate::engine::merge::Next;
use crate::engine::partition::Open;
use crate::engine::ports::{Batch, Clock, Committer, Observer, Positions, Source};
use crate::engine::rules::Rules;
use crate::engine::view::{IngestView, PlaceView, WaitingRecord};
use crate::engine::worker::Ending;
use crate::formats::Decoder;

/// Records taken before the group, the clock and the committer are looked at again.
const ROUND: usize = 2_048;
/// How many records ahead one's bytes are brought closer, which come from another thread's cache.
const AHEAD: usize = 16;
/// The longest wait for records, so that requests to stop, rebalances and ticks are seen in time.
const IDLE: Duration = Duration::from_millis(20);
/// How often the board is brought up to date.
const SHOW_EVERY: Duration = Duration::from_millis(250);

/// A partition of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Index of the input.
    pub input: usize,
    /// Its partition.
    pub partition: i32,
}

/// What the ingest is told once.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its place on the board, behind the workers'.
    pub worker: usize,
    /// The consumer group whose offsets say how far the inputs are read.
    pub group: String,
    /// How long an epoch is.
    pub commit_interval: Duration,
    /// How long an input at its end is still waited for.
    pub align_idle_after_ms: i64,
    /// Stop when more than this share of the records become dead letters.
    pub dead_letters_stop_above: Option<f64>,
    /// How long the epoch in flight may take when the lead must be given up.
    pub settle_deadline: Duration,
    /// Bytes at which an epoch is closed before its time.
    pub room: usize,
    /// The largest value that is read, in bytes.
    pub record_bytes_max: usize,
    /// The largest event that is written, in bytes.
    pub event_bytes_max: usize,
    /// Whether time goes on with the wall clock while all inputs are at their end. If not, everybody is told the last time as
    /// soon as they are.
    pub runs_on: bool,
}

/// What the ingest works with.
pub struct Equipment<S: Source> {
    /// The places, each as an input of partition 0; given to the lead alone.
    pub source: S,
    /// Where epochs go.
    pub committer: Box<dyn Committer<S::Membership>>,
    /// Where reading goes on.
    pub positions: Box<dyn Positions>,
    /// A decoder for each input.
    pub decoders: Vec<Box<dyn Decoder>>,
    /// Who is told of epochs.
    pub observer: Arc<dyn Observer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// One process's ingest: the lead, or standing by to become it.
pub struct Ingest<S: Source> {
    pub(super) rules: Arc<Rules>,
    pub(super) settings: Settings,
    pub(super) board: Arc<Board>,
    pub(super) places: Vec<Place>,
    pub(super) press: Press,
    pub(super) source: S,
    pub(super) committer: Box<dyn Committer<S::Membership>>,
    pub(super) positions: Box<dyn Positions>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether this process is the lead; `None` until the group has said.
    pub(super) leads: Option<bool>,
    /// What the lead reads, once it knows from where.
    pub(super) lead: Option<Lead<S::Batch>>,
    pub(super) retry_at: Duration,
    pub(super) membership: Option<S::Membership>,
    pub(super) epochs: Epochs<S::Membership, Stretch>,
    shown_at: Duration,
}

impl<S: Source> Ingest<S> {
    /// An ingest that leads nothing yet. Ties between records of the same time go by the order of `places`.
    pub fn new(
        rules: Arc<Rules>,
        settings: Settings,
        board: Arc<Board>,
        places: Vec<Place>,
        with: Equipment<S>,
    ) -> Self {
        let limits = Limits { record: settings.record_bytes_max, event: settings.event_bytes_max };
        Self {
            press: Press::new(&rules, with.decoders, limits),
            epochs: Epochs::new(rules.inputs.len()),
            rules,
            settings,
            board,
            places,
            source: with.source,
            committer: with.committer,
            positions: with.positions,
            observer: with.observer,
            clock: with.clock,
            leads: None,
            lead: None,
            retry_at: Duration::ZERO,
            membership: None,
            shown_at: Duration::ZERO,
        }
    }

    /// Works until the board says stop, then commits what is written and leaves the group.
    pub fn run(mut self) -> Result<(), Ending> {
        let ended = self.work();
        if ended.is_ok() {
            self.commit_open()?;
        }
        self.drop_lead();
        self.source.close(self.settings.settle_deadline);
        ended
    }

    fn work(&mut self) -> Result<(), Ending> {
        while !self.board.is_ingest_stopping() {
            if !self.turn()? {
                self.source.wait(self.idle_for());
            }
        }
        Ok(())
    }

    /// One turn of everything; whether there was anything to do.
    pub(super) fn turn(&mut self) -> Result<bool, Ending> {
        self.settle(Duration::ZERO)?;
        if let Some(change) = self.source.poll()? {
            self.change(change)?;
        }
        let learned = self.learn_positions()?;
        let progressed = self.process()?;
        self.close_if_due()?;
        self.show();
        Ok(progressed || learned)
    }

    /// Takes some records, in their order, as long as the epoch has room; whether any was there.
    fn process(&mut self) -> Result<bool, Ending> {
        let began = self.clock.elapsed();
        let is_full = self.is_full();
        let Self { rules, settings, press, source, lead, epochs, places, .. } = self;
        let Some(lead) = lead.as_mut().filter(|lead| lead.is_claimed && !is_full) else { return Ok(false) };
        let wall = self.clock.wall_ms();
        let time_max = wall.saturating_add(rules.max_future_skew_ms);
        let mut open = Open { epoch: &mut epochs.open, tally: &mut epochs.tally };
        let (mut taken, mut ended, mut waits) = (0, false, None);
        lead.heads.begin_round();
        while taken < ROUND && open.epoch.bytes.len() <= settings.room {
            match lead.heads.next(wall, time_max, |place, batch| source.fetch(place, 0, batch))? {
                Next::Record { input: number, time } => {
                    let (batch, at) = lead.heads.head(number);
                    let offset = batch.offset(at);
                    let Place { input, partition } = places[number];
                    let place = encode::Place { time, input, partition, offset };
                    if at + AHEAD < batch.len() {
                        batch.foresee(at + AHEAD);
                    }
                    if !press.take(&Taken { raw: batch.record(at), place }, &mut lead.ticks, &mut open) {
                        // It cannot be decoded yet: it stays the next one, and all others wait for it.
                        waits = Some(WaitingRecord { input, partition, offset, since: wall });
                        break;
                    }
                    lead.time.record(time, wall);
                    lead.positions[number] = offset + 1;
                    lead.heads.advance(number, time_max);
                    taken += 1;
                }
                Next::Wait => break,
                Next::End => {
                    ended = true;
                    if settings.runs_on {
                        lead.time.at_end(wall);
                    }
                    break;
                }
            }
        }
        if taken > 0 || waits.is_some() {
            lead.waiting_record = waits.map(|record| record.or_since(lead.waiting_record));
        }
        let mut told = 0;
        if let Some(time) = lead.time.at() {
            for partition in lead.ticks.due(Some(time), ended && !settings.runs_on, began) {
                press.tick(partition, time, &mut open);
                told += 1;
            }
        }
        if taken > 0 || told > 0 {
            epochs.touch(began);
        }
        if taken > 0 {
            self.board.took(taken as u64);
            epochs.tally.busy += (self.clock.elapsed() - began).as_secs_f64();
        }
        Ok(taken > 0)
    }

    /// How long there is nothing to do but wait for records.
    fn idle_for(&self) -> Duration {
        match self.epochs.due_at(self.settings.commit_interval) {
            Some(due) => due.saturating_sub(self.clock.elapsed()).clamp(Duration::from_millis(1), IDLE),
            None => IDLE,
        }
    }

    /// Whether everything is read, written and committed. Who stands by cannot say.
    pub(super) fn is_caught_up(&self) -> bool {
        let is_at_end = self.lead.as_ref().is_some_and(|lead| lead.is_claimed && lead.heads.is_at_end());
        is_at_end && self.epochs.is_settled()
    }

    fn show(&mut self) {
        let now = self.clock.elapsed();
        let (assigned, caught_up, trouble) = (self.leads.is_some(), self.is_caught_up(), self.source.trouble());
        self.board.tell(self.settings.worker, |view| {
            (view.assigned, view.caught_up, view.trouble) = (assigned, caught_up, trouble);
        });
        if now.saturating_sub(self.shown_at) >= SHOW_EVERY {
            self.shown_at = now;
            self.show_places();
        }
    }

    pub(super) fn show_places(&self) {
        let view = |(number, place): (usize, &Place)| PlaceView {
            input: place.input,
            partition: place.partition,
            position: self.lead.as_ref().map(|lead| lead.positions[number]),
            lag: self.lead.as_ref().and_then(|_| self.source.lag(number, 0)),
        };
        self.board.show_ingest(IngestView {
            leads: self.leads,
            time: self.lead.as_ref().and_then(|lead| lead.time.at()),
            places: self.places.iter().enumerate().map(view).collect(),
            waiting_record: self.lead.as_ref().and_then(|lead| lead.waiting_record),
        });
    }
}
