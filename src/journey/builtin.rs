//! The models that ship in the binary.

use super::CheckedModel;

/// Their names and files, in the order they are listed.
const MODELS: [(&str, &str); 1] = [("think5", include_str!("../models/think5.yaml"))];

/// The names of the built-in models.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|(name, _)| *name)
}

/// The file of a built-in model.
pub fn builtin_source(name: &str) -> Option<&'static str> {
    MODELS.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}

/// A built-in model.
pub fn builtin(name: &str) -> Option<CheckedModel> {
    let source = builtin_source(name)?;
    Some(CheckedModel::parse(name, source).expect("a test loads every built-in model"))
}
