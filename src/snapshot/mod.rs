//! Customers' records as bytes in the state topics, and back, also when the models changed in between.
//!
//! A part is: format version, schema, header, then customers, then (in an epoch's last part) the marker. The schema names
//! every field and phase, so that a reader with other models can tell what carries on: fields with the same key keep their
//! value, others begin anew; a phase is found by its name.
//!
//! Not here: when what is written, and which part counts (that is `engine`).

mod codec;
mod schema;
mod survey;
mod varint;

pub use codec::Codec;
pub use survey::StoredNames;

#[cfg(test)]
mod tests;
