//! From records to events, with schemas fetched from the stand-in.

use apache_avro::Schema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use klantreis::formats::{Decoded, Decoder, FormatSpec, Options, RawRecord, TimeSource, Wrapper, open_with_schemas};
use klantreis::journey::{Amount, Vocabulary};

use crate::stand_in::StandIn;
use crate::{decoder, framed, registry, until};

/// Orders as they were first.
const FIRST: &str = r#"{"type":"record","name":"Order","namespace":"com.example","fields":[
    {"name":"order_id","type":"string"},
    {"name":"customer_id","type":"string"},
    {"name":"ordered_at","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"total","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}}]}"#;
/// And later: another order of fields, one more, and one that may be null.
const SECOND: &str = r#"{"type":"record","name":"Order","namespace":"com.example","fields":[
    {"name":"shop","type":{"type":"enum","name":"Shop","symbols":["NL","BE"]}},
    {"name":"total","type":["null",{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}]},
    {"name":"ordered_at","type":{"type":"long","logicalType":"timestamp-millis"}},
    {"name":"customer_id","type":["string","null"]},
    {"name":"order_id","type":"string"}]}"#;
/// What an order means.
pub const MAPPING: &str = "
reads: avro
identifiers: { user_id: customer_id }
customer: [user_id]
time: { from: ordered_at, format: epoch_ms }
kind: purchased
id: order_id
value: total
attributes: { order_id: order_id }";

/// 2025-01-03T10:00:00.123Z.
pub const AT: i64 = 1_735_898_400_123;

/// Writes a record of these fields.
pub fn written(schema: &str, fields: &[(&str, Value)]) -> Vec<u8> {
    let schema = Schema::parse_str(schema).unwrap();
    let record = Value::Record(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect());
    GenericDatumWriter::builder(&schema).build().unwrap().write_value_to_vec(record).unwrap()
}

/// An order as it was written first.
pub fn first(order: &str, customer: &str, at: i64) -> Vec<u8> {
    let fields = [
        ("order_id", Value::String(order.into())),
        ("customer_id", Value::String(customer.into())),
        ("ordered_at", Value::TimestampMillis(at)),
        ("total", Value::Decimal(vec![0x04, 0xe2].into())),
    ];
    written(FIRST, &fields)
}

pub fn first_schema() -> &'static str {
    FIRST
}

fn some(branch: u32, value: Value) -> Value {
    Value::Union(branch, Box::new(value))
}

/// What became of a record, when it can be said: customer, order, time and value, or the reject.
fn told(decoder: &mut dyn Decoder, bytes: &[u8]) -> Result<String, String> {
    until("the schema", || {
        let record = RawRecord { value: Some(bytes), ..RawRecord::default() };
        match decoder.decode(&record) {
            Ok(Decoded::NotYet) => None,
            Ok(Decoded::One(told)) => {
                let event = told.event;
                let (id, value) = (event.id.as_deref().unwrap_or("-"), event.value.as_ref().map(show));
                Some(Ok(format!("{} {id} {} {}", event.customer, event.at, value.unwrap_or_default())))
            }
            Ok(Decoded::Ignored) => Some(Ok("ignored".into())),
            Ok(other) => panic!("{other:?}"),
            Err(reject) => Some(Err(format!("{}: {reject}", reject.reason()))),
        }
    })
}

fn show(money: &Amount) -> String {
    money.to_string()
}

