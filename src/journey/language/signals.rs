//! `signals`: what is told beside the phases, and how many may wait.

use super::counters::window_of;
use super::expression::Asked;
use super::fields::{self, Fields, Report};
use super::sections::{Names, limit};
use super::transitions::{Rules, condition};
use crate::journey::model::{AtMost, Occasion, SignalRule, Wait};
use crate::journey::{Code, Span};
use crate::yaml::{Node, Place, Yaml};

const SIGNALS_MAX: usize = 64;
/// The most that `at_most` may say; more is no limit.
const TIMES_MAX: i128 = 1_000;
/// How many signals of a customer may wait, where the model does not say: what a customer does at the same time is little.
const WAITING_USUAL: usize = 4;
const WAITING_MAX: i128 = 16;

/// Reads the signals; what they name must have been introduced.
pub(super) fn read(node: &Node, source: &str, names: &Names, rules: &Rules, report: &mut Report) -> Vec<SignalRule> {
    let list = fields::list(node, "`signals`", "a list of signals, each with `- id: …`", report);
    let mut signals: Vec<(SignalRule, Place)> = Vec::new();
    for item in list {
        let Some((signal, at)) = signal(item, source, names, rules, report) else { continue };
        if let Some((_, other)) = signals.iter().find(|(other, _)| other.id == signal.id) {
            let text =
                format!("the signal in line {} is called `{}` too; give each an id of its own", other.line, signal.id);
            report.add(at, text);
        }
        signals.push((signal, at));
    }
    limit(list.len(), SIGNALS_MAX, "signals", node.at, report);
    let waiting = signals.iter().filter(|(signal, _)| signal.wait.is_some()).count();
    limit(waiting, crate::journey::machine::NUMBERS_MAX, "signals that wait", node.at, report);
    signals.into_iter().map(|(signal, _)| signal).collect()
}

/// How many may wait at the same time of one customer: as the model says, or what is usual.
pub(super) fn waiting_max(node: Option<&Node>, signals: &[SignalRule], report: &mut Report) -> u8 {
    // About two things at once, where it matters what a signal is about.
    let wanted =
        signals.iter().filter_map(|signal| signal.wait.as_ref()).map(|wait| 1 + wait.correlate.map_or(0, |_| 1));
    let usual = wanted.sum::<usize>().min(WAITING_USUAL) as u8;
    let Some(node) = node else { return usual };
    match node.value {
        Yaml::Integer(number) if (1..=WAITING_MAX).contains(&number) => number as u8,
        _ => {
            report.wrong(
                node,
                "`waiting`",
                &format!("a whole number from 1 to {WAITING_MAX}, such as `{WAITING_USUAL}`"),
            );
            usual
        }
    }
}

fn signal(node: &Node, source: &str, names: &Names, rules: &Rules, report: &mut Report) -> Option<(SignalRule, Place)> {
    let known = ["id", "on", "in", "entering", "leaving", "when", "unless", "within", "after", "correlate", "at_most"];
    let fields = Fields::read(node, "a signal", &known, report)?;
    let id = fields
        .require("id", "id: cart_abandoned", report)
        .and_then(|node| fields::name(node, "`id`", "a name", report));
    if let Some(id) = &id {
        fields::check_name(id, "signal", report);
    }
    let occasion = occasion(node, &fields, names, rules, report);
    let phases = fields.get("in").and_then(|node| names.phases(node, "`in`", "that are meant", report));
    if let Some(place) = fields.get("in").filter(|_| fields.get("on").is_none()) {
        report
            .add(place.at, "`in` goes with `on`; a signal of a transition says its phases by `entering` and `leaving`");
    }
    let when = fields.get("when").and_then(|node| condition(node, "`when`", source, names, Asked::ByEvent, report));
    let wait = wait(&fields, names, report);
    if let (Some(Occasion::On(on)), Some(wait), Some(unless)) = (&occasion, &wait, fields.get("unless"))
        && let Some(both) = wait.unless.iter().find(|kind| on.contains(kind))
    {
        let kind = &names.kinds[usize::from(*both)];
        report.add(
            unless.at,
            format!("`{kind}` stands in `on` and in `unless`: it would call itself off; leave one out"),
        );
    }
    let at_most = fields.get("at_most").and_then(|node| at_most(node, report));
    let id = id?;
    Some((SignalRule { id: id.text, occasion: occasion?, phases, when, wait, at_most }, id.at))
}

