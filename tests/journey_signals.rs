//! What signals mean: occasions, waiting, what calls them off, what they are about, how often they are told.
#![allow(missing_docs, clippy::unwrap_used)]

use klantreis::journey::{CheckedModel, ModelSet, SetError, SetOptions, Span, run_scenarios};

const HEAD: &str = "
model: shop
version: 1
kinds: [seen, added, removed, bought, reviewed]
attributes: { cart: text, product: text }
phases: { looking: {}, customer: {}, gone: {} }
counters:
  spent: { on: bought, sum: value, window: 365d }
transitions:
  - { id: buys, from: [new, looking, gone], to: customer, on: bought }
  - { id: arrives, from: new, to: looking, on: any }
  - { id: returns, from: gone, to: looking, on: any }
  - { id: leaves, from: [looking, customer], to: gone, idle: 30d }
";

/// A model with these signals, and one scenario with these events, in which these signals are told.
#[track_caller]
fn check(signals: &str, given: &str, until: &str, expected: &[&str]) {
    let text = format!(
        "{HEAD}signals:\n{}\nscenarios:\n  - name: it\n    given:\n{}\n    until: {until}\n    expect: []\n",
        indented(signals, 2),
        indented(given, 6)
    );
    let checked = CheckedModel::parse("shop.yaml", &text).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let outcome = run_scenarios(&checked).remove(0);
    assert_eq!(outcome.signals, expected, "\n{signals}\n{given}\ntransitions: {:#?}", outcome.transitions);
}

fn indented(text: &str, by: usize) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| format!("{}{line}", " ".repeat(by))).collect::<Vec<_>>().join("\n")
}

const ABANDONED: &str = "- { id: abandoned, on: added, unless: [bought, removed], within: 1h }";
const PER_CART: &str = "- { id: abandoned, on: added, unless: [bought, removed], within: 1h, correlate: cart }";

#[test]
fn at_once_a_signal_is_told_with_its_event_in_the_phase_that_the_event_leads_to() {
    check("- { id: sale, on: bought }", "- { at: 5m, kind: bought }", "1d", &["sale at 5m by bought in customer"]);
}

#[test]
fn a_signal_that_waits_is_told_at_its_time_and_once() {
    check(ABANDONED, "- { at: 0s, kind: added }", "59m59s999ms", &[]);
    check(ABANDONED, "- { at: 0s, kind: added }", "1h", &["abandoned at 1h by timer in looking"]);
    check(ABANDONED, "- { at: 0s, kind: added }", "29d", &["abandoned at 1h by timer in looking"]);
}

#[test]
fn before_an_event_is_applied_what_was_due_before_it_is_told() {
    check(
        ABANDONED,
        "- { at: 0s, kind: added }
         - { at: 1h, kind: bought }",
        "2h",
        &["abandoned at 1h by timer in looking"],
    );
}

#[test]
fn what_it_waits_for_calls_it_off_up_to_the_last_moment() {
    for kind in ["bought", "removed"] {
        let given = format!("- {{ at: 0s, kind: added }}\n- {{ at: 59m59s999ms, kind: {kind} }}");
        check(ABANDONED, &given, "2h", &[]);
    }
    check(
        ABANDONED,
        "- { at: 0s, kind: added }
         - { at: 1m, kind: seen }",
        "2h",
        &["abandoned at 1h by timer in looking"],
    );
}

#[test]
fn the_same_again_waits_anew_and_a_late_one_does_not_shorten_it() {
    check(
        ABANDONED,
        "- { at: 0s, kind: added }
         - { at: 40m, kind: added }
         - { at: 20m, kind: added }",
        "3h",
        &["abandoned at 1h40m by timer in looking"],
    );
}

#[test]
fn what_came_before_it_began_does_not_call_it_off() {
    check(
        ABANDONED,
        "- { at: 0s, kind: seen }
         - { at: 30m, kind: added }
         - { at: 20m, kind: removed }",
        "3h",
        &["abandoned at 1h30m by timer in looking"],
    );
}

