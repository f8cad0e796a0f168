//! Any record, read by the formats and by a slow reading of the same rules over whole documents.
use std::borrow::Cow;

use klantreis::formats::{Decoded, EARLIEST_MS, END_MS, RawRecord};
use klantreis::journey::{Amount, Attr, AttrType, Event, KindId, Vocabulary};
use proptest::prelude::*;
use serde_json::Value;

use crate::{decoder, everything};

/// What the rules say of a record, by the reason's name if it is refused; `None` if it is left out.
fn expected(format: &str, record: &[u8], vocabulary: &Vocabulary) -> Result<Option<Event<'static>>, &'static str> {
    if record.is_empty() {
        return Err("empty");
    }
    let text = std::str::from_utf8(record).map_err(|_| "invalid_utf8")?;
    let record: Value = serde_json::from_str(text).map_err(|_| "malformed")?;
    if !record.is_object() {
        return Err("not_an_object");
    }
    let at = |pointer: &str| record.pointer(pointer).unwrap_or(&Value::Null);
    let (customer, time, kind, id, value, attributes) = match format {
        "segment" => {
            let is_machine = match (at("/event").as_str(), at("/properties/machine_open")) {
                (Some("Email Machine Opened"), _) => true,
                (Some("Email Opened"), Value::Bool(flag)) => *flag,
                (Some("Email Opened"), Value::String(flag)) => flag.eq_ignore_ascii_case("true"),
                _ => false,
            };
            if is_machine {
                return Ok(None);
            }
            let kind = match (at("/type").as_str(), at("/event").as_str(), at("/properties/path").as_str()) {
                (Some("page"), _, Some(path)) if path.starts_with("/help") => Some("help_viewed"),
                (Some("page"), ..) => Some("page_viewed"),
                (Some("track"), Some("Product Viewed" | "Viewed Product"), _) => Some("product_viewed"),
                (Some("track"), Some("Product Added" | "Added Product"), _) => Some("cart_added"),
                (Some("track"), Some("Checkout Started"), _) => Some("checkout_started"),
                (Some("track"), Some("Order Completed" | "Completed Order"), _) => Some("purchased"),
                (Some("track"), Some("Order Refunded"), _) => Some("returned"),
                (Some("track"), Some("Product Reviewed"), _) => Some("reviewed"),
                (Some("track"), Some("Email Opened"), _) => Some("mail_opened"),
                _ => None,
            };
            let places = ["/properties/total", "/properties/revenue", "/properties/value"];
            let value = places.iter().find_map(|place| money(at(place)));
            (at("/userId"), rfc3339(at("/timestamp")), kind, at("/messageId"), value, "/properties")
        }
        "sendgrid" => {
            let kind = match at("/event").as_str() {
                Some("delivered") => Some("mail_delivered"),
                Some("open") => Some("mail_opened"),
                Some("click") => Some("mail_clicked"),
                Some("bounce") => Some("mail_bounced"),
                _ => None,
            };
            let time = match at("/timestamp") {
                Value::Null => Err("no_time"),
                Value::String(text) if text.trim_ascii().is_empty() => Err("no_time"),
                // Thousandths, of numbers and of texts that say one.
                time => parts(time, 3).and_then(|ms| i64::try_from(ms).ok()).ok_or("bad_time"),
            };
            (at("/customer_id"), time, kind, at("/sg_event_id"), None, "")
        }
        _ => {
            let payment = |field: &str| at(&format!("/data/object/payment/{field}")).clone();
            let done = at("/type") == "payment.updated" && payment("status") == "COMPLETED";
            let factor = if payment("total_money/currency") == "JPY" { 10_000 } else { 100 };
            let minor = match payment("total_money/amount") {
                Value::Number(number) => number.as_i64(),
                text => parts(&text, 0).and_then(|minor| i64::try_from(minor).ok()),
            };
            let value = minor.and_then(|minor| minor.checked_mul(factor));
            let customer = at("/data/object/payment/customer_id");
            let kind = done.then_some("purchased");
            (customer, rfc3339(at("/created_at")), kind, at("/event_id"), value, "/data/object/payment")
        }
    };
    let customer = customer.as_str().filter(|_| !is_blank(customer)).ok_or("no_customer")?;
    let time = time?;
    if !(EARLIEST_MS..END_MS).contains(&time) {
        return Err("bad_time");
    }
    let kind: Option<KindId> = kind.and_then(|kind| vocabulary.kind(kind));
    let attr = |(name, of): &(compact_str::CompactString, AttrType)| {
        // An array's places are no attributes here: no attribute's name is a number.
        let own = record.pointer(attributes).and_then(|object| object.get(name.as_str()));
        let value = match own {
            // The first version of the specification calls it otherwise.
            own if format == "segment" && name == "product_id" => own.filter(|own| !is_blank(own)).or_else(|| {
                let id = at("/properties/id");
                let is_of_one_product = matches!(at("/event").as_str(), Some("Viewed Product" | "Added Product"));
                (is_of_one_product && !is_blank(id)).then_some(id)
            })?,
            own => own?,
        };
        match of {
            AttrType::Number => match value.as_str() {
                Some(text) => text.trim_ascii().parse().ok(),
                None => value.as_f64(),
            }
            .filter(|number: &f64| number.is_finite())
            .map(Attr::Number),
            AttrType::Text => match value {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) if number.is_f64() => number.as_f64().map(|number| number.to_string()),
                Value::Number(number) => Some(number.to_string()),
                Value::Bool(is) => Some(is.to_string()),
                _ => None,
            }
            .filter(|text| !text.is_empty())
            .map(|text| Attr::Text(Cow::Owned(text))),
            AttrType::Bool => match value.as_str() {
                Some(text) if text.eq_ignore_ascii_case("true") => Some(true),
                Some(text) if text.eq_ignore_ascii_case("false") => Some(false),
                _ => value.as_bool(),
            }
            .map(Attr::Bool),
        }
    };
    Ok(Some(Event {
        customer: Cow::Owned(customer.to_owned()),
        at: time,
        time_is_own: true,
        kind,
        id: id.as_str().filter(|_| !is_blank(id)).map(|text| Cow::Owned(text.to_owned())),
        value: kind.and(value).map(Amount),
        attrs: kind.map_or(Vec::new(), |_| vocabulary.attrs().iter().map(attr).collect()),
    }))
}

