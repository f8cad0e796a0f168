//! How the records of an input have looked so far, so that one that looks the same need only be compared.
//!
//! A producer writes the same keys in the same order again and again; only what stands between them is new. What lies
//! between two values (the end of the one, brackets, the key of the next) is a [`Step`]'s text, and is compared at once,
//! many bytes together; then only the value is read. Steps are taken from records that `scan` has read, and a record
//! that cannot be put together from steps is left to `scan`.
//!
//! # Why this is right
//! What may follow a value, which keys are wanted there, and what they change, depends only on the objects and arrays that
//! are open ([`State`]). So a step that was seen once in a state is JSON in that state whenever it comes again, and finds
//! the same. A text in place of a text and a number in place of a number change nothing about that. In an array of which items
//! are wanted the state also tells which item it is, and one that is kept as its text is another state than one that is not.
//!
//! The idea of remembering the texts between the values is that of the pattern trees of Mison (Li et al., *Mison: A Fast
//! JSON Parser for Data Analytics*, VLDB 2017); states instead of a tree keep keys that may be absent from doubling it.

use super::found::Found;
use super::lesson::{Effect, Frame, Lesson};
use super::literal;
use super::quotes::Quotes;
use super::route::{Itinerary, Routes};
#[cfg(target_arch = "x86_64")]
use super::step::has_head_avx2;
use super::step::{End, Head, NONE, Step, Value, WIDTH, has_head};

/// Steps kept, over all states.
const STEPS_MAX: usize = 1024;
/// Steps kept that leave one state: they are gone through when a record takes another way than the last one did. Rows of wide
/// tables without what is empty (Snowplow's have 131 columns) have more than a hundred.
const STEPS_OF_STATE_MAX: usize = 192;
/// Changes kept, over all steps.
const EFFECTS_MAX: usize = 8192;
/// The longest text of a step.
const TEXT_MAX: usize = 512;
/// Records after which it is asked whether comparing pays, and whether routes do.
pub(super) const PERIOD: u32 = 4096;
/// Records for which it is left alone after it did not pay; then everything is learnt anew.
pub(super) const REST: u32 = 16 * PERIOD;

/// The steps known, and whether it pays to have them.
#[derive(Debug, Default)]
pub(super) struct Habit {
    steps: Vec<Step>,
    states: Vec<State>,
    /// What is left of texts longer than a step holds.
    rests: Vec<u8>,
    /// Slots whose findings a step changes before its value, step after step.
    effects: Vec<(u16, Effect)>,
    /// The step the last record began with, and another before it.
    first: [u16; 2],
    /// The steps of the last record that was put together from them.
    path: Vec<u16>,
    routes: Routes,
    is_full: bool,
    seen: u32,
    missed: u32,
    resting: u32,
}

/// Which objects and arrays are open after a value, as [`Frame`]s, and the steps that were seen to follow.
#[derive(Debug)]
struct State {
    open: Vec<Frame>,
    steps: Vec<u16>,
}

impl Habit {
    /// Fills `found`, which has a place for every slot; `quotes` are the text's. `None`: the record is not put together from
    /// known steps.
    pub(super) fn read<'a>(&mut self, quotes: &Quotes, text: &'a str, found: &mut [Found<'a>]) -> Option<()> {
        if self.resting > 0 || self.steps.is_empty() {
            return None;
        }
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has what the function is compiled for.
            return unsafe { self.read_avx2(quotes, text, found) };
        }
        self.read_with(quotes, text, found, has_head)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn read_avx2<'a>(&mut self, quotes: &Quotes, text: &'a str, found: &mut [Found<'a>]) -> Option<()> {
        self.read_with(quotes, text, found, |here, head| has_head_avx2(here, head))
    }

    // Compiled once for each way of comparing, with the instructions of that way.
    #[inline(always)]
    fn read_with<'a>(
        &mut self,
        quotes: &Quotes,
        text: &'a str,
        found: &mut [Found<'a>],
        has_head: impl Fn(&[u8; WIDTH], &Head) -> bool,
    ) -> Option<()> {
        if self.routes.read(quotes, text, found, &has_head).is_some() {
            return Some(());
        }
        let is_passed = self.step_through(quotes, text, found, has_head).is_some();
        let Self { steps, rests, effects, path, .. } = self;
        let itinerary = is_passed.then_some(Itinerary { path, steps, rests, effects });
        self.routes.missed(quotes.places().len(), itinerary);
        is_passed.then_some(())
    }

    /// Puts the record together, one step after the other.
    #[inline(always)]
    fn step_through<'a>(
        &mut self,
        quotes: &Quotes,
        text: &'a str,
        found: &mut [Found<'a>],
        has_head: impl Fn(&[u8; WIDTH], &Head) -> bool,
    ) -> Option<()> {
        let (bytes, places, has_escapes) = (text.as_bytes(), quotes.places(), quotes.has_escapes());
        let end = End::of(bytes);
        self.path.clear();
        let (mut at, mut passed) = (0, 0);
        let (mut last, mut number) = (usize::from(NONE), usize::from(self.first[0]));
        loop {
            let here = if at + WIDTH <= bytes.len() {
                // SAFETY: so many bytes follow, as was just seen, and are as good at any address.
                unsafe { &*bytes.as_ptr().add(at).cast::<[u8; WIDTH]>() }
            } else {
                end.from(at, bytes.len())
            };
            // Nearly every step is the one that followed last time, and plain: then this is all that is asked.
            let step = match self.steps.get(number) {
                Some(step)
                    if has_head(here, &step.head) && (step.is_plain || step.is_behind_head(bytes, at, &self.rests)) =>
                {
                    step
                }
                _ => {
                    number = self.turn(last, |step| has_head(here, &step.head), bytes, at)?;
                    &self.steps[number]
                }
            };
            self.path.push(number as u16);
            if !step.is_plain {
                step.change(&self.effects, found, text, at);
            }
            at += usize::from(step.length);
            passed += usize::from(step.quotes);
            if step.is_plain || step.value == Value::Text {
                let close = *places.get(passed)? as usize;
                passed += 1;
                // There is none where the slot is `NONE`.
                if let Some(found) = found.get_mut(usize::from(step.slot)) {
                    literal::put_text(found, text, at - 1, close, has_escapes)?;
                }
                at = close + 1;
            } else {
                match step.value.read(text, at, step.slot, found)? {
                    0 => return Some(()),
                    length => at += length,
                }
            }
            (last, number) = (number, usize::from(step.next[0]));
        }
    }

