//! A text within a record, together with what is known of its quotes: they are marked once, for all that is within.

use super::quotes::{Part, Quotes};

/// A text, and where its quotes are, if that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passage<'q, 'a> {
    pub(super) text: &'a str,
    pub(super) quotes: Option<Part<'q>>,
}

impl<'q, 'a> Passage<'q, 'a> {
    /// A text by itself.
    pub(super) fn bare(text: &'a str) -> Self {
        Self { text, quotes: None }
    }

    /// A text whose quotes were marked.
    pub(super) fn marked(text: &'a str, quotes: &'q Quotes) -> Self {
        Self { text, quotes: Some(quotes.all()) }
    }

    /// A part of it, which is given as a slice of its text.
    pub(super) fn part(&self, part: &'a str) -> Self {
        let start = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        let is_within = start <= self.text.len() && part.len() <= self.text.len() - start;
        let quotes = self.quotes.filter(|_| is_within).map(|quotes| quotes.between(start, start + part.len()));
        Self { text: part, quotes }
    }
}
