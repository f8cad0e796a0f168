//! The ingest stage: records keyed by anything become events keyed by customer, in one order, each exactly once.
//!
//! It reads every partition of every input, lowest record time first, and writes what models take of it to the topic of
//! events, from which the workers read. One process does that for all, the lead: only who sees all records can say which
//! comes first, and so topics that were filled before the start are always merged in the same order, however they are
//! keyed. It keeps no state but the group's offsets, and with them how far its time has come.
//!
//! Not here: what an event means to a customer, which is the workers' business.

mod encode;
#[cfg(test)]
mod encode_tests;
mod epochs;
mod heads;
mod lead;
mod press;
mod run;
#[cfg(test)]
mod simulation;
mod ticks;

pub use run::{Equipment, Ingest, Place, Settings};
