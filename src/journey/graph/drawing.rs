//! What is drawn: phases in the order of the file, arrows, signals. How, the forms say.

use std::collections::BTreeMap;

use super::label::{Label, Sort};
use super::{Counts, Language};
use crate::journey::CheckedModel;
use crate::journey::model::{Model, Occasion, SignalRule};

/// A model as a list of phases, arrows and signals.
#[derive(Debug, Clone)]
pub struct Drawing {
    pub(super) name: String,
    pub(super) version: u32,
    pub(super) language: Language,
    pub(super) phases: Vec<Node>,
    pub(super) arrows: Vec<Arrow>,
    pub(super) signals: Vec<Bell>,
    pub(super) counts: Option<Counts>,
}

/// A phase.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub name: String,
    /// What people call it, if that says more than the name.
    pub title: Option<String>,
    pub is_final: bool,
}

/// A transition: many tails, one head.
#[derive(Debug, Clone)]
pub(super) struct Arrow {
    pub id: String,
    pub label: Label,
    pub tails: Vec<Tail>,
    /// The phase it enters, as an index.
    pub to: u16,
}

/// A phase that a transition leaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tail {
    /// Its index; `None` is a new customer.
    pub from: Option<u16>,
    /// How often it was left so, if that was counted and can be told.
    pub count: Option<u64>,
}

/// A signal.
#[derive(Debug, Clone)]
pub(super) struct Bell {
    pub id: String,
    pub label: Label,
    pub at: Place,
}

/// Where a signal arises; `None` is a new customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Anywhere,
    In(Vec<Option<u16>>),
    /// On the way out of these phases and into those; one of them may be empty: any.
    Between(Vec<Option<u16>>, Vec<u16>),
}

/// All transitions from one phase to another that are of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    /// Columns: 0 is a new customer, then the phases.
    pub from: usize,
    pub to: usize,
    pub is_timer: bool,
    pub count: Option<u64>,
}

impl Drawing {
    /// What there is to draw of a model, with its phases' names in a language.
    pub fn of(CheckedModel { model, .. }: &CheckedModel, language: Language) -> Self {
        let phases = model.phases.iter().map(|phase| Node {
            name: phase.name.clone(),
            title: language.of(&phase.title).clone().filter(|title| !is_same(title, &phase.name)),
            is_final: phase.is_final,
        });
        let arrows = model.rules.iter().map(|rule| Arrow {
            id: rule.id.clone(),
            label: Label::of_rule(model, rule),
            tails: rule.from.iter().map(|from| Tail { from: *from, count: None }).collect(),
            to: rule.to,
        });
        Self {
            name: model.name.clone(),
            version: model.version,
            language,
            phases: phases.collect(),
            arrows: arrows.collect(),
            signals: model.signals.iter().map(|rule| Bell::of(model, rule)).collect(),
            counts: None,
        }
    }

    /// The same with a number at each arrow.
    #[must_use]
    pub fn counted(mut self, counts: Counts) -> Self {
        for (rule, arrow) in self.arrows.iter_mut().enumerate() {
            for tail in &mut arrow.tails {
                tail.count = counts.of_rule(rule, tail.from);
            }
        }
        self.counts = Some(counts);
        self
    }

    /// The arrows between two phases as one, timers by themselves; in the order of the file.
    pub(super) fn edges(&self) -> Vec<Edge> {
        let mut places = BTreeMap::new();
        let mut edges = Vec::new();
        for arrow in &self.arrows {
            let is_timer = arrow.is_timer();
            for tail in &arrow.tails {
                let (from, to) = (column(tail.from), column(Some(arrow.to)));
                let count = self.counts.as_ref().map(|counts| counts.of_pair(tail.from, arrow.to, is_timer));
                places.entry((from, to, is_timer)).or_insert_with(|| edges.push(Edge { from, to, is_timer, count }));
            }
        }
        edges
    }

    /// The name of a column.
    pub(super) fn column_name(&self, column: usize) -> &str {
        column.checked_sub(1).map_or("new", |phase| self.phases[phase].name.as_str())
    }
}

impl Arrow {
    pub(super) fn is_timer(&self) -> bool {
        self.label.sort != Sort::Event
    }

    /// How often it was taken, if that can be told of every phase it leaves.
    pub(super) fn count(&self) -> Option<u64> {
        self.tails.iter().map(|tail| tail.count).sum()
    }
}

impl Bell {
    fn of(model: &Model, rule: &SignalRule) -> Self {
        let at = match (&rule.occasion, &rule.phases) {
            (Occasion::On(_), None) => Place::Anywhere,
            (Occasion::On(_), Some(phases)) => Place::In(phases.clone()),
            (Occasion::Move { leaving, entering }, _) => {
                Place::Between(leaving.clone().unwrap_or_default(), entering.clone().unwrap_or_default())
            }
        };
        Self { id: rule.id.clone(), label: Label::of_signal(model, rule), at }
    }
}

impl Place {
    /// Whether a phase is named as the place: where it is entered, if both ends of a transition are.
    pub(super) fn names(&self, phase: Option<u16>) -> bool {
        match self {
            Self::Anywhere => false,
            Self::In(phases) => phases.contains(&phase),
            Self::Between(left, entered) if entered.is_empty() => left.contains(&phase),
            Self::Between(_, entered) => entered.iter().any(|entered| Some(*entered) == phase),
        }
    }
}

/// The column of a phase; `None` is a new customer.
pub(super) fn column(phase: Option<u16>) -> usize {
    phase.map_or(0, |index| usize::from(index) + 1)
}

/// Whether two names differ in capitals and accents alone.
fn is_same(title: &str, name: &str) -> bool {
    let letters = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let (title, name) = (letters(title), letters(name));
    title.len() == name.len() && title.iter().zip(&name).all(|(one, other)| one == other || !one.is_ascii())
}
