//! A word that is asked for again and again: whether a text is it.

/// A word to compare with.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    text: Box<str>,
    ends: Ends,
}

/// A text's first eight bytes and last eight; of a shorter one twice the same, with zeros where it has no more. Telling texts
/// apart seldom takes more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends(u64, u64);

impl Word {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.into(), ends: Ends::of(text.as_bytes()) }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a text with these ends is the word.
    #[inline]
    pub(super) fn is(&self, text: &[u8], ends: Ends) -> bool {
        const BOTH_ENDS: usize = 16;
        self.ends == ends && self.text.len() == text.len() && (text.len() <= BOTH_ENDS || self.text.as_bytes() == text)
    }
}

impl Ends {
    #[inline]
    pub(super) fn of(text: &[u8]) -> Self {
        if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            return Self(u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        }
        // Two reads that overlap see every byte of four to seven.
        let all = match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                let last = u64::from(u32::from_le_bytes(*last)) << ((text.len() - 4) * 8);
                u64::from(u32::from_le_bytes(*first)) | last
            }
            _ => text.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)),
        };
        Self(all, all)
    }
}
