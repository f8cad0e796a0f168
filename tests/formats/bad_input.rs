//! Records that cannot be events, and the reason that goes with each.
use klantreis::formats::RawRecord;

use crate::{decode, decoder, everything, fixture};

const FORMATS: [(&str, &str); 3] =
    [("segment", "segment-page"), ("sendgrid", "sendgrid-open"), ("square", "square-completed")];

fn check(format: &str, value: &[u8], expected: Result<(), &str>) {
    let outcome = decode(format, value).map(|_| ()).map_err(|reject| reject.reason());
    assert_eq!(outcome, expected, "{format}: {}", String::from_utf8_lossy(&value[..value.len().min(300)]));
}

#[test]
fn what_is_no_json_object_is_told_apart_in_every_format() {
    for (format, _) in FORMATS {
        for (value, reason) in [
            (&b""[..], "empty"),
            (b" ", "malformed"),
            (b"hello", "malformed"),
            (b"{", "malformed"),
            (b"{\"a\":1,}", "malformed"),
            (b"{'a':1}", "malformed"),
            (b"{\"a\":01}", "malformed"),
            (b"{\"a\":NaN}", "malformed"),
            (b"{\"a\":\"\x01\"}", "malformed"),
            (b"{\"a\":\"\\x\"}", "malformed"),
            (b"{} {}", "malformed"),
            (b"{}x", "malformed"),
            (b"\xef\xbb\xbf{}", "malformed"),
            (b"{\"a\":\"\xff\"}", "invalid_utf8"),
            (b"\xff\xfe{\x00}\x00", "invalid_utf8"),
            (b"{\"a\":\"\xed\xa0\x80\"}", "invalid_utf8"),
            (b"null", "not_an_object"),
            (b"true", "not_an_object"),
            (b"42", "not_an_object"),
            (b"\"text\"", "not_an_object"),
            (b"{}", "no_customer"),
        ] {
            check(format, value, Err(reason));
        }
        let arrays: [&[u8]; 4] = [b"[1,2", b"[]x", b"[{},]", b"[{}"];
        for value in arrays {
            let expected = match value {
                // An item that is no event is the first that is wrong.
                b"[1,2" if format == "sendgrid" => "not_an_object",
                b"[{},]" | b"[{}" if format == "sendgrid" => "no_customer",
                _ => "malformed",
            };
            check(format, value, Err(expected));
        }
        let tombstone = RawRecord { key: Some(b"c1"), timestamp: 7, ..RawRecord::default() };
        assert_eq!(decoder(format, &everything()).decode(&tombstone).unwrap_err().reason(), "empty");
    }
}

#[test]
fn a_record_cut_short_at_any_byte_is_refused() {
    for (format, name) in FORMATS {
        let whole = fixture(name);
        check(format, &whole, Ok(()));
        for length in 0..whole.len() {
            let reason = decode(format, &whole[..length]).unwrap_err().reason();
            let in_a_letter = std::str::from_utf8(&whole[..length]).is_err();
            let expected = match length {
                0 => "empty",
                _ if in_a_letter => "invalid_utf8",
                _ => "malformed",
            };
            assert_eq!(reason, expected, "{format} at {length}");
        }
    }
}

#[test]
fn a_customer_is_a_text_that_is_not_empty() {
    for (format, name) in FORMATS {
        let whole = String::from_utf8(fixture(name)).unwrap();
        let key = if format == "segment" { "userId" } else { "customer_id" };
        let with = |customer: &str| whole.replace(&format!("\"{key}\":\"c00000001\""), customer);
        for customer in ["null", "7", "1.5", "true", "\"\"", "[\"c1\"]", "{\"id\":\"c1\"}"] {
            check(format, with(&format!("\"{key}\":{customer}")).as_bytes(), Err("no_customer"));
        }
        check(format, with("\"nobody\":1").as_bytes(), Err("no_customer"));
        check(format, with(&format!("\"{key}\":\"c1\",\"{key}\":null")).as_bytes(), Err("no_customer"));
        check(format, with(&format!("\"{key}\":null,\"{key}\":\"c1\"")).as_bytes(), Ok(()));
        check(format, with(&format!("\"{key}\":\"\\ud800\"")).as_bytes(), Err("malformed"));
        check(format, with(&format!("\"{key}\":\" \"")).as_bytes(), Err("no_customer"));
        check(format, with(&format!("\"{key}\":\" c1\"")).as_bytes(), Ok(()));
    }
}

