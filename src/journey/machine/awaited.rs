//! Signals that wait: what is to be told of a customer later, if nothing calls it off.
//!
//! Invariant: a field of the record holds one of them, or 0; numbers of one field are ordered by due time. So they cost
//! eight bytes each in memory, one byte in state that has none, and the next one is the smallest.

use crate::journey::record::{FieldType, Layout};
use crate::journey::{Attr, Record};

/// Bits of the signal's place among those that wait.
const NUMBER_BITS: u32 = 5;
/// Bits of the mark.
const MARK_BITS: u32 = 16;
/// The latest due time that fits: in the year 2109.
const DUE_MAX: i64 = (1 << (63 - NUMBER_BITS - MARK_BITS)) - 1;

/// The most signals of a model that can wait.
pub(in crate::journey) const NUMBERS_MAX: usize = 1 << NUMBER_BITS;

/// One that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::journey) struct Awaited {
    /// When it is told.
    pub due: i64,
    /// Its place among the model's signals that wait.
    pub number: u16,
    /// What it is about.
    pub mark: Mark,
}

/// What an event is about: sixteen bits of the attribute that says so; 0 if it does not say. Two things of one customer are
/// taken for the same once in 65,535 times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::journey) struct Mark(u16);

impl Mark {
    /// The mark of an attribute's value.
    pub fn of(value: Option<&Attr<'_>>) -> Self {
        value.map_or(Self(0), |value| Self((value.hash() % u64::from(u16::MAX)) as u16 + 1))
    }

    /// Whether both may be about the same thing: who does not say may be about anything.
    fn may_be(self, other: Self) -> bool {
        self.0 == 0 || other.0 == 0 || self == other
    }
}

impl Awaited {
    fn pack(self) -> i64 {
        let due = self.due.clamp(1, DUE_MAX);
        (due << NUMBER_BITS | i64::from(self.number)) << MARK_BITS | i64::from(self.mark.0)
    }

    fn unpack(packed: i64) -> Option<Self> {
        let mark = Mark(packed as u16);
        let rest = packed >> MARK_BITS;
        let number = (rest & ((1 << NUMBER_BITS) - 1)) as u16;
        (packed != 0).then_some(Self { due: rest >> NUMBER_BITS, number, mark })
    }
}

/// What is stored of a signal that waits, where signals have other numbers now: by old number the new one; `None` if the
/// signal is gone, or means something else now.
pub fn renumbered(stored: i64, numbers: &[Option<u16>]) -> Option<i64> {
    let awaited = Awaited::unpack(stored)?;
    let number = *numbers.get(usize::from(awaited.number))?;
    Some(Awaited { number: number?, ..awaited }.pack())
}

/// Where the signals that wait stand in a record.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Waitlist {
    word: usize,
    places: usize,
}

impl Waitlist {
    /// Finds room for so many.
    pub fn place(layout: &mut Layout, index: usize, model: &str, places: usize) -> Self {
        let word = layout.words;
        for place in 0..places {
            layout.push(format!("{model}/awaited/{place}"), FieldType::Awaited, index);
        }
        Self { word, places }
    }

    /// Whether nothing can wait.
    #[inline]
    pub fn is_none(self) -> bool {
        self.places == 0
    }

    /// When the next is due; later than every time if none waits.
    pub fn due_at(self, record: &Record) -> i64 {
        self.next(record).map_or(i64::MAX, |awaited| awaited.due)
    }

    fn words(self) -> impl Iterator<Item = usize> {
        (0..self.places).map(move |place| self.word + place * FieldType::Awaited.words())
    }

    /// All that wait, each with where it stands.
    pub fn all(self, record: &Record) -> impl Iterator<Item = (usize, Awaited)> {
        self.words().filter_map(|word| Some((word, Awaited::unpack(record.i64(word))?)))
    }

    /// The next: the earliest, of equals the first in the file.
    #[inline]
    pub fn next(self, record: &Record) -> Option<Awaited> {
        let packed = self.words().map(|word| record.i64(word)).filter(|packed| *packed != 0).min();
        packed.and_then(Awaited::unpack)
    }

    /// Lets one go.
    pub fn end(self, record: &mut Record, awaited: Awaited) {
        if let Some(word) = self.words().find(|word| record.i64(*word) == awaited.pack()) {
            record.set_i64(word, 0);
        }
    }

