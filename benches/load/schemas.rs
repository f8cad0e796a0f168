//! Records whose schemas are in a registry: an order in Avro and one in Protobuf.

use std::sync::Arc;

use klantreis::formats::{
    FakeSchemas, FormatSpec, Language, Options, RecipeSpec, Schemas, TimeSource, open_with_schemas,
};
use klantreis::journey::ModelSet;

use super::fixtures::Fixtures;

const AVRO: &str = r#"
reads: avro
customer: /customer_id
time: { from: /ordered_at, format: epoch_ms }
kind: { from: /state, table: { PAID: purchased, RETURNED: returned } }
id: /order_id
value: /total
attributes: { product_id: /lines/0/sku, items: { sum: /lines, of: /count } }
"#;

const PROTOBUF: &str = r#"
reads: protobuf
customer: /customer/id
time: { from: /ordered_at, format: rfc3339 }
kind: { from: /state, table: { PAID: purchased, RETURNED: returned } }
id: /order_id
value: { from: /total/units, currency: /total/currency_code }
attributes: { product_id: /lines/0/sku, items: { sum: /lines, of: /count } }
"#;

/// Both. The schemas and the records are those that the fuzz targets begin with.
pub fn with_schemas(set: &ModelSet) -> Vec<Fixtures> {
    let imports = [("shop/customer.proto", include_str!("../../tests/fuzz/schemas/customer.proto"))];
    let known = FakeSchemas::default()
        .with(1, Language::Avro, include_str!("../../tests/fuzz/schemas/order.avsc"), &[])
        .with(33, Language::Protobuf, include_str!("../../tests/fuzz/schemas/shop.proto"), &imports);
    let known: Arc<dyn Schemas> = Arc::new(known);
    let of = |format, yaml, record: &[u8]| {
        let mapping: RecipeSpec = serde_saphyr::from_str(yaml).expect("it is a mapping");
        let spec = FormatSpec::with("mapping", Some(mapping), Options::default()).expect("it can be used");
        let decoder = open_with_schemas(&spec, set.vocabulary(), TimeSource::Event, Some(&known));
        let mut fixtures =
            Fixtures { format, decoder: decoder.expect("it can be opened"), values: vec![record.to_vec()] };
        let event = fixtures.decoder.decode(&super::record(record)).map(|decoded| decoded.one());
        assert!(event.is_ok_and(|event| event.is_some_and(|event| event.kind.is_some())), "{format}: it is an order");
        fixtures
    };
    vec![
        of("avro", AVRO, include_bytes!("../../tests/fuzz/seeds/avro/order.avro")),
        of("protobuf", PROTOBUF, include_bytes!("../../tests/fuzz/seeds/protobuf/order.bin")),
    ]
}
