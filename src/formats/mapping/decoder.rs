//! Reads records as a mapping says.

use std::borrow::Cow;
use std::collections::HashMap;

use super::clock::{Clock, decimal};
use super::spec::{KindSpec, MappingSpec};
use crate::formats::extract::Extractor;
use crate::formats::found::Found;
use crate::formats::json::record_time;
use crate::formats::number::Decimal;
use crate::formats::shape::Shape;
use crate::formats::time::believable;
use crate::formats::{Decoded, Decoder, RawRecord, TimeSource};
use crate::journey::{Amount, Attr, AttrType, Event, KindId, Reject, Vocabulary};

/// A mapping whose places and formats are checked.
pub(in crate::formats) struct Mapping<'s> {
    spec: &'s MappingSpec,
    clock: Option<Clock>,
}

/// A place in the record: its slot and what the configuration calls it.
struct Place {
    slot: usize,
    name: String,
}

/// A mapping, compiled against a vocabulary.
pub(in crate::formats) struct MappingDecoder {
    extractor: Extractor,
    fields: Fields,
}

/// What the slots mean.
struct Fields {
    customer: Place,
    number_as_text: bool,
    /// `None`: the record's timestamp.
    time: Option<(Place, Clock)>,
    kind: Kinds,
    /// Factors; empty if nobody asks for the money.
    value: Vec<Place>,
    id: Vec<usize>,
    /// By attribute of the vocabulary.
    attrs: Vec<Option<(usize, AttrType)>>,
}

enum Kinds {
    Fixed(Option<KindId>),
    From {
        slot: usize,
        exact: HashMap<String, Option<KindId>>,
        /// Longest first.
        prefixes: Vec<(String, Option<KindId>)>,
        default: Option<KindId>,
    },
}

impl<'s> Mapping<'s> {
    /// Checks everything that can be wrong with a mapping. An error says what to write instead.
    pub(in crate::formats) fn new(spec: &'s MappingSpec) -> Result<Self, String> {
        let clock = spec.time.as_ref().map(|time| Clock::new(time).map_err(|why| format!("mapping.time: {why}")));
        let kind_place = match &spec.kind {
            KindSpec::Fixed(_) => None,
            KindSpec::From { from, .. } => Some(from),
        };
        let id_places = spec.id.iter().flat_map(|id| &id.0);
        let value_places = spec.value.iter().flat_map(|value| [&value.from].into_iter().chain(&value.times));
        let named = [("customer", &spec.customer.from)]
            .into_iter()
            .chain(spec.time.iter().map(|time| ("time", &time.from)))
            .chain(kind_place.map(|place| ("kind", place)))
            .chain(value_places.map(|place| ("value", place)))
            .chain(id_places.map(|place| ("id", place)))
            .chain(spec.attributes.iter().map(|(name, place)| (name.as_str(), place)));
        for (field, place) in named {
            keys(place).map_err(|why| format!("mapping, {field}: {why}"))?;
        }
        if spec.id.as_ref().is_some_and(|id| id.0.is_empty()) {
            return Err("mapping.id: an empty list; name at least one column or leave `id` out".into());
        }
        Ok(Self { spec, clock: clock.transpose()? })
    }

    /// A decoder that takes what the vocabulary knows.
    pub(in crate::formats) fn decoder(
        self,
        vocabulary: &Vocabulary,
        time: TimeSource,
    ) -> Result<MappingDecoder, String> {
        let spec = self.spec;
        let mut shape = Shape::new();
        let mut slot = |place: &str| keys(place).map(|keys| shape.slot(keys));
        let mut place = |name: &str| Ok::<_, String>(Place { slot: slot(name)?, name: name.to_owned() });
        let customer = place(&spec.customer.from)?;
        let time = match (time, &spec.time, self.clock) {
            (TimeSource::Record, ..) => None,
            (TimeSource::Event, Some(time), Some(clock)) => Some((place(&time.from)?, clock)),
            (TimeSource::Event, ..) => {
                return Err("the mapping has no `time`; add it, or write `time: record` for the input".into());
            }
        };
        let asked = spec.value.as_ref().filter(|_| vocabulary.reads_value());
        let factors = asked.into_iter().flat_map(|value| [&value.from].into_iter().chain(&value.times));
        let value = factors.map(|name| place(name)).collect::<Result<_, _>>()?;
        let id = spec.id.iter().flat_map(|id| &id.0).map(|name| slot(name)).collect::<Result<_, _>>()?;
        let attrs = vocabulary.attrs().iter().map(|(name, of)| {
            spec.attributes.get(name.as_str()).map(|place| slot(place).map(|slot| (slot, *of))).transpose()
        });
        let attrs = attrs.collect::<Result<_, _>>()?;
        let kind = Kinds::new(&spec.kind, vocabulary, &mut slot)?;
        let number_as_text = spec.customer.number_as_text;
        let fields = Fields { customer, number_as_text, time, kind, value, id, attrs };
        Ok(MappingDecoder { extractor: Extractor::new(shape), fields })
    }
}

