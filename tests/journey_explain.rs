//! Why a customer is still where it is.
#![allow(missing_docs, clippy::unwrap_used)]

use std::borrow::Cow;

use klantreis::journey::{
    CheckedModel, Effects, Event, Fired, ModelSet, Outcome, Record, SetOptions, Span, Value, builtin,
};

const DAY: i64 = 86_400_000;
const START: i64 = 1_735_689_600_000;

fn set(checked: CheckedModel) -> ModelSet {
    ModelSet::new(vec![checked], SetOptions { forget_after: Span(400 * DAY), remembered_ids: 0 }).unwrap()
}

fn step(set: &ModelSet, record: &mut Record, at: i64, kind: &str) {
    let event = Event {
        customer: Cow::Borrowed("c1"),
        at,
        time_is_own: true,
        kind: set.vocabulary().kind(kind),
        id: None,
        value: None,
        attrs: vec![None; set.vocabulary().attrs().len()],
    };
    assert_eq!(set.step(record, &event, "clicks", &mut Effects::default()), Outcome::Applied { late: false });
}

/// Each way as `rule > phase: what is missing`, with the days until its timer is due.
fn ways(set: &ModelSet, record: &Record) -> Vec<String> {
    let ways = set.explain(record).remove(0);
    let due = |due: Option<i64>| due.map(|at| format!(" (day {})", (at - START) / DAY)).unwrap_or_default();
    ways.iter().map(|way| format!("{} > {}: {}{}", way.rule, way.to, way.missing, due(way.due))).collect()
}

#[test]
fn every_way_out_of_a_phase_says_what_is_missing_for_it() {
    let set = set(builtin("think5").unwrap());
    let mut record = set.fresh();
    assert_eq!(
        ways(&set, &record),
        ["first-purchase > aankoop: an event: purchased", "arrival > orientatie: an event"]
    );
    step(&set, &mut record, START, "page_viewed");
    for at in 1..3 {
        step(&set, &mut record, START + at * DAY, "product_viewed");
    }
    assert_eq!(
        ways(&set, &record),
        [
            "interest > afweging: an event: product_viewed, views 2 of 3",
            "intent > afweging: an event: cart_added or checkout_started or mail_clicked",
            "purchase > aankoop: an event: purchased",
            "gone > vertrokken: time (day 32)",
        ]
    );
    let interest = set.explain(&record).remove(0).remove(0);
    assert_eq!(interest.when.as_deref(), Some("views >= 3"));
    assert_eq!(interest.values, [("views".to_owned(), Value::Number(2.0))]);
    assert_eq!(interest.on, ["product_viewed"]);
    step(&set, &mut record, START + 3 * DAY, "purchased");
    assert_eq!(
        ways(&set, &record),
        ["first-use > gebruik: an event: help_viewed or mail_opened or mail_clicked", "in-use > gebruik: time (day 5)",]
    );
}

#[test]
fn what_is_said_to_be_missing_is_what_leads_on() {
    let set = set(builtin("think5").unwrap());
    let mut record = set.fresh();
    step(&set, &mut record, START, "page_viewed");
    step(&set, &mut record, START, "product_viewed");
    step(&set, &mut record, START, "product_viewed");
    for way in set.explain(&record).remove(0) {
        let (mut tried, mut effects) = (record.clone(), Effects::default());
        match way.due {
            Some(due) => assert_eq!(set.fire(&mut tried, due, &mut effects), Fired::Changed),
            None => step(&set, &mut tried, START + 1, &way.on[0]),
        }
        let phase = set.describe(&tried).remove(0).phase;
        assert_eq!(phase.as_deref(), Some(way.to.as_str()), "{way:?}");
    }
}

#[test]
fn a_condition_that_is_no_count_is_told_as_it_is_and_a_spent_timer_says_so() {
    let checked = CheckedModel::parse(
        "m",
        r#"
model: m
version: 1
kinds: [k, l]
attributes: { tone: text }
phases: { p: {}, q: {} }
counters: { n: { on: l, window: visit } }
transitions:
  - { id: start, from: new, to: p, on: any }
  - { id: tone, from: p, to: q, on: [k], when: event.tone == "a" && n > 1 }
  - { id: idle, from: p, to: q, idle: 1d, when: n >= 2 }
  - { id: after, from: p, to: q, after: 2d, when: n >= 2 }
  - { id: back, from: q, to: p, on: any }
"#,
    )
    .unwrap();
    let set = set(checked);
    let mut record = set.fresh();
    step(&set, &mut record, START, "l");
    assert_eq!(
        ways(&set, &record),
        [
            "tone > q: an event: k, if event.tone == \"a\" && n > 1",
            "idle > q: time, n 0 of 2 (day 1)",
            "after > q: time, n 0 of 2 (day 2)",
        ]
    );
    let tone = set.explain(&record).remove(0).remove(0);
    assert_eq!(tone.values, [("event.tone".to_owned(), Value::Missing), ("n".to_owned(), Value::Number(0.0))]);
    assert_eq!(set.fire(&mut record, START + 3 * DAY, &mut Effects::default()), Fired::Changed);
    assert_eq!(
        ways(&set, &record)[1..],
        [
            "idle > q: its condition did not hold when its time had come; the next event sets it anew",
            "after > q: its condition did not hold when its time had come in this visit of the phase",
        ]
    );
}
