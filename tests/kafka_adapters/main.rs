//! The engine's ports on Kafka, against a real broker: what a fake cannot prove.

#![allow(clippy::unwrap_used, reason = "what cannot go on fails the test")]

mod commit;
mod faults;
mod fixture;
mod lead;
mod source;
mod state;
#[path = "../support/mod.rs"]
mod support;
mod topics;
