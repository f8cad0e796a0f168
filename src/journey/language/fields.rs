//! Reading nodes as what they should be; whatever is not goes on the list of problems, and reading goes on.

use std::str::FromStr;

use super::suggest::instead;
use crate::journey::problem::Problem;
use crate::journey::{Code, Span};
use crate::yaml::{Name, Node, Place, Yaml};

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub problems: Vec<Problem>,
}

impl Report {
    /// Adds that something is not written as it should be: what is wrong; what to write instead.
    pub fn add(&mut self, at: Place, text: impl Into<String>) {
        self.find(Code::Malformed, at, text);
    }

    /// Adds a problem of another kind.
    pub fn find(&mut self, code: Code, at: Place, text: impl Into<String>) {
        self.problems.push(Problem { at, text: text.into(), code });
    }

    /// Adds that something else was expected.
    pub fn wrong(&mut self, node: &Node, what: &str, example: &str) {
        self.add(node.at, format!("{what} is {}; write {example}", node.value.describe()));
    }
}

/// The entries of a map whose keys are fixed.
pub(super) struct Fields<'n> {
    at: Place,
    what: String,
    entries: Vec<(&'n Name, &'n Node)>,
}

impl<'n> Fields<'n> {
    /// The map's entries; unknown and repeated keys are problems.
    pub fn read(node: &'n Node, what: &str, known: &[&str], report: &mut Report) -> Option<Self> {
        let Yaml::Map(map) = &node.value else {
            report.wrong(node, what, &format!("a map with {}", quoted(known)));
            return None;
        };
        let mut entries: Vec<(&Name, &Node)> = Vec::new();
        for (key, value) in map {
            if !known.contains(&key.text.as_str()) {
                let hint = instead(&key.text, known.iter().copied());
                report.add(key.at, format!("{what} has no key `{}`; {hint}", key.text));
            } else if entries.iter().any(|(other, _)| other.text == key.text) {
                report.add(key.at, format!("{what} has the key `{}` twice; leave one out", key.text));
            } else {
                entries.push((key, value));
            }
        }
        Some(Self { at: node.at, what: what.to_owned(), entries })
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(name, _)| name.text == key).map(|(_, node)| *node)
    }

    /// The value of a key that must be there.
    pub fn require(&self, key: &str, example: &str, report: &mut Report) -> Option<&'n Node> {
        let node = self.get(key);
        if node.is_none() {
            report.add(self.at, format!("{} has no `{key}`; write e.g. `{example}`", self.what));
        }
        node
    }
}

/// The entries of a map whose keys are names; bad and repeated names are problems, but stay known.
pub(super) fn named<'n>(node: &'n Node, what: &str, each: &str, report: &mut Report) -> Vec<(&'n Name, &'n Node)> {
    let Yaml::Map(map) = &node.value else {
        report.wrong(node, what, &format!("a map with the name of each {each}"));
        return Vec::new();
    };
    let mut entries: Vec<(&Name, &Node)> = Vec::new();
    for (key, value) in map {
        if entries.iter().any(|(other, _)| other.text == key.text) {
            report.add(key.at, format!("there are two {each}s `{}`; give each a name of its own", key.text));
            continue;
        }
        check_name(key, each, report);
        entries.push((key, value));
    }
    entries
}

/// Complains of a name that is not one.
pub(super) fn check_name(name: &Name, each: &str, report: &mut Report) {
    const LONGEST: usize = 64;
    let (text, a) = (&name.text, article(each));
    if !is_name(text) {
        let rule = "begin with a letter and go on with letters, digits, `_`, `-`, `.` or `:`";
        report.add(name.at, format!("`{text}` cannot be the name of {a} {each}; {rule}"));
    } else if text.len() > LONGEST {
        report.add(name.at, format!("`{text}` is too long for the name of {a} {each}; use at most {LONGEST} bytes"));
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | ':'))
}

/// Complains of a name that conditions could not read, or would take for something else.
pub(super) fn check_word(name: &Name, each: &str, taken: &[&str], report: &mut Report) {
    let (text, a) = (name.text.as_str(), article(each));
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let problem = if taken.contains(&text) || matches!(text, "true" | "false" | "null" | "in") {
        "it means something else in conditions; choose another"
    } else if is_name(text) && !letters {
        "conditions could not read it; use ASCII letters, digits and `_`"
    } else {
        return;
    };
    report.add(name.at, format!("`{text}` cannot be the name of {a} {each}: {problem}"));
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

/// A text.
pub(super) fn text<'n>(node: &'n Node, what: &str, example: &str, report: &mut Report) -> Option<&'n str> {
    if let Yaml::Text(text) = &node.value {
        return Some(text);
    }
    let hint = match node.value {
        Yaml::Bool(_) | Yaml::Integer(_) | Yaml::Float(_) => "a text (in \"quotes\" if it looks like a number)",
        _ => example,
    };
    report.wrong(node, what, hint);
    None
}

/// A text with its place.
pub(super) fn name(node: &Node, what: &str, example: &str, report: &mut Report) -> Option<Name> {
    text(node, what, example, report).map(|text| Name { at: node.at, text: text.to_owned() })
}

/// One text or a list of them; the list is not empty.
pub(super) fn names(node: &Node, what: &str, example: &str, report: &mut Report) -> Vec<Name> {
    let Yaml::List(list) = &node.value else { return name(node, what, example, report).into_iter().collect() };
    if list.is_empty() {
        report.add(node.at, format!("{what} is an empty list; write {example}"));
    }
    list.iter().filter_map(|item| name(item, what, example, report)).collect()
}

/// A list.
pub(super) fn list<'n>(node: &'n Node, what: &str, example: &str, report: &mut Report) -> &'n [Node] {
    if let Yaml::List(list) = &node.value {
        return list;
    }
    report.wrong(node, what, example);
    &[]
}

/// A span of time.
pub(super) fn span(node: &Node, what: &str, report: &mut Report) -> Option<Span> {
    const EXAMPLE: &str = "a span of time such as `30s`, `1h30m` or `7d`";
    let Yaml::Text(text) = &node.value else {
        report.wrong(node, what, EXAMPLE);
        return None;
    };
    Span::from_str(text).map_err(|error| report.add(node.at, format!("{what}: {error}"))).ok()
}

/// Yes or no.
pub(super) fn bool(node: &Node, what: &str, report: &mut Report) -> Option<bool> {
    if let Yaml::Bool(value) = node.value {
        return Some(value);
    }
    report.wrong(node, what, "`true` or `false`");
    None
}

/// Names in a row, for messages.
pub(super) fn quoted(names: &[&str]) -> String {
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    list.join(", ")
}
