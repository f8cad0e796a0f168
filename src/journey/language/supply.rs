//! What the inputs of a configuration can yield.

use std::collections::BTreeSet;

/// What one input can yield.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    /// Its name, the channel of its events.
    pub channel: String,
    /// The kinds of event; `None`: its records name them, so any.
    pub kinds: Option<BTreeSet<String>>,
    /// The attributes; `None`: its records name them, so any.
    pub attributes: Option<BTreeSet<String>>,
    /// Whether its events may be worth money.
    pub value: bool,
}

impl Supply {
    /// Whether it can yield events of a kind.
    pub fn yields(&self, kind: &str) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind))
    }

    /// Whether its events can have an attribute.
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes.as_ref().is_none_or(|attributes| attributes.contains(attribute))
    }
}
