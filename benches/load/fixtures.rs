//! The fixtures of the formats, as records to be decoded.

use std::path::Path;

use klantreis::formats::{Decoder, FORMATS, FormatSpec, Options, RawRecord, TimeSource, open};
use klantreis::journey::ModelSet;

use super::START;

/// A decoder of a format and the values of all records that it can use without being told anything.
pub struct Fixtures {
    /// The format's name.
    pub format: &'static str,
    /// Its decoder.
    pub decoder: Box<dyn Decoder>,
    /// The values.
    pub values: Vec<Vec<u8>>,
}

/// Of every format there is, and with the feature `registry` of records that need schemas.
pub fn fixtures(set: &ModelSet) -> Vec<Fixtures> {
    let formats = FORMATS.iter().filter(|format| format.name != "mapping");
    let fixtures = formats.map(|format| Fixtures::load(format.name, set));
    #[cfg(feature = "registry")]
    let fixtures = fixtures.chain(super::schemas::with_schemas(set));
    fixtures.collect()
}

impl Fixtures {
    fn load(format: &'static str, set: &ModelSet) -> Self {
        let options = Options { zone: Some("Europe/Amsterdam".to_owned()), ..Options::default() };
        let spec = FormatSpec::with(format, None, options).expect("the formats are built in");
        let mut decoder = open(&spec, set.vocabulary(), TimeSource::Event).expect("they can be opened");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats").join(format);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
        paths.sort();
        let is_record = |path: &Path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            !matches!(extension, Some("expected" | "yaml" | "md"))
        };
        let values = paths.iter().filter(|path| is_record(path));
        let values = values.map(|path| {
            let mut value = std::fs::read(path).expect("it can be read");
            // Files end with their last line; records do not.
            value.pop_if(|last| *last == b'\n');
            value
        });
        let values = values.filter(|value| decoder.decode(&record(value)).is_ok()).collect();
        Self { format, decoder, values }
    }

    /// Bytes of a value, on average.
    pub fn bytes(&self) -> u64 {
        (self.values.iter().map(Vec::len).sum::<usize>() / self.values.len().max(1)) as u64
    }
}

/// The record of a value.
pub fn record(value: &[u8]) -> RawRecord<'_> {
    RawRecord { value: Some(value), timestamp: START, ..RawRecord::default() }
}
