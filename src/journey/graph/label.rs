//! What stands at a transition or a signal, in the words of the model's file.

use crate::journey::model::{AtMost, Model, Occasion, Rule, SignalRule, Trigger, Wait};

/// What sets a transition off, or what a signal is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    pub sort: Sort,
    /// Kinds or a span.
    pub text: String,
    /// The condition, as written.
    pub when: Option<String>,
}

/// What kind of thing sets something off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Event,
    After,
    Idle,
}

impl Label {
    pub(super) fn of_rule(model: &Model, rule: &Rule) -> Self {
        let (sort, text) = match &rule.trigger {
            Trigger::On(on) => (Sort::Event, kinds(model, on, ", ")),
            Trigger::After(span) => (Sort::After, span.to_string()),
            Trigger::Idle(span) => (Sort::Idle, span.to_string()),
        };
        Self { sort, text, when: rule.when().map(str::to_owned) }
    }

    pub(super) fn of_signal(model: &Model, rule: &SignalRule) -> Self {
        let mut text = match &rule.occasion {
            Occasion::On(on) => kinds(model, on, ", "),
            Occasion::Move { leaving, entering } => {
                let phase = |index: u16| model.phases[usize::from(index)].name.clone();
                let names = |list: Vec<String>| list.join(" or ");
                let left = leaving.as_ref().map(|list| {
                    let list = list.iter().map(|from| from.map_or_else(|| "new".to_owned(), phase));
                    format!("leaving {}", names(list.collect()))
                });
                let entered = entering.as_ref();
                let entered =
                    entered.map(|list| format!("entering {}", names(list.iter().copied().map(phase).collect())));
                left.into_iter().chain(entered).collect::<Vec<_>>().join(", ")
            }
        };
        if let Some(Wait { span, unless, correlate }) = &rule.wait {
            text += &match unless.as_slice() {
                [] => format!(", {span} later"),
                unless => format!(", {span} without {}", kinds(model, unless, " or ")),
            };
            if let Some(attribute) = correlate {
                text += &format!(" of the same {}", model.attributes[usize::from(*attribute)].0);
            }
        }
        if let Some(AtMost { times, window }) = rule.at_most {
            text += &format!(", at most {times} per {window}");
        }
        Self { sort: Sort::Event, text, when: rule.when().map(str::to_owned) }
    }
}

/// The names of kinds; `any` for all of many.
fn kinds(model: &Model, kinds: &[u16], joined: &str) -> String {
    if model.is_any(kinds) {
        return "any".to_owned();
    }
    model.kind_names(kinds).join(joined)
}
