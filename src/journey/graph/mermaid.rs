//! Mermaid's text for a state diagram.

use std::fmt::Write as _;

use super::Drawing;
use super::drawing::{Arrow, Bell, Place};
use super::label::{Label, Sort};
use crate::journey::grouped;

impl Drawing {
    /// The state diagram in Mermaid's language: phases as states, a transition an arrow, with what sets it off. Mermaid draws no
    /// dotted arrows there, so timers carry a clock (⏱ since the phase began, 💤 since the last event); signals (⚑) stand in notes.
    pub fn mermaid(&self) -> String {
        let mut text = String::from("stateDiagram-v2\n");
        // Writing to a text cannot fail.
        for (index, phase) in self.phases.iter().enumerate() {
            let _ = writeln!(text, "    state \"{}\" as p{index}", escape(&phase.name));
        }
        for arrow in &self.arrows {
            for tail in &arrow.tails {
                let from = tail.from.map_or("[*]".to_owned(), |index| format!("p{index}"));
                let count = tail.count.map(|count| format!(" ({})", grouped(count))).unwrap_or_default();
                let _ = writeln!(text, "    {from} --> p{}: {}{count}", arrow.to, escape(&label(arrow)));
            }
        }
        for (index, _) in self.phases.iter().enumerate().filter(|(_, phase)| phase.is_final) {
            let _ = writeln!(text, "    p{index} --> [*]");
        }
        self.notes(&mut text);
        text
    }

    /// A note at each phase that signals name, and one beside the first for what is told anywhere, or of new customers, who are
    /// no state that a note can stand at. What a signal is told of stands where it is named first.
    fn notes(&self, text: &mut String) {
        let names = |signal: &Bell, index: usize| signal.at.names(u16::try_from(index).ok());
        for index in 0..self.phases.len() {
            let here = self.signals.iter().filter(|signal| names(signal, index)).map(|signal| {
                let is_told = (0..index).any(|earlier| names(signal, earlier));
                if is_told { format!("        ⚑ {}\n", escape(&signal.id)) } else { line(signal) }
            });
            note(text, "right", index, &here.collect::<String>());
        }
        let list = |heading: &str, is_here: fn(&Place) -> bool| {
            let lines: String = self.signals.iter().filter(|signal| is_here(&signal.at)).map(line).collect();
            if lines.is_empty() { lines } else { format!("        {heading}\n{lines}") }
        };
        let anywhere = list("wherever the customer is", |place| *place == Place::Anywhere);
        note(text, "left", 0, &(anywhere + &list("while the customer is new", |place| place.names(None))));
    }
}

fn line(Bell { id, label: Label { text, when, .. }, .. }: &Bell) -> String {
    let when = when.as_ref().map(|when| format!(" [{when}]")).unwrap_or_default();
    format!("        ⚑ {}\n", escape(&format!("{id} = {text}{when}")))
}

fn note(text: &mut String, side: &str, phase: usize, lines: &str) {
    if !lines.is_empty() {
        let _ = write!(text, "    note {side} of p{phase}\n{lines}    end note\n");
    }
}

fn label(arrow: &Arrow) -> String {
    let Label { sort, text, when } = &arrow.label;
    let mark = match sort {
        Sort::Event => "",
        Sort::After => "⏱ ",
        Sort::Idle => "💤 ",
    };
    let when = when.as_ref().map(|when| format!(" [{when}]")).unwrap_or_default();
    format!("{mark}{text}{when}")
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
