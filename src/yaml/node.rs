//! The tree itself, and how a file becomes one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Spanned};

use super::Place;

/// How deep a file may be nested: a model or a configuration needs eight levels, and reading takes stack.
const DEPTH_MAX: usize = 16;

/// How many nodes a file may have, those that aliases repeat included.
const NODES_MAX: usize = 100_000;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub at: Place,
    /// Where it begins in the source, in bytes, if that is known.
    pub byte: Option<usize>,
    pub value: Yaml,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Null,
    Bool(bool),
    /// Of 64 bits, with a sign or without.
    Integer(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; keys may repeat.
    Map(Vec<(Name, Node)>),
    /// What stood here is wrong and was reported by an earlier reader; whoever comes after is silent about it.
    Reported,
}

/// What sort of file is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// What messages call what is in the file, such as `model`.
    pub noun: &'static str,
    /// Whether the key `<<` takes over the entries of another map, or is a key like any other.
    pub merge_keys: bool,
}

/// Why a text is not a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Where.
    pub at: Place,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub instead: &'static str,
}

/// A text with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Name {
    pub at: Place,
    pub text: String,
}

impl Node {
    /// Reads a whole file. Keys that stand twice stay twice; whoever reads the map reports them.
    pub(crate) fn parse(source: &str, dialect: Dialect) -> Result<Self, Unreadable> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_depth: DEPTH_MAX, max_nodes: NODES_MAX },
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            merge_keys: if dialect.merge_keys { MergeKeyPolicy::Merge } else { MergeKeyPolicy::AsOrdinary },
            non_finite_float_policy: NonFiniteFloatPolicy::AsString,
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            underscored_numbers_as_strings: true,
            with_snippet: false,
        };
        serde_saphyr::from_str_with_options::<Spanned<Yaml>>(source, options)
            .map(Self::from)
            .map_err(|error| Unreadable::new(&error, dialect.noun))
    }
}

impl Unreadable {
    fn new(error: &serde_saphyr::Error, noun: &str) -> Self {
        let said = error.without_snippet().to_string();
        let said = said.split([';', '\n']).next().unwrap_or_default();
        let said = said.split(" at line ").next().unwrap_or_default();
        let (what, instead) = if ["budget breached", "recursion limit"].iter().any(|limit| said.contains(limit)) {
            let limits = format!("at most {DEPTH_MAX} levels deep and has at most {NODES_MAX} parts");
            (format!("a {noun} is nested {limits}"), "write a smaller one")
        } else if said.contains("multiple YAML documents") {
            let instead = "leave out what begins with `---`, or make it a file of its own";
            (format!("a file holds one {noun}"), instead)
        } else {
            (format!("this is not YAML: {said}"), "check brackets, quotes and indentation")
        };
        Self { at: error.location().map_or(Place::START, place), what, instead }
    }
}

impl Yaml {
    /// What it is, in a message.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Null | Self::Reported => "nothing".to_owned(),
            Self::Bool(value) => format!("`{value}`"),
            Self::Integer(value) => format!("the number {value}"),
            Self::Float(value) => format!("the number {value:?}"),
            Self::Text(text) => format!("the text `{text}`"),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a map".to_owned(),
        }
    }

    /// A number as it would be written; `None` for anything else.
    pub(crate) fn number(&self) -> Option<String> {
        match self {
            Self::Integer(value) => Some(value.to_string()),
            Self::Float(value) => Some(format!("{value:?}")),
            _ => None,
        }
    }
}

fn place(location: Location) -> Place {
    Place { line: location.line().max(1), column: location.column().max(1) }
}

impl From<Spanned<Yaml>> for Node {
    fn from(spanned: Spanned<Yaml>) -> Self {
        let byte = spanned.referenced.span().byte_offset().and_then(|byte| usize::try_from(byte).ok());
        Self { at: place(spanned.referenced), byte, value: spanned.value }
    }
}

impl From<Spanned<String>> for Name {
    fn from(spanned: Spanned<String>) -> Self {
        Self { at: place(spanned.referenced), text: spanned.value }
    }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> Visitor<'de> for YamlVisitor {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E: Error>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Integer(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Yaml, E> {
        Ok(Yaml::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Yaml, E> {
        Ok(Yaml::Float(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Yaml>>()? {
            list.push(Node::from(item));
        }
        Ok(Yaml::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Yaml, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            map.push((Name::from(key), Node::from(entries.next_value::<Spanned<Yaml>>()?)));
        }
        Ok(Yaml::Map(map))
    }
}
