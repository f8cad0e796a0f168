//! A model file as a whole: its parts read in the order in which they need each other, all mistakes together.

use super::fields::{self, Fields, Report};
use super::sections::Names;

use super::draft::Draft;
use super::expression::Asked;
use super::places::Places;
use super::{conditions, flow, moved, scenarios, signals, transitions, winners};
use crate::journey::model::Model;
use crate::journey::problem::{ModelErrors, Problem};
use crate::journey::scenario::Scenario;
use crate::yaml::{Dialect, Node, Yaml};

const DIALECT: Dialect = Dialect { noun: "model", merge_keys: false };

/// A model that was read from a file and found sound.
#[derive(Debug, Clone)]
pub struct CheckedModel {
    /// The model.
    pub model: Model,
    /// The scenarios in its file.
    pub scenarios: Vec<Scenario>,
    /// What is probably a mistake, though it does no harm.
    pub warnings: Vec<Problem>,
    pub(in crate::journey) places: Places,
}

impl CheckedModel {
    /// Reads and checks a model file. `file` is how the file is called in messages.
    ///
    /// # Errors
    /// With all of its mistakes.
    pub fn parse(file: &str, source: &str) -> Result<Self, ModelErrors> {
        let mut report = Report::default();
        let checked = match Node::parse(source, DIALECT) {
            Ok(root) => read(&root, source, &mut report),
            Err(error) => {
                report.add(error.at, format!("{}; {}", error.what, error.instead));
                None
            }
        };
        let mut problems = report.problems;
        problems.sort();
        problems.dedup();
        match checked {
            Some(checked) if problems.is_empty() => Ok(checked),
            _ => Err(ModelErrors { file: file.to_owned(), problems }),
        }
    }

    /// A model with its mistakes, as far as it can be understood, to try whether they are some.
    #[cfg(test)]
    pub(super) fn parse_anyway(source: &str) -> Option<(Self, Vec<Problem>)> {
        let mut report = Report::default();
        let root = Node::parse(source, DIALECT).ok()?;
        Some((read(&root, source, &mut report)?, report.problems))
    }
}

fn read(root: &Node, source: &str, report: &mut Report) -> Option<CheckedModel> {
    let known = [
        "model",
        "version",
        "kinds",
        "attributes",
        "applies_to",
        "phases",
        "moved",
        "counters",
        "transitions",
        "signals",
        "waiting",
        "scenarios",
    ];
    let fields = Fields::read(root, "the model", &known, report)?;
    let name = fields.require("model", "model: think5", report);
    let name = name.and_then(|node| fields::name(node, "`model`", "a name", report));
    if let Some(name) = &name {
        fields::check_name(name, "model", report);
    }
    let version = fields.require("version", "version: 1", report).and_then(|node| version(node, report));
    let names = names(&fields, report);
    let applies_to = fields
        .get("applies_to")
        .and_then(|node| transitions::condition(node, "`applies_to`", source, &names, Asked::OfEvent, report));
    let are_names_sound = report.problems.is_empty();
    let transitions = fields.require("transitions", "transitions: [{ id: start, from: new, to: …, on: any }]", report);
    let rules = transitions.map(|node| transitions::read(node, source, &names, report)).unwrap_or_default();
    if let Some(node) = transitions {
        flow::check(&names, &rules, node.at, report);
    }
    let moved = fields.get("moved").map(|node| moved::read(node, &names, report)).unwrap_or_default();
    let signals = fields.get("signals").map(|node| signals::read(node, source, &names, &rules, report));
    let signals = signals.unwrap_or_default();
    let waiting_max = signals::waiting_max(fields.get("waiting"), &signals, report);
    let scenarios = fields.get("scenarios").map(|node| scenarios::read(node, &names, &rules, &signals, report));
    let places = Places::find(&fields, &names, &rules, &signals);
    let (applied, mut warnings) = (applies_to.as_ref(), Report::default());
    let draft = Draft { names: &names, rules: &rules, signals: &signals, applies_to: applied, places: &places };
    // What is counted wrongly is compared wrongly, and that was told.
    if are_names_sound {
        winners::check(&names, &rules, report);
        conditions::check(draft, report, &mut warnings);
    }
    super::warnings::check(draft, &mut warnings);
    let Names { kinds, attributes, phases, counters, .. } = names;
    let rules = rules.placed.into_iter().map(|placed| placed.rule).collect();
    let name = name?.text;
    let mut model = Model {
        state_name: name.clone(),
        name,
        version: version?,
        hash: 0,
        kinds,
        attributes,
        applies_to,
        phases,
        moved,
        counters,
        rules,
        signals,
        waiting_max,
    };
    model.hash = model.fingerprint();
    warnings.problems.sort();
    Some(CheckedModel { model, scenarios: scenarios.unwrap_or_default(), warnings: warnings.problems, places })
}

fn names(fields: &Fields<'_>, report: &mut Report) -> Names {
    let mut names = Names::default();
    if let Some(node) = fields.require("kinds", "kinds: [page_viewed, purchased]", report) {
        names.read_kinds(node, report);
    }
    if let Some(node) = fields.get("attributes") {
        names.read_attributes(node, report);
    }
    if let Some(node) = fields.require("phases", "phases: { orientatie: {}, aankoop: {} }", report) {
        names.read_phases(node, report);
    }
    if let Some(node) = fields.get("counters") {
        names.read_counters(node, report);
    }
    names
}

fn version(node: &Node, report: &mut Report) -> Option<u32> {
    match node.value {
        Yaml::Integer(number) if number >= 1 && u32::try_from(number).is_ok() => u32::try_from(number).ok(),
        _ => {
            report.wrong(node, "`version`", "a whole number from 1, such as `1`");
            None
        }
    }
}
