//! What came of a replay, in numbers.

use std::fmt;

use crate::engine::tally::{InputTally, Tally};
use crate::journey::{DropReason, Reject};

/// What came of a replay.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Records and lines, however they ended.
    pub records: u64,
    /// How they ended, over all inputs; the dead letters have also the lines that no input could read.
    pub outcomes: InputTally,
    /// Records and lines that stood too far out of order in their source.
    pub out_of_order: u64,
    /// Transitions.
    pub transitions: u64,
    /// Signals.
    pub signals: u64,
    /// Customers forgotten.
    pub forgotten: u64,
    /// Customers there are in the end, by model and phase.
    pub populations: Vec<Population>,
    /// Touchpoints, as [`Tally::touchpoints`] has them.
    pub(super) touchpoints: Vec<u64>,
    /// The same by name, where there are any.
    pub met: Vec<Met>,
}

/// How often customers in a phase were met by a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// The model's name.
    pub model: String,
    /// The phase; `None`: those in none yet.
    pub phase: Option<String>,
    /// The channels by name, with how often.
    pub channels: Vec<(String, u64)>,
}

/// Where a model's customers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    /// The model's name.
    pub model: String,
    /// Its phases by name, in the model's order, and the customers in each.
    pub phases: Vec<(String, u64)>,
}

impl Figures {
    /// Adds what was counted, of the active models alone, and counts from nothing again.
    pub(super) fn take(&mut self, tally: &mut Tally, active: usize) {
        for input in &mut tally.inputs {
            self.outcomes.add(&std::mem::take(input));
        }
        self.transitions += tally
            .transitions
            .drain()
            .filter(|((model, ..), _)| usize::from(*model) < active)
            .map(|(_, count)| count)
            .sum::<u64>();
        self.signals += tally
            .signals
            .drain()
            .filter(|((model, _), _)| usize::from(*model) < active)
            .map(|(_, count)| count)
            .sum::<u64>();
        self.forgotten += std::mem::take(&mut tally.forgotten);
        tally.dwells.clear();
        self.touchpoints.resize(self.touchpoints.len().max(tally.touchpoints.len()), 0);
        self.touchpoints.iter_mut().zip(tally.touchpoints.drain(..)).for_each(|(sum, more)| *sum += more);
        tally.variants.clear();
    }
}

/// Lines for people; what there is none of is left out.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let InputTally { applied, late, duplicate, ignored, dropped: drops, rejected: reasons, future } = self.outcomes;
        let (dropped, rejected): (u64, u64) = (drops.iter().sum(), reasons.iter().sum());
        write!(f, "{} records: {applied} applied", self.records)?;
        for (count, what) in [
            (late, "applied late"),
            (duplicate, "repeated"),
            (ignored, "that no model takes"),
            (dropped, "left out on purpose"),
            (rejected, "dead letters"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        if dropped > 0 {
            let reasons = DropReason::ALL.iter().zip(drops).filter(|(_, count)| *count > 0);
            let reasons = reasons.map(|(reason, count)| format!("{} {count}", reason.label())).collect::<Vec<_>>();
            write!(f, "\nleft out: {}", reasons.join(", "))?;
        }
        if rejected > 0 {
            let reasons = Reject::REASONS.iter().zip(reasons).filter(|(_, count)| *count > 0);
            let reasons = reasons.map(|(reason, count)| format!("{reason} {count}")).collect::<Vec<_>>();
            write!(f, "\ndead letters: {}", reasons.join(", "))?;
        }
        if self.out_of_order > 0 {
            write!(
                f,
                "\n{} stood further out of order than the window; --sort reads everything first",
                self.out_of_order
            )?;
        }
        if future > 0 {
            write!(f, "\n{future} were dated too far ahead and took their record's time")?;
        }
        write!(f, "\n{} transitions", self.transitions)?;
        if self.signals > 0 {
            write!(f, ", {} signals", self.signals)?;
        }
        if self.forgotten > 0 {
            write!(f, ", {} customers forgotten", self.forgotten)?;
        }
        for Population { model, phases } in &self.populations {
            let phases: Vec<_> = phases.iter().map(|(phase, count)| format!("{phase} {count}")).collect();
            write!(f, "\ncustomers in {model}: {}", phases.join(", "))?;
        }
        for Met { model, phase, channels } in &self.met {
            let channels: Vec<_> = channels.iter().map(|(channel, count)| format!("{channel} {count}")).collect();
            write!(f, "\nmet in {model}, {}: {}", phase.as_deref().unwrap_or("new"), channels.join(", "))?;
        }
        Ok(())
    }
}
