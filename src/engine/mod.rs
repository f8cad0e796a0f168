//! Ordering and ownership: which record comes next, who holds a customer, what belongs to an epoch.
//!
//! Knows no Kafka: it declares the ports it needs in [`ports`], each with a fake beside it.

pub mod ports;
pub mod tally;
pub mod view;
