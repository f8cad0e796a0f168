//! Becoming the lead, and ceasing to be it.

use super::heads::Heads;
use super::run::Ingest;
use super::ticks::Ticks;
use crate::engine::ports::{Change, GroupOffsets, Source, StateError, WatermarkState};
use crate::engine::view::WaitingRecord;
use crate::engine::watermark::Watermark;
use crate::engine::worker::Ending;

/// How long until an unavailable broker is asked again.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_millis(500);

/// What the lead reads.
pub(super) struct Lead<B> {
    pub(super) heads: Heads<B>,
    /// The next offset to take, by place.
    pub(super) positions: Vec<i64>,
    /// What the last closed epoch stood for; empty before the first.
    pub(super) committed: Vec<i64>,
    /// How far time has come. Kept with the offsets, so that it goes on after a restart also when nothing comes.
    pub(super) time: Watermark,
    pub(super) ticks: Ticks,
    /// Whether the first epoch is committed, which holds nothing but every place's offset. So whenever there are events there
    /// are offsets too, and if they are missing, they are lost.
    pub(super) is_claimed: bool,
    /// The record that all others wait for, if they do.
    pub(super) waiting_record: Option<WaitingRecord>,
}

impl<S: Source> Ingest<S> {
    /// The group gives or takes.
    pub(super) fn change(&mut self, change: Change) -> Result<(), Ending> {
        match change {
            Change::Assigned(partitions) => {
                let leads = !partitions.is_empty();
                tracing::info!(leads, "the ingest is {}", if leads { "the lead" } else { "standing by" });
                self.drop_lead();
                self.leads = Some(leads);
                if leads {
                    self.membership = Some(self.source.membership()?);
                }
            }
            Change::Revoked => {
                // An epoch that cannot be committed in time is lost to us; whoever leads next reads it again.
                match self.commit_open() {
                    Ok(()) => {}
                    Err(Ending::Deadline(_)) => tracing::warn!("giving up the lead with an epoch in flight"),
                    Err(other) => return Err(other),
                }
                self.drop_lead();
                self.source.release()?;
            }
            Change::Lost => {
                tracing::warn!("the lead is lost");
                self.drop_lead();
                self.source.release()?;
            }
        }
        // At once: what the board says from before, that nothing is left to do, was said of nothing.
        let assigned = self.leads.is_some();
        self.board.tell(self.settings.worker, |view| (view.assigned, view.caught_up) = (assigned, false));
        self.show_places();
        Ok(())
    }

    pub(super) fn drop_lead(&mut self) {
        self.give_up_unsure();
        self.begin_anew();
        self.leads = None;
        self.membership = None;
    }

    /// Drops what is open and where we are: it is learned anew.
    pub(super) fn begin_anew(&mut self) {
        self.lead = None;
        self.epochs.drop_open();
        self.press.written = 0;
    }

    /// A lead that does not know where to go on asks; whether it knows now.
    pub(super) fn learn_positions(&mut self) -> Result<bool, Ending> {
        let waits = self.epochs.is_undecided() || self.clock.elapsed() < self.retry_at;
        if self.leads != Some(true) || self.lead.is_some() || waits {
            return Ok(false);
        }
        match self.ask() {
            Ok((positions, time)) => self.start(positions, time).map(|()| true),
            Err(Ending::State(StateError::Unavailable(why))) => {
                tracing::warn!(%why, "where to go on is not known yet");
                self.retry_at = self.clock.elapsed() + RETRY_AFTER;
                Ok(false)
            }
            Err(other) => Err(other),
        }
    }

    fn ask(&mut self) -> Result<(Vec<i64>, Option<WatermarkState>), Ending> {
        let GroupOffsets { offsets, note } = self.positions.committed()?;
        self.learn(&offsets);
        if offsets.iter().all(Option::is_none) && self.positions.has_events()? {
            let (group, events) = (self.settings.group.clone(), self.rules.events_topic());
            return Err(Ending::OffsetsGone { group, events });
        }
        let is_known = |input: usize| {
            self.places.iter().zip(&offsets).any(|(place, offset)| place.input == input && offset.is_some())
        };
        let mut positions = Vec::with_capacity(offsets.len());
        for (number, (place, offset)) in self.places.iter().zip(&offsets).enumerate() {
            positions.push(match offset {
                Some(offset) => *offset,
                // A partition that an input got later: all of it is new.
                None if is_known(place.input) => self.positions.first(number)?,
                None => self.positions.beginning(number)?,
            });
        }
        Ok((positions, note.as_deref().and_then(read_time)))
    }

    fn start(&mut self, positions: Vec<i64>, time: Option<WatermarkState>) -> Result<(), Ending> {
        self.source.start(0, &positions)?;
        tracing::info!(places = positions.len(), records = positions.iter().sum::<i64>(), "the ingest goes on");
        let batches = self.places.iter().map(|_| self.source.batch()).collect();
        let now = self.clock.elapsed();
        self.lead = Some(Lead {
            heads: Heads::new(batches, self.settings.align_idle_after_ms),
            committed: Vec::new(),
            time: Watermark::new(time, 0),
            ticks: Ticks::new(self.press.partitions(), now),
            is_claimed: false,
            waiting_record: None,
            positions,
        });
        self.close();
        Ok(())
    }
}

/// The time as it is kept with the offsets.
pub(super) fn write_time(time: WatermarkState) -> String {
    let WatermarkState { at, record_time, wall } = time;
    format!("{at} {record_time} {wall}")
}

/// The same, read; what somebody else wrote there is nothing.
fn read_time(text: &str) -> Option<WatermarkState> {
    let mut numbers = text.split(' ').map(str::parse);
    let mut next = || numbers.next()?.ok();
    let time = WatermarkState { at: next()?, record_time: next()?, wall: next()? };
    numbers.next().is_none().then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_kept_is_read_back_and_anything_else_is_none() {
        let time = WatermarkState { at: i64::MIN, record_time: -5, wall: 7 };
        assert_eq!(read_time(&write_time(time)), Some(time));
        for text in ["", "1", "1 2", "1 2 3 4", "a b c"] {
            assert_eq!(read_time(text), None, "{text:?}");
        }
    }
}
