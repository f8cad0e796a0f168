//! The fixtures of the formats: records, and what they are to mean.
//!
//! `<format>/<case>.<ext>` is a record's value, `<case>.expected` a line for each event of it, `<case>.input.yaml` what the
//! input says beside the format, and what the record has beside its value.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use klantreis::formats::{ATTRIBUTES, FormatSpec, KINDS, Options, RecipeSpec, TimeSource, Wrapper, kinds_of};
use klantreis::journey::{DropReason, Vocabulary};
use serde::Deserialize;
use serde_json::Value;

/// What stands in `<case>.input.yaml`.
#[derive(Deserialize, Default, Clone, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Input {
    pub format: Option<String>,
    pub mapping: Option<RecipeSpec>,
    pub customer: Option<Vec<String>>,
    pub zone: Option<String>,
    pub kinds: BTreeMap<String, String>,
    pub drops: BTreeMap<String, bool>,
    pub unwrap: Vec<Wrapper>,
    pub time: TimeSource,
    pub headers: BTreeMap<String, String>,
    pub key: Option<String>,
    pub timestamp: Option<i64>,
    /// Whether the record has no value.
    pub tombstone: bool,
}

impl Input {
    /// The format of that name with what the input says of it.
    pub fn spec(&self, format: &str) -> Result<FormatSpec, String> {
        let drops = self.drops.iter().map(|(label, is_on)| {
            let reason = DropReason::of(label).ok_or_else(|| format!("there is no reason {label}"))?;
            Ok::<_, String>((reason, *is_on))
        });
        let options = Options {
            customer: self.customer.clone(),
            zone: self.zone.clone(),
            kinds: self.kinds.clone(),
            drops: drops.collect::<Result<_, _>>()?,
            unwrap: self.unwrap.clone(),
        };
        FormatSpec::with(format, self.mapping.clone(), options)
    }

    /// The headers of the record.
    pub fn headers(&self) -> Vec<(String, Option<Vec<u8>>)> {
        self.headers.iter().map(|(name, value)| (name.clone(), Some(value.clone().into_bytes()))).collect()
    }
}

/// Everything that formats and models have words for, and what the format may yield beside.
pub fn vocabulary(spec: &FormatSpec) -> Vocabulary {
    let mut kinds: Vec<String> =
        KINDS.iter().flat_map(|(_, kinds)| kinds.iter()).map(|kind| (*kind).to_owned()).collect();
    kinds.extend(kinds_of(spec).unwrap_or_default());
    kinds.sort();
    kinds.dedup();
    let attrs = ATTRIBUTES.iter().map(|(name, of)| ((*name).into(), *of)).collect();
    Vocabulary::new(kinds.into_iter().map(Into::into).collect(), attrs, true)
}

/// A fixture.
pub struct Case {
    pub name: String,
    pub format: String,
    pub value: Vec<u8>,
    pub input: Input,
    pub expected: Vec<Value>,
}

pub fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fixtures of a folder.
pub fn cases_in(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let entries = |path: &Path| -> Vec<PathBuf> {
        let mut all: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    };
    for folder in entries(folder).into_iter().filter(|path| path.is_dir()) {
        let format = folder.file_name().unwrap().to_string_lossy().into_owned();
        for path in entries(&folder) {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let Some((case, extension)) = file.split_once('.') else { continue };
            if matches!(extension, "expected" | "input.yaml" | "md") {
                continue;
            }
            let name = format!("{format}/{case}");
            let input = folder.join(format!("{case}.input.yaml"));
            let input: Input = if input.exists() {
                let text = String::from_utf8(read(&input)).unwrap();
                serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
            } else {
                Input::default()
            };
            let expected = folder.join(format!("{case}.expected"));
            let expected = if expected.exists() { expected } else { folder.join(format!("{file}.expected")) };
            let expected = String::from_utf8(read(&expected)).unwrap();
            let lines = expected.lines().filter(|line| !line.trim().is_empty());
            let expected =
                lines.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}")));
            cases.push(Case {
                format: input.format.clone().unwrap_or_else(|| format.clone()),
                value: read(&path),
                expected: expected.collect(),
                input,
                name,
            });
        }
    }
    cases
}

/// All fixtures.
pub fn cases() -> Vec<Case> {
    cases_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats"))
}

/// Whether two lines say the same: numbers count by their value, `7` as `7.0`.
pub fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
