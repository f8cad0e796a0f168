//! The built-in model `think5` against its own scenarios and against an oracle written from the job's tables alone.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;

use klantreis::journey::{
    Cause, Effects, Event, Fired, ModelSet, Outcome, Record, SetOptions, Span, builtin, builtin_names, run_scenarios,
    untested,
};
use proptest::prelude::*;

const DAY: i64 = 86_400_000;
const START: i64 = 1_735_689_600_000;

const KINDS: [&str; 12] = [
    "page_viewed",
    "help_viewed",
    "product_viewed",
    "cart_added",
    "checkout_started",
    "purchased",
    "reviewed",
    "mail_delivered",
    "mail_opened",
    "mail_clicked",
    "mail_bounced",
    "unheard_of",
];

/// A transition as the job's output states it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    seq: u32,
    from: Option<String>,
    to: String,
    at: i64,
    cause: String,
}

/// One customer as the job's tables describe it, written without a look at the model or the machine.
#[derive(Default)]
struct Oracle {
    phase: Option<&'static str>,
    since: i64,
    last: i64,
    views: u32,
    rows: Vec<Row>,
}

impl Oracle {
    fn go(&mut self, to: &'static str, at: i64, cause: &str) {
        let from = self.phase.map(str::to_owned);
        let seq = self.rows.len() as u32 + 1;
        self.rows.push(Row { seq, from, to: to.to_owned(), at, cause: cause.to_owned() });
        (self.phase, self.since, self.views) = (Some(to), at, 0);
    }

    fn timers(&mut self, until: i64) {
        loop {
            let (due, to) = match self.phase {
                Some("aankoop") => (self.since + 2 * DAY, "gebruik"),
                Some("gebruik") => (self.since + 7 * DAY, "evaluatie"),
                Some("orientatie" | "afweging") => ((self.last + 30 * DAY).max(self.since), "vertrokken"),
                _ => return,
            };
            if due > until {
                return;
            }
            self.go(to, due, "timer");
        }
    }

    fn event(&mut self, at: i64, kind: &str) {
        if kind == "unheard_of" {
            return;
        }
        self.timers(at);
        if self.phase.is_none() {
            self.since = at;
        }
        self.last = self.last.max(at);
        if kind == "product_viewed" && at >= self.since {
            self.views += 1;
        }
        let to = match (self.phase, kind) {
            (None, "purchased") => "aankoop",
            (None, _) => "orientatie",
            (Some("orientatie"), "product_viewed") if self.views >= 3 => "afweging",
            (Some("orientatie"), "cart_added" | "checkout_started" | "mail_clicked") => "afweging",
            (Some("aankoop"), "purchased") => return,
            (Some(_), "purchased") => "aankoop",
            (Some("aankoop"), "help_viewed" | "mail_opened" | "mail_clicked") => "gebruik",
            (Some("gebruik"), "reviewed") => "evaluatie",
            (Some("evaluatie"), "product_viewed") if self.views >= 3 => "orientatie",
            (Some("vertrokken"), _) => "orientatie",
            _ => return,
        };
        self.go(to, at.max(self.since), kind);
    }
}

fn think5() -> ModelSet {
    let options = SetOptions { forget_after: Span(400 * DAY), remembered_ids: 4 };
    ModelSet::new(vec![builtin("think5").unwrap()], options).unwrap()
}

fn step(set: &ModelSet, record: &mut Record, at: i64, kind: &str, effects: &mut Effects) -> Outcome {
    let kind = set.vocabulary().kind(kind);
    let customer = Cow::Borrowed("c00000001");
    let event = Event { customer, at, time_is_own: true, kind, id: None, value: None, attrs: Vec::new() };
    set.step(record, &event, "clicks", effects)
}

fn rows(set: &ModelSet, effects: &Effects) -> Vec<Row> {
    let phase = |index: u16| set.models()[0].phases()[usize::from(index)].name().to_owned();
    let row = |taken: &klantreis::journey::Transition| Row {
        seq: taken.seq,
        from: taken.from.map(phase),
        to: phase(taken.to),
        at: taken.at,
        cause: match taken.cause {
            Cause::Timer => "timer".to_owned(),
            Cause::Event(kind) => set.vocabulary().kind_name(kind).to_owned(),
        },
    };
    effects.transitions.iter().map(row).collect()
}

/// Gaps that make every timer come and go, and a few events out of order.
fn gap() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => 0..3_600_000_i64,
        3 => 0..3 * DAY,
        2 => 0..35 * DAY,
        1 => prop_oneof![Just(2 * DAY), Just(7 * DAY), Just(9 * DAY), Just(30 * DAY)],
        1 => -3 * DAY..0,
        1 => -20 * DAY..0,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn think5_takes_the_transitions_that_the_tables_of_the_job_say(
        events in prop::collection::vec((gap(), 0..KINDS.len()), 1..60),
    ) {
        let set = think5();
        let (mut record, mut effects, mut oracle) = (set.fresh(), Effects::default(), Oracle::default());
        let mut at = START;
        for (gap, kind) in events {
            at = (at + gap).max(START - 30 * DAY);
            let kind = KINDS[kind];
            let outcome = step(&set, &mut record, at, kind, &mut effects);
            prop_assert_eq!(outcome == Outcome::Ignored, kind == "unheard_of");
            oracle.event(at, kind);
            prop_assert_eq!(&rows(&set, &effects), &oracle.rows);
        }
        let end = at + 60 * DAY;
        let _ = set.fire(&mut record, end, &mut effects);
        oracle.timers(end);
        prop_assert_eq!(&rows(&set, &effects), &oracle.rows);
    }
}

