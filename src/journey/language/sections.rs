//! The parts of a model that introduce names: kinds, attributes, phases, counters.

use compact_str::CompactString;

use super::fields::{self, Fields, Report};
use super::suggest::instead;
use crate::journey::model::{Addend, Counter, Per, Phase, Window};
use crate::journey::{AttrType, Code, Span};
use crate::yaml::{Name, Node, Place, Yaml};

/// The most of each; more is a mistake rather than a model.
const KINDS_MAX: usize = 1_000;
const ATTRIBUTES_MAX: usize = 64;
const PHASES_MAX: usize = 100;
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

/// The names a model has introduced, with their places.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub kinds: Vec<CompactString>,
    /// Whether `kinds` could be read, so that a kind that is not in it is a mistake.
    pub kinds_known: bool,
    pub attributes: Vec<(CompactString, AttrType)>,
    pub attribute_places: Vec<Place>,
    pub phases: Vec<Phase>,
    pub phase_places: Vec<Place>,
    /// Whether `phases` could be read.
    pub phases_known: bool,
    pub counters: Vec<Counter>,
    pub counter_places: Vec<Place>,
}

impl Names {
    /// The kind of that name.
    pub fn kind(&self, name: &Name, report: &mut Report) -> Option<u16> {
        let found = self.kinds.iter().position(|kind| *kind == name.text);
        if found.is_none() && self.kinds_known {
            let hint = instead(&name.text, self.kinds.iter().map(CompactString::as_str));
            report.find(
                Code::UnknownName,
                name.at,
                format!("`{}` is not in `kinds`; {hint} (or add it there)", name.text),
            );
        }
        found.map(|index| index as u16)
    }

    /// The kinds that `on` names, ascending: one, a list, or `any`.
    pub fn on(&self, node: &Node, what: &str, report: &mut Report) -> Vec<u16> {
        let names = fields::names(node, what, "a kind, a list of kinds, or `any`", report);
        if names.iter().any(|name| name.text == "any") {
            if names.len() > 1 {
                report.add(node.at, format!("{what} lists `any` beside other kinds; write `on: any` alone"));
            }
            return (0..self.kinds.len() as u16).collect();
        }
        let mut kinds: Vec<u16> = Vec::new();
        for name in &names {
            let Some(kind) = self.kind(name, report) else { continue };
            if kinds.contains(&kind) {
                report.add(name.at, format!("`{}` stands twice in the list; leave one out", name.text));
            } else {
                kinds.push(kind);
            }
        }
        kinds.sort_unstable();
        kinds
    }

    /// The phase of that name.
    pub fn phase(&self, name: &Name, report: &mut Report) -> Option<u16> {
        let found = self.phases.iter().position(|phase| phase.name == name.text);
        if found.is_none() && self.phases_known {
            let hint = instead(&name.text, self.phases.iter().map(|phase| phase.name.as_str()));
            report.find(Code::UnknownName, name.at, format!("`{}` is not a phase; {hint}", name.text));
        }
        found.map(|index| index as u16)
    }

    /// The phase of that name, as one that is entered.
    pub fn entered(&self, name: &Name, report: &mut Report) -> Option<u16> {
        if name.text == "new" {
            report.add(name.at, "nobody becomes `new` again; write the name of a phase");
            return None;
        }
        self.phase(name, report)
    }

    /// The phases that a key names, of which `None` is `new`, if all are known. `meant` says which, for whoever writes `any`.
    pub fn phases(&self, node: &Node, what: &str, meant: &str, report: &mut Report) -> Option<Vec<Option<u16>>> {
        self.all(node, what, "a phase, a list of phases, or `new`", report, |name, report| match name.text.as_str() {
            "new" => Some(None),
            "any" => {
                report.add(name.at, format!("`any` stands for kinds, not for phases; list the phases {meant}"));
                None
            }
            _ => self.phase(name, report).map(Some),
        })
    }

