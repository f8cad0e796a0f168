//! What is around a record is taken off: envelopes of queues, registries and change streams.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::Finder;

use super::place::Place;
use super::spec::Wrapper;
use crate::formats::extract::Extractor;
use crate::formats::found::Found;
use crate::formats::registry;
use crate::formats::shape::Shape;
use crate::journey::Reject;

/// Takes one wrapper off.
pub(super) enum Unwrapper {
    Sns(Extractor, [usize; 2], Box<KeySearch>),
    CloudEvents(Extractor, [usize; 4]),
    Registry,
    Debezium(Extractor, [usize; 7]),
    Form(String),
    Text(Extractor, usize, String),
}

impl Unwrapper {
    /// An error says what to write instead.
    pub(super) fn new(wrapper: &Wrapper) -> Result<Self, String> {
        Ok(match wrapper {
            Wrapper::Sns => {
                let (extractor, slots) = small([&["Type"], &["Message"]], &[false; 2]);
                Self::Sns(extractor, slots, Box::new(KeySearch::new(b"\"Type\"")))
            }
            Wrapper::CloudEvents => {
                let (extractor, slots) =
                    small([&["specversion"], &["data"], &["data"], &["data_base64"]], &[false, true, false, false]);
                Self::CloudEvents(extractor, slots)
            }
            Wrapper::Registry => Self::Registry,
            Wrapper::Avro | Wrapper::Protobuf => return Err("unwrap: avro and protobuf are read, not taken off".into()),
            Wrapper::Debezium => {
                let paths: [&[&str]; 7] = [
                    &["payload"],
                    &["payload", "after"],
                    &["payload", "after"],
                    &["payload", "op"],
                    &["after"],
                    &["after"],
                    &["op"],
                ];
                let (extractor, slots) = small(paths, &[false, true, false, false, true, false, false]);
                Self::Debezium(extractor, slots)
            }
            Wrapper::Form(field) => Self::Form(field.clone()),
            Wrapper::Text(place) => {
                let Place::Path(path) = Place::read(place)? else {
                    return Err(format!("unwrap: {place} is not in the record; write a key or a JSON pointer"));
                };
                let mut shape = Shape::default();
                let slot = shape.slot(&path.keys);
                Self::Text(Extractor::new(shape), slot, place.clone())
            }
        })
    }

    /// What is within; `None` if that is nothing, and rightly so.
    pub(super) fn take_off<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<Cow<'a, [u8]>>, Reject> {
        match self {
            // Most come bare, and need not be read for that.
            Self::Sns(.., key) if !key.may_be_in(bytes) => Ok(Some(Cow::Borrowed(bytes))),
            Self::Sns(extractor, [kind, message], _) => extractor.read(Some(bytes), |found| {
                match (&found[*kind], &found[*message]) {
                    (Found::Text(kind), Found::Text(message)) if kind == "Notification" => {
                        Ok(Some(text_bytes(message.clone())))
                    }
                    // Questions whether somebody listens.
                    (Found::Text(kind), _) if kind.ends_with("Confirmation") => Ok(None),
                    _ => Ok(Some(Cow::Borrowed(bytes))),
                }
            }),
            Self::CloudEvents(extractor, [version, object, data, base64]) => {
                // In binary mode the data is all there is, whatever it is.
                if !bytes.trim_ascii_start().starts_with(b"{") {
                    return Ok(Some(Cow::Borrowed(bytes)));
                }
                extractor.read(Some(bytes), |found| {
                    match (&found[*version], &found[*object], &found[*data], &found[*base64]) {
                        (Found::Absent, ..) => Ok(Some(Cow::Borrowed(bytes))),
                        (_, Found::Raw(data), ..) => Ok(Some(Cow::Borrowed(data.as_bytes()))),
                        (_, _, Found::Text(data), _) => Ok(Some(text_bytes(data.clone()))),
                        (.., Found::Text(data)) => match STANDARD.decode(data.as_bytes()) {
                            Ok(data) => Ok(Some(Cow::Owned(data))),
                            Err(why) => Err(Reject::BadField(format!("data_base64 cannot be read: {why}"))),
                        },
                        _ => Err(Reject::BadField("a CloudEvent without data".into())),
                    }
                })
            }
            Self::Registry => registry::payload(bytes).map(|(_, payload)| Some(Cow::Borrowed(payload))),
            Self::Debezium(extractor, [payload, row, text, op, bare_row, bare_text, bare_op]) => {
                extractor.read(Some(bytes), |found| {
                    let (row, text, op) = match &found[*payload] {
                        Found::Absent => (bare_row, bare_text, bare_op),
                        _ => (row, text, op),
                    };
                    match (&found[*row], &found[*text], &found[*op]) {
                        (Found::Raw(row), ..) => Ok(Some(Cow::Borrowed(row.as_bytes()))),
                        // As the connector for MongoDB writes it.
                        (_, Found::Text(row), _) => Ok(Some(text_bytes(row.clone()))),
                        // Deleted, or truncated: there is no row any more.
                        (.., Found::Text(_)) => Ok(None),
                        _ => Err(Reject::BadField("no `after` and no `op`: not a change event of Debezium".into())),
                    }
                })
            }
            Self::Form(field) => match form_urlencoded::parse(bytes).find(|(name, _)| name == field.as_str()) {
                Some((_, value)) => Ok(Some(text_bytes(value))),
                // Sent as JSON by whoever took the form apart already.
                None if matches!(bytes.trim_ascii_start().first(), Some(b'{' | b'[')) => Ok(Some(Cow::Borrowed(bytes))),
                None => Err(Reject::Malformed(format!("a form without the field {field}"))),
            },
            Self::Text(extractor, slot, place) => extractor.read(Some(bytes), |found| match &found[*slot] {
                Found::Text(text) => Ok(Some(text_bytes(text.clone()))),
                found => Err(Reject::BadField(format!("{place} is {found}, not a text with JSON in it"))),
            }),
        }
    }
}

fn text_bytes(text: Cow<'_, str>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// Tells whether JSON may have a key somewhere.
pub(super) struct KeySearch {
    quoted: Finder<'static>,
    /// Letters may be escaped.
    escape: Finder<'static>,
}

impl KeySearch {
    /// The key is given with its quotes.
    fn new(quoted: &'static [u8]) -> Self {
        Self { quoted: Finder::new(quoted), escape: Finder::new(b"\\u") }
    }

    fn may_be_in(&self, json: &[u8]) -> bool {
        self.quoted.find(json).is_some() || self.escape.find(json).is_some()
    }
}

/// The extractor of one field or two, for what is around records.
fn small<const N: usize>(paths: [&[&str]; N], raw: &[bool; N]) -> (Extractor, [usize; N]) {
    let mut shape = Shape::default();
    let slots = std::array::from_fn(|place| {
        let path = paths[place].iter().copied();
        if raw[place] { shape.raw_slot(path) } else { shape.slot(path) }
    });
    (Extractor::new(shape), slots)
}
