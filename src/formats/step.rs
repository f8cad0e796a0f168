//! A step from one value of a record to the next: the text between them, and how it is compared, many bytes at once.
//!
//! Invariant: whatever instructions compare a text, they see the same. Not in here: which step follows which (`habit`).

use super::found::Found;
use super::lesson::Effect;
use super::literal::{number_at, number_found, ordinary_number_at, word_at};

/// Bytes looked at together.
pub(super) const WIDTH: usize = 32;
/// No step, no slot: more than there are.
pub(super) const NONE: u16 = u16::MAX;

/// What a step ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Text,
    Number,
    /// `true`, `false` or `null`.
    Word,
    /// Nothing: the record ends.
    End,
}

impl Value {
    /// Reads what is no text, and keeps it unless the slot is [`NONE`]; gives its length, which is zero at the end alone.
    #[inline(never)]
    pub(super) fn read<'a>(self, text: &'a str, at: usize, slot: u16, found: &mut [Found<'a>]) -> Option<usize> {
        let bytes = text.as_bytes().get(at..)?;
        let (length, what) = match (self, slot) {
            (Self::End, _) => return Some(0),
            (Self::Number, slot) => match ordinary_number_at(bytes) {
                Some((found, length)) => (length, found),
                None if slot == NONE => return number_at(bytes).map(|(length, _)| length),
                None => {
                    let (length, is_plain) = number_at(bytes)?;
                    (length, number_found(&text[at..at + length], is_plain)?)
                }
            },
            _ => word_at(bytes)?,
        };
        if slot != NONE {
            found[usize::from(slot)] = what;
        }
        Some(length)
    }
}

/// As many bytes of a text as are looked at together, or fewer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// The bytes, and zeros where there are no more.
    bytes: [u8; WIDTH],
    /// A bit for each of them.
    bits: u32,
}

impl Head {
    /// The first bytes of a text.
    pub(super) fn of(text: &[u8]) -> Self {
        let mut bytes = [0; WIDTH];
        let length = text.len().min(WIDTH);
        bytes[..length].copy_from_slice(&text[..length]);
        Self { bytes, bits: if length < WIDTH { (1 << length) - 1 } else { u32::MAX } }
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.bits.count_ones() as usize
    }
}

/// A text and the value behind it. As long as a line of the processor's cache, and on one.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct Step {
    pub(super) head: Head,
    /// Where that which follows them begins in `rests`.
    pub(super) rest: u32,
    /// How long the text is; one before a [`Value::Text`] ends with its quote.
    pub(super) length: u16,
    /// How many quotes it has.
    pub(super) quotes: u16,
    pub(super) value: Value,
    /// Whether its text is all in its head, its value a text, and nothing else changes.
    pub(super) is_plain: bool,
    /// Where the value is kept, or `NONE`.
    pub(super) slot: u16,
    /// The state behind the value.
    pub(super) state: u16,
    /// The step that followed last time, and another before it; or `NONE`.
    pub(super) next: [u16; 2],
    /// Its effects: from, to.
    pub(super) effects: (u16, u16),
}

/// The last bytes of a record, and zeros behind them, so that as many as are looked at together follow every place.
pub(super) struct End([u8; 2 * WIDTH]);

impl End {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut end = [0; 2 * WIDTH];
        match bytes.last_chunk::<WIDTH>() {
            Some(last) => end[..WIDTH].copy_from_slice(last),
            None => end[WIDTH - bytes.len()..WIDTH].copy_from_slice(bytes),
        }
        Self(end)
    }

    /// What follows a place of the record, which is so long.
    #[inline(always)]
    pub(super) fn from(&self, at: usize, length: usize) -> &[u8; WIDTH] {
        let left = length.saturating_sub(at).min(WIDTH);
        self.0[WIDTH - left..].first_chunk().expect("as many bytes follow each of the first as are looked at together")
    }
}

impl Step {
    /// A step with no effects, whose value nobody wants, and of which it is not known what follows.
    pub(super) fn new(text: &[u8], value: Value) -> Self {
        Self {
            head: Head::of(text),
            rest: 0,
            length: text.len() as u16,
            quotes: text.iter().filter(|&&byte| byte == b'"').count() as u16,
            value,
            is_plain: text.len() <= WIDTH && value == Value::Text,
            slot: NONE,
            state: 0,
            next: [NONE; 2],
            effects: (0, 0),
        }
    }

