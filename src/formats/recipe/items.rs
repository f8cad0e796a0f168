//! The items of a JSON array, each as its own text.
//!
//! Invariant: of a text that is a JSON array, these are its items, whole. Of any other text something comes out, too; what
//! is read of it says what is wrong.

/// The items of an array; of anything else itself, as its only item.
pub(super) fn of(array: &str) -> Items<'_> {
    let array = array.trim_ascii();
    let inner = array.strip_prefix('[').unwrap_or(array);
    Items { rest: inner.trim_ascii_start(), wants_more: false }
}

/// See [`of`].
pub(super) struct Items<'a> {
    rest: &'a str,
    /// Whether a comma was the last that was seen.
    wants_more: bool,
}

impl Items<'_> {
    /// When all were given: whether the array ended as arrays do, with nothing behind it.
    pub(super) fn is_whole(&self) -> bool {
        !self.wants_more && self.rest.trim_ascii_end() == "]"
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() || self.rest.starts_with([']', '}']) {
            return None;
        }
        let end = end_of(self.rest.as_bytes());
        let item = self.rest[..end].trim_ascii_end();
        let behind = &self.rest[end..];
        self.wants_more = behind.starts_with(',');
        self.rest = behind.strip_prefix(',').map_or(behind, str::trim_ascii_start);
        Some(item)
    }
}

/// The place behind a value: of the comma or bracket that is not within it.
fn end_of(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_text(bytes, at + 1),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The place of the quote that ends a text.
fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    while let Some(next) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += next;
        if bytes[at] == b'"' {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(array: &str, expected: &[&str]) {
        assert_eq!(of(array).collect::<Vec<_>>(), expected, "{array}");
    }

    #[test]
    fn items_are_told_apart_by_the_commas_that_are_not_within_them() {
        check("[]", &[]);
        check(" [ ] ", &[]);
        check("[1]", &["1"]);
        check(r#"[ {"a":[1,2]} , "x,]\"" ,null ]"#, &[r#"{"a":[1,2]}"#, r#""x,]\"""#, "null"]);
        check(r#"[[1,[2]],{"é":"ü,"}]"#, &["[1,[2]]", r#"{"é":"ü,"}"#]);
    }

    #[test]
    fn what_is_no_array_ends() {
        let is_whole = |text| {
            let mut items = of(text);
            items.by_ref().count();
            items.is_whole()
        };
        for (text, whole) in
            [("[]", true), ("[1,{}] ", true), ("[1,]", false), ("[1", false), ("[1]x", false), ("[1}", false)]
        {
            assert_eq!(is_whole(text), whole, "{text}");
        }
        for text in ["", "{", "[1", "[\"", "[\"\\", "[,", "[}", "[1,]", "[{\"a\":1}", "7"] {
            assert!(of(text).count() < 3, "{text}");
        }
    }
}
