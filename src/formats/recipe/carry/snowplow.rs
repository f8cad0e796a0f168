//! Enriched events of Snowplow: a row of 131 columns as the object that the analytics SDK for Scala makes of it; such an
//! object as it is.
//!
//! Entities are arrays `contexts_<vendor>_<name>_<model>`, those that the tracker sent before those that the pipeline added;
//! the event is the object `unstruct_event_<vendor>_<name>_<model>`. Their data is copied as it is written: that it is JSON is
//! seen when the whole is read, and what is copied ends where its brackets and quotes do, so that it cannot reach beyond
//! itself.

use std::borrow::Cow;

use super::snowplow_columns::{
    CONTEXTS, COUNT, DERIVED_CONTEXTS, FIRST_FLAG, IS_MOBILE, KEYS, LAST_FLAG, UNSTRUCT_EVENT, name,
};
use super::snowplow_entities::{Described, Schemas, entities, event};
use super::write_text;
use crate::formats::quotes::Quotes;
use crate::journey::Reject;

/// Turns rows into objects.
#[derive(Default)]
pub(super) struct Snowplow {
    quotes: Quotes,
    schemas: Schemas,
    /// Of the row that is read, in order: the schema, where the data begins in its column and ends, and the column.
    found: Vec<Entity>,
    /// By column, whether nobody reads it; empty if that is not known.
    unread: Vec<bool>,
}

struct Entity {
    schema: usize,
    data: std::ops::Range<usize>,
    column: usize,
}

impl Snowplow {
    /// Leaves all other columns out from now on. What the tracker and the pipeline added has keys of its own, and stays.
    pub(super) fn keep<'k>(&mut self, keys: impl Iterator<Item = &'k str>) {
        let keys: Vec<&str> = keys.collect();
        self.unread = (0..COUNT).map(|column| !keys.contains(&name(column))).collect();
    }

    /// The event as an object.
    pub(super) fn turn<'a>(&mut self, bytes: Cow<'a, [u8]>) -> Result<Cow<'a, [u8]>, Reject> {
        // Tabs before it would be columns.
        if bytes.iter().find(|byte| !matches!(byte, b' ' | b'\n' | b'\r')) == Some(&b'{') {
            return Ok(bytes);
        }
        let row = std::str::from_utf8(&bytes).map_err(|error| Reject::InvalidUtf8(error.valid_up_to()))?;
        self.object(row).map(Cow::Owned)
    }

    fn object(&mut self, row: &str) -> Result<Vec<u8>, Reject> {
        let row = row.strip_suffix('\n').unwrap_or(row);
        let row = Row::new(row.strip_suffix('\r').unwrap_or(row))?;
        self.describe(&row)?;
        let mut out = Vec::with_capacity(row.text.len() + 4096);
        out.push(b'{');
        for part in [0..CONTEXTS, CONTEXTS + 1..UNSTRUCT_EVENT, UNSTRUCT_EVENT + 1..DERIVED_CONTEXTS] {
            row.write(part, &self.unread, &mut out);
        }
        row.write(DERIVED_CONTEXTS + 1..COUNT, &self.unread, &mut out);
        self.write_entities(&row, &mut out);
        // Each field has a comma before it.
        if let Some(comma) = out.get_mut(1) {
            *comma = b' ';
        }
        out.push(b'}');
        Ok(out)
    }

    /// Finds the entities and the event.
    fn describe(&mut self, row: &Row<'_>) -> Result<(), Reject> {
        let Self { quotes, schemas, found, .. } = self;
        found.clear();
        schemas.forget_many();
        for column in [CONTEXTS, DERIVED_CONTEXTS, UNSTRUCT_EVENT] {
            let text = row.column(column);
            if text.is_empty() {
                continue;
            }
            let note = |Described { schema, data }: Described<'_>| {
                let start = data.as_ptr() as usize - text.as_ptr() as usize;
                found.push(Entity { schema: schemas.of(schema)?, data: start..start + data.len(), column });
                Some(())
            };
            let marked = quotes.mark(text.as_bytes()).map(|()| quotes.places());
            let read = marked.and_then(|places| match column {
                UNSTRUCT_EVENT => event(text, places, note),
                _ => entities(text, places, note),
            });
            if read.is_none() {
                return Err(refusal(column, text));
            }
        }
        Ok(())
    }

    fn write_entities(&self, row: &Row<'_>, out: &mut Vec<u8>) {
        let Self { schemas, found, .. } = self;
        for (number, entity) in found.iter().enumerate() {
            let key = schemas.key(entity.schema);
            let is_event = entity.column == UNSTRUCT_EVENT;
            if is_event {
                out.extend_from_slice(b",\"unstruct_event");
                write_field(key, &row.column(entity.column)[entity.data.clone()], out);
                continue;
            }
            let is_alike = |other: &&Entity| other.schema == entity.schema && other.column != UNSTRUCT_EVENT;
            if number > 0 && found[..number].iter().any(|other| is_alike(&other)) {
                continue;
            }
            out.extend_from_slice(b",\"contexts");
            out.extend_from_slice(key.as_bytes());
            out.extend_from_slice(b"\":");
            let mut before = b'[';
            for other in found[number..].iter().filter(is_alike) {
                out.push(before);
                out.extend_from_slice(row.column(other.column)[other.data.clone()].as_bytes());
                before = b',';
            }
            out.push(b']');
        }
    }
}

