//! The format of a part of the state topics, version 1.
//!
//! ```text
//! part     = "ks" version:u8 parts:u16 schema:text epoch term bucket+1 part  entry*  [marker]
//! entry    = length+1 id full | 0 length id          (full state | forgotten)
//! full     = field*                                  (in the schema's order: numbers, signed ones zigzag; bits:u32)
//! marker   = 0 0 count (topic position)* watermark record_time wall
//! ```
//! Numbers without a type are LEB128, those with one stand in as many bytes, lowest first. An id is never empty, so a
//! "forgotten" of length 0 introduces the marker. Signed times are written as the difference from the signed field before
//! them: they lie close together. How many parts there are is known last, so it has a place that does not move.

use std::ops::Range;
use std::sync::Arc;

use super::schema::{self, Step};
use super::survey::{self, StoredNames};
use super::varint::{self, Pen};
use crate::engine::ports::{CodecError, Marker, PartHeader, StateCodec, StateEntry, StoredPhase, WatermarkState};
use crate::journey::{FieldType, Layout, ModelSet, Record, renumbered};

const MAGIC: &[u8] = b"ks";
const VERSION: u8 = 1;
/// Where a part says how many there are: behind its mark and version.
const PARTS: Range<usize> = 3..5;

/// How some of a record's words are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Put {
    /// One word, as a number.
    Number(usize),
    /// Two words, as the difference from the signed number before.
    Signed(usize),
    /// The words from the one to before the other, as they are.
    Bits(usize, usize),
}

/// How records of this layout are written.
fn puts(layout: &Layout) -> Box<[Put]> {
    let mut puts = Vec::new();
    for field in &layout.fields {
        match (field.kind, puts.last_mut()) {
            (FieldType::U32 | FieldType::Phase, _) => puts.push(Put::Number(field.word)),
            (FieldType::I64 | FieldType::Awaited, _) => puts.push(Put::Signed(field.word)),
            (FieldType::Bits, Some(Put::Bits(_, end))) if *end == field.word => *end += 1,
            (FieldType::Bits, _) => puts.push(Put::Bits(field.word, field.word + 1)),
        }
    }
    puts.into()
}

/// Writes and reads parts for one set of models.
pub struct Codec {
    set: Arc<ModelSet>,
    schema: Vec<u8>,
    /// How the models' records are written.
    puts: Box<[Put]>,
    /// The schema read last, and how to read its records: parts of one program follow each other.
    known: Option<(Vec<u8>, Vec<Step>)>,
    /// Phases met that our models do not have any more; in a survey, all.
    gone: Vec<StoredPhase>,
    /// In a survey, the schema of the delta that was read last.
    surveyed: Option<Vec<u8>>,
}

impl Codec {
    /// A codec for these models.
    pub fn new(set: Arc<ModelSet>) -> Self {
        let schema = schema::describe(&set);
        let puts = puts(set.layout());
        Self { set, schema, puts, known: None, gone: Vec::new(), surveyed: None }
    }

    /// A codec that tells what state holds as it is named there. All phases are told as those are that are gone; and behind
    /// a record's own words there is one for each model, which counts the signals that wait and that the model does not know.
    /// So its records are for looking at, not for steps.
    pub fn surveying(set: Arc<ModelSet>) -> Self {
        Self { surveyed: Some(Vec::new()), ..Self::new(set) }
    }

    /// The words of the records that are read.
    pub fn words(&self) -> usize {
        let models = if self.surveyed.is_some() { self.set.models().len() } else { 0 };
        self.set.layout().words + models
    }

    /// In a survey, the names in the delta that was read last; `None`: there was none.
    pub fn stored_names(&self) -> Option<StoredNames> {
        self.surveyed.as_ref().filter(|schema| !schema.is_empty()).and_then(|schema| survey::names(schema))
    }
}

