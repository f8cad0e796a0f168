//! What is decided agrees with what conditions do, tried on random ones.

use proptest::prelude::*;

use super::*;
use crate::journey::language::expression::{self, Asked};
use crate::journey::language::sections::Names;
use crate::journey::language::situation::{Cause, Situation, World};
use crate::journey::model::{Addend, Counter, Window};
use crate::journey::program::{Program, Scene};
use crate::journey::{AttrType, Span};

fn names() -> Names {
    let counter = |name: &str, sum| Counter {
        name: name.to_owned(),
        kinds: vec![0],
        sum,
        window: Window::Ever,
        per: None,
        reset: Vec::new(),
    };
    Names {
        kinds: vec!["buy".into(), "view".into()],
        kinds_known: true,
        attributes: vec![("tone".into(), AttrType::Text), ("member".into(), AttrType::Bool)],
        counters: vec![counter("views", None), counter("spent", Some(Addend::Value))],
        ..Names::default()
    }
}

fn compile(text: &str) -> Program {
    expression::compile(text, &names(), Asked::ByEvent)
        .unwrap_or_else(|mistakes| panic!("{text}: {mistakes:?}"))
        .program
}

const SITUATION: Situation = Situation { phase: None, cause: Cause::Event(0) };

/// What each slot may hold, as far as literals of the tests can tell: one of every sort.
fn values(slot: Slot) -> Vec<Operand<'static>> {
    let numbers = |list: &[f64]| list.iter().copied().map(Operand::Number).collect::<Vec<_>>();
    let texts = |list: &[&'static str]| list.iter().copied().map(Operand::Text).collect::<Vec<_>>();
    let bools = || vec![Operand::Bool(true), Operand::Bool(false)];
    let missing = vec![Operand::Missing];
    match slot {
        Slot::Counter(0) | Slot::TimeInPhase => numbers(&[0.0, 1.0, 2.0, 3.0, 4.0]),
        Slot::TimeSinceLast => [numbers(&[0.0, 1.0, 2.0, 3.0, 4.0]), missing].concat(),
        Slot::Counter(_) => numbers(&[-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0]),
        Slot::EventValue => {
            [numbers(&[-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0]), missing].concat()
        }
        Slot::EventAttribute(0) => [texts(&["", "Z", "a", "a\0", "aa", "b", "bb", "c", "cc"]), missing].concat(),
        Slot::EventAttribute(_) => [bools(), missing].concat(),
        Slot::EventChannel => texts(&["", "Z", "a", "a\0", "aa", "b", "bb", "c", "cc"]),
        Slot::EventLate => bools(),
        Slot::EventKind => texts(&["buy"]),
        Slot::Phase => texts(&["new"]),
    }
}

