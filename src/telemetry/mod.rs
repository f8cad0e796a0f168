//! What the service tells about itself: metrics for Prometheus and the log.
//!
//! Invariant: every metric stands in [`catalog`] with its kind, unit, help and labels, and nothing else is ever
//! exposed; label values come from [`Names`] and from closed enums, so their number is bounded and no customer's id is
//! among them. Counters and histograms live as long as the process and are counted at commit ([`Telemetry::count_epoch`]);
//! gauges are a picture of the engine, drawn anew for every scrape, so that a partition that left leaves no line behind.
//!
//! Not in it: when to count (the service decides), and how a scrape arrives (HTTP).

pub mod catalog;
mod counts;
mod gauges;
pub mod log;
mod names;
mod recorder;
mod upkeep;

pub use counts::Telemetry;
pub use names::{Facts, ModelNames, Move, Names};

#[cfg(test)]
mod tests;
