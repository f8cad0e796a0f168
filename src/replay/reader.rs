//! One source as items, in the order they stand in.

use super::envelope;
use super::framing::{Bytes, Framed};
use super::lines::Lines;
use super::source::{self, Counter, Place, Source};
use super::times::Times;
use super::topics::Topics;
use super::{Content, Item, Record, ReplayError};
use crate::config::InputConfig;
use crate::formats::{EARLIEST_MS, carrier_of};

/// Reads one source.
pub(super) struct Reader {
    index: usize,
    place: Place,
    form: Form,
    counter: Counter,
    times: Times,
    /// The time and the input of the item before, for those that have none.
    time: i64,
    input: usize,
}

enum Form {
    /// Records with their topics.
    Envelopes(Lines<Bytes>, Topics),
    /// Values of one input.
    Values(Framed, usize),
}

impl Reader {
    /// Opens a source.
    pub(super) fn open(
        index: usize,
        source: Source,
        inputs: &[InputConfig],
        times: Times,
    ) -> Result<Self, ReplayError> {
        let Source { place, input } = source;
        let (mut bytes, counter) = source::open(&place)?;
        let failed = |error| ReplayError::Open { place: place.clone(), error };
        let carrier = input.map(|input| carrier_of(&inputs[input].format));
        let form = match input {
            Some(input) => Form::Values(Framed::open(bytes, place.path(), carrier).map_err(failed)?, input),
            None if is_no_json(bytes.fill_buf().map_err(failed)?) => return Err(ReplayError::Unnamed(place)),
            None => Form::Envelopes(Lines::new(bytes), Topics::of(inputs)),
        };
        Ok(Self { index, place, form, counter, times, time: EARLIEST_MS, input: input.unwrap_or(0) })
    }

    /// How far it was read.
    pub(super) fn counter(&self) -> &Counter {
        &self.counter
    }

    /// The next item, in the order of the source.
    pub(super) fn next(&mut self) -> Result<Option<Item>, ReplayError> {
        let next = match &mut self.form {
            Form::Envelopes(lines, topics) => lines.next().map(|line| {
                line.map(|line| {
                    let unreadable = |reject| (line.bytes.to_vec(), reject);
                    let record = line.whole().and_then(|bytes| envelope::read(bytes, topics).map_err(unreadable));
                    (line.number, record)
                })
            }),
            Form::Values(framed, input) => framed
                .next()
                .map(|frame| frame.map(|(line, value)| (line, value.map(|value| Record::of_value(value, *input))))),
        };
        let (place, line) = (&self.place, self.line());
        let next = next.map_err(|error| ReplayError::Read { place: place.clone(), line, error })?;
        let Some((line, record)) = next else { return Ok(None) };
        let mut content = match record {
            Ok(record) => Content::Record(record),
            Err((bytes, reject)) => Content::Unreadable { bytes, reject },
        };
        if let Content::Record(record) = &mut content {
            let no_schema = |missing| ReplayError::NoSchema { place: self.place.to_string(), line, missing };
            // Values by themselves were never in a topic: the record is of the time of its event.
            if !matches!(self.form, Form::Envelopes(..)) {
                record.timestamp = self.times.of_event(record).map_err(no_schema)?.unwrap_or(-1);
            }
            self.input = record.input;
            self.time = self.times.of(record).map_err(no_schema)?.unwrap_or(self.time);
        }
        Ok(Some(Item { source: self.index, line, time: self.time, input: self.input, late: false, content }))
    }

    fn line(&self) -> u64 {
        match &self.form {
            Form::Envelopes(lines, _) => lines.number(),
            Form::Values(framed, _) => framed.line(),
        }
    }
}

/// Whether a source cannot be lines of JSON, from its first byte on.
fn is_no_json(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    start.first().is_some_and(|first| *first != b'{')
}
