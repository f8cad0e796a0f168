//! The way in one pass against the way by `serde_json`.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::found::Found;
use super::quotes::Quotes;
use super::scan::read;
use super::shape::Shape;
use super::walk;

const PATHS: [&[&str]; 9] = [
    &["userId"],
    &["properties", "path"],
    &["properties", "total"],
    &["properties"],
    &["data", "object", "payment", "status"],
    &["data", "object", "a_key_of_some_length"],
    &["list", "1", "a"],
    &["timestamp"],
    &[""],
];

/// Where texts of arrays and objects are kept in some of the tests.
pub(super) const KEPT: [&[&str]; 3] = [&["data", "object"], &["list"], &["userId"]];

pub(super) fn shape() -> Shape {
    let mut shape = Shape::new();
    for path in PATHS {
        shape.slot(path);
    }
    shape
}

/// What `scan` finds, if it takes the record at all, is what `walk` finds; whether it took it.
fn check(text: &str) -> Result<bool, TestCaseError> {
    let mut with_texts = shape();
    for path in KEPT {
        with_texts.raw_slot(path);
    }
    let taken = check_shape(&with_texts, text)?;
    prop_assert_eq!(check_shape(&shape(), text)?, taken, "{}", text);
    Ok(taken)
}

fn check_shape(shape: &Shape, text: &str) -> Result<bool, TestCaseError> {
    let (mut fast, mut slow) = (vec![Found::Absent; shape.slots()], vec![Found::Absent; shape.slots()]);
    let mut quotes = Quotes::default();
    let marked = quotes.mark(text.as_bytes());
    if marked.is_some() {
        let beyond = quotes.beyond_ascii();
        prop_assert_eq!(beyond.is_empty(), text.is_ascii());
        prop_assert!(text[..beyond.start].is_ascii() && text[beyond.end..].is_ascii(), "{:?} of {}", beyond, text);
    }
    let taken = marked.and_then(|()| read(shape, &quotes, text, &mut fast, &mut ())).is_some();
    if taken {
        prop_assert_eq!(walk::read(shape, text, &mut slow).map_err(|reject| reject.to_string()), Ok(()), "{}", text);
        prop_assert_eq!(fast, slow, "{}", text);
    }
    Ok(taken)
}

#[track_caller]
fn check_taken(text: &str) {
    assert!(check(text).unwrap(), "not taken: {text}");
}

#[test]
fn ordinary_records_are_taken() {
    check_taken("{}");
    check_taken(" { } \n");
    check_taken(r#"{"userId":"c1","n":-1.5e+3,"m":0,"list":null,"ok":true,"no":false,"e":[],"o":{},"":1}"#);
    check_taken(r#"{"list" : "x" , "a" : [ 1 , "b" , { "c" : [ ] } ], "userId":"a\"b", "other":"\u00e9\\"}"#);
    check_taken(
        r#"{"properties":{"path":"/é","total":12.95},"data":{"object":{"payment":{"status":"x"},"a_key_of_some_length":7}}}"#,
    );
    check_taken(r#"{"timestamp":18446744073709551615,"userId":9223372036854775808,"properties":-9223372036854775808}"#);
    check_taken(r#"{"timestamp":9999999999999999999,"userId":123456789012345678901234567890,"properties":-0}"#);
    check_taken(r#"{"list":[1],"userId":[2,{"a":[]}]}"#);
    check_taken(r#"{"list":[ {"a":1} , {"a" : 2} ],"data":{"object":{"x":[{}]}}}"#);
    check_taken(r#"{"a_key":{"userId":"inner"},"userId":"outer","properties":{"path":1},"properties":{"total":2}}"#);
    check_taken("{\n  \"userId\": \"c1\",\n  \"properties\": {\n\t\"path\": \"/\"\r\n  }\n}\n");
}

#[test]
fn what_is_rare_or_wrong_is_left_to_the_other_way() {
    for text in [
        "",
        "[]",
        "1",
        "{",
        "{}{}",
        "{} x",
        r#"{"user\u0049d":1}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a" 1}"#,
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a":[1,]}"#,
        r#"{"a":[1 2]}"#,
        r#"{"a":[1}"#,
        r#"{"a":{"b":1]}"#,
        r#"{a:1}"#,
        r#"{"a":01}"#,
        r#"{"a":-}"#,
        r#"{"a":1.}"#,
        r#"{"a":.5}"#,
        r#"{"a":1e}"#,
        r#"{"a":+1}"#,
        r#"{"a":truex}"#,
        r#"{"a":nul}"#,
        r#"{"a":"b}"#,
        "{\"a\":\"b\nc\"}",
        r#"{"userId":"\ud800"}"#,
        r#"{"userId":1e999}"#,
        r#"{"properties":1e999}"#,
        r#"{"properties":"\udfff"}"#,
        "\u{feff}{}",
    ] {
        assert!(!check(text).unwrap(), "taken: {text}");
    }
    assert!(!check(&format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100))).unwrap());
}

/// Pieces that JSON is made of, so that what is generated is often nearly right.
fn piece() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(
        &[
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"userId\"",
            "\"properties\"",
            "\"path\"",
            "\"list\"",
            "\"\"",
            "\"data\"",
            "\"object\"",
            "\"a_key_of_some_length\"",
            "\"a_key_of_some_lengtH\"",
            "\"\\\"\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"é\"",
            "1",
            "-0",
            "1.5",
            "1e999",
            "true",
            "null",
            " ",
            "\n",
            "\\",
            "\"",
            "\u{1}",
            "\"userId\":\"c1\",",
            "\"properties\":{\"path\":1,\"total\":2.5}",
            "{\"list\":",
            "\"timestamp\":17,",
        ][..],
    )
}

pub(super) fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let key = prop_oneof![
        4 => proptest::sample::select(PATHS.concat()).prop_map(|key| format!("\"{key}\"")),
        1 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let fields = proptest::collection::vec((key.clone(), inner.clone()), 0..6);
        prop_oneof![
            4 => fields.prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
            1 => proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_read_as_the_other_way_reads_them(text in value()) {
        check(&text)?;
    }

    #[test]
    fn pieces_in_any_order_are_read_as_the_other_way_reads_them(pieces in proptest::collection::vec(piece(), 0..24)) {
        check(&format!("{{{}}}", pieces.concat()))?;
    }

    #[test]
    fn documents_with_a_byte_changed_are_read_as_the_other_way_reads_them(
        text in value(), at in any::<proptest::sample::Index>(), byte in 0_u8..128,
    ) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            check(text)?;
        }
    }
}
