//! What stands before a payload whose schema is in a registry (Confluent's wire format): a zero, and the schema's number.
//!
//! Source: Confluent, *Wire format*,
//! <https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format>.

use crate::journey::Reject;

/// The first byte.
const MAGIC: u8 = 0;

/// The number of the schema that a record names, if it begins as such records do.
pub fn schema_of(bytes: &[u8]) -> Option<u32> {
    payload(bytes).ok().map(|(id, _)| id)
}

/// The schema's number, and the payload.
///
/// # Errors
/// If it does not begin so, or there is no payload.
pub(in crate::formats) fn payload(bytes: &[u8]) -> Result<(u32, &[u8]), Reject> {
    match bytes {
        [MAGIC, a, b, c, d, payload @ ..] if !payload.is_empty() => Ok((u32::from_be_bytes([*a, *b, *c, *d]), payload)),
        _ => Err(Reject::Malformed("it does not begin with the number of a schema in a registry".into())),
    }
}
