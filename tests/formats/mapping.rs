//! Rows of CSV and foreign JSON, read as a configuration says.
use klantreis::formats::{Decoder, FormatSpec, RawRecord, RecipeSpec, TimeSource, kinds_of, open};
use klantreis::journey::{Attr, Event, Reject};

use crate::everything;

const NEW_YEAR: i64 = 1_735_689_600_000;
const HOUR: i64 = 3_600_000;

fn spec(yaml: &str) -> Result<FormatSpec, String> {
    let mapping: RecipeSpec = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
    FormatSpec::new("mapping", Some(mapping))
}

fn decoder(yaml: &str) -> Box<dyn Decoder> {
    open(&spec(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}")), &everything(), TimeSource::Event).unwrap()
}

fn decode<'a>(yaml: &str, record: &'a str) -> Result<Event<'a>, Reject> {
    let record = RawRecord { value: Some(record.as_bytes()), ..RawRecord::default() };
    decoder(yaml).decode(&record).map(|decoded| decoded.one().expect("one event"))
}

/// What one field of the event is, or why there is no event.
fn check<T: PartialEq + std::fmt::Debug>(
    yaml: &str,
    record: &str,
    field: impl Fn(&Event<'_>) -> T,
    expected: Result<T, &str>,
) {
    let outcome = decode(yaml, record);
    let outcome = outcome.as_ref().map(field).map_err(|reject| reject.reason());
    assert_eq!(outcome, expected, "{yaml}\n{record}");
}

fn kind(event: &Event<'_>) -> Option<String> {
    event.kind.map(|kind| everything().kind_name(kind).to_owned())
}

#[test]
fn a_row_of_a_web_shop_is_an_event() {
    let yaml = r#"
        customer: { from: CustomerID, number_as_text: true }
        time: { from: InvoiceDate, format: "%Y-%m-%d %H:%M:%S", zone: Europe/London }
        kind: { from: InvoiceNo, table: { "C*": returned }, default: purchased }
        value: { from: Quantity, times: [UnitPrice] }
        id: [InvoiceNo, StockCode]
        attributes: { product_id: StockCode, rating: Quantity }
    "#;
    let row = r#"{"InvoiceNo":"536365","StockCode":"85123A","Quantity":"6","InvoiceDate":"2010-12-01 08:26:00","UnitPrice":"2.55","CustomerID":"17850.0"}"#;
    let event = decode(yaml, row).unwrap();
    assert_eq!((&*event.customer, event.at), ("17850", 1_291_191_960_000));
    assert_eq!(event.id.as_deref(), Some("536365/85123A"));
    assert_eq!((kind(&event).as_deref(), event.value.map(|value| value.0)), (Some("purchased"), Some(153_000)));
    assert_eq!(event.attrs[..2], [Some(Attr::Text("85123A".into())), Some(Attr::Number(6.0))]);

    let row = row.replace("536365", "C536365").replace("\"6\"", "\"-6\"");
    let event = decode(yaml, &row).unwrap();
    assert_eq!((kind(&event).as_deref(), event.value.map(|value| value.0)), (Some("returned"), Some(-153_000)));

    check(yaml, &row.replace("17850.0", ""), |event| event.at, Err("no_customer"));
}

#[test]
fn foreign_json_is_reached_by_pointers() {
    let yaml = r#"
        customer: /who/0/id
        time: { from: /at, format: epoch_ms }
        kind: { from: what }
        id: /a~1b/c~0d
        attributes: { gift: /flags/gift, url: /n }
    "#;
    let record = r#"{"who":[{"id":42},{"id":43}],"at":1735689600000,"what":"purchased","a/b":{"c~d":7},"flags":{"gift":true},"n":5}"#;
    let event = decode(yaml, record).unwrap();
    assert_eq!((&*event.customer, event.at, event.id.as_deref()), ("42", NEW_YEAR, Some("7")));
    assert_eq!(kind(&event).as_deref(), Some("purchased"));
    assert_eq!((&event.attrs[5], &event.attrs[3]), (&Some(Attr::Bool(true)), &Some(Attr::Text("5".into()))));
}

#[test]
fn a_customer_is_a_text_or_an_integer() {
    let plain = "{ customer: c, time: { from: t, format: epoch_ms }, kind: purchased }";
    let numbers =
        "{ customer: { from: c, number_as_text: true }, time: { from: t, format: epoch_ms }, kind: purchased }";
    for (raw, as_is, as_number) in [
        (r#""17850""#, Ok("17850"), Ok("17850")),
        (r#""17850.0""#, Ok("17850.0"), Ok("17850")),
        (r#""17850.00""#, Ok("17850.00"), Ok("17850")),
        (r#""17850.5""#, Ok("17850.5"), Ok("17850.5")),
        (r#""a.0""#, Ok("a.0"), Ok("a.0")),
        (r#""x1""#, Ok("x1"), Ok("x1")),
        ("17850", Ok("17850"), Ok("17850")),
        ("-7", Ok("-7"), Ok("-7")),
        ("18446744073709551615", Ok("18446744073709551615"), Ok("18446744073709551615")),
        ("17850.0", Err("no_customer"), Ok("17850")),
        ("17850.5", Err("no_customer"), Err("no_customer")),
        (r#""""#, Err("no_customer"), Err("no_customer")),
        ("null", Err("no_customer"), Err("no_customer")),
        ("true", Err("no_customer"), Err("no_customer")),
        ("[1]", Err("no_customer"), Err("no_customer")),
    ] {
        let record = format!(r#"{{"c":{raw},"t":{NEW_YEAR}}}"#);
        let customer = |event: &Event<'_>| event.customer.to_string();
        check(plain, &record, customer, as_is.map(str::to_owned));
        check(numbers, &record, customer, as_number.map(str::to_owned));
    }
}

fn check_time(time: &str, raw: &str, expected: Result<i64, &str>) {
    let yaml = format!("{{ customer: c, time: {time}, kind: purchased }}");
    check(&yaml, &format!(r#"{{"c":"c1","t":{raw}}}"#), |event| event.at, expected);
}

#[test]
fn times_are_read_in_the_format_that_is_configured() {
    for (time, raw, expected) in [
        ("t", r#""2025-01-01T01:00:00+01:00""#, Ok(NEW_YEAR)),
        ("t", r#"" 2025-01-01T00:00:00Z ""#, Ok(NEW_YEAR)),
        ("t", "1735689600", Err("bad_time")),
        ("{ from: t, format: epoch_s }", "1735689600", Ok(NEW_YEAR)),
        ("{ from: t, format: epoch_s }", r#""1735689600""#, Ok(NEW_YEAR)),
        ("{ from: t, format: epoch_s }", "1735689600.25", Ok(NEW_YEAR + 250)),
        ("{ from: t, format: epoch_s }", r#""NaN""#, Err("bad_time")),
        ("{ from: t, format: epoch_s }", "1735689600000", Err("bad_time")),
        ("{ from: t, format: epoch_s }", "1e300", Err("bad_time")),
        ("{ from: t, format: epoch_ms }", "1735689600000", Ok(NEW_YEAR)),
        ("{ from: t, format: epoch_ms }", r#""-1""#, Err("bad_time")),
        ("{ from: t, format: epoch_ms }", "true", Err("bad_time")),
        ("{ from: t, format: epoch_ms }", r#""""#, Err("no_time")),
        ("{ from: t, format: epoch_ms }", "null", Err("no_time")),
        (r#"{ from: t, format: "%d-%m-%Y %H:%M %z" }"#, r#""01-01-2025 01:00 +0100""#, Ok(NEW_YEAR)),
        (r#"{ from: t, format: "%Y%m%d", zone: UTC }"#, "20250101", Ok(NEW_YEAR)),
        (r#"{ from: t, format: "%Y-%m-%d", zone: UTC }"#, r#""2025-01-01 12:00""#, Err("bad_time")),
        (r#"{ from: t, format: "%Y-%m-%d", zone: UTC }"#, r#""1980-01-01""#, Err("bad_time")),
        (r#"{ from: t, format: "%Y-%m-%d", zone: UTC }"#, r#""2025-02-29""#, Err("bad_time")),
    ] {
        check_time(time, raw, expected);
    }
}

#[test]
fn local_times_follow_their_zone_through_the_changes_of_the_clock() {
    let minutes = r#"{ from: t, format: "%Y-%m-%d %H:%M", zone: Europe/Amsterdam }"#;
    // 2025-03-30: 02:00 to 03:00 is skipped (at 01:00Z); 2025-10-26: 02:00 to 03:00 comes twice (from 00:00Z).
    const SKIPPED_UTC: i64 = 1_743_296_400_000;
    const REPEATED_UTC: i64 = 1_761_436_800_000;
    for (raw, expected) in [
        ("2025-01-01 01:00", NEW_YEAR),
        ("2025-03-30 01:59", SKIPPED_UTC - 60_000),
        ("2025-03-30 02:30", SKIPPED_UTC + HOUR / 2),
        ("2025-03-30 03:00", SKIPPED_UTC),
        ("2025-10-26 02:00", REPEATED_UTC),
        ("2025-10-26 03:00", REPEATED_UTC + 2 * HOUR),
    ] {
        check_time(minutes, &format!("\"{raw}\""), Ok(expected));
    }
    let days = r#"{ from: t, format: "%Y-%m-%d", zone: America/New_York }"#;
    check_time(days, r#""2025-01-01""#, Ok(NEW_YEAR + 5 * HOUR));
}

#[test]
fn the_kind_comes_from_a_table_exact_texts_before_beginnings() {
    let with_default = r#"{ customer: c, time: { from: t, format: epoch_ms },
        kind: { from: k, table: { sale: purchased, "s*": page_viewed, "sho*": help_viewed, "1": reviewed }, default: returned } }"#;
    let without = with_default.replace(", default: returned", "");
    for (raw, kind_with, kind_without) in [
        (r#""sale""#, "purchased", Some("purchased")),
        (r#""sales""#, "page_viewed", Some("page_viewed")),
        (r#""shop""#, "help_viewed", Some("help_viewed")),
        ("1", "reviewed", Some("reviewed")),
        (r#""Sale""#, "returned", None),
        (r#""""#, "returned", None),
        ("null", "returned", None),
        ("[]", "returned", None),
    ] {
        let record = format!(r#"{{"c":"c1","t":{NEW_YEAR},"k":{raw}}}"#);
        check(with_default, &record, kind, Ok(Some(kind_with.to_owned())));
        check(&without, &record, kind, Ok(kind_without.map(str::to_owned)));
    }
    assert_eq!(
        kinds_of(&spec(with_default).unwrap()).unwrap(),
        ["help_viewed", "page_viewed", "purchased", "returned", "reviewed"]
    );
    assert_eq!(kinds_of(&spec("{ customer: c, time: t, kind: purchased }").unwrap()).unwrap(), ["purchased"]);
    assert_eq!(kinds_of(&spec("{ customer: c, time: t, kind: { from: k } }").unwrap()), None);
}

#[test]
fn events_may_be_told_apart_by_any_number_of_questions() {
    // More than are answered together, with two of each entry.
    let entries: String = (0..90)
        .map(|number| {
            format!("  - where: {{ type: \"t{number}\", level: {{ above: {number} }} }}\n    kind: purchased\n    id: [{{ const: \"{number}\" }}]\n")
        })
        .collect();
    let yaml = format!(
        "customer: who\ntime: {{ from: at, format: epoch_ms }}\nkind: page_viewed\nid: who\nevents:\n{entries}"
    );
    let id = |record: &str| decode(&yaml, record).unwrap().id.map(|id| id.into_owned());
    for number in [0, 31, 32, 33, 63, 64, 89] {
        let record = format!(r#"{{"who":"c","at":{NEW_YEAR},"type":"t{number}","level":{}}}"#, number + 1);
        assert_eq!(id(&record), Some(number.to_string()), "{record}");
        let record = format!(r#"{{"who":"c","at":{NEW_YEAR},"type":"t{number}","level":{number}}}"#);
        assert_eq!(id(&record).as_deref(), Some("c"), "{record}");
    }
}

#[test]
fn money_that_is_no_number_is_refused_and_no_money_is_no_error() {
    let yaml = "{ customer: c, time: { from: t, format: epoch_ms }, kind: purchased, value: { from: m, times: [p] } }";
    for (n, p, expected) in [
        (r#""3""#, r#""1.10""#, Ok(Some(33_000))),
        ("3", "1.1", Ok(Some(33_000))),
        (r#""""#, "1.1", Ok(None)),
        ("null", "1.1", Ok(None)),
        (r#""1,5""#, "1", Err("bad_field")),
        (r#""€ 3""#, "1", Err("bad_field")),
        ("true", "1", Err("bad_field")),
        ("1e15", "1e15", Err("bad_field")),
    ] {
        let record = format!(r#"{{"c":"c1","t":{NEW_YEAR},"m":{n},"p":{p}}}"#);
        check(yaml, &record, |event| event.value.map(|value| value.0), expected);
    }
}

#[test]
fn an_id_needs_all_its_parts() {
    let yaml = "{ customer: c, time: { from: t, format: epoch_ms }, kind: purchased, id: [a, b] }";
    for (fields, expected) in [(r#""a":"x","b":1"#, Some("x/1")), (r#""a":"x""#, None), (r#""a":"x","b":"""#, None)] {
        let record = format!(r#"{{"c":"c1","t":{NEW_YEAR},{fields}}}"#);
        let id = |event: &Event<'_>| event.id.as_deref().map(str::to_owned);
        check(yaml, &record, id, Ok(expected.map(str::to_owned)));
    }
}

#[test]
fn records_bring_the_time_if_the_input_says_so() {
    let spec = spec("{ customer: c, kind: purchased }").unwrap();
    let error = open(&spec, &everything(), TimeSource::Event).err().unwrap();
    assert!(error.contains("write `time: record`"), "{error}");
    let mut decoder = open(&spec, &everything(), TimeSource::Record).unwrap();
    let record = RawRecord { value: Some(br#"{"c":"c1"}"#), timestamp: NEW_YEAR, ..RawRecord::default() };
    let event = decoder.decode(&record).unwrap().one().unwrap();
    assert_eq!((event.at, event.time_is_own), (NEW_YEAR, false));
}

#[test]
fn a_mapping_that_cannot_work_is_refused_with_what_to_write_instead() {
    let check = |yaml: &str, expected: &str| {
        let error = spec(yaml).err().unwrap_or_else(|| panic!("accepted: {yaml}"));
        assert!(error.contains(expected), "{yaml}\n{error}");
    };
    check("{ customer: c, time: t }", "kind is missing; add kind");
    check("{ time: t, kind: k }", "customer: it is missing; add customer");
    check("{ customer: c, time: t, kind: k, extra: 1 }", "unknown field `extra`");
    check("{ customer: { from: c, typo: 1 }, time: t, kind: k }", "unknown field `typo`");
    check("{ customer: [], time: t, kind: k }", "an empty list");
    check("{ customer: 7, time: t, kind: k }", "a column or JSON pointer, a list of them, or {from, …}");
    check("{ customer: '', time: t, kind: k }", "customer: an empty text names no column");
    check(
        "{ customer: c, time: { from: t, format: iso }, kind: k }",
        "write rfc3339, epoch_s, epoch_ms, epoch_us or a pattern",
    );
    check("{ customer: c, time: { from: t, format: '%Y-%m-%d' }, kind: k }", "add `zone`");
    check("{ customer: c, time: { from: t, format: '%Y-%m', zone: UTC }, kind: k }", "cannot be used");
    check("{ customer: c, time: { from: t, format: '%Y-%m-%d %E', zone: UTC }, kind: k }", "cannot be used");
    check("{ customer: c, time: { from: t, format: '%Y-%m-%d', zone: Mars }, kind: k }", "no time zone `Mars`");
    check("{ customer: c, time: { from: t, zone: UTC }, kind: k }", "`zone` is only for");
    check("{ customer: c, time: t, kind: k, id: [] }", "an empty list");
    let fixed = FormatSpec::new("segment", serde_saphyr::from_str("{ customer: c, kind: k }").ok()).unwrap_err();
    assert!(fixed.contains("only for `format: mapping`"), "{fixed}");
}
