//! What holds for every model and every row of events, tried on random ones.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;
use std::fmt::Write as _;

use klantreis::journey::{
    Amount, Attr, Cause, CheckedModel, Effects, Event, Fired, ModelSet, ModelState, Outcome, Record, SetOptions,
    SetParts, Shadow, Span, Transition, Trigger, Value, Window,
};
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const START: i64 = 1_735_689_600_000;
const LONG: Span = Span(100_000 * DAY);

/// A rule beside those that let every phase be entered.
#[derive(Debug, Clone)]
struct RuleSpec {
    from: u8,
    to: u8,
    trigger: u8,
    span: i64,
    when: usize,
}

/// A signal.
#[derive(Debug, Clone)]
struct SignalSpec {
    /// What it tells of, and of which kind or phase.
    occasion: (u8, u8),
    when: usize,
    /// How it waits, for how long, and what calls it off.
    wait: (u8, i64, u8),
    /// Its limit, and over which window.
    limit: Option<(u8, u8)>,
}

#[derive(Debug, Clone)]
struct ModelSpec {
    phases: u8,
    counters: Vec<(u8, u8, bool)>,
    rules: Vec<RuleSpec>,
    signals: Vec<SignalSpec>,
    forget: Vec<Option<i64>>,
    /// Whether and how it takes only some events, counts by value, begins counters anew, and lists touchpoints.
    extras: (u8, bool, bool, bool),
}

const WINDOWS: [&str; 6] = ["visit", "ever", "8ms", "1d", "7d", "100ms"];

/// Conditions for events; the first ones do for timers too. `c0` is the first counter.
const CONDITIONS: [&str; 10] = [
    "c0 >= 2",
    "time_in_phase > duration(\"1d\")",
    "c0 > 0 && time_since_last > duration(\"3h\")",
    "phase == \"p0\" || c0 == 1",
    "!(c0 < 2)",
    "event.value > 5",
    "event.late",
    "has(event.tone) && event.tone.contains(\"a\")",
    "event.size / c0 > 1 || event.kind == \"k1\"",
    "event.channel in [\"x\", \"y\"] ? event.size > 2 : c0 < 3",
];
const FOR_TIMERS: usize = 5;

const APPLIES_TO: [&str; 3] = ["event.size > 1", "has(event.tone) || event.kind == \"k2\"", "event.channel != \"z\""];

impl ModelSpec {
    /// The model in YAML, listening to three kinds from the one of this number.
    fn yaml(&self, name: &str, first_kind: u8) -> String {
        let kind = |index: u8| format!("k{}", first_kind + index % 3);
        let mut text = format!("model: {name}\nversion: 1\nkinds: [{}, {}, {}]\n", kind(0), kind(1), kind(2));
        text += "attributes: { tone: text, size: number }\n";
        let (applies_to, by_value, resets, touchpoints) = self.extras;
        if let Some(condition) = APPLIES_TO.get(usize::from(applies_to) % (APPLIES_TO.len() * 2)) {
            let _ = writeln!(text, "applies_to: '{condition}'");
        }
        text += "phases:\n";
        for phase in 0..self.phases {
            let forget = self.forget.get(usize::from(phase)).copied().flatten();
            let forget = forget.map(|span| format!("forget_after: {}", Span(span))).unwrap_or_default();
            let touchpoints = if touchpoints { format!("touchpoints: [{}], ", kind(phase)) } else { String::new() };
            let _ = writeln!(text, "  p{phase}: {{ {touchpoints}{forget} }}");
        }
        text += "counters:\n  c0: { on: any, window: visit }\n";
        if by_value {
            let _ = writeln!(
                text,
                "  tones: {{ on: {}, per: tone, values: 2, reset: {}, window: ever }}",
                kind(0),
                kind(1)
            );
        }
        for (index, (on, window, sum)) in self.counters.iter().enumerate() {
            let sum = if *sum { ", sum: value" } else { "" };
            let reset = if resets { format!(", reset: {}", kind(on % 3 + 1)) } else { String::new() };
            let window = WINDOWS[usize::from(*window) % WINDOWS.len()];
            let _ = writeln!(text, "  c{}: {{ on: {}, window: {window}{sum}{reset} }}", index + 1, kind(*on));
        }
        text += "transitions:\n";
        for phase in 0..self.phases {
            let _ = writeln!(text, "  - {{ id: e{phase}, from: new, to: p{phase}, on: any, when: c0 == {phase} + 1 }}");
        }
        if by_value && self.phases > 1 {
            let _ = writeln!(text, "  - {{ id: again, from: p0, to: p1, on: {}, when: tones >= 2 }}", kind(0));
        }
        for (index, rule) in self.rules.iter().enumerate() {
            self.rule(&mut text, index, rule, &kind);
        }
        if !self.signals.is_empty() {
            text += "waiting: 2\nsignals:\n";
        }
        for (index, signal) in self.signals.iter().enumerate() {
            self.signal(&mut text, index, signal, &kind);
        }
        text
    }

