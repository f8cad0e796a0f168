//! What state holds as it is named there, whatever the active models are.

use super::schema::take_texts;
use super::varint;

/// The names in the schema of a part.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredNames {
    /// The models, each with its phases in its own order.
    pub models: Vec<(String, Vec<String>)>,
    /// What the fields mean: see [`Field::key`](crate::journey::Field::key).
    pub keys: Vec<String>,
}

/// Reads the names of a schema.
pub(super) fn names(mut schema: &[u8]) -> Option<StoredNames> {
    let bytes = &mut schema;
    let mut names = StoredNames::default();
    for _ in 0..varint::take(bytes)? {
        names.keys.push(varint::take_text(bytes)?.to_owned());
        let (&kind, rest) = bytes.split_first()?;
        *bytes = rest;
        if kind == super::schema::PHASE {
            let model = varint::take_text(bytes)?.to_owned();
            names.models.push((model, take_texts(bytes)?.into_iter().map(str::to_owned).collect()));
        } else if kind == super::schema::AWAITED {
            take_texts(bytes)?;
        }
    }
    Some(names)
}
