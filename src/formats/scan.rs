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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATHS: [&[&str]; 9] = [
        &["userId"],
        &["properties", "path"],
        &["properties", "total"],
        &["properties"],
        &["data", "object", "payment", "status"],
        &["data", "object", "a_key_of_some_length"],
        &["list", "1", "a"],
        &["timestamp"],
        &[""],
    ];

    fn shape() -> Shape {
        let mut shape = Shape::new();
        for path in PATHS {
            shape.slot(path);
        }
        shape
    }

    /// What `scan` finds, if it takes the record at all, is what `walk` finds; whether it took it.
    fn check(text: &str) -> Result<bool, TestCaseError> {
        let shape = shape();
        let (mut fast, mut slow) = (vec![Found::Absent; shape.slots()], vec![Found::Absent; shape.slots()]);
        let mut quotes = Quotes::default();
        let marked = quotes.mark(text.as_bytes());
        prop_assert_eq!(text.is_ascii() || marked.is_none(), quotes.is_ascii() || marked.is_none());
        let taken = marked.and_then(|()| read(&shape, &quotes, text, &mut fast)).is_some();
        if taken {
            prop_assert_eq!(
                walk::read(&shape, text, &mut slow).map_err(|reject| reject.to_string()),
                Ok(()),
                "{}",
                text
            );
            prop_assert_eq!(fast, slow, "{}", text);
        }
        Ok(taken)
    }

    #[track_caller]
    fn check_taken(text: &str) {
        assert!(check(text).unwrap(), "not taken: {text}");
    }

    #[test]
    fn ordinary_records_are_taken() {
        check_taken("{}");
        check_taken(" { } \n");
        check_taken(r#"{"userId":"c1","n":-1.5e+3,"m":0,"list":null,"ok":true,"no":false,"e":[],"o":{},"":1}"#);
        check_taken(r#"{"list" : "x" , "a" : [ 1 , "b" , { "c" : [ ] } ], "userId":"a\"b", "other":"\u00e9\\"}"#);
        check_taken(
            r#"{"properties":{"path":"/é","total":12.95},"data":{"object":{"payment":{"status":"x"},"a_key_of_some_length":7}}}"#,
        );
        check_taken(
            r#"{"timestamp":18446744073709551615,"userId":9223372036854775808,"properties":-9223372036854775808}"#,
        );
        check_taken(r#"{"timestamp":9999999999999999999,"userId":123456789012345678901234567890,"properties":-0}"#);
        check_taken(
            r#"{"a_key":{"userId":"inner"},"userId":"outer","properties":{"path":1},"properties":{"total":2}}"#,
        );
        check_taken("{\n  \"userId\": \"c1\",\n  \"properties\": {\n\t\"path\": \"/\"\r\n  }\n}\n");
    }

    #[test]
    fn what_is_rare_or_wrong_is_left_to_the_other_way() {
        for text in [
            "",
            "[]",
            "1",
            "{",
            "{}{}",
            "{} x",
            r#"{"user\u0049d":1}"#,
            r#"{"list":[1]}"#,
            r#"{"a":1,}"#,
            r#"{,"a":1}"#,
            r#"{"a" 1}"#,
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[1 2]}"#,
            r#"{"a":[1}"#,
            r#"{"a":{"b":1]}"#,
            r#"{a:1}"#,
            r#"{"a":01}"#,
            r#"{"a":-}"#,
            r#"{"a":1.}"#,
            r#"{"a":.5}"#,
            r#"{"a":1e}"#,
            r#"{"a":+1}"#,
            r#"{"a":truex}"#,
            r#"{"a":nul}"#,
            r#"{"a":"b}"#,
            "{\"a\":\"b\nc\"}",
            r#"{"userId":"\ud800"}"#,
            r#"{"userId":1e999}"#,
            r#"{"properties":1e999}"#,
            r#"{"properties":"\udfff"}"#,
            "\u{feff}{}",
        ] {
            assert!(!check(text).unwrap(), "taken: {text}");
        }
        assert!(!check(&format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100))).unwrap());
    }

    /// Pieces that JSON is made of, so that what is generated is often nearly right.
    fn piece() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(
            &[
                "{",
                "}",
                "[",
                "]",
                ",",
                ":",
                "\"userId\"",
                "\"properties\"",
                "\"path\"",
                "\"list\"",
                "\"\"",
                "\"data\"",
                "\"object\"",
                "\"a_key_of_some_length\"",
                "\"a_key_of_some_lengtH\"",
                "\"\\\"\"",
                "\"\\u12\"",
                "\"\\ud800\"",
                "\"é\"",
                "1",
                "-0",
                "1.5",
                "1e999",
                "true",
                "null",
                " ",
                "\n",
                "\\",
                "\"",
                "\u{1}",
                "\"userId\":\"c1\",",
                "\"properties\":{\"path\":1,\"total\":2.5}",
                "{\"list\":",
                "\"timestamp\":17,",
            ][..],
        )
    }

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            any::<f64>().prop_map(|number| format!("{number:e}")),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<u64>().prop_map(|number| number.to_string()),
            any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        ];
        let key = prop_oneof![
            4 => proptest::sample::select(PATHS.concat()).prop_map(|key| format!("\"{key}\"")),
            1 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        ];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            let fields = proptest::collection::vec((key.clone(), inner.clone()), 0..6);
            prop_oneof![
                4 => fields.prop_map(|fields| {
                    let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
                    format!("{{{}}}", fields.join(","))
                }),
                1 => proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn documents_are_read_as_the_other_way_reads_them(text in value()) {
            check(&text)?;
        }

        #[test]
        fn pieces_in_any_order_are_read_as_the_other_way_reads_them(pieces in proptest::collection::vec(piece(), 0..24)) {
            check(&format!("{{{}}}", pieces.concat()))?;
        }

        #[test]
        fn documents_with_a_byte_changed_are_read_as_the_other_way_reads_them(
            text in value(), at in any::<proptest::sample::Index>(), byte in 0_u8..128,
        ) {
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(text) = std::str::from_utf8(&bytes) {
                check(text)?;
            }
        }
    }
}
