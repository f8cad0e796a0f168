//! Where a customer can be, and what that is to people.

use crate::journey::Span;

/// A phase of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phase {
    pub(in crate::journey) name: String,
    pub(in crate::journey) title: Texts<Option<String>>,
    pub(in crate::journey) needs: Texts<Vec<String>>,
    pub(in crate::journey) is_final: bool,
    pub(in crate::journey) forget_after: Option<Span>,
    /// The kinds of event that are touchpoints of it, as indices into [`Model::kinds`](super::Model::kinds), ascending; all, if it does not say.
    pub(in crate::journey) touchpoints: Option<Vec<u16>>,
}

/// The same in each language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Texts<T> {
    /// Dutch.
    pub nl: T,
    /// English.
    pub en: T,
}

impl<T> Texts<T> {
    /// Each with the code of its language.
    pub fn by_language(&self) -> [(&'static str, &T); 2] {
        [("nl", &self.nl), ("en", &self.en)]
    }
}

impl Phase {
    /// Its name, as transitions and state know it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    pub fn title(&self) -> &Texts<Option<String>> {
        &self.title
    }

    /// What the customer needs in it.
    pub fn needs(&self) -> &Texts<Vec<String>> {
        &self.needs
    }

    /// Whether the journey ends in it: no transition leaves it.
    pub fn is_final(&self) -> bool {
        self.is_final
    }

    /// The kinds of event that are touchpoints of it, as indices into the model's; all, if it does not say.
    pub fn touchpoints(&self) -> Option<&[u16]> {
        self.touchpoints.as_deref()
    }

    /// After how much silence a customer in it is forgotten, if not after the usual time.
    pub fn forget_after(&self) -> Option<Span> {
        self.forget_after
    }
}
