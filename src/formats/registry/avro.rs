//! Avro's binary encoding, read straight to JSON.
//!
//! We read it ourselves: a record of hostile bytes must not ask for memory or depth that it does not have, which general
//! readers of Avro do not promise. Source: *Apache Avro Specification* 1.12.0,
//! <https://avro.apache.org/docs/1.12.0/specification/#binary-encoding>.
//!
//! What becomes of a value: null, booleans, numbers, texts, arrays, maps and records as JSON has them; an enumeration's symbol
//! and a branch of a union as itself; bytes and `fixed` as base64; `decimal` as its digits, exactly; `uuid` as text; times and
//! timestamps in milliseconds or microseconds as these numbers; nanoseconds in RFC 3339; a date, and a timestamp that has no
//! zone, as text. A number that is none is the text `NaN`, `Infinity` or `-Infinity`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Timestamp};

use super::avro_plan::{Node, Plan};
use super::reader::JSON_BYTES_MAX;
use crate::journey::Reject;

/// Records within records, arrays and so on: no deeper than this.
const DEPTH_MAX: usize = 100;
/// Digits behind the point, and digits altogether, as far as zeros are not written.
const DIGITS_MAX: usize = 1_000;

/// Items that take no bytes, such as null: else a count of a few bytes would be work for millions of them.
const ITEMS_OF_NOTHING_MAX: usize = 1_000;

/// A record as JSON.
pub(super) fn to_json(plan: &Plan, bytes: &[u8]) -> Result<Vec<u8>, Reject> {
    let out = Vec::with_capacity(2 * bytes.len());
    let mut reader = Reader { plan, bytes, at: 0, items_of_nothing: 0, out };
    reader.value(plan.root(), 0)?;
    match bytes.len() - reader.at {
        0 => Ok(reader.out),
        more => Err(Reject::Malformed(format!("{more} bytes of Avro more than its schema says"))),
    }
}

struct Reader<'a> {
    plan: &'a Plan,
    bytes: &'a [u8],
    at: usize,
    /// How many items there were that took no bytes.
    items_of_nothing: usize,
    out: Vec<u8>,
}

