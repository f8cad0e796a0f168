//! Conditions as they run: a flat program over slots, in postfix order, on a stack of fixed size.
//!
//! Types were checked when the model was loaded, so nothing can fail here but by absence: what an event does not have
//! is [`Operand::Missing`], which every operation hands on, save `&&` and `||` whose other side decides alone.

use std::cmp::Ordering;

/// The deepest stack a program may need; what would be deeper is refused at load.
pub(super) const STACK: usize = 32;

/// Something a condition can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    /// A counter of the model, by index.
    Counter(u16),
    EventValue,
    EventKind,
    EventChannel,
    EventLate,
    /// An attribute: an index into the model's attributes, or into the vocabulary's once in a set.
    EventAttribute(u16),
    Phase,
    TimeInPhase,
    TimeSinceLast,
}

/// A value on the stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operand<'a> {
    Number(f64),
    Text(&'a str),
    Bool(bool),
    Missing,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Compare {
    /// Whether it asks which of the two comes first.
    pub fn is_of_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// How a text is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Search {
    StartsWith,
    EndsWith,
    Contains,
}

/// One step of a program.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Op {
    Number(f64),
    Text(Box<str>),
    Bool(bool),
    /// Reads the program's slot of this index.
    Read(u16),
    /// Whether the program's slot of this index is there.
    Has(u16),
    Not,
    Negate,
    And,
    Or,
    /// Of three values: the second if the first is true, else the third.
    Choose,
    Arithmetic(Arithmetic),
    Compare(Compare),
    InNumbers(Box<[f64]>),
    InTexts(Box<[Box<str>]>),
    Search(Search),
}

/// A condition, ready to run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Program {
    ops: Box<[Op]>,
    slots: Box<[Slot]>,
    /// The whole program, if it compares one slot with a number, as most do.
    short: Option<(Slot, Compare, f64)>,
}

/// Where a program reads its slots.
pub(super) trait Scene {
    fn read(&self, slot: Slot) -> Operand<'_>;
}

impl Program {
    /// A program of these steps, which read these slots. The steps leave one truth value and need at most [`STACK`] places.
    pub fn new(ops: Vec<Op>, slots: Vec<Slot>) -> Self {
        let short = match ops.as_slice() {
            [Op::Read(slot), Op::Number(number), Op::Compare(how)] => Some((slots[usize::from(*slot)], *how, *number)),
            _ => None,
        };
        Self { ops: ops.into(), slots: slots.into(), short }
    }

    /// The whole program, if it compares one slot with a number.
    pub fn comparison(&self) -> Option<(Slot, Compare, f64)> {
        self.short
    }

    /// What it reads, each once, in the order of first use.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Its steps, which number the slots in the order of [`Program::slots`].
    pub fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// The same program over other slots.
    pub fn map_slots(&self, map: impl Fn(Slot) -> Slot) -> Self {
        Self::new(self.ops.to_vec(), self.slots.iter().map(|slot| map(*slot)).collect())
    }

    /// Whether the condition is true; what is missing makes it not so.
    pub fn holds(&self, scene: &impl Scene) -> bool {
        if let Some((slot, how, number)) = self.short {
            return matches!(scene.read(slot), Operand::Number(value) if ordered(how, value.partial_cmp(&number)));
        }
        self.run(scene) == Operand::Bool(true)
    }

    fn run<'s>(&'s self, scene: &'s impl Scene) -> Operand<'s> {
        let mut stack = Stack { values: [Operand::Missing; STACK], len: 0 };
        for op in &self.ops {
            let value = match op {
                Op::Number(number) => Operand::Number(*number),
                Op::Text(text) => Operand::Text(text),
                Op::Bool(value) => Operand::Bool(*value),
                Op::Read(slot) => scene.read(self.slots[usize::from(*slot)]),
                Op::Has(slot) => Operand::Bool(scene.read(self.slots[usize::from(*slot)]) != Operand::Missing),
                Op::Not => not(stack.pop()),
                Op::Negate => negate(stack.pop()),
                Op::And => stack.both(|a, b| decide(a, b, false)),
                Op::Or => stack.both(|a, b| decide(a, b, true)),
                Op::Choose => stack.choose(),
                Op::Arithmetic(how) => stack.both(|a, b| compute(*how, a, b)),
                Op::Compare(how) => stack.both(|a, b| compare(*how, a, b)),
                Op::InNumbers(list) => match stack.pop() {
                    Operand::Number(number) => Operand::Bool(list.contains(&number)),
                    _ => Operand::Missing,
                },
                Op::InTexts(list) => match stack.pop() {
                    Operand::Text(text) => Operand::Bool(list.iter().any(|item| **item == *text)),
                    _ => Operand::Missing,
                },
                Op::Search(how) => stack.both(|a, b| search(*how, a, b)),
            };
            stack.push(value);
        }
        stack.pop()
    }
}

