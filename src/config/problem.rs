//! What is wrong with a configuration, where, and what to write instead.

use std::cell::RefCell;
use std::fmt;

use crate::yaml::Place;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where; `None` if the file as a whole is meant.
    pub at: Option<Place>,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub instead: String,
}

/// Everything that is wrong with a configuration, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, as it was named.
    pub file: String,
    /// Never empty.
    pub problems: Vec<Problem>,
}

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { at, what, instead }) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:", self.file)?;
            if let Some(Place { line, column }) = at {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " {what}; {instead}")?;
        }
        Ok(())
    }
}

/// The pile that problems go to while the file is read. A cell, because every open section adds to the same one.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    /// Adds one.
    pub(super) fn add(&self, at: Place, what: impl Into<String>, instead: impl Into<String>) {
        self.0.borrow_mut().push(Problem { at: Some(at), what: what.into(), instead: instead.into() });
    }

    /// All of them as an error, if there are any.
    pub(super) fn finish(self, file: &str) -> Result<(), ConfigError> {
        let mut problems = self.0.into_inner();
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by_key(|problem| problem.at);
        problems.dedup();
        Err(ConfigError { file: file.to_owned(), problems })
    }
}
