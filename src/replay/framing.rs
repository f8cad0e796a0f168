//! How a file falls into records: lines, rows, whole documents.
//!
//! Told by the file's name, by its first bytes and by what the format reads; nobody is asked. What is in doubt is a line.

use std::io::{self, BufRead, Cursor, Read};
use std::ops::Range;
use std::path::Path;
use std::vec::IntoIter;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::envelope::is_envelope;
use super::lines::{LINE_BYTES_MAX, Lines};
use super::rows::Rows;
use crate::formats::Carrier;
use crate::journey::Reject;

/// How much of a file is looked at before it is read.
const LOOK_BYTES: usize = 1 << 20;
/// How many lines are looked at for one that is JSON by itself.
const LOOK_LINES: usize = 10;

/// How a file falls into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// Each line holds a record with its topic, key and time.
    Envelopes,
    /// Each line is one.
    Lines,
    /// Each row is one; the first has the names of the columns.
    Rows,
    /// JSON documents one after the other, however they are broken into lines.
    Documents,
    /// The file is one.
    Whole,
}

pub(super) type Bytes = Box<dyn BufRead + Send>;

/// Reads a file record by record.
pub(crate) struct Framed {
    framing: Framing,
    pieces: Pieces,
    line: u64,
}

enum Pieces {
    Lines(Lines<Bytes>),
    Rows(Rows<Bytes>),
    Parts(Vec<u8>, IntoIter<(u64, Range<usize>)>),
}

/// The line that a record begins in, and its bytes; or those that are none, and why.
pub(crate) type Frame = (u64, Result<Vec<u8>, (Vec<u8>, Reject)>);

impl Framed {
    /// Looks at a file and gets ready to read it.
    pub(crate) fn open(mut bytes: Bytes, name: Option<&Path>, carrier: Option<Carrier>) -> io::Result<Self> {
        let mut start = Vec::new();
        bytes.by_ref().take(LOOK_BYTES as u64).read_to_end(&mut start)?;
        let framing = guess(&start, start.len() < LOOK_BYTES, ending(name).as_deref(), carrier);
        let mut bytes: Bytes = Box::new(Cursor::new(start).chain(bytes));
        let pieces = match framing {
            Framing::Envelopes | Framing::Lines => Pieces::Lines(Lines::new(bytes)),
            Framing::Rows => Pieces::Rows(Rows::new(bytes)?),
            Framing::Documents | Framing::Whole => {
                let mut all = Vec::new();
                bytes.by_ref().take(LINE_BYTES_MAX as u64 + 1).read_to_end(&mut all)?;
                if all.len() > LINE_BYTES_MAX {
                    let why = format!(
                        "it is no record a line, and with more than {LINE_BYTES_MAX} bytes too large to be read whole"
                    );
                    return Err(io::Error::new(io::ErrorKind::InvalidData, why));
                }
                let parts = if framing == Framing::Documents { documents(&all) } else { whole(&all) };
                Pieces::Parts(all, parts.into_iter())
            }
        };
        Ok(Self { framing, pieces, line: 0 })
    }

    /// Whether the file looks as if each line held a record with its topic, key and time.
    pub(crate) fn holds_envelopes(&self) -> bool {
        self.framing == Framing::Envelopes
    }

    /// The line that the last record began in.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The next record; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> io::Result<Option<Frame>> {
        let frame = match &mut self.pieces {
            Pieces::Lines(lines) => lines.next()?.map(|line| (line.number, line.whole().map(<[u8]>::to_vec))),
            Pieces::Rows(rows) => rows.next()?,
            Pieces::Parts(all, parts) => parts.next().map(|(line, part)| (line, Ok(all[part].to_vec()))),
        };
        self.line = frame.as_ref().map_or(self.line, |(line, _)| *line);
        Ok(frame)
    }
}

/// What the name says of the content, whether or not it is packed.
fn ending(name: Option<&Path>) -> Option<String> {
    let name = Path::new(name?.file_name()?);
    let is_packed = name.extension().is_some_and(|ending| ending == "gz");
    let name = if is_packed { Path::new(name.file_stem()?) } else { name };
    name.extension().map(|ending| ending.to_string_lossy().to_lowercase())
}

