//! Decides conditions: whether there is anything a customer could do that makes some of them true and others not.
//!
//! What a slot may hold falls into few cells, cut at the literals it is compared with, so that trying one value of each cell is
//! trying all. What cells cannot tell (two slots compared with each other, what is worked out, a search in a text that is no
//! literal) is taken for something that may come out either way, the same wherever it stands. So an answer of "no" can
//! be relied on, always; and a "yes" is exact as long as conditions compare slots with literals.

mod cells;
mod evaluate;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::{BTreeSet, HashSet};

use crate::journey::program::{Compare, Operand, Slot};

use cells::{Cell, Cuts};
pub(super) use cells::{Domain, Values};
use evaluate::{Need, Try};
use tree::Node;
pub(super) use tree::{Forest, Id};

/// How often conditions are tried for one question; what needs more is not decided.
pub(super) const TRIES_MAX: u32 = 100_000;

/// How often for a model: a thousand conditions that each are hard must not keep it from loading.
const TRIES_MAX_OF_MODEL: u32 = 2_000_000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// It can be so. (Or nothing tells that it cannot.)
    Possible,
    /// It cannot: with the conditions, by their place in the question, that did not come out as was asked for.
    Impossible(BTreeSet<usize>),
    /// It takes too long to say.
    Undecided,
}

/// How much may still be tried.
#[derive(Debug)]
pub(super) struct Patience {
    question: u32,
    model: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { question: TRIES_MAX, model: TRIES_MAX_OF_MODEL }
    }
}

impl Patience {
    /// Begins another question.
    pub fn renew(&mut self) {
        self.question = TRIES_MAX;
    }

    fn spend(&mut self, tries: usize) -> Option<()> {
        let tries = u32::try_from(tries).ok()?;
        self.question = self.question.checked_sub(tries)?;
        self.model = self.model.checked_sub(tries)?;
        Some(())
    }
}

/// Whether all conditions can come out as wanted (true; or not true, that is false or missing) at the same time, where each slot
/// holds what `domain` says of it.
pub(super) fn ask<'m>(
    forest: &'m Forest,
    wanted: &[(Id, bool)],
    domain: impl Fn(Slot) -> Domain<'m>,
    patience: &mut Patience,
) -> Answer {
    // Many conditions take their time before anything is tried.
    if patience.spend(wanted.len()).is_none() {
        return Answer::Undecided;
    }
    let mut walk = Walk { forest, seen: HashSet::new(), slots: Vec::new() };
    wanted.iter().for_each(|(condition, _)| walk.visit(*condition));
    let slots: Vec<_> =
        walk.slots.into_iter().map(|(slot, cuts)| (slot, domain(slot).cells(cuts.clone()), cuts)).collect();
    let mut search = Search { wanted, attempt: Try::new(forest, &slots), failed: BTreeSet::new(), patience };
    match search.possible(0) {
        Some(true) => Answer::Possible,
        Some(false) => Answer::Impossible(search.failed),
        None => Answer::Undecided,
    }
}

/// A search through the cells, which looks into a slot only when a condition cannot be told without it.
struct Search<'q, 'm> {
    wanted: &'q [(Id, bool)],
    attempt: Try<'q, 'm>,
    /// The conditions at which it turned back.
    failed: BTreeSet<usize>,
    patience: &'q mut Patience,
}

impl Search<'_, '_> {
    /// Whether the conditions from this one on can come out as wanted, those before having done so.
    fn possible(&mut self, from: usize) -> Option<bool> {
        for (index, (condition, truth)) in self.wanted.iter().enumerate().skip(from) {
            self.patience.spend(1)?;
            match self.attempt.holds(*condition) {
                Ok(holds) if holds == *truth => {}
                Ok(_) => {
                    self.failed.insert(index);
                    return Some(false);
                }
                Err(need) => return self.branch(index, need),
            }
        }
        Some(true)
    }

    fn branch(&mut self, index: usize, need: Need) -> Option<bool> {
        for choice in 0..self.attempt.choices(need) {
            self.attempt.choose(need, choice);
            if self.possible(index)? {
                return Some(true);
            }
            self.attempt.undo(need);
        }
        Some(false)
    }
}

/// A walk through conditions that gathers the slots they read, with the literals that each is compared with.
struct Walk<'m> {
    forest: &'m Forest,
    seen: HashSet<Id>,
    slots: Vec<(Slot, Cuts<'m>)>,
}

impl<'m> Walk<'m> {
    fn visit(&mut self, id: Id) {
        if !self.seen.insert(id) {
            return;
        }
        match self.forest.node(id) {
            Node::Missing | Node::Number(_) | Node::Text(_) | Node::Bool(_) => {}
            Node::Read(slot) | Node::Has(slot) => {
                self.cuts(*slot);
            }
            Node::Not(a) | Node::Negate(a) => self.visit(*a),
            Node::And(a, b) | Node::Or(a, b) | Node::Arithmetic(_, a, b) | Node::Search(_, a, b) => {
                self.visit(*a);
                self.visit(*b);
            }
            Node::Choose(a, b, c) => [a, b, c].into_iter().for_each(|id| self.visit(*id)),
            Node::Compare(how, a, b) => {
                self.visit(*a);
                self.visit(*b);
                self.cut(*a, *b, how.is_of_order());
                self.cut(*b, *a, how.is_of_order());
            }
            Node::InNumbers(a, list) => {
                self.visit(*a);
                self.reads(*a, &mut |cuts| cuts.numbers.extend(list));
            }
            Node::InTexts(a, list) => {
                self.visit(*a);
                self.reads(*a, &mut |cuts| cuts.texts.extend(list.iter().map(|text| &**text)));
            }
        }
    }

    /// Cuts the slots that the one side may be at the literals that the other may be.
    fn cut(&mut self, side: Id, other: Id, ordered: bool) {
        match self.forest.node(other) {
            Node::Choose(_, then, otherwise) => {
                self.cut(side, *then, ordered);
                self.cut(side, *otherwise, ordered);
            }
            Node::Number(number) => self.reads(side, &mut |cuts| cuts.numbers.push(*number)),
            Node::Text(text) => self.reads(side, &mut |cuts| {
                cuts.texts.push(text);
                cuts.ordered |= ordered;
            }),
            _ => {}
        }
    }

    /// The slots whose value an expression may be.
    fn reads(&mut self, id: Id, cut: &mut dyn FnMut(&mut Cuts<'m>)) {
        match self.forest.node(id) {
            Node::Read(slot) => cut(self.cuts(*slot)),
            Node::Choose(_, then, otherwise) => {
                self.reads(*then, cut);
                self.reads(*otherwise, cut);
            }
            _ => {}
        }
    }

    fn cuts(&mut self, slot: Slot) -> &mut Cuts<'m> {
        let index = self.slots.iter().position(|(known, _)| *known == slot).unwrap_or_else(|| {
            self.slots.push((slot, Cuts::default()));
            self.slots.len() - 1
        });
        &mut self.slots[index].1
    }
}

impl Cuts<'_> {
    /// Whether cells are cut so that comparing them with this value comes out the same for all in a cell.
    fn tell(&self, how: Compare, value: Operand<'_>) -> bool {
        match value {
            Operand::Number(number) => self.numbers.contains(&number),
            Operand::Text(text) => self.texts.contains(&text) && (self.ordered || !how.is_of_order()),
            Operand::Bool(_) | Operand::Missing => false,
        }
    }
}

/// What a slot is cut into, and at what.
type Cut<'m> = (Slot, Vec<Cell<'m>>, Cuts<'m>);
