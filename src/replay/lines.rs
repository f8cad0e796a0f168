//! Lines of bounded length: one without an end does not fill the memory.

use std::io::{self, BufRead};

use crate::journey::Reject;

/// The longest line that is kept. Far above any event's limit, also when it stands escaped within another text.
pub(crate) const LINE_BYTES_MAX: usize = 64 << 20;

/// Reads lines, blank ones left out.
pub(crate) struct Lines<R> {
    bytes: R,
    line: Vec<u8>,
    number: u64,
    longest: usize,
}

/// A line without its end.
pub(crate) struct Line<'a> {
    /// Its number, from 1.
    pub(crate) number: u64,
    /// Its bytes; cut off at the longest that is kept.
    pub(crate) bytes: &'a [u8],
    /// Its length, also of what was cut off.
    pub(crate) length: usize,
}

impl<'a> Line<'a> {
    /// Its bytes, if it is not too long; else what was kept of it, and why not.
    pub(crate) fn whole(&self) -> Result<&'a [u8], (Vec<u8>, Reject)> {
        match self.length {
            length if length > LINE_BYTES_MAX => Err((self.bytes.to_vec(), Reject::TooLarge(length, LINE_BYTES_MAX))),
            _ => Ok(self.bytes),
        }
    }
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(bytes: R) -> Self {
        Self::with_longest(bytes, LINE_BYTES_MAX)
    }

    fn with_longest(bytes: R, longest: usize) -> Self {
        Self { bytes, line: Vec::new(), number: 0, longest }
    }

    /// The number of the last line that was read.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line that is not blank.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            let Some(length) = self.read_line()? else { return Ok(None) };
            self.number += 1;
            let skipped = if self.number == 1 { self.line.strip_prefix(b"\xef\xbb\xbf").map_or(0, |_| 3) } else { 0 };
            if self.line[skipped..].iter().any(|byte| !byte.is_ascii_whitespace()) {
                // Tabs at the end are columns.
                let bytes = self.line[skipped..].strip_suffix(b"\r").unwrap_or(&self.line[skipped..]);
                return Ok(Some(Line { number: self.number, bytes, length: length.max(bytes.len()) }));
            }
        }
    }

    /// Takes one line up, and tells how long it is without its end; `None` at the end of the source.
    fn read_line(&mut self) -> io::Result<Option<usize>> {
        self.line.clear();
        let mut length = 0;
        let mut at_end = true;
        loop {
            let more = match self.bytes.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                more => more?,
            };
            if more.is_empty() {
                return Ok((!at_end).then_some(length));
            }
            at_end = false;
            let end = more.iter().position(|byte| *byte == b'\n');
            let part = &more[..end.unwrap_or(more.len())];
            length += part.len();
            let room = self.longest - self.line.len();
            self.line.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(end.is_some());
            self.bytes.consume(used);
            if end.is_some() {
                return Ok(Some(length));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, longest: usize, expected: &[(u64, &str, usize)]) {
        // A tiny buffer, so that lines stand across its ends.
        let mut lines = Lines::with_longest(io::BufReader::with_capacity(3, text.as_bytes()), longest);
        let mut read = Vec::new();
        while let Some(line) = lines.next().expect("reading memory does not fail") {
            read.push((line.number, String::from_utf8_lossy(line.bytes).into_owned(), line.length));
        }
        let read: Vec<_> = read.iter().map(|(number, text, length)| (*number, text.as_str(), *length)).collect();
        assert_eq!(read, expected, "{text:?}");
    }

    #[test]
    fn lines_are_numbered_and_blank_ones_left_out() {
        check("", 100, &[]);
        check("\n \r\n\n", 100, &[]);
        check("one\r\n\ntwo two\nthree", 100, &[(1, "one", 4), (3, "two two", 7), (4, "three", 5)]);
        check("a\t\t\r\nb \n", 100, &[(1, "a\t\t", 4), (2, "b ", 2)]);
        check("\u{feff}one\n", 100, &[(1, "one", 6)]);
    }

    #[test]
    fn a_line_beyond_the_longest_is_cut_off_and_the_next_one_is_whole() {
        check("1234567890\nnext\n", 5, &[(1, "12345", 10), (2, "next", 4)]);
        check("12345\nnext\n", 5, &[(1, "12345", 5), (2, "next", 4)]);
    }
}
