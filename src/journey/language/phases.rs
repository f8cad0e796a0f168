//! `phases`: one phase of a model, with what it is to people and to the company.

use super::fields::{self, Fields, Report};
use super::sections::Names;
use crate::journey::model::{Phase, Texts};
use crate::yaml::{Name, Node, Yaml};

impl Names {
    /// One phase; the kinds must have been introduced.
    pub(super) fn read_phase(&self, name: &Name, node: &Node, report: &mut Report) -> Phase {
        let mut phase = Phase {
            name: name.text.clone(),
            title: Texts::default(),
            needs: Texts::default(),
            is_final: false,
            forget_after: None,
            touchpoints: None,
        };
        if node.value == Yaml::Null {
            return phase;
        }
        let what = format!("phase `{}`", name.text);
        let known = ["name", "needs", "touchpoints", "final", "forget_after"];
        let Some(fields) = Fields::read(node, &what, &known, report) else { return phase };
        if let Some(title) = fields.get("name").and_then(|node| languages(node, "`name`", report)) {
            let mut read = |language: &str| {
                let node = title.get(language)?;
                fields::text(node, "a name", "a text", report).map(str::to_owned)
            };
            phase.title = Texts { nl: read("nl"), en: read("en") };
        }
        if let Some(needs) = fields.get("needs").and_then(|node| languages(node, "`needs`", report)) {
            let mut read = |language: &str| {
                let Some(node) = needs.get(language) else { return Vec::new() };
                let list = fields::list(node, "`needs`", "a list of texts", report);
                list.iter()
                    .filter_map(|item| fields::text(item, "a need", "a text", report).map(str::to_owned))
                    .collect()
            };
            phase.needs = Texts { nl: read("nl"), en: read("en") };
        }
        phase.touchpoints = fields.get("touchpoints").map(|node| match &node.value {
            Yaml::List(none) if none.is_empty() => Vec::new(),
            _ => self.on(node, "`touchpoints`", report),
        });
        phase.is_final = fields.get("final").and_then(|node| fields::bool(node, "`final`", report)).unwrap_or(false);
        phase.forget_after = fields.get("forget_after").and_then(|node| {
            let span = fields::span(node, "`forget_after`", report)?;
            if span.0 == 0 {
                report.add(node.at, "`forget_after` is zero: nobody would stay; write a span such as `90d`");
            }
            (span.0 > 0).then_some(span)
        });
        phase
    }
}

fn languages<'n>(node: &'n Node, what: &str, report: &mut Report) -> Option<Fields<'n>> {
    Fields::read(node, what, &["nl", "en"], report)
}