#[test]
fn each_cart_waits_by_itself_where_carts_are_told_apart() {
    check(
        PER_CART,
        "- { at: 0s, kind: added, attributes: { cart: a } }
         - { at: 10m, kind: added, attributes: { cart: b } }
         - { at: 20m, kind: bought, attributes: { cart: a } }",
        "3h",
        &["abandoned at 1h10m by timer in customer"],
    );
    // Who does not say which cart may mean any.
    check(
        PER_CART,
        "- { at: 0s, kind: added, attributes: { cart: a } }
         - { at: 10m, kind: added, attributes: { cart: b } }
         - { at: 20m, kind: bought }",
        "3h",
        &[],
    );
    check(
        PER_CART,
        "- { at: 0s, kind: added }
         - { at: 20m, kind: bought, attributes: { cart: a } }",
        "3h",
        &[],
    );
}

#[test]
fn of_more_than_there_is_room_for_the_one_that_is_due_first_makes_way() {
    let given: Vec<String> =
        (0..4).map(|n| format!("- {{ at: {n}m, kind: added, attributes: {{ cart: c{n} }} }}")).collect();
    // One correlated signal has two places, unless the model says more.
    check(
        PER_CART,
        &given.join("\n"),
        "3h",
        &["abandoned at 1h2m by timer in looking", "abandoned at 1h3m by timer in looking"],
    );
}

#[test]
fn a_signal_of_a_transition_is_told_when_it_is_entered_or_left_by_event_or_timer() {
    let of = "- { id: won, entering: customer }
              - { id: back, leaving: gone }
              - { id: won_back, leaving: gone, entering: customer }
              - { id: new_here, leaving: new, entering: looking }";
    check(
        of,
        "- { at: 0s, kind: seen }
         - { at: 40d, kind: bought }",
        "41d",
        &[
            "new_here at 0s by seen in looking",
            "won at 40d by bought in customer",
            "back at 40d by bought in customer",
            "won_back at 40d by bought in customer",
        ],
    );
    check("- { id: lost, entering: gone }", "- { at: 0s, kind: seen }", "31d", &["lost at 30d by timer in gone"]);
}

#[test]
fn after_a_transition_it_waits_on_through_other_phases() {
    check(
        "- { id: evaluation, entering: customer, after: 40d }",
        "- { at: 1d, kind: bought }",
        "60d",
        &["evaluation at 41d by timer in gone"],
    );
}

#[test]
fn the_phase_in_which_the_occasion_counts_is_the_one_before_the_event() {
    check(
        "- { id: again, on: bought, in: customer }
         - { id: first, on: bought, in: new }",
        "- { at: 0s, kind: bought }
         - { at: 1d, kind: bought }",
        "2d",
        &["first at 0s by bought in customer", "again at 1d by bought in customer"],
    );
}

#[test]
fn a_condition_sees_the_event_and_the_counters_with_it() {
    check(
        "- { id: vip, on: bought, when: spent >= 100 && event.value > 10 }",
        "- { at: 0s, kind: bought, value: 60 }
         - { at: 1d, kind: bought, value: 60 }
         - { at: 2d, kind: bought, value: 5 }",
        "3d",
        &["vip at 1d by bought in customer"],
    );
}

#[test]
fn a_limit_counts_what_was_told_over_a_visit_a_window_or_for_ever() {
    let given = "- { at: 0s, kind: bought }
                 - { at: 1d, kind: bought }
                 - { at: 40d, kind: bought }
                 - { at: 41d, kind: bought }";
    let check = |limit: &str, expected: &[&str]| {
        check(&format!("- {{ id: sale, on: bought, at_most: {limit} }}"), given, "42d", expected);
    };
    let at = |time: &str| format!("sale at {time} by bought in customer");
    let all = ["0s", "1d", "40d", "41d"].map(at);
    let of = |which: &[usize]| which.iter().map(|n| all[*n].as_str()).collect::<Vec<_>>();
    check("{ per: visit }", &of(&[0, 2]));
    check("{ times: 3, per: ever }", &of(&[0, 1, 2]));
    check("{ per: ever }", &of(&[0]));
    check("{ per: 8d }", &of(&[0, 2]));
    check("{ times: 2, per: 365d }", &of(&[0, 1]));
}