    /// Lets one wait. If the same waits already, it waits anew; if there is no room, the one that is due first makes way:
    /// then it is `true`.
    pub fn begin(self, record: &mut Record, awaited: Awaited) -> bool {
        let same = self.all(record).find(|(_, other)| (other.number, other.mark) == (awaited.number, awaited.mark));
        if let Some((word, other)) = same {
            // A late event does not shorten it.
            if awaited.due > other.due {
                record.set_i64(word, awaited.pack());
            }
            return false;
        }
        let place = self.words().min_by_key(|word| record.i64(*word)).expect("a waitlist has a place");
        let displaced = record.i64(place) != 0;
        record.set_i64(place, awaited.pack());
        displaced
    }

    /// Calls off the waiting of a signal that may be about the same thing and did not begin after `at`.
    pub fn call_off(self, record: &mut Record, number: u16, mark: Mark, span: i64, at: i64) {
        for word in self.words() {
            let waits = Awaited::unpack(record.i64(word));
            if waits.is_some_and(|one| one.number == number && one.mark.may_be(mark) && one.due - span <= at) {
                record.set_i64(word, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    fn list(places: usize) -> (Waitlist, Box<Record>) {
        let mut layout = Layout::default();
        let list = Waitlist::place(&mut layout, 0, "m", places);
        (list, Record::zeroed(layout.words))
    }

    fn about(text: &str) -> Mark {
        Mark::of(Some(&Attr::Text(Cow::Borrowed(text))))
    }

    #[test]
    fn what_waits_comes_out_as_it_went_in_and_the_earliest_first() {
        let (list, mut record) = list(3);
        let one = Awaited { due: 4_102_444_800_000, number: 31, mark: about("a") };
        let other = Awaited { due: 631_152_000_000, number: 0, mark: Mark::default() };
        assert!(!list.begin(&mut record, one));
        assert!(!list.begin(&mut record, other));
        assert_eq!(list.next(&record), Some(other));
        list.end(&mut record, other);
        assert_eq!(list.next(&record), Some(one));
        list.end(&mut record, one);
        assert_eq!(list.next(&record), None);
        assert!(record.0.iter().all(|word| *word == 0));
    }

    #[test]
    fn what_waits_goes_on_under_the_number_its_signal_has_now() {
        let awaited = Awaited { due: 4_102_444_800_000, number: 1, mark: about("a") };
        let renumbered = |numbers: &[Option<u16>]| renumbered(awaited.pack(), numbers).and_then(Awaited::unpack);
        assert_eq!(renumbered(&[None, Some(3)]), Some(Awaited { number: 3, ..awaited }));
        assert_eq!(renumbered(&[Some(3), None]), None);
        assert_eq!(renumbered(&[Some(3)]), None);
        assert_eq!(super::renumbered(0, &[Some(0)]), None);
    }

    #[test]
    fn the_same_waits_once_until_the_later_time() {
        let (list, mut record) = list(2);
        for due in [10, 30, 20] {
            assert!(!list.begin(&mut record, Awaited { due, number: 1, mark: about("a") }));
        }
        assert_eq!(list.all(&record).map(|(_, one)| one.due).collect::<Vec<_>>(), [30]);
    }

    #[test]
    fn of_too_many_the_one_that_is_due_first_makes_way() {
        let (list, mut record) = list(2);
        assert!(!list.begin(&mut record, Awaited { due: 20, number: 0, mark: about("a") }));
        assert!(!list.begin(&mut record, Awaited { due: 10, number: 0, mark: about("b") }));
        assert!(list.begin(&mut record, Awaited { due: 30, number: 0, mark: about("c") }));
        let mut dues: Vec<_> = list.all(&record).map(|(_, one)| one.due).collect();
        dues.sort_unstable();
        assert_eq!(dues, [20, 30]);
    }

    #[test]
    fn only_what_may_be_about_the_same_thing_and_began_before_is_called_off() {
        let (list, mut record) = list(4);
        let mut check = |marks: &[&str], mark: Mark, at: i64, left: usize| {
            record.0.fill(0);
            for mark in marks {
                let mark = if mark.is_empty() { Mark::default() } else { about(mark) };
                let _ = list.begin(&mut record, Awaited { due: 100, number: 2, mark });
            }
            list.call_off(&mut record, 1, mark, 60, at);
            assert_eq!(list.all(&record).count(), marks.len(), "another signal's");
            list.call_off(&mut record, 2, mark, 60, at);
            assert_eq!(list.all(&record).count(), left, "{marks:?} {mark:?} {at}");
        };
        check(&["a", "b", ""], about("a"), 40, 1);
        check(&["a", "b", ""], Mark::default(), 40, 0);
        check(&["a"], about("a"), 39, 1);
    }
}
