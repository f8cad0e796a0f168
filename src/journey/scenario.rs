//! Scenarios: events on a virtual clock, and whether the transitions that come of them are the expected ones.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{
    Amount, Attr, Cause, CheckedModel, Effects, Event, Fired, KindId, Model, ModelSet, SetOptions, Signal, Span,
    Transition,
};

/// The start of every scenario's clock: 2026-01-01T00:00:00Z.
pub(super) const START: i64 = 1_767_225_600_000;

/// A story about one customer: what happens, and the transitions that are to come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What it shows.
    pub name: String,
    pub(super) customer: String,
    pub(super) given: Vec<Given>,
    pub(super) expect: Vec<Expected>,
    /// `None`: signals may be any.
    pub(super) expect_signals: Option<Vec<ExpectedSignal>>,
    /// The time up to which timers fire after the last event.
    pub(super) until: Option<i64>,
}

/// An event of a scenario, with kind and attributes as the model numbers them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Given {
    pub at: i64,
    pub kind: u16,
    pub value: Option<Amount>,
    pub attributes: Vec<Option<Attr<'static>>>,
    pub channel: String,
    pub id: Option<String>,
}

/// An expected transition; what is not said may be anything.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expected {
    pub to: u16,
    pub at: Option<i64>,
    /// A kind is numbered as the model numbers it.
    pub cause: Option<Cause>,
    pub from: Option<Option<u16>>,
    pub rule: Option<u16>,
}

/// An expected signal; what is not said may be anything.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ExpectedSignal {
    pub rule: u16,
    pub at: Option<i64>,
    /// A kind is numbered as the model numbers it.
    pub cause: Option<Cause>,
    pub phase: Option<u16>,
}

/// How a scenario went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioOutcome {
    /// The scenario's name.
    pub name: String,
    /// What came of it, a line a transition.
    pub transitions: Vec<String>,
    /// What was told beside, a line a signal.
    pub signals: Vec<String>,
    /// The ids of the transitions that were taken and of the signals that were told.
    pub rules: Vec<String>,
    /// See above.
    pub told: Vec<String>,
    /// Where it differs from what was expected, in lines for people to read; `None` if it does not.
    pub difference: Option<String>,
}

impl ScenarioOutcome {
    /// Whether everything came as expected.
    pub fn passed(&self) -> bool {
        self.difference.is_none()
    }
}

/// Runs all scenarios of a model, each with a customer of its own.
pub fn run_scenarios(checked: &CheckedModel) -> Vec<ScenarioOutcome> {
    let options = SetOptions { forget_after: Span(400 * 86_400_000), remembered_ids: 4 };
    let set = ModelSet::new(vec![checked.clone()], options).expect("one sound model makes a set");
    checked.scenarios.iter().map(|scenario| run(&set, scenario)).collect()
}

fn run(set: &ModelSet, scenario: &Scenario) -> ScenarioOutcome {
    let model = &set.models()[0];
    let vocabulary = set.vocabulary();
    let (mut record, mut effects) = (set.fresh(), Effects::default());
    for given in &scenario.given {
        let mut attrs = vec![None; vocabulary.attrs().len()];
        for ((name, _), value) in model.attributes.iter().zip(&given.attributes) {
            if let Some(id) = vocabulary.attr(name) {
                attrs[usize::from(id.0)] = value.clone();
            }
        }
        let event = Event {
            customer: Cow::Borrowed(&scenario.customer),
            at: given.at,
            time_is_own: true,
            kind: vocabulary.kind(&model.kinds[usize::from(given.kind)]),
            id: given.id.as_deref().map(Cow::Borrowed),
            value: given.value,
            attrs,
        };
        // Late, repeated, forgotten: what is expected are the transitions.
        let _ = set.step(&mut record, &event, &given.channel, &mut effects);
    }
    if let Some(until) = scenario.until {
        let _: Fired = set.fire(&mut record, until, &mut effects);
    }
    let (transitions, signals) = (&effects.transitions, &effects.signals);
    let difference = difference(
        "transition",
        &scenario.expect,
        transitions,
        matches,
        |expected| show_expected(model, expected),
        |taken| show_taken(model, taken),
    );
    let of_signals = |expected: &Vec<ExpectedSignal>| {
        self::difference(
            "signal",
            expected,
            signals,
            matches_signal,
            |expected| show_expected_signal(model, expected),
            |told| show_told(model, told),
        )
    };
    ScenarioOutcome {
        name: scenario.name.clone(),
        difference: difference.or_else(|| scenario.expect_signals.as_ref().and_then(of_signals)),
        transitions: transitions.iter().map(|taken| show_taken(model, taken)).collect(),
        signals: signals.iter().map(|told| show_told(model, told)).collect(),
        rules: transitions.iter().map(|taken| model.rules[usize::from(taken.rule)].id.clone()).collect(),
        told: signals.iter().map(|told| model.signals[usize::from(told.rule)].id.clone()).collect(),
    }
}

