//! Texts, numbers and words (`true`, `false`, `null`) as JSON writes them.

use std::borrow::Cow;

use super::found::Found;
use super::{swar, walk};

/// What stands between two quotes. `None`: it has escapes that make no text.
#[inline(always)]
pub(super) fn text_at(record: &str, open: usize, close: usize, has_escapes: bool) -> Option<Found<'_>> {
    let mut found = Found::Absent;
    put_text(&mut found, record, open, close, has_escapes)?;
    Some(found)
}

/// Keeps what stands between two quotes. `None`: it has escapes that make no text.
#[inline(always)]
pub(super) fn put_text<'a>(
    found: &mut Found<'a>,
    record: &'a str,
    open: usize,
    close: usize,
    has_escapes: bool,
) -> Option<()> {
    let Some([b'"', text @ .., b'"']) = record.as_bytes().get(open..close + 1) else { return None };
    // SAFETY: a quote is a character of its own, so between two of them there are whole ones.
    let text = unsafe { std::str::from_utf8_unchecked(text) };
    *found = Found::Text(Cow::Borrowed(text));
    if has_escapes { put_escaped(found, &record[open..=close]) } else { Some(()) }
}

/// Keeps a text, which is given with its quotes, anew if it has escapes.
#[cold]
#[inline(never)]
fn put_escaped<'a>(found: &mut Found<'a>, quoted: &'a str) -> Option<()> {
    if quoted.contains('\\') {
        *found = Found::Text(Cow::Owned(unescaped(&quoted[1..quoted.len() - 1])?));
    }
    Some(())
}

/// What stands between two quotes, with its escapes resolved. `None`: one of them means no character.
///
/// JSON within a text of JSON, as queues wrap it, has an escape every few bytes: what is between them is copied by the word.
fn unescaped(text: &str) -> Option<String> {
    const WORD: usize = 8;
    let mut rest = text.as_bytes();
    let mut plain: Vec<u8> = Vec::with_capacity(rest.len());
    loop {
        let before = match rest.first_chunk::<WORD>() {
            Some(word) => {
                let before = swar::first(swar::equal(u64::from_le_bytes(*word), b'\\'));
                let end = plain.len() + before;
                plain.extend_from_slice(word);
                plain.truncate(end);
                if before == WORD {
                    rest = &rest[WORD..];
                    continue;
                }
                before
            }
            None => {
                let before = rest.iter().position(|byte| *byte == b'\\').unwrap_or(rest.len());
                plain.extend_from_slice(&rest[..before]);
                if before == rest.len() {
                    // SAFETY: of a text, escapes, which are ASCII, were exchanged for whole characters.
                    return Some(unsafe { String::from_utf8_unchecked(plain) });
                }
                before
            }
        };
        let (escaped, mut length) = (*rest.get(before + 1)?, 2);
        // Nearly all are quotes.
        if escaped == b'"' {
            plain.push(escaped);
        } else if let Some(byte) = of_letter(escaped) {
            plain.push(byte);
        } else {
            let character;
            (character, length) = numbered(&rest[before..])?;
            plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        rest = &rest[before + length..];
    }
}

/// What an escape of one letter means; `None`: JSON has none of this letter.
pub(super) fn of_letter(letter: u8) -> Option<u8> {
    match letter {
        b'"' | b'\\' | b'/' => Some(letter),
        b'n' => Some(b'\n'),
        b't' => Some(b'\t'),
        b'r' => Some(b'\r'),
        b'b' => Some(0x08),
        b'f' => Some(0x0c),
        _ => None,
    }
}

/// The character whose number the escape that the bytes begin with tells, and how long that escape is; beyond the first
/// 65,536 characters it takes two (RFC 8259, section 7).
fn numbered(bytes: &[u8]) -> Option<(char, usize)> {
    const ONE: usize = "\\u0000".len();
    let unit = |at: usize| {
        let digits: &[u8; 4] = bytes.get(at..at + ONE)?.strip_prefix(br"\u")?.try_into().ok()?;
        digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
    };
    let first = unit(0)?;
    match first {
        0xd800..=0xdbff => {
            let second = unit(ONE)?.checked_sub(0xdc00).filter(|second| *second < 0x400)?;
            Some((char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + second)?, 2 * ONE))
        }
        _ => Some((char::from_u32(first)?, ONE)),
    }
}

/// What a text is that is nothing but a string without escapes.
pub(super) fn plain_text(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = inner.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    is_plain.then_some(inner)
}

