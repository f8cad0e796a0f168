//! The model language: a YAML file in, a checked model or all of its mistakes out.
//!
//! Everything that could be wrong is found here, at load, with its line and column; what comes out is resolved to
//! indices and never checked again. Names come first (`sections`), then what uses them (`transitions`, `expression`,
//! `scenarios`), last what only shows when all is taken together (`flow`).

mod checked_model;
mod expression;
mod fields;
mod flow;
mod phases;
mod place;
mod scenarios;
mod sections;
mod signals;
mod suggest;
mod transitions;
mod warnings;

pub use checked_model::CheckedModel;
