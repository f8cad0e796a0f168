//! Records whose schemas are in a registry: over HTTP, from a stand-in on loopback, to events.
#![allow(missing_docs, clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../http/client.rs"]
mod client;
mod events;
mod offline;
#[path = "../support/program.rs"]
mod program;
mod seeds;
mod service;
mod stand_in;
mod trying;
mod waiting;

use std::sync::Arc;
use std::time::{Duration, Instant};

use klantreis::config::{Config, SchemaRegistryConfig};
use klantreis::formats::{Decoder, FormatSpec, RecipeSpec, Schemas, TimeSource, open_with_schemas};
use klantreis::journey::{AttrType, Vocabulary};
use klantreis::registry::Registry;

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The registry at an address.
pub fn registry(url: String) -> Arc<dyn Schemas> {
    Arc::new(Registry::open(&SchemaRegistryConfig { url, login: None, ca_file: None }).unwrap())
}

/// A decoder of a mapping that yields purchases.
pub fn decoder(mapping: &str, schemas: &Arc<dyn Schemas>) -> Box<dyn Decoder> {
    let mapping: RecipeSpec = serde_saphyr::from_str(mapping).unwrap_or_else(|error| panic!("{error}"));
    let spec = FormatSpec::new("mapping", Some(mapping)).unwrap();
    assert!(spec.needs_schemas());
    let kinds = ["purchased", "returned"].map(Into::into).into();
    let vocabulary = Vocabulary::new(kinds, vec![("order_id".into(), AttrType::Text)], true);
    open_with_schemas(&spec, &vocabulary, TimeSource::Event, Some(schemas)).unwrap()
}

/// A payload with the number of its schema before it.
pub fn framed(id: u32, payload: &[u8]) -> Vec<u8> {
    [&[0][..], &id.to_be_bytes(), payload].concat()
}

/// A configuration, checked.
pub fn parse(text: &str) -> Result<Config, String> {
    klantreis::config::parse(text, "k.yaml", ".".as_ref(), &|_| None).map_err(|error| error.to_string())
}
