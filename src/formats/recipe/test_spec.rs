//! How the conditions of a recipe are written.

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

use super::spec::Ordered;

/// What must hold of a record: all of it.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionSpec {
    /// By place.
    #[serde(rename = "where")]
    pub places: Option<Ordered<TestSpec>>,
    /// As an expression.
    pub when: Option<String>,
}

/// What is asked of what stands at a place.
#[derive(Debug, Clone, PartialEq)]
pub enum TestSpec {
    /// It is this text; with an ending `*` it begins so.
    Text(String),
    /// It is this number, also if it is written as a text.
    Number(f64),
    /// It is this.
    Bool(bool),
    /// There is nothing.
    Absent,
    /// One of these holds.
    Any(Vec<TestSpec>),
    /// There is something (or not).
    Has(bool),
    /// This does not hold.
    Not(Box<TestSpec>),
    /// It is a text with one of these in it, in whatever case.
    Contains(Vec<String>),
    /// It is a number above this one.
    Above(f64),
    /// It is a number below this one.
    Below(f64),
}

impl TestSpec {
    /// The texts one of which it asks for, if that is all that it asks: words, and beginnings, which end in `*`.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Self::Text(text) => Some(vec![text]),
            Self::Any(tests) => {
                let texts = tests.iter().map(Self::texts).collect::<Option<Vec<_>>>()?;
                Some(texts.concat())
            }
            _ => None,
        }
    }
}

/// The forms with a word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Worded {
    Has(bool),
    Not(Box<TestSpec>),
    Contains(OneOrMore),
    Above(f64),
    Below(f64),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl<'de> Deserialize<'de> for TestSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = TestSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a number, true, false, null, a list of these, or one of {has, not, contains, above, below}")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<TestSpec, E> {
                Ok(TestSpec::Text(text.to_owned()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<TestSpec, E> {
                Ok(TestSpec::Bool(value))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<TestSpec, E> {
                Ok(TestSpec::Number(number as f64))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<TestSpec, E> {
                Ok(TestSpec::Number(number as f64))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<TestSpec, E> {
                Ok(TestSpec::Number(number))
            }

            fn visit_unit<E: Error>(self) -> Result<TestSpec, E> {
                Ok(TestSpec::Absent)
            }

            fn visit_none<E: Error>(self) -> Result<TestSpec, E> {
                Ok(TestSpec::Absent)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<TestSpec, D::Error> {
                TestSpec::deserialize(deserializer)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<TestSpec, A::Error> {
                let tests: Vec<TestSpec> = Vec::deserialize(SeqAccessDeserializer::new(items))?;
                if tests.is_empty() {
                    return Err(A::Error::custom("an empty list never holds; name what may stand there"));
                }
                Ok(TestSpec::Any(tests))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TestSpec, A::Error> {
                Worded::deserialize(MapAccessDeserializer::new(map)).map(|worded| match worded {
                    Worded::Has(there) => TestSpec::Has(there),
                    Worded::Not(test) => TestSpec::Not(test),
                    Worded::Contains(OneOrMore::One(part)) => TestSpec::Contains(vec![part]),
                    Worded::Contains(OneOrMore::More(parts)) => TestSpec::Contains(parts),
                    Worded::Above(number) => TestSpec::Above(number),
                    Worded::Below(number) => TestSpec::Below(number),
                })
            }
        }

        deserializer.deserialize_any(Form)
    }
}
