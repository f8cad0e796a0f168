//! The service: everything wired in the order of the flow, started, watched and ended.
//!
//! Owns the process: threads, signals, memory, the way out. Its one rule: whatever happens, what was committed stays
//! committed, and the exit code says how it ended.
//!
//! Not here: any decision about an event.

mod ending;
mod figures;
mod memory;
mod shown;
#[cfg(test)]
mod shown_tests;
mod signals;
mod start;
mod wait;
mod wiring;
mod witness;

pub use ending::ServiceError;
pub use figures::Figures;
pub use start::{Options, Running, StateKeeping, run, start};
pub use wiring::{patient_schemas, rules};
