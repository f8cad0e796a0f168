//! A record whose schema is in a registry, as JSON.

use std::collections::HashMap;
use std::sync::Arc;

use super::avro_plan::Plan;
use super::protobuf::Types;
use super::{Definition, Language, Lookup, Schemas, avro, framing};
use crate::journey::Reject;

/// The JSON of a record takes no more bytes than this: a few bytes of Avro can be a long list of nothing.
pub(super) const JSON_BYTES_MAX: usize = 64 << 20;

/// Reads records of one language.
pub(in crate::formats) struct Reader {
    language: Language,
    schemas: Option<Arc<dyn Schemas>>,
    /// By number; a schema that cannot be used says why.
    compiled: HashMap<u32, Result<Compiled, String>>,
}

enum Compiled {
    Avro(Plan),
    Protobuf(Types),
}

impl Reader {
    /// A reader of that language. Without `schemas` there are none, which is enough to see whether all else is right.
    pub(in crate::formats) fn new(language: Language, schemas: Option<&Arc<dyn Schemas>>) -> Result<Self, String> {
        Ok(Self { language, schemas: schemas.cloned(), compiled: HashMap::new() })
    }

    /// The record as JSON; `None`: not yet, its schema is not here.
    pub(in crate::formats) fn json(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, Reject> {
        let (id, payload) = framing::payload(bytes)?;
        if !self.compiled.contains_key(&id) {
            let Some(schemas) = &self.schemas else {
                return Err(Reject::BadField(format!(
                    "its schema {id} is in a registry, and nothing says where that is; name it with --schema-registry URL, or \
                     as schema_registry in the configuration"
                )));
            };
            match schemas.find(id) {
                Lookup::NotYet => return Ok(None),
                // Not kept: it may become known.
                Lookup::Unknown(why) => return Err(Reject::BadField(format!("there is no schema {id}: {why}"))),
                Lookup::Found(definition) => {
                    let compiled = self.compile(id, &definition);
                    self.compiled.insert(id, compiled);
                }
            }
        }
        match self.compiled.get(&id) {
            Some(Ok(Compiled::Avro(plan))) => avro::to_json(plan, payload).map(Some),
            Some(Ok(Compiled::Protobuf(types))) => types.to_json(payload).map(Some),
            Some(Err(why)) => Err(Reject::BadField(why.clone())),
            None => Ok(None),
        }
    }

    fn compile(&self, id: u32, definition: &Definition) -> Result<Compiled, String> {
        if definition.language != self.language {
            let (is, should) = (definition.language.name(), self.language.name());
            return Err(format!("schema {id} is in {is}, where {should} is expected"));
        }
        let compiled = match definition.language {
            Language::Avro => Plan::new(definition).map(Compiled::Avro),
            Language::Protobuf => Types::new(definition).map(Compiled::Protobuf),
            Language::Json => Err("JSON needs none".to_owned()),
        };
        compiled.map_err(|why| format!("schema {id} cannot be used: {why}"))
    }
}
