//! The active models, compiled together: one vocabulary, one layout of state, one way to change a customer's record.

mod build;

pub use build::{SetOptions, SetParts, Shadow};

use super::machine::{Input, Machine, Next, Standing};
use super::memory::Memory;
use super::variants::{VariantRule, Variants};
use super::{Effects, Event, Latest, Layout, Model, ModelState, Record, Vocabulary, Way};

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// At least one model took it; `late` if it was older than the customer's last event in one of them.
    Applied {
        /// See above.
        late: bool,
    },
    /// The customer's memory of event ids has it already; nothing changed at all.
    Duplicate,
    /// No active model takes it: none knows its kind, or none of those applies to it. Nothing changed at all.
    Ignored,
}

/// What came of firing a quiet customer's timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Fired {
    /// Nothing was due.
    Nothing,
    /// The record changed.
    Changed,
    /// The customer is forgotten: drop the record.
    Forgotten,
}

/// The models that know a kind of event.
#[derive(Debug)]
struct Listeners {
    all: Box<[u16]>,
    /// Whether one of them takes every such event.
    is_sure: bool,
}

/// A shadow beside the model it is compared with, as indices into the set's models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The shadow.
    pub shadow: u16,
    /// The active model.
    pub beside: u16,
}

/// The active models and their shadows, compiled together: one vocabulary, one layout of state.
///
/// Whatever shadows there are, the active models do what they would do without: shadows remember no event ids, change no
/// customer's variant, and keep no customer from being forgotten.
#[derive(Debug)]
pub struct ModelSet {
    vocabulary: Vocabulary,
    layout: Layout,
    models: Vec<Model>,
    machines: Vec<Machine>,
    /// How many of the models are active: the shadows follow them.
    active: usize,
    pairs: Vec<Pair>,
    /// Whether there are neither shadows nor variants, and every model takes all events of its kinds.
    is_plain: bool,
    /// By kind, the models that know it.
    listeners: Vec<Listeners>,
    memory: Memory,
    variants: Option<Variants>,
    /// The shortest silence after which any customer is forgotten.
    forget_after_min: i64,
}

impl ModelSet {
    /// The names that the models know.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The models, in the order they were given: the active ones, then the shadows.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// How many of the models are active.
    pub fn active(&self) -> usize {
        self.active
    }

    /// Each shadow beside its active model.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The variants of an experiment, if customers are labelled so.
    pub fn variants(&self) -> Option<&VariantRule> {
        self.variants.as_ref().map(|variants| &variants.rule)
    }

    /// The name of a customer's variant.
    pub fn variant_name(&self, record: &Record) -> Option<&str> {
        let variants = self.variants.as_ref()?;
        variants.rule.names().nth(variants.of(record)?.into())
    }

    /// Where everything stands in a record.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The record of a customer nobody has seen yet.
    pub fn fresh(&self) -> Box<Record> {
        Record::zeroed(self.layout.words)
    }

    /// Whether some model takes this event. To be asked before a customer is made for it: in [`ModelSet::step`] it is too
    /// late.
    #[inline]
    pub fn takes(&self, event: &Event<'_>, channel: &str) -> bool {
        let Some(kind) = event.kind else { return false };
        let Some(listeners) = self.listeners.get(usize::from(kind.0)) else { return false };
        listeners.is_sure
            || self.is_taken(&Input { event, kind, channel, vocabulary: &self.vocabulary }, &listeners.all)
    }

    #[cold]
    fn is_taken(&self, input: &Input<'_>, listeners: &[u16]) -> bool {
        listeners.iter().any(|index| self.machines[usize::from(*index)].applies_to(input))
    }

    /// Whether an active model takes an event.
    fn is_taken_by_active(&self, input: &Input<'_>, listeners: &[u16]) -> bool {
        listeners.iter().map(|index| usize::from(*index)).any(|index| {
            // Shadows follow the active ones.
            index < self.active && self.machines[index].applies_to(input)
        })
    }

    /// Applies an event: in each model that takes it the timers that are due by then, then the event.
    pub fn step(&self, record: &mut Record, event: &Event<'_>, channel: &str, effects: &mut Effects) -> Outcome {
        let Some(kind) = event.kind else { return Outcome::Ignored };
        let Some(listeners) = self.listeners.get(usize::from(kind.0)) else { return Outcome::Ignored };
        let input = Input { event, kind, channel, vocabulary: &self.vocabulary };
        if !listeners.is_sure && !self.is_taken(&input, &listeners.all) {
            return Outcome::Ignored;
        }
        let print = self.memory.print(event.id.as_deref());
        if print.is_some_and(|print| self.memory.has(record, print) && !self.is_news(record, event)) {
            return Outcome::Duplicate;
        }
        let last = self.last(record);
        if last != 0 && event.at >= last.saturating_add(self.forget_after_min) {
            self.forget_before(record, &input, &listeners.all, effects);
        }
        // What few sets have stands apart, so that the others do not pay for it.
        let (late, counts) = if self.is_plain {
            let take = |late, index: &u16| self.machines[usize::from(*index)].take(record, &input, effects) | late;
            (listeners.all.iter().fold(false, take), true)
        } else {
            self.take_apart(record, &input, &listeners.all, effects)
        };
        if let Some(print) = print
            && counts
        {
            self.memory.remember(record, print);
        }
        Outcome::Applied { late }
    }

