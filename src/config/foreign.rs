//! Lets types of other modules read themselves from the tree with serde, their mistakes still having a place.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::problem::Problems;
use super::units;
use crate::yaml::{Name, Node, Place, Yaml};

/// Reads a node.
pub(super) struct Reader<'a>(pub &'a Node);

/// The first mistake that was found.
#[derive(Debug)]
pub(super) struct Mistake {
    at: Option<Place>,
    what: String,
    instead: String,
    /// The value was reported before.
    silent: bool,
}

impl Mistake {
    fn new(what: String, instead: String) -> Self {
        Self { at: None, what, instead, silent: false }
    }

    fn at(mut self, place: Place) -> Self {
        self.at.get_or_insert(place);
        self
    }

    /// Adds it to the others; `outer` is where the whole value stands.
    pub(super) fn report(self, outer: Place, problems: &Problems) {
        if !self.silent {
            problems.add(self.at.unwrap_or(outer), self.what, self.instead);
        }
    }
}

impl std::error::Error for Mistake {}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.instead)
    }
}

impl serde::de::Error for Mistake {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        let (what, instead) = message.split_once("; ").unwrap_or((&message, "see the mapping's keys in the README"));
        Self::new(what.to_owned(), instead.to_owned())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("found {}", found(unexpected)), format!("write {expected}"))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("found {}", found(unexpected)), format!("write {expected}"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("{field} is not a key that is known here"), units::suggest(field, expected))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("{variant} is not known here"), units::suggest(variant, expected))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("{field} is missing"), format!("add {field}"))
    }
}

/// What was found, in the words of the file.
fn found(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map".to_owned(),
        Unexpected::Unit => "nothing".to_owned(),
        other => other.to_string(),
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let read = match &self.0.value {
            Yaml::Null => visitor.visit_unit(),
            Yaml::Bool(value) => visitor.visit_bool(*value),
            Yaml::Integer(number) => match (u64::try_from(*number), i64::try_from(*number)) {
                (Ok(value), _) => visitor.visit_u64(value),
                (_, Ok(value)) => visitor.visit_i64(value),
                _ => visitor.visit_i128(*number),
            },
            Yaml::Float(number) => visitor.visit_f64(*number),
            Yaml::Text(text) => visitor.visit_borrowed_str(text),
            Yaml::List(nodes) => visitor.visit_seq(Nodes(nodes.iter())),
            Yaml::Map(entries) => visitor.visit_map(Entries { rest: entries, value: None }),
            Yaml::Reported => Err(Mistake { silent: true, ..Mistake::custom("") }),
        };
        read.map_err(|mistake| mistake.at(self.0.at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        if self.0.value == Yaml::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mistake> {
        let at = self.0.at;
        visitor.visit_newtype_struct(self).map_err(|mistake: Mistake| mistake.at(at))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let at = self.0.at;
        let read = match &self.0.value {
            Yaml::Text(name) => visitor.visit_enum(Variant { name, at, content: None }),
            Yaml::Map(entries) if entries.len() == 1 => visitor.visit_enum(Variant {
                name: &entries[0].0.text,
                at: entries[0].0.at,
                content: Some(&entries[0].1),
            }),
            other => Err(Mistake::new(format!("found {}", other.describe()), units::suggest("", variants))),
        };
        read.map_err(|mistake| mistake.at(at))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Nodes<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Nodes<'de> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mistake> {
        self.0.next().map(|node| seed.deserialize(Reader(node)).map_err(|mistake| mistake.at(node.at))).transpose()
    }
}

struct Entries<'a> {
    rest: &'a [(Name, Node)],
    value: Option<&'a Node>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some(((key, node), rest)) = self.rest.split_first() else { return Ok(None) };
        if let Some((again, _)) = rest.iter().find(|(other, _)| other.text == key.text) {
            let what = format!("{} stands here a second time", key.text);
            return Err(Mistake::new(what, "leave one of them out".to_owned()).at(again.at));
        }
        (self.rest, self.value) = (rest, Some(node));
        seed.deserialize(StrDeserializer::new(&key.text)).map(Some).map_err(|mistake: Mistake| mistake.at(key.at))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let node = self.value.take().expect("serde asks for a value after its key");
        seed.deserialize(Reader(node)).map_err(|mistake| mistake.at(node.at))
    }
}

struct Variant<'a> {
    name: &'a str,
    at: Place,
    content: Option<&'a Node>,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Mistake;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Mistake> {
        let read = seed.deserialize(StrDeserializer::<Mistake>::new(self.name));
        read.map(|value| (value, Self { ..self })).map_err(|mistake| mistake.at(self.at))
    }
}

impl<'de> Variant<'de> {
    fn content(&self) -> Result<Reader<'de>, Mistake> {
        let missing =
            || Mistake::new(format!("{} needs a value", self.name), format!("write {}: …", self.name)).at(self.at);
        self.content.map(Reader).ok_or_else(missing)
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Mistake;

    fn unit_variant(self) -> Result<(), Mistake> {
        match self.content {
            None => Ok(()),
            Some(node) => {
                Err(Mistake::new(format!("{} takes no value", self.name), format!("write {}", self.name)).at(node.at))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Mistake> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Mistake> {
        self.content()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Mistake> {
        self.content()?.deserialize_any(visitor)
    }
}
