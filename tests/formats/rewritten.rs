//! The fixtures, written otherwise: what a record means does not hang on how it is written down.
use std::collections::BTreeMap;

use klantreis::formats::{Decoder, RawRecord, open_with_details};
use klantreis::journey::Vocabulary;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::cases::{Case, cases, vocabulary};
use crate::pairs::lines;

/// Numbers that look random, from a seed: those that an iteration takes are not worth shrinking one by one.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // Splitmix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn space(&mut self, out: &mut String) {
        for _ in 0..self.below(6).saturating_sub(3) {
            out.push([' ', '\n', '\t', '\r'][self.below(4)]);
        }
    }
}

/// The same JSON with other spaces, keys in another order and letters escaped; numbers as they are.
fn rewritten(json: &str, dice: &mut Dice, out: &mut String) {
    dice.space(out);
    let json = json.trim_ascii();
    match json.as_bytes().first() {
        Some(b'{') => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap();
            let mut fields: Vec<_> = fields.into_iter().collect();
            for last in (1..fields.len()).rev() {
                fields.swap(last, dice.below(last + 1));
            }
            out.push('{');
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                dice.space(out);
                rewritten_text(key, dice, out);
                dice.space(out);
                out.push(':');
                rewritten(value.get(), dice, out);
            }
            dice.space(out);
            out.push('}');
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json).unwrap();
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                rewritten(item.get(), dice, out);
            }
            dice.space(out);
            out.push(']');
        }
        Some(b'"') => rewritten_text(&serde_json::from_str::<String>(json).unwrap(), dice, out),
        _ => out.push_str(json),
    }
    dice.space(out);
}

fn rewritten_text(text: &str, dice: &mut Dice, out: &mut String) {
    let one_in = [2, 20, 1000][dice.below(3)];
    out.push('"');
    for letter in text.chars() {
        if letter == '/' && dice.below(2) == 0 {
            out.push_str("\\/");
        } else if dice.below(one_in) == 0 {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                let unit = if dice.below(2) == 0 { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") };
                out.push_str(&unit);
            }
        } else {
            let quoted = serde_json::to_string(&letter).unwrap();
            out.push_str(&quoted[1..quoted.len() - 1]);
        }
    }
    out.push('"');
}

/// The same XML with other spaces between elements and in tags; texts stay as they are.
fn respaced(xml: &str, dice: &mut Dice) -> String {
    let mut out = String::new();
    let mut parts = xml.split_inclusive('>').peekable();
    while let Some(part) = parts.next() {
        let is_tag = part.trim_ascii_start().starts_with('<') && part.ends_with('>');
        match part.strip_suffix("/>").map(|part| (part, "/>")).or(part.strip_suffix('>').map(|part| (part, ">"))) {
            Some((head, end)) if is_tag && !head.ends_with('?') => {
                out.push_str(head);
                dice.space(&mut out);
                out.push_str(end);
            }
            _ => out.push_str(part),
        }
        // An element without anything in it has a text as soon as there is a space.
        let opens = is_tag && !part.contains("</") && !part.ends_with("/>");
        let is_between = parts.peek().is_some_and(|next| {
            let next = next.trim_ascii_start();
            next.starts_with('<') && !(opens && next.starts_with("</"))
        });
        if is_between {
            dice.space(&mut out);
        }
    }
    out
}

/// A case with a decoder for it, which has read its record.
struct Reader<'c> {
    case: &'c Case,
    vocabulary: Vocabulary,
    headers: Vec<(String, Option<Vec<u8>>)>,
    decoder: Box<dyn Decoder>,
}

impl<'c> Reader<'c> {
    fn new(case: &'c Case) -> Self {
        let spec = case.input.spec(&case.format).unwrap();
        let vocabulary = vocabulary(&spec);
        let decoder = open_with_details(&spec, &vocabulary, case.input.time, None).unwrap();
        let mut reader = Self { headers: case.input.headers(), vocabulary, decoder, case };
        reader.read(&case.value);
        reader
    }

    fn read(&mut self, value: &[u8]) -> Vec<Value> {
        let input = &self.case.input;
        let record = RawRecord {
            key: input.key.as_ref().map(String::as_bytes),
            value: Some(value),
            timestamp: input.timestamp.unwrap_or(-1),
            headers: &self.headers,
        };
        lines(&self.decoder.decode(&record), &self.vocabulary)
    }
}

fn text(case: &Case) -> &str {
    std::str::from_utf8(&case.value).unwrap_or_default()
}

fn check(rewrites: u64, is_fit: impl Fn(&Case) -> bool, rewrite: impl Fn(&Case, &mut Dice) -> String) {
    let cases = cases();
    let mut count = 0;
    for case in cases.iter().filter(|case| !case.input.tombstone && is_fit(case)) {
        let mut reader = Reader::new(case);
        let expected = reader.read(&case.value);
        count += 1;
        for seed in 0..rewrites {
            let other = rewrite(case, &mut Dice(seed));
            assert_eq!(reader.read(other.as_bytes()), expected, "{}, seed {seed}:\n{other}", case.name);
        }
    }
    assert!(count >= 8, "{count} fixtures fit");
}

