//! What scenarios leave out: a rule that none of them comes to may do anything, and nobody would notice.

use super::{CheckedModel, Code, Problem, ScenarioOutcome};

/// Transitions and signals that no scenario comes to, if there are scenarios.
pub fn untested(checked: &CheckedModel, outcomes: &[ScenarioOutcome]) -> Vec<Problem> {
    if outcomes.is_empty() {
        return Vec::new();
    }
    let CheckedModel { model, places, .. } = checked;
    let is_taken = |id: &str| outcomes.iter().any(|outcome| outcome.rules.iter().any(|rule| rule == id));
    let is_told = |id: &str| outcomes.iter().any(|outcome| outcome.told.iter().any(|signal| signal == id));
    let problem = |at, what: &str, id: &str| Problem {
        at,
        text: format!("no scenario comes to the {what} `{id}`; add one that does"),
        code: Code::Untested,
    };
    let rules = model.rules.iter().zip(&places.rules).filter(|(rule, _)| !is_taken(&rule.id));
    let rules = rules.map(|(rule, at)| problem(*at, "transition", &rule.id));
    let signals = model.signals.iter().zip(&places.signals).filter(|(signal, _)| !is_told(&signal.id));
    rules.chain(signals.map(|(signal, places)| problem(places.id, "signal", &signal.id))).collect()
}