    /// Hands an event to each model that takes it, in a set with models that do not take all, with shadows or with variants. Says
    /// whether it was late, and whether it counts: what shadows alone take leaves no trace but in them.
    #[inline(never)]
    fn take_apart(
        &self,
        record: &mut Record,
        input: &Input<'_>,
        listeners: &[u16],
        effects: &mut Effects,
    ) -> (bool, bool) {
        let counts = self.is_taken_by_active(input, listeners);
        let (last, mark) = (self.last(record), effects.mark());
        let mut late = false;
        for index in listeners.iter().map(|index| usize::from(*index)) {
            let machine = &self.machines[index];
            if machine.applies_to(input) {
                let was_late = machine.take(record, input, effects);
                late |= was_late && (!counts || index < self.active);
            }
        }
        match &self.variants {
            Some(variants) if counts => variants.label(record, input.event, last, mark, effects),
            Some(variants) => variants.tell(record, mark, effects),
            None => {}
        }
        (late, counts)
    }

    /// Fires everything that is due by this time, in the order of the due times, forgetting included.
    pub fn fire(&self, record: &mut Record, until: i64, effects: &mut Effects) -> Fired {
        let mark = effects.mark();
        let fired = self.fire_all(record, until, effects);
        if let Some(variants) = &self.variants {
            variants.tell(record, mark, effects);
        }
        fired
    }

    fn fire_all(&self, record: &mut Record, until: i64, effects: &mut Effects) -> Fired {
        let mut fired = Fired::Nothing;
        loop {
            let forget_at = self.forget_at(record).filter(|at| *at <= until);
            match self.next_timer(record) {
                Some((machine, next)) if next.at() <= forget_at.unwrap_or(until) => {
                    machine.fire(record, next, effects);
                    fired = Fired::Changed;
                }
                _ if forget_at.is_some() => {
                    effects.forgotten += 1;
                    return Fired::Forgotten;
                }
                _ => return fired,
            }
        }
    }

    /// When something is due next without another event: a timer, or that the customer is forgotten. `None` for a
    /// customer nobody has seen yet.
    #[inline]
    pub fn deadline(&self, record: &Record) -> Option<i64> {
        // There is hardly ever more than one model, and for one there is nothing to compare.
        match self.machines.as_slice() {
            [machine] => machine.ends(record).map(|(forget_at, due_at)| forget_at.min(due_at)),
            _ => self.earliest_deadline(record),
        }
    }

    /// The phase a customer is in, as an index into the model's phases.
    pub fn phase_of(&self, record: &Record, model: usize) -> Option<u16> {
        self.machines[model].standing(record).phase()
    }

    /// Where a customer is in each active model; those in which it is in no phase yet are left out.
    pub fn latest(&self, record: &Record) -> Vec<Latest<'_>> {
        let active = self.models.iter().zip(&self.machines).take(self.active);
        let latest = active.filter_map(|(model, machine)| {
            let standing @ Standing { since, seq, .. } = machine.standing(record);
            let phase = standing.phase()?;
            Some(Latest { model: &model.name, phase: &model.phases[usize::from(phase)].name, since, seq })
        });
        latest.collect()
    }

    /// A customer's state in each model, for people to read.
    pub fn describe(&self, record: &Record) -> Vec<ModelState> {
        self.models.iter().zip(&self.machines).map(|(model, machine)| ModelState::of(model, machine, record)).collect()
    }

    /// Each way out of the phase that a customer is in, in each model, and what is missing for it.
    pub fn explain(&self, record: &Record) -> Vec<Vec<Way>> {
        self.models.iter().zip(&self.machines).map(|(model, machine)| Way::all(model, machine, record)).collect()
    }

    /// Whether an event cannot have come before, whatever the customer's memory has: it has its own time, which is newer
    /// than all others. So a chance likeness of two ids does no harm to a customer whose events come in order.
    #[cold]
    fn is_news(&self, record: &Record, event: &Event<'_>) -> bool {
        event.time_is_own && event.at > self.last(record)
    }

    /// Lets a customer begin anew who was forgotten before this event. Whether it comes to that depends on the timers on
    /// the way. If not, timers of models that do not know this event must not have fired because of it.
    #[cold]
    fn forget_before(&self, record: &mut Record, input: &Input<'_>, listeners: &[u16], effects: &mut Effects) {
        if !self.is_taken_by_active(input, listeners) {
            return;
        }
        let mut trial = record.to_owned();
        let mark = effects.mark();
        if self.fire(&mut trial, input.event.at, effects) == Fired::Forgotten {
            record.0.fill(0);
        } else {
            effects.back_to(mark);
        }
    }

    /// The time of the customer's last event in any active model; 0 for never.
    #[inline(always)]
    fn last(&self, record: &Record) -> i64 {
        let active = &self.machines[..self.active];
        active.iter().map(|machine| machine.standing(record).last).max().unwrap_or(0)
    }

    /// The deadline of a customer whom several models may have seen: the earliest timer, but the last to forget.
    #[inline(never)]
    fn earliest_deadline(&self, record: &Record) -> Option<i64> {
        let due = self.machines.iter().filter_map(|machine| machine.ends(record)).map(|(_, due_at)| due_at).min()?;
        Some(self.forget_at(record).map_or(due, |forget_at| forget_at.min(due)))
    }

    /// When the last of the active models that have seen the customer has no more use for it; if only shadows have, the last of
    /// those.
    fn forget_at(&self, record: &Record) -> Option<i64> {
        let last = |machines: &[Machine]| {
            machines.iter().filter_map(|machine| machine.ends(record)).map(|(forget_at, _)| forget_at).max()
        };
        last(&self.machines[..self.active]).or_else(|| last(&self.machines[self.active..]))
    }

    /// What comes next of all models by itself; of equals that of the first model.
    fn next_timer(&self, record: &Record) -> Option<(&Machine, Next<'_>)> {
        let timers = self.machines.iter().filter_map(|machine| Some((machine, machine.next(record)?)));
        timers.min_by_key(|(_, next)| next.at())
    }
}
