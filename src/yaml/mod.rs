//! YAML files as trees in which every key and value knows its place, and what was probably meant by a misspelt name.
//!
//! Whoever reads a file that people write wants to report all of its mistakes together, each with its line and column.
//! Deserializing straight into structs would stop at the first one; a [`Node`] has no expectation of what is in it.
//! Invariant: a tree that exists is of bounded depth and size, aliases included, so that whoever walks it may recurse.
//!
//! A leaf that knows nothing of ours. It does no input or output and reads no clock: text in, tree or its first
//! mistake out. That is why the pure journey core may use it, which uses nothing else of ours.
//!
//! Not here: opening files, what the trees mean, and lists of problems.

mod node;
mod place;
mod suggest;

pub use place::Place;

pub(crate) use node::{Dialect, Name, Node, Yaml};
pub(crate) use suggest::{distance, nearest};
