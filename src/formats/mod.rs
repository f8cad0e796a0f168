//! What a record's bytes say, in the words of the journey: one decoder a format.
//!
//! A decoder reads borrowed bytes, takes only what the active models ask for, and answers with an
//! [`Event`](crate::journey::Event) or a [`Reject`](crate::journey::Reject). It knows no Kafka and keeps no state between records.

use crate::journey::{Event, Reject};

/// A record as it came, whatever brought it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawRecord<'a> {
    /// The record's key.
    pub key: Option<&'a [u8]>,
    /// The record's value; `None` for a tombstone.
    pub value: Option<&'a [u8]>,
    /// The record's timestamp in epoch milliseconds; −1 if it has none.
    pub timestamp: i64,
}

/// Turns records of one input into events.
pub trait Decoder: Send {
    /// The event that a record tells of.
    fn decode<'a>(&mut self, record: &RawRecord<'a>) -> Result<Event<'a>, Reject>;
}

/// How the records of an input are decoded, as configured.
#[derive(Debug, Clone, PartialEq)]
pub enum FormatSpec {
    /// A built-in format.
    Named(String),
}
