//! The forms in which the parts of a recipe may be written: a text, a list, or fields.

use std::fmt;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::spec::{
    Each, FieldSpec, KindRule, KindSpec, MadeSpec, Ordered, TimeFormat, TimeFormats, TimeSpec, TimesSpec, Unit,
    ValueSpec, Wrapper,
};

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Form<T> {
            type Value = Ordered<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }

        deserializer.deserialize_map(Form(std::marker::PhantomData))
    }
}

/// Reads a type from a text, a list or its fields. (Trying one form after the other would lose what was wrong with the
/// fields.)
macro_rules! forms {
    ($type:ty, $expecting:literal, text $text:expr $(, list $item:ty => $list:expr)? $(, map $map:ty => $made:expr)?) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Form;

                impl<'de> Visitor<'de> for Form {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                        let read: fn(String) -> Result<$type, String> = $text;
                        read(text.to_owned()).map_err(E::custom)
                    }

                    $(fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
                        let read: fn(Vec<$item>) -> $type = $list;
                        Vec::deserialize(SeqAccessDeserializer::new(items)).map(read)
                    })?

                    $(fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                        let read: fn($map) -> $type = $made;
                        <$map>::deserialize(MapAccessDeserializer::new(map)).map(read)
                    })?
                }

                deserializer.deserialize_any(Form)
            }
        }
    };
}

forms!(
    FieldSpec,
    "a column or JSON pointer, a list of them, or {from, …}",
    text |place| Ok(FieldSpec::Place(place)),
    list FieldSpec => FieldSpec::List,
    map MadeSpec => |made| FieldSpec::Made(Box::new(made))
);

/// The long form of [`TimeSpec`], which derives its reading under its own name.
struct TimeFields(TimeSpec);

impl<'de> Deserialize<'de> for TimeFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TimeSpec::deserialize(deserializer).map(TimeFields)
    }
}

/// One of several times.
struct OneTime(TimeSpec);

fn time_at(place: String) -> TimeSpec {
    TimeSpec { from: FieldSpec::Place(place), format: TimeFormats::default(), zone: None }
}

forms!(
    OneTime,
    "a column or JSON pointer, or {from, format, zone}",
    text |place| Ok(OneTime(time_at(place))),
    map TimeFields => |fields| OneTime(fields.0)
);
forms!(
    TimesSpec,
    "a column or JSON pointer, {from, format, zone}, or a list of these",
    text |place| Ok(TimesSpec(vec![time_at(place)])),
    list OneTime => |times| TimesSpec(times.into_iter().map(|time| time.0).collect()),
    map TimeFields => |fields| TimesSpec(vec![fields.0])
);

struct ValueFields(ValueSpec);

impl<'de> Deserialize<'de> for ValueFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ValueSpec::deserialize(deserializer).map(ValueFields)
    }
}

fn value_from(from: FieldSpec) -> ValueSpec {
    ValueSpec { from, times: Vec::new(), unit: Unit::Major, currency: None, divide_by: None, abs: false }
}

forms!(
    ValueSpec,
    "a column or JSON pointer, a list of them, or {from, times, currency, unit, divide_by, abs}",
    text |place| Ok(value_from(FieldSpec::Place(place))),
    list FieldSpec => |all| value_from(FieldSpec::List(all)),
    map ValueFields => |fields| fields.0
);
forms!(
    KindSpec,
    "a kind, {from, table, default}, or a list of {kind, from, table, default, where, when}",
    text |kind| Ok(KindSpec::Fixed(kind)),
    list KindRule => KindSpec::Rules,
    map KindRule => |rule| KindSpec::Rules(vec![rule])
);

/// The long forms of [`Wrapper`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum WrapperFields {
    Form(String),
    Text(String),
}

forms!(
    Wrapper,
    "sns, cloudevents, registry, avro, protobuf, debezium, {form: field} or {text: place}",
    text |name| match &*name {
        "sns" => Ok(Wrapper::Sns),
        "cloudevents" => Ok(Wrapper::CloudEvents),
        "registry" => Ok(Wrapper::Registry),
        "avro" => Ok(Wrapper::Avro),
        "protobuf" => Ok(Wrapper::Protobuf),
        "debezium" => Ok(Wrapper::Debezium),
        _ => Err(format!("there is no wrapper `{name}`; write sns, cloudevents, registry, avro, protobuf, debezium, {{form: field}} or {{text: place}}")),
    },
    map WrapperFields => |fields| match fields {
        WrapperFields::Form(field) => Wrapper::Form(field),
        WrapperFields::Text(place) => Wrapper::Text(place),
    }
);
impl TimeFormat {
    fn read(text: String) -> Result<Self, String> {
        match &*text {
            "rfc3339" => Ok(Self::Rfc3339),
            "epoch_s" => Ok(Self::EpochS),
            "epoch_ms" => Ok(Self::EpochMs),
            "epoch_us" => Ok(Self::EpochUs),
            _ if text.contains('%') => Ok(Self::Pattern(text)),
            _ => Err(format!(
                "`{text}` is no format of times; write rfc3339, epoch_s, epoch_ms, epoch_us or a pattern such as \"%Y-%m-%d %H:%M:%S\""
            )),
        }
    }
}

forms!(TimeFormat, "rfc3339, epoch_s, epoch_ms, epoch_us or a pattern", text TimeFormat::read);
forms!(
    TimeFormats,
    "rfc3339, epoch_s, epoch_ms, epoch_us, a pattern, or a list of these",
    text |text| TimeFormat::read(text).map(|format| TimeFormats(vec![format])),
    list TimeFormat => TimeFormats
);
forms!(
    Each,
    "the place of an array, or a list of them",
    text |place| Ok(Each(vec![place])),
    list String => Each
);
