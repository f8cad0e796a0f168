//! How a recipe is written: what stands where in a record, and what it means. The same words in a configuration's `mapping`
//! and in the recipes of the formats that come with the program.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::test_spec::ConditionSpec;

/// What stands where in a record. Every key can be left out here; what is needed is checked with the whole.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecipeSpec {
    /// What the record's bytes are; JSON if nothing is said.
    pub reads: Option<Carrier>,
    /// The names of a tab-separated record's columns.
    pub columns: Option<Vec<String>>,
    /// What is taken off before reading, in order.
    pub unwrap: Option<Vec<Wrapper>>,
    /// For one of several readings: only if these hold.
    #[serde(rename = "where")]
    pub places: Option<Ordered<super::test_spec::TestSpec>>,
    /// And only if this expression is true.
    pub when: Option<String>,
    /// A place that holds an array, each item of which is an event, or the first of several that has one; empty: the
    /// record itself.
    pub each: Option<Each>,
    /// What the producer calls the event.
    pub name: Option<FieldSpec>,
    /// What identifies the person, by type.
    pub identifiers: Option<Ordered<FieldSpec>>,
    /// The customer: with `identifiers` the types that make one, in order of preference; else a field.
    pub customer: Option<FieldSpec>,
    /// The time.
    pub time: Option<TimesSpec>,
    /// The kind of event.
    pub kind: Option<KindSpec>,
    /// The event's id.
    pub id: Option<FieldSpec>,
    /// The money.
    pub value: Option<ValueSpec>,
    /// The attributes that models may read, by name.
    pub attributes: Option<BTreeMap<String, FieldSpec>>,
    /// Objects that hold attributes by their own names.
    pub attributes_in: Option<Vec<String>>,
    /// What is left out, and why.
    pub drop: Option<Vec<DropSpec>>,
    /// Several readings of one record; what one of them does not say is as said beside.
    pub events: Option<Vec<RecipeSpec>>,
}

impl RecipeSpec {
    /// One reading of several: what it says goes before what is said beside.
    pub(super) fn within(&self, outer: &Self) -> Self {
        let mut whole = outer.clone();
        whole.events = None;
        (whole.places, whole.when) = (self.places.clone(), self.when.clone());
        macro_rules! take {
            ($($key:ident),*) => { $(if self.$key.is_some() { whole.$key.clone_from(&self.$key); })* };
        }
        take!(each, name, identifiers, customer, time, kind, id, value, attributes, attributes_in, drop);
        whole
    }

    /// The readings there are.
    pub(in crate::formats) fn readings(&self) -> Vec<Self> {
        match &self.events {
            Some(events) => events.iter().map(|event| event.within(self)).collect(),
            None => vec![self.clone()],
        }
    }
}

/// Where an array is that is read item by item: the first of these places that has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Each(pub Vec<String>);

/// What the bytes of a record are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// JSON.
    Json,
    /// `a=1&b=2`, as a browser posts a form.
    Form,
    /// The same, maybe with what comes before it in a URL.
    Query,
    /// Columns with tabs between them.
    Tsv,
    /// XML.
    Xml,
    /// An enriched event of Snowplow: its columns, or the object that the analytics SDK makes of them.
    Snowplow,
    /// A request of Matomo's tracking API, or several.
    Matomo,
    /// Avro whose schema is in a registry.
    Avro,
    /// Protobuf whose schema is in a registry.
    Protobuf,
}

/// What is around a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Wrapper {
    /// A notification of Amazon SNS, if it is one.
    Sns,
    /// A CloudEvent in structured mode, if it is one.
    CloudEvents,
    /// The five bytes of a schema registry.
    Registry,
    /// Avro whose schema is in a registry: what is within is JSON.
    Avro,
    /// Protobuf whose schema is in a registry: what is within is JSON.
    Protobuf,
    /// A change event of Debezium: the row as it is after the change.
    Debezium,
    /// A field of a form.
    Form(String),
    /// JSON in a text at a place.
    Text(String),
}

/// A value out of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldSpec {
    /// What stands at a place.
    Place(String),
    /// The first of these that is there; for an id all of them, joined (but in its `from` the first).
    List(Vec<FieldSpec>),
    /// Put together.
    Made(Box<MadeSpec>),
}

