//! One thing a customer did, in the words every model shares, whatever system told of it.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::{Amount, AttrType, KindId};

/// An event as a format decoded it: valid, but not yet applied to anyone.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'a> {
    /// Who did it; never empty.
    pub customer: Cow<'a, str>,
    /// When it happened, in milliseconds since 1970-01-01T00:00:00Z; between 1990 and 2100.
    pub at: i64,
    /// Whether `at` is the event's own time. If not (it is the record's), a repeat may come with a later time.
    pub time_is_own: bool,
    /// What happened; `None` for a kind that no active model knows, which changes nothing.
    pub kind: Option<KindId>,
    /// The producer's id of the event, for dropping repeats.
    pub id: Option<Cow<'a, str>>,
    /// The money it was worth; read only if a model asks for it.
    pub value: Option<Amount>,
    /// The attributes that models ask for, by [`super::AttrId`]; empty if they ask for none.
    pub attrs: Vec<Option<Attr<'a>>>,
}

impl Event<'_> {
    /// The same, borrowing nothing.
    pub fn into_owned(self) -> Event<'static> {
        let Self { customer, at, time_is_own, kind, id, value, attrs } = self;
        let attr = |attr: Attr<'_>| match attr {
            Attr::Number(number) => Attr::Number(number),
            Attr::Text(text) => Attr::Text(Cow::Owned(text.into_owned())),
            Attr::Bool(value) => Attr::Bool(value),
        };
        Event {
            customer: Cow::Owned(customer.into_owned()),
            at,
            time_is_own,
            kind,
            id: id.map(|id| Cow::Owned(id.into_owned())),
            value,
            attrs: attrs.into_iter().map(|value| value.map(attr)).collect(),
        }
    }
}

/// The value of an attribute of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Attr<'a> {
    /// A finite number.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// True or false.
    Bool(bool),
}

impl Attr<'_> {
    /// A number that two values have in common only if they are the same, or by chance; every bit of it is as likely to be set.
    pub(super) fn hash(&self) -> u64 {
        match self {
            Self::Text(text) => xxh3_64(text.as_bytes()),
            Self::Number(number) => xxh3_64(&number.to_le_bytes()),
            Self::Bool(value) => xxh3_64(&[u8::from(*value)]),
        }
    }

    /// What it holds.
    pub fn kind(&self) -> AttrType {
        match self {
            Self::Number(_) => AttrType::Number,
            Self::Text(_) => AttrType::Text,
            Self::Bool(_) => AttrType::Bool,
        }
    }
}
