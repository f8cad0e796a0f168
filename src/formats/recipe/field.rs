//! A value out of a record, compiled: where it stands and what is done with it.

use std::borrow::Cow;

use super::clock::decimal;
use super::condition::{Rule, Tests};
use super::expression::Expression;
use super::place::Place;
use super::slots::{Slot, Slots, View};
use super::spec::{FieldSpec, MadeSpec};
use super::table::Table;
use crate::formats::found::Found;
use crate::formats::number::{Decimal, text_of_float};

/// A value out of a record.
#[derive(Debug)]
pub(super) enum Field {
    Place(Slot),
    /// A place at which only a text counts.
    Text(Slot),
    First(Vec<Field>),
    Made(Box<Made>),
}

/// What was found at a field's place, or made of what was.
enum Seen<'v, 'a> {
    There(&'v Found<'a>),
    Made(Found<'a>),
}

impl<'a> Seen<'_, 'a> {
    fn found(&self) -> &Found<'a> {
        match self {
            Self::There(found) => found,
            Self::Made(found) => found,
        }
    }
}

/// A value that is put together.
#[derive(Debug)]
pub(super) struct Made {
    source: Source,
    json: Option<String>,
    table: Option<Table<String>>,
    default: Option<String>,
    lower: bool,
    trim: bool,
    number_as_text: bool,
    text_only: bool,
    after: Option<String>,
    only: Option<(Tests, Rule)>,
}

#[derive(Debug)]
enum Source {
    Field(Field),
    Join(Vec<Field>, String),
    Constant(String),
    Expression(Box<Expression>),
    Sum(Vec<Field>),
}

/// What a list of fields means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// The first of them that is there.
    First,
    /// All of them, joined by `/`; but of those in `from` the first.
    Joined,
}

impl Field {
    /// Checks a field and compiles it. An error says what to write instead.
    pub(super) fn new(spec: &FieldSpec, list: List, slots: &mut Slots) -> Result<Self, String> {
        match spec {
            FieldSpec::Place(place) => slots.of(place).map(Self::Place),
            FieldSpec::List(fields) if fields.is_empty() => {
                Err("an empty list; name at least one column, or leave it out".into())
            }
            FieldSpec::List(fields) => {
                let all = fields.iter().map(|field| Self::new(field, List::First, slots)).collect::<Result<_, _>>()?;
                match list {
                    List::First => Ok(Self::First(all)),
                    List::Joined => Ok(Self::Made(Box::new(Made::of(Source::Join(all, "/".into()))))),
                }
            }
            FieldSpec::Made(made) if let Some(place) = made.plain_text() => slots.of(place).map(Self::Text),
            FieldSpec::Made(made) => Made::new(made, slots).map(|made| Self::Made(Box::new(made))),
        }
    }

    /// What is there.
    #[inline]
    pub(super) fn get<'a>(&self, view: &View<'_, 'a>) -> Found<'a> {
        match self.find(view) {
            Seen::There(found) => found.clone(),
            Seen::Made(found) => found,
        }
    }

    /// What is made of what is there. (Most places are only looked at, and need not be copied for it.)
    #[inline]
    pub(super) fn with<'a, R>(&self, view: &View<'_, 'a>, make: impl FnOnce(&Found<'a>) -> R) -> R {
        make(self.find(view).found())
    }

    /// As a text: also a number or a truth value; none if it is empty.
    #[inline]
    pub(super) fn text<'a>(&self, view: &View<'_, 'a>) -> Option<Cow<'a, str>> {
        match self.find(view) {
            Seen::There(found) => as_text(found),
            Seen::Made(found) => into_text(found),
        }
    }

    #[inline]
    fn find<'v, 'a>(&self, view: &View<'v, 'a>) -> Seen<'v, 'a> {
        match self {
            Self::Place(slot) => Seen::There(view.get(*slot)),
            Self::Text(slot) => match view.get(*slot) {
                text @ Found::Text(_) => Seen::There(text),
                _ => Seen::There(&Found::Absent),
            },
            Self::First(fields) => {
                for field in fields {
                    // Most are places, and most of these empty: then there is nothing to be handed on.
                    if let Self::Place(slot) = field {
                        let found = view.get(*slot);
                        if !is_missing(found) {
                            return Seen::There(found);
                        }
                        continue;
                    }
                    let seen = field.find(view);
                    if !is_missing(seen.found()) {
                        return seen;
                    }
                }
                Seen::There(&Found::Absent)
            }
            Self::Made(made) => Seen::Made(made.get(view)),
        }
    }

    /// Adds it to a longer text: as a text, or as nothing where that is the default. `None`: there is nothing.
    fn add_to(&self, whole: &mut String, view: &View<'_, '_>) -> Option<()> {
        let seen = self.find(view);
        match seen.found() {
            Found::Text(text) if text.is_empty() => {
                let may_be_empty = matches!(self, Self::Made(made) if made.default.as_deref() == Some(""));
                return may_be_empty.then_some(());
            }
            Found::Text(text) => whole.push_str(text),
            Found::Unsigned(number) => whole.push_str(itoa::Buffer::new().format(*number)),
            found => whole.push_str(&as_text(found)?),
        }
        Some(())
    }

    /// As what identifies somebody: a text or an integer.
    #[inline]
    pub(super) fn identity<'a>(&self, view: &View<'_, 'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Place(slot) => as_identity(view.get(*slot)),
            Self::Text(slot) => view.get(*slot).text().filter(|text| !is_blank(text)).cloned(),
            Self::First(fields) => fields.iter().find_map(|field| field.identity(view)),
            Self::Made(made) => match made.get(view) {
                Found::Text(text) => Some(text).filter(|text| !is_blank(text)),
                found => as_identity(&found),
            },
        }
    }
}

