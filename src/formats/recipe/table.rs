//! Texts and what they mean.

use std::collections::HashMap;

/// Texts and what they mean; those that end in `*` stand for all that begin so. An exact text goes before a beginning, a
/// longer beginning before a shorter one.
#[derive(Debug)]
pub(super) struct Table<T> {
    exact: HashMap<Box<str>, T, foldhash::fast::FixedState>,
    /// Longest first.
    beginnings: Vec<(Box<str>, T)>,
}

impl<T> Table<T> {
    pub(super) fn new<'a>(entries: impl IntoIterator<Item = (&'a String, T)>) -> Self {
        let mut table = Self { exact: HashMap::default(), beginnings: Vec::new() };
        for (raw, means) in entries {
            match raw.strip_suffix('*') {
                Some(beginning) => table.beginnings.push((beginning.into(), means)),
                None => drop(table.exact.insert(raw.as_str().into(), means)),
            }
        }
        table.beginnings.sort_by_key(|(beginning, _)| std::cmp::Reverse(beginning.len()));
        table
    }

    /// What a text means.
    #[inline]
    pub(super) fn get(&self, text: &str) -> Option<&T> {
        self.exact.get(text).or_else(|| {
            let fits = self.beginnings.iter().find(|(beginning, _)| text.starts_with(&**beginning));
            fits.map(|(_, means)| means)
        })
    }
}
