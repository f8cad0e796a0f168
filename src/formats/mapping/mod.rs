//! The format whose places are configured: rows of CSV and JSON of any other shape.
//!
//! Every field is named by a column (a key of the outermost object) or by a JSON pointer (`/order/customer/id`). A row of
//! CSV comes as an object of texts, so numbers are taken from texts as well, and an empty cell is a missing field.

mod clock;
mod decoder;
mod spec;

pub use spec::{CustomerSpec, IdSpec, KindSpec, MappingSpec, TimeFormat, TimeSpec, ValueSpec};

pub(super) use decoder::Mapping;