#[test]
fn who_is_forgotten_is_told_nothing_more_and_a_longer_wait_is_refused() {
    let text = format!("{HEAD}signals:\n  - {{ id: late, on: bought, after: 10d }}\n");
    let set = |forget_after: i64| {
        let checked = CheckedModel::parse("shop.yaml", &text).unwrap();
        ModelSet::new(vec![checked], SetOptions { forget_after: Span(forget_after * 86_400_000), remembered_ids: 4 })
    };
    assert!(set(11).is_ok());
    let refused = set(10).unwrap_err();
    assert!(matches!(refused, SetError::WaitsTooLong { .. }), "{refused}");
    assert_eq!(
        refused.to_string(),
        "model `shop`: the signal `late` waits for 10d, but a customer can be forgotten after 10d; wait for less, or forget later"
    );
}

/// Where a mistake is told, and how it begins.
#[track_caller]
fn mistake(signal: &str, expected: &str) {
    let text = format!("{HEAD}signals:\n  - {signal}\n");
    let errors = CheckedModel::parse("shop.yaml", &text).expect_err("it is wrong").to_string();
    assert!(errors.contains(expected), "{signal}\n{errors}");
}

#[test]
fn every_mistake_is_told_with_what_to_write_instead() {
    mistake(
        "{ id: a }",
        "a signal has nothing to tell of; write `on: <kind>`, `entering: <phase>` or `leaving: <phase>`",
    );
    mistake("{ on: seen }", "a signal has no `id`; write e.g. `id: cart_abandoned`");
    mistake("{ id: a, on: sean }", "`sean` is not in `kinds`; did you mean `seen`?");
    mistake("{ id: a, on: seen, entering: gone }", "not of both; leave one");
    mistake("{ id: a, entering: gon }", "`gon` is not a phase; did you mean `gone`?");
    mistake("{ id: a, entering: new }", "nobody becomes `new` again");
    mistake("{ id: a, leaving: gone, entering: gone }", "no transition does this, so the signal is never told");
    mistake("{ id: a, leaving: gone, in: gone }", "`in` goes with `on`");
    mistake("{ id: a, on: seen, in: [gone, gone] }", "`gone` stands twice in the list");
    mistake("{ id: a, on: seen, within: 1h }", "add `unless: <kind>`; if nothing does, write `after`");
    mistake(
        "{ id: a, on: seen, unless: bought }",
        "`unless` needs a time in which it may happen; add e.g. `within: 1h`",
    );
    mistake("{ id: a, on: seen, unless: bought, after: 1h }", "with `unless` write `within`");
    mistake("{ id: a, on: seen, unless: bought, within: 1h, after: 1h }", "a signal waits once");
    mistake("{ id: a, on: seen, after: 0s }", "`after` is zero; write a span such as `1h`");
    mistake("{ id: a, on: seen, unless: seen, within: 1h }", "it would call itself off; leave one out");
    mistake("{ id: a, on: seen, after: 1h, correlate: cart }", "`correlate` says what calls off what");
    mistake(
        "{ id: a, on: seen, unless: bought, within: 1h, correlate: card }",
        "`card` is not in `attributes`; did you mean `cart`?",
    );
    mistake("{ id: a, on: seen, at_most: 1 }", "`at_most` is the number 1; write a map with `times`, `per`");
    mistake(
        "{ id: a, on: seen, at_most: { times: 0, per: visit } }",
        "`times` is the number 0; write a whole number from 1 to 1000",
    );
    mistake(
        "{ id: a, on: seen, at_most: { per: day } }",
        "`per` is the text `day`; write `visit`, `ever`, or a span of time such as `7d`",
    );
    mistake("{ id: a, on: seen, when: spend > 1 }", "`spend` is not a counter; did you mean `spent`?");
    mistake("{ id: a, on: seen }\n  - { id: a, on: bought }", "is called `a` too; give each an id of its own");
    mistake(
        "{ id: a, on: seen }\nwaiting: 0",
        "`waiting` is the number 0; write a whole number from 1 to 16, such as `4`",
    );
}
