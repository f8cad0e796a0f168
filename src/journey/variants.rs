//! Variants of an experiment: the label that an event puts on its customer, so that what became of those with one label can be
//! compared with what became of those with another.
//!
//! Of a label 32 bits are kept, not its place among the configured values: so values can be added while an experiment runs,
//! and nobody loses the label they have.

use std::num::NonZeroU32;

use xxhash_rust::xxh3::xxh3_64;

use super::effect::{Cause, Effects, Mark};
use super::record::{FieldType, Layout};
use super::{Attr, AttrId, Event, Record};

/// What events say of experiments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VariantRule {
    /// The attribute that has the label; a text.
    pub attribute: String,
    /// The labels that are told apart; every other one is [`OTHER`].
    pub values: Vec<String>,
}

/// What a label is called that is not among the values.
pub const OTHER: &str = "other";

impl VariantRule {
    /// The names of all variants, in the order of [`super::Transition::variant`]: the values, then [`OTHER`].
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(String::as_str).chain([OTHER])
    }
}

/// A rule at work: where labels stand, and what they mean.
#[derive(Debug)]
pub(super) struct Variants {
    pub rule: VariantRule,
    attribute: AttrId,
    word: usize,
    prints: Box<[NonZeroU32]>,
}

impl Variants {
    /// Finds room for a customer's label.
    pub fn place(rule: VariantRule, attribute: AttrId, layout: &mut Layout) -> Self {
        let word = layout.push(format!("variant/{}", rule.attribute), FieldType::Bits, 0);
        let prints = rule.values.iter().map(|value| print(value)).collect();
        Self { rule, attribute, word, prints }
    }

    /// The customer's variant, as an index into the names.
    pub fn of(&self, record: &Record) -> Option<u16> {
        let label = NonZeroU32::new(record.u32(self.word))?;
        Some(self.prints.iter().position(|print| *print == label).unwrap_or(self.prints.len()) as u16)
    }

    /// Puts the event's label on the customer, if it has one and is not older than the customer's last event; and says in what
    /// was told since `mark` which label the customer had: what timers did before the event was under the old one.
    pub fn label(&self, record: &mut Record, event: &Event<'_>, last: i64, mark: Mark, effects: &mut Effects) {
        let before = self.of(record);
        if let Some(Some(Attr::Text(text))) = event.attrs.get(usize::from(self.attribute.0))
            && event.at >= last
        {
            record.set_u32(self.word, print(text).get());
        }
        let after = self.of(record);
        say(mark, effects, |cause| if cause == Cause::Timer { before } else { after });
    }

    /// Says which label the customer has in what timers told since `mark`.
    pub fn tell(&self, record: &Record, mark: Mark, effects: &mut Effects) {
        let variant = self.of(record);
        say(mark, effects, |_| variant);
    }
}

/// Says the variant in what was told since `mark`, by what caused it.
fn say(mark: Mark, effects: &mut Effects, variant: impl Fn(Cause) -> Option<u16>) {
    effects.transitions_since(mark).for_each(|transition| transition.variant = variant(transition.cause));
    effects.signals_since(mark).for_each(|signal| signal.variant = variant(signal.cause));
}

fn print(label: &str) -> NonZeroU32 {
    NonZeroU32::new(xxh3_64(label.as_bytes()) as u32).unwrap_or(NonZeroU32::MIN)
}