    fn head_bytes(&self) -> &[u8] {
        &self.head.bytes[..self.head.len()]
    }

    /// Its text; `rests` are those of all steps.
    pub(super) fn text(&self, rests: &[u8]) -> Vec<u8> {
        let (head, rest) = (self.head_bytes(), self.rest as usize);
        [head, &rests[rest..rest + usize::from(self.length) - head.len()]].concat()
    }

    /// What changes before its value.
    #[inline(always)]
    pub(super) fn effects_among<'a>(&self, effects: &'a [(u16, Effect)]) -> &'a [(u16, Effect)] {
        &effects[usize::from(self.effects.0)..usize::from(self.effects.1)]
    }

    /// Whether what its head does not hold stands where its text would begin at this place.
    #[inline(never)]
    fn has_rest(&self, bytes: &[u8], at: usize, rests: &[u8]) -> bool {
        let (length, rest) = (usize::from(self.length), self.rest as usize);
        bytes.get(at + WIDTH..at + length) == rests.get(rest..rest + length - WIDTH)
    }

    /// Whether its text stands at a place where its head does, and a value of its kind may begin behind it.
    #[inline(never)]
    pub(super) fn is_behind_head(&self, bytes: &[u8], at: usize, rests: &[u8]) -> bool {
        self.may_follow(bytes, at) && (self.is_short() || self.has_rest(bytes, at, rests))
    }

    fn is_short(&self) -> bool {
        usize::from(self.length) <= WIDTH
    }

    /// Changes what is to be changed before its value; its text begins at this place of the record.
    #[inline(always)]
    pub(super) fn change<'a>(&self, effects: &[(u16, Effect)], found: &mut [Found<'a>], record: &'a str, at: usize) {
        for &(slot, effect) in self.effects_among(effects) {
            effect.change(&mut found[usize::from(slot)], record, at);
        }
    }

    /// Whether the bytes begin with its text.
    pub(super) fn begins(&self, bytes: &[u8], rests: &[u8]) -> bool {
        bytes.starts_with(self.head_bytes()) && (self.is_short() || self.has_rest(bytes, 0, rests))
    }

    /// Whether behind its text, which begins at a place, there is what a value of its kind begins with. So never more than
    /// one step of a state fits.
    #[inline(always)]
    fn may_follow(&self, bytes: &[u8], at: usize) -> bool {
        let byte = || bytes.get(at + usize::from(self.length));
        match self.value {
            Value::Text => true,
            Value::Number => matches!(byte(), Some(b'0'..=b'9' | b'-')),
            Value::Word => matches!(byte(), Some(b't' | b'f' | b'n')),
            Value::End => byte().is_none(),
        }
    }
}

/// Whether the bytes begin with these.
pub(super) fn has_head(here: &[u8; WIDTH], head: &Head) -> bool {
    here.starts_with(&head.bytes[..head.len()])
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn has_head_avx2(here: &[u8; WIDTH], head: &Head) -> bool {
    use std::arch::x86_64::{_mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8};
    // SAFETY: thirty-two bytes are read where thirty-two are, at any alignment.
    let [here, wanted] = [here, &head.bytes].map(|bytes| unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) });
    let equal = _mm256_movemask_epi8(_mm256_cmpeq_epi8(here, wanted)) as u32;
    !equal & head.bits == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn every_way_of_comparing_sees_the_same() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        for length in 0..2 * WIDTH {
            let head = Head::of(&vec![b'x'; length]);
            for odd in 0..WIDTH {
                for byte in [0, b'x', b'y'] {
                    let mut here = [b'x'; WIDTH];
                    here[odd] = byte;
                    // SAFETY: the processor has the instructions, as was just seen.
                    assert_eq!(
                        unsafe { has_head_avx2(&here, &head) },
                        has_head(&here, &head),
                        "{head:?}, {byte} at {odd}"
                    );
                }
            }
        }
    }
}
