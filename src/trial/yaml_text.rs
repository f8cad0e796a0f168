//! Texts as YAML has them.

/// A text, in quotes if it needs them.
pub(super) fn quoted(text: &str) -> String {
    let begins_plain =
        text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '^' | '$' | '_'));
    let is_plain = begins_plain
        && !text.ends_with(' ')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '^' | '.' | '$' | ' '));
    // What YAML would take for something else than a text.
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if is_plain && !is_word.contains(&text.to_lowercase().as_str()) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_where_it_would_be_read_as_something_else() {
        let check = |text: &str, expected: &str| assert_eq!(quoted(text), expected);
        check("Quote Requested", "Quote Requested");
        check("/context/traits/email", "/context/traits/email");
        check("$key", "$key");
        check("^/a/b", "^/a/b");
        check("Yes", "\"Yes\"");
        check("", "\"\"");
        check("12", "\"12\"");
        check("a: b", "\"a: b\"");
        check("a \"b\"\n", "\"a \\\"b\\\"\\n\"");
    }
}
