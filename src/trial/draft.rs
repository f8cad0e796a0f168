//! A first mapping for records that no format fits, made of what their fields are called and what stands in them.
//!
//! Invariant: what is proposed can be tried at once. What nobody can tell is left out, or has a comment that says so.

use std::collections::HashSet;

use serde_json::Value;

use super::fields::{Field, Fields, pointer};
use super::framed::Hints;
use super::input::TrialInput;
use super::near::nearest_kind;
use super::rank::wrapper_word;
use super::readable::Records;
use super::roles;
use super::sample::Sample;
use super::times::{self, TimeForm};
use super::yaml_text::quoted;
use crate::formats::Carrier;

/// How many fields are tried for an id, alone and together.
const IDS_MAX: usize = 4;

/// A first input for records that no format fits.
#[derive(Debug)]
pub struct Draft {
    /// The lines of the input, from `format: mapping` on.
    pub lines: Vec<String>,
    /// The same, read again.
    pub input: TrialInput,
}

impl Draft {
    /// Makes one. `None`: there is nothing to be read.
    pub fn of(samples: &[Sample], hints: Hints<'_>) -> Option<Self> {
        let records = Records::of(samples, hints)?;
        let (records, fields) = records.with_fields();
        if fields.all.is_empty() {
            return None;
        }
        let has_keys = samples.iter().any(|sample| sample.record.as_ref().is_ok_and(|record| record.key.is_some()));
        let lines =
            Sketch { fields: &fields, records: &records, zone: hints.zone, has_keys, claimed: HashSet::new() }.lines();
        let text = lines.join("\n");
        let input = TrialInput::parse(&text, None).ok()?;
        input.spec().ok()?;
        Some(Self { lines, input })
    }
}

/// The mapping in the making: each field is used for one thing.
struct Sketch<'a> {
    fields: &'a Fields,
    records: &'a Records,
    zone: Option<&'a str>,
    has_keys: bool,
    claimed: HashSet<usize>,
}

