//! The parts of a model that introduce names: kinds, attributes, phases, counters.

use compact_str::CompactString;

use super::fields::{self, Report};
use super::suggest::instead;
use crate::journey::model::{Counter, Phase};
use crate::journey::{AttrType, Code, EVENT_PARTS};
use crate::yaml::{Name, Node, Place, Yaml};

/// The most of each; more is a mistake rather than a model.
const KINDS_MAX: usize = 1_000;
const ATTRIBUTES_MAX: usize = 64;
const PHASES_MAX: usize = 100;

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
            fields::check_word(name, "attribute", &EVENT_PARTS, report);
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
}

/// Complains of too many.
pub(super) fn limit(count: usize, most: usize, what: &str, at: Place, report: &mut Report) {
    if count > most {
        report.add(at, format!("{count} {what} are too many; write at most {most}, or split the model in two"));
    }
}
