//! A schema registry over HTTP: the port [`Schemas`](crate::formats::Schemas) on Confluent's interface, which others have too.
//!
//! Invariant: whoever asks a [`Registry`] for a schema never waits. What is not here yet is fetched on a thread of its own, and tried again for
//! as long as the registry does not answer: a registry that is away is waited for as a broker is, and no record becomes a dead
//! letter for it. Only a registry that says that it has no such schema is believed. Commands that end wait with a [`Patient`] around it.
//!
//! | file | what it holds |
//! |---|---|
//! | `client` | what is asked, and what the answers mean |
//! | `shelf` | the schemas that are here, those on their way, and those that are none |
//! | `patient` | asking with patience, for commands that cannot come back to a record later |

mod client;
mod patient;
mod shelf;

pub use client::{Client, OpenError};
pub use patient::Patient;
pub use shelf::Registry;
