//! Events of any kind, written as records of every kind that a mapping reads, and read back.
use std::cell::RefCell;
use std::fmt::Write as _;

use klantreis::config::{InputConfig, Start};
use klantreis::formats::{ATTRIBUTES, EARLIEST_MS, END_MS, FormatSpec, KINDS, RawRecord, RecipeSpec, TimeSource, open};
use klantreis::journey::{Amount, Attr, AttrType, Event, Vocabulary};
use klantreis::replay::{Content, Order, Place, Records, Source};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::cases::vocabulary;

/// The ways to write a record, as `reads` names them; those without a colon are JSON.
const WAYS: [&str; 7] = ["numbers", "texts", "csv", "reads: form", "reads: query", "reads: tsv", "reads: xml"];

/// What an event is made of, by the names of the columns; the last column never is empty.
type Fields = Vec<(String, Value)>;

fn spec(way: &str) -> FormatSpec {
    let mut yaml = String::from(
        "customer: customer\ntime: { from: time, format: epoch_ms }\nkind: { from: kind }\nid: id\nvalue: value\nattributes:\n",
    );
    for (name, _) in ATTRIBUTES {
        let _ = writeln!(yaml, "  {name}: a_{name}");
    }
    if way.contains(':') {
        let _ = writeln!(yaml, "{way}");
    }
    if way.ends_with("tsv") {
        let names: Vec<String> = ATTRIBUTES.iter().map(|(name, _)| format!("a_{name}")).collect();
        let _ = writeln!(yaml, "columns: [customer, id, kind, value, {}, time]", names.join(", "));
    }
    let mapping: RecipeSpec = serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"));
    FormatSpec::new("mapping", Some(mapping)).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

fn kinds() -> Vec<&'static str> {
    KINDS.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect()
}

/// A text that means something in every way of writing: to spaces around it only some pay heed.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9é€😀\"'<>&%+=/\\\\,;:#?|~.-]([a-zA-Z0-9é€😀\"'<>&%+=/\\\\,;:#?|~. -]{0,20}[a-zA-Z0-9é\"'<>&%+=/\\\\,;:#?])?"
}

fn event(vocabulary: &Vocabulary) -> impl Strategy<Value = Event<'static>> + use<> {
    let ids: Vec<_> = kinds().into_iter().map(|kind| vocabulary.kind(kind)).collect();
    let attrs: Vec<_> = ATTRIBUTES
        .iter()
        .map(|(_, of)| {
            let some = match of {
                AttrType::Text => text().prop_map(|text| Attr::Text(text.into())).boxed(),
                AttrType::Number => {
                    (-9_999_999..9_999_999).prop_map(|n: i32| Attr::Number(f64::from(n) / 100.0)).boxed()
                }
                AttrType::Bool => any::<bool>().prop_map(Attr::Bool).boxed(),
            };
            prop::option::of(some)
        })
        .collect();
    let value = prop::option::of(-1_000_000_000_000..1_000_000_000_000_i64);
    (text(), EARLIEST_MS..END_MS, prop::sample::select(ids), prop::option::of(text()), value, attrs).prop_map(
        |(customer, at, kind, id, value, attrs)| Event {
            customer: customer.into(),
            at,
            time_is_own: true,
            kind,
            id: id.map(Into::into),
            value: value.map(Amount),
            attrs,
        },
    )
}

fn fields(event: &Event<'_>, vocabulary: &Vocabulary) -> Fields {
    let mut fields = vec![
        ("customer".to_owned(), json!(event.customer)),
        ("id".to_owned(), json!(event.id)),
        ("kind".to_owned(), json!(event.kind.map(|kind| vocabulary.kind_name(kind)))),
        ("value".to_owned(), json!(event.value.map(|value| value.to_string()))),
    ];
    for ((name, _), attr) in ATTRIBUTES.iter().zip(&event.attrs) {
        let value = match attr {
            None => Value::Null,
            Some(Attr::Text(text)) => json!(text),
            Some(Attr::Number(number)) => json!(number),
            Some(Attr::Bool(value)) => json!(value),
        };
        fields.push((format!("a_{name}"), value));
    }
    fields.push(("time".to_owned(), json!(event.at)));
    fields
}

fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn written(way: &str, fields: &Fields) -> Vec<u8> {
    let texts = || fields.iter().map(|(name, value)| (name, as_text(value)));
    match way {
        "numbers" => Value::Object(fields.iter().cloned().collect::<Map<_, _>>()).to_string().into_bytes(),
        "texts" => json!(texts().collect::<std::collections::BTreeMap<_, _>>()).to_string().into_bytes(),
        "csv" => through_csv(texts().map(|(name, value)| (name.clone(), value)).collect()),
        "reads: tsv" => texts().map(|(_, value)| value).collect::<Vec<_>>().join("\t").into_bytes(),
        "reads: xml" => {
            let mut xml = String::from("<record>");
            for (name, value) in texts() {
                let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let _ = write!(xml, "<{name}>{value}</{name}>");
            }
            xml.push_str("</record>");
            xml.into_bytes()
        }
        _ => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in texts() {
                form.append_pair(name, &value);
            }
            let form = form.finish();
            if way.ends_with("query") { format!("https://shop.example/t?{form}#top") } else { form }.into_bytes()
        }
    }
}

/// A row of CSV as replay reads it from a file.
fn through_csv(fields: Vec<(String, String)>) -> Vec<u8> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(fields.iter().map(|(name, _)| name)).unwrap();
    csv.write_record(fields.iter().map(|(_, value)| value)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, csv.into_inner().unwrap()).unwrap();
    let input = InputConfig {
        name: "shop".into(),
        name_at: klantreis::yaml::Place::START,
        topic: "shop".into(),
        format: spec("csv"),
        time: TimeSource::Event,
        start: Start::Earliest,
    };
    let source = Source { place: Place::File(file), input: Some(0) };
    let order = Order { window_ms: None, latest_ms: END_MS };
    let mut records = Records::open([source], &[input], None, order).unwrap();
    match records.read().unwrap().expect("a row").content {
        Content::Record(record) => record.value.expect("a value"),
        unreadable => panic!("{unreadable:?}"),
    }
}

#[test]
fn an_event_is_the_same_however_its_record_is_written() {
    let all = vocabulary(&spec("numbers"));
    let config = ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() };
    let decoders = WAYS.map(|way| (way, RefCell::new(open(&spec(way), &all, TimeSource::Event).unwrap())));
    proptest!(config, |(event in event(&all))| {
        let fields = fields(&event, &all);
        for (way, decoder) in &decoders {
            let bytes = written(way, &fields);
            let record = RawRecord { value: Some(&bytes), ..RawRecord::default() };
            let read = decoder.borrow_mut().decode(&record).map(|decoded| decoded.one().expect("one event"));
            prop_assert_eq!(read.as_ref(), Ok(&event), "{}: {}", way, String::from_utf8_lossy(&bytes));
        }
    });
}
