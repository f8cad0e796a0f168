//! The wanted fields of a record in one pass over its bytes.
//!
//! The quotes are marked first ([`Quotes`]); then only what stands between strings is looked at, byte by byte, and strings
//! that nobody wants are leapt over. Invariant: what is accepted is an object as `walk` accepts it, with the same fields
//! found. Not the other way round: rare things (escaped keys, places in arrays, deep nesting) and everything that is wrong
//! are left to `walk`.

use std::borrow::Cow;

use super::found::Found;
use super::quotes::Quotes;
use super::shape::{ROOT, Shape};
use super::walk;

/// Objects and arrays within each other, at most.
const DEPTH_MAX: usize = 64;

/// Fills `found`, which has a place for every slot; `quotes` are the text's. `None`: only `walk` knows.
pub(super) fn read<'a>(shape: &Shape, quotes: &Quotes, text: &'a str, found: &mut [Found<'a>]) -> Option<()> {
    let has_escapes = quotes.has_escapes();
    let mut scan =
        Scan { text, bytes: text.as_bytes(), quotes: quotes.places(), passed: 0, has_escapes, shape, found, depth: 0 };
    let (start, byte) = scan.next(0);
    if byte != b'{' {
        return None;
    }
    let end = scan.object::<true>(start, ROOT)?;
    (scan.next(end).0 == text.len()).then_some(())
}

struct Scan<'s, 'f, 'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// The places of the quotes.
    quotes: &'s [u32],
    /// How many of them are behind us.
    passed: usize,
    has_escapes: bool,
    shape: &'s Shape,
    found: &'f mut [Found<'a>],
    depth: usize,
}

// Each method that reads something takes the place where it begins and gives the place behind it.
impl<'a> Scan<'_, '_, 'a> {
    /// The first byte from a place on that is no space, and its place; behind the end a zero, which JSON has nowhere.
    #[inline(always)]
    fn next(&self, at: usize) -> (usize, u8) {
        match self.bytes.get(at) {
            Some(&byte) if byte > b' ' => (at, byte),
            _ => self.next_far(at),
        }
    }

    #[cold]
    fn next_far(&self, mut at: usize) -> (usize, u8) {
        loop {
            match self.bytes.get(at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => at += 1,
                Some(&byte) => return (at, byte),
                None => return (at, 0),
            }
        }
    }

    /// Whether these two bytes stand there: what mostly stands between strings, asked at once.
    #[inline(always)]
    fn has(&self, at: usize, pair: [u8; 2]) -> bool {
        self.bytes.get(at..at + 2) == Some(&pair)
    }

    /// The place of the last quote of a string that is known to begin here.
    #[inline(always)]
    fn string(&mut self) -> Option<usize> {
        let end = *self.quotes.get(self.passed + 1)?;
        self.passed += 2;
        Some(end as usize)
    }

    /// An object at `node` of the wanted paths, if it is `WANTED`; else one of which nobody wants anything.
    fn object<const WANTED: bool>(&mut self, open: usize, node: usize) -> Option<usize> {
        self.depth += 1;
        let (mut at, mut byte) = self.next(open + 1);
        if self.depth > DEPTH_MAX {
            return None;
        }
        if byte == b'}' {
            self.depth -= 1;
            return Some(at + 1);
        }
        if byte != b'"' {
            return None;
        }
        loop {
            let close = self.string()?;
            let child = if WANTED { self.child(node, at + 1, close)? } else { None };
            if child.is_none() && self.has(close + 1, *b":\"") {
                at = self.string()? + 1;
            } else {
                (at, byte) = self.next(close + 1);
                if byte != b':' {
                    return None;
                }
                (at, byte) = self.next(at + 1);
                at = match child {
                    Some(child) => self.value(at, byte, child)?,
                    None => self.pass(at, byte)?,
                };
            }
            if self.has(at, *b",\"") {
                at += 1;
                continue;
            }
            (at, byte) = self.next(at);
            match byte {
                b',' => (at, byte) = self.next(at + 1),
                b'}' => break,
                _ => return None,
            }
            if byte != b'"' {
                return None;
            }
        }
        self.depth -= 1;
        Some(at + 1)
    }