/// The number that the bytes begin with, and how long it is, if it is an ordinary one: up to nineteen digits, up to eight
/// decimals, and not where the record ends.
#[inline]
pub(super) fn ordinary_number_at(bytes: &[u8]) -> Option<(Found<'static>, usize)> {
    const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
    let first = Digits::of(*bytes.first_chunk()?);
    let (mut value, mut length) = (first.value()?, first.count);
    if length == 8
        && let second = Digits::of(*bytes[8..].first_chunk()?)
        && let Some(more) = second.value()
    {
        (value, length) = (value * TENS[second.count] + more, length + second.count);
        // As identifiers may be long.
        if length == 16
            && let Some(third) = bytes[16..].first_chunk().map(|bytes| Digits::of(*bytes))
            && let (Some(more), 1..=3) = (third.value(), third.count)
        {
            (value, length) = (value * TENS[third.count] + more, length + third.count);
        }
    }
    let mut found = Found::Unsigned(value);
    if bytes.get(length) == Some(&b'.') {
        let decimals = Digits::of(*bytes[length + 1..].first_chunk()?);
        let (part, tens) = (decimals.value()?, TENS[decimals.count]);
        let value = value.checked_mul(tens)?.checked_add(part)?;
        found = Found::Float(exact_quotient(value, tens)?);
        length += 1 + decimals.count;
    }
    let may_end = !matches!(bytes.get(length)?, b'0'..=b'9' | b'.' | b'e' | b'E');
    let may_begin = bytes[0] != b'0' || length == 1 || bytes[1] == b'.';
    (may_begin && may_end).then_some((found, length))
}

/// A quotient as the nearest float there is: what floats hold exactly they divide so (Clinger, *How to Read Floating Point
/// Numbers Accurately*, 1990). `None`: the dividend has too many digits for that.
#[inline]
fn exact_quotient(dividend: u64, tens: u64) -> Option<f64> {
    (dividend <= 1 << f64::MANTISSA_DIGITS).then(|| dividend as f64 / tens as f64)
}

/// How long the number is that the bytes begin with, and whether it is digits alone. `None`: it is no number.
#[inline]
pub(super) fn number_at(bytes: &[u8]) -> Option<(usize, bool)> {
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

/// The digits that eight bytes begin with.
struct Digits {
    /// What each is worth, a byte each, the first the lowest; then anything.
    values: u64,
    count: usize,
}

impl Digits {
    #[inline]
    fn of(bytes: [u8; 8]) -> Self {
        // Digits become their numbers this way, and no other bytes become so little.
        let values = u64::from_le_bytes(bytes) ^ u64::from_le_bytes([b'0'; 8]);
        // The highest bit of a byte shows whether it is more than nine. What carries into later ones comes from such a byte.
        let others = (values.wrapping_add(u64::from_le_bytes([118; 8])) | values) & u64::from_le_bytes([128; 8]);
        Self { values, count: others.trailing_zeros() as usize / 8 }
    }

    /// The number they are, if there are any: pairs are made of them, fours of the pairs, and the number of those.
    #[inline]
    fn value(&self) -> Option<u64> {
        let empty = 64_u32.checked_sub(8 * self.count as u32).filter(|empty| *empty < 64)?;
        let digits = self.values << empty;
        let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
        Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
    }
}

/// A number's value. One that `number_at` took and that is refused here is too large for a float.
pub(super) fn number_found(text: &str, is_plain: bool) -> Option<Found<'_>> {
    const DIGITS_OF_U64_MIN: usize = 19;
    if is_plain && text.len() <= DIGITS_OF_U64_MIN {
        return Some(Found::Unsigned(text.bytes().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))));
    }
    walk::read_number(text)
}

/// The word that the bytes begin with, and its length. `None`: it is none of the three.
#[inline]
pub(super) fn word_at(bytes: &[u8]) -> Option<(usize, Found<'static>)> {
    match bytes {
        [b't', b'r', b'u', b'e', ..] => Some((4, Found::Bool(true))),
        [b'f', b'a', b'l', b's', b'e', ..] => Some((5, Found::Bool(false))),
        [b'n', b'u', b'l', b'l', ..] => Some((4, Found::Null)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_string_by_itself_is_read_as_json() {
        for text in ["\"\"", " \"x\" ", "\"", "\"é, ü\"", "\"a\"b\"", "\"a\\\"\"", "\"a\nb\"", "x", "1", "{}", ""] {
            let json = serde_json::from_str::<&str>(text).ok();
            assert_eq!(plain_text(text), json.filter(|_| text.starts_with('"')), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn escapes_are_resolved_as_by_a_whole_parser(
            text in r#"([ -!#-\[\]-~é€😀]{0,20}\\(["\\/bfnrt0x]|u[dD][89a-fA-F][0-9a-f]{2}|u[0-9A-Fa-g]{3,4}|u\+041)){0,6}[ -!#-\[\]-~é€😀]{0,20}"#,
        ) {
            let json = serde_json::from_str::<String>(&format!("\"{text}\"")).ok();
            prop_assert_eq!(unescaped(&text), json, "{}", text);
        }

        #[test]
        fn numbers_are_read_as_digit_by_digit(
            text in "-?[0-9]{0,26}(\\.[0-9]{0,20})?([eE][+-]?[0-9]{0,9})?[-+0-9a-zA-Z.,:/;}\\] \u{7f}é]{0,12}",
        ) {
            let bytes = text.as_bytes();
            let read = number_at(bytes).and_then(|(length, is_plain)| number_found(&text[..length], is_plain));
            if let Some((found, length)) = ordinary_number_at(bytes) {
                let is_plain = matches!(found, Found::Unsigned(_));
                prop_assert_eq!(number_at(bytes), Some((length, is_plain)), "{}", text);
                prop_assert_eq!(read, Some(found), "{}", text);
            } else if let Some((length, true)) = number_at(bytes) {
                prop_assert!(length > 19 || bytes.len() < 24, "{}", text);
            }
        }
    }
}
