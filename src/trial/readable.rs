//! Records of which nothing is known, read as far as they can be: what is taken off, turned into JSON, and taken apart.

use serde_json::Value;

use super::fields::{Fields, pointer};
use super::framed::{self, Hints};
use super::rank::{orders, plausible};
use super::sample::Sample;
use super::times;
use crate::formats::{AsJson, Carrier, Wrapper};

/// What the records are, as far as that shows.
pub(super) struct Records {
    /// What is around them, as far as it can be taken off.
    pub(super) unwrap: Vec<Wrapper>,
    /// What is in there.
    pub(super) carrier: Carrier,
    /// Names for columns that have none.
    pub(super) columns: Vec<String>,
    /// The records, or the items of their arrays.
    pub(super) values: Vec<Value>,
    /// Where the array is whose items are the events.
    pub(super) each: Option<String>,
}

impl Records {
    /// Finds out how they can be read; `None`: in no way.
    pub(super) fn of(samples: &[Sample], hints: Hints<'_>) -> Option<Self> {
        let bytes: Vec<&[u8]> =
            samples.iter().filter_map(|sample| sample.record.as_ref().ok()?.value.as_deref()).collect();
        let read = |unwrap: &[Wrapper], carrier: Carrier, columns: &[String]| -> Vec<Value> {
            let Ok(mut reader) = AsJson::new(unwrap, carrier, columns, hints.schemas) else { return Vec::new() };
            let json = bytes.iter().filter_map(|bytes| reader.of(bytes).ok().flatten());
            json.filter_map(|json: Vec<u8>| serde_json::from_slice(&json).ok())
                .filter(|value: &Value| value.is_object() || value.is_array())
                .collect()
        };
        let fits = |values: &[Value]| !values.is_empty() && values.len() * 2 >= bytes.len();
        // With as much taken off as can be.
        for unwrap in orders(&plausible(samples, hints)).into_iter().rev() {
            let values = read(&unwrap, Carrier::Json, &[]);
            if fits(&values) {
                return Some(Self { unwrap, carrier: Carrier::Json, columns: Vec::new(), values, each: None });
            }
        }
        if framed::are_most(samples) {
            return None;
        }
        let widest = bytes.iter().map(|bytes| bytes.iter().filter(|byte| **byte == b'\t').count()).max().unwrap_or(0);
        let columns: Vec<String> = (1..=widest + 1).map(|number| format!("column_{number}")).collect();
        let first = bytes.iter().find_map(|bytes| bytes.trim_ascii_start().first());
        let (carrier, columns) = match first? {
            b'<' => (Carrier::Xml, Vec::new()),
            _ if widest > 0 => (Carrier::Tsv, columns),
            _ if bytes.iter().all(|bytes| bytes.contains(&b'?')) => (Carrier::Query, Vec::new()),
            _ if bytes.iter().all(|bytes| bytes.contains(&b'=')) => (Carrier::Form, Vec::new()),
            _ => return None,
        };
        let values = read(&[], carrier, &columns);
        fits(&values).then_some(Self { unwrap: Vec::new(), carrier, columns, values, each: None })
    }

    /// The fields of the events: those of the records, or of the items of their arrays if only these have a time.
    pub(super) fn with_fields(mut self) -> (Self, Fields) {
        if self.values.iter().all(Value::is_array) {
            self.each = Some(String::new());
            self.values = self
                .values
                .into_iter()
                .flat_map(|value| match value {
                    Value::Array(items) => items,
                    other => vec![other],
                })
                .collect();
        }
        let fields = fields_of(&self.values);
        let has_time = |fields: &Fields| fields.all.iter().any(|field| times::form(field).is_some());
        if self.each.is_none() && !has_time(&fields) {
            for array in &fields.arrays {
                let items = items(&self.values, array);
                let inner = fields_of(&items);
                if has_time(&inner) {
                    return (Self { each: Some(pointer(array)), values: items, ..self }, inner);
                }
            }
        }
        (self, fields)
    }
}

fn fields_of(values: &[Value]) -> Fields {
    let mut fields = Fields::default();
    values.iter().for_each(|value| fields.add(value));
    fields
}

/// The items of an array of each record, each with the record around it as `^`.
fn items(values: &[Value], array: &[String]) -> Vec<Value> {
    let place = pointer(array);
    let mut all = Vec::new();
    for value in values {
        let mut around = value.clone();
        let Some(Value::Array(items)) = around.pointer_mut(&place).map(Value::take) else { continue };
        for item in items {
            if let Value::Object(mut item) = item {
                item.insert("^".to_owned(), around.clone());
                all.push(Value::Object(item));
            }
        }
    }
    all
}