fn guess(start: &[u8], is_all: bool, ending: Option<&str>, carrier: Option<Carrier>) -> Framing {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let text = text.trim_ascii_start();
    let end = text.iter().position(|byte| *byte == b'\n');
    let line = text[..end.unwrap_or(text.len())].trim_ascii_end();
    let is_columns = matches!(carrier, Some(Carrier::Tsv | Carrier::Snowplow | Carrier::Matomo));
    let is_json = matches!(ending, Some("json" | "ndjson" | "jsonl"));
    if ending == Some("csv") {
        return Framing::Rows;
    }
    match text.first() {
        None => Framing::Lines,
        Some(0) => Framing::Whole,
        Some(b'<') if is_element(line) => Framing::Lines,
        Some(b'<') => Framing::Whole,
        Some(b'{' | b'[') => json(text, line, end.is_some() || is_all, is_all, ending),
        Some(_) if is_json || is_columns || is_form(line) => Framing::Lines,
        Some(_) if line.contains(&b'\t') && !has_names(line) && carrier != Some(Carrier::Json) => Framing::Lines,
        Some(_) => Framing::Rows,
    }
}

/// Of a file that begins as JSON does. `is_line`: whether the first line is all there.
fn json(text: &[u8], line: &[u8], is_line: bool, is_all: bool, ending: Option<&str>) -> Framing {
    let is_whole = |line: &[u8]| serde_json::from_slice::<IgnoredAny>(line).is_ok();
    if !is_line || is_whole(line) {
        return if is_envelope(line) { Framing::Envelopes } else { Framing::Lines };
    }
    match serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>().next() {
        Some(Ok(_)) => return Framing::Documents,
        Some(Err(error)) if error.is_eof() && !is_all => return Framing::Documents,
        _ => {}
    }
    let is_lines = text.split(|byte| *byte == b'\n').take(LOOK_LINES).any(|line| !line.is_empty() && is_whole(line));
    if is_lines || matches!(ending, Some("ndjson" | "jsonl")) { Framing::Lines } else { Framing::Whole }
}

/// Whether a line is an XML document by itself.
fn is_element(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let after_declaration = text.split_once("?>").map_or(&*text, |(_, rest)| rest).trim_start();
    let name: String =
        after_declaration.chars().skip(1).take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '/')).collect();
    !name.is_empty() && text.ends_with(&format!("</{name}>"))
}

/// Whether a line is what a browser posts as a form, or asks for with a URL.
fn is_form(line: &[u8]) -> bool {
    let has_others = line.iter().any(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b',' | b';' | b'<'));
    let name = line.split(|byte| *byte == b'=').next().unwrap_or_default();
    !has_others && name.len() < line.len() && !name.is_empty()
}

/// Whether the first line of a file with tabs tells what its columns are called.
fn has_names(line: &[u8]) -> bool {
    line.split(|byte| *byte == b'\t').all(|cell| cell.first().is_some_and(|first| !first.is_ascii_digit()))
}

