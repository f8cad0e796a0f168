//! Conditions that can never be true, or always are, each where it is asked.

use super::decide::{Answer, Forest, Id, Patience, ask};
use super::draft::Draft;
use super::fields::Report;
use super::flow;
use super::places::Places;
use super::situation::{Cause, Situation, World};
use super::transitions::Rules;
use crate::journey::Code;
use crate::journey::model::{Condition, Occasion, Rule, SignalRule};
use crate::yaml::Place;

/// How a condition comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Never,
    Always,
    /// Now so, now so; or it takes too long to say.
    Open,
}

/// How a condition comes out in these situations; open if there are none.
pub(super) fn verdict(
    world: &World<'_>,
    forest: &Forest,
    condition: Id,
    situations: &[Situation],
    patience: &mut Patience,
) -> Verdict {
    patience.renew();
    let mut is_never = |truth: bool| {
        situations.iter().all(|situation| {
            let domain = |slot| world.domain(*situation, slot);
            matches!(ask(forest, &[(condition, truth)], domain, patience), Answer::Impossible(_))
        })
    };
    match situations {
        [] => Verdict::Open,
        _ if is_never(true) => Verdict::Never,
        _ if is_never(false) => Verdict::Always,
        _ => Verdict::Open,
    }
}

/// The situations in which a signal is asked, of a model with these rules.
pub(super) fn situations_of_signal<'r>(
    world: &World<'_>,
    signal: &SignalRule,
    rules: impl Iterator<Item = &'r Rule>,
) -> Vec<Situation> {
    match &signal.occasion {
        Occasion::On(kinds) => {
            let all = || std::iter::once(None).chain((0..world.phases.len() as u16).map(Some)).collect();
            let phases: Vec<Option<u16>> = signal.phases.clone().unwrap_or_else(all);
            let causes: Vec<Cause> = world.events(kinds);
            let of = |phase: Option<u16>| causes.iter().map(move |cause| Situation { phase, cause: *cause });
            phases.into_iter().flat_map(of).collect()
        }
        Occasion::Move { leaving, entering } => rules
            .filter(|rule| entering.as_ref().is_none_or(|phases| phases.contains(&rule.to)))
            .flat_map(|rule| world.situations(rule))
            .filter(|situation| leaving.as_ref().is_none_or(|phases| phases.contains(&situation.phase)))
            .collect(),
    }
}

/// Looks at all conditions, one by one.
pub(super) fn check(draft: Draft<'_>, report: &mut Report, warnings: &mut Report) {
    let Draft { names, rules, signals, applies_to, places } = draft;
    let world = World::of_names(names);
    let (mut forest, mut patience) = (Forest::default(), Patience::default());
    let mut decide = |when: &Condition, situations: &[Situation], at: Place, never: String, always: String| {
        let condition = forest.plant(&when.program);
        match verdict(&world, &forest, condition, situations, &mut patience) {
            Verdict::Never => report.find(Code::NeverHolds, at, never),
            Verdict::Always => warnings.find(Code::AlwaysHolds, at, always),
            Verdict::Open => {}
        }
    };
    let always = |id: &str| format!("this is true whenever `{id}` asks; leave the condition out, or correct it");
    if let Some(condition) = applies_to {
        let kinds: Vec<u16> = (0..world.kinds.len() as u16).collect();
        let situations = world.events(&kinds).into_iter().map(|cause| Situation { phase: None, cause });
        decide(
            condition,
            &situations.collect::<Vec<_>>(),
            places.applies_to,
            "this can never be true, so the model takes no event; correct it, or leave `applies_to` out".to_owned(),
            "this is true of every event; leave `applies_to` out, or correct it".to_owned(),
        );
    }
    for placed in &rules.placed {
        let (Some(when), id) = (&placed.rule.when, &placed.rule.id) else { continue };
        let never =
            format!("this can never be true, so `{id}` is never taken; correct it, or leave the transition out");
        decide(when, &world.situations(&placed.rule), placed.when_at, never, always(id));
    }
    for (signal, places) in signals.iter().zip(&places.signals) {
        let (Some(when), id) = (&signal.when, &signal.id) else { continue };
        let situations = situations_of_signal(&world, signal, rules.placed.iter().map(|placed| &placed.rule));
        let never = format!("this can never be true, so `{id}` is never told; correct it, or leave the signal out");
        decide(when, &situations, places.when, never, always(id));
    }
    if rules.complete && names.phases_known {
        occasions(rules, signals, places, names.phases.len(), report);
    }
}

/// Signals that are told only in phases to which nobody comes.
fn occasions(rules: &Rules, signals: &[SignalRule], places: &Places, phases: usize, report: &mut Report) {
    let reached = flow::reached(rules.placed.iter().map(|placed| &placed.rule), phases);
    for (signal, places) in signals.iter().zip(&places.signals) {
        let can_be = |phase: &Option<u16>| phase.is_none_or(|phase| reached[usize::from(phase)]);
        if signal.phases.as_ref().is_some_and(|phases| !phases.iter().any(can_be)) {
            let text = format!(
                "no customer can reach the phases in which `{}` is told; write phases that one can come to",
                signal.id
            );
            report.find(Code::NeverTold, places.phases, text);
        }
    }
}
