//! Records and lines that could not be used, one JSON object a line: where it stood, what is wrong, and its bytes.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;

/// A record or line that could not be used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter<'a> {
    /// The source.
    pub(super) source: &'a str,
    /// Its line there.
    pub(super) line: u64,
    /// The reason's name.
    pub(super) reason: &'a str,
    /// The reason for people.
    pub(super) message: &'a str,
    /// The key.
    pub(super) key: Option<&'a [u8]>,
    /// The value, or the whole line if it could not be read.
    pub(super) value: Option<&'a [u8]>,
}

/// As it is written: bytes that are no text are written in hexadecimal, under another name.
#[derive(Serialize)]
struct Written<'a> {
    source: &'a str,
    line: u64,
    reason: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_hex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_hex: Option<String>,
}

impl Letter<'_> {
    /// Writes it as a line.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { source, line, reason, message, key, value } = *self;
        let (key, key_hex) = text_or_hex(key);
        let (value, value_hex) = text_or_hex(value);
        let written = Written { source, line, reason, message, key, key_hex, value, value_hex };
        serde_json::to_writer(&mut *out, &written)?;
        out.write_all(b"\n")
    }
}

fn text_or_hex(bytes: Option<&[u8]>) -> (Option<&str>, Option<String>) {
    let Some(bytes) = bytes else { return (None, None) };
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(_) => {
            let mut hex = String::with_capacity(bytes.len() * 2);
            for byte in bytes {
                write!(hex, "{byte:02x}").expect("writing to memory does not fail");
            }
            (None, Some(hex))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_text_if_they_are_one() {
        let check = |key: Option<&[u8]>, value: Option<&[u8]>, expected: &str| {
            let mut out = Vec::new();
            let letter = Letter { source: "a", line: 7, reason: "malformed", message: "why", key, value };
            letter.write(&mut out).expect("writing to memory does not fail");
            let start = r#"{"source":"a","line":7,"reason":"malformed","message":"why""#;
            assert_eq!(String::from_utf8_lossy(&out), format!("{start}{expected}}}\n"));
        };
        check(None, Some(b"{\"a\""), r#","value":"{\"a\"""#);
        check(Some(b"k"), None, r#","key":"k""#);
        check(Some(b"\xff\x00"), Some(b"\xfe"), r#","key_hex":"ff00","value_hex":"fe""#);
    }
}
