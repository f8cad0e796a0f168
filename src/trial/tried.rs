//! What becomes of one record under a format.

use std::sync::Arc;

use crate::formats::{
    ATTRIBUTES, Decoded, Decoder, FormatSpec, Item, KINDS, Schemas, TimeSource, Told, attributes_of, customer_of,
    identifiers_of, kinds_of, open_with_details,
};
use crate::journey::{Amount, Attr, AttrType, DropReason, Reject, Vocabulary};

use super::sample::Sample;

/// What became of a record: it ends in exactly one of these ways.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It tells of these, in this order.
    Parts(Vec<Part>),
    /// It tells of nothing that there is a word for.
    Ignored,
    /// It cannot be used.
    Rejected(Reject),
}

/// One of the things a record tells of.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// An event.
    Event(Box<Seen>),
    /// Left out on purpose.
    Dropped(DropReason),
}

/// An event with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Who did it.
    pub customer: String,
    /// What happened; `None`: nobody has a word for it.
    pub kind: Option<String>,
    /// When, in epoch milliseconds.
    pub at: i64,
    /// The producer's id of it.
    pub id: Option<String>,
    /// The money it was worth.
    pub value: Option<Amount>,
    /// The currency of that.
    pub currency: Option<String>,
    /// What identifies the person, by type.
    pub identifiers: Vec<(String, String)>,
    /// The attributes it has, by name.
    pub attributes: Vec<(String, Attr<'static>)>,
    /// What the producer calls it.
    pub name: Option<String>,
}

/// Tries records with a format.
pub struct Trial {
    vocabulary: Vocabulary,
    decoder: Box<dyn Decoder>,
    /// The same with any identifier for a customer; `None` if there is no other.
    lenient: Option<Box<dyn Decoder>>,
    bytes_max: usize,
}

/// What is known beside a format.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// The kinds and attributes that models listen to.
    pub models: Option<&'a Vocabulary>,
    /// Where schemas are, for records that need them.
    pub schemas: Option<&'a Arc<dyn Schemas>>,
    /// A value with more bytes is refused.
    pub bytes_max: usize,
}

/// What became of a record, and what it could be.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// What became of it.
    pub outcome: Outcome,
    /// If it has no customer: the events that it would be of whoever its identifiers name.
    pub nobodys: Vec<Seen>,
}

impl Trial {
    /// Gets ready. Beside the kinds and attributes that formats and models have in common, those of the format and of the models
    /// are known.
    ///
    /// # Errors
    /// If the format cannot be used so; says what to write instead.
    pub fn open(spec: &FormatSpec, time: TimeSource, beside: Beside<'_>) -> Result<Self, String> {
        let Beside { models, schemas, bytes_max } = beside;
        let vocabulary = vocabulary(spec, models);
        let decoder = open_with_details(spec, &vocabulary, time, schemas)?;
        let types = identifiers_of(spec);
        let lenient = if types.is_empty() || types == customer_of(spec) {
            None
        } else {
            Some(open_with_details(&spec.with_customer(types)?, &vocabulary, time, schemas)?)
        };
        Ok(Self { vocabulary, decoder, lenient, bytes_max })
    }

    /// Tries a record; `None`: it cannot be said what becomes of it, for its schema did not come.
    #[must_use]
    pub fn record(&mut self, sample: &Sample) -> Option<Tried> {
        let rejected = |reject| Some(Tried { outcome: Outcome::Rejected(reject), nobodys: Vec::new() });
        let record = match &sample.record {
            Err(reject) => return rejected(reject.clone()),
            Ok(record) => record,
        };
        let size = record.value.as_ref().map_or(0, Vec::len);
        if size > self.bytes_max {
            return rejected(Reject::TooLarge(size, self.bytes_max));
        }
        let raw = record.raw();
        let outcome = outcome(self.decoder.decode(&raw), &self.vocabulary)?;
        let mut nobodys = Vec::new();
        if let (true, Some(lenient)) = (lacks_customer(&outcome), &mut self.lenient)
            && let Some(Outcome::Parts(parts)) = self::outcome(lenient.decode(&raw), &self.vocabulary)
        {
            nobodys.extend(parts.into_iter().filter_map(|part| match part {
                Part::Event(seen) => Some(*seen),
                Part::Dropped(_) => None,
            }));
        }
        Some(Tried { outcome, nobodys })
    }
}