struct Stand(Vec<(Slot, Operand<'static>)>);

impl Scene for Stand {
    fn read(&self, slot: Slot) -> Operand<'_> {
        self.0.iter().find(|(known, _)| *known == slot).map_or(Operand::Missing, |(_, value)| *value)
    }
}

/// Whether there are values with which all conditions come out as wanted, trying all.
fn tried(wanted: &[(Program, bool)]) -> bool {
    let mut slots: Vec<Slot> = Vec::new();
    for slot in wanted.iter().flat_map(|(program, _)| program.slots()) {
        if !slots.contains(slot) {
            slots.push(*slot);
        }
    }
    fn try_all(wanted: &[(Program, bool)], slots: &[Slot], stand: &mut Stand) -> bool {
        let Some((slot, rest)) = slots.split_first() else {
            return wanted.iter().all(|(program, truth)| program.holds(stand) == *truth);
        };
        values(*slot).into_iter().any(|value| {
            stand.0.push((*slot, value));
            let found = try_all(wanted, rest, stand);
            stand.0.pop();
            found
        })
    }
    try_all(wanted, &slots, &mut Stand(Vec::new()))
}

fn asked(wanted: &[(Program, bool)]) -> Answer {
    let names = names();
    let world = World::of_names(&names);
    let mut forest = Forest::default();
    let wanted: Vec<(Id, bool)> = wanted.iter().map(|(program, truth)| (forest.plant(program), *truth)).collect();
    ask(&forest, &wanted, |slot| world.domain(SITUATION, slot), &mut Patience::default())
}

const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// Comparisons of one slot with literals, and what else is decided exactly.
fn plain() -> impl Strategy<Value = String> {
    let number = || prop::sample::select(vec!["-1", "0", "1", "1.5", "2", "3", "1 + 1", "1 / 0"]);
    let text = || prop::sample::select(vec!["\"a\"", "\"a\\u0000\"", "\"b\"", "\"c\"", "\"\""]);
    let how = || prop::sample::select(COMPARISONS.to_vec());
    let numeric =
        || prop::sample::select(vec!["views", "spent", "event.value", "(event.member ? views : event.value)"]);
    let textual = || prop::sample::select(vec!["event.tone", "event.channel", "(event.late ? event.tone : \"b\")"]);
    let span = prop::sample::select(vec!["time_since_last", "time_in_phase"]);
    let fixed = [
        "event.late",
        "event.member",
        "event.member != false",
        "has(event.value)",
        "has(event.tone)",
        "event.kind == \"buy\"",
        "event.kind in [\"view\"]",
        "phase != \"new\"",
        "\"ab\".contains(\"a\")",
        "true",
        "false",
    ];
    prop_oneof![
        3 => (numeric(), how(), number()).prop_map(|(slot, how, number)| format!("{slot} {how} {number}")),
        1 => (numeric(), how(), number()).prop_map(|(slot, how, number)| format!("{number} {how} {slot}")),
        2 => (textual(), how(), text()).prop_map(|(slot, how, text)| format!("{slot} {how} {text}")),
        1 => (span, how(), 0..4).prop_map(|(slot, how, span)| format!("{slot} {how} duration(\"{span}ms\")")),
        1 => numeric().prop_map(|slot| format!("{slot} in [0, 1.5, 2]")),
        1 => textual().prop_map(|slot| format!("{slot} in [\"a\", \"c\"]")),
        2 => prop::sample::select(fixed.to_vec()).prop_map(str::to_owned),
    ]
}

/// What cells do not tell.
fn hazy() -> impl Strategy<Value = String> {
    let all = vec![
        "views > event.value",
        "event.value + 1 > views",
        "event.value / views >= 2",
        "event.tone.startsWith(\"a\")",
        "event.channel.contains(event.tone)",
        "event.tone < event.channel",
        "event.channel == event.tone",
        "-event.value > 1",
        "views == views",
        "views + 1 == 3",
        "spent in [1] == event.member",
        "(event.value - spent) in [1, 2]",
    ];
    prop::sample::select(all).prop_map(str::to_owned)
}

fn joined(leaf: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            3 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            2 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("(({a}) == ({b}))")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

fn question(leaf: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Vec<(String, bool)>> {
    prop::collection::vec((joined(leaf), any::<bool>()), 1..4)
}

fn compiled(question: &[(String, bool)]) -> Vec<(Program, bool)> {
    question.iter().map(|(text, truth)| (compile(text), *truth)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn comparisons_with_literals_are_decided_exactly(question in question(plain())) {
        let wanted = compiled(&question);
        let answer = asked(&wanted);
        prop_assert_ne!(&answer, &Answer::Undecided);
        prop_assert_eq!(answer == Answer::Possible, tried(&wanted), "{:?}", question);
    }

    #[test]
    fn what_is_called_impossible_never_happens(question in question(prop_oneof![2 => plain(), 1 => hazy()])) {
        let wanted = compiled(&question);
        if let Answer::Impossible(failed) = asked(&wanted) {
            prop_assert!(!tried(&wanted), "{question:?}");
            // Those that are named suffice.
            let named: Vec<_> = failed.into_iter().map(|index| wanted[index].clone()).collect();
            prop_assert!(!tried(&named), "{question:?}");
        }
    }
}

#[track_caller]
fn check(conditions: &[&str], is_possible: bool) {
    let wanted: Vec<_> = conditions.iter().map(|text| (compile(text), true)).collect();
    assert_eq!(asked(&wanted) == Answer::Possible, is_possible, "{conditions:?}");
}

#[test]
fn counters_that_count_are_whole_and_sums_are_any_number() {
    check(&["views > 2 && views < 3"], false);
    check(&["spent > 2 && spent < 3"], true);
    check(&["views == 2.5"], false);
    check(&["views < 0"], false);
    check(&["spent < 0"], true);
    check(&["views > 1e300"], true);
    check(&["views > 9007199254740992 && views < 9007199254740994"], false);
    check(&["event.value > 1e308", "event.value < 1.1e308"], true);
    check(&["event.value < -1e308"], true);
    check(&["time_in_phase < duration(\"0s\")"], false);
}

#[test]
fn what_is_missing_decides_nothing() {
    check(&["!has(event.value) && event.value > 0"], false);
    check(&["!has(event.value) && !(event.value > 0)"], false);
    check(&["!has(event.value) || event.value > 0"], true);
    check(&["!has(event.value) && (event.value > 0 || views == 0)"], true);
    check(&["1 / 0 > 0 || !(1 / 0 > 0)"], false);
}

#[test]
fn what_is_the_same_comes_out_the_same_wherever_it_stands() {
    check(&["views > event.value", "!(views > event.value)"], false);
    check(&["event.tone.startsWith(\"a\") && event.tone == \"b\""], false);
    check(&["event.tone.startsWith(\"a\") && event.tone == \"ab\""], true);
    // It is not known that the one follows from the other.
    check(&["event.tone.startsWith(\"ab\")", "!event.tone.startsWith(\"a\")"], true);
}

#[test]
fn a_timer_knows_when_it_fires_and_has_no_event() {
    let names = names();
    let world = World::of_names(&names);
    let possible = |text: &str, cause| {
        let mut forest = Forest::default();
        let condition = forest.plant(&compile(text));
        let domain = |slot| world.domain(Situation { phase: None, cause }, slot);
        ask(&forest, &[(condition, true)], domain, &mut Patience::default()) == Answer::Possible
    };
    let (after, idle) = (Cause::After(Span(5)), Cause::Idle(Span(5)));
    assert!(possible("time_in_phase == duration(\"5ms\")", after));
    assert!(!possible("time_in_phase > duration(\"5ms\")", after));
    assert!(possible("time_in_phase < duration(\"5ms\")", idle));
    assert!(!possible("time_since_last < duration(\"5ms\")", idle));
    assert!(!possible("has(event.value) || event.late || event.channel != \"x\"", after));
}

#[test]
fn what_takes_too_long_is_not_decided() {
    // Pairwise different, and all the same: nothing short of trying all tells that this cannot be.
    let values: Vec<String> = (0..30).map(|index| format!("views + {index} > event.value")).collect();
    let even = values.iter().fold("true".to_owned(), |all, one| format!("({all} == ({one}))"));
    let wanted = [(compile(&even), true), (compile(&format!("!({even})")), true)];
    assert_eq!(asked(&wanted), Answer::Undecided);
}
