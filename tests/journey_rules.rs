//! What a model means: conditions, windows, timers, late and repeated events, forgetting, models side by side.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;

use klantreis::journey::{
    Amount, Attr, AttrType, CheckedModel, Drawing, Effects, Event, Fired, Language, ModelSet, Outcome, Record,
    SetError, SetOptions, Span, Trigger, Value, builtin, run_scenarios,
};

const START: i64 = 1_735_689_600_000;

fn ms(span: &str) -> i64 {
    span.parse::<Span>().unwrap().0
}

fn model(source: &str) -> CheckedModel {
    CheckedModel::parse("model.yaml", source).unwrap_or_else(|errors| panic!("{errors}"))
}

fn set_of(sources: &[&str], remembered_ids: u8) -> ModelSet {
    let options = SetOptions { forget_after: "400d".parse().unwrap(), remembered_ids };
    ModelSet::new(sources.iter().map(|source| model(source)).collect(), options).unwrap()
}

/// One customer of a set of models.
struct Customer {
    set: ModelSet,
    record: Box<Record>,
    effects: Effects,
}

/// What an event brings beside its time and kind.
#[derive(Default, Clone, Copy)]
struct With<'a> {
    id: Option<&'a str>,
    value: Option<&'a str>,
    attrs: &'a [(&'a str, Attr<'a>)],
    channel: &'a str,
    borrowed_time: bool,
}

impl Customer {
    fn new(sources: &[&str]) -> Self {
        let set = set_of(sources, 4);
        Self { record: set.fresh(), set, effects: Effects::default() }
    }

    fn event(&mut self, at: &str, kind: &str) -> Outcome {
        self.event_with(at, kind, With::default())
    }

    fn event_with(&mut self, at: &str, kind: &str, with: With<'_>) -> Outcome {
        let vocabulary = self.set.vocabulary();
        let mut attrs = vec![None; vocabulary.attrs().len()];
        for (name, value) in with.attrs {
            attrs[usize::from(vocabulary.attr(name).unwrap().0)] = Some(value.clone());
        }
        let event = Event {
            customer: Cow::Borrowed("someone"),
            at: START + ms(at),
            time_is_own: !with.borrowed_time,
            kind: vocabulary.kind(kind),
            id: with.id.map(Cow::Borrowed),
            value: with.value.map(|value| Amount::parse(value).unwrap()),
            attrs,
        };
        self.set.step(&mut self.record, &event, with.channel, &mut self.effects)
    }

    fn fire(&mut self, until: &str) -> Fired {
        self.set.fire(&mut self.record, START + ms(until), &mut self.effects)
    }

    /// The transitions since the last look: `model: from → to at time (rule)`.
    fn came(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for taken in &self.effects.transitions {
            let model = &self.set.models()[usize::from(taken.model)];
            let name = |index: u16| model.phases()[usize::from(index)].name();
            let from = taken.from.map_or("new", name);
            let late = if taken.late { " late" } else { "" };
            let at = Span(taken.at - START);
            let rule = model.rules()[usize::from(taken.rule)].id();
            lines.push(format!("{} {from} → {} at {at} ({rule}){late}", taken.seq, name(taken.to)));
        }
        self.effects.clear();
        lines
    }

    fn counter(&self, name: &str) -> f64 {
        let states = self.set.describe(&self.record);
        states.iter().flat_map(|state| &state.counters).find(|(counter, _)| counter == name).unwrap().1
    }
}

/// A model that moves from `a` to `b` on `go` when the condition holds.
fn conditional(when: &str) -> String {
    format!(
        "
model: m
version: 1
kinds: [start, view, go]
attributes: {{ colour: text, pieces: number, member: bool }}
phases: {{ a: {{}}, b: {{}} }}
counters:
  views: {{ on: view, window: visit }}
  spent: {{ on: [view, go], sum: value, window: ever }}
  all: {{ on: any, window: ever }}
transitions:
  - {{ id: enter, from: new, to: a, on: start }}
  - id: moved
    from: a
    to: b
    on: go
    when: >-
      {when}
"
    )
}

/// Two views worth 2.50 each, then `go` after two days; says whether the condition held.
fn holds(when: &str, with: With<'_>) -> bool {
    let source = conditional(when);
    let mut customer = Customer::new(&[&source]);
    let _ = customer.event("0s", "start");
    for at in ["1d", "1d1h"] {
        let _ = customer.event_with(at, "view", With { value: Some("2.50"), ..With::default() });
    }
    // An attribute that the condition does not read is not in the vocabulary.
    let attrs: Vec<_> = with.attrs.iter().filter(|(name, _)| when.contains(name)).cloned().collect();
    let _ = customer.event_with("2d", "go", With { attrs: &attrs, ..with });
    customer.came().len() == 2
}

