//! One record to be tried, and where it stands.

use std::fmt;
use std::sync::Arc;

use crate::journey::Reject;
use crate::replay::Record;

/// A record to be tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Where it stands.
    pub at: At,
    /// The topic it is of, if that is known.
    pub topic: Option<Arc<str>>,
    /// The record (of the first input, whatever that is), or why the bytes there are none.
    pub record: Result<Record, Reject>,
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The file or the topic.
    pub source: Arc<str>,
    /// Where in it.
    pub spot: Spot,
}

/// Where a record stands in a file or a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// It begins in this line of a file, the first of which is 1.
    Line(u64),
    /// In this partition of a topic, at this offset.
    Offset(i32, i64),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = &self.source;
        match self.spot {
            Spot::Line(line) => write!(f, "{source}:{line}"),
            Spot::Offset(partition, offset) => write!(f, "{source}/{partition}@{offset}"),
        }
    }
}