fn write_field(key: &str, data: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
    out.extend_from_slice(data.as_bytes());
}

/// Bytes looked at together: a bit each in a word.
const BLOCK: usize = 64;

/// A row, whose columns were found.
struct Row<'r> {
    text: &'r str,
    /// Where each column begins, and one behind where the last ends.
    starts: [u32; COUNT + 1],
}

impl<'r> Row<'r> {
    /// There must be exactly so many columns.
    fn new(text: &'r str) -> Result<Self, Reject> {
        let end = u32::try_from(text.len() + 1).map_err(|_| Reject::Malformed("a row without an end".into()))?;
        let mut starts = [0; COUNT + 1];
        let mut number = 0;
        let (blocks, tail) = text.as_bytes().as_chunks::<BLOCK>();
        let mut last = [b' '; BLOCK];
        last[..tail.len()].copy_from_slice(tail);
        let mut begin = 0_u32;
        for block in blocks.iter().chain([&last]) {
            let mut tabs = tabs(block);
            while tabs != 0 {
                number += 1;
                if let Some(start) = starts.get_mut(number) {
                    *start = begin + tabs.trailing_zeros() + 1;
                }
                tabs &= tabs - 1;
            }
            begin = begin.saturating_add(BLOCK as u32);
        }
        if number + 1 != COUNT {
            return Err(Reject::Malformed(format!("{} columns, where an enriched event has {COUNT}", number + 1)));
        }
        starts[COUNT] = end;
        Ok(Self { text, starts })
    }

    /// A column's text.
    #[inline]
    fn column(&self, column: usize) -> &'r str {
        let (start, next) = (self.starts[column] as usize, self.starts[column + 1] as usize);
        self.text.get(start..next - 1).unwrap_or_default()
    }

    /// Writes columns that are not empty and not unread, as texts; those that are yes or no as such.
    fn write(&self, part: std::ops::Range<usize>, unread: &[bool], out: &mut Vec<u8>) {
        let whole = self.starts[part.start] as usize..self.starts[part.end] as usize - 1;
        let is_plain = is_plain(self.text.get(whole).unwrap_or_default().as_bytes());
        for column in part {
            if self.starts[column] + 1 == self.starts[column + 1] || unread.get(column) == Some(&true) {
                continue;
            }
            let text = self.column(column);
            out.extend_from_slice(KEYS[column].as_bytes());
            if (FIRST_FLAG..=LAST_FLAG).contains(&column) || column == IS_MOBILE {
                match text {
                    "1" => out.extend_from_slice(b"true"),
                    "0" => out.extend_from_slice(b"false"),
                    text => write_text(text, out),
                }
            } else if is_plain {
                out.push(b'"');
                out.extend_from_slice(text.as_bytes());
                out.push(b'"');
            } else {
                write_text(text, out);
            }
        }
    }
}

/// A bit for every tab.
#[cfg(target_arch = "x86_64")]
fn tabs(block: &[u8; BLOCK]) -> u64 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8};
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |bits, part| {
        // SAFETY: every processor of this kind has these instructions, and sixteen bytes are read where sixteen are, at any
        // alignment.
        let found = unsafe {
            _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(part.as_ptr().cast()), _mm_set1_epi8(b'\t' as i8)))
        };
        bits << 16 | u64::from(found as u16)
    })
}

/// A bit for every tab.
#[cfg(not(target_arch = "x86_64"))]
fn tabs(block: &[u8; BLOCK]) -> u64 {
    block.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(*byte == b'\t'))
}

/// Whether texts with tabs between them can stand between quotes as they are.
fn is_plain(texts: &[u8]) -> bool {
    // Without a way out in between, many bytes are looked at together.
    let is_odd = |byte: u8| (byte < 0x20) & (byte != b'\t') | (byte == b'"') | (byte == b'\\');
    !texts.iter().fold(false, |any, byte| any | is_odd(*byte))
}