impl Sketch<'_> {
    fn lines(mut self) -> Vec<String> {
        let time = self.time();
        let people = self.people();
        let kind = self.kind();
        let value = self.value();
        let id = self.id(kind);
        let attributes = self.attributes();
        let mut lines = vec!["format: mapping".to_owned()];
        if !self.records.unwrap.is_empty() {
            let words: Vec<&str> = self.records.unwrap.iter().map(wrapper_word).collect();
            lines.push(format!("unwrap: [{}]", words.join(", ")));
        }
        if time.is_none() {
            lines.push("time: record   # no field looks like a time: the record's own counts".to_owned());
        }
        lines.push("mapping:".to_owned());
        let mut inner = self.carrier_lines();
        inner.extend(people);
        inner.extend(time.map(|(field, form)| self.time_line(field, &form)));
        inner.extend(self.kind_lines(kind, value.is_some()));
        inner.push(id);
        inner.extend(value);
        inner.extend(attributes);
        lines.extend(inner.into_iter().map(|line| format!("  {line}")));
        lines
    }

    /// The likeliest field that nothing else was made of.
    fn best(&self, likelihood: impl Fn(&Field) -> Option<i64>) -> Option<usize> {
        let free = self.fields.all.iter().enumerate().filter(|(index, _)| !self.claimed.contains(index));
        let mut best: Option<(usize, i64)> = None;
        for (index, field) in free {
            if let Some(points) = likelihood(field)
                && best.is_none_or(|(_, most)| points > most)
            {
                best = Some((index, points));
            }
        }
        best.map(|(index, _)| index)
    }

    fn claim(&mut self, index: usize) -> usize {
        self.claimed.insert(index);
        index
    }

    fn field(&self, index: usize) -> &Field {
        &self.fields.all[index]
    }

    fn place(&self, index: usize) -> String {
        quoted(&self.field(index).place())
    }

    /// In how many of the records a field is, if not in all.
    fn share(&self, index: usize) -> String {
        let (count, all) = (self.field(index).count(), self.fields.records);
        if count == all { String::new() } else { format!("in {count} of {all}") }
    }

    fn carrier_lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match self.records.carrier {
            // Others are of formats alone, or cannot be told from their bytes.
            Carrier::Json | Carrier::Snowplow | Carrier::Matomo | Carrier::Avro | Carrier::Protobuf => {}
            Carrier::Xml => lines.push("reads: xml".to_owned()),
            Carrier::Form => lines.push("reads: form".to_owned()),
            Carrier::Query => lines.push("reads: query".to_owned()),
            Carrier::Tsv => {
                lines.push("reads: tsv".to_owned());
                lines.push(format!("columns: [{}]   # call them what they are", self.records.columns.join(", ")));
            }
        }
        if let Some(each) = &self.records.each {
            lines.push(format!("each: {}   # each item is an event", quoted(each)));
        }
        lines
    }

    fn time(&mut self) -> Option<(usize, TimeForm)> {
        let records = self.fields.records;
        let found = self.best(|field| {
            let form = times::form(field).filter(|_| field.count() * 2 >= records)?;
            Some(times::likelihood(field, &form, records))
        })?;
        // Other times are no ids, and no money either.
        let others: Vec<usize> = self
            .fields
            .all
            .iter()
            .enumerate()
            .filter(|(_, field)| times::form(field).is_some())
            .map(|(index, _)| index)
            .collect();
        self.claimed.extend(others);
        Some((found, times::form(self.field(found))?))
    }

    fn time_line(&self, index: usize, form: &TimeForm) -> String {
        let place = self.place(index);
        let mut notes = Vec::new();
        let zone = if form.needs_zone {
            if !form.format.ends_with("UTC") && self.zone.is_none() {
                notes.push("no offset is written: say the zone, such as Europe/Amsterdam".to_owned());
            }
            format!(", zone: {}", self.zone.filter(|_| !form.format.ends_with("UTC")).unwrap_or("UTC"))
        } else {
            String::new()
        };
        if form.is_ambiguous {
            notes.push("the day could be the month: look".to_owned());
        }
        if form.is_day {
            notes.push("only the day is known".to_owned());
        }
        notes.extend(Some(self.share(index)).filter(|share| !share.is_empty()));
        let format = quoted(&form.format);
        note(format!("time: {{ from: {place}, format: {format}{zone} }}"), &notes.join("; "))
    }

    fn people(&mut self) -> Vec<String> {
        let mut lines = vec!["identifiers:".to_owned()];
        let mut types = Vec::new();
        for of in ["user_id", "card_id", "email", "phone", "anonymous_id", "device_id"] {
            let is = |field: &Field| {
                (roles::identifier(field) == Some(of)).then(|| field.count() as i64 * 10 - field.path.len() as i64)
            };
            let Some(index) = self.best(is) else { continue };
            self.claim(index);
            let (field, place) = (self.field(index), self.place(index));
            let from = match of {
                "email" => format!("{{ from: {place}, lower: true }}"),
                _ if field.mostly(|value| value.ends_with(".0") && value.parse::<f64>().is_ok()) => {
                    format!("{{ from: {place}, number_as_text: true }}")
                }
                _ => place,
            };
            lines.push(format!("  {}", note(format!("{of}: {from}"), &self.share(index))));
            types.push(of);
        }
        match types.as_slice() {
            [first, ..] => lines.push(format!("customer: [{first}]")),
            [] if self.has_keys => {
                lines.push("  user_id: $key   # no field looks like a customer: the record's key is taken".to_owned());
                lines.push("customer: [user_id]".to_owned());
            }
            [] => {
                let any = self.best(|field| Some(roles::id(field).unwrap_or(0) + field.count() as i64));
                let place = any.map_or_else(|| "$key".to_owned(), |index| self.place(index));
                lines.push(format!("  user_id: {place}   # nothing looks like a customer: say where one stands"));
                lines.push("customer: [user_id]".to_owned());
            }
        }
        lines
    }

    fn kind(&mut self) -> Option<usize> {
        let records = self.fields.records;
        let found = self.best(|field| roles::kind(field, records))?;
        Some(self.claim(found))
    }

    fn kind_lines(&self, kind: Option<usize>, has_value: bool) -> Vec<String> {
        let Some(index) = kind else {
            let guess = if has_value { "purchased" } else { "contacted" };
            return vec![format!("kind: {guess}   # nothing says what happened: say what these records are")];
        };
        let place = self.place(index);
        let mut lines =
            vec![format!("name: {place}"), "kind:".to_owned(), format!("  from: {place}"), "  table:".to_owned()];
        let mut values: Vec<(&String, &u64)> = self.field(index).values.iter().collect();
        values.sort_by(|(a, more), (b, less)| less.cmp(more).then(a.cmp(b)));
        for (value, count) in values {
            let (kind, hint) = match nearest_kind(value) {
                Some(kind) => (kind, String::new()),
                None => ("null", "; no kind is near: name one of your own, or leave it out".to_owned()),
            };
            lines.push(note(format!("    {}: {kind}", quoted(value)), &format!("{count} times{hint}")));
        }
        lines
    }

    fn value(&mut self) -> Option<String> {
        let found = self.best(roles::money)?;
        let currency = self.best(|field| roles::is_currency(field).then(|| field.count() as i64));
        let quantity = self.best(|field| roles::is_quantity(field).then_some(1));
        let quantity = quantity.filter(|_| roles::is_price(self.field(found)));
        let place = self.place(found);
        let from = match quantity {
            Some(quantity) => format!("from: {}, times: [{place}]", self.place(quantity)),
            None => format!("from: {place}"),
        };
        let is_minor = self.field(found).says(&["cents", "cent", "minor", "centen"]);
        let mut parts = vec![from];
        parts.extend(currency.map(|index| format!("currency: {}", self.place(index))));
        match (is_minor, currency) {
            (true, Some(_)) => parts.push("unit: minor".to_owned()),
            (true, None) => parts.push("divide_by: 100".to_owned()),
            _ if self.field(found).says(&["micros"]) => parts.push("divide_by: 1000000".to_owned()),
            _ => {}
        }
        let hint = if currency.is_none() { "no field looks like its currency" } else { "" };
        if quantity.is_none() {
            self.claim(found);
        }
        self.claimed.extend(currency);
        Some(note(format!("value: {{ {} }}", parts.join(", ")), hint))
    }

    /// What tells events apart: one field, or two.
    fn id(&self, kind: Option<usize>) -> String {
        let values = &self.records.values;
        let unclaimed = |index: &usize| !self.claimed.contains(index);
        let mut likely: Vec<(usize, i64)> = (0..self.fields.all.len())
            .filter(unclaimed)
            .filter_map(|index| Some((index, roles::id(self.field(index))?)))
            .filter(|(index, _)| self.field(*index).count() * 10 >= self.fields.records * 9)
            .collect();
        likely.sort_by_key(|(index, points)| (-points, *index));
        let apart = |all: &[usize]| {
            let part =
                |value: &Value, index: usize| value.pointer(&pointer(&self.field(index).path)).map(Value::to_string);
            let seen: HashSet<Vec<Option<String>>> =
                values.iter().map(|value| all.iter().map(|index| part(value, *index)).collect()).collect();
            seen.len()
        };
        let ids: Vec<usize> = likely.iter().map(|(index, _)| *index).take(IDS_MAX).collect();
        let quantity = self.best(|field| roles::is_quantity(field).then_some(1));
        let singles = ids.iter().map(|first| vec![*first]);
        let seconds: Vec<usize> = ids.iter().copied().chain(kind).collect();
        let pairs = ids.iter().flat_map(|first| {
            seconds.iter().filter(move |second| *second != first).map(move |second| vec![*first, *second])
        });
        let triples = pairs.clone().flat_map(|pair| quantity.map(|quantity| [pair, vec![quantity]].concat()));
        let mut best: Option<(Vec<usize>, usize)> = None;
        for all in singles.chain(pairs).chain(triples) {
            let count = apart(&all);
            if best.as_ref().is_none_or(|(_, most)| count > *most) {
                best = Some((all, count));
            }
        }
        // A repeat or two may be in the records themselves.
        if let Some((all, count)) = best.filter(|(_, count)| count * 100 >= values.len() * 98) {
            let places: Vec<String> = all.iter().map(|index| self.place(*index)).collect();
            let hint =
                if count < values.len() { format!("tells {count} of {} apart", values.len()) } else { String::new() };
            return match places.as_slice() {
                [place] => note(format!("id: {place}"), &hint),
                places => note(format!("id: [{}]", places.join(", ")), &hint),
            };
        }
        "# id: nothing tells events apart, so that repeats cannot be dropped".to_owned()
    }

    fn attributes(&mut self) -> Vec<String> {
        let mut found: Vec<(&str, usize)> = Vec::new();
        for index in (0..self.fields.all.len()).filter(|index| !self.claimed.contains(index)) {
            if let Some(name) = roles::attribute(self.field(index))
                && !found.iter().any(|(known, _)| *known == name)
            {
                found.push((name, index));
            }
        }
        if found.is_empty() {
            return Vec::new();
        }
        let lines = found.iter().map(|(name, index)| format!("  {name}: {}", self.place(*index)));
        std::iter::once("attributes:".to_owned()).chain(lines).collect()
    }
}

/// A line with a comment, if there is one.
fn note(line: String, comment: &str) -> String {
    if comment.is_empty() { line } else { format!("{line}   # {comment}") }
}