impl Made {
    fn of(source: Source) -> Self {
        Self {
            source,
            json: None,
            table: None,
            default: None,
            lower: false,
            trim: false,
            number_as_text: false,
            text_only: false,
            after: None,
            only: None,
        }
    }

    fn new(spec: &MadeSpec, slots: &mut Slots) -> Result<Self, String> {
        let MadeSpec { from, join, with, constant, cel, sum, .. } = spec;
        let source = match (from, join, constant, cel, sum) {
            (Some(from), None, None, None, None) => Source::Field(Field::new(from, List::First, slots)?),
            (None, Some(parts), None, None, None) => {
                let parts =
                    parts.iter().map(|part| Field::new(part, List::First, slots)).collect::<Result<Vec<_>, _>>()?;
                if parts.is_empty() {
                    return Err("`join` of nothing; name what is to be joined".into());
                }
                Source::Join(parts, with.clone().unwrap_or_else(|| "/".into()))
            }
            (None, None, Some(constant), None, None) => Source::Constant(constant.clone()),
            (None, None, None, Some(cel), None) => Source::Expression(Box::new(Expression::new(cel, slots)?)),
            (None, None, None, None, Some(sum)) => Self::sum(spec, sum, slots)?,
            _ => {
                return Err(
                    "a field comes from exactly one of `from`, `join`, `const`, `cel` and `sum`; write one of them"
                        .into(),
                );
            }
        };
        if with.is_some() && join.is_none() {
            return Err("`with` belongs to `join`; leave it out".into());
        }
        let only = match &spec.only {
            None => None,
            Some(condition) => {
                let mut tests = Tests::default();
                let rule = tests.rule(condition.places.as_ref(), condition.when.as_deref(), slots)?;
                Some((tests, rule))
            }
        };
        if spec.json.as_ref().is_some_and(|pointer| !pointer.starts_with('/')) {
            return Err("`json` is a JSON pointer; begin it with /".into());
        }
        Ok(Self {
            json: spec.json.clone(),
            table: spec.table.as_ref().map(|table| Table::new(table.iter().map(|(raw, means)| (raw, means.clone())))),
            default: spec.default.clone(),
            lower: spec.lower,
            trim: spec.trim,
            number_as_text: spec.number_as_text,
            text_only: spec.text_only,
            after: spec.after.clone(),
            only,
            ..Self::of(source)
        })
    }

    fn sum(spec: &MadeSpec, sum: &FieldSpec, slots: &mut Slots) -> Result<Source, String> {
        match (&spec.of, sum) {
            (Some(of), FieldSpec::Place(array)) => {
                let array = Place::array(array)?;
                slots.sum(array, of, spec.places.as_ref()).map(|slot| Source::Field(Field::Place(slot)))
            }
            (Some(_), _) => Err("`sum` with `of` goes over one array; write its place".into()),
            (None, FieldSpec::List(parts)) => {
                let parts = parts.iter().map(|part| Field::new(part, List::First, slots));
                parts.collect::<Result<_, _>>().map(Source::Sum)
            }
            (None, _) => {
                Err("`sum` is of a list of fields, or of an array and what `of` its items; write one of these".into())
            }
        }
    }

    fn get<'a>(&self, view: &View<'_, 'a>) -> Found<'a> {
        if let Some((tests, rule)) = &self.only
            && !tests.asked(view).holds(rule)
        {
            return Found::Absent;
        }
        let found = match &self.source {
            Source::Field(field) => field.get(view),
            Source::Join(parts, with) => join(parts, with, view),
            Source::Constant(text) => Found::Text(Cow::Owned(text.clone())),
            Source::Expression(expression) => expression.get(view),
            Source::Sum(parts) => total(parts.iter().map(|part| part.with(view, decimal))),
        };
        let found = match &self.json {
            Some(pointer) => within_text(&found, pointer),
            None => found,
        };
        let changed = self.change(found);
        match &self.default {
            Some(default) if is_missing(&changed) => Found::Text(Cow::Owned(default.clone())),
            _ => changed,
        }
    }

