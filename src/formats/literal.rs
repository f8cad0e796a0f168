//! Texts, numbers and words (`true`, `false`, `null`) as JSON writes them.

use std::borrow::Cow;

use super::found::Found;
use super::walk;

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
        *found = walk::read_scalar(quoted)?;
    }
    Some(())
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

/// A number's value. One that `number_at` took and that is refused here is too large for a float.
pub(super) fn number_found(text: &str, is_plain: bool) -> Option<Found<'_>> {
    const DIGITS_OF_U64_MIN: usize = 19;
    if is_plain && text.len() <= DIGITS_OF_U64_MIN {
        return Some(Found::Unsigned(text.bytes().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))));
    }
    walk::read_scalar(text)
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