    /// Whether the model, listening from kind 0 on, takes an event.
    fn takes(&self, event: &EventSpec) -> bool {
        let applies = match usize::from(self.extras.0) % (APPLIES_TO.len() * 2) {
            0 => event.size.is_some_and(|size| size > 1.0),
            1 => event.tone.is_some() || event.kind == 2,
            2 => event.channel() != "z",
            _ => true,
        };
        event.kind < 3 && applies
    }

    fn signal(&self, text: &mut String, index: usize, signal: &SignalSpec, kind: &impl Fn(u8) -> String) {
        let (how, what) = signal.occasion;
        let phase = format!("p{}", what % self.phases);
        let occasion = match how % 5 {
            0 | 1 => format!("on: {}", kind(what)),
            2 => format!("on: any, in: [new, {phase}]"),
            3 => format!("entering: {phase}"),
            _ => format!("leaving: [new, {phase}]"),
        };
        let (how, span, unless) = signal.wait;
        let wait = match how % 4 {
            0 => String::new(),
            1 => format!(", after: {}", Span(span)),
            how => {
                let correlate = if how == 2 { ", correlate: tone" } else { "" };
                format!(", within: {}, unless: {}{correlate}", Span(span), kind(unless))
            }
        };
        let when = CONDITIONS.get(signal.when % (CONDITIONS.len() * 2));
        let when = when.map(|when| format!(", when: '{}'", when.replace('\'', "''"))).unwrap_or_default();
        let at_most = signal.limit.map(|(times, window)| {
            let window = WINDOWS[usize::from(window) % WINDOWS.len()];
            format!(", at_most: {{ times: {}, per: {window} }}", times % 3 + 1)
        });
        let at_most = at_most.unwrap_or_default();
        let _ = writeln!(text, "  - {{ id: s{index}, {occasion}{wait}{when}{at_most} }}");
    }

    fn rule(&self, text: &mut String, index: usize, rule: &RuleSpec, kind: &impl Fn(u8) -> String) {
        let (from, mut to) = (rule.from % self.phases, rule.to % self.phases);
        let counters = self.counters.len() + 1;
        let when = |count: usize| {
            let condition = CONDITIONS.get(rule.when % count)?.replace("c0", &format!("c{}", index % counters));
            Some(format!(", when: '{}'", condition.replace('\'', "''")))
        };
        let (trigger, when) = match rule.trigger % 4 {
            0 | 1 => (format!("on: {}", kind(rule.trigger)), when(CONDITIONS.len() + 3)),
            2 => (format!("after: {}", Span(rule.span.max(HOUR))), when(FOR_TIMERS * 2)),
            _ => {
                // Silence leads only forward, so that it never leads round.
                if from + 1 >= self.phases {
                    return;
                }
                to = to.max(from + 1);
                (format!("idle: {}", Span(rule.span)), when(FOR_TIMERS * 2))
            }
        };
        let timer = rule.trigger % 4 >= 2;
        let when = when.filter(|when| !timer || !when.contains("event.")).unwrap_or_default();
        let _ = writeln!(text, "  - {{ id: r{index}, from: p{from}, to: p{to}, {trigger}{when} }}");
    }
}

fn span() -> impl Strategy<Value = i64> {
    prop_oneof![1..HOUR, 1..DAY, 1..40 * DAY, Just(DAY), Just(7 * DAY)]
}

fn rule() -> impl Strategy<Value = RuleSpec> {
    let rule = (any::<u8>(), any::<u8>(), any::<u8>(), span(), any::<usize>());
    rule.prop_map(|(from, to, trigger, span, when)| RuleSpec { from, to, trigger, span, when })
}

