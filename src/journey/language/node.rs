//! A YAML file as a tree that knows where each of its nodes stands.
//!
//! Mistakes are to be reported all together, so the file is first read without any expectation of what is in it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Location, Spanned};

use crate::journey::problem::{Position, Problem};

/// How deep a file may be nested: a model needs eight levels, and reading takes stack.
const DEPTH_MAX: usize = 16;

/// How many nodes a file may have, those that aliases repeat included.
const NODES_MAX: usize = 100_000;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub at: Position,
    /// Where it begins in the source, in bytes, if that is known.
    pub byte: Option<usize>,
    pub value: Yaml,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Yaml {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; keys may repeat.
    Map(Vec<(Name, Node)>),
}

/// A text with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name {
    pub at: Position,
    pub text: String,
}

impl Node {
    /// Reads a whole file.
    pub fn parse(source: &str) -> Result<Self, Problem> {
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! { max_depth: DEPTH_MAX, max_nodes: NODES_MAX },
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            merge_keys: MergeKeyPolicy::AsOrdinary,
            non_finite_float_policy: NonFiniteFloatPolicy::AsString,
            strict_booleans: true,
            leading_zero_numbers_as_strings: true,
            underscored_numbers_as_strings: true,
        };
        serde_saphyr::from_str_with_options::<Spanned<Yaml>>(source, options).map(Self::from).map_err(|error| {
            let at = error.location().map_or(Position { line: 1, column: 1 }, position);
            let said = error.without_snippet().to_string();
            let said = said.split([';', '\n']).next().unwrap_or_default();
            let said = said.split(" at line ").next().unwrap_or_default();
            let text = if ["budget breached", "recursion limit"].iter().any(|limit| said.contains(limit)) {
                format!("a model is nested at most {DEPTH_MAX} levels deep and has at most {NODES_MAX} parts; write a smaller one")
            } else if said.contains("multiple YAML documents") {
                "a file holds one model; leave out what begins with `---`, or make it a file of its own".to_owned()
            } else {
                format!("this is not YAML: {said}; check brackets, quotes and indentation")
            };
            Problem { at, text }
        })
    }

    /// What it is, in a message.
    pub fn describe(&self) -> String {
        match &self.value {
            Yaml::Null => "nothing".to_owned(),
            Yaml::Bool(value) => format!("`{value}`"),
            Yaml::Integer(value) => format!("the number {value}"),
            Yaml::Float(value) => format!("the number {value}"),
            Yaml::Text(text) => format!("the text `{text}`"),
            Yaml::List(_) => "a list".to_owned(),
            Yaml::Map(_) => "a map".to_owned(),
        }
    }
}

fn position(location: Location) -> Position {
    let number = |wide: u64| u32::try_from(wide).unwrap_or(u32::MAX).max(1);
    Position { line: number(location.line()), column: number(location.column()) }
}

impl From<Spanned<Yaml>> for Node {
    fn from(spanned: Spanned<Yaml>) -> Self {
        let byte = spanned.referenced.span().byte_offset().and_then(|byte| usize::try_from(byte).ok());
        Self { at: position(spanned.referenced), byte, value: spanned.value }
    }
}

impl From<Spanned<String>> for Name {
    fn from(spanned: Spanned<String>) -> Self {
        Self { at: position(spanned.referenced), text: spanned.value }
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
        Ok(Yaml::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Yaml, E> {
        Ok(i64::try_from(value).map_or(Yaml::Float(value as f64), Yaml::Integer))
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
