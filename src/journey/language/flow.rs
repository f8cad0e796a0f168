//! Checks of a model's rules taken together: what can be reached, what can be left, what never comes to rest.

use super::fields::Report;
use super::sections::Names;
use super::transitions::{Placed, Rules};
use crate::journey::model::{Rule, Trigger};
use crate::journey::{Code, Span};
use crate::yaml::Place;

/// The shortest time in which timers alone may bring a customer back to where it was: a customer who is away for a year
/// must not go round a million times.
const ROUND_MIN: Span = Span(3_600_000);

/// Checks the rules against each other.
pub(super) fn check(names: &Names, rules: &Rules, transitions_at: Place, report: &mut Report) {
    final_phases(names, rules, report);
    rules.placed.iter().for_each(|placed| self_loop(names, placed, report));
    rounds(names, rules, report);
    // A name that no transition can enter was told already.
    let reserved = names.phases.iter().any(|phase| matches!(phase.name.as_str(), "new" | "any"));
    if rules.complete && names.phases_known && !reserved {
        reachable(names, rules, transitions_at, report);
    }
}

/// No transition leaves a phase in which the journey ends.
fn final_phases(names: &Names, rules: &Rules, report: &mut Report) {
    for placed in &rules.placed {
        for phase in placed.rule.from.iter().flatten().map(|from| &names.phases[usize::from(*from)]) {
            if phase.is_final {
                let text = format!(
                    "`{}` is final, so no transition can leave it; drop `final: true` or this source",
                    phase.name
                );
                report.find(Code::LeavesFinal, placed.from_at, text);
            }
        }
    }
}

/// Every phase can be reached from `new`.
fn reachable(names: &Names, rules: &Rules, transitions_at: Place, report: &mut Report) {
    if !rules.placed.iter().any(|placed| placed.rule.from.contains(&None)) {
        report.find(
            Code::UnreachablePhase,
            transitions_at,
            "no transition begins with `from: new`, so no customer ever enters a phase; add one",
        );
        return;
    }
    let reached = reached(rules.placed.iter().map(|placed| &placed.rule), names.phases.len());
    for ((phase, at), _) in names.phases.iter().zip(&names.phase_places).zip(&reached).filter(|(_, reached)| !**reached)
    {
        let text = format!(
            "no customer can reach the phase `{}`; add a transition `to: {0}`, or leave the phase out",
            phase.name
        );
        report.find(Code::UnreachablePhase, *at, text);
    }
}

/// By phase, whether rules lead there from `new`.
pub(super) fn reached<'r>(rules: impl Iterator<Item = &'r Rule> + Clone, phases: usize) -> Vec<bool> {
    let mut reached = vec![false; phases];
    loop {
        let entered = rules.clone().find(|rule| {
            let leaves = |from: &Option<u16>| from.is_none_or(|phase| reached[usize::from(phase)]);
            !reached[usize::from(rule.to)] && rule.from.iter().any(leaves)
        });
        match entered {
            Some(rule) => reached[usize::from(rule.to)] = true,
            None => return reached,
        }
    }
}

/// A timer since the last event that leads where it came from would fire again at once.
fn self_loop(names: &Names, placed: &Placed, report: &mut Report) {
    if matches!(placed.rule.trigger, Trigger::Idle(_)) && placed.rule.from.contains(&Some(placed.rule.to)) {
        let phase = &names.phases[usize::from(placed.rule.to)].name;
        let text = format!(
            "an `idle` timer from `{phase}` to itself would fire again at once; write `after`, or another `to`"
        );
        report.find(Code::EndlessTimers, placed.trigger_at, text);
    }
}

/// Timers alone must not bring a customer round without time going by.
fn rounds(names: &Names, rules: &Rules, report: &mut Report) {
    const NEVER: i64 = i64::MAX / 4;
    let count = names.phases.len();
    let timers: Vec<(usize, usize, i64, &Placed)> = rules
        .placed
        .iter()
        .flat_map(|placed| {
            let span = match placed.rule.trigger {
                Trigger::On(_) => None,
                Trigger::After(span) => Some(span.0),
                Trigger::Idle(_) => Some(0),
            };
            let to = usize::from(placed.rule.to);
            let from = placed.rule.from.iter().flatten().map(|from| usize::from(*from));
            from.filter_map(move |from| Some((from, to, span?, placed)))
        })
        // Told as a mistake of its own.
        .filter(|(from, to, span, _)| from != to || *span > 0)
        .collect();
    let mut shortest = vec![vec![NEVER; count]; count];
    for (from, to, span, _) in &timers {
        shortest[*from][*to] = shortest[*from][*to].min(*span);
    }
    for middle in 0..count {
        for from in 0..count {
            for to in 0..count {
                shortest[from][to] = shortest[from][to].min(shortest[from][middle] + shortest[middle][to]);
            }
        }
    }
    let mut told = vec![false; count];
    for (from, to, span, placed) in &timers {
        let back = if from == to { 0 } else { shortest[*to][*from] };
        let round = span + back;
        if round >= ROUND_MIN.0 || told[*from] {
            continue;
        }
        for phase in 0..count {
            // All phases of the round, so that it is told once.
            told[phase] |= shortest[*from][phase] < NEVER && shortest[phase][*from] < NEVER;
        }
        let phase = &names.phases[*from].name;
        let text = if round == 0 {
            format!(
                "timers alone lead from `{phase}` round to `{phase}` at once, without end; let an event or an `after` be on the way"
            )
        } else {
            format!(
                "timers alone lead from `{phase}` round to `{phase}` every {}; let an event be on the way, or at least {ROUND_MIN}",
                Span(round)
            )
        };
        report.find(Code::EndlessTimers, placed.trigger_at, text);
    }
}
