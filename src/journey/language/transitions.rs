//! `transitions`: the rules of a model, in the order in which they are tried.

use super::expression::{self, Asked};
use super::fields::{self, Fields, Report};
use super::sections::{Names, limit};
use super::suggest::instead;
use crate::journey::Code;
use crate::journey::model::{Condition, Rule, Trigger};
use crate::yaml::{Name, Node, Place, Yaml};

const TRANSITIONS_MAX: usize = 1_000;

/// Conditional timers have a bit each in one word.
const CONDITIONAL_TIMERS_MAX: usize = 32;

/// A rule and where it stands.
#[derive(Debug)]
pub(super) struct Placed {
    pub rule: Rule,
    /// Whether it has a condition, be it a wrong one.
    pub conditional: bool,
    pub id_at: Place,
    pub from_at: Place,
    pub trigger_at: Place,
    /// Where its condition stands, or else its id.
    pub when_at: Place,
}

/// The rules that can be understood, and whether these are all.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub placed: Vec<Placed>,
    pub complete: bool,
}

/// Reads the rules; what they name must have been introduced.
pub(super) fn read(node: &Node, source: &str, names: &Names, report: &mut Report) -> Rules {
    let list = fields::list(node, "`transitions`", "a list of transitions, each with `- id: …`", report);
    let mut rules = Rules { placed: Vec::new(), complete: matches!(node.value, Yaml::List(_)) };
    for item in list {
        match placed(item, source, names, report) {
            Some(rule) => {
                if let Some(other) = rules.placed.iter().find(|other| other.rule.id == rule.rule.id) {
                    let (id, line) = (&rule.rule.id, other.id_at.line);
                    let text =
                        format!("the transition in line {line} is called `{id}` too; give each an id of its own");
                    report.add(rule.id_at, text);
                }
                rules.placed.push(rule);
            }
            None => rules.complete = false,
        }
    }
    limit(list.len(), TRANSITIONS_MAX, "transitions", node.at, report);
    let timers =
        rules.placed.iter().filter(|placed| placed.conditional && !matches!(placed.rule.trigger, Trigger::On(_)));
    limit(timers.count(), CONDITIONAL_TIMERS_MAX, "timers with a condition", node.at, report);
    rules
}

fn placed(node: &Node, source: &str, names: &Names, report: &mut Report) -> Option<Placed> {
    let known = ["id", "from", "to", "on", "when", "after", "idle"];
    let fields = Fields::read(node, "a transition", &known, report)?;
    let id = fields
        .require("id", "id: first-purchase", report)
        .and_then(|node| fields::name(node, "`id`", "a name", report));
    if let Some(id) = &id {
        fields::check_name(id, "transition", report);
    }
    let from_node = fields.require("from", "from: new", report);
    let from = from_node.and_then(|node| names.phases(node, "`from`", "that are left", report));
    let to_node = fields.require("to", "to: aankoop", report);
    let to = to_node.and_then(|node| {
        let name = fields::name(node, "`to`", "the name of a phase", report)?;
        names.entered(&name, report)
    });
    let (trigger, trigger_at) = trigger(node, &fields, names, report)?;
    let is_timer = !matches!(trigger, Trigger::On(_));
    if is_timer && from.as_ref().is_some_and(|from| from.contains(&None)) {
        report
            .add(trigger_at, "a customer who is `new` has no timer: no event came yet; write `on`, or `from` a phase");
    }
    let when_node = fields.get("when");
    let asked = if is_timer { Asked::ByTimer } else { Asked::ByEvent };
    let when = when_node.and_then(|node| condition(node, "`when`", source, names, asked, report));
    let rule = Rule { id: id.as_ref()?.text.clone(), from: from?, to: to?, trigger, when };
    let id_at = id?.at;
    let when_at = when_node.map_or(id_at, |node| node.at);
    Some(Placed { rule, conditional: when_node.is_some(), id_at, from_at: from_node?.at, trigger_at, when_at })
}

/// What sets the rule off: exactly one of three keys.
fn trigger(node: &Node, fields: &Fields<'_>, names: &Names, report: &mut Report) -> Option<(Trigger, Place)> {
    let given: Vec<(&str, &Node)> =
        ["on", "after", "idle"].into_iter().filter_map(|key| Some((key, fields.get(key)?))).collect();
    let [(key, value)] = given.as_slice() else {
        let at = given.get(1).map_or(node.at, |(_, node)| node.at);
        let keys = fields::quoted(&given.iter().map(|(key, _)| *key).collect::<Vec<_>>());
        let text = match given.len() {
            0 => {
                "a transition has nothing that sets it off; write one of `on: <kind>`, `after: <span>`, `idle: <span>`"
                    .to_owned()
            }
            _ => format!("a transition is set off by one thing, not by {keys}; leave one, or make it two transitions"),
        };
        report.add(at, text);
        return None;
    };
    let trigger = if *key == "on" {
        Trigger::On(names.on(value, "`on`", report))
    } else {
        let span = fields::span(value, &format!("`{key}`"), report)?;
        if span.0 == 0 {
            report.add(value.at, format!("`{key}` is zero; write a span such as `2d`"));
            return None;
        }
        if *key == "after" { Trigger::After(span) } else { Trigger::Idle(span) }
    };
    Some((trigger, value.at))
}

/// A condition, compiled; `what` is its key.
pub(super) fn condition(
    node: &Node,
    what: &str,
    source: &str,
    names: &Names,
    asked: Asked,
    report: &mut Report,
) -> Option<Condition> {
    let example = if asked == Asked::OfEvent { "event.channel == \"shop\"" } else { "views >= 3" };
    let text = match &node.value {
        Yaml::Bool(_) => {
            report.wrong(node, what, &format!("a condition such as `{example}`, or leave {what} out"));
            return None;
        }
        _ => fields::text(node, what, &format!("a condition such as `{example}`"), report)?,
    };
    match expression::compile(text, names, asked) {
        Ok(condition) => Some(condition),
        Err(mistakes) => {
            for mistake in mistakes {
                report.find(Code::BadCondition, super::place::within(source, node, text, mistake.offset), mistake.text);
            }
            None
        }
    }
}

/// What an unknown transition is answered with.
pub(super) fn unknown_rule(name: &Name, rules: &Rules) -> String {
    let hint = instead(&name.text, rules.placed.iter().map(|placed| placed.rule.id.as_str()));
    format!("there is no transition `{}`; {hint}", name.text)
}
