//! Counting by the value of an attribute: how often the same product was looked at.
//!
//! Of a customer the values seen last are kept, each in one word of the record: 24 bits of the value and how often it was
//! counted, up to 255, newest first. One value more than there are words for, and the one that was not seen for longest is
//! forgotten. Two values of one customer are taken for the same once in sixteen million times.

use super::record::{FieldType, Layout};
use super::{Event, Record};

const COUNT_BITS: u32 = 8;
const COUNT_MAX: u32 = (1 << COUNT_BITS) - 1;

/// Where a customer's values stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct ByValue {
    word: usize,
    values: usize,
    /// The attribute, as the vocabulary numbers it.
    attribute: u16,
}

impl ByValue {
    /// Finds room for so many values, under a key that says what is counted.
    pub fn place(layout: &mut Layout, index: usize, key: &str, values: u8, attribute: u16) -> Self {
        let word = layout.words;
        for value in 0..values {
            layout.push(format!("{key}/{value}"), FieldType::Bits, index);
        }
        Self { word, values: values.into(), attribute }
    }

    fn words(self, record: &Record) -> &[u32] {
        &record.0[self.word..self.word + self.values]
    }

    fn words_mut(self, record: &mut Record) -> &mut [u32] {
        &mut record.0[self.word..self.word + self.values]
    }

    /// The upper bits of the word of the event's value; `None` if it says none.
    fn print(self, event: &Event<'_>) -> Option<u32> {
        let value = event.attrs.get(usize::from(self.attribute))?.as_ref()?;
        Some((value.hash() as u32 & !COUNT_MAX).max(COUNT_MAX + 1))
    }

    /// Counts the event's value; nothing, if it says none.
    pub fn count(self, record: &mut Record, event: &Event<'_>) {
        let Some(print) = self.print(event) else { return };
        let words = self.words_mut(record);
        let known = words.iter().position(|word| word & !COUNT_MAX == print);
        let place = known.unwrap_or(words.len() - 1);
        let count = known.map_or(0, |place| words[place] & COUNT_MAX);
        words[..=place].rotate_right(1);
        words[0] = print | (count + 1).min(COUNT_MAX);
    }

    /// How often the event's value was counted; `None` if it says none.
    pub fn of(self, record: &Record, event: &Event<'_>) -> Option<u32> {
        let print = self.print(event)?;
        let word = self.words(record).iter().find(|word| *word & !COUNT_MAX == print);
        Some(word.map_or(0, |word| word & COUNT_MAX))
    }

    /// The count of the value that was counted most.
    pub fn most(self, record: &Record) -> u32 {
        self.words(record).iter().map(|word| word & COUNT_MAX).max().unwrap_or(0)
    }

    /// Begins anew with the event's value; with all, if it says none.
    pub fn reset(self, record: &mut Record, event: &Event<'_>) {
        let Some(print) = self.print(event) else { return self.clear(record) };
        let words = self.words_mut(record);
        if let Some(place) = words.iter().position(|word| word & !COUNT_MAX == print) {
            words[place..].rotate_left(1);
            words[words.len() - 1] = 0;
        }
    }

    /// Begins anew with all.
    pub fn clear(self, record: &mut Record) {
        self.words_mut(record).fill(0);
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;
    use crate::journey::Attr;

    fn about(value: Option<&str>) -> Event<'_> {
        let attrs = vec![value.map(|text| Attr::Text(Cow::Borrowed(text)))];
        let (customer, id) = (Cow::Borrowed("c"), None);
        Event { customer, at: 1, time_is_own: true, kind: None, id, value: None, attrs }
    }

    fn counter(values: u8) -> (ByValue, Box<Record>) {
        let mut layout = Layout::default();
        let counter = ByValue::place(&mut layout, 0, "m", values, 0);
        (counter, Record::zeroed(layout.words))
    }

    #[test]
    fn each_value_is_counted_by_itself_up_to_255() {
        let (counter, mut record) = counter(2);
        for _ in 0..300 {
            counter.count(&mut record, &about(Some("a")));
        }
        counter.count(&mut record, &about(Some("b")));
        counter.count(&mut record, &about(None));
        assert_eq!(counter.of(&record, &about(Some("a"))), Some(255));
        assert_eq!(counter.of(&record, &about(Some("b"))), Some(1));
        assert_eq!(counter.of(&record, &about(Some("c"))), Some(0));
        assert_eq!(counter.of(&record, &about(None)), None);
        assert_eq!(counter.most(&record), 255);
    }

    #[test]
    fn values_of_every_type_are_told_apart() {
        for [one, other] in [
            [Attr::Bool(true), Attr::Bool(false)],
            [Attr::Number(1.0), Attr::Number(2.0)],
            [Attr::Number(0.0), Attr::Bool(false)],
        ] {
            let (counter, mut record) = counter(2);
            let of = |value: Attr<'static>| Event { attrs: vec![Some(value)], ..about(None) };
            counter.count(&mut record, &of(one.clone()));
            assert_eq!(counter.of(&record, &of(one)), Some(1));
            assert_eq!(counter.of(&record, &of(other.clone())), Some(0), "{other:?}");
        }
    }

    proptest! {
        /// The values seen last, newest first, against a list of them.
        #[test]
        fn what_is_kept_is_what_was_seen_last(steps in prop::collection::vec((0..3_u8, prop::option::of(0..6_usize)), 0..60)) {
            const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
            let (counter, mut record) = counter(3);
            let mut kept: Vec<(usize, u32)> = Vec::new();
            for (what, value) in steps {
                let event = about(value.map(|value| NAMES[value]));
                if what == 0 {
                    counter.reset(&mut record, &event);
                    kept.retain(|(other, _)| value.is_some_and(|value| *other != value));
                } else {
                    counter.count(&mut record, &event);
                    if let Some(value) = value {
                        let before = kept.iter().position(|(other, _)| *other == value).map(|at| kept.remove(at).1);
                        kept.insert(0, (value, before.unwrap_or(0) + 1));
                        kept.truncate(3);
                    }
                }
                for (value, name) in NAMES.iter().enumerate() {
                    let expected = kept.iter().find(|(other, _)| *other == value).map_or(0, |(_, count)| *count);
                    prop_assert_eq!(counter.of(&record, &about(Some(name))), Some(expected));
                }
            }
        }
    }
}
