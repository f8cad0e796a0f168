//! Self-describing JSON of Snowplow: `{"schema": …, "data": …}`, and what a schema is called as a field.
//!
//! Invariant: what is given as data is not empty, and ends where its brackets and quotes do; whether it is JSON is for
//! whoever reads it.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Schemas kept in mind at most; a pipeline has some dozens.
const SCHEMAS_MAX: usize = 256;

/// What describes itself.
pub(super) struct Described<'t> {
    /// As it is written in JSON, without its quotes.
    pub(super) schema: &'t str,
    /// The text of the data.
    pub(super) data: &'t str,
}

/// The entities of `contexts` or `derived_contexts`, in order; `None` if these are none. `quotes` are where texts begin and
/// end.
pub(super) fn entities(text: &str, quotes: &[u32], mut note: impl FnMut(Described<'_>) -> Option<()>) -> Option<()> {
    let mut scan = Scan { text, quotes, at: 0 };
    let mut has_data = false;
    scan.object(|scan, key| {
        if key != "data" {
            return scan.value().map(|_| ());
        }
        has_data = true;
        scan.take(b'[')?;
        if scan.peek()? == b']' {
            return scan.take(b']');
        }
        loop {
            note(scan.described()?)?;
            match scan.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    })?;
    (has_data && scan.is_at_end()).then_some(())
}

/// The event of `unstruct_event`; `None` if it is none.
pub(super) fn event(text: &str, quotes: &[u32], note: impl FnOnce(Described<'_>) -> Option<()>) -> Option<()> {
    let mut scan = Scan { text, quotes, at: 0 };
    let mut event = None;
    scan.object(|scan, key| {
        match key {
            "data" => event = Some(scan.described()?),
            _ => drop(scan.value()?),
        }
        Some(())
    })?;
    if !scan.is_at_end() {
        return None;
    }
    note(event?)
}

/// What tells values apart, outside of texts.
static IS_STRUCTURE: [bool; 256] = {
    let mut table = [false; 256];
    let (bytes, mut number) = (b"\"{}[],", 0);
    while number < bytes.len() {
        table[bytes[number] as usize] = true;
        number += 1;
    }
    table
};

/// A place in a JSON text whose quotes are known.
struct Scan<'t> {
    text: &'t str,
    /// Those from here on.
    quotes: &'t [u32],
    at: usize,
}

impl<'t> Scan<'t> {
    fn described(&mut self) -> Option<Described<'t>> {
        let (mut schema, mut data) = (None, None);
        self.object(|scan, key| {
            match key {
                "schema" => schema = Some(scan.string()?),
                "data" => data = Some(scan.value()?),
                _ => drop(scan.value()?),
            }
            Some(())
        })?;
        Some(Described { schema: schema?, data: data? })
    }

    /// The fields of an object: each is told its name, and takes its value.
    fn object(&mut self, mut field: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.peek()? == b'}' {
            return self.take(b'}');
        }
        loop {
            let key = self.string()?;
            self.take(b':')?;
            field(self, key)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// The next byte that is no space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(*byte),
            }
        }
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    fn is_at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// A text, without its quotes.
    fn string(&mut self) -> Option<&'t str> {
        if self.peek()? != b'"' {
            return None;
        }
        let start = self.at + 1;
        self.pass_string()?;
        self.text.get(start..self.at - 1)
    }

    /// Goes from a quote to behind the one that ends its text.
    #[inline(always)]
    fn pass_string(&mut self) -> Option<()> {
        let [_, end, rest @ ..] = self.quotes else { return None };
        (self.at, self.quotes) = (*end as usize + 1, rest);
        Some(())
    }

    /// A value, whatever it is.
    fn value(&mut self) -> Option<&'t str> {
        self.peek()?;
        let start = self.at;
        let mut depth = 0_usize;
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if !IS_STRUCTURE[usize::from(byte)] {
                self.at += 1;
                continue;
            }
            match byte {
                b'"' => {
                    self.pass_string()?;
                    if depth == 0 {
                        break;
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b',' if depth > 0 => {}
                b',' => break,
                _ if depth == 0 => break,
                _ if depth == 1 => {
                    self.at += 1;
                    break;
                }
                _ => depth -= 1,
            }
            self.at += 1;
        }
        self.text.get(start..self.at).map(str::trim_ascii_end).filter(|value| !value.is_empty())
    }
}

