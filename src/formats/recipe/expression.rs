//! Expressions in the Common Expression Language, for what the plain forms of a recipe cannot say.
//!
//! They are run by the `cel` library on the fields that they name, of `record` and, where the items of an array are read, of
//! `item`. An expression that fails on a record gives nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};
use cel::{Context, Program, Value};

use super::answers::Answers;
use super::slots::{Slot, Slots, View};
use crate::formats::found::Found;

/// Levels of an expression, at most.
const NESTING_MAX: usize = 40;

/// An expression and the fields it reads.
pub(super) struct Expression {
    text: String,
    program: Program,
    reads: Vec<Read>,
    context: Context<'static, 'static>,
    answers: Answers,
}

/// A field that an expression reads.
struct Read {
    root: Root,
    keys: Vec<String>,
    slot: Slot,
    /// Where the text of an array or object goes.
    whole: Slot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Record,
    Item,
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl Expression {
    /// Compiles an expression. An error says what to write instead.
    pub(super) fn new(text: &str, slots: &mut Slots) -> Result<Self, String> {
        let program = Program::compile(text).map_err(|errors| {
            let said = errors.errors.first().map_or_else(String::new, |error| error.msg.replace('\n', " "));
            format!("`{text}` cannot be read: {said}; write for example record.total > 10.0")
        })?;
        let mut paths = Vec::new();
        find(program.expression(), &mut paths, 0).map_err(|why| format!("`{text}`: {why}"))?;
        let mut reads: Vec<Read> = Vec::new();
        for (root, keys) in paths {
            if keys.is_empty() {
                return Err(format!("`{text}` takes a whole record; name a field of it, such as record.total"));
            }
            if reads.iter().any(|read| read.root == root && read.keys == keys) {
                continue;
            }
            let (slot, whole) = match root {
                Root::Record => (slots.record.keys(&keys, 0), slots.record.whole(&keys, 0)),
                Root::Item => match &mut slots.item {
                    Some(item) => (item.keys(&keys, 2), item.whole(&keys, 2)),
                    None => return Err(format!("`{text}` reads `item`, but there is no `each`; write record")),
                },
            };
            reads.push(Read { root, keys, slot, whole });
        }
        Ok(Self { text: text.to_owned(), program, reads, context: Context::default(), answers: Answers::new() })
    }

    /// Whether it is true.
    pub(super) fn is_true(&self, view: &View<'_, '_>) -> bool {
        self.get(view) == Found::Bool(true)
    }

    /// What it gives.
    pub(super) fn get<'a>(&self, view: &View<'_, '_>) -> Found<'a> {
        let fields = self.reads.iter().flat_map(|read| [view.get(read.slot), view.get(read.whole)]);
        self.answers.to(fields, || self.ask(view))
    }

    fn ask(&self, view: &View<'_, '_>) -> Found<'static> {
        match self.run(view) {
            Some(Value::Bool(value)) => Found::Bool(value),
            Some(Value::Int(number)) => match u64::try_from(number) {
                Ok(number) => Found::Unsigned(number),
                Err(_) => Found::Signed(number),
            },
            Some(Value::UInt(number)) => Found::Unsigned(number),
            Some(Value::Float(number)) if number.is_finite() => Found::Float(number),
            Some(Value::String(text)) => Found::Text(Cow::Owned(text.to_string())),
            _ => Found::Absent,
        }
    }

    fn run(&self, view: &View<'_, '_>) -> Option<Value> {
        let mut context = self.context.new_inner_scope();
        for root in [Root::Record, Root::Item] {
            let mut fields = Tree::default();
            for read in self.reads.iter().filter(|read| read.root == root) {
                if let Some(value) = value(view.get(read.slot)).or_else(|| value(view.get(read.whole))) {
                    fields.put(&read.keys, value);
                }
            }
            let name = if root == Root::Record { "record" } else { "item" };
            context.add_variable_from_value(name, fields.value());
        }
        self.program.execute(&context).ok()
    }
}