/// Says what is wrong with a column that should be JSON.
#[cold]
fn refusal(column: usize, text: &str) -> Reject {
    let name = name(column);
    Reject::Malformed(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(error) => format!("{name}: {error}"),
        Ok(_) => format!("{name}: no self-describing JSON"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row in which these columns stand.
    fn row(fields: &[(usize, &str)]) -> String {
        let mut columns = [""; COUNT];
        for (column, text) in fields {
            columns[*column] = text;
        }
        columns.join("\t")
    }

    fn check(row: &str, expected: Result<&str, &str>) {
        let mut snowplow = Snowplow::default();
        // Twice, for what is kept of one row must not change another.
        for _ in 0..2 {
            let json = snowplow.turn(Cow::Borrowed(row.as_bytes()));
            let json = json.map(|json| String::from_utf8_lossy(&json).into_owned()).map_err(|reject| reject.reason());
            assert_eq!(json, expected.map(str::to_owned), "{row:?}");
        }
    }

    #[test]
    fn columns_are_texts_and_flags() {
        check(&row(&[]), Ok("{}"));
        check(&row(&[(0, "shop"), (COUNT - 1, "x\"y")]), Ok(r#"{ "app_id":"shop","true_tstamp":"x\"y"}"#));
        check(&format!("{}\r\n", row(&[(1, "é")])), Ok(r#"{ "platform":"é"}"#));
        check(&row(&[(FIRST_FLAG, "1"), (IS_MOBILE, "0")]), Ok(r#"{ "br_features_pdf":true,"dvce_ismobile":false}"#));
        check(" {\"event\": 1}", Ok(" {\"event\": 1}"));
    }

    #[test]
    fn entities_are_arrays_by_their_schemas() {
        let contexts = r#"{"schema":"iglu:x/contexts/jsonschema/1-0-0","data":[
            {"schema":"iglu:com.acme-shop/aThing-or_Two/jsonschema/1-0-0","data":{"a":"}\"]"}},
            {"data":[1,[2]],"schema":"iglu:com.acme/HTTPCode/jsonschema/2-0-0"},
            {"schema":"iglu:com.acme-shop\/aThing-or_Two\/jsonschema\/1-2-0" , "more":{"x":[]}, "data" : 7 }]}"#;
        let contexts = contexts.replace('\n', "");
        let derived = r#"{"data":[{"schema":"iglu:com.acme/HTTPCode/jsonschema/2-0-1","data":null}]}"#;
        let event = r#"{"schema":"iglu:x/unstruct_event/jsonschema/1-0-0","data":{"schema":"iglu:com.acme/HTTPCode/jsonschema/2-0-0","data":{"b":1}}}"#;
        check(
            &row(&[(CONTEXTS, &contexts), (DERIVED_CONTEXTS, derived), (UNSTRUCT_EVENT, event)]),
            Ok(concat!(
                r#"{ "contexts_com_acme_shop_a_thing_or_two_1":[{"a":"}\"]"},7],"#,
                r#""contexts_com_acme_httpcode_2":[[1,[2]],null],"unstruct_event_com_acme_httpcode_2":{"b":1}}"#
            )),
        );
        check(&row(&[(CONTEXTS, r#"{"schema":"x","data":[]}"#)]), Ok("{}"));
    }

    #[test]
    fn what_is_no_enriched_event_is_refused() {
        for row in ["", "x", "[]", &row(&[])[1..], &format!("{}\t", row(&[])), &"\t".repeat(100_000)] {
            check(row, Err("malformed"));
        }
        let entity = r#"{"schema":"iglu:a/b/jsonschema/1-0-0","data":{}}"#;
        for contexts in [
            "x",
            "7",
            "[]",
            "{}",
            r#"{"data":{}}"#,
            r#"{"data":[7]}"#,
            r#"{"data":[{"schema":"iglu:a/b/jsonschema/1-0-0"}]}"#,
            r#"{"data":[{"data":{}}]}"#,
            r#"{"data":[{"schema":"a/b/1-0-0","data":{}}]}"#,
            r#"{"data":[{"schema":"iglu:a/b/jsonschema/x-0-0","data":{}}]}"#,
            r#"{"data":[{"schema":7,"data":{}}]}"#,
            r#"{"data":[{"schema":"iglu:a/b/jsonschema/1-0-0","data":}]}"#,
            &format!(r#"{{"data":[{entity},]}}"#),
            &format!(r#"{{"data":[{entity}]"#),
            &format!(r#"{{"data":[{entity}"#),
            &format!(r#"{{"data":[{entity}]}}x"#),
        ] {
            check(&row(&[(CONTEXTS, contexts)]), Err("malformed"));
            check(&row(&[(UNSTRUCT_EVENT, contexts)]), Err("malformed"));
        }
        check(&row(&[(UNSTRUCT_EVENT, &format!(r#"{{"data":[{entity}]}}"#))]), Err("malformed"));
        check(&row(&[(CONTEXTS, &format!(r#"{{"data":{entity}}}"#))]), Err("malformed"));
    }
}
