//! What goes wrong in the life of a service, done to the real program over a real broker: the answer stays right.

#[path = "../support/mod.rs"]
mod support;

mod broker_away;
mod group;
mod kills;
mod refusals;
mod rekey;
mod shutdown;
