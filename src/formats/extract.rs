//! The fields of a JSON record that somebody asked for, and none of the others.
//!
//! A [`Shape`] is a small tree of the wanted paths; reading a record walks that tree along the text once. What is not
//! on a path is checked to be JSON and skipped, without being kept. Invariant: what is found is what a parser that
//! builds the whole document would find there (the last of equal keys counts), and recursion goes no deeper than the
//! longest path, however deep the record is.
//!
//! Not in here: what the fields mean.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::journey::Reject;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Found<'a> {
    /// Nothing.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer, zero or more.
    Unsigned(u64),
    /// An integer below zero.
    Signed(i64),
    /// A number with a fraction or an exponent, or an integer beyond 64 bits.
    Float(f64),
    /// A text; borrowed unless it has escapes.
    Text(Cow<'a, str>),
    /// An array or an object.
    Other,
}

impl<'a> Found<'a> {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether there is nothing to be read: no such field, or `null`.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Absent | Self::Null)
    }
}

/// As it stood in the record, cut short: for the reasons that go with dead letters.
impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_CHARS_MAX: usize = 60;
        match self {
            Self::Absent => write!(f, "nothing"),
            Self::Null => write!(f, "null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Signed(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => match text.char_indices().nth(SHOWN_CHARS_MAX) {
                None => write!(f, "{text:?}"),
                Some((end, _)) => write!(f, "{:?}…", &text[..end]),
            },
            Self::Other => write!(f, "an array or object"),
        }
    }
}

/// The wanted paths, as a tree.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    nodes: Vec<Node>,
    slots: usize,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// Where to keep what stands here.
    slot: Option<usize>,
    children: Vec<Child>,
    /// All slots here and below: emptied when the key comes a second time.
    slots_below: Vec<usize>,
}

#[derive(Debug, Clone)]
struct Child {
    key: Box<str>,
    /// The key as a place in an array, if it can be one.
    position: Option<usize>,
    node: usize,
}

const ROOT: usize = 0;

impl Shape {
    /// No paths yet.
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()], slots: 0 }
    }

    /// The slot in which what stands at this path will be found. Equal paths share one.
    pub(super) fn slot<K: AsRef<str>>(&mut self, path: impl IntoIterator<Item = K>) -> usize {
        let mut passed = vec![ROOT];
        let mut here = ROOT;
        for key in path {
            let key = key.as_ref();
            here = match self.nodes[here].child(key) {
                Some(node) => node,
                None => {
                    let node = self.nodes.len();
                    self.nodes.push(Node::default());
                    self.nodes[here].children.push(Child { key: key.into(), position: position(key), node });
                    node
                }
            };
            passed.push(here);
        }
        if let Some(slot) = self.nodes[here].slot {
            return slot;
        }
        let slot = self.slots;
        self.slots += 1;
        self.nodes[here].slot = Some(slot);
        for node in passed {
            self.nodes[node].slots_below.push(slot);
        }
        slot
    }

    /// Fills `found` with what stands in the record, by slot. The record must be one JSON object and nothing after it.
    pub(super) fn read<'a>(&self, value: Option<&'a [u8]>, found: &mut Vec<Found<'a>>) -> Result<(), Reject> {
        found.clear();
        found.resize(self.slots, Found::Absent);
        let bytes = value.filter(|value| !value.is_empty()).ok_or(Reject::Empty)?;
        let text = std::str::from_utf8(bytes).map_err(|error| Reject::InvalidUtf8(error.valid_up_to()))?;
        let is_object = text.trim_ascii_start().starts_with('{');
        let mut json = serde_json::Deserializer::from_str(text);
        let walked = if is_object {
            Walk { shape: self, node: ROOT, found }.deserialize(&mut json)
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
}

impl Node {
    fn child(&self, key: &str) -> Option<usize> {
        self.children.iter().find(|child| *child.key == *key).map(|child| child.node)
    }

    fn child_at(&self, position: usize) -> Option<usize> {
        self.children.iter().find(|child| child.position == Some(position)).map(|child| child.node)
    }
}

/// A key as a place in an array: digits without a leading zero.
fn position(key: &str) -> Option<usize> {
    let plain = key == "0" || (key.bytes().all(|byte| byte.is_ascii_digit()) && !key.starts_with('0'));
    if plain { key.parse().ok() } else { None }
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
        let node = &self.shape.nodes[self.node];
        if let Some(slot) = node.slot {
            self.found[slot] = what;
        }
        node
    }

    /// A fresh start for a child: what an earlier key of the same name left is gone.
    fn fresh_child(&mut self, node: usize) -> Walk<'s, '_, 'de> {
        for &slot in &self.shape.nodes[node].slots_below {
            self.found[slot] = Found::Absent;
        }
        Walk { shape: self.shape, node, found: self.found }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
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
        while let Some(child) = map.next_key_seed(Key(node))? {
            match child {
                Some(child) => map.next_value_seed(self.fresh_child(child))?,
                None => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        let node = Walk { shape: self.shape, node: self.node, found: self.found }.note(Found::Other);
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

/// Which child of a node a key leads to.
struct Key<'s>(&'s Node);

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
        Ok(self.0.child(key))
    }
}

