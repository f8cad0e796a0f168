//! Lines that hold a whole record: `{"topic":…,"timestamp":…,"key":…,"value":…}`, the value a text.

use std::borrow::Cow;

use serde::Deserialize;

use super::Record;
use super::topics::Topics;
use crate::journey::Reject;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    topic: Cow<'a, str>,
    timestamp: Option<i64>,
    key: Option<String>,
    value: Option<String>,
}

/// The record of a line.
pub(super) fn read(line: &[u8], topics: &Topics) -> Result<Record, Reject> {
    let text = std::str::from_utf8(line).map_err(|error| Reject::InvalidUtf8(error.valid_up_to()))?;
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| {
        Reject::Malformed(format!("{error}; a line is {{\"topic\",\"timestamp\",\"key\",\"value\"}}, the value a text"))
    })?;
    let input = topics.input_of(&envelope.topic).ok_or_else(|| {
        Reject::BadField(format!("topic is {:?}; the inputs' topics are {}", envelope.topic, topics.listed()))
    })?;
    Ok(Record {
        input,
        key: envelope.key.map(String::into_bytes),
        value: envelope.value.map(String::into_bytes),
        timestamp: envelope.timestamp.unwrap_or(-1),
    })
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
