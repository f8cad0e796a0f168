//! The customer journey itself: models, the state of one customer, and the step from one event to the next.
//!
//! Pure: no Kafka, no clock, no metrics, no async, no randomness, no locks. Time is an argument; bad input is a
//! value ([`Reject`]), not an error. [`ModelSet::step`] and [`ModelSet::fire`] are the only code that changes a
//! customer's [`Record`]. Of the rest of klantreis it uses `yaml` alone, which is as pure.
//!
//! From the file to the step: `language` reads and checks a model file ([`CheckedModel`]); `model` is what it means;
//! `machine` is one model compiled, with `program` for its conditions and `meter` for its counters; `memory` knows
//! repeats; `model_set` runs machines side by side on one record. `scenario` tries a model, `graph` draws it, `page` describes it.

mod amount;
mod builtin;
mod by_value;
mod code;
mod coverage;
mod describe;
mod drop_reason;
mod effect;
mod event;
mod explain;
mod graph;
mod grouped;
mod language;
mod machine;
mod memory;
mod meter;
mod model;
mod model_set;
mod page;
mod problem;
mod program;
mod record;
mod reject;
mod scenario;
mod set_error;
mod span;
mod variants;
mod vocabulary;

pub use amount::{Amount, AmountError};
pub use builtin::{builtin, builtin_names, builtin_source};
pub use code::Code;
pub use coverage::untested;
pub use describe::{Latest, ModelState};
pub use drop_reason::DropReason;
pub use effect::{Cause, Effects, Signal, Transition, Value};
pub use event::{Attr, Event};
pub use explain::Way;
pub use graph::{Because, Counts, Drawing, Language};
pub use grouped::grouped;
pub use language::{CheckedModel, Supply};
pub use machine::renumbered;
pub use model::{Addend, AtMost, Counter, Model, Occasion, Per, Phase, Rule, SignalRule, Texts, Trigger, Wait, Window};
pub use model_set::{Fired, ModelSet, Outcome, Pair, SetOptions, SetParts, Shadow};
pub use page::{index_page, model_page};
pub use problem::{ModelErrors, Problem};
pub use record::{Field, FieldType, Layout, Record};
pub use reject::Reject;
pub use scenario::{Scenario, ScenarioOutcome, run_scenarios};
pub use set_error::SetError;
pub use span::{Span, SpanError};
pub use variants::VariantRule;
pub use vocabulary::{AttrId, AttrType, EVENT_PARTS, KindId, Vocabulary};
