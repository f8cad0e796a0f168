//! Calls and operators of a condition: what they take, what they give, and the step they become.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::{Compiler, Type};
use crate::journey::Span;
use crate::journey::language::fields::quoted;
use crate::journey::language::suggest::instead;
use crate::journey::program::{Arithmetic, Compare, Op, Search};

impl Compiler<'_> {
    pub(super) fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Option<Type> {
        if let Some(target) = &call.target {
            return self.method(node, target, call);
        }
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND, [a, b]) => self.logical(Op::And, a, b),
            (operators::LOGICAL_OR, [a, b]) => self.logical(Op::Or, a, b),
            (operators::LOGICAL_NOT, [a]) => self.apply(Op::Not, &[(a, Type::Bool)], Type::Bool),
            (operators::NEGATE, [a]) => self.apply(Op::Negate, &[(a, Type::Number)], Type::Number),
            (operators::CONDITIONAL, [a, b, c]) => self.conditional(a, b, c),
            (operators::IN, [a, b]) => self.within(a, b),
            ("duration", [a]) => self.duration(node, a),
            (name, [a, b]) if let Some(how) = comparison(name) => self.comparison(node, how, a, b),
            (name, [a, b]) if let Some(how) = arithmetic(name) => {
                self.apply(Op::Arithmetic(how), &[(a, Type::Number), (b, Type::Number)], Type::Number)
            }
            (operators::MODULO, _) => self.mistake(node, "`%` has no use here; write `+`, `-`, `*` or `/`".to_owned()),
            (operators::INDEX, _) => {
                self.mistake(node, "nothing here can be indexed; write e.g. `event.value`".to_owned())
            }
            (name, _) => {
                let known = ["has", "duration", "startsWith", "endsWith", "contains"];
                let hint = instead(name, known);
                self.mistake(node, format!("`{name}()` cannot be called so; {hint}"))
            }
        }
    }

    /// Compiles operands that must be of these types, then the step that takes them.
    fn apply(&mut self, op: Op, operands: &[(&IdedExpr, Type)], result: Type) -> Option<Type> {
        let mut sound = true;
        for (node, wanted) in operands {
            match self.expression(node) {
                Some(found) if found == *wanted => {}
                Some(found) => {
                    let example = match wanted {
                        Type::Number => "a counter, `event.value` or a number such as `3`",
                        Type::Text => "a text in quotes, such as `\"shoes\"`",
                        Type::Bool => "a comparison such as `views >= 3`",
                        Type::Span => "a span such as `duration(\"48h\")`",
                    };
                    self.mistake::<()>(node, format!("this is {found}, but {wanted} is expected; write {example}"));
                    sound = false;
                }
                None => sound = false,
            }
        }
        if !sound {
            return None;
        }
        self.emit(op, operands.len());
        Some(result)
    }

    fn logical(&mut self, op: Op, a: &IdedExpr, b: &IdedExpr) -> Option<Type> {
        self.apply(op, &[(a, Type::Bool), (b, Type::Bool)], Type::Bool)
    }

    fn conditional(&mut self, test: &IdedExpr, then: &IdedExpr, otherwise: &IdedExpr) -> Option<Type> {
        let first = self.expression(test);
        if let Some(found) = first.filter(|found| *found != Type::Bool) {
            self.mistake::<()>(
                test,
                format!("this is {found}, but before `?` stands true or false; write a comparison"),
            );
        }
        let (second, third) = (self.expression(then)?, self.expression(otherwise)?);
        if second != third {
            return self.mistake(
                otherwise,
                format!("this is {third}, but before `:` stands {second}; write the same on both sides"),
            );
        }
        first.filter(|found| *found == Type::Bool)?;
        self.emit(Op::Choose, 3);
        Some(second)
    }

    fn comparison(&mut self, node: &IdedExpr, how: Compare, a: &IdedExpr, b: &IdedExpr) -> Option<Type> {
        let (left, right) = (self.expression(a), self.expression(b));
        let (left, right) = (left?, right?);
        if left != right {
            let hint = match (left, right) {
                (Type::Span, Type::Number | Type::Text) | (Type::Number | Type::Text, Type::Span) => {
                    "write a span as `duration(\"48h\")`"
                }
                (Type::Text, _) | (_, Type::Text) => "a text stands in quotes, a number does not",
                _ => "write the same kind of thing on both sides",
            };
            return self.mistake(node, format!("{left} cannot be compared with {right}; {hint}"));
        }
        if left == Type::Bool && !matches!(how, Compare::Equal | Compare::NotEqual) {
            return self.mistake(node, "true and false have no order; compare them with `==` or `!=`".to_owned());
        }
        self.known_text(a, b)?;
        self.known_text(b, a)?;
        self.emit(Op::Compare(how), 2);
        Some(Type::Bool)
    }

    fn within(&mut self, item: &IdedExpr, list: &IdedExpr) -> Option<Type> {
        let found = self.expression(item);
        let Expr::List(literals) = &list.expr else {
            return self.mistake(
                list,
                "after `in` stands a list of literals, such as `[\"a\", \"b\"]`; to search a text write `.contains()`"
                    .to_owned(),
            );
        };
        let found = found?;
        let (mut numbers, mut texts) = (Vec::new(), Vec::new());
        for literal in &literals.elements {
            match (&literal.expr, found) {
                (Expr::Literal(LiteralValue::Int(value)), Type::Number) => numbers.push(*value.inner() as f64),
                (Expr::Literal(LiteralValue::UInt(value)), Type::Number) => numbers.push(*value.inner() as f64),
                (Expr::Literal(LiteralValue::Double(value)), Type::Number) => numbers.push(*value.inner()),
                (Expr::Literal(LiteralValue::String(text)), Type::Text) => {
                    self.known_text(item, literal)?;
                    texts.push(Box::from(text.inner()));
                }
                _ => {
                    return self
                        .mistake(literal, format!("in this list each must be {found}, written out; write a literal"));
                }
            }
        }
        match found {
            Type::Number => self.emit(Op::InNumbers(numbers.into()), 1),
            Type::Text => self.emit(Op::InTexts(texts.into()), 1),
            Type::Bool | Type::Span => {
                return self.mistake(item, format!("{found} cannot be looked up in a list; compare it"));
            }
        }
        Some(Type::Bool)
    }

    /// Refuses to compare a phase or kind with a text that is none.
    fn known_text(&mut self, what: &IdedExpr, literal: &IdedExpr) -> Option<()> {
        let Expr::Literal(LiteralValue::String(text)) = &literal.expr else { return Some(()) };
        let (noun, known): (&str, Vec<&str>) = match &what.expr {
            Expr::Ident(name) if name == "phase" => {
                ("phase", self.names.phases.iter().map(|phase| phase.name.as_str()).chain(["new"]).collect())
            }
            Expr::Select(select) if select.field == "kind" => {
                ("kind", self.names.kinds.iter().map(|kind| kind.as_str()).collect())
            }
            _ => return Some(()),
        };
        if known.contains(&text.inner()) {
            return Some(());
        }
        let hint = instead(text.inner(), known);
        self.mistake(literal, format!("`{}` is not a {noun} of this model; {hint}", text.inner()))
    }

    fn duration(&mut self, node: &IdedExpr, text: &IdedExpr) -> Option<Type> {
        let Expr::Literal(LiteralValue::String(text)) = &text.expr else {
            return self
                .mistake(node, "`duration()` takes a text written out; write e.g. `duration(\"48h\")`".to_owned());
        };
        match text.inner().parse::<Span>() {
            Ok(span) => self.emit(Op::Number(span.0 as f64), 0),
            Err(error) => return self.mistake(node, error.to_string()),
        }
        Some(Type::Span)
    }

    fn method(&mut self, node: &IdedExpr, target: &IdedExpr, call: &CallExpr) -> Option<Type> {
        let how = match call.func_name.as_str() {
            "startsWith" => Search::StartsWith,
            "endsWith" => Search::EndsWith,
            "contains" => Search::Contains,
            other => {
                let known = ["startsWith", "endsWith", "contains"];
                return self.mistake(node, format!("there is no `.{other}()`; {}", instead(other, known)));
            }
        };
        let [part] = call.args.as_slice() else {
            let names = quoted(&[call.func_name.as_str()]);
            return self.mistake(node, format!("{names} takes one text; write e.g. `event.channel.startsWith(\"m\")`"));
        };
        self.apply(Op::Search(how), &[(target, Type::Text), (part, Type::Text)], Type::Bool)
    }
}

fn comparison(name: &str) -> Option<Compare> {
    Some(match name {
        operators::EQUALS => Compare::Equal,
        operators::NOT_EQUALS => Compare::NotEqual,
        operators::LESS => Compare::Less,
        operators::LESS_EQUALS => Compare::LessOrEqual,
        operators::GREATER => Compare::Greater,
        operators::GREATER_EQUALS => Compare::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    Some(match name {
        operators::ADD => Arithmetic::Add,
        operators::SUBSTRACT => Arithmetic::Subtract,
        operators::MULTIPLY => Arithmetic::Multiply,
        operators::DIVIDE => Arithmetic::Divide,
        _ => return None,
    })
}
