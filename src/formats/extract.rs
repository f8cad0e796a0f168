//! The fields of a JSON record that somebody asked for, and none of the others.
//!
//! A [`Shape`] is a small tree of the wanted paths; reading a record walks that tree along the text once. What is not
//! on a path is checked to be JSON and skipped, without being kept. Nearly every record looks like an earlier one and is read
//! by `habit`; others are read by `scan`, in one pass; what that does not know, and what is wrong, by `walk`. The result is
//! the same.
//!
//! Not in here: what the fields mean.

use std::borrow::Cow;

use super::found::{Found, relet};
use super::habit::Habit;
use super::lesson::Lesson;
use super::passage::Passage;
use super::quotes::Quotes;
use super::shape::{ROOT, Shape};
use super::{literal, scan, walk};
use crate::journey::Reject;

/// Reads records of one shape, one after the other.
#[derive(Debug)]
pub(super) struct Extractor {
    shape: Shape,
    /// Whether records that look like earlier ones may be read by comparing alone.
    has_habits: bool,
    habit: Habit,
    quotes: Quotes,
    /// The memory of the last record's findings, all empty.
    memory: Vec<Found<'static>>,
}

impl Extractor {
    /// An extractor of what the shape wants.
    pub(super) fn new(shape: Shape) -> Self {
        let memory = vec![Found::Absent; shape.slots()];
        let has_habits = !shape.is_loose();
        Self { shape, has_habits, habit: Habit::default(), quotes: Quotes::default(), memory }
    }

    /// See [`Shape::keys`].
    pub(super) fn keys(&self) -> Option<impl Iterator<Item = &str>> {
        self.shape.keys()
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        self.memory.len()
    }

