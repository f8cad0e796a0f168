//! What is probably not meant, though it does no harm: a model with warnings runs.

use super::draft::Draft;
use super::fields::Report;
use super::sections::Names;
use super::transitions::Rules;
use crate::journey::Code;
use crate::journey::model::{Addend, Occasion, Phase, Trigger};
use crate::journey::program::Slot;

/// Looks at the model as a whole.
pub(super) fn check(draft: Draft<'_>, report: &mut Report) {
    unused(draft, report);
    unused_kinds(draft, report);
    if draft.rules.complete {
        dead_ends(draft.names, draft.rules, report);
    }
    untranslated(draft.names, report);
}

/// A phase in which customers stay for ever, without a word that this is meant.
fn dead_ends(names: &Names, rules: &Rules, report: &mut Report) {
    for ((number, phase), at) in (0..).zip(&names.phases).zip(&names.phase_places) {
        if !phase.is_final && !rules.placed.iter().any(|placed| placed.rule.from.contains(&Some(number))) {
            let text = format!(
                "nobody leaves the phase `{0}` again; let a transition begin `from: {0}`, or say `final: true`",
                phase.name
            );
            report.find(Code::DeadEnd, *at, text);
        }
    }
}

/// A phase that lacks a text in a language in which others have it.
fn untranslated(names: &Names, report: &mut Report) {
    type Has = fn(&Phase) -> bool;
    let texts: [(&str, &str, Has); 4] = [
        ("name", "nl", |phase| phase.title.nl.is_some()),
        ("name", "en", |phase| phase.title.en.is_some()),
        ("needs", "nl", |phase| !phase.needs.nl.is_empty()),
        ("needs", "en", |phase| !phase.needs.en.is_empty()),
    ];
    for (key, language, has) in texts {
        if !names.phases.iter().any(has) {
            continue;
        }
        for (phase, at) in names.phases.iter().zip(&names.phase_places).filter(|(phase, _)| !has(phase)) {
            let text = format!("phase `{}` has no `{language}` in `{key}`, as others have; add it", phase.name);
            report.find(Code::Untranslated, *at, text);
        }
    }
}

/// What is introduced and never used: probably a mistake, but a harmless one.
fn unused(draft: Draft<'_>, report: &mut Report) {
    let Draft { names, signals, .. } = draft;
    let read: Vec<Slot> = draft.conditions().flat_map(|when| when.program.slots().iter().copied()).collect();
    for (index, (counter, at)) in names.counters.iter().zip(&names.counter_places).enumerate() {
        if !read.contains(&Slot::Counter(index as u16)) {
            report.find(
                Code::Unused,
                *at,
                format!("no condition reads the counter `{}`; use it, or leave it out", counter.name),
            );
        }
    }
    for (index, ((name, _), at)) in names.attributes.iter().zip(&names.attribute_places).enumerate() {
        let index = index as u16;
        let summed = names.counters.iter().any(|counter| counter.sum == Some(Addend::Attribute(index)));
        let mut waits = signals.iter().filter_map(|signal| signal.wait.as_ref());
        let correlated = waits.any(|wait| wait.correlate == Some(index));
        let counted = names.counters.iter().any(|counter| counter.per.is_some_and(|per| per.attribute == index));
        if !summed && !counted && !correlated && !read.contains(&Slot::EventAttribute(index)) {
            report.find(Code::Unused, *at, format!("nothing reads the attribute `{name}`; use it, or leave it out"));
        }
    }
}

/// Kinds that nothing asks for, where it does not matter either when the customer was heard of last.
fn unused_kinds(draft: Draft<'_>, report: &mut Report) {
    let Draft { names, rules, signals, places, .. } = draft;
    let is_idle = rules.placed.iter().any(|placed| matches!(placed.rule.trigger, Trigger::Idle(_)));
    if is_idle || draft.conditions().any(|when| when.program.slots().contains(&Slot::TimeSinceLast)) {
        return;
    }
    let rules = rules.placed.iter().map(|placed| match &placed.rule.trigger {
        Trigger::On(kinds) => kinds.as_slice(),
        Trigger::After(_) | Trigger::Idle(_) => &[],
    });
    let occasions = signals.iter().map(|signal| match &signal.occasion {
        Occasion::On(kinds) => kinds.as_slice(),
        Occasion::Move { .. } => &[],
    });
    let unless = signals.iter().filter_map(|signal| Some(signal.wait.as_ref()?.unless.as_slice()));
    let counters = names.counters.iter().flat_map(|counter| [counter.kinds.as_slice(), &counter.reset]);
    let used: Vec<&u16> = rules.chain(occasions).chain(unless).chain(counters).flatten().collect();
    for ((index, name), at) in (0..).zip(&names.kinds).zip(&places.kinds) {
        if !used.contains(&&index) {
            report.find(Code::Unused, *at, format!("nothing listens to the kind `{name}`; use it, or leave it out"));
        }
    }
}
