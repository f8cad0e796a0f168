//! When a record was, as far as order goes.

use super::{Record, ReplayError};
use crate::config::InputConfig;
use crate::formats::{self, Decoded, Decoder, EARLIEST_MS, END_MS, Item};
use crate::journey::Vocabulary;

/// Tells the times of records.
pub(super) struct Times {
    /// By input: decoders that look for nothing but the time.
    decoders: Vec<Box<dyn Decoder>>,
    /// A time counts as at most this.
    latest_ms: i64,
}

impl Times {
    pub(super) fn new(inputs: &[InputConfig], latest_ms: i64) -> Result<Self, ReplayError> {
        let open = |input: &InputConfig| {
            formats::open(&input.format, &Vocabulary::default(), input.time)
                .map_err(|problem| ReplayError::Format { input: input.name.clone(), problem })
        };
        Ok(Self { decoders: inputs.iter().map(open).collect::<Result<_, _>>()?, latest_ms })
    }

    /// The time of its event, the first of several; `None` if there is none. What is wrong with it is for whoever decodes it to say.
    pub(super) fn of_event(&mut self, record: &Record) -> Option<i64> {
        match self.decoders[record.input].decode(&record.raw()).ok()? {
            Decoded::One(told) => Some(told.event.at),
            Decoded::Dropped(_) | Decoded::Ignored | Decoded::NotYet => None,
            Decoded::Several(items) => {
                let times = items.iter().filter_map(|item| match item {
                    Item::Event(told) => Some(told.event.at),
                    Item::Dropped(_) => None,
                });
                times.min()
            }
        }
    }

    /// The record's time if it has a believable one, else that of its event.
    pub(super) fn of(&mut self, record: &Record) -> Option<i64> {
        let own = Some(record.timestamp).filter(|time| (EARLIEST_MS..END_MS).contains(time));
        own.or_else(|| self.of_event(record)).map(|time| time.min(self.latest_ms))
    }
}
