//! A condition's text: taken apart by the parser, whose complaints are put in other words, and put on one line.

use cel::common::ast::{IdedExpr, SourceInfo};
use cel::parser::Parser;

use super::{Mistake, NESTING_MAX};

/// The condition with single spaces, save in the texts it quotes.
pub(super) fn on_one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut quote = None;
    let mut escaped = false;
    for letter in text.trim().chars() {
        match quote {
            None if letter.is_whitespace() => {
                if !line.ends_with(' ') {
                    line.push(' ');
                }
                continue;
            }
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            Some(open) if letter == open && !escaped => quote = None,
            _ => {}
        }
        escaped = letter == '\\' && !escaped;
        line.push(letter);
    }
    line
}

/// The condition as the parser takes it apart; of several mistakes the first.
pub(super) fn parse(text: &str) -> Result<(IdedExpr, SourceInfo), Vec<Mistake>> {
    Parser::new().max_recursion_depth(NESTING_MAX as u16).parse_with_source_info(text).map_err(|errors| {
        let Some(error) = errors.errors.first() else { return Vec::new() };
        let (line, column) = error.pos;
        let before = text.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0));
        let offset = before.map(|line| line.chars().count()).sum::<usize>() + usize::try_from(column - 1).unwrap_or(0);
        let said = error.msg.trim_start_matches("Syntax error: ").split(" expecting ").next().unwrap_or_default();
        vec![Mistake { offset, text: format!("the condition cannot be read: {}", explain(said)) }]
    })
}

/// What the parser said, in other words, with what to write instead.
fn explain(said: &str) -> String {
    let known = [
        ("mismatched input '<EOF>'", "it ends too early; write what is missing"),
        ("token recognition error at: '=", "`=` compares nothing; write `==`"),
        ("input 'and'", "`and` is unknown; write `&&`"),
        ("input 'or'", "`or` is unknown; write `||`"),
        ("input 'not'", "`not` is unknown; write `!`"),
        ("has() macro", "`has()` asks whether an event has something; write `has(event.x)`"),
    ];
    if let Some((_, text)) = known.iter().find(|(part, _)| said.contains(part)) {
        return (*text).to_owned();
    }
    let said = said.replace("'<EOF>'", "the end").replace("mismatched input", "unexpected");
    let said = said.replace("extraneous input", "unexpected").replace("no viable alternative at input", "unexpected");
    format!("{said}; write e.g. `views >= 3 && event.value > 50`")
}
