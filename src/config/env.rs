//! References to the environment in text values: `${NAME}`, `${NAME:-default}`, and `$${` for a `${` that is meant.
//!
//! A reference is replaced inside a value that is parsed already, so that what stands in the environment can never become
//! YAML of its own. A default holds for a name that is unset or empty, as in a shell.

use super::problem::Problems;
use crate::yaml::{Node, Yaml};

/// Replaces the references in all text values below `node`. Keys are left alone.
pub(super) fn substitute(node: &mut Node, lookup: &dyn Fn(&str) -> Option<String>, problems: &Problems) {
    match &mut node.value {
        Yaml::Text(text) if text.contains("${") => match expand(text, lookup) {
            Ok(expanded) => *text = expanded,
            Err((what, instead)) => {
                problems.add(node.at, what, instead);
                node.value = Yaml::Reported;
            }
        },
        Yaml::List(nodes) => nodes.iter_mut().for_each(|node| substitute(node, lookup, problems)),
        Yaml::Map(entries) => entries.iter_mut().for_each(|(_, node)| substitute(node, lookup, problems)),
        _ => {}
    }
}

/// The text with its references replaced, or what is wrong and what to write instead.
fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, (String, String)> {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let before = &rest[..start];
        rest = &rest[start + 2..];
        if let Some(escaped) = before.strip_suffix('$') {
            expanded.push_str(escaped);
            expanded.push_str("${");
            continue;
        }
        expanded.push_str(before);
        let Some(end) = rest.find('}') else {
            return Err((
                format!("${{{rest} has no closing brace"),
                "write ${NAME}, ${NAME:-default}, or $${ for a ${ that is meant".to_owned(),
            ));
        };
        expanded.push_str(&reference(&rest[..end], lookup)?);
        rest = &rest[end + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

/// What a reference, given without its braces, stands for.
fn reference(inside: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, (String, String)> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    if !is_name(name) {
        return Err((
            format!("${{{inside}}} does not name an environment variable"),
            "write ${NAME} or ${NAME:-default} with letters, digits and _ in the name, or $${ for a ${ that is meant"
                .to_owned(),
        ));
    }
    match (lookup(name), default) {
        (Some(value), None) => Ok(value),
        (Some(value), Some(_)) if !value.is_empty() => Ok(value),
        (_, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err((
            format!("the environment variable {name} is not set"),
            format!("set it, or write ${{{name}:-default}}"),
        )),
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let lookup = |name: &str| match name {
            "HOST" => Some("kafka-1".to_owned()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("${HOST}".to_owned()),
            _ => None,
        };
        let expanded = expand(text, &lookup);
        assert_eq!(expanded.as_deref().map_err(|(what, _)| what.as_str()), expected, "{text}");
    }

    #[test]
    fn references_are_replaced_and_defaults_hold_for_unset_and_empty_names() {
        check("${HOST}:9092", Ok("kafka-1:9092"));
        check("${HOST}:${PORT:-9092}", Ok("kafka-1:9092"));
        check("a${EMPTY}b", Ok("ab"));
        check("a${EMPTY:-x}b", Ok("axb"));
        check("${PREFIX:-}clicks", Ok("clicks"));
        check("${URL:-http://x:1/$y}", Ok("http://x:1/$y"));
    }

    #[test]
    fn what_stands_in_the_environment_is_not_expanded_again() {
        check("${TRICK}", Ok("${HOST}"));
    }

    #[test]
    fn a_doubled_dollar_keeps_the_reference_as_text_and_other_dollars_are_text() {
        check("$${HOST}", Ok("${HOST}"));
        check("x$${HOST}${HOST}", Ok("x${HOST}kafka-1"));
        check("5 $ and $HOST", Ok("5 $ and $HOST"));
    }

    #[test]
    fn a_broken_reference_says_what_is_wrong() {
        check("${NOPE}", Err("the environment variable NOPE is not set"));
        check("${HOST", Err("${HOST has no closing brace"));
        check("${}", Err("${} does not name an environment variable"));
        check("${9X}", Err("${9X} does not name an environment variable"));
        check("${A-b}", Err("${A-b} does not name an environment variable"));
    }
}