/// The first place where the two differ, with what was expected and what came.
fn difference<E, T>(
    what: &str,
    expect: &[E],
    came: &[T],
    matches: impl Fn(&E, &T) -> bool,
    show_expected: impl Fn(&E) -> String,
    show: impl Fn(&T) -> String,
) -> Option<String> {
    let same = expect.iter().zip(came).take_while(|(expected, came)| matches(expected, came)).count();
    if same == expect.len() && same == came.len() {
        return None;
    }
    let none = || format!("no more {what}s");
    let mut text = format!("{what} {} is not as expected\n", same + 1);
    // Writing to a text cannot fail.
    let _ = write!(
        text,
        "  expected: {}\n  came:     {}",
        expect.get(same).map_or_else(none, show_expected),
        came.get(same).map_or_else(none, &show)
    );
    for (number, came) in came.iter().enumerate().skip(same + 1) {
        let _ = write!(text, "\n  then came {}: {}", number + 1, show(came));
    }
    Some(text)
}

fn matches_signal(expected: &ExpectedSignal, told: &Signal) -> bool {
    expected.rule == told.rule
        && expected.at.is_none_or(|at| at == told.at)
        && expected.cause.is_none_or(|cause| cause == told.cause)
        && expected.phase.is_none_or(|phase| Some(phase) == told.phase)
}

fn show_told(model: &Model, told: &Signal) -> String {
    format!(
        "{} at {} by {} in {}",
        model.signals[usize::from(told.rule)].id,
        show_time(told.at),
        show_cause(model, told.cause),
        phase_name(model, told.phase)
    )
}

fn show_expected_signal(model: &Model, expected: &ExpectedSignal) -> String {
    let mut text = model.signals[usize::from(expected.rule)].id.clone();
    if let Some(at) = expected.at {
        text += &format!(" at {}", show_time(at));
    }
    if let Some(cause) = expected.cause {
        text += &format!(" by {}", show_cause(model, cause));
    }
    if let Some(phase) = expected.phase {
        text += &format!(" in {}", phase_name(model, Some(phase)));
    }
    text
}

fn matches(expected: &Expected, taken: &Transition) -> bool {
    expected.to == taken.to
        && expected.at.is_none_or(|at| at == taken.at)
        && expected.cause.is_none_or(|cause| cause == taken.cause)
        && expected.from.is_none_or(|from| from == taken.from)
        && expected.rule.is_none_or(|rule| rule == taken.rule)
}

fn show_taken(model: &Model, taken: &Transition) -> String {
    let phase = |index| phase_name(model, Some(index));
    format!(
        "{} → {} at {} by {} ({})",
        phase_name(model, taken.from),
        phase(taken.to),
        show_time(taken.at),
        show_cause(model, taken.cause),
        model.rules[usize::from(taken.rule)].id
    )
}

fn show_expected(model: &Model, expected: &Expected) -> String {
    let mut text = expected.from.map_or("…".to_owned(), |from| phase_name(model, from).to_owned());
    text += &format!(" → {}", phase_name(model, Some(expected.to)));
    if let Some(at) = expected.at {
        text += &format!(" at {}", show_time(at));
    }
    if let Some(cause) = expected.cause {
        text += &format!(" by {}", show_cause(model, cause));
    }
    if let Some(rule) = expected.rule {
        text += &format!(" ({})", model.rules[usize::from(rule)].id);
    }
    text
}

fn phase_name(model: &Model, phase: Option<u16>) -> &str {
    phase.map_or("new", |index| &model.phases[usize::from(index)].name)
}

/// In a set of one model the vocabulary numbers kinds as the model does.
fn show_cause(model: &Model, cause: Cause) -> &str {
    match cause {
        Cause::Timer => "timer",
        Cause::Event(KindId(kind)) => &model.kinds[usize::from(kind)],
    }
}

/// A time as scenarios write it: since the start, or of the calendar if it is before that.
fn show_time(at: i64) -> String {
    if at >= START {
        return Span(at - START).to_string();
    }
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |time| time.to_string())
}
