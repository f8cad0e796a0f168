//! Reads a mapping key by key, keeping count of what was asked for, so that what nobody asked for is an error.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use super::problem::Problems;
use super::units;
use crate::journey::Span;
use crate::yaml::{Name, Node, Place, Yaml};

/// A value and where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found<T> {
    pub at: Place,
    pub value: T,
}

/// A mapping that is being read. An absent value and a null one are the same: not written.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// Where it stands: where a missing key is reported.
    pub at: Place,
    pub problems: &'a Problems,
    name: String,
    entries: Vec<(&'a Name, &'a Node)>,
    known: Vec<&'static str>,
    /// Whether the mapping itself was unusable, so that a missing key is no news.
    broken: bool,
}

impl<'a> Section<'a> {
    /// Opens a node as a mapping; `name` is how messages call it, empty for the whole file.
    pub(super) fn open(name: impl Into<String>, node: Option<&'a Node>, at: Place, problems: &'a Problems) -> Self {
        let mut section =
            Self { at, problems, name: name.into(), entries: Vec::new(), known: Vec::new(), broken: false };
        let Some(node) = node else { return section };
        match &node.value {
            Yaml::Null => {}
            Yaml::Map(entries) => section.take_entries(entries),
            value => {
                section.broken = true;
                if *value != Yaml::Reported {
                    let whole = if section.name.is_empty() { "the configuration" } else { &section.name };
                    let what = format!("{whole} is {}", value.describe());
                    problems.add(node.at, what, "write a mapping of keys to values");
                }
            }
        }
        section
    }

    fn take_entries(&mut self, entries: &'a [(Name, Node)]) {
        for (key, node) in entries {
            if let Some((first, _)) = self.entries.iter().find(|(known, _)| known.text == key.text) {
                let what =
                    format!("{} stands here a second time (first in line {})", self.path(&key.text), first.at.line);
                self.problems.add(key.at, what, "leave one of them out");
            } else {
                self.entries.push((key, node));
            }
        }
    }

