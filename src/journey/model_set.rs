//! The active models, compiled together: one vocabulary, one layout of state, one way to change a customer's record.

use super::machine::{Input, Machine, Next};
use super::memory::Memory;
use super::set_error::{IDS_MAX, MODELS_MAX, SetError};
use super::variants::{VariantRule, Variants};
use super::{CheckedModel, Effects, Event, Layout, Model, ModelState, Record, Span, Vocabulary, Way};

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

/// What holds for all models of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetOptions {
    /// After how much silence a customer is forgotten, where a phase does not say otherwise.
    pub forget_after: Span,
    /// How many event ids of each customer are remembered, 0 to 16.
    pub remembered_ids: u8,
}

/// The active models, compiled together: one vocabulary, one layout of state.
#[derive(Debug)]
pub struct ModelSet {
    vocabulary: Vocabulary,
    layout: Layout,
    models: Vec<Model>,
    machines: Vec<Machine>,
    /// By kind, the models that know it.
    listeners: Vec<Listeners>,
    memory: Memory,
    variants: Option<Variants>,
    /// The shortest silence after which any customer is forgotten.
    forget_after_min: i64,
}

/// The models that know a kind of event.
#[derive(Debug)]
struct Listeners {
    all: Box<[u16]>,
    /// Whether one of them takes every such event.
    is_sure: bool,
}

impl ModelSet {
    /// Compiles models to run side by side.
    ///
    /// # Errors
    /// If they do not go together.
    pub fn new(models: Vec<CheckedModel>, options: SetOptions) -> Result<Self, SetError> {
        Self::with_variants(models, options, None)
    }

    /// The same, with customers labelled by the variant of an experiment.
    ///
    /// # Errors
    /// If they do not go together.
    pub fn with_variants(
        models: Vec<CheckedModel>,
        options: SetOptions,
        variants: Option<VariantRule>,
    ) -> Result<Self, SetError> {
        let models: Vec<Model> = models.into_iter().map(|checked| checked.model).collect();
        if models.is_empty() {
            return Err(SetError::Empty);
        }
        if models.len() > MODELS_MAX {
            return Err(SetError::TooMany(models.len()));
        }
        if options.forget_after.0 <= 0 {
            return Err(SetError::ForgetAtOnce);
        }
        if options.remembered_ids > IDS_MAX {
            return Err(SetError::TooManyIds(options.remembered_ids));
        }
        for model in &models {
            let spans = model.phases.iter().filter_map(|phase| phase.forget_after);
            let forget_after = spans.chain([options.forget_after]).min().unwrap_or(options.forget_after);
            if let Some((_, rule, wait)) = model.waiting_signals().find(|(_, _, wait)| wait.span >= forget_after) {
                let (model, signal) = (model.name.clone(), rule.id.clone());
                return Err(SetError::WaitsTooLong { model, signal, span: wait.span, forget_after });
            }
        }
        let vocabulary = Vocabulary::of_models(&models, variants.as_ref())?;
        let mut layout = Layout::default();
        let memory = Memory::place(&mut layout, options.remembered_ids);
        let variants = variants.map(|rule| {
            let attribute = vocabulary.attr(&rule.attribute).expect("the vocabulary has what is read of events");
            Variants::place(rule, attribute, &mut layout)
        });
        let mut cell = 0;
        let machines: Vec<Machine> = models
            .iter()
            .enumerate()
            .map(|(index, model)| {
                let first = cell;
                cell += model.phases.len() as u16 + 1;
                Machine::new(model, index, &vocabulary, &mut layout, first, options.forget_after.0)
            })
            .collect();
        let listeners = vocabulary.kinds().iter().map(|kind| {
            let knows = |model: &Model| model.kinds.contains(kind);
            let all =
                (0..).zip(&models).filter(|(_, model)| knows(model)).map(|(index, _)| index).collect::<Box<[u16]>>();
            let is_sure = all.iter().any(|index| machines[usize::from(*index)].takes_all());
            Listeners { all, is_sure }
        });
        let listeners = listeners.collect();
        let spans = models.iter().flat_map(|model| &model.phases).filter_map(|phase| phase.forget_after);
        Ok(Self {
            listeners,
            memory,
            variants,
            forget_after_min: spans.chain([options.forget_after]).map(|span| span.0).min().unwrap_or(i64::MAX),
            layout,
            machines,
            vocabulary,
            models,
        })
    }

    /// The names that the models know.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The models, in the order they were given.
    pub fn models(&self) -> &[Model] {
        &self.models
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
        let mut last = self.last(record);
        if last != 0 && event.at >= last.saturating_add(self.forget_after_min) {
            self.forget_before(record, event.at, effects);
            last = self.last(record);
        }
        let mark = effects.mark();
        let mut late = false;
        for index in &listeners.all {
            let machine = &self.machines[usize::from(*index)];
            if machine.applies_to(&input) {
                late |= machine.take(record, &input, effects);
            }
        }
        if let Some(variants) = &self.variants {
            variants.label(record, event, last, mark, effects);
        }
        if let Some(print) = print {
            self.memory.remember(record, print);
        }
        Outcome::Applied { late }
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

    /// When that phase began; `None` for a customer who is in none yet.
    pub fn since_of(&self, record: &Record, model: usize) -> Option<i64> {
        let standing = self.machines[model].standing(record);
        standing.phase().map(|_| standing.since)
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
    fn forget_before(&self, record: &mut Record, at: i64, effects: &mut Effects) {
        let mut trial = record.to_owned();
        let mark = effects.mark();
        if self.fire(&mut trial, at, effects) == Fired::Forgotten {
            record.0.fill(0);
        } else {
            effects.back_to(mark);
        }
    }

    /// The time of the customer's last event in any model; 0 for never.
    #[inline(always)]
    fn last(&self, record: &Record) -> i64 {
        self.machines.iter().map(|machine| machine.standing(record).last).max().unwrap_or(0)
    }

    /// The deadline of a customer whom several models may have seen: the earliest timer, but the last to forget.
    #[inline(never)]
    fn earliest_deadline(&self, record: &Record) -> Option<i64> {
        let ends = self.machines.iter().filter_map(|machine| machine.ends(record));
        let (forget_at, due_at) =
            ends.reduce(|(forget, due), (forget_at, due_at)| (forget.max(forget_at), due.min(due_at)))?;
        Some(forget_at.min(due_at))
    }

    /// When the last of the models that have seen the customer has no more use for it.
    fn forget_at(&self, record: &Record) -> Option<i64> {
        self.machines.iter().filter_map(|machine| machine.ends(record)).map(|(forget_at, _)| forget_at).max()
    }

    /// What comes next of all models by itself; of equals that of the first model.
    fn next_timer(&self, record: &Record) -> Option<(&Machine, Next<'_>)> {
        let timers = self.machines.iter().filter_map(|machine| Some((machine, machine.next(record)?)));
        timers.min_by_key(|(_, next)| next.at())
    }
}
