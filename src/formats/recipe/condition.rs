//! What must hold of a record, compiled: each question is asked once, however many rules ask it.

use std::cell::Cell;

use xxhash_rust::xxh3::xxh3_64;

use super::clock::decimal;
use super::expression::Expression;
use super::field::is_missing;
use super::slots::{Slot, Slots, View};
use super::spec::Ordered;
use super::test_spec::TestSpec;
use crate::formats::found::Found;
use crate::formats::number::Decimal;
use crate::formats::word::{Ends, Word};

/// Questions that may be asked of one reading: a bit of a word each.
const TESTS_MAX: usize = 64;

/// The questions of one reading.
#[derive(Debug, Default)]
pub(super) struct Tests {
    all: Vec<Test>,
    /// Those that ask for texts, by place.
    texts: Vec<Texts>,
    /// As they were written, to know them again.
    written: Vec<Written>,
}

#[derive(Debug, PartialEq)]
enum Written {
    Place(String, TestSpec),
    Expression(String),
}

#[derive(Debug)]
enum Test {
    /// Whether it is one of some texts: the place's among [`Tests::texts`], where all that ask there are answered at once.
    Texts(usize),
    Place(Slot, Expected),
    Expression(Box<Expression>),
}

/// The texts that are asked for at one place.
#[derive(Debug)]
struct Texts {
    slot: Slot,
    /// The questions that ask for some of them.
    asking: u64,
    /// Each word, and the questions that it answers with yes.
    words: Vec<(Word, u64)>,
    /// The same for beginnings, of which several may fit.
    beginnings: Vec<(Box<str>, u64)>,
}

#[derive(Debug)]
enum Expected {
    Word(Word),
    Beginning(Box<str>),
    Number(Decimal),
    Bool(bool),
    Has(bool),
    Any(Vec<Expected>),
    Not(Box<Expected>),
    Contains(Contains),
    Above(Decimal),
    Below(Decimal),
}

/// Questions that must all be answered with yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rule(u64);

impl Tests {
    /// A rule of these questions. An error says what to write instead.
    pub(super) fn rule(
        &mut self,
        places: Option<&Ordered<TestSpec>>,
        when: Option<&str>,
        slots: &mut Slots,
    ) -> Result<Rule, String> {
        let mut bits = 0;
        for (place, test) in places.iter().flat_map(|places| &places.0) {
            let written = Written::Place(place.clone(), test.clone());
            bits |= self.bit(written, |tests, bit| {
                let slot = slots.of(place)?;
                match test.texts() {
                    Some(texts) => Ok(Test::Texts(tests.ask(slot, &texts, bit))),
                    None => Ok(Test::Place(slot, Expected::new(test)?)),
                }
            })?;
        }
        if let Some(text) = when {
            bits |= self.bit(Written::Expression(text.to_owned()), |_, _| {
                Ok(Test::Expression(Box::new(Expression::new(text, slots)?)))
            })?;
        }
        Ok(Rule(bits))
    }

    /// Whether so many more questions can be asked.
    pub(super) fn have_room_for(&self, questions: usize) -> bool {
        self.all.len() + questions <= TESTS_MAX
    }

    /// The bit of a question, which is made if it was not asked before.
    fn bit(
        &mut self,
        written: Written,
        test: impl FnOnce(&mut Self, u64) -> Result<Test, String>,
    ) -> Result<u64, String> {
        if let Some(known) = self.written.iter().position(|other| *other == written) {
            return Ok(1 << known);
        }
        if self.all.len() == TESTS_MAX {
            return Err(format!("more than {TESTS_MAX} different tests; use a `table` instead of tests one by one"));
        }
        let bit = 1 << self.all.len();
        let test = test(self, bit)?;
        self.all.push(test);
        self.written.push(written);
        Ok(bit)
    }

    /// Adds a question for texts; gives where those of its place are.
    fn ask(&mut self, slot: Slot, asked: &[&str], bit: u64) -> usize {
        let place = self.texts.iter().position(|texts| texts.slot == slot).unwrap_or_else(|| {
            self.texts.push(Texts { slot, asking: 0, words: Vec::new(), beginnings: Vec::new() });
            self.texts.len() - 1
        });
        let Texts { asking, words, beginnings, .. } = &mut self.texts[place];
        *asking |= bit;
        for text in asked {
            match text.strip_suffix('*') {
                Some(beginning) => add(beginnings, beginning.into(), bit),
                None => add(words, Word::new(text), bit),
            }
        }
        place
    }

    /// The questions, asked of a record.
    #[inline]
    pub(super) fn asked<'t, 'v, 'a>(&'t self, view: &'t View<'v, 'a>) -> Asked<'t, 'v, 'a> {
        Asked { tests: self, view, holds: Cell::new(0), fails: Cell::new(0) }
    }
}

/// Questions asked of a record, and the answers so far.
pub(super) struct Asked<'t, 'v, 'a> {
    tests: &'t Tests,
    view: &'t View<'v, 'a>,
    holds: Cell<u64>,
    fails: Cell<u64>,
}

