//! Where a part of a text stands in the file that the text was read from.

use crate::yaml::{Node, Place};

/// The place of a text's character in the source: exact for plain, quoted and block texts, the text's beginning where
/// escapes make it hard to say.
pub(super) fn within(source: &str, node: &Node, text: &str, offset: usize) -> Place {
    let Some(rest) = node.byte.and_then(|byte| source.get(byte..)) else { return node.at };
    let mut cursor = Cursor { rest, at: node.at };
    if rest.starts_with(['"', '\'']) {
        cursor.step();
    }
    for wanted in text.chars().take(offset) {
        if !wanted.is_whitespace() {
            cursor.skip_whitespace_unless(wanted);
        }
        match cursor.rest.chars().next() {
            Some(found) if found == wanted => cursor.step(),
            // A line break that reads as a space, or the other way round.
            Some(found) if found.is_whitespace() && wanted.is_whitespace() => cursor.step(),
            _ => return node.at,
        }
    }
    if let Some(wanted) = text.chars().nth(offset) {
        cursor.skip_whitespace_unless(wanted);
    }
    cursor.at
}

struct Cursor<'s> {
    rest: &'s str,
    at: Place,
}

impl Cursor<'_> {
    fn step(&mut self) {
        let mut letters = self.rest.chars();
        match letters.next() {
            Some('\n') => self.at = Place { line: self.at.line + 1, column: 1 },
            Some(_) => self.at.column += 1,
            None => {}
        }
        self.rest = letters.as_str();
    }

    /// Passes the indentation of a folded text's next line.
    fn skip_whitespace_unless(&mut self, wanted: char) {
        while self.rest.starts_with(char::is_whitespace) && !self.rest.starts_with(wanted) {
            self.step();
        }
    }
}