    /// The key with its section's name before it.
    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// The value of a key, if it is written.
    pub(super) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        let (_, node) = self.entries.iter().find(|(known, _)| known.text == key)?;
        (node.value != Yaml::Null).then_some(*node)
    }

    /// Where a key stands; the section's own place if it is not written.
    fn key_place(&self, key: &str) -> Place {
        self.entries.iter().find(|(known, _)| known.text == key).map_or(self.at, |(key, _)| key.at)
    }

    /// A section within this one; an empty one if it is not written.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'a> {
        let (at, path) = (self.key_place(key), self.path(key));
        let mut inner = Section::open(path, self.node(key), at, self.problems);
        inner.broken |= self.broken;
        inner
    }

    /// Reports that a key is needed and not there.
    pub(super) fn missing(&self, key: &str, instead: &str) {
        if !self.broken {
            self.problems.add(self.at, format!("{} is missing", self.path(key)), instead);
        }
    }

    /// Reports a value that cannot be used.
    fn refuse(&self, node: &Node, key: &str, instead: &str) {
        if node.value != Yaml::Reported {
            self.problems.add(node.at, format!("{} is {}", self.path(key), node.value.describe()), instead);
        }
    }

    /// A text, never empty when trimmed.
    pub(super) fn text(&mut self, key: &'static str, instead: &str) -> Option<Found<&'a str>> {
        let node = self.node(key)?;
        match &node.value {
            Yaml::Text(text) if !text.trim().is_empty() => Some(Found { at: node.at, value: text.trim() }),
            Yaml::Integer(_) | Yaml::Float(_) | Yaml::Bool(_) => {
                self.refuse(node, key, &format!("put it in quotes if it is meant, or {instead}"));
                None
            }
            _ => {
                self.refuse(node, key, instead);
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, key: &'static str, instead: &str) -> Option<Found<&'a str>> {
        if self.node(key).is_none() {
            self.missing(key, instead);
        }
        self.text(key, instead)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let node = self.node(key)?;
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let found = match &node.value {
            Yaml::Text(text) => choices.iter().find(|(name, _)| name == text),
            _ => None,
        };
        if found.is_none() {
            let word = if let Yaml::Text(text) = &node.value { text } else { "" };
            self.refuse(node, key, &units::suggest(word, &names));
        }
        found.map(|(_, value)| *value)
    }

    /// A scalar that reads as `T`; `instead` says how it is written.
    fn scalar<T>(
        &mut self,
        key: &'static str,
        instead: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Found<T>> {
        let node = self.node(key)?;
        let value = match &node.value {
            Yaml::Text(text) => read(text.trim()),
            value => value.number().and_then(|number| read(&number)),
        };
        if value.is_none() {
            self.refuse(node, key, instead);
        }
        value.map(|value| Found { at: node.at, value })
    }

    /// A value that must lie in a range; `show` writes its ends.
    fn within<T: PartialOrd + Copy>(
        &self,
        key: &str,
        found: Option<Found<T>>,
        range: &RangeInclusive<T>,
        show: impl Fn(T) -> String,
    ) -> Option<T> {
        let Found { at, value } = found?;
        if range.contains(&value) {
            return Some(value);
        }
        let (least, most) = (show(*range.start()), show(*range.end()));
        let side = if value < *range.start() { "too little" } else { "too much" };
        let what = format!("{} is {}, which is {side}", self.path(key), show(value));
        self.problems.add(at, what, format!("write a value from {least} to {most}"));
        None
    }

    /// A whole number within a range.
    pub(super) fn whole(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let instead = format!("write a whole number from {} to {}", range.start(), range.end());
        let found = self.scalar(key, &instead, |text| text.parse::<i64>().ok());
        self.within(key, found, &range, |value| value.to_string())
    }

    /// A share above 0 and at most 1.
    pub(super) fn share(&mut self, key: &'static str) -> Option<f64> {
        let instead = "write a share above 0 and at most 1, such as 0.5, or off";
        let read = |text: &str| text.parse::<f64>().ok().filter(|share| *share > 0.0 && *share <= 1.0);
        self.scalar(key, instead, read).map(|found| found.value)
    }

    /// A length of time within a range.
    pub(super) fn span(&mut self, key: &'static str, range: RangeInclusive<&str>) -> Option<Span> {
        let known = |text: &str| text.parse::<Span>().expect("the limits in the code are spans");
        let found =
            self.scalar(key, "write a length of time, such as 100ms, 5s, 1m, 2h or 30d", |text| text.parse().ok());
        let range = known(range.start())..=known(range.end());
        self.within(key, found, &range, |span| span.to_string())
    }

    /// A size in bytes within a range.
    pub(super) fn size(&mut self, key: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let found = self.scalar(key, "write a size, such as 512KiB, 1MiB or 8GB", |text| units::bytes(text).ok());
        self.within(key, found, &range, units::show_bytes)
    }

    /// An address to listen on; `None` inside: `off`.
    pub(super) fn address(&mut self, key: &'static str) -> Option<Found<Option<SocketAddr>>> {
        let instead = "write address:port, such as 127.0.0.1:9464 or [::1]:9464, or off";
        self.scalar(key, instead, |text| match text.strip_prefix("localhost:") {
            _ if text == "off" => Some(None),
            Some(port) => port.parse().ok().map(|port: u16| Some(SocketAddr::from(([127, 0, 0, 1], port)))),
            None => text.parse().ok().map(Some),
        })
    }

    /// Whether a key is switched off; nothing is reported.
    pub(super) fn is_off(&mut self, key: &'static str) -> bool {
        self.node(key).is_some_and(|node| match &node.value {
            Yaml::Bool(value) => !value,
            Yaml::Text(text) => text.trim() == "off",
            _ => false,
        })
    }

    /// The nodes of a list.
    pub(super) fn list(&mut self, key: &'static str, instead: &str) -> Option<&'a [Node]> {
        let node = self.node(key)?;
        match &node.value {
            Yaml::List(nodes) if !nodes.is_empty() => Some(nodes),
            Yaml::List(_) => {
                self.problems.add(node.at, format!("{} is empty", self.path(key)), instead);
                None
            }
            _ => {
                self.refuse(node, key, instead);
                None
            }
        }
    }

    /// Every entry of this section, whatever its key, as text with the place of its key.
    pub(super) fn texts(self) -> BTreeMap<String, Found<String>> {
        let mut texts = BTreeMap::new();
        for (key, node) in &self.entries {
            let value = match &node.value {
                Yaml::Text(text) => text.clone(),
                Yaml::Bool(value) => value.to_string(),
                value => match value.number() {
                    Some(number) => number,
                    None => {
                        self.refuse(node, &key.text, "write a text, a number, `true` or `false`");
                        continue;
                    }
                },
            };
            texts.insert(key.text.clone(), Found { at: key.at, value });
        }
        texts
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        for (key, _) in &self.entries {
            if !self.known.contains(&key.text.as_str()) {
                let what = format!("{} is not a key that is known here", self.path(&key.text));
                self.problems.add(key.at, what, units::suggest(&key.text, &self.known));
            }
        }
    }
}
