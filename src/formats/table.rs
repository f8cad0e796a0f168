//! The formats there are, one line each, and how one of them is chosen.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::recipe::{Carrier, FieldSpec, KindSpec, Options, Recipe, RecipeSpec, Wish};
use super::{Decoder, Schemas, TimeSource};
use crate::journey::{DropReason, Vocabulary};
use crate::yaml::nearest;

/// A format that can be named in a configuration.
#[derive(Debug)]
pub struct Format {
    /// Its name.
    pub name: &'static str,
    /// What it reads, in one line.
    pub about: &'static str,
    /// What it reads how; `None`: as the user says.
    recipe: Option<LazyLock<RecipeSpec>>,
}

/// A format that comes with the program: its name is that of its recipe.
macro_rules! built_in {
    ($name:literal, $about:literal) => {
        Format {
            name: $name,
            about: $about,
            recipe: Some(LazyLock::new(|| built_in($name, include_str!(concat!("recipes/", $name, ".yaml"))))),
        }
    };
}

/// All formats. A new one is a recipe and a line here.
pub static FORMATS: [Format; 17] = [
    built_in!("ga4", "Google Analytics 4: rows of the BigQuery export"),
    built_in!("matomo", "Matomo: requests of the tracking API, one or several"),
    built_in!("rudderstack", "RudderStack: events of all types"),
    built_in!("segment", "Segment: calls of all types"),
    built_in!("snowplow", "Snowplow: enriched events, as TSV or JSON"),
    built_in!("sendgrid", "SendGrid: events of the event webhook, one or an array of them"),
    built_in!("mailgun", "Mailgun: webhooks and events"),
    built_in!("mandrill", "Mandrill: arrays of events, in a form or bare"),
    built_in!("postmark", "Postmark: webhooks of all record types"),
    built_in!("ses", "Amazon SES: event publishing and notifications, also as SNS wraps them"),
    built_in!("square", "Square: notifications of payments, orders and refunds"),
    built_in!("shopify", "Shopify: webhooks of orders, refunds, checkouts, carts and customers"),
    built_in!("lightspeed", "Lightspeed Retail (X-Series): webhooks of sales and customers"),
    built_in!("woocommerce", "WooCommerce: webhooks of orders"),
    built_in!("poslog", "ARTS POSLog: transactions of tills, as XML"),
    built_in!("klantreis", "klantreis' own: one JSON object an event"),
    Format { name: "mapping", about: "rows of CSV and other records, as `mapping` says", recipe: None },
];

fn built_in(name: &str, recipe: &str) -> RecipeSpec {
    serde_saphyr::from_str(recipe).unwrap_or_else(|error| panic!("the recipe of {name} cannot be read: {error}"))
}

/// How the records of an input are decoded, as configured and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct FormatSpec {
    format: usize,
    mapping: Option<RecipeSpec>,
    options: Options,
}

impl FormatSpec {
    /// The format of that name; `mapping` belongs to the format `mapping` and to no other. An error says what to write
    /// instead.
    pub fn new(name: &str, mapping: Option<RecipeSpec>) -> Result<Self, String> {
        Self::with(name, mapping, Options::default())
    }

    /// The same with what an input says beside.
    pub fn with(name: &str, mapping: Option<RecipeSpec>, options: Options) -> Result<Self, String> {
        let Some(format) = FORMATS.iter().position(|format| format.name == name) else {
            return Err(unknown(name));
        };
        match (&FORMATS[format].recipe, &mapping) {
            (None, None) => {
                return Err("format `mapping` needs `mapping:`, which says where things stand; write it with at least `customer`, `time` and `kind`".into());
            }
            (Some(_), Some(_)) => {
                return Err(format!(
                    "`mapping:` is only for `format: mapping`; leave it out, for format `{name}` knows its fields"
                ));
            }
            _ => {}
        }
        let spec = Self { format, mapping, options };
        spec.recipe().check().map_err(|why| match spec.mapping {
            Some(_) => format!("mapping: {why}"),
            None => why,
        })?;
        Ok(spec)
    }

    /// The format's name.
    pub fn name(&self) -> &'static str {
        FORMATS[self.format].name
    }

    /// The same, but with the customer made of these types of identifiers, and nobody left out for having none.
    pub fn with_customer(&self, types: Vec<String>) -> Result<Self, String> {
        let mut options = Options { customer: Some(types), ..self.options.clone() };
        options.drops.remove(&DropReason::Anonymous);
        Self::with(self.name(), self.mapping.clone(), options)
    }

    fn spec(&self) -> &RecipeSpec {
        static NONE: LazyLock<RecipeSpec> = LazyLock::new(RecipeSpec::default);
        match (&FORMATS[self.format].recipe, &self.mapping) {
            (Some(recipe), _) => recipe,
            (None, Some(mapping)) => mapping,
            // Refused when it was made.
            (None, None) => &NONE,
        }
    }

    /// Whether its records can only be read with schemas of a registry.
    pub fn needs_schemas(&self) -> bool {
        self.recipe().needs_schemas()
    }

    fn recipe(&self) -> Recipe<'_> {
        Recipe { spec: self.spec(), options: &self.options, is_strict: self.mapping.is_some() }
    }
}

