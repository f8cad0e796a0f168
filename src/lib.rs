//! klantreis follows every customer of a company through a customer journey, live.

pub mod cli;
pub mod config;
pub mod demo;
pub mod engine;
pub mod formats;
pub mod http;
pub mod journey;
pub mod kafka;
pub mod plan;
pub mod process;
#[cfg(feature = "registry")]
pub mod registry;
pub mod replay;
pub mod service;
pub mod snapshot;
pub mod telemetry;
pub mod trial;
pub mod yaml;
