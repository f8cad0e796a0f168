//! Why models cannot run side by side, though each is sound.

use super::Span;

/// The most event ids that are remembered of a customer.
pub(super) const IDS_MAX: u8 = 16;

/// The most models in a set.
pub(super) const MODELS_MAX: usize = 64;

/// Why models cannot run side by side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// There is none.
    #[error("there is no model; name at least one, such as `think5`")]
    Empty,
    /// Too many.
    #[error("{0} models are too many; run at most {MODELS_MAX} in one service")]
    TooMany(usize),
    /// Two of a name.
    #[error("two models are called `{0}`; give each a name of its own")]
    SameName(String),
    /// A shadow with nothing to be compared with.
    #[error(
        "the shadow `{shadow}` is to run beside `{beside}`, but no active model is called so; name one with `beside: <model>`"
    )]
    NoCounterpart {
        /// The shadow.
        shadow: String,
        /// What there is not.
        beside: String,
    },
    /// Models that mean different things by an attribute.
    #[error(
        "models `{first}` and `{second}` both read the attribute `{attribute}`, the one as {first_type}, the other as {second_type}; use one type"
    )]
    AttributeTypes {
        /// The attribute.
        attribute: String,
        /// The model that was there first.
        first: String,
        /// Its type there.
        first_type: &'static str,
        /// The other.
        second: String,
        /// Its type there.
        second_type: &'static str,
    },
    /// A model means something else by the attribute that says the variant.
    #[error(
        "`variants` reads the attribute `{attribute}` as text, model `{model}` reads it as {kind}; use one type, or another attribute"
    )]
    VariantType {
        /// The attribute.
        attribute: String,
        /// The model.
        model: String,
        /// Its type there.
        kind: &'static str,
    },
    /// Nobody would be remembered.
    #[error("customers cannot be forgotten after 0s; write a span such as `400d`")]
    ForgetAtOnce,
    /// A signal waits for longer than a customer is kept.
    #[error(
        "model `{model}`: the signal `{signal}` waits for {span}, but a customer can be forgotten after {forget_after}; wait for less, or forget later"
    )]
    WaitsTooLong {
        /// The model.
        model: String,
        /// The signal.
        signal: String,
        /// How long it waits.
        span: Span,
        /// After how much silence a customer is forgotten first.
        forget_after: Span,
    },
    /// Too many event ids.
    #[error("{0} event ids per customer are too many; remember at most {IDS_MAX}")]
    TooManyIds(u8),
}