#[test]
fn a_condition_holds_as_the_expression_language_says() {
    let red = [
        ("colour", Attr::Text(Cow::Borrowed("dark red"))),
        ("pieces", Attr::Number(3.0)),
        ("member", Attr::Bool(true)),
    ];
    let with = With { value: Some("10"), channel: "clicks", attrs: &red, ..With::default() };
    let check = |when: &str, expected: bool| {
        assert_eq!(holds(when, with), expected, "{when}");
        assert_eq!(holds(&format!("(1 < 2) && ({when})"), with), expected, "{when}");
        assert_eq!(holds(&format!("!({when})"), with), !expected, "not {when}");
    };
    check("views >= 2", true);
    check("views > 2", false);
    check("views == 2.0", true);
    check("views != 2u", false);
    check("3 > views", true);
    check("views <= 1", false);
    check("views < 2.5", true);
    check("all == 4", true);
    check("spent == 15", true);
    check("spent - event.value == 5.0", true);
    check("views * 2 + 1 == 5 && views / 4 == 0.5", true);
    check("-views == -2", true);
    check("event.value > 9.99", true);
    check("event.value in [1, 10.0]", true);
    check("event.value in [1, 2]", false);
    // Beside something that may be otherwise: what is so or not so in every case is refused.
    check("event.kind == \"go\" && has(event.value)", true);
    check("event.kind in [\"view\", \"start\"] || !has(event.value)", false);
    check("event.channel.startsWith(\"cl\") && event.channel.endsWith(\"ks\")", true);
    check("event.colour.contains(\"red\")", true);
    check("event.colour < \"e\"", true);
    check("event.colour in [\"red\", \"dark red\"]", true);
    check("event.pieces == 3", true);
    check("event.member", true);
    check("event.member == false", false);
    check("event.late", false);
    check("has(event.colour) && has(event.value)", true);
    check("phase == \"a\" && has(event.value)", true);
    check("phase == \"new\" || !has(event.value)", false);
    check("time_in_phase == duration(\"48h\")", true);
    check("time_in_phase > duration(\"2d\")", false);
    check("time_since_last >= duration(\"22h\") && time_since_last < duration(\"1d\")", true);
    check("views > 1 ? event.value > 5 : false", true);
    check("(views > 5 ? 1 : 2) == 2", true);
}

#[test]
fn what_an_event_does_not_have_decides_nothing_unless_the_other_side_does() {
    let bare = With::default();
    let check = |when: &str, expected: bool| assert_eq!(holds(when, bare), expected, "{when}");
    check("event.value > 0", false);
    check("!(event.value > 0)", false);
    check("event.value <= 0", false);
    check("event.value != 3", false);
    check("event.colour == \"red\" || views == 2", true);
    check("views == 2 || event.colour == \"red\"", true);
    check("!(event.colour == \"red\" && views == 3)", true);
    check("!(views == 3 && event.colour == \"red\")", true);
    check("event.colour == \"red\" && views == 2", false);
    check("event.colour == \"red\" || views == 3", false);
    check("has(event.colour)", false);
    check("!has(event.colour) && !has(event.value)", true);
    check("event.member ? true : true", false);
    check("views / (views - 2) > 0 || views == 2", true);
    check("views / (views - 2) > 0", false);
    check("-event.value < 0 || event.colour.contains(\"x\") || event.value in [1]", false);
}

#[test]
fn a_transition_carries_what_its_condition_was_decided_on() {
    let source = conditional(
        "views >= 2 && event.value > 5 && phase == \"a\" && (event.member || time_in_phase > duration(\"1d\"))",
    );
    let mut customer = Customer::new(&[&source]);
    let _ = customer.event("0s", "start");
    let _ = customer.event("1h", "view");
    let _ = customer.event("2h", "view");
    let _ = customer.event_with("2d", "go", With { value: Some("7.25"), ..With::default() });
    let taken = &customer.effects.transitions[1];
    let rule = &customer.set.models()[0].rules()[usize::from(taken.rule)];
    assert_eq!(rule.reads(), ["views", "event.value", "phase", "event.member", "time_in_phase"]);
    let values = &customer.effects.values[taken.values.0 as usize..taken.values.1 as usize];
    let day = 86_400_000.0;
    assert_eq!(
        values,
        [Value::Number(2.0), Value::Number(7.25), Value::Text("a".into()), Value::Missing, Value::Number(2.0 * day)]
    );
    assert_eq!(customer.effects.transitions[0].values, (0, 0));
}

