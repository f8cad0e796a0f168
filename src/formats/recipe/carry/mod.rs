//! Records that are no JSON, turned into it.
//!
//! Invariant: what comes out is one JSON value, or is found to be none when it is read. A field that is there twice in a form
//! is a list.

mod form;
mod matomo;
mod snowplow;
mod snowplow_columns;
mod snowplow_entities;
mod tsv;
mod xml;

use std::borrow::Cow;

use super::spec::Carrier;
use crate::journey::Reject;

/// Turns the records of one input into JSON.
pub(super) struct Carry {
    carrier: Carrier,
    /// The names of a tab-separated record's columns.
    columns: Vec<String>,
    snowplow: snowplow::Snowplow,
}

impl Carry {
    pub(super) fn new(carrier: Carrier, columns: Vec<String>) -> Self {
        Self { carrier, columns, snowplow: snowplow::Snowplow::default() }
    }

    /// Nothing but these fields of the record will be read, so that others may be left out.
    pub(super) fn keep<'k>(&mut self, keys: impl Iterator<Item = &'k str>) {
        if self.carrier == Carrier::Snowplow {
            self.snowplow.keep(keys);
        }
    }

    /// Whether records are JSON as they come.
    pub(super) fn is_json(&self) -> bool {
        self.carrier == Carrier::Json
    }

    /// The record as JSON.
    pub(super) fn turn<'a>(&mut self, bytes: Cow<'a, [u8]>) -> Result<Cow<'a, [u8]>, Reject> {
        let text = || std::str::from_utf8(&bytes).map_err(|error| Reject::InvalidUtf8(error.valid_up_to()));
        let json = match self.carrier {
            // What has a schema was turned into JSON with it, before.
            Carrier::Json | Carrier::Avro | Carrier::Protobuf => return Ok(bytes),
            Carrier::Snowplow => return self.snowplow.turn(bytes),
            Carrier::Form => form::to_json(&bytes),
            Carrier::Query => form::to_json(form::query(&bytes)),
            Carrier::Matomo => matomo::to_json(&bytes)?,
            Carrier::Tsv => tsv::to_json(&self.columns, text()?)?,
            Carrier::Xml => xml::to_json(text()?)?,
        };
        Ok(Cow::Owned(json))
    }
}

/// Writes a text as JSON has it.
fn write_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a text can be written to memory");
}
