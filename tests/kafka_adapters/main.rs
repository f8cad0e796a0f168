//! The engine's ports on Kafka, against a real broker: what a fake cannot prove.

mod commit;
mod faults;
mod fixture;
mod source;
mod state;
#[path = "../support/mod.rs"]
mod support;
mod topics;
