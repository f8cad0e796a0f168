//! How often each arrow of a model was taken, from transitions that name their rule or only their cause.

use std::collections::BTreeMap;

use crate::journey::model::{Model, Rule, Trigger};

/// What [`Counts::add`] is told of a transition beside its phases.
#[derive(Debug, Clone, Copy)]
pub enum Because<'a> {
    /// The id of its rule.
    Rule(&'a str),
    /// The kind of event that led to it, or `timer`.
    Cause(&'a str),
}

/// Counts by rule and phase left.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    of_rule: BTreeMap<(usize, Option<u16>), u64>,
    /// By the phases and whether a timer led to it.
    of_pair: BTreeMap<(Option<u16>, u16, bool), u64>,
    /// Transitions of which it cannot be told which of several rules they came by: those, the phase left, and how many.
    shared: BTreeMap<(Vec<usize>, Option<u16>), u64>,
    /// Transitions that the model does not have.
    unfit: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts so many transitions of a model, by the names of their phases (`from` is `new` for a new customer).
    pub fn add(&mut self, model: &Model, (from, to): (&str, &str), because: Because<'_>, count: u64) {
        let rules = || model.rules.iter().enumerate();
        let left = if from == "new" { Some(None) } else { model.phase(from).map(Some) };
        let fitting: Vec<(usize, &Rule)> = match (left, model.phase(to)) {
            (Some(left), Some(entered)) => rules()
                .filter(|(_, rule)| rule.to == entered && rule.from.contains(&left) && is_by(model, rule, because))
                .collect(),
            _ => Vec::new(),
        };
        let Some((first, rule)) = fitting.first() else {
            let by = match because {
                Because::Rule(rule) => format!("by the rule {rule}"),
                Because::Cause(cause) => format!("by {cause}"),
            };
            *self.unfit.entry(format!("{from} → {to} {by}")).or_default() += count;
            return;
        };
        let left = left.unwrap_or_default();
        *self.of_pair.entry((left, rule.to, is_timer(rule))).or_default() += count;
        if fitting.len() == 1 {
            *self.of_rule.entry((*first, left)).or_default() += count;
        } else {
            let rules = fitting.iter().map(|(index, _)| *index).collect();
            *self.shared.entry((rules, left)).or_default() += count;
        }
    }

    /// How often a phase was left by a rule; `None` if it cannot be told.
    pub(super) fn of_rule(&self, rule: usize, from: Option<u16>) -> Option<u64> {
        let is_shared = self.shared.keys().any(|(rules, left)| *left == from && rules.contains(&rule));
        (!is_shared).then(|| self.of_rule.get(&(rule, from)).copied().unwrap_or_default())
    }

    /// How often one phase was left for another, by timers or by events.
    pub(super) fn of_pair(&self, from: Option<u16>, to: u16, is_timer: bool) -> u64 {
        self.of_pair.get(&(from, to, is_timer)).copied().unwrap_or_default()
    }

    /// What was counted and stands at no arrow, a line each.
    pub fn problems(&self, model: &Model) -> Vec<String> {
        let unfit = self.unfit.iter().map(|(what, count)| {
            format!("{count} of {what}: {} version {} has no such transition", model.name, model.version)
        });
        let shared = self.shared.iter().map(|((rules, left), count)| {
            let names: Vec<&str> = rules.iter().map(|rule| model.rules[*rule].id.as_str()).collect();
            let left = left.map_or("new", |phase| model.phases[usize::from(phase)].name.as_str());
            format!("{count} from {left} are of {}: the cause does not tell which", names.join(" or "))
        });
        unfit.chain(shared).collect()
    }
}

fn is_by(model: &Model, rule: &Rule, because: Because<'_>) -> bool {
    match because {
        Because::Rule(id) => rule.id == id,
        Because::Cause("timer") => is_timer(rule),
        Because::Cause(cause) => match &rule.trigger {
            Trigger::On(kinds) => kinds.iter().any(|kind| model.kinds[usize::from(*kind)] == cause),
            Trigger::After(_) | Trigger::Idle(_) => false,
        },
    }
}

fn is_timer(rule: &Rule) -> bool {
    !matches!(rule.trigger, Trigger::On(_))
}
