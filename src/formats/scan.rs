//! The wanted fields of a record in one pass over its bytes.
//!
//! The quotes are marked first ([`Quotes`]); then only what stands between strings is looked at, byte by byte, and strings
//! that nobody wants are leapt over. Invariant: what is accepted is an object as `walk` accepts it, with the same fields
//! found. Not the other way round: rare things (escaped keys, places in arrays, deep nesting) and everything that is wrong
//! are left to `walk`.

use super::found::Found;
use super::lesson::{Effect, Frame, Notes};
use super::literal::{number_at, number_found, text_at, word_at};
use super::quotes::Quotes;
use super::shape::{ROOT, Shape};

/// Objects and arrays within each other, at most.
const DEPTH_MAX: usize = 64;

/// Fills `found`, which has a place for every slot; `quotes` are the text's. What the record consists of is written into
/// `notes`. `None`: only `walk` knows.
pub(super) fn read<'a, N: Notes>(
    shape: &Shape,
    quotes: &Quotes,
    text: &'a str,
    found: &mut [Found<'a>],
    notes: &mut N,
) -> Option<()> {
    let has_escapes = quotes.has_escapes();
    let (bytes, quotes) = (text.as_bytes(), quotes.places());
    let mut scan = Scan { text, bytes, quotes, passed: 0, has_escapes, shape, found, notes, depth: 0 };
    let (start, byte) = scan.next(0);
    if byte != b'{' {
        return None;
    }
    let end = scan.value(start, byte, ROOT)?;
    if scan.next(end).0 != text.len() {
        return None;
    }
    scan.notes.end(text.len());
    Some(())
}

struct Scan<'s, 'f, 'a, N> {
    text: &'a str,
    bytes: &'a [u8],
    /// The places of the quotes.
    quotes: &'s [u32],
    /// How many of them are behind us.
    passed: usize,
    has_escapes: bool,
    shape: &'s Shape,
    found: &'f mut [Found<'a>],
    notes: &'f mut N,
    depth: usize,
}

// Each method that reads something takes the place where it begins and gives the place behind it.
impl<'a, N: Notes> Scan<'_, '_, 'a, N> {
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
        self.notes.opened(if WANTED { Frame::Wanted(node) } else { Frame::Object });
        let (mut at, mut byte) = self.next(open + 1);
        if self.depth > DEPTH_MAX {
            return None;
        }
        if byte == b'}' {
            self.depth -= 1;
            self.notes.closed();
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
                self.notes.value(close + 2, at, None);
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
        self.notes.closed();
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
                self.notes.changed(slot, Effect::Empty);
            }
        }
        Some(child)
    }

    /// A value at `node` of the wanted paths.
    fn value(&mut self, at: usize, byte: u8, number: usize) -> Option<usize> {
        let node = self.shape.node(number);
        if matches!(byte, b'{' | b'[') {
            if let Some(slot) = node.slot {
                self.found[slot] = Found::Other;
                self.notes.changed(slot, Effect::Other);
            }
            if let Some(slot) = node.raw_slot {
                self.notes.begins(slot, at);
            }
            let end = match byte {
                b'{' => self.object::<true>(at, number),
                b'[' if node.is_inner() => self.array::<true>(at, number, Frame::Items(number, 0)),
                _ => self.array::<false>(at, number, node.raw_slot.map_or(Frame::Array, |_| Frame::Whole(number))),
            }?;
            if let Some(slot) = node.raw_slot {
                self.found[slot] = Found::Raw(self.text.get(at..end)?);
                self.notes.ends(slot, end);
            }
            return Some(end);
        }
        // Also where only something further down is wanted, what stands there is read: it may be what nobody can.
        let (end, what) = match byte {
            b'"' => {
                let close = self.string()?;
                (close + 1, text_at(self.text, at, close, self.has_escapes)?)
            }
            b't' | b'f' | b'n' => word_at(self.bytes.get(at..)?).map(|(length, what)| (at + length, what))?,
            _ => {
                let (length, is_plain) = number_at(self.bytes.get(at..)?)?;
                (at + length, number_found(&self.text[at..at + length], is_plain)?)
            }
        };
        match node.slot {
            Some(slot) => self.found[slot] = what,
            None if matches!(what, Found::Null | Found::Bool(_)) => {}
            None => self.notes.unusual(),
        }
        self.notes.value(at, end, node.slot);
        Some(end)
    }

    /// A value that nobody wants.
    fn pass(&mut self, at: usize, byte: u8) -> Option<usize> {
        let end = match byte {
            b'{' => return self.object::<false>(at, ROOT),
            b'[' => return self.array::<false>(at, ROOT, Frame::Array),
            b'"' => self.string()? + 1,
            b't' | b'f' | b'n' => at + word_at(self.bytes.get(at..)?)?.0,
            _ => at + number_at(self.bytes.get(at..)?)?.0,
        };
        self.notes.value(at, end, None);
        Some(end)
    }

    /// An array, at `number` of the wanted paths if some of its items are `WANTED`; else one of whose items none is.
    fn array<const WANTED: bool>(&mut self, open: usize, number: usize, frame: Frame) -> Option<usize> {
        self.depth += 1;
        self.notes.opened(frame);
        let (mut at, mut byte) = self.next(open + 1);
        if self.depth > DEPTH_MAX {
            return None;
        }
        if byte != b']' {
            for position in 0.. {
                let child = if WANTED {
                    let node = self.shape.node(number);
                    self.notes.turned(Frame::Items(number, position.min(node.positions())));
                    node.child_at(position)
                } else {
                    None
                };
                at = match child {
                    Some(child) => self.value(at, byte, child)?,
                    None => self.pass(at, byte)?,
                };
                (at, byte) = self.next(at);
                match byte {
                    b',' => (at, byte) = self.next(at + 1),
                    b']' => break,
                    _ => return None,
                }
            }
        }
        self.depth -= 1;
        self.notes.closed();
        Some(at + 1)
    }
}
