//! What stood at a wanted place of a record.

use std::borrow::Cow;
use std::fmt;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Found<'a> {
    /// Nothing.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer, zero or more.
    Unsigned(u64),
    /// An integer below zero.
    Signed(i64),
    /// A number with a fraction or an exponent, or an integer beyond 64 bits.
    Float(f64),
    /// A text; borrowed unless it has escapes.
    Text(Cow<'a, str>),
    /// An array or an object.
    Other,
    /// An array or an object, as its text.
    Raw(&'a str),
}

impl<'a> Found<'a> {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether there is nothing to be read: no such field, or `null`.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self, Self::Absent | Self::Null)
    }
}

/// As it stood in the record, cut short: for the reasons that go with dead letters.
impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_CHARS_MAX: usize = 60;
        match self {
            Self::Absent => write!(f, "nothing"),
            Self::Null => write!(f, "null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Unsigned(value) => write!(f, "{value}"),
            Self::Signed(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(text) => match text.char_indices().nth(SHOWN_CHARS_MAX) {
                None => write!(f, "{text:?}"),
                Some((end, _)) => write!(f, "{:?}…", &text[..end]),
            },
            Self::Other | Self::Raw(_) => write!(f, "an array or object"),
        }
    }
}

/// Forgets what was found and lets the list for findings of another lifetime: collecting a vector from a vector's own items
/// of equal layout reuses its allocation.
pub(super) fn relet<'a>(found: Vec<Found<'_>>) -> Vec<Found<'a>> {
    found.into_iter().map(|_| Found::Absent).collect()
}