/// A random sound model. A rule that makes it unsound (because another covers it) is left out.
fn sound(forgetful: bool) -> impl Strategy<Value = ModelSpec> {
    let forget = prop::collection::vec(prop::option::of(span()), if forgetful { 4 } else { 0 });
    let counters = prop::collection::vec(any::<(u8, u8, bool)>(), 0..4);
    let rules = prop::collection::vec(rule(), 0..10);
    let wait = (any::<u8>(), span(), any::<u8>());
    let signal = (any::<(u8, u8)>(), any::<usize>(), wait, any::<Option<(u8, u8)>>());
    let signal = signal.prop_map(|(occasion, when, wait, limit)| SignalSpec { occasion, when, wait, limit });
    let signals = prop::collection::vec(signal, 0..5);
    let extras = any::<(u8, bool, bool, bool)>();
    (1..5_u8, counters, rules, signals, forget, extras).prop_map(
        |(phases, counters, rules, signals, forget, extras)| {
            let mut spec = ModelSpec { phases, counters, rules: Vec::new(), signals: Vec::new(), forget, extras };
            for rule in rules {
                spec.rules.push(rule);
                // A condition that names a kind may be one thing or another, as the model listens to other kinds.
                if (0..2).any(|first_kind| CheckedModel::parse("m", &spec.yaml("m", first_kind)).is_err()) {
                    spec.rules.pop();
                }
            }
            for signal in signals {
                spec.signals.push(signal);
                let options = SetOptions { forget_after: Span(50 * DAY), remembered_ids: 2 };
                let checked = CheckedModel::parse("m", &spec.yaml("m", 0));
                let other = CheckedModel::parse("m", &spec.yaml("m", 1));
                if other.is_err()
                    || checked.is_err()
                    || checked.is_ok_and(|checked| ModelSet::new(vec![checked], options).is_err())
                {
                    spec.signals.pop();
                }
            }
            spec
        },
    )
}

/// An event, and how far the quiet customer's timers were fired before it.
#[derive(Debug, Clone)]
struct EventSpec {
    gap: i64,
    kind: u8,
    value: Option<i64>,
    tone: Option<&'static str>,
    size: Option<f64>,
    fired: u8,
}

impl EventSpec {
    fn channel(&self) -> &'static str {
        ["x", "z"][usize::from(self.fired % 2)]
    }
}

fn event() -> impl Strategy<Value = EventSpec> {
    let gap = prop_oneof![4 => 0..HOUR, 3 => 0..2 * DAY, 1 => 0..60 * DAY, 1 => -5 * DAY..0, 1 => Just(0)];
    let value = prop::option::of(prop_oneof![-100_000..1_000_000_i64, any::<i64>()]);
    let tone = prop::option::of(prop_oneof![Just("a"), Just("bcd"), Just("")]);
    let size = prop::option::of(prop_oneof![Just(0.0), -3.0..10.0, Just(f64::MAX)]);
    (gap, 0..5_u8, value, tone, size, any::<u8>()).prop_map(|(gap, kind, value, tone, size, fired)| EventSpec {
        gap,
        kind,
        value,
        tone,
        size,
        fired,
    })
}

fn events() -> impl Strategy<Value = Vec<EventSpec>> {
    prop::collection::vec(event(), 1..40)
}

fn set_of(sources: &[String], forget_after: Span) -> ModelSet {
    let models =
        sources.iter().map(|source| CheckedModel::parse("m", source).unwrap_or_else(|e| panic!("{e}\n{source}")));
    ModelSet::new(models.collect(), SetOptions { forget_after, remembered_ids: 2 }).unwrap()
}

struct Customer<'s> {
    set: &'s ModelSet,
    record: Box<Record>,
    effects: Effects,
}

impl<'s> Customer<'s> {
    fn new(set: &'s ModelSet) -> Self {
        Self { set, record: set.fresh(), effects: Effects::default() }
    }

