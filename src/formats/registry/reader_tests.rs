//! Records of Avro and Protobuf as JSON. What is written in Avro is written by the library, what is read is read by ours.

use std::collections::HashMap;
use std::sync::Arc;

use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Decimal, Schema};
use proptest::prelude::*;

use super::{FakeSchemas, Language, Reader, Schemas};
use crate::journey::Reject;

const ID: u32 = 7;

fn framed(id: u32, payload: &[u8]) -> Vec<u8> {
    [&[0][..], &id.to_be_bytes(), payload].concat()
}

fn reader(language: Language, schemas: FakeSchemas) -> Reader {
    let schemas: Arc<dyn Schemas> = Arc::new(schemas);
    Reader::new(language, Some(&schemas)).expect("it is built in")
}

/// The JSON, or the reason and text of the reject.
fn read(reader: &mut Reader, bytes: &[u8]) -> Result<String, String> {
    match reader.json(bytes) {
        Ok(Some(json)) => {
            let text = String::from_utf8(json).expect("JSON is UTF-8");
            serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            Ok(text)
        }
        Ok(None) => Err("not yet".into()),
        Err(reject) => Err(format!("{}: {reject}", reject.reason())),
    }
}

fn one(language: Language, schema: &str, payload: &[u8]) -> Result<String, String> {
    read(&mut reader(language, FakeSchemas::default().with(ID, language, schema, &[])), &framed(ID, payload))
}

fn avro(schema: &str, payload: &[u8]) -> Result<String, String> {
    one(Language::Avro, schema, payload)
}

fn written(schema: &str, value: Value) -> Vec<u8> {
    let schema = Schema::parse_str(schema).expect("a schema");
    GenericDatumWriter::builder(&schema).build().and_then(|writer| writer.write_value_to_vec(value)).expect("it fits")
}

/// A value of a schema, and the JSON that it becomes.
fn check(schema: &str, value: Value, expected: &str) {
    assert_eq!(avro(schema, &written(schema, value)).as_deref(), Ok(expected), "{schema}");
}

/// Bytes that are no value of a schema, and what is said of them.
fn check_refused(schema: &str, payload: &[u8], expected: &str) {
    let said = avro(schema, payload).expect_err(schema);
    assert!(said.contains(expected), "{schema}: {said}");
}