/// Whether a record is nobody's.
pub(super) fn lacks_customer(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Rejected(reject) => matches!(reject, Reject::NoCustomer(_)),
        Outcome::Parts(parts) => parts.contains(&Part::Dropped(DropReason::Anonymous)),
        Outcome::Ignored => false,
    }
}

/// All names that may come.
fn vocabulary(spec: &FormatSpec, models: Option<&Vocabulary>) -> Vocabulary {
    let mut kinds: Vec<String> = KINDS.iter().flat_map(|(_, kinds)| kinds.iter().map(|kind| (*kind).into())).collect();
    kinds.extend(kinds_of(spec).unwrap_or_default());
    kinds.extend(models.iter().flat_map(|models| models.kinds()).map(|kind| kind.to_string()));
    kinds.sort();
    kinds.dedup();
    let mut attributes: Vec<(String, AttrType)> = Vec::new();
    let of_models = models.iter().flat_map(|models| models.attrs()).map(|(name, of)| (name.to_string(), *of));
    let known = ATTRIBUTES.iter().map(|(name, of)| ((*name).to_owned(), *of));
    let own = attributes_of(spec).unwrap_or_default().into_iter().map(|name| (name, AttrType::Text));
    for (name, of) in of_models.chain(known).chain(own) {
        if !attributes.iter().any(|(other, _)| *other == name) {
            attributes.push((name, of));
        }
    }
    attributes.sort_by(|(a, _), (b, _)| a.cmp(b));
    let attributes = attributes.into_iter().map(|(name, of)| (name.into(), of));
    Vocabulary::new(kinds.into_iter().map(Into::into).collect(), attributes.collect(), true)
}

/// `None`: its schema did not come.
fn outcome(decoded: Result<Decoded<'_>, Reject>, vocabulary: &Vocabulary) -> Option<Outcome> {
    let event = |told: Told<'_>| Part::Event(Box::new(seen(told, vocabulary)));
    Some(match decoded {
        Err(reject) => Outcome::Rejected(reject),
        Ok(Decoded::Ignored) => Outcome::Ignored,
        Ok(Decoded::NotYet) => return None,
        Ok(Decoded::One(told)) => Outcome::Parts(vec![event(told)]),
        Ok(Decoded::Dropped(reason)) => Outcome::Parts(vec![Part::Dropped(reason)]),
        Ok(Decoded::Several(items)) => {
            let parts = items.into_iter().map(|item| match item {
                Item::Event(told) => event(told),
                Item::Dropped(reason) => Part::Dropped(reason),
            });
            Outcome::Parts(parts.collect())
        }
    })
}

fn seen(told: Told<'_>, vocabulary: &Vocabulary) -> Seen {
    let Told { event, details, .. } = told;
    let event = event.into_owned();
    let details = details.map(|details| *details).unwrap_or_default();
    let names = vocabulary.attrs().iter().map(|(name, _)| name.to_string());
    let attributes = names.zip(event.attrs).filter_map(|(name, value)| Some((name, value?)));
    Seen {
        customer: event.customer.into_owned(),
        kind: event.kind.map(|kind| vocabulary.kind_name(kind).to_owned()),
        at: event.at,
        id: event.id.map(|id| id.into_owned()),
        value: event.value,
        currency: details.currency.map(|currency| currency.into_owned()).filter(|_| event.value.is_some()),
        identifiers: details.identifiers.into_iter().map(|(of, text)| (of.into_owned(), text.into_owned())).collect(),
        attributes: attributes.collect(),
        name: details.name.map(|name| name.into_owned()),
    }
}
