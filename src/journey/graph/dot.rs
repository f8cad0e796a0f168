//! Graphviz' text.

use std::fmt::Write as _;
use std::iter;

use super::Drawing;
use super::drawing::{Arrow, column};
use super::label::{Label, Sort};
use crate::journey::grouped;

impl Drawing {
    /// The graph in Graphviz' language, for `dot`: phases under one another in their order, timers dotted. A transition out of many
    /// phases has its label once and meets at its head; signals (⚑) stand in the phases that they name, and all in a list below.
    pub fn dot(&self) -> String {
        // Writing to a text cannot fail.
        let mut text = format!("digraph {} {{\n", quoted(&self.name, ""));
        text += "    nodesep=0.45; ranksep=0.5; fontname=Helvetica; fontsize=10; labelloc=b; labeljust=l;\n";
        text += "    node [shape=box, style=rounded, fontname=Helvetica, fontsize=12];\n";
        text += "    edge [fontname=Helvetica, fontsize=10, arrowsize=0.7];\n";
        let told = |phase: Option<u16>| {
            let signals = self.signals.iter().filter(move |signal| signal.at.names(phase));
            signals.map(|signal| format!("⚑ {}", signal.id))
        };
        let lines: Vec<String> = iter::once("new".to_owned()).chain(told(None)).collect();
        let _ = writeln!(text, "    p0 [label={}, shape=oval, style=dashed];", quoted(&lines.join("\n"), "\\n"));
        for (index, phase) in (0_u16..).zip(&self.phases) {
            let names = iter::once(phase.name.clone()).chain(phase.title.clone());
            let lines: Vec<String> = names.chain(told(Some(index))).collect();
            let end = if phase.is_final { ", peripheries=2" } else { "" };
            let _ = writeln!(text, "    p{} [label={}{end}];", index + 1, quoted(&lines.join("\n"), "\\n"));
        }
        // Nothing but this holds them in their order.
        let line: Vec<String> = (0..=self.phases.len()).map(|index| format!("p{index}")).collect();
        let _ = writeln!(text, "    {} [style=invis, weight=100];", line.join(" -> "));
        for (index, arrow) in self.arrows.iter().enumerate() {
            edges(&mut text, index, arrow);
        }
        if !self.signals.is_empty() {
            let signals = self.signals.iter().map(|signal| format!("⚑ {}\n", caption(&signal.id, &signal.label)));
            let _ = writeln!(text, "    label={};", quoted(&signals.collect::<String>(), "\\l"));
        }
        text += "}\n";
        text
    }
}

/// A line from each phase that a transition leaves.
fn edges(text: &mut String, index: usize, arrow: &Arrow) {
    let style = if arrow.is_timer() { "dotted" } else { "solid" };
    let to = column(Some(arrow.to));
    for (place, tail) in arrow.tails.iter().enumerate() {
        let from = column(tail.from);
        let label = if place == 0 { caption(&arrow.id, &arrow.label) } else { arrow.id.clone() };
        let count = tail.count.map(|count| format!(" ({})", grouped(count))).unwrap_or_default();
        // What goes back is written the other way round: else it would pull its phases out of their order.
        let (ends, head) = if from > to {
            (format!("p{to} -> p{from}"), "dir=back, sametail")
        } else {
            (format!("p{from} -> p{to}"), "samehead")
        };
        let meet = if arrow.tails.len() > 1 || from > to { format!(", {head}=r{index}") } else { String::new() };
        let _ = writeln!(text, "    {ends} [label={}, style={style}{meet}];", quoted(&format!("{label}{count}"), ""));
    }
}

fn caption(id: &str, Label { sort, text, when }: &Label) -> String {
    let mark = match sort {
        Sort::Event => "",
        Sort::After => "after ",
        Sort::Idle => "idle ",
    };
    let when = when.as_ref().map(|when| format!(" [{when}]")).unwrap_or_default();
    format!("{id}: {mark}{text}{when}")
}

/// A text as Graphviz writes them, its lines ended in one of Graphviz' ways.
fn quoted(text: &str, line_end: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', line_end))
}