#[test]
fn every_built_in_model_loads_without_a_warning_and_its_scenarios_come_true() {
    for name in builtin_names() {
        let checked = builtin(name).unwrap();
        assert_eq!(checked.model.name(), name);
        assert_eq!(checked.warnings, [], "{name}");
        let outcomes = run_scenarios(&checked);
        assert!(!outcomes.is_empty());
        assert_eq!(untested(&checked, &outcomes), [], "{name}");
        for outcome in outcomes {
            assert!(outcome.passed(), "{name}: {}\n{}", outcome.name, outcome.difference.unwrap());
        }
    }
    assert!(builtin("think6").is_none());
}

#[test]
fn the_scenarios_of_a_built_in_model_use_each_of_its_rules_and_signals() {
    for name in builtin_names() {
        let checked = builtin(name).unwrap();
        let came: String = run_scenarios(&checked).iter().flat_map(|outcome| outcome.transitions.clone()).collect();
        for rule in checked.model.rules() {
            assert!(came.contains(&format!("({})", rule.id())), "no scenario of {name} uses {}", rule.id());
        }
        let told: Vec<String> = run_scenarios(&checked).into_iter().flat_map(|outcome| outcome.signals).collect();
        for rule in checked.model.signals() {
            let begins = format!("{} at", rule.id());
            assert!(told.iter().any(|told| told.starts_with(&begins)), "no scenario of {name} tells {}", rule.id());
        }
    }
}

/// As it runs with `topics.signals: off`.
fn without_signals() -> ModelSet {
    let mut checked = builtin("think5").unwrap();
    checked.model.drop_signals();
    ModelSet::new(vec![checked], SetOptions { forget_after: Span(400 * DAY), remembered_ids: 4 }).unwrap()
}

#[test]
fn signals_take_a_number_and_four_places_for_what_waits() {
    let (set, plain) = (think5(), without_signals());
    let (fields, before) = (&set.layout().fields, &plain.layout().fields);
    assert_eq!(fields[..before.len()], before[..]);
    let added: Vec<&str> = fields[before.len()..].iter().map(|field| field.key.as_str()).collect();
    assert_eq!(added[0], "think5/signals");
    assert_eq!(added.iter().filter(|key| key.starts_with("think5/awaited/")).count(), 4);
    assert_eq!(set.layout().words, 13 + 1 + 4 * 2);
}

#[test]
fn think5_keeps_a_customer_in_thirteen_words_without_signals() {
    let set = without_signals();
    let keys: Vec<&str> = set.layout().fields.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "event_id/0",
            "event_id/1",
            "event_id/2",
            "event_id/3",
            "think5/phase",
            "think5/seq",
            "think5/since",
            "think5/last",
            "think5/first_seen",
            "think5/counter/views=count(product_viewed)/visit",
        ]
    );
    assert_eq!(set.layout().words, 13);
    assert!(!set.vocabulary().reads_value());
}

#[test]
fn the_deadline_of_a_customer_is_its_next_timer_or_that_it_is_forgotten() {
    let set = without_signals();
    let (mut record, mut effects) = (set.fresh(), Effects::default());
    assert_eq!(set.deadline(&record), None);
    assert_eq!(set.fire(&mut record, START, &mut effects), Fired::Nothing);
    let _ = step(&set, &mut record, START, "purchased", &mut effects);
    for (due, phase) in [(2, "gebruik"), (9, "evaluatie")] {
        let due = START + due * DAY;
        assert_eq!(set.deadline(&record), Some(due));
        assert_eq!(set.fire(&mut record, due - 1, &mut effects), Fired::Nothing);
        assert_eq!(set.fire(&mut record, due, &mut effects), Fired::Changed);
        let state = &set.describe(&record)[0];
        assert_eq!((state.phase.as_deref(), state.since), (Some(phase), Some(due)));
        assert_eq!(set.latest(&record)[0].since, due);
        assert_eq!(set.phase_of(&record, 0), set.models()[0].phase(phase));
    }
    let due = START + 400 * DAY;
    assert_eq!(set.deadline(&record), Some(due));
    assert_eq!(set.fire(&mut record, due - 1, &mut effects), Fired::Nothing);
    assert_eq!(effects.forgotten, 0);
    assert_eq!(set.fire(&mut record, due, &mut effects), Fired::Forgotten);
    assert_eq!(effects.forgotten, 1);
}
