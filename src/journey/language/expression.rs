//! Conditions: parsed as the Common Expression Language, type-checked, and compiled to a program over slots.
//!
//! A subset of the language, chosen so that nothing can fail at run time but by absence: comparisons, `&&`, `||`, `!`,
//! `+ - * /`, `in` a list of literals, `has()`, `startsWith`, `endsWith`, `contains`, `duration()` and `? :`.

mod calls;
mod reading;

use std::fmt;

use cel::common::ast::{Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};
use compact_str::CompactString;

use reading::{on_one_line, parse};

use super::sections::Names;
use super::suggest::instead;
use crate::journey::model::Condition;
use crate::journey::program::{Op, Program, STACK, Slot};
use crate::journey::{AttrType, EVENT_PARTS};

/// The longest condition that is parsed: the parser's work must stay bounded.
const LENGTH_MAX: usize = 2_000;

/// How deep a condition may be nested, so that walking it needs little stack.
const NESTING_MAX: usize = 64;

/// A mistake in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Where in the condition, in characters.
    pub offset: usize,
    pub text: String,
}

/// What an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Number,
    Text,
    Bool,
    Span,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Bool => "true or false",
            Self::Span => "a span of time",
        })
    }
}

/// What a condition can read, by when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// When an event came: everything.
    ByEvent,
    /// When a timer is due: there is no event.
    ByTimer,
    /// Before anybody looks at the customer: the event alone.
    OfEvent,
}

/// Compiles a condition; all mistakes at once.
pub(super) fn compile(text: &str, names: &Names, asked: Asked) -> Result<Condition, Vec<Mistake>> {
    if text.len() > LENGTH_MAX {
        let text = format!("the condition is too long; write at most {LENGTH_MAX} bytes, or make it two transitions");
        return Err(vec![Mistake { offset: 0, text }]);
    }
    let (root, info) = parse(text)?;
    let mut compiler = Compiler {
        source: text,
        names,
        info,
        asked,
        ops: Vec::new(),
        slots: Vec::new(),
        reads: Vec::new(),
        nesting: 0,
        depth: 0,
        deepest: 0,
        mistakes: Vec::new(),
    };
    if let Some(found) = compiler.expression(&root)
        && found != Type::Bool
    {
        compiler.mistake::<()>(&root, format!("the condition is {found}; compare it, as in `views >= 3`"));
    }
    if compiler.deepest > STACK {
        compiler.mistake::<()>(&root, "the condition is nested too deeply; make it two transitions".to_owned());
    }
    if !compiler.mistakes.is_empty() {
        compiler.mistakes.sort_by_key(|mistake| mistake.offset);
        return Err(compiler.mistakes);
    }
    Ok(Condition {
        text: on_one_line(text),
        program: Program::new(compiler.ops, compiler.slots),
        reads: compiler.reads,
    })
}

struct Compiler<'a> {
    source: &'a str,
    names: &'a Names,
    info: SourceInfo,
    asked: Asked,
    ops: Vec<Op>,
    slots: Vec<Slot>,
    reads: Vec<CompactString>,
    nesting: usize,
    depth: usize,
    deepest: usize,
    mistakes: Vec<Mistake>,
}

