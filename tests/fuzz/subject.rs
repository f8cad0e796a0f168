//! The decoders that a target tries, and what must hold of whatever they say.
use std::path::Path;
use std::sync::Arc;

use serde::de::IgnoredAny;
use xxhash_rust::xxh3::xxh3_64;

use crate::cases::{Input, cases_in, vocabulary};
use crate::formats::{
    AsJson, Carrier, Decoded, Decoder, EARLIEST_MS, END_MS, FormatSpec, Item, RawRecord, RecipeSpec, Schemas, Told,
    Wrapper, open_with_details, open_with_schemas,
};
use crate::journey::{Attr, DropReason, Reject, Vocabulary};
use crate::schemas::schemas;

/// Inputs up to this many are all tried on each record; of more, the first and one that the record's length chooses.
const ALL_UP_TO: usize = 8;

/// Of so many records one is read by a decoder that has read nothing else, too: opening one takes long.
const FRESH_ONE_IN: u64 = 4;

/// The JSON of a record has no more bytes than this; the last value may go over what reading stops at.
const JSON_BYTES_MAX: usize = 65 << 20;

/// The mappings that records are tried with beside those of the fixtures.
const MAPPINGS: [&str; 6] = [
    include_str!("mappings/json.yaml"),
    include_str!("mappings/each.yaml"),
    include_str!("mappings/form.yaml"),
    include_str!("mappings/query.yaml"),
    include_str!("mappings/tsv.yaml"),
    include_str!("mappings/xml.yaml"),
];

/// The same for records that need schemas.
const AVRO: &str = include_str!("mappings/avro.yaml");
const PROTOBUF: &str = include_str!("mappings/protobuf.yaml");

/// What a target tries.
pub struct Target {
    subjects: Vec<Subject>,
    /// What turns records into JSON with their schemas, if these have any.
    as_json: Option<AsJson>,
}

/// A format with what an input says of it, and the decoders that have read all records so far.
struct Subject {
    input: Input,
    spec: FormatSpec,
    vocabulary: Vocabulary,
    headers: Vec<(String, Option<Vec<u8>>)>,
    schemas: Arc<dyn Schemas>,
    plain: Box<dyn Decoder>,
    detailed: Box<dyn Decoder>,
}

impl Target {
    /// The target of that name: that of a format, `mapping`, `unwrap`, `avro` or `protobuf`. What its fixtures say of inputs is
    /// tried, too.
    pub fn of(name: &str) -> Self {
        let cases = cases_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/formats"));
        let cases = cases.into_iter().filter(|case| match name {
            "unwrap" => !case.input.unwrap.is_empty(),
            _ => case.format == name && case.input.unwrap.is_empty(),
        });
        let mut inputs: Vec<(String, Input)> = match name {
            "mapping" => MAPPINGS.iter().map(|yaml| (name.to_owned(), mapping(yaml))).collect(),
            "unwrap" => wrappers(),
            "avro" => with_schemas(AVRO, Wrapper::Avro),
            "protobuf" => with_schemas(PROTOBUF, Wrapper::Protobuf),
            _ => {
                let kept = DropReason::ALL.iter().map(|reason| (reason.label().to_owned(), false)).collect();
                let usual = Input { zone: Some("Europe/Amsterdam".to_owned()), ..Input::default() };
                let kept = Input { drops: kept, ..usual.clone() };
                vec![(name.to_owned(), usual), (name.to_owned(), kept)]
            }
        };
        for case in cases {
            let new = (case.format, case.input);
            if !inputs.contains(&new) {
                inputs.push(new);
            }
        }
        let carrier = match name {
            "avro" => Some(Carrier::Avro),
            "protobuf" => Some(Carrier::Protobuf),
            _ => None,
        };
        let schemas = schemas();
        let as_json =
            |carrier| AsJson::new(&[], carrier, &[], Some(&schemas)).unwrap_or_else(|error| panic!("{error}"));
        Self {
            as_json: carrier.map(as_json),
            subjects: inputs.into_iter().map(|(format, input)| Subject::new(&format, input, &schemas)).collect(),
        }
    }

    /// Tries a record.
    pub fn try_bytes(&mut self, bytes: &[u8]) {
        if let Some(reader) = &mut self.as_json {
            check_json(reader, bytes);
        }
        let count = self.subjects.len();
        let is_tried = |index: usize| count <= ALL_UP_TO || index == 0 || index == bytes.len() % count;
        for (index, subject) in self.subjects.iter_mut().enumerate() {
            if is_tried(index) {
                subject.try_bytes(bytes);
            }
        }
    }
}

fn mapping(yaml: &str) -> Input {
    let mapping: RecipeSpec = serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}:\n{yaml}"));
    Input { mapping: Some(mapping), zone: Some("Europe/Amsterdam".to_owned()), ..Input::default() }
}

/// Each wrapper by itself, around records of a mapping.
fn wrappers() -> Vec<(String, Input)> {
    let all = [
        Wrapper::Sns,
        Wrapper::CloudEvents,
        Wrapper::Registry,
        Wrapper::Debezium,
        Wrapper::Form("payload".to_owned()),
        Wrapper::Text("/data/text".to_owned()),
    ];
    all.map(|wrapper| ("mapping".to_owned(), Input { unwrap: vec![wrapper], ..mapping(MAPPINGS[0]) })).into()
}

/// Records with schemas as those of a mapping, as changes, and around those of a format.
fn with_schemas(yaml: &str, wrapper: Wrapper) -> Vec<(String, Input)> {
    let changes = Input { unwrap: vec![Wrapper::Debezium], ..mapping(yaml) };
    let within = Input { unwrap: vec![wrapper], ..Input::default() };
    [("mapping", mapping(yaml)), ("mapping", changes), ("segment", within)]
        .map(|(format, input)| (format.to_owned(), input))
        .into()
}