    fn step(&mut self, at: i64, spec: &EventSpec) -> Outcome {
        let vocabulary = self.set.vocabulary();
        let attr = |name: &str| match name {
            "tone" => spec.tone.map(|tone| Attr::Text(Cow::Borrowed(tone))),
            _ => spec.size.map(Attr::Number),
        };
        let event = Event {
            customer: Cow::Borrowed("someone"),
            at,
            time_is_own: true,
            kind: vocabulary.kind(&format!("k{}", spec.kind)),
            id: None,
            value: spec.value.map(Amount),
            attrs: vocabulary.attrs().iter().map(|(name, _)| attr(name)).collect(),
        };
        self.set.step(&mut self.record, &event, spec.channel(), &mut self.effects)
    }

    /// Fires what is due, and begins anew if the customer is forgotten.
    fn fire(&mut self, until: i64) {
        if self.set.fire(&mut self.record, until, &mut self.effects) == Fired::Forgotten {
            self.record = self.set.fresh();
        }
    }

    fn state(&self, model: usize) -> ModelState {
        self.set.describe(&self.record).remove(model)
    }
}

/// A transition in names, so that sets that number differently can be compared.
fn named(set: &ModelSet, effects: &Effects, taken: &Transition) -> (String, Vec<Value>, Transition) {
    let cause = match taken.cause {
        Cause::Timer => "timer",
        Cause::Event(kind) => set.vocabulary().kind_name(kind),
    };
    let values = effects.values[taken.values.0 as usize..taken.values.1 as usize].to_vec();
    let numbers = Transition { model: 0, cause: Cause::Timer, values: (0, 0), ..taken.clone() };
    (cause.to_owned(), values, numbers)
}

fn all_named(set: &ModelSet, effects: &Effects, model: u16) -> Vec<(String, Vec<Value>, Transition)> {
    effects.transitions.iter().filter(|t| t.model == model).map(|t| named(set, effects, t)).collect()
}