fn check(decoder: &mut dyn Decoder, bytes: &[u8], expected: Result<&str, &str>) {
    match (told(decoder, bytes), expected) {
        (Ok(told), Ok(expected)) => assert_eq!(told, expected),
        (Err(said), Err(expected)) => assert!(said.contains(expected), "{said}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_topic_whose_schema_changed_is_read_on_and_each_schema_is_asked_for_once() {
    let stand_in = StandIn::start();
    stand_in.add(1, "AVRO", FIRST, &[]);
    stand_in.add(2, "AVRO", SECOND, &[]);
    let schemas = registry(stand_in.url());
    let mut decoder = decoder(MAPPING, &schemas);
    let second = |customer, total| {
        let fields = [
            ("shop", Value::Enum(0, "NL".into())),
            ("total", total),
            ("ordered_at", Value::TimestampMillis(AT + 1)),
            ("customer_id", customer),
            ("order_id", Value::String("o-2".into())),
        ];
        framed(2, &written(SECOND, &fields))
    };
    let first = framed(1, &first("o-1", "c-1001", AT));
    let with_all = second(some(0, Value::String("c-1002".into())), some(1, Value::Decimal(vec![0x04, 0xe2].into())));
    let without_total = second(some(0, Value::String("c-1002".into())), some(0, Value::Null));
    let without_customer = second(some(1, Value::Null), some(0, Value::Null));
    for _ in 0..2 {
        check(decoder.as_mut(), &first, Ok("c-1001 o-1 1735898400123 12.5"));
        check(decoder.as_mut(), &with_all, Ok("c-1002 o-2 1735898400124 12.5"));
        check(decoder.as_mut(), &without_total, Ok("c-1002 o-2 1735898400124 "));
        check(decoder.as_mut(), &without_customer, Err("no_customer"));
    }
    assert_eq!(stand_in.asked(), ["/schemas/ids/1", "/schemas/ids/2"]);
    // Another worker's decoder finds them where they are.
    check(super::decoder(MAPPING, &schemas).as_mut(), &first, Ok("c-1001 o-1 1735898400123 12.5"));
    assert_eq!(stand_in.asked().len(), 2);
}

#[test]
fn what_is_wrong_with_a_record_is_a_reject_and_the_next_one_is_read() {
    let stand_in = StandIn::start();
    stand_in.add(1, "AVRO", FIRST, &[]);
    stand_in.add(3, "PROTOBUF", "syntax = \"proto3\"; message M {}", &[]);
    stand_in.add(4, "AVRO", "{\"type\":\"nothing\"}", &[]);
    stand_in.add(5, "AVRO", FIRST, &[("x", "nowhere", 1)]);
    let schemas = registry(stand_in.url());
    let mut decoder = decoder(MAPPING, &schemas);
    let order = first("o-1", "c-1001", AT);
    let mut check = |bytes: &[u8], expected| check(decoder.as_mut(), bytes, expected);
    check(&framed(99, &order), Err("there is no schema 99: Schema not found"));
    check(&framed(u32::MAX, &order), Err("there is no schema 4294967295"));
    check(&framed(3, &order), Err("schema 3 is in Protobuf, where Avro is expected"));
    check(&framed(4, &order), Err("schema 4 cannot be used"));
    check(&framed(5, &order), Err("there is no schema 5: Subject not found"));
    check(&framed(1, &order[..order.len() - 1]), Err("malformed"));
    check(&framed(1, &[&order[..], b"x"].concat()), Err("malformed"));
    check(b"{\"order_id\":\"o-1\"}", Err("malformed"));
    check(&framed(1, &[]), Err("malformed"));
    check(&[], Err("empty"));
    check(&framed(1, &order), Ok("c-1001 o-1 1735898400123 12.5"));
    let asked = stand_in.asked().iter().filter(|path| *path == "/schemas/ids/99").count();
    check(&framed(99, &order), Err("there is no schema 99"));
    assert_eq!(asked, 1);
    assert!(!stand_in.asked().iter().any(|path| path.contains("4294967295")), "no registry has such a number");
    assert_eq!(stand_in.asked().iter().filter(|path| *path == "/schemas/ids/99").count(), 1, "a no is believed");
}

#[test]
fn what_schemas_refer_to_is_fetched_with_them_once_each_and_whatever_their_subjects_are_called() {
    let stand_in = StandIn::start();
    let text = |name: &str, fields: &str| format!("syntax = \"proto3\"; package shop; {name} {fields}");
    let order = text(
        "import \"shop/customer.proto\"; import \"shop/money.proto\"; import \"google/protobuf/timestamp.proto\";",
        "message Order { string order_id = 1; Customer customer = 2; Money total = 3; google.protobuf.Timestamp ordered_at = 4; }",
    );
    let customer = text("import \"shop/money.proto\";", "message Customer { string id = 1; Money spent = 2; }");
    let money = text("", "message Money { string amount = 1; }");
    let money_at = ("shop/money.proto", "shop/money.proto", 3);
    stand_in.add(1, "PROTOBUF", &order, &[("shop/customer.proto", "customer-value", 1), money_at]);
    stand_in.add_version("customer%2Dvalue", 1, &customer, &[money_at]);
    stand_in.add_version("shop%2Fmoney%2Eproto", 3, &money, &[]);
    let mapping = "
reads: protobuf
identifiers: { user_id: /customer/id }
customer: [user_id]
time: ordered_at
kind: purchased
id: order_id
value: /total/amount";
    let schemas = registry(stand_in.url());
    let mut decoder = decoder(mapping, &schemas);
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8][..], bytes].concat();
    let payload = [
        vec![0],
        field(1, b"o-1"),
        field(2, &field(1, b"c-1001")),
        field(3, &field(1, b"12.50")),
        field(4, &[0x08, 0xa0, 0xea, 0xde, 0xbb, 0x06]),
    ];
    check(decoder.as_mut(), &framed(1, &payload.concat()), Ok("c-1001 o-1 1735898400000 12.5"));
    let asked =
        ["/schemas/ids/1", "/subjects/customer%2Dvalue/versions/1", "/subjects/shop%2Fmoney%2Eproto/versions/3"];
    let deleted_too =
        |path: &&str| if path.contains("subjects") { format!("{path}?deleted=true") } else { (*path).into() };
    assert_eq!(stand_in.asked(), asked.iter().map(deleted_too).collect::<Vec<String>>());
}

