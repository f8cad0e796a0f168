//! Records whose schemas are in a registry, turned into JSON: Avro and Protobuf in Confluent's wire format.
//!
//! Invariant: the schema that a record names is the one it was written with, so it alone says what the bytes mean; there is no
//! reader's schema. Whatever the bytes are, reading them takes memory and depth within bounds.
//!
//! Where schemas are is not known here: they come through [`Schemas`], which never waits. What a record needs may not be there
//! yet, and then the record is for later.
//!
//! | file | what it holds |
//! |---|---|
//! | `schemas` | the port: schemas by number, with a stand-in |
//! | `framing` | which schema a record names |
//! | `reader` | a record to JSON, by schemas that are compiled once; without the feature `registry`: a word on how to get it |
//! | `avro`, `avro_plan` | Avro: records, and schemas as plans for reading them |
//! | `protobuf`, `known` | Protobuf, and the files that nobody registers |

#[cfg(feature = "registry")]
mod avro;
#[cfg(feature = "registry")]
mod avro_plan;
mod framing;
#[cfg(feature = "registry")]
mod known;
#[cfg(feature = "registry")]
mod protobuf;
#[cfg(feature = "registry")]
mod reader;
#[cfg(not(feature = "registry"))]
#[path = "reader_absent.rs"]
mod reader;
#[cfg(all(test, feature = "registry"))]
mod reader_tests;
mod schemas;

pub(super) use framing::payload;
pub use framing::schema_of;
pub(super) use reader::Reader;
pub use schemas::{BUILT_WITHOUT_REGISTRY, Definition, FakeSchemas, Import, Language, Lookup, Schemas, missing};