impl Kinds {
    fn new(
        spec: &KindSpec,
        vocabulary: &Vocabulary,
        slot: &mut impl FnMut(&str) -> Result<usize, String>,
    ) -> Result<Self, String> {
        let (from, table, default) = match spec {
            KindSpec::Fixed(kind) => return Ok(Self::Fixed(vocabulary.kind(kind))),
            KindSpec::From { from, table, default } => (from, table, default),
        };
        let mut exact = HashMap::new();
        let mut prefixes = Vec::new();
        match table {
            None => exact.extend(vocabulary.kinds().iter().map(|kind| (kind.to_string(), vocabulary.kind(kind)))),
            Some(table) => {
                for (raw, kind) in table {
                    match raw.strip_suffix('*') {
                        Some(prefix) => prefixes.push((prefix.to_owned(), vocabulary.kind(kind))),
                        None => drop(exact.insert(raw.clone(), vocabulary.kind(kind))),
                    }
                }
            }
        }
        prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        let default = default.as_ref().and_then(|kind| vocabulary.kind(kind));
        Ok(Self::From { slot: slot(from)?, exact, prefixes, default })
    }

    fn read(&self, found: &[Found<'_>]) -> Option<KindId> {
        let (slot, exact, prefixes, default) = match self {
            Self::Fixed(kind) => return *kind,
            Self::From { slot, exact, prefixes, default } => (*slot, exact, prefixes, default),
        };
        let Some(raw) = as_text(&found[slot]) else { return *default };
        if let Some(kind) = exact.get(&*raw) {
            return *kind;
        }
        prefixes.iter().find(|(prefix, _)| raw.starts_with(prefix)).map_or(*default, |(_, kind)| *kind)
    }
}

impl Fields {
    fn event<'a>(&self, record: &RawRecord<'a>, found: &[Found<'a>]) -> Result<Event<'a>, Reject> {
        let customer = self.customer(found).ok_or_else(|| Reject::NoCustomer(self.customer.name.clone()))?;
        let at = match &self.time {
            None => record_time(record.timestamp)?,
            Some((place, clock)) => {
                let found = &found[place.slot];
                if is_missing(found) {
                    return Err(Reject::NoTime(place.name.clone()));
                }
                let ms = clock.read(found).and_then(believable);
                ms.ok_or_else(|| Reject::BadTime(format!("{} is {found}", place.name)))?
            }
        };
        let kind = self.kind.read(found);
        let known = kind.is_some();
        Ok(Event {
            customer,
            at,
            time_is_own: self.time.is_some(),
            kind,
            id: self.id(found),
            value: if known { self.value(found)? } else { None },
            attrs: if known { self.attrs(found) } else { Vec::new() },
        })
    }

    fn customer<'a>(&self, found: &[Found<'a>]) -> Option<Cow<'a, str>> {
        match &found[self.customer.slot] {
            Found::Float(number) if self.number_as_text && number.fract() == 0.0 => {
                Some(Cow::Owned(format!("{number:.0}")))
            }
            Found::Text(text) if self.number_as_text => Some(without_decimals(text)).filter(|text| !text.is_empty()),
            Found::Float(_) | Found::Bool(_) => None,
            found => as_text(found),
        }
    }

    /// The parts joined by `/`; no id if one of them is missing.
    fn id<'a>(&self, found: &[Found<'a>]) -> Option<Cow<'a, str>> {
        let (first, others) = self.id.split_first()?;
        let mut id = as_text(&found[*first])?;
        for slot in others {
            let part = as_text(&found[*slot])?;
            let whole = id.to_mut();
            whole.push('/');
            whole.push_str(&part);
        }
        Some(id)
    }

    /// The product of the factors; none if one is missing. Something else than a number is an error: sums would be wrong
    /// without a word, and it is the mapping that says there is a number.
    fn value(&self, found: &[Found<'_>]) -> Result<Option<Amount>, Reject> {
        if self.value.is_empty() || self.value.iter().any(|place| is_missing(&found[place.slot])) {
            return Ok(None);
        }
        let mut product = Some(Decimal::ONE);
        for place in &self.value {
            let found = &found[place.slot];
            let factor = decimal(found)
                .ok_or_else(|| Reject::BadField(format!("{} is {found}, not a plain number", place.name)))?;
            product = product.and_then(|product| product.times(factor));
        }
        let amount = product.and_then(Decimal::amount);
        let names = || self.value.iter().map(|place| place.name.as_str()).collect::<Vec<_>>().join(" × ");
        amount.map(Some).ok_or_else(|| Reject::BadField(format!("{} is too large", names())))
    }

    fn attrs<'a>(&self, found: &[Found<'a>]) -> Vec<Option<Attr<'a>>> {
        self.attrs.iter().map(|place| place.and_then(|(slot, of)| attribute(&found[slot], of))).collect()
    }
}

