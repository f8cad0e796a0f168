//! What came of decoding a record: one event mostly, several of some formats, or none on purpose.

use std::borrow::Cow;

use crate::journey::{DropReason, Event};

/// What a record tells of.
#[derive(Debug, PartialEq)]
pub enum Decoded<'a> {
    /// One event.
    One(Told<'a>),
    /// Nothing that counts, on purpose.
    Dropped(DropReason),
    /// Nothing that there is a word for, such as a row that was deleted.
    Ignored,
    /// It cannot be said yet, for want of a schema that has been sent for: the record is to be decoded again later.
    NotYet,
    /// Any number of events, in their order: all of them, or else the record is a [`Reject`](crate::journey::Reject).
    Several(Vec<Item<'a>>),
}

impl<'a> Decoded<'a> {
    /// The event, if it is one alone.
    pub fn one(self) -> Option<Event<'a>> {
        match self {
            Self::One(told) => Some(told.event),
            Self::Dropped(_) | Self::Ignored | Self::NotYet | Self::Several(_) => None,
        }
    }
}

impl Decoded<'_> {
    /// The same, borrowing nothing.
    pub(super) fn into_owned(self) -> Decoded<'static> {
        match self {
            Self::One(told) => Decoded::One(told.into_owned()),
            Self::Dropped(reason) => Decoded::Dropped(reason),
            Self::Ignored => Decoded::Ignored,
            Self::NotYet => Decoded::NotYet,
            Self::Several(items) => {
                let items = items.into_iter().map(|item| match item {
                    Item::Event(told) => Item::Event(told.into_owned()),
                    Item::Dropped(reason) => Item::Dropped(reason),
                });
                Decoded::Several(items.collect())
            }
        }
    }
}

/// One of several.
#[derive(Debug, PartialEq)]
pub enum Item<'a> {
    /// An event.
    Event(Told<'a>),
    /// Nothing that counts, on purpose.
    Dropped(DropReason),
}

/// Items of one record, as they come: one by itself mostly.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    /// If it is alone.
    one: Option<Item<'a>>,
    several: Vec<Item<'a>>,
}

impl<'a> Gathered<'a> {
    /// Adds another.
    pub(super) fn push(&mut self, item: Item<'a>) {
        match (self.one.take(), self.several.is_empty()) {
            (None, true) => self.one = Some(item),
            (one, _) => self.several.extend(one.into_iter().chain([item])),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.several.len() + usize::from(self.one.is_some())
    }
}

impl<'a> From<Gathered<'a>> for Decoded<'a> {
    fn from(items: Gathered<'a>) -> Self {
        match items.one {
            Some(Item::Event(told)) => Self::One(told),
            Some(Item::Dropped(reason)) => Self::Dropped(reason),
            None if items.several.is_empty() => Self::Ignored,
            None => Self::Several(items.several),
        }
    }
}

impl<'a> From<Told<'a>> for Decoded<'a> {
    fn from(told: Told<'a>) -> Self {
        Self::One(told)
    }
}

impl From<DropReason> for Decoded<'_> {
    fn from(reason: DropReason) -> Self {
        Self::Dropped(reason)
    }
}

impl<'a> From<Told<'a>> for Item<'a> {
    fn from(told: Told<'a>) -> Self {
        Self::Event(told)
    }
}

impl From<DropReason> for Item<'_> {
    fn from(reason: DropReason) -> Self {
        Self::Dropped(reason)
    }
}

/// An event, and what is known of it beside what models read.
#[derive(Debug, PartialEq)]
pub struct Told<'a> {
    /// The event.
    pub event: Event<'a>,
    /// Where the event was found first; `None`: in the record at hand.
    pub origin: Option<Origin>,
    /// What only some want to know: there if the decoder was asked for it.
    pub details: Option<Box<Details<'a>>>,
}

impl Told<'_> {
    fn into_owned(self) -> Told<'static> {
        let Self { event, origin, details } = self;
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let details = details.map(|details| {
            let Details { identifiers, currency, name } = *details;
            let identifiers = identifiers.into_iter().map(|(of, text)| (owned(of), owned(text)));
            let (currency, name) = (currency.map(owned), name.map(owned));
            Box::new(Details { identifiers: identifiers.collect(), currency, name })
        });
        Told { event: event.into_owned(), origin, details }
    }
}

impl<'a> From<Event<'a>> for Told<'a> {
    fn from(event: Event<'a>) -> Self {
        Self { event, origin: None, details: None }
    }
}

/// Where an event was found before it was handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Index of the input.
    pub input: usize,
    /// The record's partition.
    pub partition: i32,
    /// The record's offset.
    pub offset: i64,
}

/// What is known of an event beside what models read.
#[derive(Debug, Default, PartialEq)]
pub struct Details<'a> {
    /// What identifies the person, by type, as far as the record tells.
    pub identifiers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// The currency of its money: three letters.
    pub currency: Option<Cow<'a, str>>,
    /// What the producer calls the event.
    pub name: Option<Cow<'a, str>>,
}
