//! A model whose parts are read and not yet put together: what the checks look at that need all of it.

use super::places::Places;
use super::sections::Names;
use super::transitions::Rules;
use crate::journey::model::{Condition, SignalRule};

/// The parts of a model, as far as they could be understood.
#[derive(Clone, Copy)]
pub(super) struct Draft<'d> {
    pub names: &'d Names,
    pub rules: &'d Rules,
    pub signals: &'d [SignalRule],
    pub applies_to: Option<&'d Condition>,
    pub places: &'d Places,
}

impl<'d> Draft<'d> {
    /// All its conditions.
    pub fn conditions(self) -> impl Iterator<Item = &'d Condition> {
        let transitions = self.rules.placed.iter().map(|placed| placed.rule.when.as_ref());
        let signals = self.signals.iter().map(|signal| signal.when.as_ref());
        transitions.chain(signals).chain([self.applies_to]).flatten()
    }
}