/// A decoder of that format, taking what the vocabulary asks for. Records that need schemas of a registry are rejected.
pub fn open(spec: &FormatSpec, vocabulary: &Vocabulary, time: TimeSource) -> Result<Box<dyn Decoder>, String> {
    open_with_schemas(spec, vocabulary, time, None)
}

/// The same, for records that may need schemas, too.
pub fn open_with_schemas(
    spec: &FormatSpec,
    vocabulary: &Vocabulary,
    time: TimeSource,
    schemas: Option<&Arc<dyn Schemas>>,
) -> Result<Box<dyn Decoder>, String> {
    opened(spec, Wish { vocabulary, time, has_details: false, schemas })
}

/// The same, telling of identifiers, currencies and producers' names, too.
pub fn open_with_details(
    spec: &FormatSpec,
    vocabulary: &Vocabulary,
    time: TimeSource,
    schemas: Option<&Arc<dyn Schemas>>,
) -> Result<Box<dyn Decoder>, String> {
    opened(spec, Wish { vocabulary, time, has_details: true, schemas })
}

fn opened(spec: &FormatSpec, wish: Wish<'_>) -> Result<Box<dyn Decoder>, String> {
    let decoder = spec.recipe().decoder(wish)?;
    Ok(Box::new(decoder))
}

/// The kinds that a format can yield, each once, by name; `None` if the records themselves name their kinds.
pub fn kinds_of(spec: &FormatSpec) -> Option<Vec<String>> {
    let readings = spec.spec().readings();
    let mut kinds: BTreeSet<&String> = spec.options.kinds.values().collect();
    for reading in &readings {
        match &reading.kind {
            None => {}
            Some(KindSpec::Fixed(kind)) => drop(kinds.insert(kind)),
            Some(KindSpec::Rules(rules)) => {
                for rule in rules {
                    if rule.from.is_some() && rule.table.is_none() {
                        return None;
                    }
                    let table = rule.table.iter().flat_map(|table| table.values()).flatten();
                    kinds.extend(rule.kind.iter().chain(&rule.default).chain(table));
                }
            }
        }
    }
    Some(kinds.into_iter().cloned().collect())
}

/// The kinds that the configuration itself names: those of a mapping, and those that an input's `kinds` adds. What else a format
/// that comes with the program can yield is nobody's mistake.
pub fn kinds_named_in(spec: &FormatSpec) -> Vec<String> {
    match spec.mapping {
        Some(_) => kinds_of(spec).unwrap_or_default(),
        None => spec.options.kinds.values().cloned().collect(),
    }
}

/// The attributes that a format can yield; `None` if the records themselves name them.
pub fn attributes_of(spec: &FormatSpec) -> Option<Vec<String>> {
    let readings = spec.spec().readings();
    if readings.iter().any(|reading| reading.attributes_in.as_ref().is_some_and(|all| !all.is_empty())) {
        return None;
    }
    let names: BTreeSet<&String> =
        readings.iter().flat_map(|reading| &reading.attributes).flat_map(|all| all.keys()).collect();
    Some(names.into_iter().cloned().collect())
}

/// The types of identifiers that a format knows, strongest first.
pub fn identifiers_of(spec: &FormatSpec) -> Vec<String> {
    let readings = spec.spec().readings();
    let all = readings.iter().flat_map(|reading| reading.identifiers.iter().flat_map(|all| &all.0));
    let mut types: Vec<String> = Vec::new();
    for (of, _) in all {
        if !types.contains(of) {
            types.push(of.clone());
        }
    }
    types
}

/// The types of identifiers that make the customer of a format; empty if that is a field of its own.
pub fn customer_of(spec: &FormatSpec) -> Vec<String> {
    fn types(field: &FieldSpec) -> Vec<String> {
        match field {
            FieldSpec::Place(of) => vec![of.clone()],
            FieldSpec::List(all) => all.iter().flat_map(types).collect(),
            FieldSpec::Made(_) => Vec::new(),
        }
    }
    let recipe = spec.spec();
    match &spec.options.customer {
        Some(types) => types.clone(),
        None if identifiers_of(spec).is_empty() => Vec::new(),
        None => recipe.customer.as_ref().map(types).unwrap_or_default(),
    }
}

/// What the bytes of a format's records are.
pub fn carrier_of(spec: &FormatSpec) -> Carrier {
    spec.spec().reads.unwrap_or(Carrier::Json)
}

/// Whether the producers of a format have names for its events, so that an input can say what kinds they are.
pub fn has_names(spec: &FormatSpec) -> bool {
    spec.spec().readings().iter().any(|reading| reading.name.is_some())
}

/// Whether events of a format may be worth money.
pub fn has_value(spec: &FormatSpec) -> bool {
    spec.spec().readings().iter().any(|reading| reading.value.is_some())
}

fn unknown(name: &str) -> String {
    let known = FORMATS.iter().map(|format| format!("`{}`", format.name)).collect::<Vec<_>>().join(", ");
    match nearest(name, FORMATS.iter().map(|format| format.name)) {
        Some(near) => format!("there is no format `{name}`; did you mean `{near}`?"),
        None => format!("there is no format `{name}`; there are {known}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_can_be_read_and_compiled() {
        for format in FORMATS.iter().filter(|format| format.recipe.is_some()) {
            let options = Options { zone: Some("Europe/Amsterdam".into()), ..Options::default() };
            FormatSpec::with(format.name, None, options).unwrap_or_else(|error| panic!("{}: {error}", format.name));
        }
    }
}
