//! Stands where the reader would be, in a program that was built without it.

use std::convert::Infallible;
use std::sync::Arc;

use super::{BUILT_WITHOUT_REGISTRY, Language, Schemas};
use crate::journey::Reject;

/// There is none.
pub(in crate::formats) struct Reader(Infallible);

impl Reader {
    /// Says how to get one.
    pub(in crate::formats) fn new(language: Language, _: Option<&Arc<dyn Schemas>>) -> Result<Self, String> {
        Err(format!("{} is not read by {BUILT_WITHOUT_REGISTRY}", language.name()))
    }

    /// Never called.
    pub(in crate::formats) fn json(&mut self, _: &[u8]) -> Result<Option<Vec<u8>>, Reject> {
        match self.0 {}
    }
}
