//! Where what a recipe asks for is kept while a record is read, and how it gets there.
//!
//! Most places are slots of the JSON reader. What it cannot find by itself is looked up afterwards: the record's key, time and
//! headers, and items of arrays that are told apart by one of their keys.

use std::borrow::Cow;

use super::clock::decimal;
use super::condition::{Rule, Tests};
use super::field::{Field, List, total};
use super::items;
use super::place::{Beside, ItemPath, Path, Place};
use super::spec::{FieldSpec, Ordered};
use super::test_spec::TestSpec;
use crate::formats::RawRecord;
use crate::formats::extract::Extractor;
use crate::formats::found::{Found, relet};
use crate::formats::passage::Passage;
use crate::formats::shape::Shape;

/// What is kept of a place, or of a whole record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    list: u8,
    index: u16,
}

/// What was found, list by list.
pub(super) struct View<'v, 'a> {
    lists: [&'v [Found<'a>]; 4],
}

impl<'v, 'a> View<'v, 'a> {
    /// What was found in a record.
    pub(super) fn of_record(found: &'v [Found<'a>], looked_up: &'v [Found<'a>]) -> Self {
        Self { lists: [found, looked_up, &[], &[]] }
    }

    /// What was found in an item of its array, too.
    pub(super) fn with_item(&self, found: &'v [Found<'a>], looked_up: &'v [Found<'a>]) -> Self {
        Self { lists: [self.lists[0], self.lists[1], found, looked_up] }
    }

    /// What was found in a record, or in an item of what was found around it.
    pub(super) fn within(around: Option<&Self>, found: &'v [Found<'a>], looked_up: &'v [Found<'a>]) -> Self {
        around.map_or_else(|| Self::of_record(found, looked_up), |around| around.with_item(found, looked_up))
    }

    /// What stands at a place.
    #[inline(always)]
    pub(super) fn get(&self, slot: Slot) -> &'v Found<'a> {
        &self.lists[usize::from(slot.list)][usize::from(slot.index)]
    }
}

/// What is wanted of a record, or of the items of an array.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    shape: Shape,
    lookups: Vec<Lookup>,
    /// How many places the look-ups fill.
    looked_up: u16,
}

/// What is looked up after reading.
#[derive(Debug)]
enum Lookup {
    Beside { index: u16, what: Beside },
    Items(ItemLookup),
    Sum { index: u16, array: usize, wanted: Wanted, of: Field, tests: Tests, rule: Rule },
}

/// The items of one array that are told apart by one key.
#[derive(Debug)]
struct ItemLookup {
    array: usize,
    key: Vec<String>,
    shape: Shape,
    /// The slot of the key, in an item.
    key_slot: usize,
    /// The key's value, the slot in the item, and where what is found goes.
    wanted: Vec<(String, usize, u16)>,
}

/// Hands out slots for places.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// Of the record.
    pub(super) record: Wanted,
    /// Of the items of the array that is read, if one is.
    pub(super) item: Option<Wanted>,
    /// Whether paths are those of XML: see [`Shape::loosen`].
    pub(super) is_loose: bool,
}

impl Slots {
    /// The slot of a place.
    pub(super) fn of(&mut self, place: &str) -> Result<Slot, String> {
        if let ("", Some(item)) = (place, &mut self.item) {
            // The item itself, where it is no object.
            return Ok(item.keys(&[], 2));
        }
        let place = Place::read(place)?;
        let (wanted, list) = match (&place, &mut self.item) {
            (Place::Path(_), Some(item)) => (item, 2),
            _ => (&mut self.record, 0),
        };
        match place {
            Place::Path(path) | Place::Around(path) => Ok(wanted.path(path, list)),
            Place::Beside(what) => Ok(wanted.beside(what, list)),
        }
    }

    /// What is wanted of what is read: the items of an array, if one is, or else the record.
    pub(super) fn here(&mut self) -> &mut Wanted {
        self.item.as_mut().unwrap_or(&mut self.record)
    }

    /// The slot of a sum over the items of an array.
    pub(super) fn sum(
        &mut self,
        array: Place,
        of: &FieldSpec,
        places: Option<&Ordered<TestSpec>>,
    ) -> Result<Slot, String> {
        // In the items, places are theirs, and what is around them is the record.
        let around = std::mem::take(&mut self.record);
        let mut inner = Slots { record: around, item: Some(Wanted::default()), is_loose: self.is_loose };
        let of = Field::new(of, List::First, &mut inner);
        let mut tests = Tests::default();
        let rule = tests.rule(places, None, &mut inner);
        let wanted = inner.item.take().unwrap_or_default();
        self.record = inner.record;
        let (of, rule) = (of?, rule?);
        let (holder, list) = match (&array, &mut self.item) {
            (Place::Path(_), Some(item)) => (item, 2),
            _ => (&mut self.record, 0),
        };
        let (Place::Path(path) | Place::Around(path)) = array else { return Err("`sum` goes over an array".into()) };
        let array = holder.raw(&path.keys);
        Ok(holder.look_up(list, |index| Lookup::Sum { index, array, wanted, of, tests, rule }))
    }
}