impl Decoder for MappingDecoder {
    fn decode<'a>(&mut self, record: &RawRecord<'a>) -> Result<Decoded<'a>, Reject> {
        self.extractor
            .read(record.value, |found| self.fields.event(record, found).map(|event| Decoded::One(event.into())))
    }
}

/// The keys that lead to a place.
fn keys(place: &str) -> Result<Vec<String>, String> {
    match place.strip_prefix('/') {
        None if place.is_empty() => {
            Err("an empty text names no column; write the name of one, or a JSON pointer".into())
        }
        None => Ok(vec![place.to_owned()]),
        Some(pointer) => Ok(pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect()),
    }
}

/// A text, a number or a truth value as a text; none if it is empty.
pub(super) fn as_text<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    match found {
        Found::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Found::Unsigned(number) => Some(number.to_string().into()),
        Found::Signed(number) => Some(number.to_string().into()),
        Found::Float(number) => Some(number.to_string().into()),
        Found::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Found::Absent | Found::Null | Found::Other => None,
    }
}

/// Whether nothing stands there, or an empty cell.
fn is_missing(found: &Found<'_>) -> bool {
    found.is_missing() || found.text().is_some_and(|text| text.trim_ascii().is_empty())
}

/// `17850.0` as `17850`; any other text as it is.
fn without_decimals<'a>(text: &Cow<'a, str>) -> Cow<'a, str> {
    let Some((whole, zeros)) = text.split_once('.') else { return text.clone() };
    let is_integer = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    if !is_integer || zeros.bytes().any(|byte| byte != b'0') {
        return text.clone();
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..whole.len()]),
        Cow::Owned(_) => Cow::Owned(whole.to_owned()),
    }
}

fn attribute<'a>(found: &Found<'a>, of: AttrType) -> Option<Attr<'a>> {
    match of {
        AttrType::Text => as_text(found).map(Attr::Text),
        AttrType::Number => match found {
            Found::Text(text) => text.trim_ascii().parse().ok(),
            Found::Unsigned(number) => Some(*number as f64),
            Found::Signed(number) => Some(*number as f64),
            Found::Float(number) => Some(*number),
            Found::Absent | Found::Null | Found::Bool(_) | Found::Other => None,
        }
        .filter(|number: &f64| number.is_finite())
        .map(Attr::Number),
        AttrType::Bool => match found {
            Found::Bool(value) => Some(Attr::Bool(*value)),
            Found::Text(text) if text.eq_ignore_ascii_case("true") => Some(Attr::Bool(true)),
            Found::Text(text) if text.eq_ignore_ascii_case("false") => Some(Attr::Bool(false)),
            _ => None,
        },
    }
}
