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
//! the same. A text in place of a text and a number in place of a number change nothing about that.
//!
//! The idea of remembering the texts between the values is that of the pattern trees of Mison (Li et al., *Mison: A Fast
//! JSON Parser for Data Analytics*, VLDB 2017); states instead of a tree keep keys that may be absent from doubling it.

use super::found::Found;
use super::lesson::{Effect, Frame, Lesson};
use super::literal::{self, number_at, number_found, word_at};
use super::quotes::Quotes;

/// Steps kept, over all states.
const STEPS_MAX: usize = 1024;
/// Steps kept that leave one state: they are gone through when a record takes another way than the last one did.
const STEPS_OF_STATE_MAX: usize = 64;
/// Changes kept, over all steps.
const EFFECTS_MAX: usize = 8192;
/// The longest text of a step.
const TEXT_MAX: usize = 512;
/// Records after which it is asked whether comparing pays.
const PERIOD: u32 = 4096;
/// Records that are not compared at all after it did not pay; then everything is learnt anew.
const REST: u32 = 16 * PERIOD;
/// Bytes looked at together.
const WIDTH: usize = 32;
/// No step, no slot.
const NONE: u16 = u16::MAX;

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

/// What a step ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Text,
    Number,
    /// `true`, `false` or `null`.
    Word,
    /// Nothing: the record ends.
    End,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    /// The text's first bytes, and zeros where it has no more.
    head: [u8; WIDTH],
    /// A bit for each byte of the text among them.
    head_bits: u32,
    /// Where that which follows them begins in `rests`.
    rest: u32,
    /// How long the text is; one before a [`Value::Text`] ends with its quote.
    length: u16,
    /// How many quotes it has.
    quotes: u16,
    value: Value,
    /// Where the value is kept, or `NONE`.
    slot: u16,
    /// The state behind the value.
    state: u16,
    /// The step that followed last time, and another before it; or `NONE`.
    next: [u16; 2],
    /// Its effects: from, to.
    effects: (u16, u16),
}

/// The last bytes of a record, and zeros behind them, so that as many as are looked at together follow every place.
struct End([u8; 2 * WIDTH]);

impl End {
    fn of(bytes: &[u8]) -> Self {
        let mut end = [0; 2 * WIDTH];
        match bytes.last_chunk::<WIDTH>() {
            Some(last) => end[..WIDTH].copy_from_slice(last),
            None => end[WIDTH - bytes.len()..WIDTH].copy_from_slice(bytes),
        }
        Self(end)
    }

