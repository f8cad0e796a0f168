//! What tests that need a real broker share. A test names it with `mod support;` and asks for a [`Broker`].

#![allow(dead_code, unused_imports, clippy::unwrap_used, reason = "each test program uses its own part")]

pub mod answer;
mod broker;
mod client;
mod config;
mod feed;
mod job;
pub mod think5;
pub mod traffic;

pub use broker::{Broker, free_ports};
pub use client::{Isolation, Seen, Send};
pub use config::config;
pub use feed::Feed;
pub use job::{Job, PARTITIONS, PATIENCE, Progress, Service, Setup, as_sent, until};