/// The memory of a list of findings, kept from one record to the next.
#[derive(Debug, Default)]
pub(super) struct Scratch(Vec<Found<'static>>);

impl Scratch {
    /// An empty list, with the memory of the last one.
    pub(super) fn take<'a>(&mut self) -> Vec<Found<'a>> {
        relet(std::mem::take(&mut self.0))
    }

    /// Hands the memory back.
    pub(super) fn give_back(&mut self, found: Vec<Found<'_>>) {
        self.0 = relet(found);
    }
}

/// Empties a list and lets its memory for findings of another lifetime: collecting a vector from a vector's own items
/// of equal layout reuses its allocation.
fn relet<'a>(mut found: Vec<Found<'_>>) -> Vec<Found<'a>> {
    found.clear();
    found.into_iter().map(|_| Found::Absent).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&[&str]], record: &str, expected: &[Found<'_>]) {
        let mut shape = Shape::new();
        let slots: Vec<usize> = paths.iter().map(|path| shape.slot(*path)).collect();
        let mut found = Vec::new();
        shape.read(Some(record.as_bytes()), &mut found).unwrap_or_else(|reject| panic!("{record}: {reject}"));
        let found: Vec<Found<'_>> = slots.iter().map(|&slot| found[slot].clone()).collect();
        assert_eq!(found, expected, "{record}");
    }

    fn text(text: &str) -> Found<'_> {
        Found::Text(Cow::Borrowed(text))
    }

    #[test]
    fn every_type_of_value_is_told_from_the_others() {
        let paths: [&[&str]; 9] = [&["a"], &["b"], &["c"], &["d"], &["e"], &["f"], &["g"], &["h"], &["i"]];
        check(
            &paths,
            r#"{"a":"x","b":1,"c":-1,"d":1.0,"e":true,"f":null,"g":[1],"h":{"a":1}}"#,
            &[
                text("x"),
                Found::Unsigned(1),
                Found::Signed(-1),
                Found::Float(1.0),
                Found::Bool(true),
                Found::Null,
                Found::Other,
                Found::Other,
                Found::Absent,
            ],
        );
    }

    #[test]
    fn the_last_of_equal_keys_counts_also_for_whole_objects() {
        check(&[&["a"]], r#"{"a":1,"a":"x"}"#, &[text("x")]);
        check(&[&["a", "b"], &["a", "c"]], r#"{"a":{"b":1,"c":2},"a":{"c":3}}"#, &[Found::Absent, Found::Unsigned(3)]);
        check(&[&["a", "b"]], r#"{"a":{"b":1},"a":null}"#, &[Found::Absent]);
        check(&[&["a", "b", "c"]], r#"{"a":{"b":{"c":1}},"a":{"b":7}}"#, &[Found::Absent]);
        check(&[&["a", "b"], &["a"]], r#"{"a":1,"a":{"b":2}}"#, &[Found::Unsigned(2), Found::Other]);
    }

    #[test]
    fn keys_are_compared_as_texts_not_as_written() {
        check(&[&["a\"b"], &["é"]], r#"{"a\"b":1,"\u00e9":2}"#, &[Found::Unsigned(1), Found::Unsigned(2)]);
    }

    #[test]
    fn a_digit_is_a_place_in_an_array_and_a_key_in_an_object() {
        check(&[&["a", "1", "b"]], r#"{"a":[{"b":1},{"b":2},{"b":3}]}"#, &[Found::Unsigned(2)]);
        check(&[&["a", "1"]], r#"{"a":{"1":2}}"#, &[Found::Unsigned(2)]);
        check(&[&["a", "01"]], r#"{"a":[1,2]}"#, &[Found::Absent]);
        check(&[&["a", "1", "b"]], r#"{"a":[1,{"b":2}],"a":[1]}"#, &[Found::Absent]);
    }

    #[test]
    fn look_alikes_on_other_levels_are_passed_by() {
        check(&[&["status"]], r#"{"card":{"status":"x"},"list":[{"status":"y"}]}"#, &[Found::Absent]);
    }

    #[test]
    fn memory_is_kept_from_one_record_to_the_next() {
        let mut scratch = Scratch::default();
        let mut found = scratch.take();
        found.resize(8, Found::Absent);
        let place = found.as_ptr() as usize;
        scratch.give_back(found);
        let again = scratch.take();
        assert_eq!((again.as_ptr() as usize, again.capacity() >= 8, again.len()), (place, true, 0));
    }
}
