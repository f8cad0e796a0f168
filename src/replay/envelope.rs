//! Lines that hold a whole record: `{"topic":…,"timestamp":…,"key":…,"value":…}`, the value a text; one that is none stands in
//! hexadecimal in `value_hex`, as in the dead letters of a replay. `headers`, if there are any, is an object of texts.

use std::collections::BTreeMap;

use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::Record;
use super::topics::Topics;
use crate::journey::Reject;

/// A line that holds a whole record.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    /// The topic's name.
    pub(crate) topic: String,
    timestamp: Option<i64>,
    key: Option<String>,
    value: Option<String>,
    #[serde(default, deserialize_with = "hexadecimal")]
    value_hex: Option<Vec<u8>>,
    headers: Option<BTreeMap<String, Option<String>>>,
}

impl Envelope {
    /// What a line says.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, Reject> {
        let text = std::str::from_utf8(line).map_err(|error| Reject::InvalidUtf8(error.valid_up_to()))?;
        let malformed = |what: String| {
            let form =
                "a line is {\"topic\",\"timestamp\",\"key\",\"value\"}, the value a text, or bytes as \"value_hex\"";
            Reject::Malformed(format!("{what}; {form}"))
        };
        let envelope: Self = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        match (&envelope.value, &envelope.value_hex) {
            (Some(_), Some(_)) => Err(malformed("it has both value and value_hex".to_owned())),
            _ => Ok(envelope),
        }
    }

    /// The record, of that input.
    pub(crate) fn into_record(self, input: usize) -> Record {
        let headers = self.headers.into_iter().flatten();
        Record {
            input,
            key: self.key.map(String::into_bytes),
            value: self.value.map(String::into_bytes).or(self.value_hex),
            timestamp: self.timestamp.unwrap_or(-1),
            headers: headers.map(|(name, value)| (name, value.map(String::into_bytes))).collect(),
        }
    }
}

/// Bytes, two digits each.
fn hexadecimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let digit = |digit: &u8| char::from(*digit).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = text.as_bytes().chunks(2).map(byte).collect();
    bytes.map(Some).ok_or_else(|| D::Error::custom("value_hex is not two hexadecimal digits a byte"))
}

/// Whether a line is one of these, and nothing else that happens to have a topic.
pub(crate) fn is_envelope(line: &[u8]) -> bool {
    const KEYS: [&str; 8] = ["topic", "timestamp", "key", "value", "value_hex", "headers", "partition", "offset"];
    let keys: Option<BTreeMap<String, IgnoredAny>> = serde_json::from_slice(line).ok();
    let fits = keys.is_some_and(|keys| {
        let has_value = keys.contains_key("value") || keys.contains_key("value_hex");
        has_value && keys.keys().all(|key| KEYS.contains(&&**key))
    });
    fits && Envelope::parse(line).is_ok()
}

