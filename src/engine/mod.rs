//! Ordering and ownership: which record comes next, who holds a customer, what belongs to an epoch.
//!
//! Knows no Kafka: it declares the ports it needs in [`ports`], each with a fake beside it.

pub mod board;
mod census;
mod close;
mod epochs;
#[cfg(test)]
pub mod fakes;
mod head;
pub mod homeless;
mod id_form;
pub mod ingest;
pub mod keeper;
mod large_pages;
mod merge;
pub mod murmur2;
mod notation;
pub mod output;
#[cfg(test)]
mod output_tests;
mod pace;
mod page;
mod partition;
#[cfg(test)]
mod partition_tests;
pub mod phrases;
pub mod ports;
pub mod prefetch;
mod quarry;
mod restore;
#[cfg(test)]
mod restore_tests;
pub mod rows;
mod rules;
mod shares;
pub mod store;
pub mod tally;
pub mod timers;
pub mod view;
mod watermark;
pub mod worker;

pub use merge::{Merge, Next};
pub use partition::{Open, Partition, Taken};
pub use restore::{Restore, RestoreError};
pub use rules::{Envelope, InputRules, Rules};
