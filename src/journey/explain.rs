//! Why a customer is still where it is: each way out of its phase, and what is missing for it.

use super::machine::Machine;
use super::model::{Model, Rule, Trigger};
use super::program::{Compare, Slot};
use super::{Record, Value};

/// A way out of the phase that a customer is in, in the order in which the model tries them.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// The id of the transition.
    pub rule: String,
    /// The phase it leads to.
    pub to: String,
    /// The kinds of event that would set it off; empty for a timer.
    pub on: Vec<String>,
    /// When its timer is due (epoch ms); `None` if it has none, or if it was asked in vain and does not run now.
    pub due: Option<i64>,
    /// Its condition.
    pub when: Option<String>,
    /// What the condition reads, as it stands now; of an event that is still to come, nothing.
    pub values: Vec<(String, Value)>,
    /// What is missing, in words.
    pub missing: String,
}

impl Way {
    /// All ways out of the phase that a customer is in, in one model.
    pub(super) fn all(model: &Model, machine: &Machine, record: &Record) -> Vec<Self> {
        let phase = machine.standing(record).phase();
        let rules = (0_u16..).zip(&model.rules).filter(|(_, rule)| rule.from.contains(&phase));
        rules.map(|(index, rule)| Self::of(model, machine, record, index, rule)).collect()
    }

    fn of(model: &Model, machine: &Machine, record: &Record, index: u16, rule: &Rule) -> Self {
        let on = match &rule.trigger {
            Trigger::On(kinds) => kinds.iter().map(|kind| model.kinds[usize::from(*kind)].to_string()).collect(),
            Trigger::After(_) | Trigger::Idle(_) => Vec::new(),
        };
        let due = machine.timer_of(record, index);
        let values = machine.reads_of(record, index);
        let values: Vec<_> = rule.reads().iter().map(ToString::to_string).zip(values).collect();
        let mut missing = match &rule.trigger {
            Trigger::On(kinds) if kinds.len() == model.kinds.len() => "an event".to_owned(),
            Trigger::On(_) => format!("an event: {}", on.join(" or ")),
            Trigger::After(_) | Trigger::Idle(_) if due.is_some() => "time".to_owned(),
            Trigger::After(_) => {
                "its condition did not hold when its time had come in this visit of the phase".to_owned()
            }
            Trigger::Idle(_) => {
                "its condition did not hold when its time had come; the next event sets it anew".to_owned()
            }
        };
        if let Some(when) = condition(rule, &values)
            && (due.is_some() || !on.is_empty())
        {
            missing += &format!(", {when}");
        }
        Self {
            rule: rule.id.clone(),
            to: model.phases[usize::from(rule.to)].name.clone(),
            on,
            due,
            when: rule.when().map(str::to_owned),
            values,
            missing,
        }
    }
}

/// What a condition lacks: `views 2 of 3` if it asks for so many, else the condition itself.
fn condition(rule: &Rule, values: &[(String, Value)]) -> Option<String> {
    let when = rule.when.as_ref()?;
    let whole = |number: f64| if number.fract() == 0.0 { format!("{number:.0}") } else { number.to_string() };
    Some(match (when.program.comparison(), values) {
        (Some((Slot::Counter(_), Compare::GreaterOrEqual, wanted)), [(name, Value::Number(now))]) => {
            format!("{name} {} of {}", whole(*now), whole(wanted))
        }
        _ => format!("if {}", when.text),
    })
}
