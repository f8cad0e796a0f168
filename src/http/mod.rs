//! The window on a running service: a page, the API below `/v1`, metrics and probes.
//!
//! Invariant: it reads and never writes, and nothing a client does, or fails to do, slows the service: live events wait
//! in a bounded buffer and are skipped for whoever is slow, connections are limited in number, in time to send a request
//! and in time to take an answer. Who may read people's data is decided before it runs: either every reader is on this
//! machine ([`check_binding`]) or a [`Token`] guards `/v1`.
//!
//! Not in it: what the answers mean (the engine's [`View`](crate::engine::view::View) says) and TLS (a proxy's work).

mod access;
mod answer;
mod api;
mod customer;
pub mod live;
mod models;
mod page;
mod patience;
mod probes;
mod serve;
mod shadow;
mod status;

pub use access::{Token, TokenError, check_binding};
pub use api::{Api, Facts, ModelFacts, PhaseFacts, Sources};
pub use customer::explanation;
pub use live::LiveBus;
pub use serve::{BindError, ListenAddresses, Listeners, serve};
