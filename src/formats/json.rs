//! JSON formats whose fields stand at fixed places: a format is a table ([`JsonFormat`]), the code is here.
//!
//! Not in here: any knowledge of one format.

use std::borrow::Cow;

use super::extract::Extractor;
use super::found::Found;
use super::shape::Shape;
use super::time::believable;
use super::word::{Ends, Word};
use super::{Decoded, Decoder, RawRecord, TimeSource, number, time};
use crate::journey::{Amount, Attr, AttrType, Event, KindId, Reject, Vocabulary};

/// Keys from the outermost object to a field.
pub(super) type Path = &'static [&'static str];

/// Where a format has what, and what its kinds are called.
#[derive(Debug)]
pub(super) struct JsonFormat {
    /// The customer; a text that is not empty.
    pub(super) customer: Path,
    /// The time.
    pub(super) time: TimeAt,
    /// The producer's id of the event; anything but a text is no id.
    pub(super) id: Path,
    /// The money.
    pub(super) value: ValueAt,
    /// The object that holds the attributes, by their names.
    pub(super) attributes: Path,
    /// What the events are called; the first rule that matches counts.
    pub(super) kinds: &'static [KindRule],
}

/// Where the time stands, and how it is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum TimeAt {
    /// A text as RFC 3339 has it.
    Rfc3339(Path),
    /// A whole number of seconds since 1970.
    Seconds(Path),
}

/// Where the money stands. A format that has none, or something else than a number there, gives none.
#[derive(Debug, Clone, Copy)]
pub(super) enum ValueAt {
    /// Nowhere.
    Nowhere,
    /// In units, in the first of these places that has a number.
    Units(&'static [Path]),
    /// A whole number of the currency's smallest unit.
    Minor {
        /// The number.
        amount: Path,
        /// The currency's three letters.
        currency: Path,
    },
}

/// What an event is called if all its tests hold.
#[derive(Debug)]
pub(super) struct KindRule {
    /// The kind, in the journey's words.
    pub(super) kind: &'static str,
    /// The tests.
    pub(super) when: &'static [(Path, Test)],
}

/// A test of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Test {
    /// It is this one.
    Is(&'static str),
    /// It begins so.
    StartsWith(&'static str),
}

/// A [`Test`], made ready.
#[derive(Debug, PartialEq)]
enum Expected {
    Word(Word),
    Beginning(&'static str),
}

impl Expected {
    fn new(test: Test) -> Self {
        match test {
            Test::Is(word) => Self::Word(Word::new(word)),
            Test::StartsWith(beginning) => Self::Beginning(beginning),
        }
    }

    fn is(&self, found: &Found<'_>) -> bool {
        let Found::Text(text) = found else { return false };
        match self {
            Self::Word(word) => word.is(text.as_bytes(), Ends::of(text.as_bytes())),
            Self::Beginning(beginning) => text.starts_with(beginning),
        }
    }
}

/// A format's table, compiled against a vocabulary: paths are slots, kinds are ids.
pub(super) struct JsonDecoder {
    extractor: Extractor,
    fields: Fields,
}

/// What the slots mean.
struct Fields {
    format: &'static JsonFormat,
    customer: usize,
    time: Option<usize>,
    id: usize,
    kinds: Kinds,
    value: Vec<usize>,
    attrs: Vec<(usize, AttrType)>,
}

/// [`KindRule`]s over slots. Several rules share a test, so each is asked once.
struct Kinds {
    tests: Vec<(usize, Expected)>,
    /// A rule's tests, a bit each, and its kind: none if no model knows it.
    rules: Vec<(u64, Option<KindId>)>,
}

impl Kinds {
    fn new(rules: &[KindRule], vocabulary: &Vocabulary, shape: &mut Shape) -> Self {
        let mut tests: Vec<(usize, Expected)> = Vec::new();
        let rules = rules.iter().map(|rule| {
            let bits = rule.when.iter().fold(0, |bits, (path, test)| {
                let test = (shape.slot(*path), Expected::new(*test));
                let place = tests.iter().position(|known| *known == test).unwrap_or_else(|| {
                    tests.push(test);
                    tests.len() - 1
                });
                assert!(place < 64, "a format with more than 64 tests needs a wider word");
                bits | 1 << place
            });
            (bits, vocabulary.kind(rule.kind))
        });
        Self { rules: rules.collect(), tests }
    }

    fn read(&self, found: &[Found<'_>]) -> Option<KindId> {
        let (mut holds, mut fails) = (0_u64, 0_u64);
        let matches = |&(bits, _): &&(u64, Option<KindId>)| {
            while bits & fails == 0 {
                let open = bits & !holds;
                if open == 0 {
                    return true;
                }
                let (slot, expected) = &self.tests[open.trailing_zeros() as usize];
                let bit = open & open.wrapping_neg();
                *if expected.is(&found[*slot]) { &mut holds } else { &mut fails } |= bit;
            }
            false
        };
        self.rules.iter().find(matches).and_then(|(_, kind)| *kind)
    }
}

impl JsonDecoder {
    /// A decoder that takes what the vocabulary knows.
    pub(super) fn new(format: &'static JsonFormat, vocabulary: &Vocabulary, time: TimeSource) -> Self {
        let mut shape = Shape::new();
        let kinds = Kinds::new(format.kinds, vocabulary, &mut shape);
        let value = if vocabulary.reads_value() { format.value.paths() } else { Vec::new() };
        let fields = Fields {
            format,
            customer: shape.slot(format.customer),
            time: (time == TimeSource::Event).then(|| shape.slot(format.time.path())),
            id: shape.slot(format.id),
            kinds,
            value: value.into_iter().map(|path| shape.slot(path)).collect(),
            attrs: vocabulary
                .attrs()
                .iter()
                .map(|(name, of)| (shape.slot(format.attributes.iter().copied().chain([name.as_str()])), *of))
                .collect(),
        };
        Self { extractor: Extractor::new(shape), fields }
    }
}

impl Fields {
    fn event<'a>(&self, record: &RawRecord<'a>, found: &[Found<'a>]) -> Result<Event<'a>, Reject> {
        let customer = match &found[self.customer] {
            Found::Text(text) if !text.is_empty() => text.clone(),
            _ => return Err(Reject::NoCustomer(self.format.customer.join("."))),
        };
        let at = match self.time {
            None => record_time(record.timestamp)?,
            Some(slot) => self.format.time.read(&found[slot])?,
        };
        let kind = self.kinds.read(found);
        let known = kind.is_some();
        Ok(Event {
            customer,
            at,
            time_is_own: self.time.is_some(),
            kind,
            id: event_id(&found[self.id]),
            value: if known { self.value(found) } else { None },
            attrs: if known && !self.attrs.is_empty() { self.attrs(found) } else { Vec::new() },
        })
    }

    fn value(&self, found: &[Found<'_>]) -> Option<Amount> {
        match (self.format.value, &*self.value) {
            (ValueAt::Minor { .. }, [amount, currency]) => {
                let currency = found[*currency].text().map_or("", |text| text);
                number::amount_of_minor(integer(&found[*amount])?, currency)
            }
            (_, places) => places.iter().find_map(|slot| units(&found[*slot])),
        }
    }

    fn attrs<'a>(&self, found: &[Found<'a>]) -> Vec<Option<Attr<'a>>> {
        self.attrs.iter().map(|(slot, of)| attribute(&found[*slot], *of)).collect()
    }
}

impl Decoder for JsonDecoder {
    fn decode<'a>(&mut self, record: &RawRecord<'a>) -> Result<Decoded<'a>, Reject> {
        self.extractor
            .read(record.value, |found| self.fields.event(record, found).map(|event| Decoded::One(event.into())))
    }
}

impl TimeAt {
    fn path(self) -> Path {
        match self {
            Self::Rfc3339(path) | Self::Seconds(path) => path,
        }
    }