impl Wanted {
    /// The slot of the text of an array or object, in the reader's findings.
    pub(super) fn raw(&mut self, keys: &[String]) -> usize {
        self.shape.raw_slot(keys)
    }

    /// A slot by its keys.
    pub(super) fn keys(&mut self, keys: &[String], list: u8) -> Slot {
        Slot { list, index: self.shape.slot(keys) as u16 }
    }

    /// A slot by its keys; arrays and objects are kept as their texts.
    pub(super) fn whole(&mut self, keys: &[String], list: u8) -> Slot {
        Slot { list, index: self.raw(keys) as u16 }
    }

    fn path(&mut self, path: Path, list: u8) -> Slot {
        match path.item {
            None => self.keys(&path.keys, list),
            Some(item) => self.item(&path.keys, item, list),
        }
    }

    /// What stands beside the value: looked up once, however often it is asked for.
    fn beside(&mut self, wanted: Beside, list: u8) -> Slot {
        let known = self.lookups.iter().find_map(|lookup| match lookup {
            Lookup::Beside { index, what } if *what == wanted => Some(*index),
            _ => None,
        });
        match known {
            Some(index) => Slot { list: list + 1, index },
            None => self.look_up(list, |index| Lookup::Beside { index, what: wanted }),
        }
    }

    fn look_up(&mut self, list: u8, lookup: impl FnOnce(u16) -> Lookup) -> Slot {
        let index = self.looked_up;
        self.looked_up += 1;
        self.lookups.push(lookup(index));
        Slot { list: list + 1, index }
    }

    fn item(&mut self, array: &[String], path: ItemPath, list: u8) -> Slot {
        let array = self.shape.raw_slot(array);
        let known = self
            .lookups
            .iter()
            .position(|lookup| matches!(lookup, Lookup::Items(items) if items.array == array && items.key == path.key));
        let known = known.unwrap_or_else(|| {
            let mut shape = Shape::default();
            let key_slot = shape.slot(&path.key);
            let lookup = ItemLookup { array, key: path.key, shape, key_slot, wanted: Vec::new() };
            self.lookups.push(Lookup::Items(lookup));
            self.lookups.len() - 1
        });
        let Lookup::Items(items) = &mut self.lookups[known] else { unreachable!("just found or made") };
        let slot = items.shape.slot(&path.rest);
        if let Some((.., index)) = items.wanted.iter().find(|(value, of, _)| *value == path.value && *of == slot) {
            return Slot { list: list + 1, index: *index };
        }
        let index = self.looked_up;
        self.looked_up += 1;
        items.wanted.push((path.value, slot, index));
        Slot { list: list + 1, index }
    }

    /// Ready to read.
    pub(super) fn reader(mut self, is_loose: bool) -> Reader {
        let ready = |mut shape: Shape| {
            if is_loose {
                shape.loosen();
            }
            Extractor::new(shape)
        };
        let lookups = std::mem::take(&mut self.lookups);
        let looks = lookups.into_iter().map(|lookup| match lookup {
            Lookup::Beside { index, what } => Look::Beside { index, what },
            Lookup::Items(ItemLookup { array, shape, key_slot, wanted, .. }) => {
                Look::Items(Box::new(ItemLook { array, extractor: ready(shape), key_slot, wanted }))
            }
            Lookup::Sum { index, array, wanted, of, tests, rule } => {
                Look::Sum(Box::new(Sum { index, array, reader: wanted.reader(is_loose), of, tests, rule }))
            }
        });
        Reader {
            lookups: Lookups { looks: looks.collect(), memory: Vec::new(), places: usize::from(self.looked_up) },
            extractor: ready(self.shape),
        }
    }
}

/// Reads what is wanted.
pub(super) struct Reader {
    pub(super) extractor: Extractor,
    pub(super) lookups: Lookups,
}

/// What is looked up after a record or an item was read.
pub(super) struct Lookups {
    looks: Vec<Look>,
    /// Of what was looked up last, all empty.
    memory: Vec<Found<'static>>,
    places: usize,
}

enum Look {
    Beside { index: u16, what: Beside },
    Items(Box<ItemLook>),
    Sum(Box<Sum>),
}

/// The items of one array that are told apart by one key.
struct ItemLook {
    array: usize,
    extractor: Extractor,
    key_slot: usize,
    /// The key's value, the slot in the item, and where what is found goes.
    wanted: Vec<(String, usize, u16)>,
}

