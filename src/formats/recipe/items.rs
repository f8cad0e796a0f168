//! The items of a JSON array, each as its own text.
//!
//! Invariant: of a text that is a JSON array, these are its items, whole. Of any other text something comes out, too; what
//! is read of it says what is wrong.

use crate::formats::passage::Passage;

/// The items of an array; of anything else itself, as its only item.
pub(super) fn of<'q, 'a>(array: Passage<'q, 'a>) -> Items<'q, 'a> {
    let text = array.text.trim_ascii_end();
    let start = text.len() - text.trim_ascii_start().len();
    let at = start + usize::from(text[start..].starts_with('['));
    let mut items = Items { array: Passage { text, ..array }, at, passed: 0, wants_more: false };
    items.skip_spaces();
    items
}

/// See [`of`].
pub(super) struct Items<'q, 'a> {
    array: Passage<'q, 'a>,
    at: usize,
    /// Quotes before that.
    passed: usize,
    /// Whether a comma was the last that was seen.
    wants_more: bool,
}

impl Items<'_, '_> {
    /// When all were given: whether the array ended as arrays do, with nothing behind it.
    pub(super) fn is_whole(&self) -> bool {
        !self.wants_more && self.array.text[self.at..].trim_ascii_end() == "]"
    }

    fn skip_spaces(&mut self) {
        let bytes = self.array.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// The place behind the value that begins here: of the comma or bracket that is not within it.
    fn end(&mut self) -> usize {
        let bytes = self.array.text.as_bytes();
        let (mut depth, mut at) = (0_usize, self.at);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => {
                    let known = self.array.quotes.and_then(|quotes| quotes.end_of_string(self.passed));
                    self.passed += 2;
                    at = known.unwrap_or_else(|| end_of_text(bytes, at + 1));
                }
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
}

impl<'q, 'a> Iterator for Items<'q, 'a> {
    type Item = Passage<'q, 'a>;

    fn next(&mut self) -> Option<Passage<'q, 'a>> {
        let Passage { text, quotes } = self.array;
        if matches!(text.as_bytes().get(self.at), None | Some(b']' | b'}')) {
            return None;
        }
        let (start, passed) = (self.at, self.passed);
        self.at = self.end();
        let quotes = quotes.map(|quotes| quotes.numbered(passed, self.passed, start));
        let item = Passage { text: text[start..self.at].trim_ascii_end(), quotes };
        self.wants_more = text[self.at..].starts_with(',');
        if self.wants_more {
            self.at += 1;
            self.skip_spaces();
        }
        Some(item)
    }
}

/// The place of the quote that ends a text, where it was not marked: what cannot be is not JSON.
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
    use crate::formats::quotes::Quotes;

    fn texts(array: Passage<'_, '_>) -> Vec<String> {
        of(array).map(|item| item.text.to_owned()).collect()
    }

    fn check(array: &str, expected: &[&str]) {
        assert_eq!(texts(Passage::bare(array)), expected, "{array}");
        let mut quotes = Quotes::default();
        quotes.mark(array.as_bytes()).expect("it is JSON");
        let marked = Passage::marked(array, &quotes);
        assert_eq!(texts(marked), expected, "{array}");
        for item in of(marked) {
            let (mut taken, mut own) = (Quotes::default(), Quotes::default());
            taken.take(&item.quotes.expect("those of the array are known"), item.text.len());
            own.mark(item.text.as_bytes()).expect("it is JSON");
            assert_eq!(taken.places_and_end(), own.places_and_end(), "{} of {array}", item.text);
            assert_eq!(texts(item), texts(Passage::bare(item.text)), "{} of {array}", item.text);
        }
    }

    #[test]
    fn items_are_told_apart_by_the_commas_that_are_not_within_them() {
        check("[]", &[]);
        check(" [ ] ", &[]);
        check("[1]", &["1"]);
        check(r#"[ {"a":[1,2]} , "x,]\"" ,null ]"#, &[r#"{"a":[1,2]}"#, r#""x,]\"""#, "null"]);
        check(r#"[[1,[2]],{"é":"ü,"}]"#, &["[1,[2]]", r#"{"é":"ü,"}"#]);
        let long = "x,".repeat(20);
        check(&format!(r#"["{long}\"]{long}", "y"]"#), &[&format!(r#""{long}\"]{long}""#), "\"y\""]);
    }

    #[test]
    fn what_is_no_array_ends() {
        let is_whole = |text| {
            let mut items = of(Passage::bare(text));
            items.by_ref().count();
            items.is_whole()
        };
        for (text, whole) in
            [("[]", true), ("[1,{}] ", true), ("[1,]", false), ("[1", false), ("[1]x", false), ("[1}", false)]
        {
            assert_eq!(is_whole(text), whole, "{text}");
        }
        for text in ["", "{", "[1", "[\"", "[\"\\", "[,", "[}", "[1,]", "[{\"a\":1}", "7"] {
            assert!(of(Passage::bare(text)).count() < 3, "{text}");
        }
    }
}
