//! A recipe, compiled: from the bytes of a record to its events.

use std::borrow::Cow;
use std::sync::Arc;

use super::condition::{Rule, Tests};
use super::field::{Field, List};
use super::level::{Array, Entry, Events, Level, What};
use super::options::Options;
use super::place::Place;
use super::reading::{Purpose, Reading};
use super::slots::{Reader, Slots, Wanted};
use super::spec::{Carrier, RecipeSpec};
use super::steps::{self, Reached, Steps};
use crate::formats::registry::Schemas;
use crate::formats::{Decoded, Decoder, RawRecord, TimeSource};
use crate::journey::{Reject, Vocabulary};

/// A recipe with what an input says of it.
pub(in crate::formats) struct Recipe<'s> {
    /// What stands where.
    pub(in crate::formats) spec: &'s RecipeSpec,
    /// What the input says beside.
    pub(in crate::formats) options: &'s Options,
    /// Whether the recipe is the user's own: then something else than a number where money is to be is an error.
    pub(in crate::formats) is_strict: bool,
}

/// What a decoder is opened for.
#[derive(Debug, Clone, Copy)]
pub(in crate::formats) struct Wish<'v> {
    /// The kinds and attributes that somebody knows.
    pub(in crate::formats) vocabulary: &'v Vocabulary,
    /// Where times come from.
    pub(in crate::formats) time: TimeSource,
    /// Whether identifiers, currency and the producer's name for an event are wanted, too.
    pub(in crate::formats) has_details: bool,
    /// Where schemas are kept, for records that need them.
    pub(in crate::formats) schemas: Option<&'v Arc<dyn Schemas>>,
}

/// A recipe, compiled.
pub(in crate::formats) struct RecipeDecoder {
    steps: Steps,
    level: Level,
}

impl Recipe<'_> {
    /// Checks everything that can be wrong with a recipe, whatever it is used for. An error says what to write instead.
    pub(in crate::formats) fn check(&self) -> Result<(), String> {
        if self.spec.kind.is_none() && self.spec.events.is_none() {
            return Err("kind is missing; add kind".into());
        }
        let vocabulary = Vocabulary::new(Vec::new(), Vec::new(), true);
        let time = if self.spec.time.is_some() { TimeSource::Event } else { TimeSource::Record };
        self.decoder(Wish { vocabulary: &vocabulary, time, has_details: true, schemas: None }).map(|_| ())?;
        for (name, field) in self.spec.attributes.iter().flatten() {
            let mut slots = Slots { item: Some(Wanted::default()), ..Slots::default() };
            Field::new(field, List::First, &mut slots).map_err(|why| format!("{name}: {why}"))?;
        }
        Ok(())
    }

    /// Whether records can only be read with schemas of a registry.
    pub(in crate::formats) fn needs_schemas(&self) -> bool {
        steps::need_schemas(self.spec, self.options)
    }

    /// A decoder that takes what is wished for.
    pub(in crate::formats) fn decoder(&self, wish: Wish<'_>) -> Result<RecipeDecoder, String> {
        let Self { spec, options, is_strict } = *self;
        let Wish { vocabulary, time, has_details, schemas } = wish;
        let purpose = Purpose { vocabulary, time, options, is_strict, has_details };
        let is_loose = spec.reads == Some(Carrier::Xml);
        let mut steps = Steps::new(spec, options, schemas)?;
        let mut slots = Slots { is_loose, ..Slots::default() };
        let draft = match &spec.each {
            None => Draft::new(spec, &mut slots, &purpose)?,
            Some(each) => {
                let inner = RecipeSpec { each: None, ..spec.clone() };
                let what = DraftWhat::each(&each.0, &inner, &mut slots, &purpose)?;
                Draft { name: name_of(spec, &mut slots)?, tests: Vec::new(), entries: vec![(None, what)], base: None }
            }
        };
        let level = draft.ready(slots.record, is_loose);
        if let Some(keys) = level.keys() {
            steps.keep(keys);
        }
        Ok(RecipeDecoder { steps, level })
    }
}

/// A level before its readers are ready: places may still be asked for.
struct Draft {
    name: Option<Field>,
    /// One mostly: entries ask the same questions. More where there are more than fit in.
    tests: Vec<Tests>,
    entries: Vec<(Option<(usize, Rule)>, DraftWhat)>,
    base: Option<Reading>,
}

enum DraftWhat {
    One(Box<Reading>),
    Each(Vec<Array>, Box<Draft>, Wanted),
}

