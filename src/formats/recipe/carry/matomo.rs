//! Requests of Matomo's tracking API: an object of JSON, or a query string (bare, behind a question mark, or in a whole URL)
//! as such an object. In the bulk form, texts in `requests` become objects, too; the text `ec_items` becomes the JSON in it.
//!
//! Bytes go over as they are percent-encoded: that they are UTF-8 is seen when the whole is read. A parameter that is there
//! twice is written twice; the last one counts, as it does for PHP.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::form::query;
use super::write_text;
use crate::journey::Reject;

/// The request, or the requests, as an object.
pub(super) fn to_json(bytes: &[u8]) -> Result<Vec<u8>, Reject> {
    let bytes = bytes.trim_ascii();
    let mut out = Vec::with_capacity(bytes.len() * 2);
    if bytes.starts_with(b"{") {
        let text = std::str::from_utf8(bytes).map_err(|error| Reject::InvalidUtf8(error.valid_up_to()))?;
        write_object(text, true, &mut out).map_err(|error| Reject::Malformed(error.to_string()))?;
    } else if bytes.starts_with(b"[") || !bytes.contains(&b'=') {
        return Err(Reject::Malformed("neither an object nor a query string".into()));
    } else {
        write_query(query(bytes), &mut out);
    }
    Ok(out)
}

fn write_object(text: &str, has_requests: bool, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let Fields(fields) = serde_json::from_str(text)?;
    out.push(b'{');
    for (number, (key, value)) in fields.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write_text(key, out);
        out.push(b':');
        match &**key {
            "requests" if has_requests && value.get().starts_with('[') => write_requests(value, out)?,
            "ec_items" if value.get().starts_with('"') => {
                let text: String = serde_json::from_str(value.get())?;
                write_json_of(text.as_bytes(), out);
            }
            _ => out.extend_from_slice(value.get().as_bytes()),
        }
    }
    out.push(b'}');
    Ok(())
}

fn write_requests(requests: &RawValue, out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let requests: Vec<&RawValue> = serde_json::from_str(requests.get())?;
    out.push(b'[');
    for (number, request) in requests.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        match request.get().as_bytes().first() {
            Some(b'"') => {
                let text: Cow<'_, str> = serde_json::from_str(request.get())?;
                write_query(query(text.as_bytes()), out);
            }
            Some(b'{') => write_object(request.get(), false, out)?,
            _ => out.extend_from_slice(request.get().as_bytes()),
        }
    }
    out.push(b']');
    Ok(())
}

/// An object of the parameters.
fn write_query(query: &[u8], out: &mut Vec<u8>) {
    out.push(b'{');
    let mut is_first = true;
    for parameter in query.split(|byte| *byte == b'&').filter(|parameter| !parameter.is_empty()) {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        let equals = parameter.iter().position(|byte| *byte == b'=');
        let (key, value) = parameter.split_at(equals.unwrap_or(parameter.len()));
        let value = value.strip_prefix(b"=").unwrap_or_default();
        write_decoded(key, out);
        out.push(b':');
        if key == b"ec_items" {
            write_json_of(&Decoded(value).collect::<Vec<u8>>(), out);
        } else {
            write_decoded(value, out);
        }
    }
    out.push(b'}');
}

/// What a text says as JSON; the text itself if that is none.
fn write_json_of(text: &[u8], out: &mut Vec<u8>) {
    if serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok() {
        out.extend_from_slice(text);
    } else {
        write_bytes(text.iter().copied(), out);
    }
}

fn write_decoded(encoded: &[u8], out: &mut Vec<u8>) {
    let is_plain = |byte: &u8| *byte >= 0x20 && !matches!(byte, b'"' | b'\\' | b'%' | b'+');
    if encoded.iter().all(is_plain) {
        out.push(b'"');
        out.extend_from_slice(encoded);
        out.push(b'"');
    } else {
        write_bytes(Decoded(encoded), out);
    }
}

/// A text of these bytes.
fn write_bytes(bytes: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            ..0x20 => {
                let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', DIGITS[high], DIGITS[low]]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

/// The bytes that are meant: a plus is a space, `%41` a byte.
struct Decoded<'q>(&'q [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (byte, rest) = match self.0 {
            [b'%', high, low, rest @ ..] if let (Some(high), Some(low)) = (digit(*high), digit(*low)) => {
                ((high << 4 | low) as u8, rest)
            }
            [b'+', rest @ ..] => (b' ', rest),
            [byte, rest @ ..] => (*byte, rest),
            [] => return None,
        };
        self.0 = rest;
        Some(byte)
    }
}

/// The fields of an object, in order.
struct Fields<'t>(Vec<(Cow<'t, str>, &'t RawValue)>);

impl<'t> serde::Deserialize<'t> for Fields<'t> {
    fn deserialize<D: serde::Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'t> Visitor<'t> for Form {
            type Value = Fields<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Form)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: &str, expected: Result<&str, &str>) {
        let json = to_json(request.as_bytes());
        let json = json.map(|json| String::from_utf8_lossy(&json).into_owned()).map_err(|reject| reject.reason());
        assert_eq!(json, expected.map(str::to_owned), "{request}");
    }

    #[test]
    fn a_query_string_is_an_object_of_texts() {
        let expected = Ok(r#"{"idsite":"1","action_name":"A \"b\" %zé\u000a","x":"","y":""}"#);
        let query = "idsite=1&action_name=A+%22b%22%20%z%C3%A9%0a&&x=&y";
        check(query, expected);
        check(&format!("?{query}\n"), expected);
        check(&format!("https://stats.example/matomo.php?{query}#top"), expected);
        check("a=1&url=https://shop.example/?x=2", Ok(r#"{"a":"1","url":"https://shop.example/?x=2"}"#));
    }

    #[test]
    fn requests_are_objects() {
        check(r#"{"a": {"b" :1}, "ec_items":[]}"#, Ok(r#"{"a":{"b" :1},"ec_items":[]}"#));
        check(
            r#"{"requests":["?a=1","b=2",{"c":3,"requests":["?d=4"]},7],"time":5}"#,
            Ok(r#"{"requests":[{"a":"1"},{"b":"2"},{"c":3,"requests":["?d=4"]},7],"time":5}"#),
        );
    }

    #[test]
    fn items_are_what_their_text_says() {
        check("ec_items=%5B%5B%22p%22%2C%22%22%5D%5D", Ok(r#"{"ec_items":[["p",""]]}"#));
        check("ec_items=%5B%22", Ok(r#"{"ec_items":"[\""}"#));
        check(r#"{"ec_items":"[[\"p\"]]"}"#, Ok(r#"{"ec_items":[["p"]]}"#));
        check(r#"{"requests":[{"ec_items":"[]"}]}"#, Ok(r#"{"requests":[{"ec_items":[]}]}"#));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for request in ["", " ", "hello", "[\"?a=1\"]", "{", "{\"a\":}", "{\"requests\":[", "{}x"] {
            check(request, Err("malformed"));
        }
        assert!(to_json(b"a=%ff").is_ok_and(|bytes| bytes == b"{\"a\":\"\xff\"}"));
    }
}