/// The JSON documents of a file; what comes after the last that can be read is one more piece, for whoever decodes it to refuse.
fn documents(all: &[u8]) -> Vec<(u64, Range<usize>)> {
    let mut pieces = Vec::new();
    let mut found = serde_json::Deserializer::from_slice(all.strip_prefix(b"\xef\xbb\xbf").unwrap_or(all))
        .into_iter::<Box<RawValue>>();
    let skipped = if all.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut end = skipped;
    let mut counted = (0, 1);
    while let Some(document) = found.next() {
        let start = end + all[end..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        end = if document.is_ok() { skipped + found.byte_offset() } else { all.len() };
        counted = (start, counted.1 + all[counted.0..start].iter().filter(|byte| **byte == b'\n').count() as u64);
        pieces.push((counted.1, start..end));
        if document.is_err() {
            break;
        }
    }
    pieces
}

/// The file itself, without the line feed that editors put at its end.
fn whole(all: &[u8]) -> Vec<(u64, Range<usize>)> {
    let text = all.strip_suffix(b"\n").unwrap_or(all);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    // Of other bytes than text, the last may well look like one.
    let end = if std::str::from_utf8(all).is_ok() { text.len() } else { all.len() };
    vec![(1, 0..end)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line and value of each record.
    fn check(name: &str, carrier: Option<Carrier>, text: &str, expected: &[(u64, &str)]) {
        let bytes: Bytes = Box::new(Cursor::new(text.as_bytes().to_vec()));
        let mut framed = Framed::open(bytes, Some(Path::new(name)), carrier).expect("memory can be read");
        let mut read = Vec::new();
        while let Some((line, value)) = framed.next().expect("memory can be read") {
            let text = value.map(|value| String::from_utf8_lossy(&value).into_owned());
            read.push((line, text.unwrap_or_else(|(_, reject)| reject.reason().to_owned())));
        }
        let expected: Vec<_> = expected.iter().map(|(line, text)| (*line, (*text).to_owned())).collect();
        assert_eq!(read, expected, "{name}: {text}");
    }

    #[test]
    fn json_is_a_record_a_line_or_a_document() {
        check("a.ndjson", None, "{\"a\":1}\n\n{\"a\":2}\n", &[(1, "{\"a\":1}"), (3, "{\"a\":2}")]);
        check("a.json", None, "{\n\"a\":1}\n", &[(1, "{\n\"a\":1}")]);
        check("a", None, "[\n1]\n\n{\n\"a\":2}\n", &[(1, "[\n1]"), (4, "{\n\"a\":2}")]);
        check("a", None, "{\n\"a\":1}\n{\"b\n", &[(1, "{\n\"a\":1}"), (3, "{\"b\n")]);
        check("a.json", None, "{\"a\":\n", &[(1, "{\"a\":")]);
        check("a.jsonl", None, "{\"a\":\n{}\n", &[(1, "{\"a\":"), (2, "{}")]);
        check("a", None, "{broken\n{}\n", &[(1, "{broken"), (2, "{}")]);
        check("a.json", None, "hello\n{}\n", &[(1, "hello"), (2, "{}")]);
    }

    #[test]
    fn a_line_may_hold_a_record_with_its_topic() {
        let holds_envelopes = |text: &str| {
            let bytes: Bytes = Box::new(Cursor::new(text.as_bytes().to_vec()));
            Framed::open(bytes, Some(Path::new("a")), None).expect("memory can be read").holds_envelopes()
        };
        assert!(holds_envelopes("{\"topic\":\"t\",\"value\":\"x\"}\n[]\n"));
        assert!(!holds_envelopes("{\"topic\":\"t\",\"value\":\"x\",\"more\":1}\n[]\n"));
    }

    #[test]
    fn rows_have_names_above_them_and_lines_have_none() {
        check("a.csv", None, "a,b\n1,2\n3\n", &[(2, "{\"a\":\"1\",\"b\":\"2\"}"), (3, "malformed")]);
        check("a.csv.gz", None, "{a\n1\n", &[(2, "{\"{a\":\"1\"}")]);
        check("a", None, "a\tb\n1\t2\n", &[(2, "{\"a\":\"1\",\"b\":\"2\"}")]);
        check("a.tsv", None, "x\t\t2\ny\t\t3\n", &[(1, "x\t\t2"), (2, "y\t\t3")]);
        check("a.tsv", Some(Carrier::Tsv), "x\ty\n", &[(1, "x\ty")]);
        check("a.tsv", Some(Carrier::Json), "1\ty\n2\tz\n", &[(2, "{\"1\":\"2\",\"y\":\"z\"}")]);
    }

    #[test]
    fn forms_and_xml_are_lines_if_a_line_is_one() {
        check("a", None, "a=1&b=x+y\na=2\n", &[(1, "a=1&b=x+y"), (2, "a=2")]);
        check("a", None, "https://x.example/m.php?a=1\n", &[(1, "https://x.example/m.php?a=1")]);
        check(
            "a.xml",
            None,
            "<?xml version='1.0'?>\n<a>\n<b/>\n</a>\n",
            &[(1, "<?xml version='1.0'?>\n<a>\n<b/>\n</a>")],
        );
        check("a.xml", None, "<a>1</a>\n<a>2</a>\n", &[(1, "<a>1</a>"), (2, "<a>2</a>")]);
    }

    #[test]
    fn what_is_framed_by_a_registry_is_one_record() {
        check("a.bin", None, "\0\0\0\0\u{1}{\"a\":1}", &[(1, "\0\0\0\0\u{1}{\"a\":1}")]);
        check("a", None, "", &[]);
    }
}