impl Draft {
    fn new(spec: &RecipeSpec, slots: &mut Slots, purpose: &Purpose<'_>) -> Result<Self, String> {
        let name = name_of(spec, slots)?;
        let Some(events) = &spec.events else {
            let reading = Reading::new(spec, slots, purpose)?;
            let entries = vec![(None, DraftWhat::One(Box::new(reading)))];
            return Ok(Self { name, tests: Vec::new(), entries, base: None });
        };
        let (mut tests, mut entries): (Vec<Tests>, _) = (Vec::new(), Vec::new());
        for event in events {
            let whole = event.within(spec);
            let only = match (&event.places, &event.when) {
                (None, None) => None,
                (places, when) => {
                    let questions = places.iter().flat_map(|places| &places.0).count() + usize::from(when.is_some());
                    let mut last = tests.pop_if(|tests| tests.have_room_for(questions)).unwrap_or_default();
                    let rule = last.rule(places.as_ref(), when.as_deref(), slots);
                    let rule = rule.map_err(|why| format!("where: {why}"))?;
                    tests.push(last);
                    Some((tests.len() - 1, rule))
                }
            };
            let what = match &event.each {
                Some(each) => DraftWhat::each(&each.0, &RecipeSpec { each: None, ..whole }, slots, purpose)?,
                None => DraftWhat::One(Box::new(Reading::new(&whole, slots, purpose)?)),
            };
            entries.push((only, what));
        }
        let has_always = entries.iter().any(|(only, what)| only.is_none() && matches!(what, DraftWhat::One(_)));
        let base = RecipeSpec { events: None, ..spec.clone() };
        let base = if has_always { None } else { Some(Reading::new(&base, slots, purpose)?) };
        Ok(Self { name, tests, entries, base })
    }

    fn ready(self, wanted: Wanted, is_loose: bool) -> Level {
        let entries = self.entries.into_iter().map(|(only, what)| {
            let what = match what {
                DraftWhat::One(reading) => What::One(reading),
                DraftWhat::Each(arrays, draft, wanted) => What::Each(arrays, Box::new(draft.ready(wanted, is_loose))),
            };
            Entry { only, what }
        });
        let Self { name, tests, base, .. } = self;
        let Reader { extractor, lookups } = wanted.reader(is_loose);
        Level { extractor, events: Events { lookups, name, tests, entries: entries.collect(), base } }
    }
}

impl DraftWhat {
    /// The items of an array: in them, places are theirs, and what is around them is what was read before.
    fn each(each: &[String], inner: &RecipeSpec, slots: &mut Slots, purpose: &Purpose<'_>) -> Result<Self, String> {
        let mut arrays = Vec::new();
        for place in each {
            arrays.push(match Place::array(place).map_err(|why| format!("each: {why}"))? {
                Place::Path(path) if path.keys.is_empty() => Array::Itself,
                Place::Path(path) => Array::Slot(slots.here().raw(&path.keys)),
                _ => return Err(format!("each: {place} is around what is read; leave `^` out")),
            });
        }
        let around = std::mem::take(slots.here());
        let mut within = Slots { record: around, item: Some(Wanted::default()), is_loose: slots.is_loose };
        let draft = Draft::new(inner, &mut within, purpose);
        *slots.here() = within.record;
        Ok(Self::Each(arrays, Box::new(draft?), within.item.unwrap_or_default()))
    }
}

/// What the producer calls the events of a level.
fn name_of(spec: &RecipeSpec, slots: &mut Slots) -> Result<Option<Field>, String> {
    // Of what is around the items of an array there may be no more to say than of the items.
    if spec.each.is_some() {
        return Ok(None);
    }
    let name = spec.name.as_ref().map(|name| Field::new(name, List::First, slots)).transpose();
    name.map_err(|why| format!("name: {why}"))
}

impl Decoder for RecipeDecoder {
    fn decode<'a>(&mut self, record: &RawRecord<'a>) -> Result<Decoded<'a>, Reject> {
        let Some(value) = record.value.filter(|value| !value.is_empty()) else {
            let is_tombstone = record.value.is_none() && self.steps.has_tombstones();
            return if is_tombstone { Ok(Decoded::Ignored) } else { Err(Reject::Empty) };
        };
        if self.steps.is_empty() {
            return self.level.decode(value, record, None);
        }
        match self.steps.take(value)? {
            Reached::Nothing => Ok(Decoded::Ignored),
            Reached::NotYet => Ok(Decoded::NotYet),
            Reached::Json(Cow::Borrowed(bytes)) => self.level.decode(bytes, record, None),
            Reached::Json(Cow::Owned(bytes)) => {
                let inner = RawRecord { value: Some(&bytes), ..*record };
                self.level.decode(&bytes, &inner, None).map(Decoded::into_owned)
            }
        }
    }
}
