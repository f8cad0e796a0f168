//! What a finding is called: one word for each kind of mistake, to be looked up, searched for and denied.

use std::fmt;
use std::str::FromStr;

/// The kind of a finding. `docs/findings.md` has a section for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// Something is not written as it should be.
    Malformed,
    /// A name that the model does not introduce.
    UnknownName,
    /// A condition that cannot be read, or compares what cannot be compared.
    BadCondition,
    /// A phase that nobody can come to.
    UnreachablePhase,
    /// A transition that leaves a phase in which the journey ends.
    LeavesFinal,
    /// A transition that others always come before.
    NeverWins,
    /// A condition that no event and no moment can make true.
    NeverHolds,
    /// A signal that nothing is an occasion for.
    NeverTold,
    /// Timers that bring a customer round without time going by.
    EndlessTimers,
    /// A condition that is true whatever happens.
    AlwaysHolds,
    /// A phase that nobody leaves, and that is not called final.
    DeadEnd,
    /// Something that is introduced and not used.
    Unused,
    /// A text that is not there in a language in which others are.
    Untranslated,
    /// A transition or signal that no scenario comes to.
    Untested,
    /// Something that waits for what no input can yield.
    NeverFed,
    /// A kind that the inputs can yield and no model listens to.
    Unheard,
}

impl Code {
    /// All there are, errors first.
    pub const ALL: [Self; 16] = [
        Self::Malformed,
        Self::UnknownName,
        Self::BadCondition,
        Self::UnreachablePhase,
        Self::LeavesFinal,
        Self::NeverWins,
        Self::NeverHolds,
        Self::NeverTold,
        Self::EndlessTimers,
        Self::AlwaysHolds,
        Self::DeadEnd,
        Self::Unused,
        Self::Untranslated,
        Self::Untested,
        Self::NeverFed,
        Self::Unheard,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownName => "unknown-name",
            Self::BadCondition => "bad-condition",
            Self::UnreachablePhase => "unreachable-phase",
            Self::LeavesFinal => "leaves-final",
            Self::NeverWins => "never-wins",
            Self::NeverHolds => "never-holds",
            Self::NeverTold => "never-told",
            Self::EndlessTimers => "endless-timers",
            Self::AlwaysHolds => "always-holds",
            Self::DeadEnd => "dead-end",
            Self::Unused => "unused",
            Self::Untranslated => "untranslated",
            Self::Untested => "untested",
            Self::NeverFed => "never-fed",
            Self::Unheard => "unheard",
        }
    }

    /// Whether a model with it is refused; else it is a warning.
    pub fn is_error(self) -> bool {
        self < Self::AlwaysHolds
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Code {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|code| code.word() == word).ok_or(())
    }
}
