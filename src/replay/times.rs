//! When a record was, as far as order goes.

use std::sync::Arc;

use super::{Record, ReplayError};
use crate::config::InputConfig;
use crate::formats::{self, Decoded, Decoder, EARLIEST_MS, END_MS, Item, Schemas, missing};
use crate::journey::Vocabulary;

/// Tells the times of records.
pub(super) struct Times {
    /// By input: decoders that look for nothing but the time.
    decoders: Vec<Box<dyn Decoder>>,
    schemas: Option<Arc<dyn Schemas>>,
    /// A time counts as at most this.
    latest_ms: i64,
}

impl Times {
    pub(super) fn new(
        inputs: &[InputConfig],
        schemas: Option<&Arc<dyn Schemas>>,
        latest_ms: i64,
    ) -> Result<Self, ReplayError> {
        let open = |input: &InputConfig| {
            formats::open_with_schemas(&input.format, &Vocabulary::default(), input.time, schemas)
                .map_err(|problem| ReplayError::Format { input: input.name.clone(), problem })
        };
        let decoders = inputs.iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { decoders, schemas: schemas.cloned(), latest_ms })
    }

    /// The time of its event, the first of several; `None` if there is none. What is wrong with it is for whoever decodes it to say.
    ///
    /// # Errors
    /// If its schema did not come; says which.
    pub(super) fn of_event(&mut self, record: &Record) -> Result<Option<i64>, String> {
        let Ok(decoded) = self.decoders[record.input].decode(&record.raw()) else { return Ok(None) };
        Ok(match decoded {
            Decoded::One(told) => Some(told.event.at),
            Decoded::Dropped(_) | Decoded::Ignored => None,
            Decoded::NotYet => return Err(missing(self.schemas.as_ref())),
            Decoded::Several(items) => {
                let times = items.iter().filter_map(|item| match item {
                    Item::Event(told) => Some(told.event.at),
                    Item::Dropped(_) => None,
                });
                times.min()
            }
        })
    }

    /// The record's time if it has a believable one, else that of its event.
    ///
    /// # Errors
    /// As [`Times::of_event`].
    pub(super) fn of(&mut self, record: &Record) -> Result<Option<i64>, String> {
        let time = match record.timestamp {
            own if (EARLIEST_MS..END_MS).contains(&own) => Some(own),
            _ => self.of_event(record)?,
        };
        Ok(time.map(|time| time.min(self.latest_ms)))
    }
}
