//! Which fields a part's records have, and how they map to the records of the active models.

use std::sync::Arc;

use crate::engine::homeless::GONE;
use crate::engine::ports::StoredPhase;
use crate::journey::{FieldType, Layout, Model, ModelSet};

use super::varint;

/// How a phase is told in a schema.
pub const PHASE: u8 = 2;
/// How a signal is told that waits, with what the numbers mean; and another of the same model, for which that was told.
pub const AWAITED: u8 = 4;
/// See above.
const AWAITED_TOO: u8 = 5;

/// The names behind a part's numbers, as bytes: written into every part, compared as a whole.
pub fn describe(set: &ModelSet) -> Vec<u8> {
    let mut out = Vec::new();
    let layout = set.layout();
    varint::put(layout.fields.len() as u64, &mut out);
    // The model of which it was told what may wait.
    let mut told = None;
    for field in &layout.fields {
        varint::put_text(&field.key, &mut out);
        match field.kind {
            FieldType::U32 => out.push(0),
            FieldType::I64 => out.push(1),
            FieldType::Bits => out.push(3),
            FieldType::Awaited if told == Some(field.model) => out.push(AWAITED_TOO),
            FieldType::Awaited => {
                out.push(AWAITED);
                told = Some(field.model);
                let meanings = set.models()[field.model].waiting_meanings();
                varint::put(meanings.len() as u64, &mut out);
                meanings.iter().for_each(|meaning| varint::put_text(meaning, &mut out));
            }
            FieldType::Phase => {
                out.push(PHASE);
                let model = &set.models()[field.model];
                varint::put_text(model.state_name(), &mut out);
                varint::put(model.phases().len() as u64, &mut out);
                model.phases().iter().for_each(|phase| varint::put_text(phase.name(), &mut out));
            }
        }
    }
    out
}

/// What to do with one field of a part's records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A number without sign: to this word of ours, if we have the field.
    U32(Option<usize>),
    /// Four bytes: to this word of ours, if we have the field.
    Bits(Option<usize>),
    /// A signed number: to these two words of ours, if we have the field.
    I64(Option<usize>),
    /// A signal that waits: to these two words of ours, if we have the field, with its number through a table. What we do not
    /// know is counted in the last word, if there is one.
    Awaited(Option<usize>, Arc<[Option<u16>]>, Option<usize>),
    /// A phase: to this word of ours, through a table.
    Phase(Option<usize>, Vec<u32>),
}

/// How to read the records of a part with this schema. Phases that no model of ours has any more are added to `gone`.
/// `surveying`: all phases are, and from this word on each model counts the signals that wait and that it does not know.
pub fn plan(
    mut schema: &[u8],
    set: &ModelSet,
    gone: &mut Vec<StoredPhase>,
    surveying: Option<usize>,
) -> Option<Vec<Step>> {
    let bytes = &mut schema;
    let count = varint::take(bytes)?;
    let mut steps = Vec::new();
    let mut numbers: Arc<[Option<u16>]> = [].into();
    for _ in 0..count {
        let key = varint::take_text(bytes)?;
        let (&kind, rest) = bytes.split_first()?;
        *bytes = rest;
        let word = |kind| our_word(set.layout(), key, kind);
        steps.push(match kind {
            0 => Step::U32(word(FieldType::U32)),
            1 => Step::I64(word(FieldType::I64)),
            AWAITED | AWAITED_TOO => {
                let model =
                    set.models().iter().position(|model| key.strip_prefix(model.state_name()).is_some_and(is_waitlist));
                if kind == AWAITED {
                    let meanings = take_texts(bytes)?;
                    numbers = model.map_or([].into(), |model| numbers_of(&meanings, &set.models()[model]));
                }
                let lost = surveying.zip(model).map(|(first, model)| first + model);
                Step::Awaited(word(FieldType::Awaited), Arc::clone(&numbers), lost)
            }
            PHASE => Step::Phase(word(FieldType::Phase), phase_table(bytes, set, gone, surveying.is_some())?),
            3 => Step::Bits(word(FieldType::Bits)),
            _ => return None,
        });
    }
    Some(steps)
}

fn our_word(layout: &Layout, key: &str, kind: FieldType) -> Option<usize> {
    layout.fields.iter().find(|field| field.key == key && field.kind == kind).map(|field| field.word)
}

/// The word of each of the part's phases among ours, `moved` or not; the first entry is "no phase yet".
fn phase_table(bytes: &mut &[u8], set: &ModelSet, gone: &mut Vec<StoredPhase>, surveying: bool) -> Option<Vec<u32>> {
    let name = varint::take_text(bytes)?;
    let model = set.models().iter().find(|model| model.state_name() == name);
    let count = varint::take(bytes)?;
    let mut table = vec![0];
    for _ in 0..count {
        let phase = varint::take_text(bytes)?;
        let home = |model: &Model| model.home(phase).filter(|_| !surveying);
        table.push(match model.map(home) {
            Some(Some(index)) => u32::from(index) + 1,
            Some(None) => GONE + place_among(gone, StoredPhase { model: name.to_owned(), phase: phase.to_owned() }),
            // The whole model is gone: nobody asks for its phases any more.
            None => 0,
        });
    }
    Some(table)
}

/// Whether a key is that of a signal that waits, behind its model's name.
fn is_waitlist(rest: &str) -> bool {
    rest.starts_with("/awaited/")
}

/// The numbers that signals of these meanings have in a model.
fn numbers_of(meanings: &[&str], model: &Model) -> Arc<[Option<u16>]> {
    let ours = model.waiting_meanings();
    let number = |meaning: &&str| ours.iter().position(|our| our == meaning).map(|number| number as u16);
    meanings.iter().map(number).collect()
}

/// Texts behind their number.
pub fn take_texts<'b>(bytes: &mut &'b [u8]) -> Option<Vec<&'b str>> {
    (0..varint::take(bytes)?).map(|_| varint::take_text(bytes)).collect()
}

/// The place of a phase among others, added if it is not there.
fn place_among(phases: &mut Vec<StoredPhase>, phase: StoredPhase) -> u32 {
    let place = phases.iter().position(|other| *other == phase).unwrap_or(phases.len());
    if place == phases.len() {
        phases.push(phase);
    }
    place as u32
}
