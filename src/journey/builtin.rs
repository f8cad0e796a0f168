//! The models that ship in the binary.

use super::CheckedModel;

/// Their names and files, in the order they are listed.
const MODELS: [(&str, &str); 6] = [
    ("think5", include_str!("../models/think5.yaml")),
    ("awareness5", include_str!("../models/awareness5.yaml")),
    ("see-think-do-care", include_str!("../models/see-think-do-care.yaml")),
    ("retention5", include_str!("../models/retention5.yaml")),
    ("decision3", include_str!("../models/decision3.yaml")),
    ("store-pos", include_str!("../models/store-pos.yaml")),
];

/// The names of the built-in models.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    MODELS.iter().map(|(name, _)| *name)
}

/// The file of a built-in model.
pub fn builtin_source(name: &str) -> Option<&'static str> {
    MODELS.iter().find(|(known, _)| *known == name).map(|(_, source)| *source)
}

/// A built-in model.
pub fn builtin(name: &str) -> Option<CheckedModel> {
    let source = builtin_source(name)?;
    Some(CheckedModel::parse(name, source).expect("a test loads every built-in model"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::model::{AtMost, Occasion, Trigger, Wait, Window};
    use crate::journey::{ScenarioOutcome, run_scenarios};

    #[test]
    fn every_phase_has_touchpoints_and_a_name_and_needs_in_both_languages() {
        for name in builtin_names() {
            let checked = builtin(name).expect("it ships");
            assert_eq!(checked.model.name, name);
            for phase in &checked.model.phases {
                let (title, needs) = (&phase.title, &phase.needs);
                assert!(title.nl.is_some() && title.en.is_some(), "{name}: {} has no name", phase.name);
                assert!(!needs.nl.is_empty(), "{name}: {} says no needs", phase.name);
                assert_eq!(needs.nl.len(), needs.en.len(), "{name}: {} says other needs in English", phase.name);
                let touchpoints = phase.touchpoints.as_deref().unwrap_or_default();
                assert!(!touchpoints.is_empty(), "{name}: {} says no touchpoints", phase.name);
            }
        }
    }

    /// Each with what was broken.
    fn mutants(checked: &CheckedModel) -> Vec<(String, CheckedModel)> {
        let mut all = Vec::new();
        let mut add = |what: String, change: &dyn Fn(&mut CheckedModel)| {
            let mut mutant = checked.clone();
            change(&mut mutant);
            all.push((what, mutant));
        };
        for (index, rule) in checked.model.rules.iter().enumerate() {
            add(format!("without {}", rule.id), &|mutant| mutant.model.rules[index].trigger = Trigger::On(Vec::new()));
            if rule.when.is_some() {
                add(format!("{} without a condition", rule.id), &|mutant| mutant.model.rules[index].when = None);
            }
        }
        for (index, counter) in checked.model.counters.iter().enumerate() {
            let name = &counter.name;
            if counter.per.is_some() {
                add(format!("{name} of anything"), &|mutant| mutant.model.counters[index].per = None);
            }
            if !counter.reset.is_empty() {
                add(format!("{name} never anew"), &|mutant| mutant.model.counters[index].reset.clear());
            }
        }
        for (index, signal) in checked.model.signals.iter().enumerate() {
            let id = &signal.id;
            add(format!("without {id}"), &|mutant| {
                mutant.model.signals[index].occasion = Occasion::On(Vec::new());
            });
            if signal.when.is_some() {
                add(format!("{id} without a condition"), &|mutant| mutant.model.signals[index].when = None);
            }
            if signal.phases.is_some() {
                add(format!("{id} in every phase"), &|mutant| mutant.model.signals[index].phases = None);
            }
            if signal.at_most.is_some() {
                let often = AtMost { times: 1_000, window: Window::Ever };
                add(format!("{id} as often as it likes"), &|mutant| mutant.model.signals[index].at_most = Some(often));
            }
            if let Some(Wait { unless, correlate, .. }) = &signal.wait {
                let wait = |mutant: &mut CheckedModel, change: &dyn Fn(&mut Wait)| {
                    change(mutant.model.signals[index].wait.as_mut().expect("it waits"));
                };
                if !unless.is_empty() {
                    add(format!("{id} whatever comes"), &|mutant| wait(mutant, &|wait| wait.unless.clear()));
                }
                if correlate.is_some() {
                    add(format!("{id} of anything"), &|mutant| wait(mutant, &|wait| wait.correlate = None));
                }
            }
        }
        all
    }

    #[test]
    fn whatever_is_broken_in_a_model_makes_a_scenario_fail() {
        let mut unnoticed = Vec::new();
        for name in builtin_names() {
            let checked = builtin(name).expect("it ships");
            assert!(run_scenarios(&checked).iter().all(ScenarioOutcome::passed), "{name}");
            for (what, mutant) in mutants(&checked) {
                if run_scenarios(&mutant).iter().all(ScenarioOutcome::passed) {
                    unnoticed.push(format!("{name} {what}"));
                }
            }
        }
        assert!(unnoticed.is_empty(), "no scenario notices:\n{}", unnoticed.join("\n"));
    }

    #[test]
    fn without_signals_a_model_does_without_the_counters_that_only_they_read_and_moves_as_before() {
        for name in builtin_names() {
            let full = builtin(name).expect("it ships");
            let mut plain = full.clone();
            plain.model.drop_signals();
            plain.scenarios.iter_mut().for_each(|scenario| scenario.expect_signals = None);
            assert!(run_scenarios(&plain).iter().all(ScenarioOutcome::passed), "{name}");
            assert_eq!(plain.model.hash(), full.model.hash(), "it is the same model");
        }
        let mut retention = builtin("retention5").expect("it ships");
        retention.model.drop_signals();
        let counters: Vec<&str> = retention.model.counters().iter().map(|counter| counter.name.as_str()).collect();
        assert_eq!(counters, ["views", "orders"]);
    }
}