/// Whether there is nothing, where another place is looked at then.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim_ascii().is_empty())
}

fn rfc3339(value: &Value) -> Result<i64, &'static str> {
    match value {
        Value::Null => Err("no_time"),
        Value::String(text) if text.trim_ascii().is_empty() => Err("no_time"),
        // The parser also takes leap seconds, decimal commas and other things that are not RFC 3339 to a computer.
        Value::String(text) if text.trim_ascii().get(17..19) == Some("60") || text.contains([',', '[']) => {
            Err("bad_time")
        }
        Value::String(text) => {
            text.trim_ascii().parse::<jiff::Timestamp>().map(|at| at.as_millisecond()).map_err(|_| "bad_time")
        }
        _ => Err("bad_time"),
    }
}

/// Units in ten-thousandths.
fn money(value: &Value) -> Option<i64> {
    match value.as_i64() {
        Some(units) => units.checked_mul(10_000),
        None => i64::try_from(parts(value, 4)?).ok(),
    }
}

/// A number, or a text that says one, in units of its so manieth decimal, halves away from zero. Of a text the ninth decimal
/// is rounded first.
fn parts(value: &Value, decimals: usize) -> Option<i128> {
    let is_text = value.is_string();
    let text = match value {
        Value::Number(number) if number.is_f64() => number.as_f64()?.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim_ascii().to_owned(),
        _ => return None,
    };
    let (negative, size) = match text.strip_prefix('-') {
        Some(size) => (true, size),
        None => (false, text.strip_prefix('+').filter(|_| is_text).unwrap_or(&text)),
    };
    let (whole, part) = size.split_once('.').unwrap_or((size, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || whole.len() + part.len() == 0 || whole.len() > 20 {
        return None;
    }
    let rounded = |number: i128, divisor: i128| (number + divisor / 2) / divisor;
    let digits: i128 = format!("{whole}{}", &format!("{part:0<10}")[..10]).parse().ok()?;
    let exact = rounded(rounded(digits, 10), 10_i128.pow(9 - decimals as u32));
    Some(if negative { -exact } else { exact })
}

/// Keys and texts of the formats, so that what is generated often is nearly right.
const WORDS: [&str; 53] = [
    "userId",
    "timestamp",
    "type",
    "event",
    "messageId",
    "properties",
    "path",
    "total",
    "revenue",
    "value",
    "page",
    "track",
    "Product Viewed",
    "Product Added",
    "Order Completed",
    "Checkout Started",
    "Product Reviewed",
    "Viewed Product",
    "Added Product",
    "Completed Order",
    "Order Refunded",
    "Email Opened",
    "Email Machine Opened",
    "machine_open",
    "identify",
    "id",
    "/help/x",
    "/home",
    "customer_id",
    "sg_event_id",
    "open",
    "click",
    "bounce",
    "delivered",
    "data",
    "object",
    "payment",
    "status",
    "COMPLETED",
    "payment.updated",
    "created_at",
    "event_id",
    "total_money",
    "amount",
    "currency",
    "EUR",
    "JPY",
    "product_id",
    "rating",
    "url",
    "gift",
    "2025-01-03T10:00:00.125Z",
    "1985-01-01T00:00:00+02:00",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => proptest::sample::select(&WORDS[..]).prop_map(str::to_owned),
        1 => "[a-zé\"\\\\\n/ ]{0,6}",
    ]
}

/// A text of JSON as some producers write it: now and then escaped where it need not be.
fn spelt(text: String, escaped: bool) -> String {
    let plain = serde_json::to_string(&text).unwrap();
    if !escaped || text.is_empty() || !text.is_ascii() {
        return plain;
    }
    let units: String = text.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    format!("\"{units}\"")
}

fn written() -> impl Strategy<Value = String> {
    (word(), proptest::bool::weighted(0.1)).prop_map(|(text, escaped)| spelt(text, escaped))
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => written(),
        1 => Just("null".to_owned()),
        1 => any::<bool>().prop_map(|value| value.to_string()),
        2 => (1_600_000_000_i64..1_800_000_000).prop_map(|seconds| seconds.to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => (-1e9..1e9_f64).prop_map(|number| format!("{number:?}")),
    ];
    leaf.prop_recursive(5, 60, 8, |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            4 => object(inner),
        ]
    })
}