    fn change<'a>(&self, found: Found<'a>) -> Found<'a> {
        if self.text_only && !matches!(found, Found::Text(_)) {
            return Found::Absent;
        }
        let found = match found {
            Found::Float(number) if self.number_as_text && number.fract() == 0.0 => {
                Found::Text(Cow::Owned(format!("{number:.0}")))
            }
            Found::Text(text) => self.change_text(text),
            found => found,
        };
        let Some(table) = &self.table else { return found };
        let means = as_text(&found).and_then(|text| table.get(&text).cloned());
        means.map_or(Found::Absent, |means| Found::Text(Cow::Owned(means)))
    }

    fn change_text<'a>(&self, mut text: Cow<'a, str>) -> Found<'a> {
        if self.trim {
            text = narrowed(text, str::trim);
        }
        if let Some(prefix) = &self.after {
            text = narrowed(text, |text| text.strip_prefix(prefix.as_str()).unwrap_or(text));
        }
        if self.number_as_text {
            text = narrowed(text, without_decimals);
        }
        let has_capitals = |text: &str| {
            if text.is_ascii() {
                text.bytes().any(|byte| byte.is_ascii_uppercase())
            } else {
                text.chars().any(char::is_uppercase)
            }
        };
        if self.lower && has_capitals(&text) {
            text = Cow::Owned(text.to_lowercase());
        }
        Found::Text(text)
    }
}

/// The sum, as a text, so that it stays exact; nothing if a part is no number.
pub(super) fn total<'a>(parts: impl Iterator<Item = Option<Decimal>>) -> Found<'a> {
    let mut sum: Option<Decimal> = None;
    for part in parts {
        let Some(part) = part else { return Found::Absent };
        sum = match sum {
            None => Some(part),
            Some(sum) => sum.plus(part),
        };
        if sum.is_none() {
            return Found::Absent;
        }
    }
    sum.map_or(Found::Absent, |sum| Found::Text(Cow::Owned(sum.to_string())))
}

/// What stands at a place of the JSON that a text is.
fn within_text<'a>(found: &Found<'_>, pointer: &str) -> Found<'a> {
    let json: Option<serde_json::Value> = found.text().and_then(|text| serde_json::from_str(text).ok());
    match json.as_ref().and_then(|json| json.pointer(pointer)) {
        Some(serde_json::Value::String(text)) => Found::Text(Cow::Owned(text.clone())),
        Some(serde_json::Value::Bool(value)) => Found::Bool(*value),
        Some(serde_json::Value::Number(number)) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Found::Unsigned(number),
            (None, Some(number)) => Found::Signed(number),
            (None, None) => number.as_f64().map_or(Found::Absent, Found::Float),
        },
        _ => Found::Absent,
    }
}

fn join<'a>(parts: &[Field], with: &str, view: &View<'_, 'a>) -> Found<'a> {
    const USUAL_BYTES: usize = 128;
    let is_nowhere = |part: &Field| matches!(part, Field::Place(slot) if view.get(*slot).is_missing());
    if parts.iter().any(is_nowhere) {
        return Found::Absent;
    }
    let mut whole = String::with_capacity(USUAL_BYTES);
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            whole.push_str(with);
        }
        if part.add_to(&mut whole, view).is_none() {
            return Found::Absent;
        }
    }
    Found::Text(Cow::Owned(whole))
}

/// A part of a text.
fn narrowed<'a>(text: Cow<'a, str>, part: impl Fn(&str) -> &str) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => {
            let narrow = part(text);
            let start = narrow.as_ptr() as usize - text.as_ptr() as usize;
            Cow::Borrowed(&text[start..start + narrow.len()])
        }
        Cow::Owned(text) => Cow::Owned(part(&text).to_owned()),
    }
}

/// `17850.0` as `17850`; any other text as it is.
fn without_decimals(text: &str) -> &str {
    let Some((whole, zeros)) = text.split_once('.') else { return text };
    let is_integer = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    if is_integer && zeros.bytes().all(|byte| byte == b'0') { whole } else { text }
}

/// The same as [`as_text`], of what is needed no more.
fn into_text(found: Found<'_>) -> Option<Cow<'_, str>> {
    match found {
        Found::Text(text) => Some(text).filter(|text| !text.is_empty()),
        found => as_text(&found),
    }
}

/// A text, a number or a truth value as a text; none if it is empty.
pub(super) fn as_text<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    match found {
        Found::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Found::Unsigned(number) => Some(itoa::Buffer::new().format(*number).to_owned().into()),
        Found::Signed(number) => Some(itoa::Buffer::new().format(*number).to_owned().into()),
        Found::Float(number) => Some(text_of_float(*number).into()),
        Found::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Found::Absent | Found::Null | Found::Other | Found::Raw(_) => None,
    }
}

/// A text or an integer; not a number that may have lost digits, nor a truth value.
fn as_identity<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    match found {
        Found::Float(_) | Found::Bool(_) => None,
        found => as_text(found).filter(|text| !is_blank(text)),
    }
}

/// Whether nothing stands there, or an empty text.
pub(super) fn is_missing(found: &Found<'_>) -> bool {
    found.is_missing() || found.text().is_some_and(|text| is_blank(text))
}

/// Whether a text says nothing.
#[inline]
fn is_blank(text: &str) -> bool {
    // Nearly none is: the first byte tells.
    text.as_bytes().first().is_none_or(|first| *first <= b' ' && text.trim_ascii().is_empty())
}
