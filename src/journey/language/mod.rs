//! The model language: a YAML file in, a checked model or all of its mistakes out.
//!
//! Everything that could be wrong is found here, at load, with its line and column; what comes out is resolved to
//! indices and never checked again. Names come first (`sections`), then what uses them (`transitions`, `expression`,
//! `scenarios`), last what only shows when all is taken together (`flow`).

mod checked_model;
mod conditions;
mod counters;
mod decide;
mod draft;
mod expression;
mod fields;
mod flow;
mod moved;
mod phases;
mod place;
mod places;
mod scenarios;
mod sections;
mod signals;
mod situation;
mod starved;
#[cfg(test)]
mod starved_tests;
mod suggest;
mod supply;
mod transitions;
mod warnings;
mod winners;
#[cfg(test)]
mod winners_tests;

pub use checked_model::CheckedModel;
pub use supply::Supply;