/// What the signal tells of: events, or transitions that some rule makes.
fn occasion(node: &Node, fields: &Fields<'_>, names: &Names, rules: &Rules, report: &mut Report) -> Option<Occasion> {
    let (leaving, entering) = (fields.get("leaving"), fields.get("entering"));
    let moved = leaving.or(entering);
    match (fields.get("on"), moved) {
        (Some(on), None) => Some(Occasion::On(names.on(on, "`on`", report))),
        (Some(_), Some(moved)) => {
            let text =
                "a signal tells of events (`on`) or of transitions (`entering`, `leaving`), not of both; leave one";
            report.add(moved.at, text);
            None
        }
        (None, None) => {
            let text = "a signal has nothing to tell of; write `on: <kind>`, `entering: <phase>` or `leaving: <phase>`";
            report.add(node.at, text);
            None
        }
        (None, Some(moved)) => {
            let leaving = leaving.map(|node| names.phases(node, "`leaving`", "that are left", report));
            let entering = entering.map(|node| names.entered_phases(node, "`entering`", report));
            // What is wrong was told.
            if leaving == Some(None) || entering == Some(None) {
                return None;
            }
            let leaving = leaving.flatten();
            let entering = entering.flatten();
            let makes = |rule: &crate::journey::model::Rule| {
                entering.as_ref().is_none_or(|phases| phases.contains(&rule.to))
                    && leaving.as_ref().is_none_or(|phases| rule.from.iter().any(|from| phases.contains(from)))
            };
            if rules.complete && !rules.placed.iter().any(|placed| makes(&placed.rule)) {
                report.find(
                    Code::NeverTold,
                    moved.at,
                    "no transition does this, so the signal is never told; write phases that one leads between",
                );
            }
            Some(Occasion::Move { leaving, entering })
        }
    }
}

/// Whether it waits: `within` a time for something that calls it off, or until `after` a time.
fn wait(fields: &Fields<'_>, names: &Names, report: &mut Report) -> Option<Wait> {
    let (within, after, unless) = (fields.get("within"), fields.get("after"), fields.get("unless"));
    match (within, after, unless) {
        (Some(_), Some(after), _) => {
            report.add(after.at, "a signal waits once: leave `within` or `after`");
        }
        (Some(within), None, None) => {
            report.add(within.at, "`within` says how long something may still call the signal off: add `unless: <kind>`; if nothing does, write `after`");
        }
        (None, Some(after), Some(_)) => {
            report.add(
                after.at,
                "with `unless` write `within`: the signal is told if that does not happen within this time",
            );
        }
        (None, None, Some(unless)) => {
            report.add(unless.at, "`unless` needs a time in which it may happen; add e.g. `within: 1h`");
        }
        _ => {}
    }
    let correlate = fields.get("correlate").and_then(|node| names.attribute(node, "`correlate`", report));
    if let (Some(node), None) = (fields.get("correlate"), unless) {
        report.add(node.at, "`correlate` says what calls off what: it goes with `unless`");
    }
    let node = within.or(after)?;
    let key = if within.is_some() { "`within`" } else { "`after`" };
    let span = fields::span(node, key, report)?;
    if span == Span(0) {
        report.add(node.at, format!("{key} is zero; write a span such as `1h`"));
        return None;
    }
    let unless = unless.map(|node| names.on(node, "`unless`", report)).unwrap_or_default();
    Some(Wait { span, unless, correlate })
}

/// How often it is told.
fn at_most(node: &Node, report: &mut Report) -> Option<AtMost> {
    let fields = Fields::read(node, "`at_most`", &["times", "per"], report)?;
    let per = fields.require("per", "per: visit", report).and_then(|node| window_of(node, "`per`", report));
    let times = match fields.get("times") {
        None => Some(1),
        Some(node) => match node.value {
            Yaml::Integer(number) if (1..=TIMES_MAX).contains(&number) => Some(number as u32),
            _ => {
                report.wrong(node, "`times`", &format!("a whole number from 1 to {TIMES_MAX}, such as `1`"));
                None
            }
        },
    };
    Some(AtMost { times: times?, window: per? })
}
