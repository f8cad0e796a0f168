//! From a record's bytes to the JSON that is read: step by step, what is around it is taken off, and what is none becomes JSON.

use std::borrow::Cow;
use std::sync::Arc;

use super::carry::Carry;
use super::options::Options;
use super::spec::{Carrier, RecipeSpec, Wrapper};
use super::unwrap::Unwrapper;
use crate::formats::registry::{Language, Reader, Schemas};
use crate::journey::Reject;

/// The steps of one input.
pub(super) struct Steps {
    steps: Vec<Step>,
    /// And last this.
    carry: Carry,
}

enum Step {
    /// Something around it goes.
    TakeOff(Box<Unwrapper>),
    /// With a schema from a registry it becomes JSON.
    Read(Reader),
}

/// What the steps come to.
pub(super) enum Reached<'a> {
    /// JSON, as far as is known.
    Json(Cow<'a, [u8]>),
    /// Nothing, and rightly so.
    Nothing,
    /// It cannot be said yet.
    NotYet,
}

impl Steps {
    /// An error says what to write instead.
    pub(super) fn new(
        spec: &RecipeSpec,
        options: &Options,
        schemas: Option<&Arc<dyn Schemas>>,
    ) -> Result<Self, String> {
        let reads = spec.reads.unwrap_or(Carrier::Json);
        let columns = spec.columns.clone().unwrap_or_default();
        if (reads == Carrier::Tsv) == columns.is_empty() {
            return Err("`columns` and `reads: tsv` belong together; write both or none".into());
        }
        let mut steps = Vec::new();
        // What its schema is in a registry for is the outermost, and within it is JSON.
        let carrier = match language(reads) {
            Some(language) => {
                steps.push(Step::Read(Reader::new(language, schemas)?));
                Carrier::Json
            }
            None => reads,
        };
        for wrapper in options.unwrap.iter().chain(spec.unwrap.iter().flatten()) {
            steps.push(match wrapper {
                Wrapper::Avro => Step::Read(Reader::new(Language::Avro, schemas)?),
                Wrapper::Protobuf => Step::Read(Reader::new(Language::Protobuf, schemas)?),
                Wrapper::Registry if carrier != reads => {
                    return Err(
                        "what is read as avro or protobuf has its framing read with it; leave `registry` out of `unwrap`"
                            .into(),
                    );
                }
                wrapper => Step::TakeOff(Box::new(Unwrapper::new(wrapper)?)),
            });
        }
        Ok(Self { steps, carry: Carry::new(carrier, columns) })
    }

    /// See [`Carry::keep`].
    pub(super) fn keep<'k>(&mut self, keys: impl Iterator<Item = &'k str>) {
        self.carry.keep(keys);
    }

    /// Whether the record's bytes are what is read.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.carry.is_json()
    }

    /// Whether a record without a value is nothing, and rightly so: a change stream writes one after a deletion, for the broker.
    pub(super) fn has_tombstones(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Step::TakeOff(unwrapper) if matches!(**unwrapper, Unwrapper::Debezium(..))))
    }

    /// Takes them all.
    pub(super) fn take<'a>(&mut self, bytes: &'a [u8]) -> Result<Reached<'a>, Reject> {
        let mut bytes = Cow::Borrowed(bytes);
        for step in &mut self.steps {
            bytes = match step {
                Step::Read(reader) => match reader.json(&bytes)? {
                    Some(json) => Cow::Owned(json),
                    None => return Ok(Reached::NotYet),
                },
                Step::TakeOff(unwrapper) => {
                    let within = match bytes {
                        Cow::Borrowed(bytes) => unwrapper.take_off(bytes)?,
                        Cow::Owned(bytes) => unwrapper.take_off(&bytes)?.map(|within| Cow::Owned(within.into_owned())),
                    };
                    match within {
                        Some(within) => within,
                        None => return Ok(Reached::Nothing),
                    }
                }
            };
        }
        self.carry.turn(bytes).map(Reached::Json)
    }
}

/// Records of which nothing else is known yet, as JSON.
pub struct AsJson(Steps);

impl AsJson {
    /// With what is around them taken off, from the outside in. `columns` are those of [`Carrier::Tsv`].
    ///
    /// # Errors
    /// If that makes no sense together; says what to write instead.
    pub fn new(
        unwrap: &[Wrapper],
        carrier: Carrier,
        columns: &[String],
        schemas: Option<&Arc<dyn Schemas>>,
    ) -> Result<Self, String> {
        let columns = Some(columns.to_vec()).filter(|columns| !columns.is_empty());
        let spec = RecipeSpec { reads: Some(carrier), columns, ..RecipeSpec::default() };
        let options = Options { unwrap: unwrap.to_vec(), ..Options::default() };
        Steps::new(&spec, &options, schemas).map(Self)
    }

    /// A record as JSON; `None` if there is nothing in it, and rightly so, or if its schema is not here yet.
    ///
    /// # Errors
    /// If it is not wrapped so, or is something else.
    pub fn of(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>, Reject> {
        self.0.take(bytes).map(|reached| match reached {
            Reached::Json(json) => Some(json.into_owned()),
            Reached::Nothing | Reached::NotYet => None,
        })
    }
}

/// What needs schemas of a registry.
fn language(carrier: Carrier) -> Option<Language> {
    match carrier {
        Carrier::Avro => Some(Language::Avro),
        Carrier::Protobuf => Some(Language::Protobuf),
        _ => None,
    }
}

/// Whether records can only be read with schemas of a registry.
pub(super) fn need_schemas(spec: &RecipeSpec, options: &Options) -> bool {
    let mut wrappers = options.unwrap.iter().chain(spec.unwrap.iter().flatten());
    spec.reads.is_some_and(|reads| language(reads).is_some())
        || wrappers.any(|wrapper| matches!(wrapper, Wrapper::Avro | Wrapper::Protobuf))
}
