//! A recipe at work: from the bytes of a record to its events.

use std::borrow::Cow;
use std::sync::Arc;

use super::condition::{Rule, Tests};
use super::field::{Field, List};
use super::items;
use super::options::Options;
use super::place::Place;
use super::reading::{Purpose, Reading};
use super::slots::{Reader, Slots, View, Wanted};
use super::spec::{Carrier, RecipeSpec};
use super::steps::{self, Reached, Steps};
use crate::formats::found::Found;
use crate::formats::registry::Schemas;
use crate::formats::{Decoded, Decoder, Item, RawRecord, TimeSource};
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

/// What is read of a record, or of the items of one of its arrays.
struct Level {
    reader: Reader,
    name: Option<Field>,
    entries: Vec<Entry>,
    /// What is read if no entry gives anything.
    base: Option<Reading>,
}

struct Entry {
    only: Option<(Tests, Rule)>,
    what: What,
}

enum What {
    One(Box<Reading>),
    Each(Vec<Array>, Box<Level>),
}

/// Where the items of an array are.
#[derive(Debug, Clone, Copy)]
enum Array {
    /// At this place of the level around.
    Slot(usize),
    /// What is read is the array itself, or its only item.
    Itself,
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
                Draft { name: name_of(spec, &mut slots)?, entries: vec![(None, what)], base: None }
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
    entries: Vec<(Option<(Tests, Rule)>, DraftWhat)>,
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
            return Ok(Self { name, entries: vec![(None, DraftWhat::One(Box::new(reading)))], base: None });
        };
        let mut entries = Vec::new();
        for event in events {
            let whole = event.within(spec);
            let only = match (&event.places, &event.when) {
                (None, None) => None,
                (places, when) => {
                    let mut tests = Tests::default();
                    let rule = tests.rule(places.as_ref(), when.as_deref(), slots);
                    Some((tests, rule.map_err(|why| format!("where: {why}"))?))
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
        Ok(Self { name, entries, base })
    }

    fn ready(self, wanted: Wanted, is_loose: bool) -> Level {
        let entries = self.entries.into_iter().map(|(only, what)| {
            let what = match what {
                DraftWhat::One(reading) => What::One(reading),
                DraftWhat::Each(arrays, draft, wanted) => What::Each(arrays, Box::new(draft.ready(wanted, is_loose))),
            };
            Entry { only, what }
        });
        Level { entries: entries.collect(), name: self.name, base: self.base, reader: wanted.reader(is_loose) }
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

impl Level {
    /// The fields of a record of which anything is read; `None` if all of it may be.
    fn keys(&self) -> Option<impl Iterator<Item = &str>> {
        let may_be_an_item = |entry: &Entry| match &entry.what {
            What::One(_) => false,
            What::Each(arrays, _) => arrays.iter().any(|array| matches!(array, Array::Itself)),
        };
        if self.entries.iter().any(may_be_an_item) { None } else { self.reader.extractor.keys() }
    }

    /// The events of a whole record.
    #[inline]
    fn decode<'a>(
        &mut self,
        bytes: &'a [u8],
        record: &RawRecord<'a>,
        around: Option<&View<'_, 'a>>,
    ) -> Result<Decoded<'a>, Reject> {
        // Most records are one event, which is read at once.
        match (self.entries.as_mut_slice(), &self.base) {
            ([Entry { only: None, what: What::One(reading) }], None) => {
                let Self { reader: Reader { extractor, lookups }, name, .. } = self;
                extractor.read(Some(bytes), |found| {
                    let looked_up = lookups.all(record, found, around, name.as_ref());
                    reading.item(record, &View::within(around, found, &looked_up)).map(|item| match item {
                        Item::Event(told) => Decoded::One(told),
                        Item::Dropped(reason) => Decoded::Dropped(reason),
                    })
                })
            }
            ([Entry { only: None, what: What::Each(arrays, level) }], None)
                if is_itself_alone(arrays, &self.reader) && is_object(bytes) =>
            {
                level.decode(bytes, record, Some(&View::of_record(&[], &[])))
            }
            _ => self.decode_several(bytes, record, around),
        }
    }

    #[inline(never)]
    fn decode_several<'a>(
        &mut self,
        bytes: &'a [u8],
        record: &RawRecord<'a>,
        around: Option<&View<'_, 'a>>,
    ) -> Result<Decoded<'a>, Reject> {
        let mut items = Vec::with_capacity(1);
        self.read(bytes, record, around, &mut items)?;
        Ok(match items.len() {
            0 => Decoded::Ignored,
            1 => match items.pop() {
                Some(Item::Event(told)) => Decoded::One(told),
                Some(Item::Dropped(reason)) => Decoded::Dropped(reason),
                None => Decoded::Ignored,
            },
            _ => Decoded::Several(items),
        })
    }

    /// Adds what is read of a record, or of an item.
    fn read<'a>(
        &mut self,
        bytes: &'a [u8],
        record: &RawRecord<'a>,
        around: Option<&View<'_, 'a>>,
        items: &mut Vec<Item<'a>>,
    ) -> Result<(), Reject> {
        let Self { reader, name, entries, base } = self;
        // An object is seen to be UTF-8 while it is read.
        let other = if is_object(bytes) { None } else { Some(utf8(bytes)?) };
        if let ([Entry { only: None, what: What::Each(arrays, level) }], None) = (entries.as_mut_slice(), &base)
            && is_itself_alone(arrays, reader)
        {
            let around = View::of_record(&[], &[]);
            return match other {
                None => level.read(bytes, record, Some(&around), items),
                Some(text) => level.read_items(text, record, Some(&around), items),
            };
        }
        let Reader { extractor, lookups } = reader;
        // An array by itself has no places, so that there is nothing to be read of it but its items.
        if let Some(text) = other.filter(|text| is_array(text))
            && let [Entry { what: What::Each(arrays, level), .. }] = entries.as_mut_slice()
            && arrays.iter().any(|array| matches!(array, Array::Itself))
        {
            let found = vec![Found::Absent; extractor.slots()];
            let looked_up = lookups.all(record, &found, around, None);
            return level.read_items(text, record, Some(&View::of_record(&found, &looked_up)), items);
        }
        let take = |text: &'a str, found: &[_]| {
            let looked_up = lookups.all(record, found, around, name.as_ref());
            let view = View::within(around, found, &looked_up);
            let before = items.len();
            for Entry { only, what } in entries {
                if let Some((tests, rule)) = only
                    && !tests.asked(&view).holds(rule)
                {
                    continue;
                }
                match what {
                    What::One(reading) => items.push(reading.item(record, &view)?),
                    What::Each(arrays, level) => {
                        let inner = View::of_record(found, &looked_up);
                        for array in arrays {
                            let array = match array {
                                Array::Itself => text,
                                Array::Slot(slot) => match &found[*slot] {
                                    Found::Raw(array) => array,
                                    _ => continue,
                                },
                            };
                            // The first that there is, also if it is empty.
                            level.read_items(array, record, Some(&inner), items)?;
                            break;
                        }
                    }
                }
            }
            if let (true, Some(base)) = (items.len() == before, base) {
                items.push(base.item(record, &view)?);
            }
            Ok(())
        };
        match other {
            None => extractor.read_text(Some(bytes), take),
            Some(text) => extractor.read_any(text, take),
        }
    }

    /// Adds what is read of the items of an array, or of its only item.
    fn read_items<'a>(
        &mut self,
        array: &'a str,
        record: &RawRecord<'a>,
        around: Option<&View<'_, 'a>>,
        items: &mut Vec<Item<'a>>,
    ) -> Result<(), Reject> {
        if !is_array(array) {
            return self.read(array.as_bytes(), record, around, items);
        }
        let mut all = items::of(array);
        for (number, item) in (&mut all).enumerate() {
            self.read(item.as_bytes(), record, around, items).map_err(|reject| within(number, reject))?;
        }
        if all.is_whole() { Ok(()) } else { Err(Reject::Malformed("an array that does not end as arrays do".into())) }
    }
}

fn is_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

fn is_array(text: &str) -> bool {
    text.trim_ascii_start().starts_with('[')
}

/// Whether nothing is wanted of a record but itself, or its items.
fn is_itself_alone(arrays: &[Array], reader: &Reader) -> bool {
    matches!(arrays, [Array::Itself]) && reader.wants_nothing()
}

/// Says in which item something is wrong.
fn within(number: usize, reject: Reject) -> Reject {
    match reject {
        Reject::Malformed(why) => Reject::Malformed(format!("item {number}: {why}")),
        Reject::NoCustomer(place) => Reject::NoCustomer(format!("{place} of item {number}")),
        Reject::NoTime(place) => Reject::NoTime(format!("{place} of item {number}")),
        Reject::BadTime(what) => Reject::BadTime(format!("{what} in item {number}")),
        Reject::BadField(what) => Reject::BadField(format!("{what} in item {number}")),
        other => other,
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Reject> {
    std::str::from_utf8(bytes).map_err(|error| Reject::InvalidUtf8(error.valid_up_to()))
}
