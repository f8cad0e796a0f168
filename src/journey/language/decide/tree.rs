//! Conditions as trees again: what was compiled to steps, with equal parts being the same node, and numbers worked out.

use std::collections::HashMap;

use crate::journey::program::{Arithmetic, Compare, Op, Operand, Program, Search, Slot, compute};

/// A node of a [`Forest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::journey::language) struct Id(u32);

/// An expression, as the steps of a program say it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Missing,
    Number(f64),
    Text(Box<str>),
    Bool(bool),
    Read(Slot),
    Has(Slot),
    Not(Id),
    Negate(Id),
    And(Id, Id),
    Or(Id, Id),
    Choose(Id, Id, Id),
    Arithmetic(Arithmetic, Id, Id),
    Compare(Compare, Id, Id),
    InNumbers(Id, Box<[f64]>),
    InTexts(Id, Box<[Box<str>]>),
    Search(Search, Id, Id),
}

/// All expressions of a model. Equal ones are one node, so what cannot be decided is the same wherever it stands.
#[derive(Debug, Default)]
pub(in crate::journey::language) struct Forest {
    nodes: Vec<Node>,
    known: HashMap<String, Id>,
}

impl Forest {
    /// The condition that a program runs.
    pub fn plant(&mut self, program: &Program) -> Id {
        let mut stack: Vec<Id> = Vec::new();
        let slots = program.slots();
        for op in program.ops() {
            let mut pop = || stack.pop().expect("a compiled program takes no more than it has put down");
            let node = match op {
                Op::Number(number) => Node::Number(*number),
                Op::Text(text) => Node::Text(text.clone()),
                Op::Bool(value) => Node::Bool(*value),
                Op::Read(slot) => Node::Read(slots[usize::from(*slot)]),
                Op::Has(slot) => Node::Has(slots[usize::from(*slot)]),
                Op::Not => Node::Not(pop()),
                Op::Negate => self.negate(pop()),
                Op::InNumbers(list) => Node::InNumbers(pop(), list.clone()),
                Op::InTexts(list) => Node::InTexts(pop(), list.clone()),
                Op::Choose => {
                    let (otherwise, then) = (pop(), pop());
                    Node::Choose(pop(), then, otherwise)
                }
                Op::And | Op::Or | Op::Arithmetic(_) | Op::Compare(_) | Op::Search(_) => {
                    let (second, first) = (pop(), pop());
                    match op {
                        Op::And => Node::And(first, second),
                        Op::Or => Node::Or(first, second),
                        Op::Compare(how) => Node::Compare(*how, first, second),
                        Op::Search(how) => Node::Search(*how, first, second),
                        Op::Arithmetic(how) => self.arithmetic(*how, first, second),
                        _ => unreachable!("the other steps were met above"),
                    }
                }
            };
            stack.push(self.intern(node));
        }
        stack.pop().expect("a compiled program leaves one value")
    }

    /// The condition that is always true.
    pub fn always(&mut self) -> Id {
        self.intern(Node::Bool(true))
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        &self.nodes[id.0 as usize]
    }

    fn negate(&self, id: Id) -> Node {
        match self.node(id) {
            Node::Number(number) => Node::Number(-number),
            _ => Node::Negate(id),
        }
    }

    fn arithmetic(&self, how: Arithmetic, first: Id, second: Id) -> Node {
        match (self.node(first), self.node(second)) {
            (Node::Number(a), Node::Number(b)) => match compute(how, Operand::Number(*a), Operand::Number(*b)) {
                Operand::Number(number) => Node::Number(number),
                _ => Node::Missing,
            },
            _ => Node::Arithmetic(how, first, second),
        }
    }

    fn intern(&mut self, node: Node) -> Id {
        let Self { nodes, known } = self;
        *known.entry(format!("{node:?}")).or_insert_with(|| {
            nodes.push(node);
            Id(nodes.len() as u32 - 1)
        })
    }
}
