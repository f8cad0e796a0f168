//! Checks of a model's rules taken together: what can be reached, what can never win, what never comes to rest.

use super::fields::Report;
use super::sections::Names;
use super::transitions::{Placed, Rules};
use crate::journey::Span;
use crate::journey::model::Trigger;
use crate::yaml::Place;

/// The shortest time in which timers alone may bring a customer back to where it was: a customer who is away for a year
/// must not go round a million times.
const ROUND_MIN: Span = Span(3_600_000);

/// Checks the rules against each other.
pub(super) fn check(names: &Names, rules: &Rules, transitions_at: Place, report: &mut Report) {
    final_phases(names, rules, report);
    shadowed(names, rules, report);
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
                report.add(placed.from_at, text);
            }
        }
    }
}

/// Every phase can be reached from `new`.
fn reachable(names: &Names, rules: &Rules, transitions_at: Place, report: &mut Report) {
    if !rules.placed.iter().any(|placed| placed.rule.from.contains(&None)) {
        report
            .add(transitions_at, "no transition begins with `from: new`, so no customer ever enters a phase; add one");
        return;
    }
    let mut reached = vec![false; names.phases.len()];
    loop {
        let entered = rules.placed.iter().map(|placed| &placed.rule).find(|rule| {
            let leaves = |from: &Option<u16>| from.is_none_or(|phase| reached[usize::from(phase)]);
            !reached[usize::from(rule.to)] && rule.from.iter().any(leaves)
        });
        match entered {
            Some(rule) => reached[usize::from(rule.to)] = true,
            None => break,
        }
    }
    for ((phase, at), _) in names.phases.iter().zip(&names.phase_places).zip(&reached).filter(|(_, reached)| !**reached)
    {
        let text = format!(
            "no customer can reach the phase `{}`; add a transition `to: {0}`, or leave the phase out",
            phase.name
        );
        report.add(*at, text);
    }
}

/// No rule is covered by others, so that it can never win.
fn shadowed(names: &Names, rules: &Rules, report: &mut Report) {
    for (index, placed) in rules.placed.iter().enumerate() {
        let winner = match &placed.rule.trigger {
            Trigger::On(kinds) => covering_events(&rules.placed[..index], placed, kinds),
            Trigger::After(span) => covering_timers(rules, index, *span, |trigger| match trigger {
                Trigger::After(span) => Some(*span),
                _ => None,
            }),
            Trigger::Idle(span) => covering_timers(rules, index, *span, |trigger| match trigger {
                Trigger::Idle(span) => Some(*span),
                _ => None,
            }),
        };
        if let Some(winner) = winner {
            let (id, line) = (&winner.rule.id, winner.id_at.line);
            let order = if winner.id_at < placed.id_at { "move it before that one" } else { "make its span shorter" };
            let text = format!(
                "`{}` can never win: `{id}` in line {line} always comes first; {order}, give that one a condition, or leave this out",
                placed.rule.id
            );
            report.add(placed.id_at, text);
        }
        self_loop(names, placed, report);
    }
}

/// Of the rules before this one, one that takes its last (phase, kind), if they take all.
fn covering_events<'r>(before: &'r [Placed], placed: &Placed, kinds: &[u16]) -> Option<&'r Placed> {
    let mut winner = None;
    for (from, kind) in placed.rule.from.iter().flat_map(|from| kinds.iter().map(move |kind| (from, kind))) {
        winner = Some(before.iter().find(|earlier| {
            let takes = matches!(&earlier.rule.trigger, Trigger::On(kinds) if kinds.contains(kind));
            takes && earlier.rule.from.contains(from) && wins_over(earlier, placed)
        })?);
    }
    winner
}

/// A timer that always fires before this one, in each phase that this one runs in.
fn covering_timers(
    rules: &Rules,
    index: usize,
    span: Span,
    same_start: impl Fn(&Trigger) -> Option<Span>,
) -> Option<&Placed> {
    let placed = &rules.placed[index];
    let mut winner = None;
    for from in &placed.rule.from {
        winner = Some(rules.placed.iter().enumerate().find_map(|(other_index, other)| {
            let other_span = same_start(&other.rule.trigger)?;
            let first = match other_span.cmp(&span) {
                std::cmp::Ordering::Less => !other.conditional,
                std::cmp::Ordering::Equal => other_index < index && wins_over(other, placed),
                std::cmp::Ordering::Greater => false,
            };
            (first && other.rule.from.contains(from)).then_some(other)
        })?);
    }
    winner
}

/// Whether a rule matches whenever the other does, on the same event or at the same time.
fn wins_over(earlier: &Placed, placed: &Placed) -> bool {
    if !earlier.conditional {
        return true;
    }
    match (&earlier.rule.when, &placed.rule.when) {
        (Some(first), Some(second)) => first.program == second.program,
        _ => false,
    }
}

/// A timer since the last event that leads where it came from would fire again at once.
fn self_loop(names: &Names, placed: &Placed, report: &mut Report) {
    if matches!(placed.rule.trigger, Trigger::Idle(_)) && placed.rule.from.contains(&Some(placed.rule.to)) {
        let phase = &names.phases[usize::from(placed.rule.to)].name;
        let text = format!(
            "an `idle` timer from `{phase}` to itself would fire again at once; write `after`, or another `to`"
        );
        report.add(placed.trigger_at, text);
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
        report.add(placed.trigger_at, text);
    }
}
