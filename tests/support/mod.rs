//! What tests that need a real broker share. A test names it with `mod support;` and asks for a [`Broker`].

#![allow(dead_code, unused_imports, reason = "each test program uses its own part")]

mod broker;
mod client;
mod config;

pub use broker::Broker;
pub use client::{Isolation, Seen, Send};
pub use config::config;
