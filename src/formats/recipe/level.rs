//! What is read at one level of a record: of all of it, or of the items of one of its arrays.

use super::condition::{Rule, Tests};
use super::field::Field;
use super::items;
use super::reading::Reading;
use super::slots::{Lookups, View};
use crate::formats::decoded::Gathered;
use crate::formats::extract::Extractor;
use crate::formats::found::Found;
use crate::formats::passage::Passage;
use crate::formats::{Decoded, RawRecord};
use crate::journey::Reject;

/// What is read, and what is made of it.
pub(super) struct Level {
    pub(super) extractor: Extractor,
    pub(super) events: Events,
}

/// What is made of what was read.
pub(super) struct Events {
    pub(super) lookups: Lookups,
    /// What the producer calls them.
    pub(super) name: Option<Field>,
    /// The questions that entries ask.
    pub(super) tests: Vec<Tests>,
    pub(super) entries: Vec<Entry>,
    /// What is read if no entry gives anything.
    pub(super) base: Option<Reading>,
}

/// An event that there may be, or several.
pub(super) struct Entry {
    /// What must hold, and among which of the tests its questions are.
    pub(super) only: Option<(usize, Rule)>,
    pub(super) what: What,
}

pub(super) enum What {
    One(Box<Reading>),
    Each(Vec<Array>, Box<Level>),
}

/// Where the items of an array are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Array {
    /// At this place of the level around.
    Slot(usize),
    /// What is read is the array itself, or its only item.
    Itself,
}

impl Level {
    /// The fields of a record of which anything is read; `None` if all of it may be.
    pub(super) fn keys(&self) -> Option<impl Iterator<Item = &str>> {
        let may_be_an_item = |entry: &Entry| match &entry.what {
            What::One(_) => false,
            What::Each(arrays, _) => arrays.iter().any(|array| matches!(array, Array::Itself)),
        };
        if self.events.entries.iter().any(may_be_an_item) { None } else { self.extractor.keys() }
    }

    /// The events of a whole record.
    #[inline]
    pub(super) fn decode<'a>(
        &mut self,
        bytes: &'a [u8],
        record: &RawRecord<'a>,
        around: Option<&View<'_, 'a>>,
    ) -> Result<Decoded<'a>, Reject> {
        // Most records are one event, which is read at once.
        if let Events { lookups, name, entries, base: None, .. } = &mut self.events
            && let [Entry { only: None, what: What::One(reading) }] = entries.as_mut_slice()
        {
            return self.extractor.read_passage(Some(bytes), |whole, found| {
                let looked_up = lookups.all(record, whole, found, around, name.as_ref());
                let read = reading.read(record, &View::within(around, found, &looked_up));
                lookups.keep(looked_up);
                read
            });
        }
        match self.only_items() {
            Some(level) if is_object(bytes) => level.decode(bytes, record, Some(&View::of_record(&[], &[]))),
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
        let mut items = Gathered::default();
        // An object is seen to be UTF-8 while it is read.
        if is_object(bytes) {
            let Self { extractor, events } = self;
            extractor.read_passage(Some(bytes), |whole, found| events.add(record, whole, found, around, &mut items))?;
        } else {
            let text = std::str::from_utf8(bytes).map_err(|error| Reject::InvalidUtf8(error.valid_up_to()))?;
            self.read(Passage::bare(text), record, around, &mut items)?;
        }
        Ok(items.into())
    }

    /// The level of its items, if nothing is wanted of what is read but itself, or its items.
    fn only_items(&mut self) -> Option<&mut Self> {
        let Events { entries, base: None, lookups, .. } = &mut self.events else { return None };
        match entries.as_mut_slice() {
            [Entry { only: None, what: What::Each(arrays, level) }]
                if matches!(arrays[..], [Array::Itself]) && lookups.are_none() && self.extractor.slots() == 0 =>
            {
                Some(level)
            }
            _ => None,
        }
    }

    /// Adds what is read of a part of a record, or of a record that is no object.
    fn read<'a>(
        &mut self,
        part: Passage<'_, 'a>,
        record: &RawRecord<'a>,
        around: Option<&View<'_, 'a>>,
        items: &mut Gathered<'a>,
    ) -> Result<(), Reject> {
        let Self { extractor, events } = self;
        // An array by itself has no places, so that there is nothing to be read of it but its items.
        if is_array(part.text)
            && let [Entry { what: What::Each(arrays, level), .. }] = events.entries.as_mut_slice()
            && arrays.iter().any(|array| matches!(array, Array::Itself))
        {
            let found = vec![Found::Absent; extractor.slots()];
            let looked_up = events.lookups.all(record, part, &found, around, None);
            let array = if part.quotes.is_some() { part } else { extractor.mark(part.text) };
            return level.read_items(array, record, Some(&View::of_record(&found, &looked_up)), items);
        }
        if let Some(level) = self.only_items() {
            return level.read(part, record, Some(&View::of_record(&[], &[])), items);
        }
        let Self { extractor, events } = self;
        extractor.read_any(part, |whole, found| events.add(record, whole, found, around, items))
    }

    /// Adds what is read of the items of an array, or of its only item.
    fn read_items<'a>(
        &mut self,
        array: Passage<'_, 'a>,
        record: &RawRecord<'a>,
        around: Option<&View<'_, 'a>>,
        items: &mut Gathered<'a>,
    ) -> Result<(), Reject> {
        if !is_array(array.text) {
            return self.read(array, record, around, items);
        }
        let mut all = items::of(array);
        for (number, item) in (&mut all).enumerate() {
            self.read(item, record, around, items).map_err(|reject| within(number, reject))?;
        }
        if all.is_whole() { Ok(()) } else { Err(Reject::Malformed("an array that does not end as arrays do".into())) }
    }
}

impl Events {
    /// Adds those of which this was found in a text.
    fn add<'a>(
        &mut self,
        record: &RawRecord<'a>,
        whole: Passage<'_, 'a>,
        found: &[Found<'a>],
        around: Option<&View<'_, 'a>>,
        items: &mut Gathered<'a>,
    ) -> Result<(), Reject> {
        let Self { lookups, name, tests, entries, base } = self;
        let looked_up = lookups.all(record, whole, found, around, name.as_ref());
        let view = View::within(around, found, &looked_up);
        let before = items.len();
        let mut asked = None;
        for Entry { only, what } in entries {
            if let Some((among, rule)) = only {
                let (_, asked) = match asked.take().filter(|(known, _)| known == among) {
                    Some(known) => asked.insert(known),
                    None => asked.insert((*among, tests[*among].asked(&view))),
                };
                if !asked.holds(rule) {
                    continue;
                }
            }
            match what {
                What::One(reading) => items.push(reading.read(record, &view)?),
                What::Each(arrays, level) => {
                    // The first that there is, also if it is empty.
                    let array = arrays.iter().find_map(|array| match array {
                        Array::Itself => Some(whole),
                        Array::Slot(slot) => match &found[*slot] {
                            Found::Raw(array) => Some(whole.part(array)),
                            _ => None,
                        },
                    });
                    if let Some(array) = array {
                        level.read_items(array, record, Some(&View::of_record(found, &looked_up)), items)?;
                    }
                }
            }
        }
        match base {
            Some(base) if items.len() == before => items.push(base.read(record, &view)?),
            _ => {}
        }
        lookups.keep(looked_up);
        Ok(())
    }
}

fn is_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{")
}

fn is_array(text: &str) -> bool {
    text.trim_ascii_start().starts_with('[')
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