impl ItemLook {
    fn put<'a>(&mut self, whole: Passage<'_, 'a>, found: &[Found<'a>], all: &mut [Found<'a>]) {
        let Self { array, extractor, key_slot, wanted } = self;
        let Found::Raw(text) = &found[*array] else { return };
        for item in items::of(whole.part(text)) {
            // What is no object has no key.
            let _ = extractor.read_part(item, |_, found| {
                let Found::Text(key) = &found[*key_slot] else { return Ok(()) };
                for (_, slot, index) in wanted.iter().filter(|(value, ..)| value == key) {
                    let place = &mut all[usize::from(*index)];
                    if place.is_missing() {
                        *place = found[*slot].clone();
                    }
                }
                Ok(())
            });
        }
    }
}

/// A sum over the items of an array.
struct Sum {
    index: u16,
    array: usize,
    reader: Reader,
    of: Field,
    tests: Tests,
    rule: Rule,
}

impl Sum {
    fn of<'a>(
        &mut self,
        record: &RawRecord<'a>,
        whole: Passage<'_, 'a>,
        array: &Found<'a>,
        around: &View<'_, 'a>,
    ) -> Found<'a> {
        let Found::Raw(text) = array else { return Found::Absent };
        let Self { reader: Reader { extractor, lookups }, of, tests, rule, .. } = self;
        let mut parts = Vec::new();
        for item in items::of(whole.part(text)) {
            // What is no object has nothing that could be summed up.
            let _ = extractor.read_part(item, |item, found| {
                let looked_up = lookups.all(record, item, found, Some(around), None);
                let view = around.with_item(found, &looked_up);
                if tests.asked(&view).holds(rule) {
                    parts.extend(of.with(&view, decimal).map(Some));
                }
                lookups.keep(looked_up);
                Ok(())
            });
        }
        total(parts.into_iter())
    }
}

impl Lookups {
    /// Whether nothing is looked up.
    pub(super) fn are_none(&self) -> bool {
        self.looks.is_empty()
    }

    /// Looks everything up: in the record, and in the text that was read, of which this was found.
    #[inline]
    pub(super) fn all<'a>(
        &mut self,
        record: &RawRecord<'a>,
        whole: Passage<'_, 'a>,
        found: &[Found<'a>],
        around: Option<&View<'_, 'a>>,
        name: Option<&Field>,
    ) -> Vec<Found<'a>> {
        if self.looks.is_empty() {
            return Vec::new();
        }
        self.some(record, whole, found, around, name)
    }

    /// Takes back what is needed no more. (Memory is dear where it is asked for with every record.)
    #[inline]
    pub(super) fn keep(&mut self, looked_up: Vec<Found<'_>>) {
        if !looked_up.is_empty() {
            self.memory = relet(looked_up);
        }
    }

    #[inline(never)]
    fn some<'a>(
        &mut self,
        record: &RawRecord<'a>,
        whole: Passage<'_, 'a>,
        found: &[Found<'a>],
        around: Option<&View<'_, 'a>>,
        name: Option<&Field>,
    ) -> Vec<Found<'a>> {
        let mut all: Vec<Found<'a>> = relet(std::mem::take(&mut self.memory));
        all.resize(self.places, Found::Absent);
        for look in &mut self.looks {
            match look {
                Look::Beside { index, what } => all[usize::from(*index)] = beside(record, what),
                Look::Sum(sum) => {
                    let around = View::within(around, found, &all);
                    let total = sum.of(record, whole, &found[sum.array], &around);
                    all[usize::from(sum.index)] = total;
                }
                Look::Items(items) => items.put(whole, found, &mut all),
            }
        }
        // Made of what was looked up before.
        for look in &self.looks {
            if let (Look::Beside { index, what: Beside::Name }, Some(name)) = (look, name) {
                let is = name.get(&View::within(around, found, &all));
                all[usize::from(*index)] = is;
            }
        }
        all
    }
}

/// What a record has beside its value, as far as it is known before the rest is looked up.
fn beside<'a>(record: &RawRecord<'a>, what: &Beside) -> Found<'a> {
    let text = match what {
        Beside::Key => record.key.and_then(|key| std::str::from_utf8(key).ok()).map(Cow::Borrowed),
        Beside::Header(name) => {
            record.headers.get(name).and_then(|value| String::from_utf8(value).ok()).map(Cow::Owned)
        }
        Beside::Timestamp if record.timestamp >= 0 => return Found::Unsigned(record.timestamp.unsigned_abs()),
        Beside::Timestamp | Beside::Name => None,
    };
    text.map_or(Found::Absent, Found::Text)
}