/// A value that is put together, from exactly one of `from`, `join`, `const`, `cel` and `sum`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MadeSpec {
    /// From this field.
    pub from: Option<FieldSpec>,
    /// From these, if all are there, with a text between them.
    pub join: Option<Vec<FieldSpec>>,
    /// The text between them; `/` if nothing is said.
    pub with: Option<String>,
    /// Always this.
    #[serde(rename = "const")]
    pub constant: Option<String>,
    /// What an expression says.
    pub cel: Option<String>,
    /// The sum of these, if all are there; or, with `of`, over the items of this array.
    pub sum: Option<FieldSpec>,
    /// What is summed up of each item; items that have no such number are passed by.
    pub of: Option<FieldSpec>,
    /// Of which items.
    #[serde(rename = "where")]
    pub places: Option<Ordered<super::test_spec::TestSpec>>,
    /// Where to look in the JSON that the text is, as a pointer.
    pub json: Option<String>,
    /// What stands there, and what it means; an ending `*` stands for any rest.
    pub table: Option<BTreeMap<String, String>>,
    /// What it is if nothing is there, or nothing in the table fits.
    pub default: Option<String>,
    /// Whether capitals become small.
    pub lower: bool,
    /// Whether spaces around it go.
    pub trim: bool,
    /// Whether a number such as `17850.0` means the text `17850`.
    pub number_as_text: bool,
    /// Whether only a text counts, no number.
    pub text_only: bool,
    /// What is taken off its beginning, if it begins so.
    pub after: Option<String>,
    /// When it is there at all.
    pub only: Option<ConditionSpec>,
}

impl MadeSpec {
    /// The place, if it is nothing but a place at which only a text counts.
    pub(super) fn plain_text(&self) -> Option<&str> {
        let Some(FieldSpec::Place(place)) = &self.from else { return None };
        let plain = Self { from: self.from.clone(), text_only: true, ..Self::default() };
        (*self == plain).then_some(place)
    }
}

/// Where the time stands: the first that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct TimesSpec(pub Vec<TimeSpec>);

/// Where a time stands. Short: the place, in RFC 3339.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct TimeSpec {
    /// The field.
    pub from: FieldSpec,
    /// How it is written: in one of these ways.
    #[serde(default)]
    pub format: TimeFormats,
    /// The zone of a pattern without an offset, as an IANA name; `input`: the one that the input says.
    pub zone: Option<String>,
}

/// The ways in which a time may be written.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeFormats(pub Vec<TimeFormat>);

impl Default for TimeFormats {
    fn default() -> Self {
        Self(vec![TimeFormat::default()])
    }
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
    /// `epoch_us`: millionths of a second since 1970.
    EpochUs,
    /// `%Y-%m-%d %H:%M:%S` and the like, as strptime has it.
    Pattern(String),
}

/// What an event is called. Short: always this.
#[derive(Debug, Clone, PartialEq)]
pub enum KindSpec {
    /// Every record is of this kind.
    Fixed(String),
    /// It depends on what stands in the record: the first rule that says one.
    Rules(Vec<KindRule>),
}

/// A rule that may say a kind.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KindRule {
    /// This one.
    pub kind: Option<String>,
    /// The one that a field means.
    pub from: Option<FieldSpec>,
    /// What stands there, and the kind it means. `C*` stands for all that begins with `C`; an exact text goes before
    /// that, a longer beginning before a shorter one. No table: what stands there is the kind.
    pub table: Option<BTreeMap<String, Option<String>>>,
    /// The kind of all others.
    pub default: Option<String>,
    /// Only if these hold.
    #[serde(rename = "where")]
    pub places: Option<Ordered<super::test_spec::TestSpec>>,
    /// Only if this expression is true.
    pub when: Option<String>,
}

/// Where the money stands. Short: the place, in units.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct ValueSpec {
    /// The field; of a list the first that is there.
    pub from: FieldSpec,
    /// Fields to multiply it with, such as a quantity.
    #[serde(default)]
    pub times: Vec<FieldSpec>,
    /// What it counts.
    #[serde(default)]
    pub unit: Unit,
    /// The currency.
    pub currency: Option<FieldSpec>,
    /// What it is to be divided by, such as 1000000 for millionths.
    pub divide_by: Option<u32>,
    /// Whether the sign is dropped.
    #[serde(default)]
    pub abs: bool,
}

/// What an amount counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Euros, say.
    #[default]
    Major,
    /// Cents, say: the smallest unit of the currency.
    Minor,
}

/// What is left out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropSpec {
    /// Why: the label of a [`DropReason`](crate::journey::DropReason).
    pub reason: String,
    /// If all of these hold.
    #[serde(rename = "where")]
    pub places: Option<Ordered<super::test_spec::TestSpec>>,
    /// And this expression is true.
    pub when: Option<String>,
}

/// A map whose order counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordered<T>(pub Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}