    /// The step that stands at a place, though another was expected behind the last one. It will be expected there.
    #[cold]
    #[inline(never)]
    fn turn(&mut self, last: usize, has_head: impl Fn(&Step) -> bool, bytes: &[u8], at: usize) -> Option<usize> {
        let Self { steps, states, rests, first, .. } = self;
        let (state, [usual, other]) = steps.get(last).map_or((0, *first), |step| (step.state, step.next));
        let is_here = |number: &u16| {
            let step = steps.get(usize::from(*number));
            step.is_some_and(|step| has_head(step) && step.is_behind_head(bytes, at, rests))
        };
        let number = match other {
            other if is_here(&other) => other,
            _ => states[usize::from(state)].steps.iter().copied().find(is_here)?,
        };
        let next = steps.get_mut(last).map_or(first, |last| &mut last.next);
        *next = [number, usual];
        Some(usize::from(number))
    }

    /// Told of each record whether it was read here. Whether to learn from it, if it was not.
    pub(super) fn note(&mut self, was_read: bool) -> bool {
        if self.resting > 0 {
            self.resting -= 1;
            return false;
        }
        self.seen += 1;
        self.missed += u32::from(!was_read);
        if self.seen == PERIOD {
            // What can still be learnt is worth missing more.
            let bearable = if self.is_full { PERIOD / 4 } else { PERIOD / 2 };
            if self.missed > bearable {
                *self = Self { resting: REST, ..Self::default() };
                return false;
            }
            (self.seen, self.missed) = (0, 0);
        }
        !was_read && !self.is_full
    }

    /// Records of this period that were not read here.
    #[cfg(test)]
    pub(super) fn missed(&self) -> u32 {
        self.missed
    }

    /// Records of the routes' period that took one.
    #[cfg(test)]
    pub(super) fn routed(&self) -> u32 {
        self.routes.taken()
    }

    #[cfg(test)]
    pub(super) fn is_resting(&self) -> bool {
        self.resting > 0
    }

    /// Takes in the steps of a record that was read another way.
    pub(super) fn learn(&mut self, record: &[u8], lesson: &Lesson) {
        let mut state = self.state(&[]);
        for part in &lesson.parts {
            let value = match record.get(part.text.1) {
                _ if part.is_end => Value::End,
                Some(b'"') => Value::Text,
                Some(b't' | b'f' | b'n') => Value::Word,
                _ => Value::Number,
            };
            let text = &record[part.text.0..part.text.1 + usize::from(value == Value::Text)];
            // Escaped quotes could not be told from others any more.
            if text.len() > TEXT_MAX || text.contains(&b'\\') {
                return;
            }
            let leads_to = self.state(&part.open);
            let effects = &lesson.effects[part.effects.0..part.effects.1];
            if !self.knows(state, text, value) && !self.add(state, text, value, part.slot, effects, leads_to) {
                self.is_full = true;
                return;
            }
            state = leads_to;
        }
    }

    fn knows(&self, state: u16, text: &[u8], value: Value) -> bool {
        self.states[usize::from(state)].steps.iter().any(|&step| {
            let step = &self.steps[usize::from(step)];
            step.value == value && usize::from(step.length) == text.len() && step.begins(text, &self.rests)
        })
    }

    /// Whether there was room.
    fn add(
        &mut self,
        state: u16,
        text: &[u8],
        value: Value,
        slot: Option<usize>,
        effects: &[(u16, Effect)],
        leads_to: u16,
    ) -> bool {
        let number = self.steps.len() as u16;
        let effects_start = self.effects.len();
        let is_full = usize::from(number) == STEPS_MAX
            || self.states[usize::from(state)].steps.len() == STEPS_OF_STATE_MAX
            || effects_start + effects.len() > EFFECTS_MAX;
        if is_full {
            return false;
        }
        self.effects.extend_from_slice(effects);
        let mut step = Step::new(text, value);
        step.is_plain &= effects.is_empty();
        step.rest = self.rests.len() as u32;
        step.slot = slot.map_or(NONE, |slot| slot as u16);
        step.state = leads_to;
        step.effects = (effects_start as u16, self.effects.len() as u16);
        self.steps.push(step);
        self.rests.extend_from_slice(text.get(WIDTH..).unwrap_or_default());
        self.states[usize::from(state)].steps.push(number);
        true
    }

    fn state(&mut self, open: &[Frame]) -> u16 {
        let known = self.states.iter().position(|state| state.open == open);
        known.unwrap_or_else(|| {
            self.states.push(State { open: open.to_vec(), steps: Vec::new() });
            self.states.len() - 1
        }) as u16
    }
}
