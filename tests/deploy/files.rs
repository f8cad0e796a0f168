//! The files under test, read once and told apart by their path from the root of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A file or folder by its path from the root of the repository.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// The text of a file.
pub fn text(relative: &str) -> String {
    fs::read_to_string(path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The documents of a YAML file.
pub fn documents(relative: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The one document of a YAML file.
pub fn document(relative: &str) -> Value {
    let mut all = documents(relative);
    assert_eq!(all.len(), 1, "{relative} holds one document");
    all.remove(0)
}

/// The value of a JSON file.
pub fn json(relative: &str) -> Value {
    serde_json::from_str(&text(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
}

/// The files of a folder whose name ends so, by their paths from the root, in order.
pub fn in_folder(folder: &str, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(path(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut files: Vec<String> = entries
        .map(|entry| entry.expect("a folder that can be read lists its entries").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(ending))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} holds no file that ends in {ending}");
    files
}

/// The items of a list at a JSON pointer; none if there is no list.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The text at a JSON pointer.
pub fn string<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no text at {pointer} of {value}"))
}