    /// What stands in the record, by slot, is handed over. The record must be one JSON object and nothing after it.
    pub(super) fn read<'a, T>(
        &mut self,
        value: Option<&'a [u8]>,
        take: impl FnOnce(&[Found<'a>]) -> Result<T, Reject>,
    ) -> Result<T, Reject> {
        self.read_passage(value, |_, found| take(found))
    }

    /// The same, with the record as a text.
    pub(super) fn read_passage<'a, T>(
        &mut self,
        value: Option<&'a [u8]>,
        take: impl FnOnce(Passage<'_, 'a>, &[Found<'a>]) -> Result<T, Reject>,
    ) -> Result<T, Reject> {
        let bytes = value.filter(|value| !value.is_empty()).ok_or(Reject::Empty)?;
        let is_marked = self.quotes.mark(bytes).is_some();
        let unsure = if is_marked { self.quotes.beyond_ascii() } else { 0..bytes.len() };
        if !unsure.is_empty() {
            let check = std::str::from_utf8(&bytes[unsure.clone()]);
            check.map_err(|error| Reject::InvalidUtf8(unsure.start + error.valid_up_to()))?;
        }
        // SAFETY: every byte was looked at, and the characters are whole and right where they are not ASCII.
        let text = unsafe { std::str::from_utf8_unchecked(bytes) };
        self.read_marked(text, is_marked, take)
    }

    /// The same, of a part of what was read before.
    pub(super) fn read_part<'a, T>(
        &mut self,
        part: Passage<'_, 'a>,
        take: impl FnOnce(Passage<'_, 'a>, &[Found<'a>]) -> Result<T, Reject>,
    ) -> Result<T, Reject> {
        let Passage { text, quotes: Some(quotes) } = part else {
            return self.read_passage(Some(part.text.as_bytes()), take);
        };
        self.quotes.take(&quotes, text.len());
        self.read_marked(text, true, take)
    }

    #[inline(always)]
    fn read_marked<'a, T>(
        &mut self,
        text: &'a str,
        is_marked: bool,
        take: impl FnOnce(Passage<'_, 'a>, &[Found<'a>]) -> Result<T, Reject>,
    ) -> Result<T, Reject> {
        let mut found = std::mem::take(&mut self.memory);
        let is_usual = is_marked && self.has_habits && self.habit.read(&self.quotes, text, &mut found).is_some();
        let learns = self.has_habits && self.habit.note(is_usual);
        let read = if is_usual { Ok(()) } else { self.read_unusual(text, is_marked, learns, &mut found) };
        let passage = if is_marked { Passage::marked(text, &self.quotes) } else { Passage::bare(text) };
        let taken = read.and_then(|()| take(passage, &found));
        self.memory = relet(found);
        taken
    }

    /// The same for any JSON: what is no object may be wanted as a whole. The text is UTF-8, as its type says.
    pub(super) fn read_any<'a, T>(
        &mut self,
        part: Passage<'_, 'a>,
        take: impl FnOnce(Passage<'_, 'a>, &[Found<'a>]) -> Result<T, Reject>,
    ) -> Result<T, Reject> {
        let text = part.text;
        // Whoever wants nothing of what is no object is told that it is none.
        if text.trim_ascii_start().starts_with('{') || !self.shape.wants_whole() {
            return self.read_part(part, take);
        }
        let mut found = std::mem::take(&mut self.memory);
        found.fill(Found::Absent);
        let read = match (literal::plain_text(text), self.shape.node(ROOT).slot) {
            // As the items of many an array are: addresses, names of products.
            (Some(text), Some(whole)) => {
                found[whole] = Found::Text(Cow::Borrowed(text));
                Ok(())
            }
            _ => walk::read_any(&self.shape, text, &mut found),
        };
        let taken = read.and_then(|()| take(part, &found));
        self.memory = relet(found);
        taken
    }

    /// A text with its quotes marked, if it can be.
    pub(super) fn mark<'a>(&mut self, text: &'a str) -> Passage<'_, 'a> {
        match self.quotes.mark(text.as_bytes()) {
            Some(()) => Passage::marked(text, &self.quotes),
            None => Passage::bare(text),
        }
    }

    /// A record that looks like none before.
    #[cold]
    fn read_unusual<'a>(
        &mut self,
        text: &'a str,
        is_marked: bool,
        learns: bool,
        found: &mut [Found<'a>],
    ) -> Result<(), Reject> {
        found.fill(Found::Absent);
        let is_read = is_marked
            && !self.shape.is_loose()
            && if learns {
                let mut lesson = Lesson::default();
                let is_read = scan::read(&self.shape, &self.quotes, text, found, &mut lesson).is_some();
                if is_read {
                    self.habit.learn(text.as_bytes(), &lesson);
                }
                is_read
            } else {
                scan::read(&self.shape, &self.quotes, text, found, &mut ()).is_some()
            };
        if is_read {
            return Ok(());
        }
        found.fill(Found::Absent);
        walk::read(&self.shape, text, found)
    }

    #[cfg(test)]
    pub(super) fn habit(&self) -> &Habit {
        &self.habit
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check(paths: &[&[&str]], record: &str, expected: &[Found<'_>]) {
        let mut shape = Shape::new();
        let slots: Vec<usize> = paths.iter().map(|path| shape.slot(*path)).collect();
        let take = |found: &[Found<'_>]| Ok(slots.iter().map(|&slot| owned(&found[slot])).collect());
        let found: Result<Vec<_>, _> = Extractor::new(shape).read(Some(record.as_bytes()), take);
        let found = found.unwrap_or_else(|reject| panic!("{record}: {reject}"));
        assert_eq!(found, expected, "{record}");
    }

    fn owned(found: &Found<'_>) -> Found<'static> {
        match found {
            Found::Text(text) => Found::Text(Cow::Owned(text.to_string())),
            Found::Absent => Found::Absent,
            Found::Null => Found::Null,
            Found::Bool(value) => Found::Bool(*value),
            Found::Unsigned(value) => Found::Unsigned(*value),
            Found::Signed(value) => Found::Signed(*value),
            Found::Float(value) => Found::Float(*value),
            Found::Other | Found::Raw(_) => Found::Other,
        }
    }

    fn text(text: &str) -> Found<'_> {
        Found::Text(Cow::Borrowed(text))
    }

    #[test]
    fn every_type_of_value_is_told_from_the_others() {
        let paths: [&[&str]; 9] = [&["a"], &["b"], &["c"], &["d"], &["e"], &["f"], &["g"], &["h"], &["i"]];
        check(
            &paths,
            r#"{"a":"x","b":1,"c":-1,"d":1.0,"e":true,"f":null,"g":[1],"h":{"a":1}}"#,
            &[
                text("x"),
                Found::Unsigned(1),
                Found::Signed(-1),
                Found::Float(1.0),
                Found::Bool(true),
                Found::Null,
                Found::Other,
                Found::Other,
                Found::Absent,
            ],
        );
    }

    #[test]
    fn the_last_of_equal_keys_counts_also_for_whole_objects() {
        check(&[&["a"]], r#"{"a":1,"a":"x"}"#, &[text("x")]);
        check(&[&["a", "b"], &["a", "c"]], r#"{"a":{"b":1,"c":2},"a":{"c":3}}"#, &[Found::Absent, Found::Unsigned(3)]);
        check(&[&["a", "b"]], r#"{"a":{"b":1},"a":null}"#, &[Found::Absent]);
        check(&[&["a", "b", "c"]], r#"{"a":{"b":{"c":1}},"a":{"b":7}}"#, &[Found::Absent]);
        check(&[&["a", "b"], &["a"]], r#"{"a":1,"a":{"b":2}}"#, &[Found::Unsigned(2), Found::Other]);
    }

    #[test]
    fn keys_are_compared_as_texts_not_as_written() {
        check(&[&["a\"b"], &["é"]], r#"{"a\"b":1,"\u00e9":2}"#, &[Found::Unsigned(1), Found::Unsigned(2)]);
    }

    #[test]
    fn a_digit_is_a_place_in_an_array_and_a_key_in_an_object() {
        check(&[&["a", "1", "b"]], r#"{"a":[{"b":1},{"b":2},{"b":3}]}"#, &[Found::Unsigned(2)]);
        check(&[&["a", "1"]], r#"{"a":{"1":2}}"#, &[Found::Unsigned(2)]);
        check(&[&["a", "01"]], r#"{"a":[1,2]}"#, &[Found::Absent]);
        check(&[&["a", "1", "b"]], r#"{"a":[1,{"b":2}],"a":[1]}"#, &[Found::Absent]);
    }

    #[test]
    fn look_alikes_on_other_levels_are_passed_by() {
        check(&[&["status"]], r#"{"card":{"status":"x"},"list":[{"status":"y"}]}"#, &[Found::Absent]);
    }

    #[test]
    fn text_that_is_not_utf_8_is_refused_where_it_begins_to_be_none() {
        let wrong: [&[u8]; 6] = [b"\xff", b"\xc3", b"\xe2\x82", b"\xc3\xa9 \x80", b"\xf0\x9f\x98", b"\xed\xa0\x80"];
        for before in 0..140 {
            for wrong in wrong {
                for behind in ["", "é", &"x".repeat(130)] {
                    let pad = "x".repeat(before);
                    let record = [b"{\"a\":\"", pad.as_bytes(), wrong, behind.as_bytes(), b"\"}"].concat();
                    let expected = std::str::from_utf8(&record).unwrap_err().valid_up_to();
                    let mut shape = Shape::new();
                    shape.slot(["a"]);
                    let read = Extractor::new(shape).read(Some(&record), |_| Ok(()));
                    assert!(
                        matches!(read, Err(Reject::InvalidUtf8(at)) if at == expected),
                        "{read:?} instead of {expected}: {}",
                        String::from_utf8_lossy(&record)
                    );
                }
            }
        }
    }

    #[test]
    fn memory_is_kept_from_one_record_to_the_next() {
        let mut shape = Shape::new();
        shape.slot(["a"]);
        let mut extractor = Extractor::new(shape);
        let mut place = |record: &'static str| {
            extractor.read(Some(record.as_bytes()), |found| Ok((found.as_ptr() as usize, found[0].clone()))).unwrap()
        };
        let (first, found) = place(r#"{"a":1}"#);
        assert_eq!(found, Found::Unsigned(1));
        assert_eq!(place(r#"{"b":1}"#), (first, Found::Absent));
    }
}
