//! Records that name a schema in a registry: what they are written in, as far as somebody can be asked.

use std::sync::Arc;

use super::sample::{At, Sample};
use crate::formats::{AsJson, Carrier, Language, Lookup, Schemas, Wrapper, schema_of};

/// What somebody knows of records before they are looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The zone of times that are written without one.
    pub zone: Option<&'a str>,
    /// Where schemas are.
    pub schemas: Option<&'a Arc<dyn Schemas>>,
}

/// The first of these records whose schema does not come, so that nothing can be said of them; each is asked for.
pub fn awaited<'s>(samples: impl IntoIterator<Item = &'s Sample>, schemas: &Arc<dyn Schemas>) -> Option<&'s At> {
    let is_awaited = |sample: &&Sample| schema(sample).is_some_and(|id| schemas.find(id) == Lookup::NotYet);
    samples.into_iter().find(is_awaited).map(|sample| &sample.at)
}

fn schema(sample: &Sample) -> Option<u32> {
    schema_of(value(sample)?)
}

fn value(sample: &Sample) -> Option<&[u8]> {
    sample.record.as_ref().ok()?.value.as_deref()
}

/// The wrappers that take off what stands before these records for a registry: those of the languages of their schemas.
pub(super) fn wrappers(samples: &[Sample], hints: Hints<'_>) -> Vec<Wrapper> {
    let mut found = Vec::new();
    for id in samples.iter().filter_map(schema) {
        let wrapper = match hints.schemas.map(|schemas| schemas.find(id)) {
            Some(Lookup::Found(definition)) => match definition.language {
                Language::Avro => Wrapper::Avro,
                Language::Protobuf => Wrapper::Protobuf,
                Language::Json => Wrapper::Registry,
            },
            // JSON needs no schema to be read.
            _ => Wrapper::Registry,
        };
        if !found.contains(&wrapper) {
            found.push(wrapper);
        }
    }
    found
}

/// The values, those in Avro or Protobuf as the JSON they become.
pub(super) fn texts(samples: &[Sample], wrappers: &[Wrapper], hints: Hints<'_>) -> Vec<Vec<u8>> {
    let needs_schema = |wrapper: &&Wrapper| matches!(wrapper, Wrapper::Avro | Wrapper::Protobuf);
    let read = |wrapper: &Wrapper| AsJson::new(std::slice::from_ref(wrapper), Carrier::Json, &[], hints.schemas).ok();
    let mut readers: Vec<AsJson> = wrappers.iter().filter(needs_schema).filter_map(read).collect();
    let text = |value: &[u8]| {
        let json = readers.iter_mut().find_map(|reader| reader.of(value).ok().flatten());
        json.unwrap_or_else(|| value.to_vec())
    };
    samples.iter().filter_map(value).map(text).collect()
}

/// Whether most of the records name a schema.
pub(super) fn are_most(samples: &[Sample]) -> bool {
    samples.iter().filter_map(schema).count() * 2 > samples.len()
}

/// Why records that name schemas cannot be read.
pub(super) fn unreadable(samples: &[Sample], hints: Hints<'_>) -> String {
    let Some(schemas) = hints.schemas else {
        return "they begin with the number of a schema in a registry: name that with --schema-registry URL, or with -c a \
                configuration that has schema_registry"
            .to_owned();
    };
    let unknown = samples.iter().filter_map(schema).find_map(|id| match schemas.find(id) {
        Lookup::Unknown(why) => {
            Some(format!("they begin with the number of a schema, but there is no schema {id}: {why}"))
        }
        _ => None,
    });
    unknown.unwrap_or_else(|| "they begin with the number of a schema, but are not what it says".to_owned())
}