#[test]
fn an_amount_of_units_and_billionths_is_put_together_also_where_one_of_them_is_zero_and_so_not_there() {
    let stand_in = StandIn::start();
    let schema = "syntax = \"proto3\"; import \"google/type/money.proto\";
        message Order { string customer = 1; int64 at = 2; google.type.Money total = 3; }";
    stand_in.add(1, "PROTOBUF", schema, &[]);
    let mapping = "
reads: protobuf
identifiers: { user_id: customer }
customer: [user_id]
time: { from: at, format: epoch_s }
kind: purchased
value:
  from:
    cel: >-
      (has(record.total.units) ? double(record.total.units) : 0.0)
      + (has(record.total.nanos) ? double(record.total.nanos) / 1e9 : 0.0)
  currency: /total/currency_code";
    let schemas = registry(stand_in.url());
    let mut decoder = decoder(mapping, &schemas);
    let field = |number: u8, bytes: &[u8]| [&[number << 3 | 2, bytes.len() as u8][..], bytes].concat();
    let mut amount = |amount: &[u8], expected: &str| {
        let at = vec![0x10, 0xa0, 0xea, 0xde, 0xbb, 0x06];
        let total = field(3, &[field(1, b"EUR"), amount.to_vec()].concat());
        let payload = [vec![0], field(1, b"c-1001"), at, total].concat();
        let expected = format!("c-1001 - 1735898400000 {expected}");
        check(decoder.as_mut(), &framed(1, &payload), Ok(&expected));
    };
    let half = [0x18, 0x80, 0xca, 0xb5, 0xee, 0x01];
    amount(&[&[0x10, 12][..], &half].concat(), "12.5");
    amount(&half, "0.5");
    amount(&[0x10, 12], "12");
}

#[test]
fn a_format_that_is_known_is_read_in_avro_too() {
    let schema = r#"{"type":"record","name":"Call","fields":[{"name":"type","type":"string"},{"name":"event","type":"string"},
        {"name":"userId","type":["null","string"]},{"name":"timestamp","type":"string"},{"name":"messageId","type":"string"}]}"#;
    let stand_in = StandIn::start();
    stand_in.add(1, "AVRO", schema, &[]);
    let schemas = registry(stand_in.url());
    let spec =
        FormatSpec::with("segment", None, Options { unwrap: vec![Wrapper::Avro], ..Options::default() }).unwrap();
    let vocabulary = Vocabulary::new(vec!["purchased".into()], Vec::new(), false);
    let mut decoder = open_with_schemas(&spec, &vocabulary, TimeSource::Event, Some(&schemas)).unwrap();
    let text = |text: &str| Value::String(text.into());
    let fields = [
        ("type", text("track")),
        ("event", text("Order Completed")),
        ("userId", some(1, text("c-1001"))),
        ("timestamp", text("2025-01-03T10:00:00.123Z")),
        ("messageId", text("m-1")),
    ];
    check(decoder.as_mut(), &framed(1, &written(schema, &fields)), Ok("c-1001 m-1 1735898400123 "));
}

#[test]
fn change_events_in_avro_are_read_and_then_all_but_their_row_is_taken_off() {
    let row = r#"{"type":"record","name":"Value","fields":[{"name":"id","type":"long"},{"name":"customer","type":"string"},
        {"name":"at","type":{"type":"long","connect.name":"io.debezium.time.MicroTimestamp"}},{"name":"total","type":"string"}]}"#;
    let envelope = format!(
        r#"{{"type":"record","name":"Envelope","fields":[{{"name":"before","type":["null",{row}]}},
            {{"name":"after","type":["null","Value"]}},{{"name":"op","type":"string"}}]}}"#
    );
    let stand_in = StandIn::start();
    stand_in.add(1, "AVRO", &envelope, &[]);
    let mapping = "
reads: avro
unwrap: [debezium]
identifiers: { user_id: customer }
customer: [user_id]
time: { from: at, format: epoch_us }
kind: purchased
id: id
value: total";
    let schemas = registry(stand_in.url());
    let mut decoder = decoder(mapping, &schemas);
    let change = |after: Value, op: &str| {
        let before = some(0, Value::Null);
        framed(1, &written(&envelope, &[("before", before), ("after", after), ("op", Value::String(op.into()))]))
    };
    let fields = [
        ("id", Value::Long(17)),
        ("customer", Value::String("c-1001".into())),
        ("at", Value::Long(AT * 1_000)),
        ("total", Value::String("12.50".into())),
    ];
    let after = Value::Record(fields.map(|(name, value)| (name.to_owned(), value)).into());
    check(decoder.as_mut(), &change(some(1, after), "c"), Ok("c-1001 17 1735898400123 12.5"));
    check(decoder.as_mut(), &change(some(0, Value::Null), "d"), Ok("ignored"));
    let tombstone = RawRecord::default();
    assert!(matches!(decoder.decode(&tombstone), Ok(Decoded::Ignored)));
}