    fn read(self, found: &Found<'_>) -> Result<i64, Reject> {
        if found.is_missing() {
            return Err(Reject::NoTime(self.path().join(".")));
        }
        let ms = match self {
            Self::Rfc3339(_) => found.text().and_then(|text| time::rfc3339(text)),
            Self::Seconds(_) => integer(found).and_then(|seconds| seconds.checked_mul(1000)),
        };
        ms.and_then(believable).ok_or_else(|| Reject::BadTime(format!("{} is {found}", self.path().join("."))))
    }
}

impl ValueAt {
    fn paths(self) -> Vec<Path> {
        match self {
            Self::Nowhere => Vec::new(),
            Self::Units(paths) => paths.to_vec(),
            Self::Minor { amount, currency } => vec![amount, currency],
        }
    }
}

/// The record's timestamp as the time of its event.
pub(super) fn record_time(timestamp: i64) -> Result<i64, Reject> {
    const PLACE: &str = "the record's timestamp";
    match timestamp {
        -1 => Err(Reject::NoTime(PLACE.into())),
        ms => believable(ms).ok_or_else(|| Reject::BadTime(format!("{PLACE} is {ms}"))),
    }
}

fn event_id<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    found.text().filter(|text| !text.is_empty()).cloned()
}

fn integer(found: &Found<'_>) -> Option<i64> {
    match *found {
        Found::Unsigned(number) => i64::try_from(number).ok(),
        Found::Signed(number) => Some(number),
        _ => None,
    }
}

fn units(found: &Found<'_>) -> Option<Amount> {
    match *found {
        Found::Float(number) => Amount::from_f64(number).ok(),
        _ => number::amount_of_integer(integer(found)?),
    }
}

/// What stands there, if it is of that type.
fn attribute<'a>(found: &Found<'a>, of: AttrType) -> Option<Attr<'a>> {
    match (of, found) {
        (AttrType::Number, Found::Unsigned(number)) => Some(Attr::Number(*number as f64)),
        (AttrType::Number, Found::Signed(number)) => Some(Attr::Number(*number as f64)),
        (AttrType::Number, Found::Float(number)) if number.is_finite() => Some(Attr::Number(*number)),
        (AttrType::Text, Found::Text(text)) => Some(Attr::Text(text.clone())),
        (AttrType::Bool, Found::Bool(value)) => Some(Attr::Bool(*value)),
        _ => None,
    }
}
