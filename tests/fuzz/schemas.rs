//! The schemas that records of Avro and Protobuf are tried with. Seeds name them by these numbers.
use std::sync::Arc;

use klantreis::formats::{FakeSchemas, Language, Schemas};

/// Number, language and schema.
pub const SCHEMAS: [(u32, Language, &str); 10] = [
    (1, Language::Avro, include_str!("schemas/order.avsc")),
    (2, Language::Avro, include_str!("schemas/everything.avsc")),
    (3, Language::Avro, include_str!("schemas/tree.avsc")),
    (4, Language::Avro, include_str!("schemas/nothing.avsc")),
    (5, Language::Avro, include_str!("schemas/change.avsc")),
    (6, Language::Avro, include_str!("schemas/lines.avsc")),
    (7, Language::Avro, include_str!("schemas/call.avsc")),
    (33, Language::Protobuf, include_str!("schemas/shop.proto")),
    (34, Language::Protobuf, include_str!("schemas/everything.proto")),
    (35, Language::Protobuf, include_str!("schemas/old.proto")),
];

/// What some of them import.
const IMPORTS: [(&str, &str); 1] = [("shop/customer.proto", include_str!("schemas/customer.proto"))];

/// All of them, at hand.
pub fn schemas() -> Arc<dyn Schemas> {
    let add = |known: FakeSchemas, &(id, language, text): &(u32, Language, &str)| {
        let imports: &[_] = if language == Language::Protobuf { &IMPORTS } else { &[] };
        known.with(id, language, text, imports)
    };
    Arc::new(SCHEMAS.iter().fold(FakeSchemas::default(), add))
}
