//! Records as the services send them.
use std::borrow::Cow;

use klantreis::formats::{FORMATS, FormatSpec, RawRecord, TimeSource, kinds_of, open};
use klantreis::journey::{Amount, Attr, AttrType, Reject};

use crate::{decoder, everything, fixture, vocabulary};

const AT: i64 = 1_735_898_400_125;
const AT_SECOND: i64 = 1_735_898_400_000;

struct Expected<'a> {
    at: i64,
    kind: Option<&'a str>,
    id: &'a str,
    value: Option<i64>,
    attrs: &'a [(&'a str, Attr<'a>)],
}

fn check(name: &str, expected: &Expected<'_>) {
    let (format, _) = name.split_once('-').unwrap();
    let vocabulary = everything();
    let record = fixture(name);
    let event = decoder(format, &vocabulary)
        .decode(&RawRecord { value: Some(&record), timestamp: 7, ..RawRecord::default() })
        .unwrap_or_else(|reject| panic!("{name}: {reject}"))
        .one()
        .expect("one event");
    let names = vocabulary.attrs().iter().map(|(name, _)| name.as_str());
    let attrs: Vec<_> = names.zip(event.attrs.iter()).filter_map(|(name, attr)| Some((name, attr.clone()?))).collect();
    assert_eq!(event.customer, "c00000001", "{name}");
    assert!(matches!(event.customer, Cow::Borrowed(_)), "{name}: the customer is copied");
    assert_eq!((event.at, event.time_is_own), (expected.at, true), "{name}");
    assert_eq!(event.kind.map(|kind| vocabulary.kind_name(kind)), expected.kind, "{name}");
    assert_eq!(event.id.as_deref(), Some(expected.id), "{name}");
    assert_eq!(event.value.map(|value| value.0), expected.value, "{name}");
    assert_eq!(attrs, expected.attrs, "{name}");
}

fn text(text: &str) -> Attr<'_> {
    Attr::Text(text.into())
}

#[test]
fn segment_calls_are_events() {
    let product = [("product_id", text("10042"))];
    let rated = [("product_id", text("10042")), ("rating", Attr::Number(4.0))];
    let order = Some(792_000);
    for (name, kind, id, value, attrs) in [
        ("segment-page", Some("page_viewed"), "ajs-01", None, &[][..]),
        ("segment-help-page", Some("help_viewed"), "ajs-02", None, &[]),
        ("segment-product-viewed", Some("product_viewed"), "ajs-03", None, &product),
        ("segment-product-added", Some("cart_added"), "ajs-04", None, &product),
        ("segment-checkout-started", Some("checkout_started"), "ajs-05", order, &[]),
        ("segment-order-completed", Some("purchased"), "ajs-06", order, &[]),
        ("segment-product-reviewed", Some("reviewed"), "ajs-07", None, &rated),
        ("segment-other", None, "ajs-08", None, &[]),
    ] {
        check(name, &Expected { at: AT, kind, id, value, attrs });
    }
}

#[test]
fn sendgrid_events_are_events() {
    let tls = [("tls", Attr::Number(1.0))];
    let url = [("url", text("https://shop.example/p/10042"))];
    for (name, kind, id, attrs) in [
        ("sendgrid-delivered", Some("mail_delivered"), "m1", &tls[..]),
        ("sendgrid-open", Some("mail_opened"), "m2", &[]),
        ("sendgrid-click", Some("mail_clicked"), "m3", &url),
        ("sendgrid-bounce", Some("mail_bounced"), "m4", &[]),
        ("sendgrid-dropped", None, "m5", &[]),
    ] {
        check(name, &Expected { at: AT_SECOND, kind, id, value: None, attrs });
    }
}

#[test]
fn square_payments_are_events_once_they_are_completed() {
    let attrs = [("location_id", text("L8GWD5R9"))];
    for (name, kind, id, value, attrs) in [
        ("square-completed", Some("purchased"), "p1", Some(792_000), &attrs[..]),
        ("square-completed-yen", Some("purchased"), "p2", Some(79_200_000), &attrs),
        ("square-approved", None, "p3", None, &[]),
    ] {
        check(name, &Expected { at: AT, kind, id, value, attrs });
    }
}

#[test]
fn a_help_page_is_not_a_page_to_a_model_that_knows_no_help_pages() {
    let vocabulary = vocabulary(&["page_viewed"], &[], false);
    for (name, known) in [("segment-page", true), ("segment-help-page", false), ("segment-order-completed", false)] {
        let record = fixture(name);
        let event = decoder("segment", &vocabulary)
            .decode(&RawRecord { value: Some(&record), timestamp: -1, ..RawRecord::default() })
            .unwrap()
            .one()
            .unwrap();
        assert_eq!((event.kind.is_some(), event.value, event.attrs), (known, None, vec![]), "{name}");
    }
}

