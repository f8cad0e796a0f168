//! Every fixture of every format: the bytes of a record, and what they are to mean.
use std::fmt::Write as _;
use std::path::Path;

use klantreis::formats::{ATTRIBUTES, Decoded, FORMATS, Item, KINDS, RawRecord, Told, open_with_details};
use klantreis::journey::{Attr, DropReason, Reject, Vocabulary};
use serde_json::{Map, Value, json};

use crate::cases::{Case, cases, read, same, vocabulary};

fn decode(case: &Case) -> Result<Vec<Value>, String> {
    let input = &case.input;
    let spec = input.spec(&case.format)?;
    let vocabulary = vocabulary(&spec);
    let headers = input.headers();
    let record = RawRecord {
        key: input.key.as_ref().map(String::as_bytes),
        value: Some(case.value.as_slice()).filter(|_| !input.tombstone),
        timestamp: input.timestamp.unwrap_or(-1),
        headers: &headers,
    };
    let mut decoder = open_with_details(&spec, &vocabulary, input.time, None)?;
    let told = decoder.decode(&record);
    // The same without details, and once more: what was learnt from a record changes nothing.
    let again = decoder.decode(&record);
    assert_eq!(lines(&told, &vocabulary), lines(&again, &vocabulary), "{}", case.name);
    Ok(lines(&told, &vocabulary))
}

pub fn lines(decoded: &Result<Decoded<'_>, Reject>, vocabulary: &Vocabulary) -> Vec<Value> {
    let dropped = |reason: &DropReason| json!({ "dropped": reason.label() });
    match decoded {
        Ok(Decoded::One(told)) => vec![line(told, vocabulary)],
        Ok(Decoded::Dropped(reason)) => vec![dropped(reason)],
        Ok(Decoded::Ignored) => Vec::new(),
        Ok(Decoded::NotYet) => panic!("no fixture needs a schema"),
        Ok(Decoded::Several(items)) => {
            let items = items.iter().map(|item| match item {
                Item::Event(told) => line(told, vocabulary),
                Item::Dropped(reason) => dropped(reason),
            });
            items.collect()
        }
        Err(reject) => vec![json!({ "rejected": reject.reason() })],
    }
}

fn line(told: &Told<'_>, vocabulary: &Vocabulary) -> Value {
    let (event, details) = (&told.event, told.details.as_ref().expect("asked for"));
    let Some(kind) = event.kind else {
        return json!({ "unmapped": details.name.as_deref().unwrap_or_default() });
    };
    let mut line = Map::new();
    let mut put = |key: &str, value: Value| line.insert(key.to_owned(), value);
    put("customer", json!(event.customer));
    put("kind", json!(vocabulary.kind_name(kind)));
    let at = jiff::Timestamp::from_millisecond(event.at).unwrap();
    put("at", json!(format!("{at:.3}")));
    if let Some(id) = &event.id {
        put("id", json!(id));
    }
    if let Some(value) = event.value {
        put("value", json!(value.to_f64()));
        if let Some(currency) = &details.currency {
            put("currency", json!(currency));
        }
    }
    let identifiers: Map<String, Value> =
        details.identifiers.iter().map(|(of, text)| (of.clone().into_owned(), json!(text))).collect();
    if !identifiers.is_empty() {
        put("identifiers", Value::Object(identifiers));
    }
    let names = vocabulary.attrs().iter().map(|(name, _)| name.to_string());
    let attributes: Map<String, Value> = names
        .zip(&event.attrs)
        .filter_map(|(name, value)| {
            let value = match value.as_ref()? {
                Attr::Number(number) => json!(number),
                Attr::Text(text) => json!(text),
                Attr::Bool(value) => json!(value),
            };
            Some((name, value))
        })
        .collect();
    if !attributes.is_empty() {
        put("attributes", Value::Object(attributes));
    }
    Value::Object(line)
}

#[test]
fn every_fixture_means_what_is_written_beside_it() {
    let mut wrong = String::new();
    let cases = cases();
    for case in &cases {
        let found = decode(case).unwrap_or_else(|error| vec![json!({ "error": error })]);
        let is_same = found.len() == case.expected.len() && found.iter().zip(&case.expected).all(|(a, b)| same(a, b));
        if !is_same {
            let text = |lines: &[Value]| lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n    ");
            let _ = write!(wrong, "\n{}\n  is\n    {}\n  not\n    {}", case.name, text(&found), text(&case.expected));
        }
    }
    assert!(wrong.is_empty(), "of {} fixtures:{wrong}", cases.len());
}

#[test]
fn every_format_has_fixtures() {
    let cases = cases();
    for format in FORMATS.iter().filter(|format| format.name != "mapping") {
        let count = cases.iter().filter(|case| case.format == format.name).count();
        assert!(count >= 8, "{} has {count} fixtures", format.name);
    }
}

#[test]
fn every_format_has_a_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = String::from_utf8(read(&folder.join("Cargo.toml"))).unwrap();
    for name in FORMATS.iter().map(|format| format.name).chain(["unwrap", "avro", "protobuf", "recipe"]) {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"targets/{name}.rs\"\n")), "{name}");
        let target = String::from_utf8(read(&folder.join(format!("targets/{name}.rs")))).unwrap();
        assert!(target.contains(&format!("klantreis_fuzz::target!(\"{name}\");")), "{name}");
    }
}

#[test]
fn every_format_kind_attribute_and_reason_is_documented() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/formats");
    let index = String::from_utf8(read(&docs.join("README.md"))).unwrap();
    for format in &FORMATS {
        let link = format!("| [`{0}`]({0}.md) | ", format.name);
        assert!(index.contains(&link), "docs/formats/README.md has no line {link}");
        assert!(docs.join(format!("{}.md", format.name)).exists(), "no page docs/formats/{}.md", format.name);
        if format.name != "mapping" {
            assert!(index.contains(format.about), "docs/formats/README.md says something else than `{}`", format.about);
        }
    }
    let kinds = KINDS.iter().flat_map(|(_, kinds)| kinds.iter().copied());
    let attributes = ATTRIBUTES.iter().map(|(name, _)| *name);
    for word in kinds.chain(attributes).chain(DropReason::ALL.map(DropReason::label)) {
        assert!(index.contains(&format!("`{word}`")), "docs/formats/README.md does not mention {word}");
    }
}
