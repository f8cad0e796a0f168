//! Why a record cannot be an event. A value, not an error: the job goes on.

use std::fmt;

/// Why a record goes to the dead letters. [`Reject::reason`] is a bounded label; the text says more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reject {
    /// The record has no value, or an empty one.
    Empty,
    /// The value is larger than the input allows: (size, limit) in bytes.
    TooLarge(usize, usize),
    /// The value is not UTF-8: position of the first bad byte.
    InvalidUtf8(usize),
    /// The value is not JSON (or not a row of CSV); what the parser says.
    Malformed(String),
    /// The value is JSON, but not an object.
    NotAnObject,
    /// No customer where the format looks for one, an empty one, or not a text; where it was looked for.
    NoCustomer(String),
    /// No time where the format looks for one; where it was looked for.
    NoTime(String),
    /// There is a time, but it is not one: unparsable, not a number, before 1990 or after 2100; what stands there.
    BadTime(String),
    /// Another field that is needed has a type or value that cannot be used; which, and what stands there.
    BadField(String),
    /// The customer's records belong in another partition: (this one, the customer's).
    WrongPartition(i32, i32),
    /// Applying the event panicked; the message. The customer's state is as it was before.
    Panic(String),
}

impl Reject {
    /// All labels that [`Reject::reason`] can give.
    pub const REASONS: [&'static str; 11] = [
        "empty",
        "too_large",
        "invalid_utf8",
        "malformed",
        "not_an_object",
        "no_customer",
        "no_time",
        "bad_time",
        "bad_field",
        "wrong_partition",
        "panic",
    ];

    /// The position of [`Reject::reason`] in [`Reject::REASONS`].
    pub fn index(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::TooLarge(..) => 1,
            Self::InvalidUtf8(_) => 2,
            Self::Malformed(_) => 3,
            Self::NotAnObject => 4,
            Self::NoCustomer(_) => 5,
            Self::NoTime(_) => 6,
            Self::BadTime(_) => 7,
            Self::BadField(_) => 8,
            Self::WrongPartition(..) => 9,
            Self::Panic(_) => 10,
        }
    }

    /// The reason as a bounded label for metrics and headers.
    pub fn reason(&self) -> &'static str {
        Self::REASONS[self.index()]
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the record has no value"),
            Self::TooLarge(size, limit) => write!(f, "the value has {size} bytes, more than the {limit} allowed"),
            Self::InvalidUtf8(at) => write!(f, "the value is not UTF-8 (first bad byte at {at})"),
            Self::Malformed(why) => write!(f, "the value cannot be parsed: {why}"),
            Self::NotAnObject => write!(f, "the value is JSON, but not an object"),
            Self::NoCustomer(place) => write!(f, "no customer: {place} is missing, empty or not a text"),
            Self::NoTime(place) => write!(f, "no event time: {place} is missing"),
            Self::BadTime(what) => write!(f, "not an event time between 1990 and 2100: {what}"),
            Self::BadField(what) => write!(f, "unusable field: {what}"),
            Self::WrongPartition(here, there) => {
                write!(
                    f,
                    "found in partition {here}, but this customer belongs in partition {there}; `keying: rekey` takes inputs that are keyed otherwise"
                )
            }
            Self::Panic(message) => write!(f, "applying the event failed: {message}"),
        }
    }
}
