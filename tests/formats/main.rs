//! What the formats make of records: good ones, bad ones, and any at all.
#![allow(missing_docs, clippy::unwrap_used)]

mod bad_input;
mod carried;
mod cases;
mod mapping;
mod oracle;
mod pairs;
mod records;
mod rewritten;

use klantreis::formats::{Decoder, FormatSpec, RawRecord, TimeSource, open};
use klantreis::journey::{AttrType, Event, Reject, Vocabulary};

/// Every kind that the formats know, every type of attribute, and money.
pub fn everything() -> Vocabulary {
    let kinds = [
        "page_viewed",
        "help_viewed",
        "product_viewed",
        "cart_added",
        "checkout_started",
        "purchased",
        "reviewed",
        "mail_delivered",
        "mail_opened",
        "mail_clicked",
        "mail_bounced",
        "returned",
    ];
    let attrs = [
        ("product_id", AttrType::Text),
        ("rating", AttrType::Number),
        ("tls", AttrType::Number),
        ("url", AttrType::Text),
        ("location_id", AttrType::Text),
        ("gift", AttrType::Bool),
    ];
    vocabulary(&kinds, &attrs, true)
}

pub fn vocabulary(kinds: &[&str], attrs: &[(&str, AttrType)], reads_value: bool) -> Vocabulary {
    let attrs = attrs.iter().map(|(name, of)| ((*name).into(), *of)).collect();
    Vocabulary::new(kinds.iter().map(|kind| (*kind).into()).collect(), attrs, reads_value)
}

pub fn decoder(format: &str, vocabulary: &Vocabulary) -> Box<dyn Decoder> {
    open(&FormatSpec::new(format, None).unwrap(), vocabulary, TimeSource::Event).unwrap()
}

pub fn decode<'a>(format: &str, value: &'a [u8]) -> Result<Event<'a>, Reject> {
    let record = RawRecord { value: Some(value), timestamp: -1, ..RawRecord::default() };
    decoder(format, &everything()).decode(&record).map(|decoded| decoded.one().expect("one event"))
}

pub fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/formats/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let mut text = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.truncate(text.trim_ascii_end().len());
    text
}
