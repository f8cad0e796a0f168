//! Why an event is left out on purpose. A value, not an error: the job goes on.

/// Why an event does not count: a decision of the format, which an input can undo. Not a [`Reject`](super::Reject),
/// for there is nothing wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DropReason {
    /// No customer, where the input says that such events are nobody's.
    Anonymous,
    /// Done by a program that says so.
    Bot,
    /// A sale that came to nothing: cancelled, voided.
    Cancelled,
    /// Done by the company's own people.
    Internal,
    /// A link that a mail scanner followed.
    MachineClick,
    /// A mail that a proxy opened, whether or not anybody reads it.
    MachineOpen,
    /// Done to try something out.
    Test,
    /// Done to learn the till.
    Training,
}

impl DropReason {
    /// All reasons, in the order of their labels.
    pub const ALL: [Self; 8] = [
        Self::Anonymous,
        Self::Bot,
        Self::Cancelled,
        Self::Internal,
        Self::MachineClick,
        Self::MachineOpen,
        Self::Test,
        Self::Training,
    ];

    /// Its position in [`DropReason::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The reason as a bounded label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Bot => "bot",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
            Self::MachineClick => "machine_click",
            Self::MachineOpen => "machine_open",
            Self::Test => "test",
            Self::Training => "training",
        }
    }

    /// The reason of that label.
    pub fn of(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.label() == label)
    }
}
