//! Answers that an expression gave before: to the same fields it gives the same, and to ask it takes a thousand times as long
//! as to look here.

use std::cell::RefCell;

use xxhash_rust::xxh3::xxh3_64;

use crate::formats::found::Found;

/// Answers kept of one expression.
const ANSWERS: usize = 64;
/// The most bytes of fields for which an answer is kept.
const FIELDS_BYTES_MAX: usize = 1024;

/// The answers of one expression.
pub(super) struct Answers(RefCell<Memory>);

struct Memory {
    /// What is asked now, written so that no two questions look alike.
    question: Vec<u8>,
    /// At the place that the question's hash says: the last such question, and its answer.
    known: Box<[Option<Known>; ANSWERS]>,
}

/// A question, and its answer.
type Known = (Box<[u8]>, Found<'static>);

impl Answers {
    pub(super) fn new() -> Self {
        Self(RefCell::new(Memory { question: Vec::new(), known: Box::new([const { None }; ANSWERS]) }))
    }

    /// The answer to these fields; one that is not known is asked for.
    pub(super) fn to<'v, 'a: 'v>(
        &self,
        fields: impl Iterator<Item = &'v Found<'a>>,
        ask: impl FnOnce() -> Found<'static>,
    ) -> Found<'static> {
        let mut memory = self.0.borrow_mut();
        let Memory { question, known } = &mut *memory;
        question.clear();
        for field in fields {
            write(field, question);
            if question.len() > FIELDS_BYTES_MAX {
                return ask();
            }
        }
        let place = &mut known[xxh3_64(question) as usize % ANSWERS];
        match place {
            Some((asked, answer)) if **asked == **question => answer.clone(),
            _ => {
                let answer = ask();
                *place = Some((question.as_slice().into(), answer.clone()));
                answer
            }
        }
    }
}

/// Appends a field with its type, and a text with its length.
fn write(field: &Found<'_>, question: &mut Vec<u8>) {
    let (kind, text, number): (u8, &str, u64) = match field {
        Found::Absent => (0, "", 0),
        Found::Null => (1, "", 0),
        Found::Bool(value) => (2, "", u64::from(*value)),
        Found::Unsigned(number) => (3, "", *number),
        Found::Signed(number) => (4, "", number.cast_unsigned()),
        Found::Float(number) => (5, "", number.to_bits()),
        Found::Text(text) => (6, text, text.len() as u64),
        Found::Other => (7, "", 0),
        Found::Raw(text) => (8, text, text.len() as u64),
    };
    question.push(kind);
    question.extend_from_slice(&number.to_le_bytes());
    question.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn what_was_asked_before_is_known_and_nothing_else() {
        let text = |text: &'static str| Found::Text(Cow::Borrowed(text));
        let questions: Vec<Vec<Found<'_>>> = vec![
            vec![],
            vec![Found::Absent],
            vec![Found::Null],
            vec![Found::Other],
            vec![Found::Bool(true)],
            vec![Found::Bool(false)],
            vec![Found::Unsigned(1)],
            vec![Found::Signed(-1)],
            vec![Found::Float(1.0)],
            vec![text("1")],
            vec![text("")],
            vec![Found::Raw("[1]")],
            vec![text("[1]")],
            vec![text("a"), text("bc")],
            vec![text("ab"), text("c")],
            vec![text("abc"), Found::Absent],
        ];
        let answers = Answers::new();
        for _ in 0..3 {
            for (number, fields) in questions.iter().enumerate() {
                let answer = Found::Unsigned(number as u64);
                assert_eq!(answers.to(fields.iter(), || answer.clone()), answer, "{fields:?}");
                // Whatever would be said now, if it was asked again at once.
                assert_eq!(answers.to(fields.iter(), || Found::Null), answer, "{fields:?}");
            }
        }
    }

    #[test]
    fn of_long_fields_nothing_is_kept() {
        let long = Found::Text("x".repeat(FIELDS_BYTES_MAX).into());
        let answers = Answers::new();
        assert_eq!(answers.to([&long].into_iter(), || Found::Unsigned(1)), Found::Unsigned(1));
        assert_eq!(answers.to([&long].into_iter(), || Found::Unsigned(2)), Found::Unsigned(2));
    }
}