impl<'a> Reader<'a> {
    fn value(&mut self, node: &Node, depth: usize) -> Result<(), Reject> {
        if depth > DEPTH_MAX {
            return Err(self.broken("nested too deeply"));
        }
        if self.out.len() > JSON_BYTES_MAX {
            return Err(self.broken("which takes too many bytes of JSON"));
        }
        match node {
            Node::Null => self.out.extend_from_slice(b"null"),
            Node::Boolean => match self.take(1)? {
                [0] => self.out.extend_from_slice(b"false"),
                [1] => self.out.extend_from_slice(b"true"),
                _ => return Err(self.broken("a boolean that is neither")),
            },
            Node::Integer => {
                let value = self.integer()?;
                self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
            }
            Node::Float => {
                let value = f32::from_le_bytes(self.array()?);
                self.float(value.is_finite(), value)?;
            }
            Node::Double => {
                let value = f64::from_le_bytes(self.array()?);
                self.float(value.is_finite(), value)?;
            }
            Node::Text => {
                let text = self.utf8()?;
                self.text(text);
            }
            Node::Bytes(size) => {
                let bytes = self.sized(*size)?;
                self.base64(bytes);
            }
            Node::Decimal(size, scale) => {
                let bytes = self.sized(*size)?;
                self.decimal(bytes, *scale)?;
            }
            Node::BigDecimal => {
                let bytes = self.sized(None)?;
                let mut within = Reader { plan: self.plan, bytes, at: 0, items_of_nothing: 0, out: Vec::new() };
                let digits = within.sized(None)?;
                let scale = within.integer()?;
                let Ok(scale) = usize::try_from(scale) else {
                    return Err(self.broken("a decimal with less than no digits behind its point"));
                };
                self.decimal(digits, scale)?;
            }
            Node::Uuid(size) => match <[u8; 16]>::try_from(self.sized(*size)?) {
                Ok(bytes) => self.uuid(bytes),
                Err(_) => return Err(self.broken("a UUID of other than 16 bytes")),
            },
            Node::Date => {
                let days = self.integer()?;
                self.date(days)?;
            }
            Node::LocalTime(second) => {
                let parts = self.integer()?;
                self.local_time(parts, *second)?;
            }
            Node::Nanoseconds => {
                let value = self.integer()?;
                match Timestamp::from_nanosecond(value.into()) {
                    Ok(time) => self.text(&time.to_string()),
                    Err(_) => return Err(self.broken("a time that is none")),
                }
            }
            Node::Enumeration(symbols) => {
                let index = self.integer()?;
                match usize::try_from(index).ok().and_then(|index| symbols.get(index)) {
                    Some(symbol) => self.text(symbol),
                    None => return Err(self.broken("a symbol that its enumeration does not have")),
                }
            }
            Node::Union(branches) => {
                let index = self.integer()?;
                match usize::try_from(index).ok().and_then(|index| branches.get(index)) {
                    Some(branch) => self.value(self.plan.node(*branch), depth + 1)?,
                    None => return Err(self.broken("a branch that its union does not have")),
                }
            }
            Node::Record(fields) => {
                self.out.push(b'{');
                for (number, (name, field)) in fields.iter().enumerate() {
                    self.comma(number > 0);
                    self.out.extend_from_slice(name.as_bytes());
                    self.value(self.plan.node(*field), depth + 1)?;
                }
                self.out.push(b'}');
            }
            Node::Array(items) => {
                let items = self.plan.node(*items);
                self.blocks([b'[', b']'], |reader| reader.value(items, depth + 1))?;
            }
            Node::Map(values) => {
                let values = self.plan.node(*values);
                self.blocks([b'{', b'}'], |reader| {
                    let key = reader.utf8()?;
                    reader.text(key);
                    reader.out.push(b':');
                    reader.value(values, depth + 1)
                })?;
            }
        }
        Ok(())
    }