/// One step's transitions against what every step promises.
fn check_step(set: &ModelSet, before: &ModelState, after: &ModelState, at: i64, new: &[Transition]) {
    let hops = new.iter().filter(|taken| taken.cause != Cause::Timer).count();
    assert!(hops <= 1, "{hops} hops for one event");
    let mut seq = before.seq;
    let mut since = before.since.or(before.first_seen);
    for taken in new {
        if taken.first_seen != before.first_seen.unwrap_or(taken.first_seen) {
            // Forgotten and begun anew.
            (seq, since) = (0, None);
        }
        assert_eq!(taken.seq, seq + 1, "seq has a gap");
        assert!(taken.at >= since.unwrap_or(i64::MIN), "a transition before its phase");
        let rule = &set.models()[0].rules()[usize::from(taken.rule)];
        match rule.trigger() {
            Trigger::On(_) => assert_eq!(taken.at, at.max(taken.since)),
            Trigger::After(span) => assert_eq!(taken.at, taken.since + span.0),
            Trigger::Idle(span) => assert_eq!(taken.at, (before.last.unwrap() + span.0).max(taken.since)),
        }
        assert!(taken.at <= at.max(taken.since), "a timer fired early");
        assert_eq!(taken.since, since.unwrap_or(taken.first_seen));
        assert!(rule.from().contains(&taken.from) && rule.to() == taken.to);
        (seq, since) = (taken.seq, Some(taken.at));
    }
    assert_eq!(after.seq, seq);
    if before.first_seen.is_some() && after.first_seen == before.first_seen {
        assert!(after.last >= before.last, "last went back");
        assert!(after.since >= before.since, "since went back");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_step_takes_one_hop_numbers_it_without_a_gap_and_never_goes_back(spec in sound(true), events in events()) {
        let set = set_of(&[spec.yaml("m", 0)], Span(50 * DAY));
        let mut customer = Customer::new(&set);
        let mut at = START;
        for event in &events {
            at += event.gap;
            let before = customer.state(0);
            let known = customer.effects.transitions.len();
            let outcome = customer.step(at, event);
            let new = customer.effects.transitions[known..].to_vec();
            prop_assert_eq!(outcome == Outcome::Ignored, !spec.takes(event));
            check_step(&set, &before, &customer.state(0), at, &new);
        }
    }

    #[test]
    fn a_signal_is_told_at_its_time_numbered_without_a_gap_and_never_more_often_than_it_may(
        spec in sound(false),
        events in events(),
    ) {
        let set = set_of(&[spec.yaml("m", 0)], LONG);
        let mut customer = Customer::new(&set);
        let mut at = START;
        for event in &events {
            at += event.gap;
            let _ = customer.step(at, event);
        }
        let last = customer.state(0).last;
        customer.fire(at + 90 * DAY);
        let rules = set.models()[0].signals();
        for (number, told) in (1..).zip(&customer.effects.signals) {
            let rule = &rules[usize::from(told.rule)];
            prop_assert_eq!(told.seq, number);
            prop_assert!(told.at <= at.max(last.unwrap_or(0)) + 90 * DAY);
            match rule.wait() {
                None => prop_assert_eq!(told.since, told.at),
                Some(wait) => {
                    prop_assert_eq!((told.cause, told.at), (Cause::Timer, told.since + wait.span.0));
                }
            }
            if rule.at_most().is_some_and(|limit| limit.window == Window::Ever) {
                let all = customer.effects.signals.iter().filter(|other| other.rule == told.rule).count();
                prop_assert!(all <= rule.at_most().map_or(0, |limit| limit.times as usize));
            }
            let phases: Vec<_> = std::iter::once(None).chain((0..).map(Some).take(set.models()[0].phases().len())).collect();
            prop_assert!(phases.contains(&told.phase));
        }
        prop_assert!(customer.state(0).awaited.len() <= 2);
    }

    #[test]
    fn firing_in_pieces_gives_what_the_next_event_would_have_fired(spec in sound(true), events in events()) {
        let set = set_of(&[spec.yaml("m", 0)], Span(50 * DAY));
        let (mut whole, mut pieces) = (Customer::new(&set), Customer::new(&set));
        let (mut at, mut known) = (START, START);
        for event in events.iter().filter(|event| spec.takes(event)) {
            let next = at + event.gap;
            for piece in 1..=i64::from(event.fired % 4) {
                pieces.fire(known.min(next) + (next - known).max(0) * piece / 3);
            }
            at = next;
            known = known.max(at);
            let outcome = whole.step(at, event);
            prop_assert_eq!(outcome, pieces.step(at, event));
            prop_assert_eq!(&whole.record, &pieces.record);
        }
        whole.fire(at + 90 * DAY);
        for day in 0..=90 {
            pieces.fire(at + day * DAY);
        }
        prop_assert_eq!(&whole.record, &pieces.record);
        prop_assert_eq!(whole.effects, pieces.effects);
    }

    #[test]
    fn a_shadow_changes_nothing_of_the_model_beside_it(a in sound(true), b in sound(true), events in events()) {
        let (a, b) = (a.yaml("a", 0), b.yaml("b", 1));
        let parse = |source: &str| CheckedModel::parse("m", source).unwrap();
        let options = SetOptions { forget_after: Span(50 * DAY), remembered_ids: 2 };
        let alone = ModelSet::new(vec![parse(&a)], options).unwrap();
        let shadow = Shadow { model: parse(&b), beside: Some("a".to_owned()) };
        let parts = SetParts { models: vec![parse(&a)], shadows: vec![shadow], ..SetParts::default() };
        let shadowed = ModelSet::of(parts, options).unwrap();
        let (mut one, mut two) = (Customer::new(&alone), Customer::new(&shadowed));
        let mut at = START;
        for event in &events {
            at += event.gap;
            let outcome = one.step(at, event);
            let beside = two.step(at, event);
            prop_assert!(outcome == beside || outcome == Outcome::Ignored);
            prop_assert_eq!(one.effects.forgotten, two.effects.forgotten);
            prop_assert_eq!(one.state(0), two.state(0));
        }
        one.fire(at + 90 * DAY);
        two.fire(at + 90 * DAY);
        let untold = |customer: &Customer<'_>| customer.effects.signals.iter().filter(|told| told.model == 0).count();
        prop_assert_eq!(untold(&one), untold(&two));
        prop_assert_eq!(all_named(&alone, &one.effects, 0), all_named(&shadowed, &two.effects, 0));
    }

    #[test]
    fn a_model_beside_others_does_what_it_does_alone(a in sound(false), b in sound(false), events in events()) {
        let (a, b) = (a.yaml("a", 0), b.yaml("b", 1));
        let (alone, both) = (set_of(std::slice::from_ref(&a), LONG), set_of(&[b, a], LONG));
        let (mut one, mut two) = (Customer::new(&alone), Customer::new(&both));
        let mut at = START;
        for event in &events {
            at += event.gap;
            let _ = one.step(at, event);
            let _ = two.step(at, event);
            prop_assert_eq!(one.state(0), two.state(1));
        }
        one.fire(at + 50 * DAY);
        two.fire(at + 50 * DAY);
        prop_assert_eq!(one.state(0), two.state(1));
        prop_assert_eq!(all_named(&alone, &one.effects, 0), all_named(&both, &two.effects, 1));
    }

    #[test]
    fn nothing_is_due_before_the_deadline_and_something_is_at_it(a in sound(true), b in sound(true), events in events()) {
        let set = set_of(&[a.yaml("a", 0), b.yaml("b", 1)], Span(50 * DAY));
        let mut customer = Customer::new(&set);
        let mut at = START;
        for event in &events {
            at += event.gap;
            let _ = customer.step(at, event);
            let Some(deadline) = set.deadline(&customer.record) else { continue };
            let before = customer.record.clone();
            let (mut record, mut effects) = (before.clone(), Effects::default());
            prop_assert_eq!(set.fire(&mut record, deadline - 1, &mut effects), Fired::Nothing);
            prop_assert_eq!(&record, &before);
            prop_assert_eq!(&effects, &Effects::default());
            prop_assert_ne!(set.fire(&mut record, deadline, &mut effects), Fired::Nothing);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(condition in "[ceviews0-9.>&|!()'\" +*/?:,\\[\\]{}é-]{0,60}", line in ".{0,80}") {
        let source = format!("model: m\nversion: 1\nkinds: [k]\nphases: {{ p: {{}} }}\ncounters: {{ c: {{ on: k, window: ever }} }}\ntransitions:\n  - id: e\n    from: new\n    to: p\n    on: k\n    when: |\n      {condition}\n{line}\n");
        let _ = CheckedModel::parse("m", &source);
        let _ = CheckedModel::parse("m", &line);
    }
}

#[test]
fn a_condition_that_is_long_or_deep_is_refused_without_harm() {
    let check = |condition: &str, expected: Option<&str>| {
        let source = format!(
            "model: m\nversion: 1\nkinds: [k]\nphases: {{ p: {{}} }}\ncounters: {{ c: {{ on: k, window: ever }} }}\ntransitions:\n  - id: e\n    from: new\n    to: p\n    on: k\n    when: \"{condition}\"\n"
        );
        let errors = CheckedModel::parse("m", &source).err().map(|errors| errors.to_string());
        match expected {
            None => assert_eq!(errors, None, "{condition}"),
            Some(part) => {
                assert!(errors.as_ref().is_some_and(|errors| errors.contains(part)), "{condition}: {errors:?}")
            }
        }
    };
    check(&vec!["c > 1"; 60].join(" && "), None);
    check(&format!("{}c{} > 1", "(".repeat(30), ")".repeat(30)), None);
    check(&format!("{} > 1", vec!["c"; 300].join(" + ")), Some("nested too deeply"));
    check(&format!("{}c{} > 1", "(".repeat(900), ")".repeat(900)), Some("cannot be read"));
    check(&format!("{}c > 1", "-".repeat(1_900)), None);
    check(&format!("{}c", "c > 1 ? c : ".repeat(150)), Some("cannot be read"));
    check(&vec!["c > 1"; 600].join(" || "), Some("too long"));
    for part in ["[", "f(", "{1:", "!", "c.c(", "c[", "c.", "-(", "c?", "c+(", "'", "[c,", "\\\\"] {
        check(&part.repeat(1_900 / part.len()), Some("m:11:"));
    }
}

#[test]
fn a_file_that_is_nested_deeply_is_refused_without_harm() {
    let refused = |source: &str| {
        let errors = CheckedModel::parse("m", source).expect_err("no model").to_string();
        assert!(errors.contains("nested at most 16 levels deep"), "{errors}");
    };
    for part in ["[", "{a: ", "- ", "? "] {
        refused(&part.repeat(20_000));
    }
    let bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned()
        + &(b'b'..b'k')
            .map(|c| {
                format!(
                    "{0}: &{0} [*{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}, *{1}]\n",
                    c as char,
                    (c - 1) as char
                )
            })
            .collect::<String>();
    refused(&bomb);
}
