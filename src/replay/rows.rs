//! Rows of CSV, each as a JSON object of texts by column, which is what mappings read.
//!
//! The first row names the columns. What separates cells (`,`, `;` or a tab) is told by that row.

use std::io::{self, BufRead};

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator};

use crate::journey::Reject;

/// Reads rows.
pub(crate) struct Rows<R> {
    rows: Reader<R>,
    separator: u8,
    /// The columns' names as JSON texts with a colon.
    columns: Vec<Vec<u8>>,
    row: ByteRecord,
    line: u64,
}

/// A row: its value, or its bytes (in its cells, if not in its quotes) and what is wrong with it.
pub(crate) type Row = Result<Vec<u8>, (Vec<u8>, Reject)>;

impl<R: BufRead> Rows<R> {
    /// Reads the first row.
    pub(crate) fn new(mut bytes: R) -> io::Result<Self> {
        if bytes.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            bytes.consume(3);
        }
        let separator = separator(bytes.fill_buf()?);
        let mut rows = ReaderBuilder::new();
        // Ended by the line feed alone, because a row's line is not known otherwise; the carriage return is cut off here.
        let rows = rows.delimiter(separator).terminator(Terminator::Any(b'\n')).flexible(true);
        let mut rows = rows.from_reader(bytes);
        let names = rows.byte_headers().map_err(io_error)?;
        let columns = names.iter().map(|name| {
            let mut column = Vec::new();
            write_text(name.trim_ascii(), &mut column);
            column.push(b':');
            column
        });
        let columns = columns.collect();
        Ok(Self { rows, separator, columns, row: ByteRecord::new(), line: 1 })
    }

    /// The next row that is not blank, with the line it begins in.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, Row)>> {
        loop {
            if !self.rows.read_byte_record(&mut self.row).map_err(io_error)? {
                return Ok(None);
            }
            if self.row.len() > 1 || self.row.iter().any(|cell| !cell.trim_ascii().is_empty()) {
                break;
            }
        }
        self.line = self.row.position().map_or(self.line + 1, csv::Position::line);
        if self.row.len() != self.columns.len() {
            let why = format!("the row has {} cells, the first row {}", self.row.len(), self.columns.len());
            return Ok(Some((self.line, Err((self.as_written(), Reject::Malformed(why))))));
        }
        if let Some(cell) = self.row.iter().find_map(|cell| std::str::from_utf8(cell).err()) {
            return Ok(Some((self.line, Err((self.as_written(), Reject::InvalidUtf8(cell.valid_up_to()))))));
        }
        let mut object = vec![b'{'];
        for (at, (column, cell)) in self.columns.iter().zip(&self.row).enumerate() {
            if at > 0 {
                object.push(b',');
            }
            object.extend_from_slice(column);
            let is_last = at + 1 == self.columns.len();
            write_text(if is_last { cell.strip_suffix(b"\r").unwrap_or(cell) } else { cell }, &mut object);
        }
        object.push(b'}');
        Ok(Some((self.line, Ok(object))))
    }

    fn as_written(&self) -> Vec<u8> {
        self.row.iter().collect::<Vec<_>>().join(&self.separator)
    }
}

/// What stands most often in the first line, quotes left out.
fn separator(start: &[u8]) -> u8 {
    let mut quoted = false;
    let first_line = start.iter().take_while(|byte| **byte != b'\n').filter(|byte| {
        quoted ^= **byte == b'"';
        !quoted
    });
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in first_line {
        counts.iter_mut().filter(|(separator, _)| separator == byte).for_each(|(_, count)| *count += 1);
    }
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(separator, _)| *separator)
}

fn write_text(bytes: &[u8], out: &mut Vec<u8>) {
    serde_json::to_writer(out, &String::from_utf8_lossy(bytes)).expect("writing to memory does not fail");
}

/// With flexible rows of bytes, reading is all that can fail.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], expected: &[(u64, Result<&str, &str>)]) {
        let mut rows = Rows::new(text).expect("reading memory does not fail");
        let mut read = Vec::new();
        while let Some((line, row)) = rows.next().expect("reading memory does not fail") {
            let row = row.map(|object| String::from_utf8_lossy(&object).into_owned());
            read.push((line, row.map_err(|(_, reject)| reject.reason())));
        }
        let read: Vec<_> = read.iter().map(|(line, row)| (*line, row.as_deref().map_err(|reason| *reason))).collect();
        assert_eq!(read, expected, "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn a_row_is_an_object_of_texts() {
        check(
            b"a,b\n1,x\n,\"y \"\"z\"\"\"\n",
            &[(2, Ok(r#"{"a":"1","b":"x"}"#)), (3, Ok(r#"{"a":"","b":"y \"z\""}"#))],
        );
        check(
            b"\xef\xbb\xbfa, b\r\n1,2\r\n\r\n3,4",
            &[(2, Ok(r#"{"a":"1","b":"2"}"#)), (4, Ok(r#"{"a":"3","b":"4"}"#))],
        );
        check(
            "naïve\n\"one\ntwo\"\nthree".as_bytes(),
            &[(2, Ok(r#"{"naïve":"one\ntwo"}"#)), (4, Ok(r#"{"naïve":"three"}"#))],
        );
        check(b"a,b\n", &[]);
        check(b"", &[]);
    }

    #[test]
    fn rows_may_end_as_windows_ends_them() {
        check(b"a,b\r\n1,\"x\"\r\n\r\n2,\r\n", &[(2, Ok(r#"{"a":"1","b":"x"}"#)), (4, Ok(r#"{"a":"2","b":""}"#))]);
    }

    #[test]
    fn the_first_row_tells_what_separates_cells() {
        check(b"a;b;c,d\n1;2;2,5\n", &[(2, Ok(r#"{"a":"1","b":"2","c,d":"2,5"}"#))]);
        check(b"a\tb\n1\t2;3\n", &[(2, Ok(r#"{"a":"1","b":"2;3"}"#))]);
        check(b"\"a;;\",b,c\n1,2,3\n", &[(2, Ok(r#"{"a;;":"1","b":"2","c":"3"}"#))]);
    }

    #[test]
    fn a_row_of_another_length_or_of_other_bytes_is_told() {
        check(
            b"a,b\n1\n1,2,3\n4,5\n",
            &[(2, Err("malformed")), (3, Err("malformed")), (4, Ok(r#"{"a":"4","b":"5"}"#))],
        );
        check(b"a,b\n1,\xff\n4,5\n", &[(2, Err("invalid_utf8")), (3, Ok(r#"{"a":"4","b":"5"}"#))]);
    }
}