impl StateCodec for Codec {
    fn begin(&self, header: &PartHeader, out: &mut Vec<u8>) {
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.extend_from_slice(&header.parts.to_le_bytes());
        varint::put(self.schema.len() as u64, out);
        out.extend_from_slice(&self.schema);
        varint::put(header.epoch, out);
        varint::put(header.term, out);
        varint::put(header.bucket.map_or(0, |bucket| u64::from(bucket) + 1), out);
        varint::put(u64::from(header.part), out);
    }

    fn set_parts(&self, parts: u16, part: &mut [u8]) {
        part[PARTS].copy_from_slice(&parts.to_le_bytes());
    }

    fn customer(&self, id: &str, record: Option<&Record>, out: &mut Vec<u8>) {
        let Some(record) = record else {
            varint::put(0, out);
            varint::put_text(id, out);
            return;
        };
        let start = out.len();
        // Its words, the length of its id, and what a pen needs behind what it writes.
        out.resize(start + id.len() + (record.0.len() + 2) * varint::BYTES_MAX, 0);
        let mut pen = Pen::new(&mut out[start..]);
        pen.number(id.len() as u64 + 1);
        pen.bytes(id.as_bytes());
        let mut previous = 0_i64;
        for put in &self.puts {
            match *put {
                Put::Number(word) => pen.number(u64::from(record.u32(word))),
                Put::Signed(word) => {
                    let value = record.i64(word);
                    pen.signed(value.wrapping_sub(previous));
                    previous = value;
                }
                Put::Bits(first, end) => pen.words(&record.0[first..end]),
            }
        }
        let written = pen.written();
        out.truncate(start + written);
    }

    fn marker(&self, marker: &Marker, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0, 0]);
        varint::put(marker.positions.len() as u64, out);
        for (topic, position) in &marker.positions {
            varint::put_text(topic, out);
            varint::put_signed(*position, out);
        }
        for time in [marker.watermark.at, marker.watermark.record_time, marker.watermark.wall] {
            varint::put_signed(time, out);
        }
    }

    fn header(&self, mut bytes: &[u8]) -> Result<PartHeader, CodecError> {
        read_preamble(&mut bytes).map(|(header, _)| header)
    }

    fn read(
        &mut self,
        mut bytes: &[u8],
        take: &mut dyn FnMut(&PartHeader, StateEntry<'_>),
    ) -> Result<(PartHeader, Option<Marker>), CodecError> {
        let (header, schema) = read_preamble(&mut bytes)?;
        self.learn_schema(schema).ok_or_else(|| corrupt("its schema cannot be read"))?;
        if let Some(surveyed) = self.surveyed.as_mut().filter(|known| header.bucket.is_none() && *known != schema) {
            schema.clone_into(surveyed);
        }
        let (_, steps) = self.known.as_ref().expect("the schema was learnt above");
        let mut record = Record::zeroed(self.words());
        while !bytes.is_empty() {
            let length = varint::take(&mut bytes).ok_or_else(|| corrupt("an id's length is cut short"))?;
            if length == 0 {
                let id =
                    varint::take_text(&mut bytes).ok_or_else(|| corrupt("a forgotten customer's id is cut short"))?;
                if id.is_empty() {
                    let marker = read_marker(&mut bytes).ok_or_else(|| corrupt("its marker is cut short"))?;
                    return Ok((header, Some(marker)));
                }
                take(&header, StateEntry::Removed { id });
                continue;
            }
            let id = usize::try_from(length - 1).ok().and_then(|length| bytes.split_at_checked(length));
            let (id, rest) = id.ok_or_else(|| corrupt("an id is cut short"))?;
            bytes = rest;
            let id = std::str::from_utf8(id).map_err(|_| corrupt("an id is not UTF-8"))?;
            record.0.fill(0);
            read_record(&mut bytes, steps, &mut record)?;
            take(&header, StateEntry::Full { id, record: &record });
        }
        Ok((header, None))
    }

    fn phases_gone(&self) -> &[StoredPhase] {
        &self.gone
    }
}

