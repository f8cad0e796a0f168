//! A condition over cells: what it comes to, or what must be chosen before that can be said.

use super::tree::{Forest, Id, Node};
use super::{Cell, Cut};
use crate::journey::program::{Compare, Operand, Slot, compare, compute, search};

/// What must be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The cell of a slot, by the slot's place in the question.
    Slot(usize),
    /// How an expression comes out that cells do not tell; whether it may be missing too.
    Outcome(Id, bool),
}

/// Cells and outcomes chosen so far.
pub(super) struct Try<'q, 'm> {
    forest: &'m Forest,
    slots: &'q [Cut<'m>],
    /// By slot, the cell that was chosen.
    cells: Vec<Option<usize>>,
    outcomes: Vec<(Id, Operand<'static>)>,
}

/// What an expression comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value<'q> {
    Exactly(Operand<'q>),
    /// Something in a slot's cell, of which this is one.
    Within(usize, Operand<'q>),
    /// A number that was worked out of such; or missing.
    Unknown,
}

/// How an expression may come out, if it may be missing or not.
const OUTCOMES: [Operand<'static>; 3] = [Operand::Bool(true), Operand::Bool(false), Operand::Missing];

impl<'q, 'm> Try<'q, 'm> {
    pub fn new(forest: &'m Forest, slots: &'q [Cut<'m>]) -> Self {
        Self { forest, slots, cells: vec![None; slots.len()], outcomes: Vec::new() }
    }

    /// How many ways there are.
    pub fn choices(&self, need: Need) -> usize {
        match need {
            Need::Slot(slot) => self.slots[slot].1.len(),
            Need::Outcome(_, may_be_missing) => 2 + usize::from(may_be_missing),
        }
    }

    pub fn choose(&mut self, need: Need, choice: usize) {
        match need {
            Need::Slot(slot) => self.cells[slot] = Some(choice),
            Need::Outcome(id, _) => self.outcomes.push((id, OUTCOMES[choice])),
        }
    }

    /// Takes back what was chosen last.
    pub fn undo(&mut self, need: Need) {
        match need {
            Need::Slot(slot) => self.cells[slot] = None,
            Need::Outcome(..) => {
                self.outcomes.pop();
            }
        }
    }

    /// Whether a condition is true.
    pub fn holds(&self, condition: Id) -> Result<bool, Need> {
        Ok(self.value(condition)? == Value::Exactly(Operand::Bool(true)))
    }

    fn value(&self, id: Id) -> Result<Value<'q>, Need>
    where
        'm: 'q,
    {
        Ok(match self.forest.node(id) {
            Node::Missing => Value::Exactly(Operand::Missing),
            Node::Number(number) => Value::Exactly(Operand::Number(*number)),
            Node::Text(text) => Value::Exactly(Operand::Text(text)),
            Node::Bool(value) => Value::Exactly(Operand::Bool(*value)),
            Node::Read(slot) => self.read(*slot)?,
            Node::Has(slot) => truth(self.read(*slot)? != Value::Exactly(Operand::Missing)),
            Node::Not(a) => match self.value(*a)? {
                Value::Exactly(Operand::Bool(value)) => truth(!value),
                missing => missing,
            },
            Node::And(a, b) => self.decide(*a, *b, false)?,
            Node::Or(a, b) => self.decide(*a, *b, true)?,
            Node::Choose(test, then, otherwise) => match self.value(*test)? {
                Value::Exactly(Operand::Bool(true)) => self.value(*then)?,
                Value::Exactly(Operand::Bool(false)) => self.value(*otherwise)?,
                missing => missing,
            },
            Node::Negate(a) => match self.value(*a)? {
                Value::Exactly(Operand::Number(number)) => Value::Exactly(Operand::Number(-number)),
                Value::Exactly(missing) => Value::Exactly(missing),
                Value::Within(..) | Value::Unknown => Value::Unknown,
            },
            Node::Arithmetic(how, a, b) => match (self.value(*a)?, self.value(*b)?) {
                (Value::Exactly(a), Value::Exactly(b)) => Value::Exactly(compute(*how, a, b)),
                (Value::Exactly(Operand::Missing), _) | (_, Value::Exactly(Operand::Missing)) => {
                    Value::Exactly(Operand::Missing)
                }
                _ => Value::Unknown,
            },
            Node::Compare(how, a, b) => {
                let (a, b) = (self.value(*a)?, self.value(*b)?);
                self.compare(id, *how, a, b)?
            }
            Node::InNumbers(a, list) => {
                self.within(id, *a, |value| matches!(value, Operand::Number(number) if list.contains(&number)))?
            }
            Node::InTexts(a, list) => self.within(
                id,
                *a,
                |value| matches!(value, Operand::Text(text) if list.iter().any(|item| **item == *text)),
            )?,
            Node::Search(how, a, b) => match (self.value(*a)?, self.value(*b)?) {
                (Value::Exactly(a), Value::Exactly(b)) => Value::Exactly(search(*how, a, b)),
                (Value::Exactly(Operand::Missing), _) | (_, Value::Exactly(Operand::Missing)) => {
                    Value::Exactly(Operand::Missing)
                }
                _ => self.outcome(id, false)?,
            },
        })
    }

    fn read(&self, slot: Slot) -> Result<Value<'q>, Need> {
        let index = self.slots.iter().position(|(known, ..)| *known == slot);
        let index = index.expect("the slots of a question are those that its conditions read");
        let cell = self.cells[index].ok_or(Need::Slot(index))?;
        Ok(match &self.slots[index].1[cell] {
            Cell::Point(value) => Value::Exactly(*value),
            Cell::Number(number) => Value::Within(index, Operand::Number(*number)),
            Cell::Text(text) => Value::Within(index, Operand::Text(text)),
        })
    }

    /// `&&` and `||`: one side that is `strong` decides alone.
    fn decide(&self, a: Id, b: Id, strong: bool) -> Result<Value<'q>, Need>
    where
        'm: 'q,
    {
        let first = self.value(a)?;
        if first == truth(strong) {
            return Ok(first);
        }
        let second = self.value(b)?;
        Ok(if second == truth(strong) || first == truth(!strong) { second } else { first })
    }

    fn compare(&self, id: Id, how: Compare, a: Value<'q>, b: Value<'q>) -> Result<Value<'q>, Need> {
        let is_told = |slot: usize, value| self.slots[slot].2.tell(how, value);
        match (a, b) {
            (Value::Exactly(a), Value::Exactly(b)) => Ok(Value::Exactly(compare(how, a, b))),
            (Value::Exactly(Operand::Missing), _) | (_, Value::Exactly(Operand::Missing)) => {
                Ok(Value::Exactly(Operand::Missing))
            }
            (Value::Within(slot, a), Value::Exactly(b)) if is_told(slot, b) => Ok(Value::Exactly(compare(how, a, b))),
            (Value::Exactly(a), Value::Within(slot, b)) if is_told(slot, a) => Ok(Value::Exactly(compare(how, a, b))),
            (Value::Unknown, _) | (_, Value::Unknown) => self.outcome(id, true),
            _ => self.outcome(id, false),
        }
    }

    fn within(&self, id: Id, item: Id, is_in: impl Fn(Operand<'q>) -> bool) -> Result<Value<'q>, Need>
    where
        'm: 'q,
    {
        match self.value(item)? {
            Value::Exactly(Operand::Missing) => Ok(Value::Exactly(Operand::Missing)),
            Value::Exactly(value) | Value::Within(_, value) => Ok(truth(is_in(value))),
            Value::Unknown => self.outcome(id, true),
        }
    }

    /// How an expression comes out that cells do not tell.
    fn outcome(&self, id: Id, may_be_missing: bool) -> Result<Value<'q>, Need> {
        let known = self.outcomes.iter().find(|(known, _)| *known == id);
        known.map(|(_, outcome)| Value::Exactly(*outcome)).ok_or(Need::Outcome(id, may_be_missing))
    }
}

fn truth<'q>(value: bool) -> Value<'q> {
    Value::Exactly(Operand::Bool(value))
}
