//! Which fields a part's records have, and how they map to the records of the active models.

use crate::engine::homeless::GONE;
use crate::engine::ports::StoredPhase;
use crate::journey::{FieldType, Layout, Model, ModelSet};

use super::varint;

/// How a phase is told in a schema.
pub const PHASE: u8 = 2;

/// The names behind a part's numbers, as bytes: written into every part, compared as a whole.
pub fn describe(set: &ModelSet) -> Vec<u8> {
    let mut out = Vec::new();
    let layout = set.layout();
    varint::put(layout.fields.len() as u64, &mut out);
    for field in &layout.fields {
        varint::put_text(&field.key, &mut out);
        match field.kind {
            FieldType::U32 => out.push(0),
            FieldType::I64 => out.push(1),
            FieldType::Bits => out.push(3),
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
    /// A signal that waits and that we do not know: counted in this word.
    Waits(usize),
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
    for _ in 0..count {
        let key = varint::take_text(bytes)?;
        let (&kind, rest) = bytes.split_first()?;
        *bytes = rest;
        let word = |kind| our_word(set.layout(), key, kind);
        steps.push(match kind {
            0 => Step::U32(word(FieldType::U32)),
            1 => match (word(FieldType::I64), surveying) {
                (None, Some(first)) => waits_word(key, set, first).map_or(Step::I64(None), Step::Waits),
                (word, _) => Step::I64(word),
            },
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

/// The word that counts what waits under this key, if it is one of a model's waiting signals.
fn waits_word(key: &str, set: &ModelSet, first: usize) -> Option<usize> {
    let (model, field) = key.split_once('/')?;
    let model = set.models().iter().position(|ours| ours.state_name() == model)?;
    field.starts_with("awaited=").then_some(first + model)
}

/// The place of a phase among others, added if it is not there.
fn place_among(phases: &mut Vec<StoredPhase>, phase: StoredPhase) -> u32 {
    let place = phases.iter().position(|other| *other == phase).unwrap_or(phases.len());
    if place == phases.len() {
        phases.push(phase);
    }
    place as u32
}
