//! `scenarios`: events on a virtual clock and the transitions that are to come of them.

use std::borrow::Cow;

use super::fields::{self, Fields, Report};
use super::sections::Names;
use super::suggest::instead;
use super::transitions::{Rules, unknown_rule};
use crate::journey::model::SignalRule;
use crate::journey::scenario::{Expected, ExpectedSignal, Given, START, Scenario};
use crate::journey::{Amount, Attr, AttrType, Cause, Code, KindId, Span};
use crate::yaml::{Node, Place, Yaml};

/// Reads the scenarios; what they name must have been introduced.
pub(super) fn read(
    node: &Node,
    names: &Names,
    rules: &Rules,
    signals: &[SignalRule],
    report: &mut Report,
) -> Vec<Scenario> {
    let list = fields::list(node, "`scenarios`", "a list of scenarios, each with `- name: …`", report);
    let mut scenarios: Vec<(Scenario, Place)> = Vec::new();
    for item in list {
        let Some((scenario, at)) = scenario(item, names, rules, signals, report) else { continue };
        if scenarios.iter().any(|(other, _)| other.name == scenario.name) {
            report.add(at, format!("there are two scenarios `{}`; give each a name of its own", scenario.name));
        }
        scenarios.push((scenario, at));
    }
    scenarios.into_iter().map(|(scenario, _)| scenario).collect()
}

fn scenario(
    node: &Node,
    names: &Names,
    rules: &Rules,
    signals: &[SignalRule],
    report: &mut Report,
) -> Option<(Scenario, Place)> {
    let known = ["name", "customer", "given", "expect", "signals", "until"];
    let fields = Fields::read(node, "a scenario", &known, report)?;
    let name = fields.require("name", "name: who buys at once is a customer", report);
    let name = name.and_then(|node| fields::name(node, "`name`", "a text", report));
    let customer = fields.get("customer").and_then(|node| fields::text(node, "`customer`", "a text", report));
    let given = fields.require("given", "given: [{ at: 0s, kind: page_viewed }]", report);
    let given = given.map(|node| fields::list(node, "`given`", "a list of events", report)).unwrap_or_default();
    let given = given.iter().filter_map(|item| event(item, names, report)).collect();
    let expect = fields.require("expect", "expect: [{ to: orientatie }]", report);
    let expect = expect.map(|node| fields::list(node, "`expect`", "a list of transitions", report)).unwrap_or_default();
    let expect = expect.iter().filter_map(|item| expected(item, names, rules, report)).collect();
    let expect_signals = fields.get("signals").map(|node| {
        let list = fields::list(node, "`signals`", "a list of signals, or `[]`", report);
        list.iter().filter_map(|item| expected_signal(item, names, signals, report)).collect()
    });
    let until = fields.get("until").and_then(|node| fields::span(node, "`until`", report));
    let name = name?;
    let customer = customer.unwrap_or("customer").to_owned();
    let until = until.map(|span| START + span.0);
    Some((Scenario { name: name.text, customer, given, expect, expect_signals, until }, name.at))
}

fn event(node: &Node, names: &Names, report: &mut Report) -> Option<Given> {
    let known = ["at", "kind", "value", "attributes", "channel", "id"];
    let fields = Fields::read(node, "an event", &known, report)?;
    let at = fields.require("at", "at: 2d", report).and_then(|node| time(node, report));
    let kind = fields.require("kind", "kind: purchased", report).and_then(|node| {
        let name = fields::name(node, "`kind`", "one of `kinds`", report)?;
        names.kind(&name, report)
    });
    let mut attributes = vec![None; names.attributes.len()];
    if let Some(node) = fields.get("attributes") {
        let known: Vec<&str> = names.attributes.iter().map(|(name, _)| name.as_str()).collect();
        if let Some(given) = Fields::read(node, "`attributes`", &known, report) {
            for ((name, kind), place) in names.attributes.iter().zip(&mut attributes) {
                *place = given.get(name).and_then(|node| attribute(node, name, *kind, report));
            }
        }
    }
    let mut text = |key: &str| {
        let node = fields.get(key)?;
        fields::text(node, &format!("`{key}`"), "a text", report).map(str::to_owned)
    };
    let (channel, id) = (text("channel"), text("id"));
    let value = fields.get("value").and_then(|node| value(node, report));
    Some(Given { at: at?, kind: kind?, value, attributes, channel: channel.unwrap_or("scenario".to_owned()), id })
}

fn value(node: &Node, report: &mut Report) -> Option<Amount> {
    let amount = match &node.value {
        Yaml::Integer(number) => Amount::parse(&number.to_string()),
        Yaml::Float(number) => Amount::from_f64(*number),
        Yaml::Text(text) => Amount::parse(text),
        _ => {
            report.wrong(node, "`value`", "an amount such as `12.50`");
            return None;
        }
    };
    amount.map_err(|error| report.add(node.at, format!("`value`: {error}"))).ok()
}