#[test]
fn the_first_rule_that_matches_wins_and_only_one_hop_is_taken() {
    let mut customer = Customer::new(&["
model: m
version: 1
kinds: [go]
phases: { a: {}, b: {}, c: {} }
counters: { n: { on: go, window: ever } }
transitions:
  - { id: enter, from: new, to: a, on: go }
  - { id: third, from: a, to: c, on: go, when: n == 3 }
  - { id: other, from: a, to: b, on: any }
  - { id: back, from: [b, c], to: a, on: any }
"]);
    for at in ["1s", "2s", "3s", "4s"] {
        let _ = customer.event(at, "go");
    }
    assert_eq!(
        customer.came(),
        ["1 new → a at 1s (enter)", "2 a → b at 2s (other)", "3 b → a at 3s (back)", "4 a → b at 4s (other)"]
    );
}

const WINDOWS: &str = "
model: m
version: 1
kinds: [view, buy, move]
attributes: { points: number }
phases: { a: {}, b: {} }
counters:
  visit: { on: view, window: visit }
  ever: { on: [view, buy], window: ever }
  week: { on: view, window: 8d }
  money: { on: buy, sum: value, window: 8d }
  points: { on: buy, sum: points, window: ever }
transitions:
  - { id: enter, from: new, to: a, on: any }
  - { id: move, from: a, to: b, on: move, when: visit + ever + week + money + points >= 0 }
  - { id: back, from: b, to: a, on: move }
";

#[test]
fn a_counter_counts_over_its_window_in_buckets_of_an_eighth() {
    let mut customer = Customer::new(&[WINDOWS]);
    let mut check = |at: &str, kind: &str, visit: f64, ever: f64, week: f64| {
        let _ = customer.event(at, kind);
        let found = (customer.counter("visit"), customer.counter("ever"), customer.counter("week"));
        assert_eq!(found, (visit, ever, week), "{at} {kind}");
    };
    check("1h", "view", 0.0, 1.0, 1.0);
    check("2h", "view", 1.0, 2.0, 2.0);
    check("1d", "view", 2.0, 3.0, 3.0);
    check("1d1h", "move", 0.0, 3.0, 3.0);
    // The clock starts at midnight, so a bucket is a day: the eight days end with the last millisecond of the eighth.
    check("7d23h59m59s999ms", "buy", 0.0, 4.0, 3.0);
    check("8d", "buy", 0.0, 5.0, 1.0);
    check("8d23h", "view", 1.0, 6.0, 2.0);
    check("9d", "buy", 1.0, 7.0, 1.0);
    // Late: in the bucket of its own time, as long as there is one; in the visit only if it is not before it.
    check("3d", "view", 2.0, 8.0, 2.0);
    check("1d", "view", 2.0, 9.0, 2.0);
    check("300d", "buy", 2.0, 10.0, 0.0);
    check("299d", "view", 3.0, 11.0, 1.0);
}

#[test]
fn sums_are_exact_and_skip_what_is_missing() {
    let mut customer = Customer::new(&[WINDOWS]);
    let mut buy = |at: &str, value: Option<&str>, points: Option<f64>, money: f64, sum: f64| {
        let attrs: Vec<_> = points.map(|points| ("points", Attr::Number(points))).into_iter().collect();
        let _ = customer.event_with(at, "buy", With { value, attrs: &attrs, ..With::default() });
        assert_eq!((customer.counter("money"), customer.counter("points")), (money, sum), "{at}");
    };
    buy("1h", Some("0.1"), Some(1.5), 0.1, 1.5);
    buy("2h", Some("0.2"), None, 0.3, 1.5);
    buy("3h", None, Some(-0.5), 0.3, 1.0);
    buy("8d1h", Some("100"), Some(1e300), 100.0, 922_337_203_685_477.6);
    buy("8d2h", Some("-922337203685477"), Some(1.0), -922_337_203_685_377.0, 922_337_203_685_477.6);
}

const REMIND: &str = "
model: m
version: 1
kinds: [view, ping]
phases: { a: {}, b: {}, c: {}, d: {} }
counters: { views: { on: view, window: 2d } }
transitions:
  - { id: enter, from: new, to: a, on: any }
  - { id: warm, from: a, to: b, after: 1d, when: views >= 2 }
  - { id: cold, from: a, to: c, idle: 3d, when: views == 0 && time_since_last >= duration(\"3d\") }
  - { id: done, from: a, to: d, after: 30d }
";

#[test]
fn a_timer_with_a_condition_is_asked_once_a_visit_or_once_a_silence() {
    let mut customer = Customer::new(&[REMIND]);
    let spent = customer.set.layout().fields.iter().any(|field| field.key == "m/spent=warm,cold");
    assert!(spent);
    let _ = customer.event("0s", "ping");
    // One view only when `warm` is due: it is spent for this visit.
    let _ = customer.event("1h", "view");
    assert_eq!(customer.fire("1d"), Fired::Changed);
    assert_eq!(customer.fire("1d"), Fired::Nothing);
    assert_eq!(customer.set.deadline(&customer.record), Some(START + ms("3d1h")));
    let _ = customer.event("2d", "view");
    let _ = customer.event("2d1h", "view");
    // The window has not passed everything when `cold` is due after this silence, but after the next.
    let _ = customer.event("4d20h", "view");
    assert_eq!(customer.came(), ["1 new → a at 0s (enter)"]);
    assert_eq!(customer.set.describe(&customer.record)[0].next_timer, Some((START + ms("7d20h"), "cold".to_owned())));
    assert_eq!(customer.fire("20d"), Fired::Changed);
    assert_eq!(customer.came(), ["2 a → c at 7d20h (cold)"]);
}

#[test]
fn a_timer_that_was_spent_lets_the_next_one_fire() {
    let mut customer = Customer::new(&[REMIND]);
    let _ = customer.event("0s", "ping");
    let _ = customer.event("29d", "view");
    assert_eq!(customer.came(), ["1 new → a at 0s (enter)", "2 a → c at 3d (cold)"]);
    let mut customer = Customer::new(&[REMIND]);
    let _ = customer.event("0s", "view");
    for day in 1..29 {
        let _ = customer.event(&format!("{day}d"), "ping");
        if day % 2 == 0 {
            let _ = customer.event(&format!("{day}d"), "view");
        }
    }
    assert_eq!(customer.fire("40d"), Fired::Changed);
    assert_eq!(customer.came(), ["1 new → a at 0s (enter)", "2 a → d at 30d (done)"]);
}

#[test]
fn a_spent_timer_is_asked_again_in_the_next_visit_or_after_the_next_event() {
    let source = "
model: m
version: 1
kinds: [view, ping, restart]
phases: { a: {}, b: {} }
counters: { n: { on: view, window: ever } }
transitions:
  - { id: enter, from: new, to: a, on: any }
  - { id: again, from: a, to: a, on: restart }
  - { id: warm, from: a, to: b, after: 1d, when: n >= 2 }
  - { id: quiet, from: a, to: b, idle: 3d, when: n >= 2 }
";
    let mut customer = Customer::new(&[source]);
    let _ = customer.event("0s", "ping");
    assert_eq!(customer.fire("1d"), Fired::Changed);
    let _ = customer.event("1d1h", "view");
    let _ = customer.event("1d1h", "view");
    assert_eq!(customer.set.deadline(&customer.record), Some(START + ms("4d1h")));
    let _ = customer.event("1d2h", "restart");
    assert_eq!(customer.fire("30d"), Fired::Changed);
    let came = ["1 new → a at 0s (enter)", "2 a → a at 1d2h (again)", "3 a → b at 2d2h (warm)"];
    assert_eq!(customer.came(), came);

    let mut customer = Customer::new(&[source]);
    let _ = customer.event("0s", "ping");
    assert_eq!(customer.fire("3d"), Fired::Changed);
    assert_eq!(customer.set.deadline(&customer.record), Some(START + ms("400d")));
    for at in ["4d", "5d"] {
        let _ = customer.event(at, "view");
    }
    assert_eq!(customer.fire("30d"), Fired::Changed);
    assert_eq!(customer.came(), ["1 new → a at 0s (enter)", "2 a → b at 8d (quiet)"]);
}

#[test]
fn an_idle_timer_never_fires_before_its_phase_began() {
    let mut customer = Customer::new(&["
model: m
version: 1
kinds: [go]
phases: { a: {}, b: {}, c: {} }
transitions:
  - { id: enter, from: new, to: a, on: go }
  - { id: wait, from: a, to: b, after: 5d }
  - { id: quiet, from: b, to: c, idle: 2d }
"]);
    let _ = customer.event("0s", "go");
    assert_eq!(customer.set.deadline(&customer.record), Some(START + ms("5d")));
    assert_eq!(customer.fire("5d"), Fired::Changed);
    assert_eq!(customer.came(), ["1 new → a at 0s (enter)", "2 a → b at 5d (wait)", "3 b → c at 5d (quiet)"]);
}

#[test]
fn of_timers_due_at_once_the_first_in_the_file_fires() {
    let mut customer = Customer::new(&["
model: m
version: 1
kinds: [go]
phases: { a: {}, b: {}, c: {} }
transitions:
  - { id: enter, from: new, to: a, on: go }
  - { id: first, from: a, to: b, after: 5d }
  - { id: second, from: a, to: c, idle: 5d }
"]);
    let _ = customer.event("0s", "go");
    let _ = customer.fire("5d");
    assert_eq!(customer.came(), ["1 new → a at 0s (enter)", "2 a → b at 5d (first)"]);
    let mut customer = Customer::new(&["
model: m
version: 1
kinds: [go]
phases: { a: {}, b: {}, c: {} }
transitions:
  - { id: enter, from: new, to: a, on: go }
  - { id: second, from: a, to: c, idle: 5d }
  - { id: first, from: a, to: b, after: 5d }
"]);
    let _ = customer.event("0s", "go");
    let _ = customer.fire("5d");
    assert_eq!(customer.came(), ["1 new → a at 0s (enter)", "2 a → c at 5d (second)"]);
}

#[test]
fn a_late_event_may_cause_a_transition_that_is_never_before_its_phase() {
    let source = conditional("event.late");
    let mut customer = Customer::new(&[&source]);
    assert_eq!(customer.event("2d", "start"), Outcome::Applied { late: false });
    assert_eq!(customer.event("3d", "go"), Outcome::Applied { late: false });
    assert_eq!(customer.event("3d", "go"), Outcome::Applied { late: false });
    assert_eq!(customer.event("1d", "go"), Outcome::Applied { late: true });
    assert_eq!(customer.came(), ["1 new → a at 2d (enter)", "2 a → b at 2d (moved) late"]);
    let state = &customer.set.describe(&customer.record)[0];
    assert_eq!((state.last, state.since), (Some(START + ms("3d")), Some(START + ms("2d"))));
    assert_eq!(state.first_seen, Some(START + ms("2d")));
}

#[test]
fn a_repeated_event_changes_nothing_as_long_as_its_id_is_remembered() {
    let mut customer = Customer::new(&[WINDOWS]);
    let id = |id| With { id: Some(id), ..With::default() };
    let applied = |late| Outcome::Applied { late };
    assert_eq!(customer.event_with("1h", "view", id("a")), applied(false));
    let before = customer.record.clone();
    assert_eq!(customer.event_with("1h", "view", id("a")), Outcome::Duplicate);
    assert_eq!(customer.record, before);
    for (at, name) in [("2h", "b"), ("3h", "c"), ("4h", "d")] {
        assert_eq!(customer.event_with(at, "view", id(name)), applied(false));
    }
    assert_eq!(customer.event_with("1h", "view", id("a")), Outcome::Duplicate);
    assert_eq!(customer.event_with("5h", "view", id("e")), applied(false));
    // Four are remembered; the first has been forgotten.
    assert_eq!(customer.event_with("1h", "view", id("a")), applied(true));
    // Without an id nothing is a repeat.
    assert_eq!(customer.event("5h", "view"), applied(false));
    assert_eq!(customer.event("5h", "view"), applied(false));
    assert_eq!(customer.counter("ever"), 8.0);
}

#[test]
fn an_event_newer_than_all_others_is_no_repeat_unless_its_time_is_borrowed() {
    let mut customer = Customer::new(&[WINDOWS]);
    let with = With { id: Some("a"), ..With::default() };
    assert_eq!(customer.event_with("1h", "view", with), Outcome::Applied { late: false });
    assert_eq!(customer.event_with("1h1s", "view", With { borrowed_time: true, ..with }), Outcome::Duplicate);
    assert_eq!(customer.event_with("1h1s", "view", with), Outcome::Applied { late: false });
}

#[test]
fn a_kind_that_no_model_knows_changes_nothing_at_all() {
    let mut customer = Customer::new(&[WINDOWS]);
    let _ = customer.event("1h", "view");
    let before = customer.record.clone();
    assert_eq!(customer.event_with("500d", "unheard-of", With { id: Some("x"), ..With::default() }), Outcome::Ignored);
    assert_eq!(customer.record, before);
    assert_eq!(customer.effects.forgotten, 0);
}

const BRIEF: &str = "
model: brief
version: 1
kinds: [go]
phases: { a: {}, b: { forget_after: 3d } }
transitions:
  - { id: enter, from: new, to: a, on: go }
  - { id: wait, from: a, to: b, after: 10d }
";

#[test]
fn a_customer_is_forgotten_after_the_silence_that_its_phase_allows_and_begins_anew() {
    let mut customer = Customer::new(&[BRIEF]);
    let _ = customer.event("0s", "go");
    let first = customer.effects.transitions[0].first_seen;
    assert_eq!(customer.set.deadline(&customer.record), Some(START + ms("10d")));
    // When the timer fires, the silence that the new phase allows is over already.
    let mut same = Customer { set: set_of(&[BRIEF], 4), record: customer.record.clone(), effects: Effects::default() };
    assert_eq!(same.fire("10d"), Fired::Forgotten);
    assert_eq!(same.effects.forgotten, 1);
    assert_eq!(same.came(), ["2 a → b at 10d (wait)"]);
    let _ = customer.event("11d", "go");
    assert_eq!(customer.effects.forgotten, 1);
    assert_eq!(customer.effects.transitions[2].first_seen, first + ms("11d"));
    assert_eq!(customer.came(), ["1 new → a at 0s (enter)", "2 a → b at 10d (wait)", "1 new → a at 11d (enter)"]);
}

#[test]
fn a_customer_is_forgotten_only_when_no_model_has_use_for_it() {
    let other = "
model: other
version: 1
kinds: [go, stay]
phases: { x: {} }
transitions:
  - { id: enter, from: new, to: x, on: stay }
";
    let mut customer = Customer::new(&[BRIEF, other]);
    let _ = customer.event("0s", "go");
    let _ = customer.event("9d", "stay");
    // `other` would keep the customer: nothing happens to `brief` before its own time.
    let _ = customer.event("20d", "stay");
    assert_eq!(customer.came(), ["1 new → a at 0s (enter)", "1 new → x at 9d (enter)"]);
    assert_eq!(customer.effects.forgotten, 0);
    assert_eq!(customer.fire("20d"), Fired::Changed);
    assert_eq!(customer.came(), ["2 a → b at 10d (wait)"]);
    assert_eq!(customer.set.deadline(&customer.record), Some(START + ms("420d")));
    assert_eq!(customer.fire("419d"), Fired::Nothing);
    assert_eq!(customer.fire("420d"), Fired::Forgotten);
}

#[test]
fn models_that_cannot_run_side_by_side_are_refused() {
    let options = SetOptions { forget_after: "400d".parse().unwrap(), remembered_ids: 4 };
    let check = |sources: &[&str], options: SetOptions, expected: &str| {
        let models = sources.iter().map(|source| model(source)).collect();
        let error: SetError = ModelSet::new(models, options).unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check(&[], options, "there is no model; name at least one, such as `think5`");
    check(&[WINDOWS, WINDOWS], options, "two models are called `m`; give each a name of its own");
    let text = conditional("event.points == \"x\"").replace("model: m", "model: n").replace("colour", "points");
    check(
        &[WINDOWS, &text],
        options,
        "models `m` and `n` both read the attribute `points`, the one as number, the other as text; use one type",
    );
    let at_once = SetOptions { forget_after: Span(0), ..options };
    check(&[WINDOWS], at_once, "customers cannot be forgotten after 0s; write a span such as `400d`");
    let many = SetOptions { remembered_ids: 17, ..options };
    check(&[WINDOWS], many, "17 event ids per customer are too many; remember at most 16");
}

#[test]
fn a_set_knows_the_kinds_and_attributes_that_its_models_read_and_no_others() {
    let source = conditional("event.colour == \"red\"");
    let set = set_of(&[&source, BRIEF], 0);
    let vocabulary = set.vocabulary();
    assert_eq!(vocabulary.kinds(), ["start", "view", "go"]);
    assert_eq!(vocabulary.attrs(), [("colour".into(), AttrType::Text)]);
    assert!(vocabulary.reads_value());
    assert!(!set_of(&[BRIEF], 0).vocabulary().reads_value());
    let warnings: Vec<String> = model(&source).warnings.into_iter().map(|warning| warning.text).collect();
    assert_eq!(
        warnings,
        [
            "nothing reads the attribute `pieces`; use it, or leave it out",
            "nothing reads the attribute `member`; use it, or leave it out",
            "nobody leaves the phase `b` again; let a transition begin `from: b`, or say `final: true`",
            "no condition reads the counter `views`; use it, or leave it out",
            "no condition reads the counter `spent`; use it, or leave it out",
            "no condition reads the counter `all`; use it, or leave it out",
        ]
    );
}

#[test]
fn a_field_of_the_layout_says_what_it_means() {
    let keys: Vec<String> = set_of(&[WINDOWS], 1).layout().fields.iter().map(|field| field.key.clone()).collect();
    for key in [
        "event_id/0",
        "m/phase",
        "m/counter/visit=count(view)/visit",
        "m/counter/ever=count(buy,view)/ever",
        "m/counter/week=count(view)/8d/newest",
        "m/counter/week=count(view)/8d/7",
        "m/counter/money=sum(value of buy)/8d/0",
        "m/counter/points=sum(event.points of buy)/ever",
    ] {
        assert!(keys.iter().any(|found| found == key), "{key} in {keys:?}");
    }
    let set = set_of(&[WINDOWS], 1);
    let mut at = 0;
    for field in &set.layout().fields {
        assert_eq!(field.word, at, "{}", field.key);
        at += field.kind.words();
    }
    assert_eq!(set.layout().words, at);
}

#[test]
fn the_hash_of_a_model_changes_with_its_meaning_alone() {
    let hash = |source: &str| model(source).model.hash();
    let same = BRIEF.replace("brief\n", "brief # a comment\n").replace("a: {}", "a: { name: { nl: Eerst } }");
    assert_eq!(hash(BRIEF), hash(&same));
    for (from, to) in
        [("10d", "11d"), ("3d", "4d"), ("version: 1", "version: 2"), ("wait", "rest"), ("[go]", "[go, no]")]
    {
        assert_ne!(hash(BRIEF), hash(&BRIEF.replace(from, to)), "{from}");
    }
    let moved = |moved: &str| hash(&BRIEF.replace("version: 1", &format!("version: 1\nmoved: {moved}")));
    assert_eq!(moved("{}"), hash(BRIEF));
    assert_eq!(moved("{ c: a, d: b }"), moved("{ d: b, c: a }"));
    assert_ne!(moved("{ c: a }"), hash(BRIEF));
    assert_ne!(moved("{ c: a }"), moved("{ c: b }"));
    let condition = |when: &str| hash(&conditional(when));
    assert_eq!(condition("views > 3"), condition("views   > 3"));
    assert_ne!(condition("views > 3"), condition("views > 4"));
    let quoted = |text: &str| {
        let when = format!("'event.colour == \"{text}\"'");
        hash(&conditional("true").replace(">-\n      true", &when))
    };
    assert_eq!(quoted("a b"), condition("event.colour   == \"a b\""));
    assert_ne!(quoted("a b"), quoted("a  b"));
}

#[test]
fn a_scenario_that_does_not_come_true_says_what_came_instead() {
    let source = format!(
        "{BRIEF}
scenarios:
  - {{ name: good, given: [{{ at: 0s, kind: go }}], until: 9d, expect: [{{ to: a }}] }}
  - {{ name: wrong, given: [{{ at: 2026-01-01T12:00:00+01:00, kind: go }}], until: 11d, expect: [{{ to: a }}, {{ from: new, to: b, at: 9d, cause: timer, rule: wait }}] }}
  - {{ name: more, given: [{{ at: 0s, kind: go }}], until: 10d, expect: [] }}
  - {{ name: less, given: [], expect: [{{ to: a, cause: go }}] }}
"
    );
    let outcomes = run_scenarios(&model(&source));
    assert!(outcomes[0].passed());
    assert_eq!(
        outcomes[1].difference.as_deref().unwrap(),
        "transition 2 is not as expected\n  expected: new → b at 9d by timer (wait)\n  came:     a → b at 10d11h by timer (wait)"
    );
    assert_eq!(
        outcomes[2].difference.as_deref().unwrap(),
        "transition 1 is not as expected\n  expected: no more transitions\n  came:     new → a at 0s by go (enter)\n  then came 2: a → b at 10d by timer (wait)"
    );
    assert_eq!(
        outcomes[3].difference.as_deref().unwrap(),
        "transition 1 is not as expected\n  expected: … → a by go\n  came:     no more transitions"
    );
}

#[test]
fn a_model_is_drawn_as_a_state_diagram() {
    let source = conditional("views >= 2 && event.colour == \"red\"").replace("b: {}", "b: { final: true }");
    assert_eq!(
        Drawing::of(&model(&source), Language::En).mermaid(),
        "stateDiagram-v2
    state \"a\" as p0
    state \"b\" as p1
    [*] --> p0: start
    p0 --> p1: go [views #62;= 2 && event.colour == #34;red#34;]
    p1 --> [*]
"
    );
    let picture = Drawing::of(&builtin("think5").unwrap(), Language::En).mermaid();
    for line in ["[*] --> p0: any", "p2 --> p3: ⏱ 2d", "p1 --> p5: 💤 30d", "p5 --> p2: purchased"] {
        assert!(picture.contains(&format!("    {line}\n")), "{line} in {picture}");
    }
}

#[test]
fn a_model_can_be_read_back_by_those_who_show_it() {
    let think5 = builtin("think5").unwrap().model;
    assert_eq!((think5.name(), think5.version()), ("think5", 1));
    let phase = &think5.phases()[0];
    assert_eq!(
        (phase.name(), phase.title().nl.as_deref(), phase.title().en.as_deref()),
        ("orientatie", Some("Oriëntatie"), Some("Orientation"))
    );
    assert!(think5.phases().iter().all(|phase| !phase.needs().nl.is_empty() && !phase.needs().en.is_empty()));
    let gone = think5.rules().last().unwrap();
    assert_eq!((gone.id(), gone.from(), gone.to()), ("gone", &[Some(0), Some(1)][..], 5));
    assert_eq!(gone.trigger(), &Trigger::Idle("30d".parse().unwrap()));
    assert_eq!(think5.rules()[2].when(), Some("views >= 3"));
}

#[test]
fn what_is_probably_not_meant_is_a_warning_with_its_place() {
    let check = |phases: &str, rest: &str, expected: &[&str]| {
        let source = format!(
            "model: m\nversion: 1\nkinds: [k]\nphases:\n{phases}transitions:\n  - {{ id: a, from: new, to: p, on: k }}\n{rest}"
        );
        let warnings = CheckedModel::parse("m", &source).unwrap_or_else(|errors| panic!("{errors}")).warnings;
        let told: Vec<String> = warnings.iter().map(|one| format!("{}: {}", one.at.line, one.text)).collect();
        assert_eq!(told, expected, "{source}");
    };
    let ends = "5: nobody leaves the phase `p` again; let a transition begin `from: p`, or say `final: true`";
    check("  p: {}\n", "", &[ends]);
    check("  p: { final: true }\n", "", &[]);
    check(
        "  p: { name: { nl: P, en: P }, needs: { nl: [iets] } }\n  q: { name: { nl: Q } }\n",
        "  - { id: b, from: p, to: q, after: 1d }\n  - { id: c, from: q, to: p, on: k }\n",
        &[
            "6: phase `q` has no `en` in `name`, as others have; add it",
            "6: phase `q` has no `nl` in `needs`, as others have; add it",
        ],
    );
}

#[test]
fn what_says_nothing_or_is_never_asked_for_is_a_warning() {
    let check = |kinds: &str, rules: &str, expected: &[&str]| {
        let source = format!(
            "model: m\nversion: 1\nkinds: [{kinds}]\nphases: {{ p: {{}}, q: {{ final: true }} }}\ncounters: {{ n: {{ on: k, window: ever }} }}\ntransitions:\n  - {{ id: a, from: new, to: p, on: k }}\n{rules}"
        );
        let warnings = CheckedModel::parse("m", &source).unwrap_or_else(|errors| panic!("{errors}")).warnings;
        let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(told, expected, "{source}");
    };
    let always = |at: &str, id: &str| {
        format!("{at}: this is true whenever `{id}` asks; leave the condition out, or correct it [always-holds]")
    };
    check("k", "  - { id: b, from: p, to: q, on: k, when: n > 3 }\n", &[]);
    check("k", "  - { id: b, from: p, to: q, on: k, when: n >= 0 }\n", &[&always("8:43", "b")]);
    check("k", "  - { id: b, from: p, to: q, on: k, when: n > 3 || n <= 3 }\n", &[&always("8:43", "b")]);
    check("k", "  - { id: b, from: p, to: q, on: k, when: n > 3 || event.value > 3 || event.value <= 3 }\n", &[]);
    check(
        "k",
        "  - { id: b, from: p, to: q, after: 2d, when: n > 3 }\nsignals:\n  - { id: s, on: k, in: p, when: phase == 'p' && n >= 0 }\n  - { id: t, on: k, when: phase == 'p' }\n",
        &[&always("10:34", "s")],
    );
    let unused = "3:12: nothing listens to the kind `l`; use it, or leave it out [unused]";
    let rule = "  - { id: b, from: p, to: q, on: k, when: n > 3 }\n";
    check("k, l", rule, &[unused]);
    check("k, l", &rule.replace("n > 3", "n > 3 && time_since_last > duration('1d')"), &[]);
    check("k, l", &rule.replace("on: k", "idle: 3d"), &[]);
    check("k, l", &rule.replace("on: k", "on: any"), &[]);
    check("k, l", &format!("{rule}signals:\n  - {{ id: s, on: k, unless: l, within: 1d }}\n"), &[]);
    check("k, l", &format!("{rule}signals:\n  - {{ id: s, entering: q }}\n"), &[unused]);
}
