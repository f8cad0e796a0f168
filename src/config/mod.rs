//! The configuration file: read once, checked as a whole, never looked at again.
//!
//! Owns the way from a YAML file and the environment to a [`Config`]. Its invariant: a [`Config`] that exists is usable;
//! whoever has one checks nothing again. Everything that is wrong is reported together, each as
//! `file:line:column: what is wrong; what to write instead`, so that nobody mends a file one error a run.
//!
//! The YAML becomes a tree in which every value knows its place ([`crate::yaml`]), references to the environment are replaced in it
//! ([`env`]), sections are read from it ([`section`], [`load`]), and problems pile up on the side ([`problem`]).
//!
//! Models are opened for it too ([`Config::model_set`]), in a second step, because their mistakes are those of other files.
//!
//! Not here: anything that needs a connection.

mod env;
mod foreign;
mod http;
mod inputs;
mod kafka;
mod load;
mod models;
mod problem;
mod schema_registry;
mod section;
mod settings;
mod units;
mod variants;

pub use crate::formats::TimeSource;
pub use inputs::EVENTS;
pub use kafka::reserved;
pub use load::{Environment, load, parse};
pub use models::ModelsError;
pub use problem::{ConfigError, Problem};
pub use settings::{
    Config, Envelope, Guarantee, HttpConfig, InputConfig, KafkaConfig, Keying, ModelRef, Needs, RegistryLogin,
    SchemaRegistryConfig, ShadowRef, Start, Topics, Variants,
};
