//! `counters`: what a model counts or adds up, over what.

use super::fields::{self, Fields, Report};
use super::sections::{Names, limit};
use super::suggest::instead;
use crate::journey::model::{Addend, Counter, Per, Window};
use crate::journey::{AttrType, Code, Span};
use crate::yaml::{Name, Node, Yaml};

const COUNTERS_MAX: usize = 64;

/// Names that conditions have already, or that the expression language keeps for itself.
const RESERVED: [&str; 23] = [
    "event",
    "phase",
    "time_in_phase",
    "time_since_last",
    "has",
    "duration",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// How many values a counter `per` an attribute keeps of each customer.
const VALUES_USUAL: u8 = 8;
const VALUES_MAX: i128 = 16;

/// The shortest sliding window: eight buckets of a millisecond.
const WINDOW_MIN: Span = Span(8);

impl Names {
    /// `counters`: what is counted or added up.
    pub fn read_counters(&mut self, node: &Node, report: &mut Report) {
        for (name, value) in fields::named(node, "`counters`", "counter", report) {
            fields::check_word(name, "counter", &RESERVED, report);
            let counter = self.counter(name, value, report);
            self.counters.push(counter);
            self.counter_places.push(name.at);
        }
        limit(self.counters.len(), COUNTERS_MAX, "counters", node.at, report);
    }

    fn counter(&self, name: &Name, node: &Node, report: &mut Report) -> Counter {
        let what = format!("counter `{}`", name.text);
        let mut counter = Counter {
            name: name.text.clone(),
            kinds: Vec::new(),
            sum: None,
            window: Window::Visit,
            per: None,
            reset: Vec::new(),
        };
        let known = ["on", "window", "sum", "per", "values", "reset"];
        let Some(fields) = Fields::read(node, &what, &known, report) else { return counter };
        if let Some(on) = fields.require("on", "on: product_viewed", report) {
            counter.kinds = self.on(on, "`on`", report);
        }
        if let Some(window) = fields.require("window", "window: visit", report) {
            counter.window = window_of(window, "`window`", report).unwrap_or(Window::Visit);
        }
        counter.sum = fields.get("sum").and_then(|sum| self.addend(sum, report));
        counter.per = self.per(&fields, report);
        if let (Some(node), Window::Sliding(_)) = (fields.get("per"), counter.window) {
            report.add(
                node.at,
                "a counter `per` an attribute counts over `visit` or `ever`; write one of them as `window`",
            );
        }
        if let (Some(node), Some(_)) = (fields.get("sum"), fields.get("per")) {
            report.add(node.at, "a counter `per` an attribute counts events; leave `sum` out, or `per`");
        }
        if let Some(node) = fields.get("reset") {
            counter.reset = self.on(node, "`reset`", report);
            if let Some(both) = counter.reset.iter().find(|kind| counter.kinds.contains(kind)) {
                let kind = &self.kinds[usize::from(*both)];
                report.add(
                    node.at,
                    format!("`{kind}` stands in `on` and in `reset`: it would never count; leave one out"),
                );
            }
        }
        counter
    }

    /// Whether each value of an attribute is counted by itself.
    fn per(&self, fields: &Fields<'_>, report: &mut Report) -> Option<Per> {
        let values = match fields.get("values").map(|node| (node, &node.value)) {
            None => VALUES_USUAL,
            Some((_, Yaml::Integer(number))) if (1..=VALUES_MAX).contains(number) => *number as u8,
            Some((node, _)) => {
                report.wrong(
                    node,
                    "`values`",
                    &format!("a whole number from 1 to {VALUES_MAX}, such as `{VALUES_USUAL}`"),
                );
                VALUES_USUAL
            }
        };
        let Some(node) = fields.get("per") else {
            if let Some(node) = fields.get("values") {
                report.add(node.at, "`values` says how many values are kept: it goes with `per: <attribute>`");
            }
            return None;
        };
        let attribute = self.attribute(node, "`per`", report)?;
        Some(Per { attribute, values })
    }

    /// The attribute that a key names.
    pub(super) fn attribute(&self, node: &Node, what: &str, report: &mut Report) -> Option<u16> {
        let text = fields::text(node, what, "the name of an attribute", report)?;
        let found = self.attributes.iter().position(|(name, _)| name == text);
        if found.is_none() {
            let hint = instead(text, self.attributes.iter().map(|(name, _)| name.as_str()));
            let text = format!("`{text}` is not in `attributes`; {hint} (or add it there)");
            report.find(Code::UnknownName, node.at, text);
        }
        found.map(|index| index as u16)
    }

    fn addend(&self, node: &Node, report: &mut Report) -> Option<Addend> {
        let text = fields::text(node, "`sum`", "`value` or an attribute that is a number", report)?;
        if text == "value" {
            return Some(Addend::Value);
        }
        let numbers = || self.attributes.iter().filter(|(_, kind)| *kind == AttrType::Number);
        match self.attributes.iter().position(|(name, _)| name == text) {
            Some(index) if self.attributes[index].1 == AttrType::Number => Some(Addend::Attribute(index as u16)),
            Some(index) => {
                let kind = self.attributes[index].1.word();
                report.add(node.at, format!("`{text}` cannot be added up: it is a {kind}; sum `value` or a number"));
                None
            }
            None => {
                let hint = instead(text, numbers().map(|(name, _)| name.as_str()).chain(["value"]));
                report.find(
                    Code::UnknownName,
                    node.at,
                    format!("`{text}` cannot be added up: there is no such attribute; {hint}"),
                );
                None
            }
        }
    }
}

/// What is counted over.
pub(super) fn window_of(node: &Node, what: &str, report: &mut Report) -> Option<Window> {
    match &node.value {
        Yaml::Text(text) if text == "visit" => return Some(Window::Visit),
        Yaml::Text(text) if text == "ever" => return Some(Window::Ever),
        Yaml::Text(text) if text.parse::<Span>().is_ok() => {}
        _ => {
            report.wrong(node, what, "`visit`, `ever`, or a span of time such as `7d`");
            return None;
        }
    }
    let span = fields::span(node, what, report)?;
    if span < WINDOW_MIN {
        report.add(node.at, format!("a window of {span} is too short; write at least `{WINDOW_MIN}`"));
        return None;
    }
    Some(Window::Sliding(span))
}
