//! What is said of rules taken together is so, tried by letting models run that are refused for it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::CheckedModel;
use crate::journey::{Amount, Code, Effects, Event, Fired, ModelSet, Problem, SetOptions, Span};

const HOUR: i64 = 3_600_000;
const START: i64 = 1_735_689_600_000;

/// Conditions of which few cover what there is; the first ones are for timers too.
const CONDITIONS: [&str; 12] = [
    "true",
    "n >= 2",
    "n < 2",
    "n == 2",
    "time_in_phase >= duration(\"2h\")",
    "time_in_phase < duration(\"2h\")",
    "time_since_last >= duration(\"1h\")",
    "phase == \"p0\"",
    "event.value > 5",
    "event.value <= 5",
    "event.kind == \"k0\"",
    "event.late || !has(event.value)",
];
const FOR_TIMERS: usize = 8;

/// From, to, what sets it off, how long it is, and its condition.
type RuleSpec = (u8, u8, u8, u8, usize);

fn yaml(rules: &[RuleSpec]) -> String {
    let mut text = "model: m\nversion: 1\nkinds: [k0, k1]\nphases: { p0: {}, p1: {}, p2: {} }\ncounters: { n: { on: any, window: visit } }\ntransitions:\n  - { id: start, from: new, to: p0, on: any }\n".to_owned();
    for (index, (from, to, trigger, span, when)) in rules.iter().enumerate() {
        let span = Span(HOUR * (1 + i64::from(span % 3)));
        let (trigger, conditions) = match trigger % 6 {
            0 => ("on: k0".to_owned(), CONDITIONS.len()),
            1 => ("on: k1".to_owned(), CONDITIONS.len()),
            2 => ("on: any".to_owned(), CONDITIONS.len()),
            3 | 4 => (format!("idle: {span}"), FOR_TIMERS),
            _ => (format!("after: {span}"), FOR_TIMERS),
        };
        let from = match from % 4 {
            3 => "[p0, p1]".to_owned(),
            one => format!("p{one}"),
        };
        let when = CONDITIONS[..conditions].get(when % (conditions + 3));
        let when = when.map(|when| format!(", when: '{when}'")).unwrap_or_default();
        let _ = writeln!(text, "  - {{ id: r{index}, from: {from}, to: p{}, {trigger}{when} }}", to % 3);
    }
    text
}

/// Half hours since the event before, back or forth; the kind; the money; and for how long the timers fire then.
type EventSpec = (i64, u8, Option<u8>, u8);

/// The transitions that are taken: the number of each, and when.
fn taken(checked: CheckedModel, events: &[EventSpec]) -> Vec<(usize, i64)> {
    let options = SetOptions { forget_after: Span(1_000 * HOUR), remembered_ids: 0 };
    let set = ModelSet::new(vec![checked], options).expect("one model makes a set");
    let (mut record, mut effects) = (set.fresh(), Effects::default());
    let mut at = START;
    for (gap, kind, value, fired) in events {
        at += gap * HOUR / 2;
        let event = Event {
            customer: Cow::Borrowed("someone"),
            at,
            time_is_own: true,
            kind: set.vocabulary().kind(&format!("k{}", kind % 2)),
            id: None,
            value: value.map(|value| Amount(i64::from(value % 12) * 10_000)),
            attrs: Vec::new(),
        };
        let _ = set.step(&mut record, &event, "somewhere", &mut effects);
        let _: Fired = set.fire(&mut record, at + i64::from(fired % 12) * HOUR / 2, &mut effects);
    }
    effects.transitions.iter().map(|transition| (usize::from(transition.rule), transition.at)).collect()
}

/// The numbers of the transitions of which this is said, each of which has a line.
fn told(source: &str, problems: &[Problem], code: Code) -> BTreeSet<usize> {
    let first = source.lines().position(|line| line.contains("id: start")).expect("it begins") + 1;
    problems.iter().filter(|problem| problem.code == code).map(|problem| problem.at.line as usize - first).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_never_wins_or_never_holds_is_never_taken_and_what_always_holds_says_nothing(
        rules in prop::collection::vec(any::<RuleSpec>(), 1..8),
        events in prop::collection::vec((-4_i64..12, any::<u8>(), any::<Option<u8>>(), any::<u8>()), 1..30),
    ) {
        let source = yaml(&rules);
        let (checked, problems) = CheckedModel::parse_anyway(&source).expect("it can be understood");
        // Such would run without end.
        if problems.iter().any(|problem| problem.code == Code::EndlessTimers) {
            return Ok(());
        }
        let taken = taken(checked.clone(), &events);
        let rules: BTreeSet<usize> = taken.iter().map(|(rule, _)| *rule).collect();
        for code in [Code::NeverWins, Code::NeverHolds] {
            let wrong: Vec<_> = told(&source, &problems, code).intersection(&rules).copied().collect();
            prop_assert!(wrong.is_empty(), "{code}: {wrong:?} of\n{source}");
        }
        let mut without = checked;
        for rule in told(&source, &without.warnings, Code::AlwaysHolds) {
            without.model.rules[rule].when = None;
        }
        prop_assert_eq!(self::taken(without, &events), taken, "{}", source);
    }
}
