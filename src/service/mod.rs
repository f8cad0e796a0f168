//! The service: everything wired in the order of the flow, started, watched and ended.
//!
//! Owns the process: threads, signals, memory, the way out. Its one rule: whatever happens, what was committed stays
//! committed, and the exit code says how it ended.
//!
//! Not here: any decision about an event.

mod ending;
mod figures;
mod memory;
mod start;
mod wait;
mod wiring;
mod witness;

pub use ending::ServiceError;
pub use figures::Figures;
pub use start::{Options, Running, StateKeeping, start};
pub use wiring::rules;

use crate::config::Config;

/// Runs the service until it is asked to stop, or has caught up, if that is asked for; then its figures are given.
pub fn run(config: Config, options: Options) -> Result<Figures, ServiceError> {
    start(config, options)?.wait()
}