fn attribute(node: &Node, name: &str, kind: AttrType, report: &mut Report) -> Option<Attr<'static>> {
    match (&node.value, kind) {
        (Yaml::Integer(number), AttrType::Number) => Some(Attr::Number(*number as f64)),
        (Yaml::Float(number), AttrType::Number) => Some(Attr::Number(*number)),
        (Yaml::Text(text), AttrType::Text) => Some(Attr::Text(Cow::Owned(text.clone()))),
        (Yaml::Bool(value), AttrType::Bool) => Some(Attr::Bool(*value)),
        _ => {
            let example = match kind {
                AttrType::Number => "a number",
                AttrType::Text => "a text (in \"quotes\" if it looks like a number)",
                AttrType::Bool => "`true` or `false`",
            };
            report.wrong(node, &format!("attribute `{name}`"), example);
            None
        }
    }
}

/// A time since the scenario's start, or of the calendar.
fn time(node: &Node, report: &mut Report) -> Option<i64> {
    const EXAMPLE: &str = "a span since the start such as `2d`, or a time such as `2026-01-05T09:30:00Z`";
    const YEARS: std::ops::Range<i64> = 631_152_000_000..4_102_444_800_000;
    let Yaml::Text(text) = &node.value else {
        report.wrong(node, "`at`", EXAMPLE);
        return None;
    };
    let span = text.parse::<Span>().ok().map(|span| START + span.0);
    let Some(at) = span.or_else(|| text.parse::<jiff::Timestamp>().ok().map(|time| time.as_millisecond())) else {
        report.wrong(node, "`at`", EXAMPLE);
        return None;
    };
    if !YEARS.contains(&at) {
        report.add(node.at, format!("`{text}` is not between 1990 and 2100; write a time in between"));
        return None;
    }
    Some(at)
}

fn expected(node: &Node, names: &Names, rules: &Rules, report: &mut Report) -> Option<Expected> {
    let fields = Fields::read(node, "an expected transition", &["to", "at", "cause", "from", "rule"], report)?;
    let to = fields.require("to", "to: aankoop", report).and_then(|node| {
        let name = fields::name(node, "`to`", "the name of a phase", report)?;
        names.phase(&name, report)
    });
    let at = fields.get("at").and_then(|node| time(node, report));
    let cause = fields.get("cause").and_then(|node| cause(node, names, report));
    let from = fields.get("from").and_then(|node| {
        let name = fields::name(node, "`from`", "the name of a phase, or `new`", report)?;
        if name.text == "new" { Some(None) } else { names.phase(&name, report).map(Some) }
    });
    let rule = fields.get("rule").and_then(|node| {
        let name = fields::name(node, "`rule`", "the id of a transition", report)?;
        let found = rules.placed.iter().position(|placed| placed.rule.id == name.text);
        if found.is_none() && rules.complete {
            report.find(Code::UnknownName, name.at, unknown_rule(&name, rules));
        }
        found.map(|index| index as u16)
    });
    Some(Expected { to: to?, at, cause, from, rule })
}

fn cause(node: &Node, names: &Names, report: &mut Report) -> Option<Cause> {
    let name = fields::name(node, "`cause`", "a kind, or `timer`", report)?;
    if name.text == "timer" {
        return Some(Cause::Timer);
    }
    names.kind(&name, report).map(|kind| Cause::Event(KindId(kind)))
}

fn expected_signal(node: &Node, names: &Names, signals: &[SignalRule], report: &mut Report) -> Option<ExpectedSignal> {
    let fields = Fields::read(node, "an expected signal", &["id", "at", "cause", "phase"], report)?;
    let rule = fields.require("id", "id: cart_abandoned", report).and_then(|node| {
        let name = fields::name(node, "`id`", "the id of a signal", report)?;
        let found = signals.iter().position(|signal| signal.id == name.text);
        if found.is_none() {
            let hint = instead(&name.text, signals.iter().map(|signal| signal.id.as_str()));
            report.find(Code::UnknownName, name.at, format!("there is no signal `{}`; {hint}", name.text));
        }
        found.map(|index| index as u16)
    });
    let at = fields.get("at").and_then(|node| time(node, report));
    let cause = fields.get("cause").and_then(|node| cause(node, names, report));
    let phase = fields.get("phase").and_then(|node| {
        let name = fields::name(node, "`phase`", "the name of a phase", report)?;
        names.phase(&name, report)
    });
    Some(ExpectedSignal { rule: rule?, at, cause, phase })
}