    /// The phases that a key names as entered, if all are known.
    pub fn entered_phases(&self, node: &Node, what: &str, report: &mut Report) -> Option<Vec<u16>> {
        self.all(node, what, "a phase, or a list of phases", report, |name, report| self.entered(name, report))
    }

    /// What the names of a list mean, each once; `None` if one of them means nothing, or there is none.
    fn all<T: PartialEq>(
        &self,
        node: &Node,
        what: &str,
        example: &str,
        report: &mut Report,
        meaning: impl Fn(&Name, &mut Report) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        let mut right = true;
        for name in fields::names(node, what, example, report) {
            match meaning(&name, report) {
                Some(one) if found.contains(&one) => {
                    report.add(name.at, format!("`{}` stands twice in the list; leave one out", name.text));
                }
                Some(one) => found.push(one),
                None => right = false,
            }
        }
        (right && !found.is_empty()).then_some(found)
    }

    /// `kinds`: the list of what the model listens to.
    pub fn read_kinds(&mut self, node: &Node, report: &mut Report) {
        if !matches!(node.value, Yaml::List(_)) {
            return report.wrong(node, "`kinds`", "a list such as `[page_viewed, purchased]`");
        }
        for name in fields::names(node, "`kinds`", "a list such as `[page_viewed, purchased]`", report) {
            fields::check_name(&name, "kind", report);
            if matches!(name.text.as_str(), "any" | "timer" | "new") {
                report.add(name.at, format!("`{}` is reserved; give the kind another name", name.text));
            } else if self.kinds.iter().any(|kind| *kind == name.text) {
                report.add(name.at, format!("`{}` stands twice in `kinds`; leave one out", name.text));
                continue;
            }
            self.kinds.push(name.text.into());
        }
        limit(self.kinds.len(), KINDS_MAX, "kinds", node.at, report);
        self.kinds_known = !self.kinds.is_empty();
    }

    /// `attributes`: what conditions may read of events.
    pub fn read_attributes(&mut self, node: &Node, report: &mut Report) {
        for (name, value) in fields::named(node, "`attributes`", "attribute", report) {
            fields::check_word(name, "attribute", &["value", "kind", "channel", "late"], report);
            let types = [AttrType::Number, AttrType::Text, AttrType::Bool];
            let kind = match &value.value {
                Yaml::Text(text) => {
                    let kind = types.into_iter().find(|kind| kind.word() == text);
                    if kind.is_none() {
                        let hint = instead(text, types.map(AttrType::word));
                        report.add(value.at, format!("`{text}` is not a type of attribute; {hint}"));
                    }
                    kind
                }
                _ => {
                    report.wrong(value, &format!("attribute `{}`", name.text), "`number`, `text` or `bool`");
                    None
                }
            };
            let kind = kind.unwrap_or(AttrType::Text);
            self.attributes.push((name.text.as_str().into(), kind));
            self.attribute_places.push(name.at);
        }
        limit(self.attributes.len(), ATTRIBUTES_MAX, "attributes", node.at, report);
    }

    /// `phases`, in the order of the journey.
    pub fn read_phases(&mut self, node: &Node, report: &mut Report) {
        for (name, value) in fields::named(node, "`phases`", "phase", report) {
            if matches!(name.text.as_str(), "new" | "any") {
                report.add(name.at, format!("`{}` is reserved; give the phase another name", name.text));
            }
            let phase = self.read_phase(name, value, report);
            self.phases.push(phase);
            self.phase_places.push(name.at);
        }
        if node.value == Yaml::Map(Vec::new()) {
            report.add(node.at, "`phases` has no phase; write at least one, such as `orientatie: {}`");
        }
        limit(self.phases.len(), PHASES_MAX, "phases", node.at, report);
        self.phases_known = !self.phases.is_empty();
    }

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
            report.add(node.at, format!("`{text}` is not in `attributes`; {hint} (or add it there)"));
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

/// Complains of too many.
pub(super) fn limit(count: usize, most: usize, what: &str, at: Place, report: &mut Report) {
    if count > most {
        report.add(at, format!("{count} {what} are too many; write at most {most}, or split the model in two"));
    }
}