/// An object; keys may repeat.
fn object(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    proptest::collection::vec((written(), inner), 0..8).prop_map(|fields| {
        let fields: Vec<String> = fields.into_iter().map(|(key, value)| format!("{key} : {value}")).collect();
        format!("{{{}}}", fields.join(", "))
    })
}

/// A good record of each format with fields replaced, added and repeated, before and after the good ones.
fn nearly_good() -> impl Strategy<Value = (&'static str, String)> {
    let good = [
        (
            "segment",
            vec![
                ("userId", r#""c1""#),
                ("timestamp", r#""2025-01-03T10:00:00.125Z""#),
                ("type", r#""track""#),
                ("event", r#""Order Completed""#),
                ("messageId", r#""m1""#),
                ("properties", r#"{"total":7.25,"path":"/help","rating":4,"gift":true,"product_id":"7"}"#),
            ],
        ),
        (
            "sendgrid",
            vec![
                ("customer_id", r#""c1""#),
                ("timestamp", "1735898400"),
                ("event", r#""click""#),
                ("sg_event_id", r#""m1""#),
                ("url", r#""u""#),
            ],
        ),
        (
            "square",
            vec![
                ("type", r#""payment.updated""#),
                ("created_at", r#""2025-01-03T10:00:00.125Z""#),
                ("event_id", r#""m1""#),
                (
                    "data",
                    r#"{"object":{"payment":{"customer_id":"c1","status":"COMPLETED","total_money":{"amount":725,"currency":"EUR"},"location_id":"L1"}}}"#,
                ),
            ],
        ),
    ];
    let noise = proptest::collection::vec((0..12_usize, written(), json(), any::<bool>()), 0..4);
    (proptest::sample::select(good.to_vec()), noise).prop_map(|((format, good), noise)| {
        let mut fields: Vec<(String, String)> =
            good.iter().map(|(key, value)| (format!("\"{key}\""), (*value).to_owned())).collect();
        for (at, key, value, replaces) in noise {
            let known = good.get(at).map(|(key, _)| format!("\"{key}\""));
            if replaces && at < fields.len() {
                fields[at].1 = value;
            } else {
                fields.insert(at.min(fields.len()), (known.unwrap_or(key), value));
            }
        }
        let fields: Vec<String> = fields.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
        (format, format!("{{{}}}", fields.join(",")))
    })
}

fn check(format: &str, record: &[u8]) -> Result<(), TestCaseError> {
    // Numbers beyond what a float can hold are JSON; only where nobody reads them they are no matter.
    let text = std::str::from_utf8(record).unwrap_or_default();
    if serde_json::from_str::<Value>(text).is_err_and(|error| error.to_string().contains("out of range")) {
        return Ok(());
    }
    let vocabulary = everything();
    let raw = RawRecord { value: Some(record), timestamp: -1, ..RawRecord::default() };
    let actual = decoder(format, &vocabulary).decode(&raw);
    // An array of events is for the fixtures; here it is enough that it is read.
    if format == "sendgrid" && record.trim_ascii_start().starts_with(b"[") {
        return Ok(());
    }
    let actual = actual.map(Decoded::one).map_err(|reject| reject.reason());
    prop_assert_eq!(actual, expected(format, record, &vocabulary));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_that_are_nearly_good_are_read_as_the_rules_say((format, record) in nearly_good()) {
        check(format, record.as_bytes())?;
    }

    #[test]
    fn any_json_is_read_as_the_rules_say(record in json(), format in proptest::sample::select(vec!["segment", "sendgrid", "square"])) {
        check(format, record.as_bytes())?;
    }

    #[test]
    fn a_good_record_with_any_byte_changed_is_read_as_the_rules_say((format, record) in nearly_good(), at in any::<proptest::sample::Index>(), byte: u8) {
        let mut record = record.into_bytes();
        let at = at.index(record.len());
        record[at] = byte;
        check(format, &record)?;
    }
}
