//! The customer journey itself: models, the state of one customer, and the step from one event to the next.
//!
//! Pure: no Kafka, no clock, no metrics, no async, no randomness, no locks. Time is an argument; bad input is a
//! value ([`Reject`]), not an error. [`ModelSet::step`] and [`ModelSet::fire`] are the only code that changes a
//! customer's [`Record`].

mod amount;
mod describe;
mod effect;
mod event;
mod model_set;
mod record;
mod reject;
mod span;
mod vocabulary;

pub use amount::Amount;
pub use describe::ModelState;
pub use effect::{Cause, Effects, Transition, Value};
pub use event::{Attr, Event};
pub use model_set::{Fired, Model, ModelSet, Outcome};
pub use record::{Field, FieldType, Layout, Record};
pub use reject::Reject;
pub use span::Span;
pub use vocabulary::{AttrId, AttrType, KindId, Vocabulary};
