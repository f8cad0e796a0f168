//! How much of the input is unusable: what stops the job when that is obviously not what it should be.

use super::tally::{InputTally, Tally};
use super::worker::Ending;
use crate::journey::Reject;

/// Records before which a share of bad ones says nothing.
const SHARE_AFTER: u64 = 1_000;
/// The share of records in the wrong partition at which the inputs cannot be keyed by customer.
const WRONG_SHARE_MAX: f64 = 0.1;

/// What came of all records so far.
#[derive(Debug, Default)]
pub(super) struct Shares {
    totals: InputTally,
    /// Events that ended well elsewhere.
    passed_on: u64,
}

impl Shares {
    /// Adds an epoch, and the events of it that were passed on; an error if too much is unusable.
    pub(super) fn add(&mut self, tally: &Tally, passed_on: u64, stop_above: Option<f64>) -> Result<(), Ending> {
        let totals = &mut self.totals;
        tally.inputs.iter().for_each(|input| totals.add(input));
        self.passed_on += passed_on;
        let (records, rejected) = (totals.events() + self.passed_on, totals.rejected.iter().sum::<u64>());
        if records < SHARE_AFTER {
            return Ok(());
        }
        let wrong = totals.rejected[Reject::WrongPartition(0, 0).index()];
        if wrong as f64 > records as f64 * WRONG_SHARE_MAX {
            return Err(Ending::NotKeyedByCustomer { wrong, records });
        }
        match stop_above {
            Some(limit) if rejected as f64 > records as f64 * limit => {
                let most = (0..Reject::REASONS.len()).max_by_key(|&reason| totals.rejected[reason]).unwrap_or(0);
                let reason = Reject::REASONS[most];
                Err(Ending::TooManyDeadLetters { rejected, records, limit_percent: (limit * 100.0) as u64, reason })
            }
            _ => Ok(()),
        }
    }
}
