//! What a record's bytes say, in the words of the journey: one decoder a format.
//!
//! A decoder reads borrowed bytes, takes only what the active models ask for, and answers with what
//! was [`Decoded`] or a [`Reject`]. It knows no Kafka and keeps no state between records.
//!
//! | file | what it holds |
//! |---|---|
//! | `canonical` | the kinds and attributes that formats and models have in common |
//! | `decoded`, `headers` | what a decoder gives, and what it is given beside the value |
//! | `table` | the formats there are; choosing one |
//! | `recipes/` | one format each, in the words that a user's mapping has, too |
//! | `recipe` | the language they are written in, and the decoder that runs them |
//! | `klantreis` | events as klantreis itself writes and reads them |
//! | `registry` | records whose schemas are elsewhere: Avro and Protobuf |
//! | `extract` | wanted fields out of JSON text: `shape` says which, `found` what stood there |
//! | `route`; `habit`, `step`, `lesson` | the fastest way to them, for records that are made like an earlier one; for those put together from what earlier ones were; what stands between two values; what is learnt from |
//! | `scan`; `walk` | the way in one pass, for the others; the way by `serde_json`, for what is rare or wrong |
//! | `quotes`, `literal`, `word` | what these share: where texts stand, how values are written, comparing with known words |
//! | `time`, `number` | times and money as they are written |

mod canonical;
mod decoded;
mod extract;
mod found;
mod habit;
#[cfg(test)]
mod habit_tests;
mod headers;
mod klantreis;
mod lesson;
mod literal;
mod look;
mod number;
mod passage;
mod quotes;
mod recipe;
mod registry;
mod route;
mod scan;
#[cfg(test)]
mod scan_tests;
mod shape;
mod step;
pub(crate) mod swar;
mod table;
mod time;
mod walk;
mod word;

pub use canonical::{ATTRIBUTES, KINDS};
pub use decoded::{Decoded, Details, Item, Origin, Told};
pub use headers::{Headers, NoHeaders};
pub use klantreis::{leading_time, open_events};
pub use recipe::{AsJson, Carrier, Options, RecipeSpec, Wrapper};
pub use registry::{
    BUILT_WITHOUT_REGISTRY, Definition, FakeSchemas, Import, Language, Lookup, Schemas, missing, schema_of,
};
pub use table::{
    FORMATS, Format, FormatSpec, attributes_of, carrier_of, customer_of, has_names, has_value, identifiers_of,
    kinds_named_in, kinds_of, open, open_with_details, open_with_schemas,
};
pub use time::{EARLIEST_MS, END_MS, TimeSource};

use crate::journey::Reject;

/// A record as it came, whatever brought it.
#[derive(Debug, Clone, Copy)]
pub struct RawRecord<'a> {
    /// The record's key.
    pub key: Option<&'a [u8]>,
    /// The record's value; `None` for a tombstone.
    pub value: Option<&'a [u8]>,
    /// The record's timestamp in epoch milliseconds; −1 if it has none.
    pub timestamp: i64,
    /// The record's headers.
    pub headers: &'a dyn Headers,
}

impl Default for RawRecord<'_> {
    fn default() -> Self {
        Self { key: None, value: None, timestamp: -1, headers: &NoHeaders }
    }
}

/// Turns records of one input into events.
pub trait Decoder: Send {
    /// What a record tells of.
    fn decode<'a>(&mut self, record: &RawRecord<'a>) -> Result<Decoded<'a>, Reject>;
}