#[test]
fn simple_values_are_themselves() {
    check(r#""boolean""#, Value::Boolean(true), "true");
    check(r#""int""#, Value::Int(i32::MIN), "-2147483648");
    check(r#""long""#, Value::Long(i64::MAX), "9223372036854775807");
    check(r#""long""#, Value::Long(i64::MIN), "-9223372036854775808");
    check(r#""long""#, Value::Long((1 << 53) + 1), "9007199254740993");
    check(r#""float""#, Value::Float(12.3), "12.3");
    check(r#""double""#, Value::Double(12.3), "12.3");
    check(r#""double""#, Value::Double(f64::NAN), r#""NaN""#);
    check(r#""float""#, Value::Float(f32::NEG_INFINITY), r#""-Infinity""#);
    check(r#""string""#, Value::String("a \"quoted\" €\n".into()), r#""a \"quoted\" €\n""#);
    check(r#""bytes""#, Value::Bytes(vec![0, 255, 1]), r#""AP8B""#);
    check(r#"{"type":"fixed","name":"f","size":3}"#, Value::Fixed(3, vec![0, 255, 1]), r#""AP8B""#);
    check(r#"{"type":"enum","name":"e","symbols":["WEB","POS"]}"#, Value::Enum(1, "POS".into()), r#""POS""#);
}

#[test]
fn times_keep_the_unit_of_their_schema_and_what_has_no_zone_is_text() {
    let of = |of: &str, logical: &str| format!(r#"{{"type":"{of}","logicalType":"{logical}"}}"#);
    let ms = 1_735_898_400_123;
    check(&of("long", "timestamp-millis"), Value::TimestampMillis(ms), "1735898400123");
    check(&of("long", "timestamp-micros"), Value::TimestampMicros(ms * 1_000), "1735898400123000");
    check(&of("long", "timestamp-nanos"), Value::TimestampNanos(ms * 1_000_000), r#""2025-01-03T10:00:00.123Z""#);
    let local = r#""2025-01-03T10:00:00.123""#;
    check(&of("long", "local-timestamp-millis"), Value::LocalTimestampMillis(ms), local);
    check(&of("long", "local-timestamp-micros"), Value::LocalTimestampMicros(ms * 1_000), local);
    check(&of("long", "local-timestamp-nanos"), Value::LocalTimestampNanos(ms * 1_000_000), local);
    check(&of("long", "local-timestamp-millis"), Value::LocalTimestampMillis(-1), r#""1969-12-31T23:59:59.999""#);
    check(&of("int", "date"), Value::Date(20_091), r#""2025-01-03""#);
    check(&of("int", "date"), Value::Date(-1), r#""1969-12-31""#);
    check(&of("int", "time-millis"), Value::TimeMillis(3_600_000), "3600000");
    check(&of("long", "time-micros"), Value::TimeMicros(3_600_000_000), "3600000000");
    check_refused(&of("int", "date"), &written(r#""int""#, Value::Int(i32::MAX)), "a date that is none");
    check_refused(
        &of("long", "local-timestamp-millis"),
        &written(r#""long""#, Value::Long(i64::MAX)),
        "a time that is none",
    );
}

#[test]
fn decimals_are_their_digits_exactly() {
    let digits = |scale: usize, bytes: &[u8], expected: &str| {
        let schema = format!(r#"{{"type":"bytes","logicalType":"decimal","precision":60,"scale":{scale}}}"#);
        let payload = written(r#""bytes""#, Value::Bytes(bytes.to_vec()));
        assert_eq!(avro(&schema, &payload), Ok(format!("\"{expected}\"")), "{bytes:?}");
    };
    digits(2, &[0x04, 0xe2], "12.50");
    digits(2, &[0xfb, 0x1e], "-12.50");
    digits(0, &[0x04, 0xe2], "1250");
    digits(4, &[0x05], "0.0005");
    digits(4, &[0xfb], "-0.0005");
    digits(2, &[], "0.00");
    digits(2, &[0], "0.00");
    digits(0, &[0x80], "-128");
    digits(0, &[0xff; 20], "-1");
    digits(1, &[&[0x7f][..], &[0xff; 15]].concat(), "17014118346046923173168730371588410572.7");
    digits(0, &[&[0x80][..], &[0; 15]].concat(), "-170141183460469231731687303715884105728");
    digits(0, &[&[1][..], &[0; 16]].concat(), "340282366920938463463374607431768211456");
    digits(0, &[&[0x80][..], &[0; 16]].concat(), "-43556142965880123323311949751266331066368");

    let fixed = r#"{"type":{"type":"fixed","name":"m","size":4},"logicalType":"decimal","precision":9,"scale":2}"#;
    let value = Value::Decimal(Decimal::from(vec![0xff, 0xff, 0xfb, 0x1e]));
    check(fixed, value, r#""-12.50""#);
    let big = written(r#""bytes""#, Value::Bytes(vec![4, 0x04, 0xe2, 4]));
    assert_eq!(avro(r#"{"type":"bytes","logicalType":"big-decimal"}"#, &big).as_deref(), Ok(r#""12.50""#));
    let endless = written(r#""bytes""#, Value::Bytes(vec![1; 5_000]));
    check_refused(r#"{"type":"bytes","logicalType":"decimal","precision":60}"#, &endless, "too many digits");
}

#[test]
fn uuids_are_text_however_they_are_written() {
    let id = "0f0e0d0c-0b0a-0908-0706-050403020100";
    let bytes: Vec<u8> = (0..16).rev().collect();
    let text = written(r#""string""#, Value::String(id.into()));
    assert_eq!(avro(r#"{"type":"string","logicalType":"uuid"}"#, &text), Ok(format!("\"{id}\"")));
    let fixed = r#"{"type":{"type":"fixed","name":"u","size":16},"logicalType":"uuid"}"#;
    assert_eq!(avro(fixed, &bytes), Ok(format!("\"{id}\"")));
}

/// An order with all that records are made of.
const ORDER: &str = r#"{"type":"record","name":"Order","namespace":"com.example.shop","fields":[
    {"name":"id","type":"string"},
    {"name":"customer","type":["null","string"],"default":null},
    {"name":"total","type":{"type":"bytes","logicalType":"decimal","precision":12,"scale":2}},
    {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[
        {"name":"sku","type":"string"},{"name":"count","type":"int"}]}}},
    {"name":"labels","type":{"type":"map","values":["long","string"]}},
    {"name":"first","type":["null","Line"]},
    {"name":"state","type":{"type":"enum","name":"State","symbols":["PAID","OPEN"]}}]}"#;

fn order() -> Vec<u8> {
    let union = |branch, value| Value::Union(branch, Box::new(value));
    let line = |sku: &str, count| {
        Value::Record(vec![("sku".into(), Value::String(sku.into())), ("count".into(), Value::Int(count))])
    };
    let labels = HashMap::from([("n".to_owned(), union(0, Value::Long(5)))]);
    let fields = [
        ("id", Value::String("o-1".into())),
        ("customer", union(1, Value::String("c-1001".into()))),
        ("total", Value::Decimal(Decimal::from(vec![0x04, 0xe2]))),
        ("lines", Value::Array(vec![line("s-1", 2), line("s-2", 1)])),
        ("labels", Value::Map(labels)),
        ("first", union(0, Value::Null)),
        ("state", Value::Enum(0, "PAID".into())),
    ];
    written(ORDER, Value::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

const ORDER_JSON: &str = r#"{"id":"o-1","customer":"c-1001","total":"12.50","lines":[{"sku":"s-1","count":2},{"sku":"s-2","count":1}],"labels":{"n":5},"first":null,"state":"PAID"}"#;

#[test]
fn records_arrays_maps_and_unions_are_as_json_has_them() {
    assert_eq!(avro(ORDER, &order()).as_deref(), Ok(ORDER_JSON));
}

#[test]
fn a_record_that_is_cut_off_anywhere_or_goes_on_is_malformed() {
    let whole = order();
    let mut reader = reader(Language::Avro, FakeSchemas::default().with(ID, Language::Avro, ORDER, &[]));
    for end in 0..whole.len() {
        let said = read(&mut reader, &framed(ID, &whole[..end])).expect_err("it is cut off");
        assert!(said.starts_with("malformed"), "{end}: {said}");
    }
    let more = read(&mut reader, &framed(ID, &[&whole[..], &[0]].concat())).expect_err("it goes on");
    assert!(more.contains("1 bytes of Avro more than its schema says"), "{more}");
}

#[test]
fn arrays_in_blocks_with_their_sizes_are_read_on() {
    let numbers = r#"{"type":"array","items":"int"}"#;
    // One block of two, one of one with its size of a byte before, and the end.
    assert_eq!(avro(numbers, &[4, 2, 4, 1, 2, 6, 0]).as_deref(), Ok("[1,2,3]"));
    assert_eq!(avro(numbers, &[0]).as_deref(), Ok("[]"));
    assert_eq!(avro(r#"{"type":"map","values":"int"}"#, &[0]).as_deref(), Ok("{}"));
}

#[test]
fn what_asks_for_more_than_it_has_is_refused_before_it_gets_it() {
    let huge = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    check_refused(r#""string""#, &huge, "ends before");
    check_refused(r#""bytes""#, &[1], "negative");
    check_refused(r#""long""#, &[0x80; 11], "too many bytes");
    check_refused(r#"{"type":"array","items":"null"}"#, &huge, "too many items that take no bytes");
    let empties = |count: &[u8]| {
        let empty = r#"{"type":"array","items":{"type":"array","items":{"type":"record","name":"Empty","fields":[]}}}"#;
        // Two lists, each of so many.
        avro(empty, &[&[4][..], count, &[0], count, &[0, 0]].concat())
    };
    assert_eq!(empties(&[4]).as_deref(), Ok("[[{},{}],[{},{}]]"));
    assert!(empties(&[0xe8, 0x07]).is_ok_and(|json| json.len() > 2_000), "500 in each");
    let said = empties(&[0xea, 0x07]).expect_err("501 in each");
    assert!(said.contains("too many items that take no bytes"), "{said}");
    // A byte each, and ten thousand in JSON.
    let long = format!(
        r#"{{"type":"array","items":{{"type":"record","name":"Long","fields":[
            {{"name":"is","type":"boolean"}},{{"name":"{}","type":"null"}}]}}}}"#,
        "n".repeat(10_000)
    );
    check_refused(&long, &[&[0xc0, 0xb8, 0x02][..], &[1; 20_000], &[0]].concat(), "too many bytes of JSON");
    check_refused(r#"{"type":"array","items":"int"}"#, &huge, "ends before");
    check_refused(r#"["null","int"]"#, &[4, 0], "a branch that its union does not have");
    check_refused(r#"["null","int"]"#, &[1, 0], "a branch that its union does not have");
    check_refused(r#"{"type":"enum","name":"e","symbols":["A"]}"#, &[2], "a symbol that its enumeration does not have");
    check_refused(r#""boolean""#, &[2], "a boolean that is neither");
    check_refused(r#""string""#, &[2, 0xff], "UTF-8");
    let chain = r#"{"type":"record","name":"Chain","fields":[{"name":"next","type":["null","Chain"]}]}"#;
    assert_eq!(avro(chain, &[2, 2, 0]).as_deref(), Ok(r#"{"next":{"next":{"next":null}}}"#));
    check_refused(chain, &[2; 1 << 20], "nested too deeply");
}

#[test]
fn a_schema_may_refer_to_others_and_they_to_others_again() {
    let line = r#"{"type":"record","name":"Line","namespace":"com.example","fields":[{"name":"price","type":"com.example.Money"}]}"#;
    let money =
        r#"{"type":"record","name":"Money","namespace":"com.example","fields":[{"name":"cents","type":"long"}]}"#;
    let order = r#"{"type":"record","name":"Order","namespace":"com.example","fields":[
        {"name":"line","type":"Line"},{"name":"sum","type":"com.example.Money"}]}"#;
    let imports = [("com.example.Money", money), ("com.example.Line", line)];
    let schemas = FakeSchemas::default().with(ID, Language::Avro, order, &imports).with(8, Language::Avro, order, &[]);
    let mut reader = reader(Language::Avro, schemas);
    let json = read(&mut reader, &framed(ID, &[2, 4]));
    assert_eq!(json.as_deref(), Ok(r#"{"line":{"price":{"cents":1}},"sum":{"cents":2}}"#));
    let said = read(&mut reader, &framed(8, &[2, 4])).expect_err("what it refers to is nowhere");
    assert!(said.starts_with("bad_field") && said.contains("schema 8 cannot be used"), "{said}");
}

#[test]
fn which_schema_it_is_stands_before_a_record_and_only_what_the_registry_denies_is_refused() {
    let schemas = Arc::new(FakeSchemas::default().with(ID, Language::Avro, r#""int""#, &[]).with(
        8,
        Language::Protobuf,
        r#"syntax = "proto3"; message M {}"#,
        &[],
    ));
    let port = Arc::clone(&schemas) as Arc<dyn Schemas>;
    let mut reader = Reader::new(Language::Avro, Some(&port)).expect("it is built in");
    let mut check = |bytes: &[u8], expected: Result<&str, &str>| match (read(&mut reader, bytes), expected) {
        (Ok(json), Ok(expected)) => assert_eq!(json, expected),
        (Err(said), Err(expected)) => assert!(said.contains(expected), "{said}"),
        other => panic!("{other:?}"),
    };
    schemas.set_away(true);
    check(&framed(ID, &[2]), Err("not yet"));
    check(&framed(99, &[2]), Err("not yet"));
    schemas.set_away(false);
    check(&framed(ID, &[2]), Ok("1"));
    check(&framed(99, &[2]), Err("there is no schema 99"));
    check(&framed(8, &[2]), Err("schema 8 is in Protobuf, where Avro is expected"));
    schemas.set_away(true);
    // What was read once needs nobody any more.
    check(&framed(ID, &[4]), Ok("2"));
    check(&[], Err("malformed"));
    check(&[0, 0, 0, 0, 7], Err("malformed"));
    check(b"{\"id\":1}", Err("malformed"));
    let mut nowhere = Reader::new(Language::Avro, None).expect("it is built in");
    assert!(matches!(nowhere.json(&framed(ID, &[2])), Err(Reject::BadField(_))));
}

const PURCHASES: &str = r#"
    syntax = "proto3";
    package shop;
    import "google/protobuf/timestamp.proto";
    import "google/type/money.proto";
    import "confluent/meta.proto";
    message Ping { string from = 1; }
    message Purchase {
        option (confluent.message_meta).doc = "what was bought";
        message Line { string sku = 1; uint32 count = 2; message Note { string text = 1; } }
        enum Channel { UNKNOWN = 0; WEB = 1; }
        string customer_id = 1;
        int64 order_number = 2;
        google.protobuf.Timestamp ordered_at = 3;
        google.type.Money total = 4;
        repeated Line lines = 5;
        Channel channel = 6;
        bytes token = 7;
        optional bool is_test = 8;
        bool is_gift = 9;
        map<string, double> scores = 10;
        oneof payment { string card = 11; string voucher = 12; }
    }"#;

/// A field of text, bytes or a message.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, bytes.len() as u8][..], bytes].concat()
}

fn protobuf(payload: &[u8]) -> Result<String, String> {
    one(Language::Protobuf, PURCHASES, payload)
}

#[test]
fn a_message_keeps_the_names_of_its_schema_and_exact_numbers() {
    let number = (1_u64 << 53) + 1;
    let mut varint = Vec::new();
    let mut rest = number;
    while rest > 0x7f {
        varint.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    varint.push(rest as u8);
    let time = [&[0x08][..], &[0xa0, 0xea, 0xde, 0xbb, 0x06]].concat();
    let money = [field(1, b"EUR"), vec![0x10, 12], vec![0x18, 0x80, 0xca, 0xb5, 0xee, 0x01]].concat();
    let payload = [
        // The second message of the file.
        vec![2, 2],
        field(1, b"c-1001"),
        [&[0x10][..], &varint].concat(),
        field(3, &time),
        field(4, &money),
        field(5, &[field(1, b"s-1"), vec![0x10, 2]].concat()),
        vec![0x30, 1],
        field(7, &[0, 255]),
        vec![0x40, 0],
        vec![0x48, 0],
        field(12, b"v-1"),
        // A field that the schema does not know.
        field(15, b"later"),
    ]
    .concat();
    let expected = r#"{"customer_id":"c-1001","order_number":9007199254740993,"ordered_at":"2025-01-03T10:00:00Z","total":{"currency_code":"EUR","units":12,"nanos":500000000},"lines":[{"sku":"s-1","count":2}],"channel":"WEB","token":"AP8=","is_test":false,"voucher":"v-1"}"#;
    assert_eq!(protobuf(&payload).as_deref(), Ok(expected));
}

#[test]
fn the_message_is_the_one_at_the_place_that_stands_before_it() {
    let ping = field(1, b"x");
    let check = |path: &[u8], expected: Result<&str, &str>| {
        match (protobuf(&[path, &ping].concat()), expected) {
            (Ok(json), Ok(expected)) => assert_eq!(json, expected, "{path:?}"),
            (Err(said), Err(expected)) => assert!(said.contains(expected), "{path:?}: {said}"),
            other => panic!("{path:?}: {other:?}"),
        };
    };
    // One byte for the first, which also can be written out.
    check(&[0], Ok(r#"{"from":"x"}"#));
    check(&[2, 0], Ok(r#"{"from":"x"}"#));
    check(&[2, 2], Ok(r#"{"customer_id":"x"}"#));
    // Nested: the line of a purchase, and the note of a line.
    check(&[4, 2, 0], Ok(r#"{"sku":"x"}"#));
    check(&[6, 2, 0, 0], Ok(r#"{"text":"x"}"#));
    check(&[2, 4], Err("no message at [2]"));
    check(&[4, 0, 0], Err("no message at [0, 0]"));
    check(&[2, 1], Err("no message at [-1]"));
    check(&[1], Err("nested -1 deep"));
    check(&[0xfe, 0xff, 0x03], Err("deep"));
    assert_eq!(protobuf(&[0]).as_deref(), Ok("{}"), "a message of nothing but defaults takes no bytes");
    let cut = protobuf(&[4, 2]).expect_err("it is cut off");
    assert!(cut.contains("which message"), "{cut}");
}

#[test]
fn a_message_that_cannot_be_read_or_told_is_refused() {
    let malformed = |payload: &[u8]| {
        let said = protobuf(payload).expect_err("it is refused");
        assert!(said.starts_with("malformed"), "{payload:?}: {said}");
    };
    malformed(&[2, 2, 0x0a, 6, b'c']);
    malformed(&[2, 2, 0x0a, 1, 0xff]);
    malformed(&[2, 2, 0x0d, 1, 1, 1, 1]);
    // A time that is none.
    let time = [&[0x08][..], &[0xff; 9], &[0x01]].concat();
    let said = protobuf(&[vec![2, 2], field(3, &[&time[..9], &[0x7f]].concat())].concat());
    assert!(said.is_err(), "{said:?}");
}

#[test]
fn messages_that_hold_one_another_without_end_are_refused() {
    let schema = r#"syntax = "proto3"; import "google/protobuf/any.proto"; message M { google.protobuf.Any any = 1; M next = 2; string t = 3; }"#;
    let long = |number: u8, bytes: &[u8]| {
        let mut field = vec![number << 3 | 2];
        let mut rest = bytes.len();
        while rest > 0x7f {
            field.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        field.push(rest as u8);
        [&field, bytes].concat()
    };
    let nested = |levels: usize, wrap: &dyn Fn(&[u8]) -> Vec<u8>| {
        let innermost = long(3, b"{[\"");
        (0..levels).fold(innermost, |within, _| wrap(&within))
    };
    let any = |within: &[u8]| long(1, &[long(1, b"x/M"), long(2, within)].concat());
    let next = |within: &[u8]| long(2, within);
    let read = |message: Vec<u8>| one(Language::Protobuf, schema, &[vec![0], message].concat());
    assert_eq!(read(nested(1, &any)).as_deref(), Ok(r#"{"any":{"@type":"x/M","t":"{[\""}}"#));
    assert!(read(nested(50, &next)).is_ok() && read(nested(90, &any)).is_ok());
    let said = read(nested(2_000, &any)).expect_err("it is too deep");
    assert!(said.starts_with("bad_field") && said.contains("nested too deeply"), "{said}");
    let said = read(nested(2_000, &next)).expect_err("it is too deep");
    assert!(said.starts_with("malformed"), "{said}");
}

#[test]
fn a_schema_of_protobuf_may_import_others() {
    let types = r#"syntax = "proto3"; package shop; message Customer { string id = 1; }"#;
    let main = r#"syntax = "proto3"; package shop; import "shop/types.proto"; message Seen { Customer customer = 1; }"#;
    let schemas = FakeSchemas::default()
        .with(ID, Language::Protobuf, main, &[("shop/types.proto", types)])
        .with(8, Language::Protobuf, main, &[])
        .with(9, Language::Protobuf, "message {", &[]);
    let mut reader = reader(Language::Protobuf, schemas);
    let payload = [vec![0], field(1, &field(1, b"c-1001"))].concat();
    assert_eq!(read(&mut reader, &framed(ID, &payload)).as_deref(), Ok(r#"{"customer":{"id":"c-1001"}}"#));
    let said = read(&mut reader, &framed(8, &payload)).expect_err("it is nowhere");
    assert!(said.contains("schema 8 cannot be used") && said.contains("shop/types.proto"), "{said}");
    let said = read(&mut reader, &framed(9, &payload)).expect_err("it is no schema");
    assert!(said.contains("schema 9 cannot be used"), "{said}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_json_or_refused(bytes in prop::collection::vec(any::<u8>(), 1..60), cut in 0_usize..40, flip in any::<u8>()) {
        let schemas = || FakeSchemas::default()
            .with(ID, Language::Avro, ORDER, &[])
            .with(8, Language::Protobuf, PURCHASES, &[]);
        let mut avro = reader(Language::Avro, schemas());
        let _ = read(&mut avro, &framed(ID, &bytes));
        let mut spoilt = order();
        let place = cut % spoilt.len();
        spoilt[place] ^= flip;
        let _ = read(&mut avro, &framed(ID, &spoilt));
        thread_local! {
            static PROTOBUF: std::cell::RefCell<Option<Reader>> = const { std::cell::RefCell::new(None) };
        }
        PROTOBUF.with_borrow_mut(|protobuf| {
            let protobuf = protobuf.get_or_insert_with(|| reader(Language::Protobuf, schemas()));
            let _ = read(protobuf, &framed(8, &[&[2, 2], &bytes[..]].concat()));
        });
    }

    #[test]
    fn numbers_and_texts_come_back_as_they_were(long in any::<i64>(), double in any::<f64>(), text in any::<String>(), some in any::<Option<i32>>()) {
        let schema = r#"{"type":"record","name":"R","fields":[{"name":"l","type":"long"},{"name":"d","type":"double"},
            {"name":"t","type":"string"},{"name":"o","type":["null","int"]}]}"#;
        let option = some.map_or(Value::Union(0, Box::new(Value::Null)), |some| Value::Union(1, Box::new(Value::Int(some))));
        let fields = [("l", Value::Long(long)), ("d", Value::Double(double)), ("t", Value::String(text.clone())), ("o", option)];
        let payload = written(schema, Value::Record(fields.map(|(name, value)| (name.to_owned(), value)).into()));
        let json = avro(schema, &payload).expect("it is whole");
        let read: serde_json::Value = serde_json::from_str(&json).expect("checked");
        prop_assert_eq!(read["l"].as_i64(), Some(long));
        if double.is_finite() {
            let digits = json.split("\"d\":").nth(1).and_then(|rest| rest.split(',').next()).expect("it is there");
            prop_assert_eq!(digits.parse(), Ok(double));
        }
        prop_assert_eq!(read["t"].as_str(), Some(text.as_str()));
        prop_assert_eq!(read["o"].as_i64(), some.map(i64::from));
    }
}
