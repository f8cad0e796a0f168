//! Records that are no JSON, turned into it.
//!
//! Invariant: what comes out is one JSON value. A field that is there twice in a form is a list.

mod form;
mod tsv;
mod xml;

use std::borrow::Cow;

use super::spec::Carrier;
use crate::journey::Reject;

/// The record as JSON.
pub(super) fn to_json<'a>(carrier: Carrier, columns: &[String], bytes: Cow<'a, [u8]>) -> Result<Cow<'a, [u8]>, Reject> {
    let text = || std::str::from_utf8(&bytes).map_err(|error| Reject::InvalidUtf8(error.valid_up_to()));
    let json = match carrier {
        Carrier::Json => return Ok(bytes),
        Carrier::Form => form::to_json(&bytes),
        Carrier::Query => form::to_json(form::query(&bytes)),
        Carrier::Tsv => tsv::to_json(columns, text()?)?,
        Carrier::Xml => xml::to_json(text()?)?,
    };
    Ok(Cow::Owned(json))
}

/// Writes a text as JSON has it.
fn write_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a text can be written to memory");
}