/// Values by their keys.
#[derive(Default)]
struct Tree {
    own: Option<Value>,
    below: HashMap<String, Tree>,
}

impl Tree {
    fn put(&mut self, keys: &[String], value: Value) {
        match keys.split_first() {
            None => self.own = Some(value),
            Some((key, rest)) => self.below.entry(key.clone()).or_default().put(rest, value),
        }
    }

    fn value(self) -> Value {
        match self.own {
            Some(own) if self.below.is_empty() => own,
            _ => {
                let below: HashMap<String, Value> =
                    self.below.into_iter().map(|(key, tree)| (key, tree.value())).collect();
                Value::from(below)
            }
        }
    }
}

fn value(found: &Found<'_>) -> Option<Value> {
    Some(match found {
        Found::Absent | Found::Other => return None,
        Found::Raw(json) => return serde_json::from_str(json).ok().map(json_value),
        Found::Null => Value::Null,
        Found::Bool(value) => Value::Bool(*value),
        Found::Unsigned(number) => i64::try_from(*number).map_or(Value::UInt(*number), Value::Int),
        Found::Signed(number) => Value::Int(*number),
        Found::Float(number) => Value::Float(*number),
        Found::Text(text) => Value::String(Arc::new(text.to_string())),
    })
}

/// An array or object as the library has it.
fn json_value(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Int(number),
            (None, Some(number)) => Value::UInt(number),
            (None, None) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(Arc::new(text)),
        Json::Array(items) => Value::List(Arc::new(items.into_iter().map(json_value).collect())),
        Json::Object(fields) => {
            let fields: HashMap<String, Value> =
                fields.into_iter().map(|(key, value)| (key, json_value(value))).collect();
            Value::from(fields)
        }
    }
}

/// The fields of `record` and `item` that an expression reads.
fn find(expr: &IdedExpr, paths: &mut Vec<(Root, Vec<String>)>, depth: usize) -> Result<(), String> {
    if depth > NESTING_MAX {
        return Err(format!("nested deeper than {NESTING_MAX} levels; write it simpler"));
    }
    if let Some(path) = path(expr) {
        paths.push(path);
        return Ok(());
    }
    let mut all = |exprs: &[&IdedExpr]| exprs.iter().try_for_each(|expr| find(expr, paths, depth + 1));
    match &expr.expr {
        Expr::Call(CallExpr { target, args, .. }) => {
            let inner: Vec<&IdedExpr> = target.iter().map(AsRef::as_ref).chain(args).collect();
            all(&inner)
        }
        Expr::Select(SelectExpr { operand, .. }) => all(&[operand]),
        Expr::List(list) => all(&list.elements.iter().collect::<Vec<_>>()),
        Expr::Comprehension(loops) => {
            all(&[&loops.iter_range, &loops.accu_init, &loops.loop_cond, &loops.loop_step, &loops.result])
        }
        _ => Ok(()),
    }
}

/// The field that an expression is, if it is one.
fn path(expr: &IdedExpr) -> Option<(Root, Vec<String>)> {
    match &expr.expr {
        Expr::Ident(name) if name == "record" => Some((Root::Record, Vec::new())),
        Expr::Ident(name) if name == "item" => Some((Root::Item, Vec::new())),
        Expr::Select(SelectExpr { operand, field, .. }) => {
            let (root, mut keys) = path(operand)?;
            keys.push(field.clone());
            Some((root, keys))
        }
        Expr::Call(CallExpr { func_name, args, .. }) if func_name == operators::INDEX => {
            let [operand, index] = args.as_slice() else { return None };
            let (root, mut keys) = path(operand)?;
            keys.push(match &index.expr {
                Expr::Literal(LiteralValue::String(key)) => key.to_string(),
                _ => return None,
            });
            Some((root, keys))
        }
        _ => None,
    }
}
