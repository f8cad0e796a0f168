//! A model as a picture: Mermaid's text for a state diagram.

use std::fmt::Write as _;

use super::CheckedModel;
use super::model::{Model, Rule, Trigger};

/// The state diagram of a model in Mermaid's language: phases as states, a transition an arrow, with what sets it off.
/// Timers carry a clock (⏱ since the phase began, 💤 since the last event).
pub fn graph_mermaid(checked: &CheckedModel) -> String {
    let model = &checked.model;
    let mut text = String::from("stateDiagram-v2\n");
    for (index, phase) in model.phases.iter().enumerate() {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "    state \"{}\" as p{index}", escape(&phase.name));
    }
    for rule in &model.rules {
        for from in &rule.from {
            let from = from.map_or("[*]".to_owned(), |index| format!("p{index}"));
            let _ = writeln!(text, "    {from} --> p{}: {}", rule.to, escape(&label(model, rule)));
        }
    }
    for (index, _) in model.phases.iter().enumerate().filter(|(_, phase)| phase.is_final) {
        let _ = writeln!(text, "    p{index} --> [*]");
    }
    text
}

fn label(model: &Model, rule: &Rule) -> String {
    let mut label = match &rule.trigger {
        Trigger::On(kinds) if kinds.len() == model.kinds.len() && kinds.len() > 1 => "any".to_owned(),
        Trigger::On(kinds) => {
            let names: Vec<&str> = kinds.iter().map(|kind| model.kinds[usize::from(*kind)].as_str()).collect();
            names.join(", ")
        }
        Trigger::After(span) => format!("⏱ {span}"),
        Trigger::Idle(span) => format!("💤 {span}"),
    };
    if let Some(when) = &rule.when {
        let _ = write!(label, " [{}]", when.text);
    }
    label
}

/// What Mermaid would read as its own, as entities.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '#' | '"' | ';' | ':' | '<' | '>' | '{' | '}' => {
                let _ = write!(escaped, "#{};", u32::from(letter));
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}
