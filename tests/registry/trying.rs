//! `try` and `detect` on records whose schemas are in a registry.

use apache_avro::types::Value;
use klantreis::kafka::mock::{MockBroker, PlainProducer};
use serde_json::json;

use crate::events::{AT, MAPPING, first, written};
use crate::framed;
use crate::offline::{Shop, hexadecimal};
use crate::program::Ended;
use crate::service::configuration;
use crate::stand_in::StandIn;

#[track_caller]
fn ends(ended: &Ended, exit: i32, parts: &[&str]) {
    let Ended { out, err, .. } = ended;
    assert_eq!(ended.exit, exit, "{out}\n{err}");
    for part in parts {
        assert!(out.contains(part) || err.contains(part), "no {part:?} in\n{out}\n{err}");
    }
}

/// Lines of records of the topic `orders`.
fn lines(values: &[Vec<u8>]) -> String {
    let line = |value: &Vec<u8>| json!({ "topic": "orders", "value_hex": hexadecimal(value) }).to_string() + "\n";
    values.iter().map(line).collect()
}

#[test]
fn try_asks_the_registry_of_the_configuration_or_the_one_that_is_named() {
    let shop = Shop::new(StandIn::start(), &[(1, "c-1", 0), (9, "c-2", 1), (1, "c-3", 2)]);
    let url = shop.stand_in.url();
    let mapping = shop.write("mapping.yaml", MAPPING);
    let read = ["purchased  c-1  2025-01-03T10:00:00.123Z  12.5  id o-c-1-0", "there is no schema 9: Schema not found"];
    ends(&shop.run(&["try", "-c", "CONFIG", "RECORDS"]), 1, &read);
    ends(&shop.run(&["try", "-c", "CONFIG", "--input", "orders", "RECORDS"]), 1, &read);
    ends(&shop.run(&["try", "--mapping", &mapping, "--schema-registry", &url, "RECORDS"]), 1, &read);
    // The other input of a configuration is read with its registry, too.
    ends(&shop.run(&["try", "-c", "CONFIG", "--mapping", &mapping, "RECORDS"]), 1, &read);
    // What is said goes before what is configured.
    let other = StandIn::start();
    let ended = shop.run(&["try", "-c", "CONFIG", "--schema-registry", &other.url(), "RECORDS"]);
    ends(&ended, 1, &["there is no schema 1: Schema not found", "3 of 3 records were rejected"]);
    assert_eq!(other.asked().len(), 2);
}

#[test]
fn without_a_registry_try_says_how_to_name_one() {
    let shop = Shop::new(StandIn::start(), &[(1, "c-1", 0)]);
    let mapping = shop.write("mapping.yaml", MAPPING);
    let expected = "bad_field: unusable field: its schema 1 is in a registry, and nothing says where that is; name it with --schema-registry URL, or as \
                    schema_registry in the configuration";
    ends(&shop.run(&["try", "--mapping", &mapping, "RECORDS"]), 1, &[expected]);
    assert!(shop.stand_in.asked().is_empty());
    let wrong = |url: &str, expected: &str| {
        ends(&shop.run(&["try", "--mapping", &mapping, "--schema-registry", url, "RECORDS"]), 2, &[expected]);
    };
    wrong("registry:8081", "write http:// or https:// and a host");
    wrong("http://shop:secret@registry", "it has a user in it; write username and password of schema_registry");
}

#[test]
fn the_records_of_a_topic_are_tried_with_the_registry_of_their_configuration() {
    let shop = Shop::new(StandIn::start(), &[]);
    let broker = MockBroker::start().unwrap();
    broker.create("orders", 1).unwrap();
    let producer = PlainProducer::new(&broker.brokers()).unwrap();
    producer.send("orders", "c-1", AT, &framed(1, &first("o-1", "c-1", AT))).unwrap();
    producer.flush(std::time::Duration::from_secs(10)).unwrap();
    let more = format!("schema_registry: {{ url: {:?} }}", shop.stand_in.url());
    let config = shop.write("topic.yaml", &configuration(&broker.brokers(), &more));
    let ended = shop.run(&["try", "-c", &config, "--input", "orders"]);
    ends(&ended, 0, &["orders/0@0  purchased  c-1  2025-01-03T10:00:00.123Z  12.5  id o-1"]);
}

#[test]
fn detect_proposes_what_can_be_tried_at_once() {
    let records: Vec<(u32, String, i64)> = (0..20).map(|at| (1, format!("c-{}", 1000 + at), at)).collect();
    let records: Vec<(u32, &str, i64)> = records.iter().map(|(id, name, at)| (*id, name.as_str(), *at)).collect();
    let shop = Shop::new(StandIn::start(), &records);
    let url = shop.stand_in.url();
    let ended = shop.run(&["detect", "--schema-registry", &url, "RECORDS"]);
    let expected = [
        "# its schemas are in a registry: write where that is beside `inputs`, as schema_registry: { url: … }",
        "    format: mapping\n    unwrap: [avro]\n    mapping:\n",
        "user_id: customer_id",
        "time: { from: ordered_at, format: epoch_ms }",
        "id: order_id",
    ];
    ends(&ended, 0, &expected);
    ends(&shop.run(&["detect", "-c", "CONFIG", "RECORDS"]), 0, &expected);
    let proposed = shop.write("input.yaml", &ended.out);
    let tried = shop.run(&["try", "--mapping", &proposed, "--schema-registry", &url, "--summary", "RECORDS"]);
    ends(&tried, 0, &["20 records"]);
}