/// What becomes of a record is JSON, within bounds, and always the same but for the order in which a map of Protobuf comes.
fn check_json(reader: &mut AsJson, bytes: &[u8]) {
    let mut read = || {
        let json = reader.of(bytes).map_err(|reject| reject.to_string())?.expect("all schemas are at hand");
        assert!(json.len() <= JSON_BYTES_MAX, "{} bytes of JSON", json.len());
        let text = String::from_utf8(json).unwrap_or_else(|error| panic!("no UTF-8: {error}"));
        serde_json::from_str::<IgnoredAny>(&text).unwrap_or_else(|error| panic!("no JSON: {error}: {text}"));
        // What is too deep for that is JSON all the same.
        Ok::<_, String>(serde_json::from_str::<serde_json::Value>(&text).ok())
    };
    let told = read();
    assert_eq!(told, read(), "read again, it says something else");
}

impl Subject {
    fn new(format: &str, input: Input, schemas: &Arc<dyn Schemas>) -> Self {
        let spec = input.spec(format).unwrap_or_else(|error| panic!("{format}: {error}"));
        let vocabulary = vocabulary(&spec);
        let plain = open_with_schemas(&spec, &vocabulary, input.time, Some(schemas));
        let plain = plain.unwrap_or_else(|error| panic!("{format}: {error}"));
        let detailed = open_with_details(&spec, &vocabulary, input.time, Some(schemas));
        let detailed = detailed.unwrap_or_else(|error| panic!("{format}: {error}"));
        Self { headers: input.headers(), input, spec, vocabulary, schemas: Arc::clone(schemas), plain, detailed }
    }

    fn try_bytes(&mut self, bytes: &[u8]) {
        let record = RawRecord {
            key: self.input.key.as_ref().map(String::as_bytes),
            value: Some(bytes).filter(|_| !self.input.tombstone),
            timestamp: self.input.timestamp.unwrap_or(-1),
            headers: &self.headers,
        };
        let told = self.detailed.decode(&record);
        if let Ok(decoded) = &told {
            check_promises(decoded, &self.vocabulary);
        }
        assert_eq!(told, self.detailed.decode(&record), "read again, it says something else");

        let told = without_words(told);
        if xxh3_64(bytes).is_multiple_of(FRESH_ONE_IN) {
            let fresh = open_with_details(&self.spec, &self.vocabulary, self.input.time, Some(&self.schemas));
            let fresh = fresh.map(|mut fresh| without_words(fresh.decode(&record)));
            assert_eq!(fresh.as_ref(), Ok(&told), "a decoder that has read nothing else says something else");
        }
        let plain = without_words(self.plain.decode(&record));
        assert_eq!(without_details(told), plain, "without details it says something else");
    }
}

/// Why a record is refused is one thing however it was read; how that is told of may depend on it.
fn without_words(decoded: Result<Decoded<'_>, Reject>) -> Result<Decoded<'_>, &'static str> {
    decoded.map_err(|reject| reject.reason())
}

fn without_details<E>(decoded: Result<Decoded<'_>, E>) -> Result<Decoded<'_>, E> {
    decoded.map(|decoded| match decoded {
        Decoded::One(told) => Decoded::One(Told { details: None, ..told }),
        Decoded::Several(items) => {
            let items = items.into_iter().map(|item| match item {
                Item::Event(told) => Item::Event(Told { details: None, ..told }),
                Item::Dropped(reason) => Item::Dropped(reason),
            });
            Decoded::Several(items.collect())
        }
        other => other,
    })
}

/// What everything that comes of a decoder keeps to.
pub fn check_promises(decoded: &Decoded<'_>, vocabulary: &Vocabulary) {
    match decoded {
        Decoded::One(told) => check_told(told, vocabulary),
        Decoded::Dropped(_) | Decoded::Ignored => {}
        Decoded::NotYet => panic!("nothing is waited for here"),
        Decoded::Several(items) => {
            for item in items {
                if let Item::Event(told) = item {
                    check_told(told, vocabulary);
                }
            }
        }
    }
}

fn check_told(told: &Told<'_>, vocabulary: &Vocabulary) {
    let event = &told.event;
    assert!(!event.customer.trim_ascii().is_empty(), "a customer that is blank: {event:?}");
    assert!((EARLIEST_MS..END_MS).contains(&event.at), "a time that nobody believes: {event:?}");
    assert!(event.id.as_ref().is_none_or(|id| !id.is_empty()), "an id that is empty: {event:?}");
    match event.kind {
        None => assert!(event.value.is_none() && event.attrs.is_empty(), "nobody asked for it: {event:?}"),
        Some(kind) => assert!(!vocabulary.kind_name(kind).is_empty(), "a kind without a name: {event:?}"),
    }
    let wanted = vocabulary.attrs();
    assert!(event.attrs.is_empty() || event.attrs.len() == wanted.len(), "not the attributes asked for: {event:?}");
    for ((name, of), attr) in wanted.iter().zip(&event.attrs) {
        let Some(attr) = attr else { continue };
        assert_eq!(attr.kind(), *of, "{name} of {event:?}");
        assert!(!matches!(attr, Attr::Number(number) if !number.is_finite()), "{name} of {event:?}");
    }
    let Some(details) = &told.details else { return };
    for (of, identifier) in &details.identifiers {
        assert!(!identifier.trim_ascii().is_empty(), "a {of} that is blank: {details:?}");
    }
    if let Some(currency) = &details.currency {
        assert!(currency.len() == 3, "a currency of another length: {details:?}");
    }
}