#[test]
fn an_attribute_or_value_of_another_type_is_absent() {
    let vocabulary = vocabulary(
        &["purchased"],
        &[("a", AttrType::Number), ("b", AttrType::Text), ("c", AttrType::Bool), ("d", AttrType::Number)],
        true,
    );
    let check = |properties: &str, value: Option<i64>, attrs: [Option<Attr<'_>>; 4]| {
        let record = format!(
            r#"{{"type":"track","event":"Order Completed","userId":"c1","timestamp":"2025-01-01T00:00:00Z","properties":{properties}}}"#
        );
        let raw = RawRecord { value: Some(record.as_bytes()), timestamp: -1, ..RawRecord::default() };
        let event = decoder("segment", &vocabulary).decode(&raw).unwrap().one().unwrap();
        assert_eq!((event.value.map(|Amount(parts)| parts), &event.attrs[..]), (value, &attrs[..]), "{properties}");
    };
    check(
        r#"{"a":-1,"b":"x","c":false,"d":2.5,"total":3}"#,
        Some(30_000),
        [Some(Attr::Number(-1.0)), Some(text("x")), Some(Attr::Bool(false)), Some(Attr::Number(2.5))],
    );
    check(r#"{"a":"x","b":{},"c":"yes","d":[1],"total":"three"}"#, None, [None, None, None, None]);
    // Numbers that are written as texts are what they say, and the other way round.
    check(
        r#"{"a":"1","b":1,"c":"true","d":" 2.5 ","total":"3"}"#,
        Some(30_000),
        [Some(Attr::Number(1.0)), Some(text("1")), Some(Attr::Bool(true)), Some(Attr::Number(2.5))],
    );
    check(r#"{"a":null,"b":null,"c":null,"d":{}}"#, None, [None, None, None, None]);
    check(r#"{"total":null,"revenue":1.25,"value":9}"#, Some(12_500), [None, None, None, None]);
    check(r#"{"value":9}"#, Some(90_000), [None, None, None, None]);
    // Money is rounded as it is written, halves away from zero, not as the nearest float would have it.
    check(r#"{"total":0.00014999}"#, Some(1), [None, None, None, None]);
    check(r#"{"total":0.00015}"#, Some(2), [None, None, None, None]);
    check(r#"{"total":-0.00015}"#, Some(-2), [None, None, None, None]);
    check(r#"{"total":1e300}"#, None, [None, None, None, None]);
    check("[]", None, [None, None, None, None]);
}

#[test]
fn an_input_can_take_the_time_of_its_records() {
    let spec = FormatSpec::new("segment", None).unwrap();
    let mut decoder = open(&spec, &everything(), TimeSource::Record).unwrap();
    let record = fixture("segment-page");
    let mut at = |timestamp| {
        let event = decoder.decode(&RawRecord { value: Some(&record), timestamp, ..RawRecord::default() });
        event
            .map(|event| event.one().unwrap())
            .map(|event| (event.at, event.time_is_own))
            .map_err(|reject: Reject| reject.reason())
    };
    assert_eq!(at(AT + 5), Ok((AT + 5, false)));
    assert_eq!(at(-1), Err("no_time"));
    assert_eq!(at(0), Err("bad_time"));
    assert_eq!(at(i64::MAX), Err("bad_time"));
}

#[test]
fn escaped_texts_mean_what_they_spell() {
    let record =
        br#"{"type":"p\u0061ge","userId":"c\u00e9\"1","timestamp":"2025-01-03T10:00:00.125\u005a","messageId":"\ud83d\ude00"}"#;
    let vocabulary = everything();
    let raw = RawRecord { value: Some(record), timestamp: -1, ..RawRecord::default() };
    let event = decoder("segment", &vocabulary).decode(&raw).unwrap().one().unwrap();
    assert_eq!((&*event.customer, event.at, event.id.as_deref()), ("cé\"1", AT, Some("😀")));
    assert_eq!(event.kind, vocabulary.kind("page_viewed"));
}

#[test]
fn an_id_that_is_not_a_text_is_no_id() {
    for id in ["7", "null", "\"\"", "{}", "true"] {
        let record = format!(r#"{{"userId":"c1","timestamp":"2025-01-01T00:00:00Z","messageId":{id}}}"#);
        assert_eq!(crate::decode("segment", record.as_bytes()).unwrap().id, None, "{id}");
    }
}

#[test]
fn a_format_tells_its_kinds_and_a_misspelt_name_is_corrected() {
    let kinds = kinds_of(&FormatSpec::new("sendgrid", None).unwrap()).unwrap();
    let expected = [
        "mail_bounced",
        "mail_clicked",
        "mail_complained",
        "mail_deferred",
        "mail_delivered",
        "mail_opened",
        "mail_rejected",
        "mail_resubscribed",
        "mail_sent",
        "mail_unsubscribed",
    ];
    assert_eq!(kinds, expected);
    let error = |name: &str| FormatSpec::new(name, None).unwrap_err();
    assert!(error("segmnt").contains("did you mean `segment`?"), "{}", error("segmnt"));
    let all: Vec<String> = FORMATS.iter().map(|format| format!("`{}`", format.name)).collect();
    assert!(error("excel").contains(&format!("there are {}", all.join(", "))), "{}", error("excel"));
    for name in ["segment", "sendgrid", "square", "mapping"] {
        assert!(all.contains(&format!("`{name}`")), "{name}");
    }
    assert!(error("mapping").contains("needs `mapping:`"), "{}", error("mapping"));
}