#[test]
fn json_means_the_same_with_keys_in_another_order_other_spaces_and_letters_escaped() {
    let is_json = |case: &Case| {
        let has_text = serde_json::from_str::<Value>(text(case)).is_ok();
        has_text && matches!(text(case).trim_ascii_start().as_bytes().first(), Some(b'{' | b'['))
    };
    check(3, is_json, |case, dice| {
        let mut out = String::new();
        rewritten(text(case), dice, &mut out);
        // Before it, tabs are columns to Snowplow.
        if case.format == "snowplow" { out.trim_ascii_start().to_owned() } else { out }
    });
}

#[test]
fn xml_means_the_same_with_other_spaces_between_its_elements() {
    let is_xml = |case: &Case| case.format == "poslog" && !text(case).contains("<!");
    check(12, is_xml, |case, dice| respaced(text(case), dice));
}

#[test]
fn a_damaged_record_is_read_as_by_a_decoder_that_has_read_nothing_else() {
    let cases: Vec<Case> = cases().into_iter().filter(|case| !case.input.tombstone && !case.value.is_empty()).collect();
    let config = ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() };
    let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let cut = prop::option::of(any::<prop::sample::Index>());
    proptest!(config, |(case in any::<prop::sample::Index>(), damage in damage, cut in cut)| {
        let case = case.get(&cases);
        let mut value = case.value.clone();
        for (at, byte) in damage {
            let at = at.index(value.len());
            value[at] = byte;
        }
        if let Some(cut) = cut {
            value.truncate(cut.index(value.len()));
        }
        let mut reader = Reader::new(case);
        let read = reader.read(&value);
        let input = &case.input;
        let spec = input.spec(&case.format).unwrap();
        let mut fresh = Reader { decoder: open_with_details(&spec, &reader.vocabulary, input.time, None).unwrap(), ..reader };
        prop_assert_eq!(read, fresh.read(&value), "{}: {}", case.name, String::from_utf8_lossy(&value));
    });
}

/// The lines of several records, one after the other.
fn one_by_one(reader: &mut Reader<'_>, items: &[String]) -> Vec<Value> {
    items.iter().flat_map(|item| reader.read(item.as_bytes())).collect()
}

#[test]
fn an_array_means_what_its_items_mean_one_by_one() {
    for format in ["sendgrid", "mandrill", "matomo"] {
        let cases = cases();
        let bare = |case: &&Case| case.format == format && case.input == Default::default();
        // What stands in arrays, and what stands alone.
        let mut items: Vec<String> = Vec::new();
        for case in cases.iter().filter(bare) {
            let form = form_urlencoded::parse(&case.value).find(|(name, _)| name == "mandrill_events");
            let json = form.map_or(text(case).trim_ascii().to_owned(), |(_, value)| value.into_owned());
            match serde_json::from_str::<Value>(&json) {
                Ok(Value::Array(_)) => {
                    items.extend(
                        serde_json::from_str::<Vec<&RawValue>>(&json).unwrap().iter().map(|item| item.get().into()),
                    );
                }
                Ok(Value::Object(fields)) => match fields.get("requests") {
                    Some(Value::Array(requests)) => items.extend(requests.iter().map(|request| match request {
                        Value::String(query) => query.clone(),
                        request => request.to_string(),
                    })),
                    _ => items.push(json),
                },
                _ if format == "matomo" => items.push(json),
                _ => {}
            }
        }
        let case = cases.iter().find(bare).expect("there are fixtures");
        let mut reader = Reader::new(case);
        items.retain(|item| reader.read(item.as_bytes()).iter().all(|line| line.get("rejected").is_none()));
        assert!(items.len() >= 8, "{format}: {} items", items.len());
        for seed in 0..100 {
            let mut dice = Dice(seed);
            let some: Vec<String> = (0..=dice.below(7)).map(|_| items[dice.below(items.len())].clone()).collect();
            let expected = one_by_one(&mut reader, &some);
            let as_json = some.iter().map(|item| match (format, item.starts_with('{')) {
                ("matomo", false) => serde_json::to_string(item).unwrap(),
                _ => item.clone(),
            });
            let array = format!("[{}]", as_json.collect::<Vec<_>>().join(","));
            let whole = match format {
                "matomo" => format!("{{\"requests\":{array}}}"),
                "mandrill" if seed % 2 == 0 => {
                    form_urlencoded::Serializer::new(String::new()).append_pair("mandrill_events", &array).finish()
                }
                _ => array,
            };
            assert_eq!(reader.read(whole.as_bytes()), expected, "{format}: {whole}");
        }
    }
}