/// The record of a line.
pub(super) fn read(line: &[u8], topics: &Topics) -> Result<Record, Reject> {
    let envelope = Envelope::parse(line)?;
    let input = topics.input_of(&envelope.topic).ok_or_else(|| {
        Reject::BadField(format!("topic is {:?}; the inputs' topics are {}", envelope.topic, topics.listed()))
    })?;
    Ok(envelope.into_record(input))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Input, key, value and timestamp.
    type Fields<'a> = (usize, Option<&'a str>, Option<&'a str>, i64);

    fn check(line: &str, expected: Result<Fields<'_>, &str>) {
        let topics = Topics::new(&[("clicks", "clicks"), ("pos", "pos")]);
        let record = read(line.as_bytes(), &topics);
        let fields = |record: &Record| {
            let text =
                |bytes: &Option<Vec<u8>>| bytes.clone().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            (record.input, text(&record.key), text(&record.value), record.timestamp)
        };
        let read = record.as_ref().map(fields).map_err(Reject::reason);
        let expected = expected
            .map(|(input, key, value, timestamp)| (input, key.map(str::to_owned), value.map(str::to_owned), timestamp));
        assert_eq!(read, expected, "{line}");
    }

    #[test]
    fn a_line_is_a_record() {
        check(
            r#"{"topic":"pos","timestamp":7,"key":"k","value":"{\"a\":1}"}"#,
            Ok((1, Some("k"), Some(r#"{"a":1}"#), 7)),
        );
        check(r#"{"value":"x","key":null,"topic":"pos","partition":3}"#, Ok((1, None, Some("x"), -1)));
        check(r#"{"topic":"clicks","timestamp":7,"value":null}"#, Ok((0, None, None, 7)));
    }

    #[test]
    fn a_value_that_is_no_text_stands_in_hexadecimal() {
        let value = |line: &str| read(line.as_bytes(), &Topics::new(&[("shop", "shop")])).map(|record| record.value);
        let check = |digits: &str, expected: &[u8]| {
            let line = format!(r#"{{"topic":"shop","value_hex":"{digits}"}}"#);
            assert_eq!(value(&line), Ok(Some(expected.to_vec())), "{line}");
        };
        check("0000000001ff", &[0, 0, 0, 0, 1, 0xff]);
        check("aBCd", &[0xab, 0xcd]);
        check("", &[]);
        assert_eq!(value(r#"{"topic":"shop","value_hex":null,"value":"x"}"#), Ok(Some(b"x".to_vec())));
        let refused = |line: &str, expected: &str| {
            let reject = value(line).expect_err(line);
            assert!(reject.reason() == "malformed" && reject.to_string().contains(expected), "{line}: {reject}");
        };
        refused(r#"{"topic":"shop","value_hex":"0"}"#, "two hexadecimal digits a byte");
        refused(r#"{"topic":"shop","value_hex":"0g"}"#, "two hexadecimal digits a byte");
        refused(r#"{"topic":"shop","value_hex":"+1"}"#, "two hexadecimal digits a byte");
        refused(r#"{"topic":"shop","value_hex":"é"}"#, "two hexadecimal digits a byte");
        refused(r#"{"topic":"shop","value":"x","value_hex":"00"}"#, "both value and value_hex");
    }

    #[test]
    fn a_line_may_have_headers() {
        let topics = Topics::new(&[("shop", "shop")]);
        let line = br#"{"topic":"shop","value":"{}","headers":{"X-Topic":"orders/create","empty":null}}"#;
        let record = read(line, &topics).expect("a record");
        let expected = [("X-Topic".to_owned(), Some(b"orders/create".to_vec())), ("empty".to_owned(), None)];
        assert_eq!(record.headers, expected);
    }

    #[test]
    fn only_a_line_of_these_keys_is_taken_for_one_unasked() {
        let check = |line: &str, expected: bool| assert_eq!(is_envelope(line.as_bytes()), expected, "{line}");
        check(r#"{"topic":"a","timestamp":7,"key":"k","value":"x"}"#, true);
        check(r#"{"topic":"a","partition":0,"offset":1,"value":null}"#, true);
        check(r#"{"topic":"a","value_hex":"00"}"#, true);
        check(r#"{"topic":"a","value":{"a":1}}"#, false);
        check(r#"{"topic":"a","value":"x","userId":"c-1"}"#, false);
        check(r#"{"topic":"a"}"#, false);
        check("[]", false);
    }

    #[test]
    fn what_is_no_such_line_says_why() {
        check("hello", Err("malformed"));
        check("[]", Err("malformed"));
        check(r#"{"userId":"c1"}"#, Err("malformed"));
        check(r#"{"topic":"clicks","value":{"a":1}}"#, Err("malformed"));
        check(r#"{"topic":"clicks","timestamp":"7"}"#, Err("malformed"));
        check(r#"{"topic":"clicks"} x"#, Err("malformed"));
        check(r#"{"topic":"other","value":"x"}"#, Err("bad_field"));
    }
}
