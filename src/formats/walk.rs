//! The wanted fields of a record by way of `serde_json`: the slow and certain way, and the one that says what is wrong.
//!
//! Invariant: what is found is what a parser that builds the whole document would find there (the last of equal keys
//! counts), and recursion goes no deeper than the longest path, however deep the record is.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::found::Found;
use super::shape::{Node, ROOT, Shape};
use crate::journey::Reject;

/// Fills `found`, which has a place for every slot, with what stands in the record. The record must be one JSON object
/// and nothing after it.
pub(super) fn read<'a>(shape: &Shape, text: &'a str, found: &mut [Found<'a>]) -> Result<(), Reject> {
    let is_object = text.trim_ascii_start().starts_with('{');
    let mut json = serde_json::Deserializer::from_str(text);
    let walked = if is_object {
        Walk { shape, node: ROOT, found }.deserialize(&mut json)
    } else {
        IgnoredAny::deserialize(&mut json).map(|_| ())
    };
    match walked.and_then(|()| json.end()) {
        Err(_) if text.starts_with('\u{feff}') => {
            Err(Reject::Malformed("it begins with a byte order mark, which JSON has not".into()))
        }
        Err(error) => Err(Reject::Malformed(error.to_string())),
        Ok(()) if is_object => Ok(()),
        Ok(()) => Err(Reject::NotAnObject),
    }
}

/// The same for any JSON, object or not.
pub(super) fn read_any<'a>(shape: &Shape, text: &'a str, found: &mut [Found<'a>]) -> Result<(), Reject> {
    let mut json = serde_json::Deserializer::from_str(text);
    let walked = Walk { shape, node: ROOT, found }.deserialize(&mut json);
    walked.and_then(|()| json.end()).map_err(|error| Reject::Malformed(error.to_string()))
}

/// A number by itself; `None` if it is too large for a float.
pub(super) fn read_number(text: &str) -> Option<Found<'_>> {
    static ALONE: LazyLock<Shape> = LazyLock::new(|| {
        let mut shape = Shape::new();
        shape.slot([""; 0]);
        shape
    });
    let mut found = [Found::Absent];
    let mut json = serde_json::Deserializer::from_str(text);
    Walk { shape: &ALONE, node: ROOT, found: &mut found }.deserialize(&mut json).and_then(|()| json.end()).ok()?;
    let [found] = found;
    Some(found)
}

/// Walks one node of the tree along the value that stands there.
struct Walk<'s, 'f, 'de> {
    shape: &'s Shape,
    node: usize,
    found: &'f mut [Found<'de>],
}

impl<'s, 'de> Walk<'s, '_, 'de> {
    fn put<E>(self, what: Found<'de>) -> Result<(), E> {
        self.note(what);
        Ok(())
    }

    /// Keeps what stands here, if it is wanted, and tells the node.
    fn note(self, what: Found<'de>) -> &'s Node {
        let node = self.shape.node(self.node);
        if let Some(slot) = node.slot {
            self.found[slot] = what;
        }
        node
    }

    /// A fresh start for a child: what an earlier key of the same name left is gone.
    fn fresh_child(&mut self, node: usize) -> Walk<'s, '_, 'de> {
        for &slot in &self.shape.node(node).slots_below {
            self.found[slot] = Found::Absent;
        }
        Walk { shape: self.shape, node, found: self.found }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let node = self.shape.node(self.node);
        let Some(slot) = node.raw_slot else { return deserializer.deserialize_any(self) };
        // Read twice: once for where it ends.
        let text = <&RawValue>::deserialize(deserializer)?.get();
        let mut json = serde_json::Deserializer::from_str(text);
        let Walk { shape, node, found } = self;
        json.deserialize_any(Walk { shape, node, found: &mut *found }).map_err(D::Error::custom)?;
        if text.starts_with(['{', '[']) {
            found[slot] = Found::Raw(text);
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.put(Found::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.put(Found::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.put(Found::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.put(if value < 0 { Found::Signed(value) } else { Found::Unsigned(value.unsigned_abs()) })
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.put(Found::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<(), E> {
        self.put(Found::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.put(Found::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let node = Walk { shape: self.shape, node: self.node, found: self.found }.note(Found::Other);
        let is_loose = self.shape.is_loose();
        while let Some(child) = map.next_key_seed(Key { node, is_loose })? {
            match child {
                Some(ELEMENT_TEXT) => {
                    let text: String = map.next_value()?;
                    if let Some(slot) = node.slot {
                        self.found[slot] = Found::Text(Cow::Owned(text));
                    }
                }
                Some(child) => map.next_value_seed(self.fresh_child(child))?,
                None => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let node = Walk { shape: self.shape, node: self.node, found: self.found }.note(Found::Other);
        if self.shape.is_loose() && node.is_inner() {
            return self.first_of(node, seq);
        }
        for at in 0.. {
            let more = match node.child_at(at) {
                Some(child) => seq.next_element_seed(self.fresh_child(child))?.is_some(),
                None => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }
}

impl<'de> Walk<'_, '_, 'de> {
    /// Of everything below a node what the first item of an array has of it.
    fn first_of<A: SeqAccess<'de>>(&mut self, node: &Node, mut seq: A) -> Result<(), A::Error> {
        let mut kept: Vec<Found<'de>> = vec![Found::Absent; node.slots_below.len()];
        loop {
            let more = seq.next_element_seed(self.fresh_child(self.node))?.is_some();
            for (kept, &slot) in kept.iter_mut().zip(&node.slots_below) {
                if kept.is_missing() {
                    *kept = std::mem::take(&mut self.found[slot]);
                }
            }
            if !more {
                break;
            }
        }
        for (kept, &slot) in kept.into_iter().zip(&node.slots_below) {
            self.found[slot] = kept;
        }
        Ok(())
    }
}

/// Stands for the node of an XML element's own text, beside its attributes.
const ELEMENT_TEXT: usize = usize::MAX;

/// Which child of a node a key leads to.
struct Key<'s> {
    node: &'s Node,
    is_loose: bool,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.node.child(key.as_bytes()).or_else(|| (self.is_loose && key == "#text").then_some(ELEMENT_TEXT)))
    }
}