    /// What follows a place of the record, which is so long.
    #[inline(always)]
    fn from(&self, at: usize, length: usize) -> &[u8; WIDTH] {
        let left = length.saturating_sub(at).min(WIDTH);
        self.0[WIDTH - left..].first_chunk().expect("as many bytes follow each of the first as are looked at together")
    }
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
        self.read_with(quotes, text, found, |here, step| has_head_avx2(here, step))
    }

    // Compiled once for each way of comparing, with the instructions of that way.
    #[inline(always)]
    fn read_with<'a>(
        &mut self,
        quotes: &Quotes,
        text: &'a str,
        found: &mut [Found<'a>],
        has_head: impl Fn(&[u8; WIDTH], &Step) -> bool,
    ) -> Option<()> {
        let (bytes, places, has_escapes) = (text.as_bytes(), quotes.places(), quotes.has_escapes());
        let end = End::of(bytes);
        let Self { steps, states, rests, effects, first, .. } = self;
        let steps = &mut **steps;
        let (mut at, mut passed) = (0, 0);
        let (mut state, mut last, mut expected) = (0, NONE, *first);
        loop {
            let here = match bytes.get(at..).and_then(<[u8]>::first_chunk) {
                Some(here) => here,
                None => end.from(at, bytes.len()),
            };
            let is_here =
                |step: &Step| has_head(here, step) && step.has_rest(bytes, at, rests) && step.may_follow(bytes, at);
            let mut number = expected[0];
            if !steps.get(usize::from(number)).is_some_and(is_here) {
                number = expected[1];
                if !steps.get(usize::from(number)).is_some_and(is_here) {
                    let fits = |step: &&u16| steps[usize::from(**step)].is_at(bytes, at, rests);
                    number = *states[usize::from(state)].steps.iter().find(fits)?;
                }
                let next = match steps.get_mut(usize::from(last)) {
                    Some(last) => &mut last.next,
                    None => &mut *first,
                };
                *next = [number, next[0]];
            }
            let step = &steps[usize::from(number)];
            at += usize::from(step.length);
            passed += usize::from(step.quotes);
            step.change(effects, found);
            if step.value == Value::Text {
                let close = *places.get(passed)? as usize;
                passed += 1;
                if step.slot != NONE {
                    found[usize::from(step.slot)] = literal::text_at(text, at - 1, close, has_escapes)?;
                }
                at = close + 1;
            } else {
                match step.other_value(text, at, found)? {
                    0 => return Some(()),
                    length => at += length,
                }
            }
            (state, last, expected) = (step.state, number, step.next);
        }
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
        let (head, rest) = text.split_at(text.len().min(WIDTH));
        let mut padded = [0; WIDTH];
        padded[..head.len()].copy_from_slice(head);
        self.effects.extend_from_slice(effects);
        self.steps.push(Step {
            head: padded,
            head_bits: if head.len() < WIDTH { (1 << head.len()) - 1 } else { u32::MAX },
            rest: self.rests.len() as u32,
            length: text.len() as u16,
            quotes: text.iter().filter(|&&byte| byte == b'"').count() as u16,
            value,
            slot: slot.map_or(NONE, |slot| slot as u16),
            state: leads_to,
            next: [NONE; 2],
            effects: (effects_start as u16, self.effects.len() as u16),
        });
        self.rests.extend_from_slice(rest);
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

impl Step {
    /// Whether its text stands there and a value of its kind may begin behind.
    fn is_at(&self, bytes: &[u8], at: usize, rests: &[u8]) -> bool {
        bytes.get(at..).is_some_and(|bytes| self.begins(bytes, rests)) && self.may_follow(bytes, at)
    }

    fn head(&self) -> &[u8] {
        &self.head[..usize::from(self.length).min(WIDTH)]
    }

    /// Whether what its head does not hold, which mostly is nothing, stands where its text would begin at this place.
    #[inline(always)]
    fn has_rest(&self, bytes: &[u8], at: usize, rests: &[u8]) -> bool {
        let (length, rest) = (usize::from(self.length), self.rest as usize);
        length <= WIDTH || bytes.get(at + WIDTH..at + length) == rests.get(rest..rest + length - WIDTH)
    }

    #[inline(always)]
    fn change(&self, effects: &[(u16, Effect)], found: &mut [Found<'_>]) {
        for &(slot, effect) in &effects[usize::from(self.effects.0)..usize::from(self.effects.1)] {
            found[usize::from(slot)] = match effect {
                Effect::Empty => Found::Absent,
                Effect::Other => Found::Other,
            };
        }
    }

    /// Whether the bytes begin with its text.
    fn begins(&self, bytes: &[u8], rests: &[u8]) -> bool {
        bytes.starts_with(self.head()) && self.has_rest(bytes, 0, rests)
    }

    /// Reads what is no text; gives its length, which is zero at the end alone.
    fn other_value<'a>(&self, text: &'a str, at: usize, found: &mut [Found<'a>]) -> Option<usize> {
        let bytes = text.as_bytes().get(at..)?;
        let (length, what) = match (self.value, self.slot) {
            (Value::End, _) => return Some(0),
            (Value::Number, NONE) => return number_at(bytes).map(|(length, _)| length),
            (Value::Number, _) => {
                let (length, is_plain) = number_at(bytes)?;
                (length, number_found(&text[at..at + length], is_plain)?)
            }
            _ => word_at(bytes)?,
        };
        if self.slot != NONE {
            found[usize::from(self.slot)] = what;
        }
        Some(length)
    }

    /// Whether behind its text, which begins at a place, there is what a value of its kind begins with. So never more than
    /// one step of a state fits.
    #[inline(always)]
    fn may_follow(&self, bytes: &[u8], at: usize) -> bool {
        let byte = || bytes.get(at + usize::from(self.length));
        match self.value {
            Value::Text => true,
            Value::Number => matches!(byte(), Some(b'0'..=b'9' | b'-')),
            Value::Word => matches!(byte(), Some(b't' | b'f' | b'n')),
            Value::End => byte().is_none(),
        }
    }
}

/// Whether the bytes begin with the step's head.
fn has_head(here: &[u8; WIDTH], step: &Step) -> bool {
    here.starts_with(step.head())
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx2")]
fn has_head_avx2(here: &[u8; WIDTH], step: &Step) -> bool {
    use std::arch::x86_64::{_mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8};
    // SAFETY: thirty-two bytes are read where thirty-two are, at any alignment.
    let [here, head] = [here, &step.head].map(|bytes| unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) });
    let equal = _mm256_movemask_epi8(_mm256_cmpeq_epi8(here, head)) as u32;
    !equal & step.head_bits == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn every_way_of_comparing_sees_the_same() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        let mut habit = Habit::default();
        let start = habit.state(&[]);
        for length in 0..2 * WIDTH {
            assert!(habit.add(start, &vec![b'x'; length], Value::Number, None, &[], start), "no room for {length}");
        }
        for step in &habit.steps {
            for odd in 0..WIDTH {
                for byte in [0, b'x', b'y'] {
                    let mut here = [b'x'; WIDTH];
                    here[odd] = byte;
                    // SAFETY: the processor has the instructions, as was just seen.
                    assert_eq!(
                        unsafe { has_head_avx2(&here, step) },
                        has_head(&here, step),
                        "{step:?}, {byte} at {odd}"
                    );
                }
            }
        }
    }
}
