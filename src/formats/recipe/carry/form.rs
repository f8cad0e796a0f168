//! `a=1&b=2`, as the URL Standard has it: a plus is a space, `%41` a byte.

use super::write_text;

/// The part of a URL behind the question mark; the whole text if it has none, or only in a value.
pub(super) fn query(url: &[u8]) -> &[u8] {
    let mark = url.iter().position(|byte| matches!(byte, b'?' | b'=')).filter(|at| url[*at] == b'?');
    let start = mark.map_or(0, |at| at + 1);
    let end = url[start..].iter().position(|byte| *byte == b'#').map_or(url.len(), |at| start + at);
    &url[start..end]
}

/// An object of texts.
pub(super) fn to_json(form: &[u8]) -> Vec<u8> {
    let mut fields: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(form.trim_ascii()) {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value.into_owned()),
            None => fields.push((name.into_owned(), vec![value.into_owned()])),
        }
    }
    let mut out = Vec::with_capacity(form.len() * 2);
    out.push(b'{');
    for (number, (name, values)) in fields.iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write_text(name, &mut out);
        out.push(b':');
        match values.as_slice() {
            [value] => write_text(value, &mut out),
            values => serde_json::to_writer(&mut out, values).expect("texts can be written to memory"),
        }
    }
    out.push(b'}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, expected: &str) {
        assert_eq!(String::from_utf8_lossy(&to_json(query(form.as_bytes()))), expected, "{form}");
    }

    #[test]
    fn a_form_is_an_object_of_texts() {
        check("a=1&b=x+y%21&c=&d", r#"{"a":"1","b":"x y!","c":"","d":""}"#);
        check("a=1&a=2", r#"{"a":["1","2"]}"#);
        check("", "{}");
        check("https://x.example/m.php?a=%22%C3%A9#top", r#"{"a":"\"é"}"#);
        check("a=x/?b=1", r#"{"a":"x/?b=1"}"#);
        check("?a=%ff", "{\"a\":\"\u{fffd}\"}");
    }
}