impl Codec {
    fn learn_schema(&mut self, schema: &[u8]) -> Option<()> {
        if self.known.as_ref().is_none_or(|(known, _)| known != schema) {
            let surveying = self.surveyed.is_some().then_some(self.set.layout().words);
            self.known = Some((schema.to_vec(), schema::plan(schema, &self.set, &mut self.gone, surveying)?));
        }
        Some(())
    }
}

fn corrupt(what: &str) -> CodecError {
    CodecError::Corrupt(what.to_owned())
}

/// What stands before the customers: the header, and the schema's bytes.
fn read_preamble<'a>(bytes: &mut &'a [u8]) -> Result<(PartHeader, &'a [u8]), CodecError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| corrupt("it does not begin with its mark"))?;
    let (&version, rest) = rest.split_first().ok_or_else(|| corrupt("it ends after its mark"))?;
    if version != VERSION {
        return Err(CodecError::Newer(version, VERSION));
    }
    let (&parts, rest) = rest.split_first_chunk().ok_or_else(|| corrupt("it ends after its version"))?;
    *bytes = rest;
    let length = varint::take(bytes).and_then(|length| usize::try_from(length).ok());
    let (schema, rest) =
        length.and_then(|length| bytes.split_at_checked(length)).ok_or_else(|| corrupt("its schema is cut short"))?;
    *bytes = rest;
    let header = read_header(bytes, u16::from_le_bytes(parts)).ok_or_else(|| corrupt("its header cannot be read"))?;
    Ok((header, schema))
}

fn read_header(bytes: &mut &[u8], parts: u16) -> Option<PartHeader> {
    let (epoch, term) = (varint::take(bytes)?, varint::take(bytes)?);
    let bucket = varint::take(bytes)?.checked_sub(1).map(u16::try_from).transpose().ok()?;
    let part = u16::try_from(varint::take(bytes)?).ok()?;
    Some(PartHeader { epoch, term, bucket, part, parts })
}

fn read_marker(bytes: &mut &[u8]) -> Option<Marker> {
    let count = varint::take(bytes)?;
    let positions = (0..count).map(|_| {
        let topic = varint::take_text(bytes)?.to_owned();
        Some((topic, varint::take_signed(bytes)?))
    });
    let positions = positions.collect::<Option<_>>()?;
    let (at, record_time) = (varint::take_signed(bytes)?, varint::take_signed(bytes)?);
    Some(Marker { positions, watermark: WatermarkState { at, record_time, wall: varint::take_signed(bytes)? } })
}

fn read_record(bytes: &mut &[u8], steps: &[Step], record: &mut Record) -> Result<(), CodecError> {
    let short = || CodecError::Corrupt("a customer's state is cut short".to_owned());
    let mut previous = 0_i64;
    for step in steps {
        match step {
            Step::U32(word) => {
                let value = varint::take(bytes).and_then(|value| u32::try_from(value).ok()).ok_or_else(short)?;
                word.iter().for_each(|&word| record.0[word] = value);
            }
            Step::Bits(word) => {
                let (bits, rest) = bytes.split_first_chunk().ok_or_else(short)?;
                *bytes = rest;
                word.iter().for_each(|&word| record.0[word] = u32::from_le_bytes(*bits));
            }
            Step::I64(word) => {
                previous = previous.wrapping_add(varint::take_signed(bytes).ok_or_else(short)?);
                if let Some(word) = *word {
                    record.set_i64(word, previous);
                }
            }
            Step::Awaited(word, numbers, lost) => {
                previous = previous.wrapping_add(varint::take_signed(bytes).ok_or_else(short)?);
                match (word, renumbered(previous, numbers)) {
                    (Some(word), Some(awaited)) => record.set_i64(*word, awaited),
                    // In a survey it is counted.
                    _ if previous != 0 => lost.iter().for_each(|&word| record.0[word] += 1),
                    _ => {}
                }
            }
            Step::Phase(word, table) => {
                let number = varint::take(bytes).and_then(|number| usize::try_from(number).ok()).ok_or_else(short)?;
                let phase = *table.get(number).ok_or_else(short)?;
                word.iter().for_each(|&word| record.0[word] = phase);
            }
        }
    }
    Ok(())
}
