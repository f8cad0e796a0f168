//! The records of a topic, its last ones or all there are.

use std::sync::Arc;

use super::sample::{At, Sample, Spot};
use crate::kafka::{Access, From, Peek, PeekError};
use crate::replay::Record;

/// Reads records from a topic, in no group and without committing.
pub struct TopicSamples {
    peek: Peek,
    topic: Arc<str>,
}

impl TopicSamples {
    /// Begins to read.
    ///
    /// # Errors
    /// If there is no such topic, or no broker answers.
    pub fn open(access: &Access, topic: &str, from: From) -> Result<Self, PeekError> {
        Ok(Self { peek: Peek::open(access, topic, from)?, topic: topic.into() })
    }

    /// The next record; `None` at the end that the topic had when reading began.
    ///
    /// # Errors
    /// If the broker does not give it.
    pub fn read(&mut self) -> Result<Option<Sample>, PeekError> {
        let Some(peeked) = self.peek.read()? else { return Ok(None) };
        let at = At { source: Arc::clone(&self.topic), spot: Spot::Offset(peeked.partition, peeked.offset) };
        let record = Record {
            input: 0,
            key: peeked.key,
            value: peeked.value,
            timestamp: peeked.timestamp,
            headers: peeked.headers,
        };
        Ok(Some(Sample { at, topic: Some(Arc::clone(&self.topic)), record: Ok(record) }))
    }
}
