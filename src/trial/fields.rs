//! The fields of records of which nothing is known: where they stand, what they are called, and what stands in them.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::near::words;

/// How many different values of a field are remembered.
const VALUES_MAX: usize = 1000;
/// How deep objects are looked into.
const DEPTH_MAX: usize = 6;
/// Fields are numbered from here on no more: whoever has so many has none that mean anything.
const FIELDS_MAX: usize = 500;

/// A field, over all records.
#[derive(Debug, Default)]
pub(super) struct Field {
    /// The keys that lead to it.
    pub(super) path: Vec<String>,
    /// What it is called, in small words: the last key's, and before them those of the one before.
    pub(super) words: Vec<String>,
    /// How many of them are of the last key.
    own: usize,
    /// Texts in it that are not empty.
    pub(super) texts: u64,
    /// Numbers in it.
    pub(super) numbers: u64,
    /// Its values with how often they came, as long as there are not too many.
    pub(super) values: BTreeMap<String, u64>,
    different: HashSet<u64>,
}

/// The fields of all records.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// How many records there are.
    pub(super) records: u64,
    /// The fields, in the order in which they were met.
    pub(super) all: Vec<Field>,
    /// Where arrays of objects are.
    pub(super) arrays: Vec<Vec<String>>,
}

impl Fields {
    /// Adds a record.
    pub(super) fn add(&mut self, record: &Value) {
        self.records += 1;
        self.look(record, &mut Vec::new());
    }

    fn look(&mut self, value: &Value, path: &mut Vec<String>) {
        match value {
            Value::Object(fields) if path.len() < DEPTH_MAX => {
                for (key, value) in fields {
                    path.push(key.clone());
                    self.look(value, path);
                    path.pop();
                }
            }
            Value::Array(items) if items.first().is_some_and(Value::is_object) && !self.arrays.contains(path) => {
                self.arrays.push(path.clone());
            }
            Value::String(text) if !text.trim().is_empty() => {
                if let Some(field) = self.field(path) {
                    field.texts += 1;
                    field.value(text.trim());
                }
            }
            Value::Number(number) => {
                if let Some(field) = self.field(path) {
                    field.numbers += 1;
                    field.value(&number.to_string());
                }
            }
            _ => {}
        }
    }

    fn field(&mut self, path: &[String]) -> Option<&mut Field> {
        // A text by itself has no name.
        let last = path.last()?;
        let known = self.all.iter().position(|field| field.path == *path);
        let index = known.or_else(|| {
            if self.all.len() >= FIELDS_MAX {
                return None;
            }
            let own = words(last);
            let before = path.len().checked_sub(2).map(|before| words(&path[before])).unwrap_or_default();
            let count = own.len();
            let all = before.into_iter().chain(own).collect();
            self.all.push(Field { path: path.to_vec(), words: all, own: count, ..Field::default() });
            Some(self.all.len() - 1)
        });
        index.map(|index| &mut self.all[index])
    }
}

impl Field {
    fn value(&mut self, text: &str) {
        self.different.insert(xxh3_64(text.as_bytes()));
        if let Some(count) = self.values.get_mut(text) {
            *count += 1;
        } else if self.values.len() < VALUES_MAX {
            self.values.insert(text.to_owned(), 1);
        }
    }

    /// In how many records it has a value.
    pub(super) fn count(&self) -> u64 {
        self.texts + self.numbers
    }

    /// How many different values it has.
    pub(super) fn different(&self) -> u64 {
        self.different.len() as u64
    }

    /// The words of its own key.
    pub(super) fn own(&self) -> &[String] {
        &self.words[self.words.len() - self.own..]
    }

    /// Whether one of its words, also of the key before, is one of these.
    pub(super) fn says(&self, any: &[&str]) -> bool {
        self.words.iter().any(|word| any.contains(&word.as_str()))
    }

    /// Whether its own key is one of these, written in whatever way.
    pub(super) fn is_called(&self, any: &[&str]) -> bool {
        any.contains(&self.own().join("_").as_str())
    }

    /// Whether its values are numbers, also those written as texts.
    pub(super) fn is_number(&self) -> bool {
        !self.values.is_empty() && self.values.keys().all(|value| value.parse::<f64>().is_ok_and(f64::is_finite))
    }

    /// Whether nine in ten of its values fulfil a condition.
    pub(super) fn mostly(&self, holds: impl Fn(&str) -> bool) -> bool {
        let fitting = self.values.keys().filter(|value| holds(value)).count();
        !self.values.is_empty() && fitting * 10 >= self.values.len() * 9
    }

    /// Where it stands, as a mapping says it.
    pub(super) fn place(&self) -> String {
        let is_plain = |key: &str| !key.is_empty() && !key.starts_with(['/', '$', '^', '[']);
        match self.path.as_slice() {
            [key] if is_plain(key) => key.clone(),
            [around, keys @ ..] if around == "^" => format!("^{}", pointer(keys)),
            keys => pointer(keys),
        }
    }
}

/// Keys as a JSON pointer.
pub(super) fn pointer(keys: &[String]) -> String {
    keys.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1"))).collect()
}