#[test]
fn a_kind_nobody_knows_still_needs_customer_and_time() {
    check("segment", br#"{"type":"identify","timestamp":"2025-01-01T00:00:00Z"}"#, Err("no_customer"));
    check("segment", br#"{"type":"identify","userId":"c1"}"#, Err("no_time"));
    check("segment", br#"{"type":"identify","userId":"c1","timestamp":"2025-01-01T00:00:00Z"}"#, Ok(()));
    check("segment", br#"{"userId":"c1","timestamp":"2025-01-01T00:00:00Z"}"#, Ok(()));
}

#[test]
fn absurd_times_are_refused_in_texts() {
    for (time, expected) in [
        ("null", Err("no_time")),
        ("\"\"", Err("no_time")),
        ("\"NaN\"", Err("bad_time")),
        ("\"yesterday\"", Err("bad_time")),
        ("\"9999-12-31T23:59:59.999Z\"", Err("bad_time")),
        ("\"10000-01-01T00:00:00Z\"", Err("bad_time")),
        ("\"-2025-01-01T00:00:00Z\"", Err("bad_time")),
        ("\"1989-12-31T23:59:59.999Z\"", Err("bad_time")),
        ("\"1990-01-01T00:00:00Z\"", Ok(())),
        ("\"2099-12-31T23:59:59.999Z\"", Ok(())),
        ("\"2100-01-01T00:00:00Z\"", Err("bad_time")),
        ("\"2025-02-30T00:00:00Z\"", Err("bad_time")),
        ("\"2016-12-31T23:59:60Z\"", Err("bad_time")),
        ("\"2025-01-01T00:00:00\"", Err("bad_time")),
        ("1735689600", Err("bad_time")),
        ("true", Err("bad_time")),
        ("{}", Err("bad_time")),
        ("[]", Err("bad_time")),
    ] {
        check("segment", format!(r#"{{"userId":"c1","timestamp":{time}}}"#).as_bytes(), expected);
        let square = format!(r#"{{"created_at":{time},"data":{{"object":{{"payment":{{"customer_id":"c1"}}}}}}}}"#);
        check("square", square.as_bytes(), expected);
    }
    check("segment", br#"{"userId":"c1"}"#, Err("no_time"));
    let elsewhere = br#"{"data":{"object":{"payment":{"customer_id":"c1","created_at":"2025-01-01T00:00:00Z"}}}}"#;
    check("square", elsewhere, Err("no_time"));
}

#[test]
fn absurd_times_are_refused_in_seconds() {
    for (time, expected) in [
        ("1735689600", Ok(())),
        ("631152000", Ok(())),
        ("631151999", Err("bad_time")),
        ("4102444799", Ok(())),
        ("4102444800", Err("bad_time")),
        ("0", Err("bad_time")),
        ("-1", Err("bad_time")),
        ("-0", Err("bad_time")),
        ("1735689600.0", Ok(())),
        ("1.7356896e9", Ok(())),
        ("1735689600.9", Ok(())),
        ("1735689600000", Err("bad_time")),
        ("9223372036854775807", Err("bad_time")),
        ("18446744073709551615", Err("bad_time")),
        ("99999999999999999999999", Err("bad_time")),
        ("\"1735689600\"", Ok(())),
        ("\"soon\"", Err("bad_time")),
        ("true", Err("bad_time")),
        ("[1735689600]", Err("bad_time")),
        ("null", Err("no_time")),
        ("NaN", Err("malformed")),
        ("1e999", Err("malformed")),
    ] {
        check("sendgrid", format!(r#"{{"customer_id":"c1","timestamp":{time}}}"#).as_bytes(), expected);
    }
}

#[test]
fn deep_nesting_neither_crashes_nor_hides_the_fields_beside_it() {
    const DEPTH: usize = 100_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let (open, close) = (open.repeat(DEPTH), close.repeat(DEPTH));
        let fields = r#""userId":"c1","timestamp":"2025-01-01T00:00:00Z""#;
        for key in ["x", "properties", "type", "messageId"] {
            check("segment", format!("{{{fields},\"{key}\":{open}1{close}}}").as_bytes(), Ok(()));
        }
        check("segment", format!("{{{fields},\"x\":{open}}}").as_bytes(), Err("malformed"));
        check("segment", format!("{{\"userId\":{open}1{close}}}").as_bytes(), Err("no_customer"));
        check("segment", open.as_bytes(), Err("malformed"));
        check("square", format!("{{\"data\":{open}1{close}}}").as_bytes(), Err("no_customer"));
    }
    check("segment", format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)).as_bytes(), Err("not_an_object"));
}

#[test]
fn a_value_of_five_megabytes_is_read_like_any_other() {
    let fields = r#""userId":"c1","timestamp":"2025-01-01T00:00:00Z""#;
    let long = "é".repeat(2_500_000);
    check("segment", format!("{{\"x\":\"{long}\",{fields}}}").as_bytes(), Ok(()));
    check("segment", format!("{{{fields},\"messageId\":\"{long}\"}}").as_bytes(), Ok(()));
    check("segment", format!("{{{fields},\"timestamp\":\"{long}\"}}").as_bytes(), Err("bad_time"));
}

#[test]
fn a_reason_says_where_it_looked_and_what_stood_there() {
    let said = |format: &str, value: &str| decode(format, value.as_bytes()).unwrap_err().to_string();
    assert_eq!(said("segment", "{}"), "no customer: /userId is missing, empty or not a text");
    let places = [
        "payment/customer_id",
        "refund/customer_id",
        "order/customer_id",
        "customer/id",
        "loyalty_account/customer_id",
        "booking/customer_id",
        "invoice/primary_recipient/customer_id",
        "subscription/customer_id",
    ];
    let places = places.map(|place| format!("/data/object/{place}")).join(" or ");
    assert_eq!(said("square", "{}"), format!("no customer: {places} is missing, empty or not a text"));
    assert_eq!(said("segment", r#"{"userId":"c1"}"#), "no event time: /timestamp is missing");
    assert_eq!(
        said("segment", r#"{"userId":"c1","timestamp":"soon"}"#),
        "not an event time between 1990 and 2100: /timestamp is \"soon\""
    );
    assert_eq!(
        said("sendgrid", r#"{"customer_id":"c1","timestamp":1.5}"#),
        "not an event time between 1990 and 2100: /timestamp is 1.5"
    );
    assert!(said("segment", "{\"userId\":\"c1\"").contains("EOF while parsing an object at line 1 column 14"));
    assert!(said("segment", "\u{feff}{}").contains("byte order mark"));
    let long = format!(r#"{{"userId":"c1","timestamp":"{}"}}"#, "é".repeat(1000));
    assert!(said("segment", &long).chars().count() < 150);
}