impl Compiler<'_> {
    fn mistake<T>(&mut self, at: &IdedExpr, text: String) -> Option<T> {
        let byte = self.info.offset_for(at.id).map_or(0, |(start, _)| start as usize);
        let before = self.source.get(..byte).unwrap_or_default().chars().count();
        let found = self.source.get(byte..).and_then(|rest| rest.chars().next());
        // The parser places a call at its parenthesis and a part at its dot; people look for the name.
        let offset = match (&at.expr, found) {
            (Expr::Call(call), Some('(')) => before.saturating_sub(call.func_name.chars().count()),
            (Expr::Select(select), Some('(')) if select.test => before.saturating_sub(operators::HAS.len()),
            (Expr::Select(_), Some('.')) => before + 1,
            _ => before,
        };
        self.mistakes.push(Mistake { offset, text });
        None
    }

    /// Adds a step that takes values from the stack and leaves one.
    fn emit(&mut self, op: Op, takes: usize) {
        self.depth = self.depth + 1 - takes;
        self.deepest = self.deepest.max(self.depth);
        self.ops.push(op);
    }

    fn expression(&mut self, node: &IdedExpr) -> Option<Type> {
        if self.nesting == NESTING_MAX {
            return self.mistake(node, "the condition is nested too deeply; make it two transitions".to_owned());
        }
        self.nesting += 1;
        let found = self.node(node);
        self.nesting -= 1;
        found
    }

    fn node(&mut self, node: &IdedExpr) -> Option<Type> {
        match &node.expr {
            Expr::Literal(literal) => self.literal(node, literal),
            Expr::Ident(name) => self.variable(node, name),
            Expr::Select(select) => self.select(node, select),
            Expr::Call(call) => self.call(node, call),
            Expr::List(_) => {
                self.mistake(node, "a list stands only after `in`, as in `event.kind in [\"a\", \"b\"]`".to_owned())
            }
            _ => self.mistake(
                node,
                "maps, structures and comprehensions have no use here; write comparisons joined by `&&` and `||`"
                    .to_owned(),
            ),
        }
    }

    fn literal(&mut self, node: &IdedExpr, literal: &LiteralValue) -> Option<Type> {
        let (op, kind) = match literal {
            LiteralValue::Boolean(value) => (Op::Bool(*value.inner()), Type::Bool),
            LiteralValue::Int(value) => (Op::Number(*value.inner() as f64), Type::Number),
            LiteralValue::UInt(value) => (Op::Number(*value.inner() as f64), Type::Number),
            LiteralValue::Double(value) if value.inner().is_finite() => (Op::Number(*value.inner()), Type::Number),
            LiteralValue::Double(_) => {
                return self.mistake(node, "the number is too large; write a smaller one".to_owned());
            }
            LiteralValue::String(text) => (Op::Text(text.inner().into()), Type::Text),
            LiteralValue::Null => {
                return self.mistake(
                    node,
                    "nothing is ever `null`; to ask whether an event has something write `has(event.x)`".to_owned(),
                );
            }
            LiteralValue::Bytes(_) => {
                return self.mistake(node, "bytes have no use here; write a text, without the `b`".to_owned());
            }
        };
        self.emit(op, 0);
        Some(kind)
    }

    fn variable(&mut self, node: &IdedExpr, name: &str) -> Option<Type> {
        if self.asked == Asked::OfEvent && name != "event" {
            let text = format!("`{name}` is the customer's, but this is asked of the event alone; read `event.…`");
            return self.mistake(node, text);
        }
        let (slot, kind) = match name {
            "phase" => (Slot::Phase, Type::Text),
            "time_in_phase" => (Slot::TimeInPhase, Type::Span),
            "time_since_last" => (Slot::TimeSinceLast, Type::Span),
            "event" => {
                return self.mistake(
                    node,
                    "`event` alone is nothing; write what of it is meant, such as `event.value`".to_owned(),
                );
            }
            _ => match self.names.counters.iter().position(|counter| counter.name == name) {
                Some(index) if self.asked == Asked::ByTimer && self.names.counters[index].per.is_some() => {
                    let text = format!(
                        "a timer has no event, so it is not known which value of `{name}` is meant; ask it of an event"
                    );
                    return self.mistake(node, text);
                }
                Some(index) => (Slot::Counter(index as u16), Type::Number),
                None => {
                    let hint = self.instead_of(name);
                    return self.mistake(node, format!("`{name}` is not a counter; {hint}"));
                }
            },
        };
        let index = self.slot(slot, name);
        self.emit(Op::Read(index), 0);
        Some(kind)
    }

    fn instead_of(&self, name: &str) -> String {
        if self.names.attributes.iter().any(|(attribute, _)| attribute == name) {
            return format!("did you mean `event.{name}`?");
        }
        let fixed = ["phase", "time_in_phase", "time_since_last", "event.value", "event.kind", "event.channel"];
        instead(name, self.names.counters.iter().map(|counter| counter.name.as_str()).chain(fixed))
    }

    /// `event.x`, or `has(event.x)`.
    fn select(&mut self, node: &IdedExpr, select: &SelectExpr) -> Option<Type> {
        let field = select.field.as_str();
        if !matches!(&select.operand.expr, Expr::Ident(name) if name == "event") {
            return self
                .mistake(node, format!("`.{field}` is of nothing; only `event` has parts, such as `event.value`"));
        }
        if self.asked == Asked::ByTimer {
            return self.mistake(
                node,
                format!("a timer has no event, so `event.{field}` cannot be read; count it in a counter"),
            );
        }
        if self.asked == Asked::OfEvent && field == "late" {
            let text = "whether an event is late depends on the customer, but this is asked of the event alone; leave `event.late` out";
            return self.mistake(node, text.to_owned());
        }
        let attribute = self.names.attributes.iter().position(|(name, _)| name == field);
        let (slot, kind) = match (field, attribute) {
            ("value", _) => (Slot::EventValue, Type::Number),
            ("kind", _) => (Slot::EventKind, Type::Text),
            ("channel", _) => (Slot::EventChannel, Type::Text),
            ("late", _) => (Slot::EventLate, Type::Bool),
            (_, Some(index)) => {
                let kind = match self.names.attributes[index].1 {
                    AttrType::Number => Type::Number,
                    AttrType::Text => Type::Text,
                    AttrType::Bool => Type::Bool,
                };
                (Slot::EventAttribute(index as u16), kind)
            }
            (_, None) => {
                let names = self.names.attributes.iter().map(|(name, _)| name.as_str());
                let hint = instead(field, names.chain(EVENT_PARTS));
                return self.mistake(node, format!("`{field}` is not in `attributes`; {hint} (or add it there)"));
            }
        };
        let index = self.slot(slot, &format!("event.{field}"));
        if !select.test {
            self.emit(Op::Read(index), 0);
            return Some(kind);
        }
        if !matches!(slot, Slot::EventValue | Slot::EventAttribute(_)) {
            return self.mistake(node, format!("every event has `event.{field}`; leave `has()` out"));
        }
        self.emit(Op::Has(index), 0);
        Some(Type::Bool)
    }

    fn slot(&mut self, slot: Slot, name: &str) -> u16 {
        let known = self.slots.iter().position(|other| *other == slot);
        let index = known.unwrap_or_else(|| {
            self.slots.push(slot);
            self.reads.push(name.into());
            self.slots.len() - 1
        });
        index as u16
    }
}
