//! One source as items, in the order they stand in.

use std::io::{self, BufRead};
use std::path::Path;

use super::lines::{LINE_BYTES_MAX, Line, Lines};
use super::rows::Rows;
use super::source::{self, Counter, Place, Source};
use super::times::Times;
use super::topics::Topics;
use super::{Content, Item, Record, ReplayError, envelope};
use crate::config::InputConfig;
use crate::formats::{Carrier, EARLIEST_MS, carrier_of};
use crate::journey::Reject;

type Bytes = Box<dyn BufRead + Send>;

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
    Values(Lines<Bytes>, usize),
    /// Rows of one input.
    Rows(Rows<Bytes>, usize),
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
        // What a format reads that is no JSON has no row of names above it.
        let is_json = input.is_none_or(|input| carrier_of(&inputs[input].format) == Carrier::Json);
        let is_csv = is_json && is_csv(&place, bytes.as_mut()).map_err(failed)?;
        let form = match input {
            Some(input) if is_csv => Form::Rows(Rows::new(bytes).map_err(failed)?, input),
            Some(input) => Form::Values(Lines::new(bytes), input),
            None if is_csv => return Err(ReplayError::Unnamed(place)),
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
        let value = |bytes: &[u8], input: usize| Record {
            input,
            key: None,
            value: Some(bytes.to_vec()),
            timestamp: -1,
            headers: Vec::new(),
        };
        let next = match &mut self.form {
            Form::Envelopes(lines, topics) => lines
                .next()
                .map(|line| line.map(|line| (line.number, content(&line, |bytes| envelope::read(bytes, topics))))),
            Form::Values(lines, input) => lines
                .next()
                .map(|line| line.map(|line| (line.number, content(&line, |bytes| Ok(value(bytes, *input)))))),
            Form::Rows(rows, input) => rows.next().map(|row| {
                row.map(|(line, row)| match row {
                    Ok(object) => (line, Content::Record(value(&object, *input))),
                    Err((bytes, reject)) => (line, Content::Unreadable { bytes, reject }),
                })
            }),
        };
        let (place, line) = (&self.place, self.line());
        let next = next.map_err(|error| ReplayError::Read { place: place.clone(), line, error })?;
        let Some((line, mut content)) = next else { return Ok(None) };
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
            Form::Envelopes(lines, _) | Form::Values(lines, ..) => lines.number(),
            Form::Rows(rows, ..) => rows.line(),
        }
    }
}

fn content(line: &Line<'_>, read: impl FnOnce(&[u8]) -> Result<Record, Reject>) -> Content {
    let record = match line.length {
        length if length > LINE_BYTES_MAX => Err(Reject::TooLarge(length, LINE_BYTES_MAX)),
        _ => read(line.bytes),
    };
    match record {
        Ok(record) => Content::Record(record),
        Err(reject) => Content::Unreadable { bytes: line.bytes.to_vec(), reject },
    }
}

/// Whether it holds rows rather than lines of JSON: its name says so, or else its first byte.
fn is_csv(place: &Place, bytes: &mut dyn BufRead) -> io::Result<bool> {
    if let Place::File(path) = place {
        let name = path.file_name().map(Path::new);
        let unpacked = name.filter(|name| name.extension().is_some_and(|ending| ending == "gz"));
        let ending = unpacked.and_then(Path::file_stem).map(Path::new).or(name).and_then(Path::extension);
        match ending.and_then(|ending| ending.to_str()) {
            Some("csv" | "tsv") => return Ok(true),
            Some("ndjson" | "jsonl" | "json") => return Ok(false),
            _ => {}
        }
    }
    let start = bytes.fill_buf()?;
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    Ok(start.first().is_some_and(|first| *first != b'{'))
}