/// The schemas that were seen, and what they are called as fields.
#[derive(Default)]
pub(super) struct Schemas {
    /// As they are written, each with the place of its key.
    known: Vec<(Box<str>, usize)>,
    keys: Vec<String>,
}

impl Schemas {
    /// Keeps what is in mind small. What [`of`](Self::of) gave before means nothing then.
    pub(super) fn forget_many(&mut self) {
        if self.known.len() > SCHEMAS_MAX {
            self.known.clear();
            self.keys.clear();
        }
    }

    /// The place of a schema's key; `None` if it is no schema.
    pub(super) fn of(&mut self, schema: &str) -> Option<usize> {
        if let Some((_, place)) = self.known.iter().find(|(known, _)| **known == *schema) {
            return Some(*place);
        }
        let key = key(schema)?;
        let place = self.keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            self.keys.push(key);
            self.keys.len() - 1
        });
        self.known.push((schema.into(), place));
        Some(place)
    }

    /// `_com_acme_basket_1`.
    pub(super) fn key(&self, place: usize) -> &str {
        &self.keys[place]
    }
}

/// `iglu:com.acme/myBasket/jsonschema/1-0-0` as `_com_acme_my_basket_1`: what follows `contexts` or `unstruct_event`.
fn key(schema: &str) -> Option<String> {
    let schema: Cow<'_, str> = match schema.contains('\\') {
        true => Cow::Owned(serde_json::from_str(&format!("\"{schema}\"")).ok()?),
        false => Cow::Borrowed(schema),
    };
    let mut parts = schema.strip_prefix("iglu:")?.split('/');
    let (vendor, name, _format, version) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let model: u32 = version.split('-').next()?.parse().ok()?;
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    if parts.next().is_some() || !is_word(vendor) || !is_word(name) {
        return None;
    }
    let plain = |letter: char| if matches!(letter, '.' | '-') { '_' } else { letter };
    let mut key = String::from("_");
    key.extend(vendor.chars().map(|letter| plain(letter).to_ascii_lowercase()));
    key.push('_');
    // A capital begins a word, unless another capital or an underscore is before it.
    let mut before = '_';
    for letter in name.chars().map(plain) {
        if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() && before != '_' {
            key.push('_');
        }
        key.push(letter.to_ascii_lowercase());
        before = letter;
    }
    let _ = write!(key, "_{model}");
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_has_a_name_as_the_analytics_sdk_makes_it() {
        for (schema, expected) in [
            ("iglu:com.acme/basket/jsonschema/1-0-0", Some("_com_acme_basket_1")),
            ("iglu:com.Acme-Shop.x/ABTest/jsonschema/2-1-0", Some("_com_acme_shop_x_abtest_2")),
            ("iglu:a/actionFieldObject/jsonschema/1-0-0", Some("_a_action_field_object_1")),
            ("iglu:a/x-Y.z_W2V/jsonschema/10-0-0", Some("_a_x_y_z_w2_v_10")),
            ("iglu:a\\/b\\/jsonschema\\/1-0-0", Some("_a_b_1")),
            ("iglu:a/b/jsonschema/1", Some("_a_b_1")),
            ("iglu:a/b/jsonschema", None),
            ("iglu:a/b/c/1-0-0/d", None),
            ("iglu:a/b\\\"/jsonschema/1-0-0", None),
            ("http://a/b/c/1-0-0", None),
            ("", None),
        ] {
            assert_eq!(key(schema).as_deref(), expected, "{schema}");
        }
    }

    #[test]
    fn only_so_many_schemas_are_kept_in_mind() {
        let mut schemas = Schemas::default();
        for number in 0..1000 {
            schemas.forget_many();
            let place = schemas.of(&format!("iglu:a/b{number}/jsonschema/1-0-0"));
            assert_eq!(place.map(|place| schemas.key(place).to_owned()), Some(format!("_a_b{number}_1")));
        }
        assert!(schemas.known.len() <= SCHEMAS_MAX + 1);
    }
}
