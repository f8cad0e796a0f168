//! What an input says of its format beside the format's name.

use std::collections::BTreeMap;

use super::spec::Wrapper;
use crate::journey::DropReason;

/// What an input says of its format beside the format's name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// The types of identifiers that make the customer, in order of preference; `None`: as the format says.
    pub customer: Option<Vec<String>>,
    /// The zone of times that are written without one, as an IANA name.
    pub zone: Option<String>,
    /// Kinds of events by what their producer calls them, before those of the format.
    pub kinds: BTreeMap<String, String>,
    /// Whether events are left out for a reason, where that is not as the format says.
    pub drops: BTreeMap<DropReason, bool>,
    /// What is around records, from the outside in.
    pub unwrap: Vec<Wrapper>,
}