struct Stack<'s> {
    values: [Operand<'s>; STACK],
    len: usize,
}

impl<'s> Stack<'s> {
    fn push(&mut self, value: Operand<'s>) {
        self.values[self.len] = value;
        self.len += 1;
    }

    fn pop(&mut self) -> Operand<'s> {
        self.len -= 1;
        self.values[self.len]
    }

    fn both(&mut self, apply: impl FnOnce(Operand<'s>, Operand<'s>) -> Operand<'s>) -> Operand<'s> {
        let second = self.pop();
        let first = self.pop();
        apply(first, second)
    }

    fn choose(&mut self) -> Operand<'s> {
        let (otherwise, then) = (self.pop(), self.pop());
        match self.pop() {
            Operand::Bool(true) => then,
            Operand::Bool(false) => otherwise,
            _ => Operand::Missing,
        }
    }
}

fn not(value: Operand<'_>) -> Operand<'_> {
    match value {
        Operand::Bool(value) => Operand::Bool(!value),
        _ => Operand::Missing,
    }
}

fn negate(value: Operand<'_>) -> Operand<'_> {
    match value {
        Operand::Number(number) => Operand::Number(-number),
        _ => Operand::Missing,
    }
}

/// `&&` and `||`: one side that is `strong` decides, whatever the other is; else both must be there.
fn decide<'s>(a: Operand<'s>, b: Operand<'s>, strong: bool) -> Operand<'s> {
    match (a, b) {
        (Operand::Bool(a), _) if a == strong => Operand::Bool(strong),
        (_, Operand::Bool(b)) if b == strong => Operand::Bool(strong),
        (Operand::Bool(_), Operand::Bool(_)) => Operand::Bool(!strong),
        _ => Operand::Missing,
    }
}

pub(super) fn compute<'s>(how: Arithmetic, a: Operand<'s>, b: Operand<'s>) -> Operand<'s> {
    let (Operand::Number(a), Operand::Number(b)) = (a, b) else { return Operand::Missing };
    let result = match how {
        Arithmetic::Add => a + b,
        Arithmetic::Subtract => a - b,
        Arithmetic::Multiply => a * b,
        Arithmetic::Divide => a / b,
    };
    if result.is_finite() { Operand::Number(result) } else { Operand::Missing }
}

pub(super) fn compare<'s>(how: Compare, a: Operand<'s>, b: Operand<'s>) -> Operand<'s> {
    let order = match (a, b) {
        (Operand::Number(a), Operand::Number(b)) => a.partial_cmp(&b),
        (Operand::Text(a), Operand::Text(b)) => Some(a.cmp(b)),
        (Operand::Bool(a), Operand::Bool(b)) => Some(a.cmp(&b)),
        _ => return Operand::Missing,
    };
    Operand::Bool(ordered(how, order))
}

/// Whether values in this order compare so; numbers are never NaN here.
fn ordered(how: Compare, order: Option<Ordering>) -> bool {
    match how {
        Compare::Equal => order == Some(Ordering::Equal),
        Compare::NotEqual => order != Some(Ordering::Equal),
        Compare::Less => order == Some(Ordering::Less),
        Compare::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Compare::Greater => order == Some(Ordering::Greater),
        Compare::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

pub(super) fn search<'s>(how: Search, a: Operand<'s>, b: Operand<'s>) -> Operand<'s> {
    let (Operand::Text(text), Operand::Text(part)) = (a, b) else { return Operand::Missing };
    Operand::Bool(match how {
        Search::StartsWith => text.starts_with(part),
        Search::EndsWith => text.ends_with(part),
        Search::Contains => text.contains(part),
    })
}
