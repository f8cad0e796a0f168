//! A schema registry over HTTP: the port [`Schemas`](crate::formats::Schemas) on Confluent's interface, which others have too.
//!
//! Invariant: whoever asks for a schema never waits. What is not here yet is fetched on a thread of its own, and tried again for
//! as long as the registry does not answer: a registry that is away is waited for as a broker is, and no record becomes a dead
//! letter for it. Only a registry that says that it has no such schema is believed.
//!
//! | file | what it holds |
//! |---|---|
//! | `client` | what is asked, and what the answers mean |
//! | `shelf` | the schemas that are here, those on their way, and those that are none |

mod client;
mod shelf;

pub use client::{Client, OpenError};
pub use shelf::Registry;
