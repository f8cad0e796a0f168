//! One worker: a thread that owns some partitions and is their only writer.
//!
//! Its day: take what is next, apply it, close the epoch when it is due, and hand it to the committer, one at a time,
//! while it goes on with the next. If an epoch comes to nothing, everything it owns is dropped and restored: there is no
//! undo log.

mod ending;
mod epochs;
mod foresight;
mod ownership;
mod run;
#[cfg(test)]
mod simulation;

pub use ending::Ending;
pub use foresight::Foresight;
pub use run::{Equipment, Room, Settings, Worker};
