//! Building a set: whether models go together, and where each finds its state.

use super::{Listeners, ModelSet, Pair};
use crate::journey::machine::Machine;
use crate::journey::memory::Memory;
use crate::journey::set_error::{IDS_MAX, MODELS_MAX, SetError};
use crate::journey::variants::{VariantRule, Variants};
use crate::journey::{CheckedModel, Layout, Model, Span, Vocabulary};

/// What holds for all models of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetOptions {
    /// After how much silence a customer is forgotten, where a phase does not say otherwise.
    pub forget_after: Span,
    /// How many event ids of each customer are remembered, 0 to 16.
    pub remembered_ids: u8,
}

/// What a set is made of.
#[derive(Debug, Clone, Default)]
pub struct SetParts {
    /// The active models.
    pub models: Vec<CheckedModel>,
    /// The models that run beside them to be compared.
    pub shadows: Vec<Shadow>,
    /// What events say of experiments, if anything.
    pub variants: Option<VariantRule>,
}

/// A model that runs beside an active one, to be compared with it.
#[derive(Debug, Clone)]
pub struct Shadow {
    /// The model.
    pub model: CheckedModel,
    /// The active model's name; `None`: the same as its own.
    pub beside: Option<String>,
}

impl Shadow {
    /// The model under the name by which metrics, transitions and state know it. State is kept under the hash too: a shadow that
    /// is changed begins anew.
    fn into_model(self) -> Model {
        let mut model = self.model.model;
        model.state_name = format!("{} (shadow {:016x})", model.name, model.hash);
        model.name = format!("{} (shadow)", model.name);
        model
    }
}

impl ModelSet {
    /// Compiles models to run side by side.
    ///
    /// # Errors
    /// If they do not go together.
    pub fn new(models: Vec<CheckedModel>, options: SetOptions) -> Result<Self, SetError> {
        Self::of(SetParts { models, ..SetParts::default() }, options)
    }

    /// Compiles models, with shadows beside them and customers labelled by the variant of an experiment.
    ///
    /// # Errors
    /// If they do not go together.
    pub fn of(parts: SetParts, options: SetOptions) -> Result<Self, SetError> {
        let SetParts { models, shadows, variants } = parts;
        let mut models: Vec<Model> = models.into_iter().map(|checked| checked.model).collect();
        let active = models.len();
        if active == 0 {
            return Err(SetError::Empty);
        }
        let mut pairs = Vec::new();
        for (shadow, number) in shadows.into_iter().zip(active..) {
            let own = shadow.model.model.name();
            let name = shadow.beside.as_deref().unwrap_or(own);
            let Some(beside) = models[..active].iter().position(|model| model.name == name) else {
                return Err(SetError::NoCounterpart { shadow: own.to_owned(), beside: name.to_owned() });
            };
            pairs.push(Pair { shadow: number as u16, beside: beside as u16 });
            models.push(shadow.into_model());
        }
        check(&models, options)?;
        let vocabulary = Vocabulary::of_models(&models, variants.as_ref())?;
        let mut layout = Layout::default();
        let memory = Memory::place(&mut layout, options.remembered_ids);
        let variants = variants.map(|rule| {
            let attribute = vocabulary.attr(&rule.attribute).expect("the vocabulary has what is read of events");
            Variants::place(rule, attribute, &mut layout)
        });
        let mut cell = 0;
        let machine = |(index, model): (usize, &Model)| {
            let first = cell;
            cell += model.phases.len() as u16 + 1;
            Machine::new(model, index, &vocabulary, &mut layout, first, options.forget_after.0)
        };
        let machines: Vec<Machine> = models.iter().enumerate().map(machine).collect();
        let listeners = vocabulary.kinds().iter().map(|kind| {
            let knows = |model: &Model| model.kinds.contains(kind);
            let all: Box<[u16]> =
                (0..).zip(&models).filter(|(_, model)| knows(model)).map(|(index, _)| index).collect();
            let is_sure = all.iter().any(|index| machines[usize::from(*index)].takes_all());
            Listeners { all, is_sure }
        });
        let listeners = listeners.collect();
        let spans = models.iter().flat_map(|model| &model.phases).filter_map(|phase| phase.forget_after);
        Ok(Self {
            is_plain: pairs.is_empty() && variants.is_none() && machines.iter().all(Machine::takes_all),
            listeners,
            memory,
            variants,
            forget_after_min: spans.chain([options.forget_after]).map(|span| span.0).min().unwrap_or(i64::MAX),
            layout,
            machines,
            active,
            pairs,
            vocabulary,
            models,
        })
    }
}

fn check(models: &[Model], options: SetOptions) -> Result<(), SetError> {
    if models.len() > MODELS_MAX {
        return Err(SetError::TooMany(models.len()));
    }
    if options.forget_after.0 <= 0 {
        return Err(SetError::ForgetAtOnce);
    }
    if options.remembered_ids > IDS_MAX {
        return Err(SetError::TooManyIds(options.remembered_ids));
    }
    for model in models {
        let spans = model.phases.iter().filter_map(|phase| phase.forget_after);
        let forget_after = spans.chain([options.forget_after]).min().unwrap_or(options.forget_after);
        if let Some((_, rule, wait)) = model.waiting_signals().find(|(_, _, wait)| wait.span >= forget_after) {
            let (model, signal) = (model.name.clone(), rule.id.clone());
            return Err(SetError::WaitsTooLong { model, signal, span: wait.span, forget_after });
        }
    }
    Ok(())
}