#[test]
fn detect_knows_formats_and_wrappers_within_avro_and_protobuf() {
    let call = r#"{"type":"record","name":"Call","fields":[{"name":"type","type":"string"},{"name":"event","type":"string"},
        {"name":"userId","type":"string"},{"name":"timestamp","type":"string"},{"name":"messageId","type":"string"}]}"#;
    let proto = "syntax = \"proto3\"; message Call { string type = 1; string event = 2; string userId = 3; string timestamp = 4; \
                 string messageId = 5; }";
    let row = r#"{"type":"record","name":"Value","fields":[{"name":"order_id","type":"string"},{"name":"customer_id","type":"string"},
        {"name":"ordered_at","type":{"type":"long","logicalType":"timestamp-millis"}}]}"#;
    let change = format!(
        r#"{{"type":"record","name":"Envelope","fields":[{{"name":"before","type":["null",{row}]}},
            {{"name":"after","type":["null","Value"]}},{{"name":"op","type":"string"}}]}}"#
    );
    let shop = Shop::new(StandIn::start(), &[]);
    shop.stand_in.add(2, "AVRO", call, &[]);
    shop.stand_in.add(3, "PROTOBUF", proto, &[]);
    shop.stand_in.add(4, "AVRO", &change, &[]);
    shop.stand_in.add(5, "JSON", "{}", &[]);
    let check = |name: &str, value: &dyn Fn(u32) -> Vec<u8>, expected: &[&str]| {
        let file = shop.write(name, &lines(&(0..20).map(value).collect::<Vec<_>>()));
        ends(&shop.run(&["detect", "-c", "CONFIG", &file]), 0, expected);
    };
    let texts = |number: u32| {
        let at = format!("2025-01-03T10:00:{number:02}.000Z");
        ["track", "Order Completed", &format!("c-{number}"), &at, &format!("m-{number}")].map(str::to_owned)
    };
    let names = ["type", "event", "userId", "timestamp", "messageId"];
    let avro = |number: u32| {
        let values = texts(number).map(Value::String);
        let fields: Vec<(&str, Value)> = names.into_iter().zip(values).collect();
        framed(2, &written(call, &fields))
    };
    check("avro", &avro, &["# segment in avro: sure", "    format: segment\n    unwrap: [avro]\n"]);
    let protobuf = |number: u32| {
        let field = |(number, text): (u8, String)| [&[number << 3 | 2, text.len() as u8], text.as_bytes()].concat();
        let payload: Vec<u8> = (1..).zip(texts(number)).flat_map(field).collect();
        framed(3, &[vec![0], payload].concat())
    };
    check("protobuf", &protobuf, &["# segment in protobuf: sure", "    format: segment\n    unwrap: [protobuf]\n"]);
    let json = |number: u32| {
        let fields: serde_json::Map<_, _> =
            names.into_iter().zip(texts(number)).map(|(name, text)| (name.to_owned(), text.into())).collect();
        framed(5, serde_json::Value::Object(fields).to_string().as_bytes())
    };
    check("json", &json, &["    format: segment\n    unwrap: [registry]\n"]);
    let changed = |number: u32| {
        let fields = [
            ("order_id", Value::String(format!("o-{number}"))),
            ("customer_id", Value::String(format!("c-{number}"))),
            ("ordered_at", Value::TimestampMillis(AT + i64::from(number))),
        ];
        let row = Value::Record(fields.map(|(name, value)| (name.to_owned(), value)).into());
        let fields = [
            ("before", Value::Union(0, Box::new(Value::Null))),
            ("after", Value::Union(1, Box::new(row))),
            ("op", Value::String("c".into())),
        ];
        framed(4, &written(&change, &fields))
    };
    check("changes", &changed, &["    unwrap: [avro, debezium]\n", "user_id: customer_id"]);
}

#[test]
fn what_detect_cannot_read_for_want_of_a_schema_it_says() {
    let shop = Shop::new(StandIn::start(), &[(9, "c-1", 0), (9, "c-2", 1)]);
    let said = "# they begin with the number of a schema in a registry: name that with --schema-registry URL, or with -c a \
                configuration that has schema_registry";
    ends(&shop.run(&["detect", "RECORDS"]), 1, &[said, "no format could be proposed"]);
    let said = "# they begin with the number of a schema, but there is no schema 9: Schema not found";
    ends(&shop.run(&["detect", "-c", "CONFIG", "RECORDS"]), 1, &[said]);
    shop.stand_in.add(9, "AVRO", "\"int\"", &[]);
    let said = "# they begin with the number of a schema, but are not what it says";
    ends(&shop.run(&["detect", "-c", "CONFIG", "RECORDS"]), 1, &[said]);
}
