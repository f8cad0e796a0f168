//! Records from files instead of Kafka: NDJSON or CSV, plain or gzipped, put in order and merged.
//!
//! Invariant: every line that is not blank ends up as exactly one [`Item`]; what cannot be read is an item too. Memory is
//! bounded by the window in which lines may be out of order, unless everything is to be sorted.
//!
//! | file | what it holds |
//! |---|---|
//! | `source` | a file or standard input: unpacked, and how far it was read |
//! | `lines` | lines of bounded length |
//! | `topics` | which input a topic's name means |
//! | `framing` | how a file falls into records: lines, rows, whole documents |
//! | `envelope` | lines of `{"topic","timestamp","key","value"}`, maybe with `headers`, or with the bytes in `value_hex` |
//! | `rows` | rows of CSV, as the JSON that mappings read |
//! | `times` | when a record was |
//! | `reader` | one source as items |
//! | `order` | items in the order of their time; several sources as one |
//! | `fold` | the whole replay: items through formats and models |
//! | `letters` | records and lines that could not be used, with the reason |
//! | `figures` | what came of it |

mod envelope;
mod figures;
mod fold;
mod framing;
mod letters;
mod lines;
mod order;
mod reader;
mod rows;
mod source;
#[cfg(test)]
mod tests;
mod times;
mod topics;

pub(crate) use envelope::Envelope;
pub use figures::{Figures, Met, Population};
pub use fold::{Outputs, Replay};
pub(crate) use framing::Framed;
pub use order::{Order, Records};
pub(crate) use source::open;
pub use source::{Place, Progress, Source};
pub(crate) use topics::Topics;

use crate::formats::RawRecord;
use crate::journey::Reject;

/// A line or row of a source.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Index of the source.
    pub source: usize,
    /// Its line in the source, from 1.
    pub line: u64,
    /// Its time, as far as order goes: the record's, or else its event's, or else that of the line before.
    pub time: i64,
    /// The input that decides between equal times: the record's, or that of the line before.
    pub input: usize,
    /// Whether something later was handed out before it: it was too far out of order.
    pub late: bool,
    /// What it says.
    pub content: Content,
}

/// What a line or row says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A record.
    Record(Record),
    /// Nothing that could be understood.
    Unreadable {
        /// The bytes.
        bytes: Vec<u8>,
        /// What is wrong with them.
        reject: Reject,
    },
}

/// A record, as Kafka would have brought it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Index of the input.
    pub input: usize,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// The timestamp in epoch milliseconds; −1 if it has none.
    pub timestamp: i64,
    /// The headers.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl Record {
    /// A value that was never in a topic.
    pub(crate) fn of_value(value: Vec<u8>, input: usize) -> Self {
        Self { input, key: None, value: Some(value), timestamp: -1, headers: Vec::new() }
    }

    /// The record as decoders take it.
    pub fn raw(&self) -> RawRecord<'_> {
        RawRecord {
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            timestamp: self.timestamp,
            headers: &self.headers,
        }
    }
}

/// Why a replay cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A source cannot be opened.
    #[error("{place} cannot be opened: {error}")]
    Open {
        /// The source.
        place: Place,
        /// Why.
        error: std::io::Error,
    },
    /// A source cannot be read to its end.
    #[error("{place}, after line {line}: {error}")]
    Read {
        /// The source.
        place: Place,
        /// The last line that was read.
        line: u64,
        /// Why.
        error: std::io::Error,
    },
    /// The records of an input cannot be decoded as configured.
    #[error("input {input}: {problem}")]
    Format {
        /// The input's name.
        input: String,
        /// Why.
        problem: String,
    },
    /// A record needs a schema that did not come.
    #[error("{place}, line {line}: {missing}")]
    NoSchema {
        /// The source.
        place: String,
        /// The record's line.
        line: u64,
        /// Which schema, and why it is not here.
        missing: String,
    },
    /// What comes out cannot be written.
    #[error("{what} cannot be written: {error}")]
    Write {
        /// Transitions, signals or dead letters.
        what: &'static str,
        /// Why.
        error: std::io::Error,
    },
    /// A source that does not hold `{"topic",…}` lines, and no input is named for it.
    #[error("{0} does not name the topics of its records: say which input they belong to, as in `--input NAME={0}`")]
    Unnamed(Place),
}