impl Asked<'_, '_, '_> {
    /// Whether a rule's questions are all answered with yes.
    #[inline]
    pub(super) fn holds(&self, rule: &Rule) -> bool {
        while rule.0 & self.fails.get() == 0 {
            let open = rule.0 & !self.holds.get();
            if open == 0 {
                return true;
            }
            let bit = open & open.wrapping_neg();
            let (asked, holds) = match &self.tests.all[open.trailing_zeros() as usize] {
                Test::Texts(place) => {
                    let texts = &self.tests.texts[*place];
                    (texts.asking, texts.holding(self.view.get(texts.slot)))
                }
                Test::Place(slot, expected) => (bit, if expected.is(self.view.get(*slot)) { bit } else { 0 }),
                Test::Expression(expression) => (bit, if expression.is_true(self.view) { bit } else { 0 }),
            };
            self.holds.set(self.holds.get() | holds);
            self.fails.set(self.fails.get() | (asked & !holds));
        }
        false
    }
}

impl Texts {
    /// The questions that what stands there answers with yes.
    #[inline]
    fn holding(&self, found: &Found<'_>) -> u64 {
        let Found::Text(text) = found else { return 0 };
        let (text, ends) = (text.as_bytes(), Ends::of(text.as_bytes()));
        let word = self.words.iter().find(|(word, _)| word.is(text, ends)).map_or(0, |(_, bits)| *bits);
        let fitting = self.beginnings.iter().filter(|(beginning, _)| text.starts_with(beginning.as_bytes()));
        fitting.fold(word, |all, (_, bits)| all | bits)
    }
}

/// Adds a question to those that a text answers with yes.
fn add<T: PartialEq>(texts: &mut Vec<(T, u64)>, text: T, bit: u64) {
    match texts.iter_mut().find(|(known, _)| *known == text) {
        Some((_, bits)) => *bits |= bit,
        None => texts.push((text, bit)),
    }
}

impl Expected {
    fn new(spec: &TestSpec) -> Result<Self, String> {
        let number = |number: f64| {
            Decimal::of_float(number)
                .ok_or_else(|| format!("{number} is too large to compare with; write a smaller number"))
        };
        Ok(match spec {
            TestSpec::Text(text) => match text.strip_suffix('*') {
                Some(beginning) => Self::Beginning(beginning.into()),
                None => Self::Word(Word::new(text)),
            },
            TestSpec::Number(of) => Self::Number(number(*of)?),
            TestSpec::Bool(value) => Self::Bool(*value),
            TestSpec::Absent => Self::Has(false),
            TestSpec::Has(there) => Self::Has(*there),
            TestSpec::Any(tests) => Self::Any(tests.iter().map(Self::new).collect::<Result<_, _>>()?),
            TestSpec::Not(test) => Self::Not(Box::new(Self::new(test)?)),
            TestSpec::Contains(parts) => {
                if parts.iter().any(String::is_empty) {
                    return Err("every text contains the empty one; write what it is to contain".into());
                }
                Self::Contains(Contains::new(parts))
            }
            TestSpec::Above(of) => Self::Above(number(*of)?),
            TestSpec::Below(of) => Self::Below(number(*of)?),
        })
    }

    fn is(&self, found: &Found<'_>) -> bool {
        match self {
            Self::Word(word) => found.text().is_some_and(|text| word.is(text.as_bytes(), Ends::of(text.as_bytes()))),
            Self::Beginning(beginning) => found.text().is_some_and(|text| text.starts_with(&**beginning)),
            Self::Number(number) => decimal(found) == Some(*number),
            Self::Bool(value) => match found {
                Found::Bool(found) => found == value,
                // As forms and XML write it.
                Found::Text(text) => text.eq_ignore_ascii_case(if *value { "true" } else { "false" }),
                _ => false,
            },
            Self::Has(there) => is_missing(found) != *there,
            Self::Any(tests) => tests.iter().any(|test| test.is(found)),
            Self::Not(test) => !test.is(found),
            Self::Contains(parts) => found.text().is_some_and(|text| parts.are_in(text.as_bytes())),
            Self::Above(number) => decimal(found).is_some_and(|found| found > *number),
            Self::Below(number) => decimal(found).is_some_and(|found| found < *number),
        }
    }
}

/// Texts of which one may be within another.
///
/// What is searched in are names of programs mostly, few of which come again and again: the verdict on each is kept, for
/// searching takes as long as reading the whole record.
struct Contains {
    /// In small letters.
    parts: Vec<Box<str>>,
    /// A text's hash, its last bit being the verdict, at the place that its first bits say.
    verdicts: Box<[Cell<u64>; VERDICTS]>,
}

/// Verdicts kept.
const VERDICTS: usize = 256;

impl std::fmt::Debug for Contains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.parts).finish()
    }
}

impl Contains {
    fn new(parts: &[String]) -> Self {
        Self {
            parts: parts.iter().map(|part| part.to_lowercase().into()).collect(),
            verdicts: Box::new([const { Cell::new(0) }; VERDICTS]),
        }
    }

    /// Whether one of the parts is in a text.
    #[inline]
    fn are_in(&self, text: &[u8]) -> bool {
        let hash = xxh3_64(text) | 1;
        let verdict = &self.verdicts[(hash >> 56) as usize];
        match verdict.get() {
            known if known | 1 == hash => known == hash,
            _ => {
                let is_so = self.parts.iter().any(|part| contains(text, part.as_bytes()));
                verdict.set(if is_so { hash } else { hash & !1 });
                is_so
            }
        }
    }
}

/// Whether a text has a part, which is in small letters, in whatever case; beyond ASCII the case counts.
fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}
