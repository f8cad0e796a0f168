//! What a changed configuration or model would change, found out without changing anything.
//!
//! Invariant: it only reads. It joins no group, begins no transaction and writes no record, so it can be asked beside a
//! running service.
//!
//! | file | what it holds |
//! |---|---|
//! | `replayed` | the same records through the configuration as it was and as it would be |
//! | `ledger` | what both told: the same, gained, lost |
//! | `places` | where the same customers end in both |
//! | `stored` | the committed state, and what the configuration as it would be makes of it |
//! | `tally` | its customers counted |
//! | `figures` | what came of it, as it is written in JSON |
//! | `text`, `table` | the same for people |

mod figures;
mod ledger;
mod places;
mod replayed;
mod stored;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod text;

pub use figures::{
    AtOnce, Cell, CountersStored, Fate, ModelReplayed, ModelStored, PhaseReplayed, PhaseStored, Replayed, SignalAtOnce,
    SignalReplayed, Stored, Tellings, TransitionReplayed,
};
pub use replayed::{Sides, replay};
pub use stored::{StoredError, stored};