    /// The node that a key leads to, with nothing found there or below yet. `None` if the key may be another than it seems.
    #[inline(always)]
    fn child(&mut self, node: usize, start: usize, end: usize) -> Option<Option<usize>> {
        let key = self.bytes.get(start..end)?;
        if self.has_escapes && key.contains(&b'\\') {
            return None;
        }
        let child = self.shape.node(node).child(key);
        if let Some(child) = child {
            for &slot in &self.shape.node(child).slots_below {
                self.found[slot] = Found::Absent;
            }
        }
        Some(child)
    }

    /// A value at `node` of the wanted paths.
    fn value(&mut self, at: usize, byte: u8, number: usize) -> Option<usize> {
        let node = self.shape.node(number);
        let (end, what) = match byte {
            b'"' => {
                let close = self.string()?;
                (close + 1, self.text_at(at, close)?)
            }
            b'{' => (self.object::<true>(at, number)?, Found::Other),
            // Which of its items are wanted is rarely asked, and not here.
            b'[' if node.is_inner() => return None,
            b'[' => (self.array(at)?, Found::Other),
            b't' => (self.word(at, "true")?, Found::Bool(true)),
            b'f' => (self.word(at, "false")?, Found::Bool(false)),
            b'n' => (self.word(at, "null")?, Found::Null),
            _ => {
                let (length, is_plain) = number_at(self.bytes.get(at..)?)?;
                (at + length, number_found(&self.text[at..at + length], is_plain)?)
            }
        };
        // Also where only something further down is wanted, what stands there has been read: it may be what nobody can.
        if let Some(slot) = node.slot {
            self.found[slot] = what;
        }
        Some(end)
    }

    /// A value that nobody wants.
    fn pass(&mut self, at: usize, byte: u8) -> Option<usize> {
        match byte {
            b'"' => self.string().map(|close| close + 1),
            b'{' => self.object::<false>(at, ROOT),
            b'[' => self.array(at),
            b't' => self.word(at, "true"),
            b'f' => self.word(at, "false"),
            b'n' => self.word(at, "null"),
            _ => number_at(self.bytes.get(at..)?).map(|(length, _)| at + length),
        }
    }

    fn array(&mut self, open: usize) -> Option<usize> {
        self.depth += 1;
        let (mut at, mut byte) = self.next(open + 1);
        if self.depth > DEPTH_MAX {
            return None;
        }
        if byte != b']' {
            loop {
                at = self.pass(at, byte)?;
                (at, byte) = self.next(at);
                match byte {
                    b',' => (at, byte) = self.next(at + 1),
                    b']' => break,
                    _ => return None,
                }
            }
        }
        self.depth -= 1;
        Some(at + 1)
    }

    fn word(&self, at: usize, word: &str) -> Option<usize> {
        self.bytes.get(at..)?.starts_with(word.as_bytes()).then_some(at + word.len())
    }

    /// The string between two quotes.
    #[inline(always)]
    fn text_at(&self, open: usize, close: usize) -> Option<Found<'a>> {
        let text = &self.text[open + 1..close];
        if self.has_escapes && text.contains('\\') {
            return walk::read_scalar(&self.text[open..=close]);
        }
        Some(Found::Text(Cow::Borrowed(text)))
    }
}

/// How long the number is that the bytes begin with, and whether it is digits alone. `None`: it is no number.
#[inline]
fn number_at(bytes: &[u8]) -> Option<(usize, bool)> {
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = usize::from(bytes.first() == Some(&b'-'));
    let whole = digits(start);
    if whole == 0 || (whole > 1 && bytes[start] == b'0') {
        return None;
    }
    let mut end = start + whole;
    let is_plain = start == 0 && !matches!(bytes.get(end), Some(b'.' | b'e' | b'E'));
    if bytes.get(end) == Some(&b'.') {
        let decimals = digits(end + 1);
        if decimals == 0 {
            return None;
        }
        end += 1 + decimals;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        end += 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end);
        if exponent == 0 {
            return None;
        }
        end += exponent;
    }
    Some((end, is_plain))
}

/// A number's value. One that `number_at` took and that is refused here is too large for a float.
fn number_found(text: &str, is_plain: bool) -> Option<Found<'_>> {
    const DIGITS_OF_U64_MIN: usize = 19;
    if is_plain && text.len() <= DIGITS_OF_U64_MIN {
        return Some(Found::Unsigned(text.bytes().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))));
    }
    walk::read_scalar(text)
}
