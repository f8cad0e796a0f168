//! How a mapping is written in a configuration. Most fields have a short form, a text, and a long one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Where a record's fields stand. Places are columns, or JSON pointers when they begin with `/`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappingSpec {
    /// The customer.
    pub customer: CustomerSpec,
    /// The time; may be left out if the input says `time: record`.
    pub time: Option<TimeSpec>,
    /// The kind of event.
    pub kind: KindSpec,
    /// The money.
    pub value: Option<ValueSpec>,
    /// The event's id.
    pub id: Option<IdSpec>,
    /// The attributes that models may read, by name.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

impl MappingSpec {
    /// All kinds it can yield; `None` if the records themselves name them.
    pub(crate) fn kinds(&self) -> Option<Vec<String>> {
        let kinds: BTreeSet<&String> = match &self.kind {
            KindSpec::Fixed(kind) => [kind].into(),
            KindSpec::From { table: None, .. } => return None,
            KindSpec::From { table: Some(table), default, .. } => table.values().chain(default).collect(),
        };
        Some(kinds.into_iter().cloned().collect())
    }
}

/// Where the customer's id stands: a text or an integer. Short: the place.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct CustomerSpec {
    /// The place.
    pub from: String,
    /// Whether an id such as `17850.0` is an integer that lost its way, and means `17850`.
    #[serde(default)]
    pub number_as_text: bool,
}

/// Where the time stands. Short: the place, in RFC 3339.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct TimeSpec {
    /// The place.
    pub from: String,
    /// How it is written.
    #[serde(default)]
    pub format: TimeFormat,
    /// The zone of a pattern without an offset, as an IANA name.
    pub zone: Option<String>,
}

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum TimeFormat {
    /// `rfc3339`: `2025-01-03T10:00:00.000Z`.
    #[default]
    Rfc3339,
    /// `epoch_s`: seconds since 1970, with or without decimals.
    EpochS,
    /// `epoch_ms`: milliseconds since 1970.
    EpochMs,
    /// `%Y-%m-%d %H:%M:%S` and the like, as strptime has it.
    Pattern(String),
}

/// What an event is called. Short: always this.
#[derive(Debug, Clone, PartialEq)]
pub enum KindSpec {
    /// Every record is of this kind.
    Fixed(String),
    /// It depends on what stands in the record.
    From {
        /// The place.
        from: String,
        /// What stands there, and the kind it means. `C*` stands for all that begins with `C`; an exact text goes before
        /// that, a longer beginning before a shorter one. No table: what stands there is the kind.
        table: Option<BTreeMap<String, String>>,
        /// The kind of all others; without it they are ignored.
        default: Option<String>,
    },
}

/// Where the money stands, in units. Short: the place.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ValueSpec {
    /// The place.
    pub from: String,
    /// Places to multiply it with, such as a quantity.
    #[serde(default)]
    pub times: Vec<String>,
}

/// The places that make up an event's id together. Short: the one place.
#[derive(Debug, Clone, PartialEq)]
pub struct IdSpec(pub Vec<String>);

/// The long form of [`KindSpec`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindFields {
    from: String,
    table: Option<BTreeMap<String, String>>,
    default: Option<String>,
}

impl From<KindFields> for KindSpec {
    fn from(KindFields { from, table, default }: KindFields) -> Self {
        Self::From { from, table, default }
    }
}

/// Reads a type from a text, its short form, or from its fields. (Trying one form after the other would lose what was
/// wrong with the fields.)
macro_rules! short_or_long {
    ($type:ty, $expecting:literal, $short:expr, $long:ty) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Form;

                impl<'de> Visitor<'de> for Form {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                        let short: fn(String) -> $type = $short;
                        Ok(short(text.to_owned()))
                    }

                    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                        <$long>::deserialize(MapAccessDeserializer::new(map)).map(Into::into)
                    }
                }

                deserializer.deserialize_any(Form)
            }
        }
    };
}

short_or_long!(
    CustomerSpec,
    "a column or JSON pointer, or {from, number_as_text}",
    |from| CustomerSpec { from, number_as_text: false },
    CustomerSpec
);
short_or_long!(
    TimeSpec,
    "a column or JSON pointer, or {from, format, zone}",
    |from| TimeSpec { from, format: TimeFormat::default(), zone: None },
    TimeSpec
);
short_or_long!(
    ValueSpec,
    "a column or JSON pointer, or {from, times}",
    |from| ValueSpec { from, times: Vec::new() },
    ValueSpec
);
short_or_long!(KindSpec, "a kind, or {from, table, default}", KindSpec::Fixed, KindFields);

impl<'de> Deserialize<'de> for IdSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = IdSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a column or JSON pointer, or a list of them")
            }

            fn visit_str<E: Error>(self, place: &str) -> Result<IdSpec, E> {
                Ok(IdSpec(vec![place.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, places: A) -> Result<IdSpec, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(places)).map(IdSpec)
            }
        }

        deserializer.deserialize_any(Form)
    }
}

impl<'de> Deserialize<'de> for TimeFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match &*text {
            "rfc3339" => Ok(Self::Rfc3339),
            "epoch_s" => Ok(Self::EpochS),
            "epoch_ms" => Ok(Self::EpochMs),
            _ if text.contains('%') => Ok(Self::Pattern(text)),
            _ => Err(D::Error::custom(format_args!(
                "`{text}` is no format of times; write rfc3339, epoch_s, epoch_ms or a pattern such as \"%Y-%m-%d %H:%M:%S\""
            ))),
        }
    }
}
