//! What is probably not meant though it does no harm, over the whole configuration, each with its place and its code.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use super::{Exit, Failure};
use crate::config::{Config, ModelRef, ModelsError, Variants};
use crate::formats;
use crate::journey::{CheckedModel, Code, Problem, Supply, run_scenarios, untested};

/// Where to read on.
pub(super) const PAGE: &str = "docs/findings.md says what each [code] means and how to mend it";

/// A finding and the file it is in.
pub(super) struct Finding {
    file: String,
    pub(super) problem: Problem,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.problem)
    }
}

/// The mistakes of models, with where to read on.
pub(super) fn with_page(error: ModelsError) -> Failure {
    match error {
        ModelsError::Wrong(_) => Failure::new(Exit::Usage, format!("{error}\n{PAGE}")),
        _ => error.into(),
    }
}

/// All warnings: those of each model, what its scenarios leave out, what the inputs cannot yield, and what nobody listens to.
pub(super) fn warnings(file: &Path, config: &Config, models: &[(&ModelRef, &CheckedModel)]) -> Vec<Finding> {
    let supplies = supplies(config);
    let mut findings = Vec::new();
    for (named, checked) in models {
        let mut problems = checked.warnings.clone();
        problems.extend(untested(checked, &run_scenarios(checked)));
        let mut run = (*checked).clone();
        if config.topics.signals.is_none() {
            run.model.drop_signals();
        }
        problems.extend(run.starved(&supplies));
        problems.sort();
        findings.extend(problems.into_iter().map(|problem| Finding { file: named.to_string(), problem }));
    }
    let labels = unlabelled(config, &supplies).into_iter();
    findings.extend(labels.map(|problem| Finding { file: file.display().to_string(), problem }));
    let unheard = unheard(config, models).into_iter();
    findings.extend(unheard.map(|problem| Finding { file: file.display().to_string(), problem }));
    findings
}

/// What each input can yield.
fn supplies(config: &Config) -> Vec<Supply> {
    let supply = |input: &crate::config::InputConfig| Supply {
        channel: input.name.clone(),
        kinds: formats::kinds_of(&input.format).map(|kinds| kinds.into_iter().collect()),
        attributes: formats::attributes_of(&input.format).map(|names| names.into_iter().collect()),
        value: formats::has_value(&input.format),
    };
    config.inputs.iter().map(supply).collect()
}

/// That no event can say which variant of an experiment a customer is shown.
fn unlabelled(config: &Config, supplies: &[Supply]) -> Option<Problem> {
    let Variants { rule, attribute_at } = config.variants.as_ref()?;
    if supplies.iter().any(|supply| supply.has(&rule.attribute)) {
        return None;
    }
    let text = format!(
        "no input can yield the attribute `{}`, so nobody is shown a variant; say in the `mapping` of one where it stands, or leave `variants` out",
        rule.attribute
    );
    Some(Problem { at: *attribute_at, text, code: Code::NeverFed })
}

/// Kinds that the configuration lets come and that no model listens to, each once.
fn unheard(config: &Config, models: &[(&ModelRef, &CheckedModel)]) -> Vec<Problem> {
    let mut heard: BTreeSet<String> =
        models.iter().flat_map(|(_, checked)| checked.model.kinds()).map(|kind| kind.to_string()).collect();
    let mut problems = Vec::new();
    for input in &config.inputs {
        for kind in formats::kinds_named_in(&input.format) {
            if heard.insert(kind.clone()) {
                let text = format!(
                    "the input {} can yield `{kind}`, but no model listens to it; add it to the `kinds` of one, or do not let it be yielded",
                    input.name
                );
                problems.push(Problem { at: input.name_at, text, code: Code::Unheard });
            }
        }
    }
    problems
}