    /// The items of an array or a map: blocks of them, each with its count, until one of none.
    fn blocks(
        &mut self,
        [open, close]: [u8; 2],
        mut item: impl FnMut(&mut Self) -> Result<(), Reject>,
    ) -> Result<(), Reject> {
        self.out.push(open);
        let mut is_first = true;
        loop {
            let mut count = self.integer()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                // The block's size follows, for those who would skip it.
                self.integer()?;
                count = count.checked_neg().ok_or_else(|| self.broken("a block of too many items"))?;
            }
            for _ in 0..count {
                self.comma(!is_first);
                is_first = false;
                let before = self.at;
                item(self)?;
                self.items_of_nothing += usize::from(self.at == before);
                if self.items_of_nothing > ITEMS_OF_NOTHING_MAX {
                    return Err(self.broken("too many items that take no bytes"));
                }
            }
        }
        self.out.push(close);
        Ok(())
    }

    fn comma(&mut self, is_needed: bool) {
        if is_needed {
            self.out.push(b',');
        }
    }

    #[cold]
    fn broken(&self, what: &str) -> Reject {
        Reject::Malformed(format!("byte {} of the Avro: {what}", self.at))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Reject> {
        let rest = &self.bytes[self.at..];
        match rest.get(..count) {
            Some(taken) => {
                self.at += count;
                Ok(taken)
            }
            None => Err(self.broken("it ends before what its schema says")),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Reject> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// An `int` or `long`: zigzag, seven bits a byte, the lowest first.
    fn integer(&mut self) -> Result<i64, Reject> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(self.broken("a number of too many bytes"))
    }

    /// Bytes, as many as are known to come or as stands before them.
    fn sized(&mut self, size: Option<usize>) -> Result<&'a [u8], Reject> {
        match size {
            Some(size) => self.take(size),
            None => match usize::try_from(self.integer()?) {
                Ok(size) => self.take(size),
                Err(_) => Err(self.broken("a length that is negative")),
            },
        }
    }

    fn utf8(&mut self) -> Result<&'a str, Reject> {
        let bytes = self.sized(None)?;
        let begin = self.at - bytes.len();
        std::str::from_utf8(bytes).map_err(|error| Reject::InvalidUtf8(begin + error.valid_up_to()))
    }

    fn text(&mut self, text: &str) {
        serde_json::to_writer(&mut self.out, text).expect("a text can be written to memory");
    }

    fn float<T: serde::Serialize + std::fmt::Display>(&mut self, is_finite: bool, value: T) -> Result<(), Reject> {
        if is_finite {
            serde_json::to_writer(&mut self.out, &value).expect("a number can be written to memory");
        } else {
            let text = value.to_string().replace("inf", "Infinity");
            self.text(&text);
        }
        Ok(())
    }

    fn base64(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        self.out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
        self.out.push(b'"');
    }

    fn uuid(&mut self, bytes: [u8; 16]) {
        let digits = format!("{:032x}", u128::from_be_bytes(bytes));
        let [a, b, c, d, e] = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        self.text(&format!("{a}-{b}-{c}-{d}-{e}"));
    }

    /// A whole number of any size, in two's complement, the highest byte first; of its digits the last `scale` are behind the
    /// point.
    fn decimal(&mut self, bytes: &[u8], scale: usize) -> Result<(), Reject> {
        // Three bytes have more than seven digits.
        if scale > DIGITS_MAX || bytes.len() > DIGITS_MAX / 3 {
            return Err(self.broken("a decimal of too many digits"));
        }
        let is_negative = bytes.first().is_some_and(|first| *first >= 0x80);
        let mut digits = String::new();
        match bytes.len() {
            0 => digits.push('0'),
            1..=16 => {
                let mut wide = [if is_negative { 0xff } else { 0 }; 16];
                wide[16 - bytes.len()..].copy_from_slice(bytes);
                digits = i128::from_be_bytes(wide).unsigned_abs().to_string();
            }
            _ => digits = magnitude(bytes, is_negative),
        }
        if digits.len() <= scale {
            digits.insert_str(0, &"0".repeat(scale + 1 - digits.len()));
        }
        if scale > 0 {
            digits.insert(digits.len() - scale, '.');
        }
        if is_negative {
            digits.insert(0, '-');
        }
        self.text(&digits);
        Ok(())
    }

    fn date(&mut self, days: i64) -> Result<(), Reject> {
        let date = SignedDuration::try_from_hours(days.saturating_mul(24))
            .and_then(|since| Date::constant(1970, 1, 1).checked_add(since).ok());
        match date {
            Some(date) => self.text(&date.to_string()),
            None => return Err(self.broken("a date that is none")),
        }
        Ok(())
    }

    fn local_time(&mut self, parts: i64, second: i64) -> Result<(), Reject> {
        let nanoseconds = parts.rem_euclid(second) * (1_000_000_000 / second);
        let since = SignedDuration::new(parts.div_euclid(second), nanoseconds as i32);
        match DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(since) {
            Ok(time) => self.text(&time.to_string()),
            Err(_) => return Err(self.broken("a time that is none")),
        }
        Ok(())
    }
}

/// The digits of a whole number without its sign, nine at a time.
fn magnitude(bytes: &[u8], is_negative: bool) -> String {
    let mut number: Vec<u8> = bytes.to_vec();
    if is_negative {
        // Its complement, and one more.
        let mut carry = true;
        for byte in number.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    const PART: u64 = 1_000_000_000;
    let mut parts = Vec::new();
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0;
        for byte in &mut number {
            let value = rest << 8 | u64::from(*byte);
            (*byte, rest) = ((value / PART) as u8, value % PART);
        }
        parts.push(rest);
    }
    let mut digits = parts.pop().unwrap_or(0).to_string();
    parts.iter().rev().for_each(|part| digits += &format!("{part:09}"));
    digits
}
