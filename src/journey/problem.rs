//! What is wrong with a model file: all of it, each with its place and what to write instead.

use std::fmt;

use crate::yaml::Place;

/// One mistake (or one thing that is probably a mistake) in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub at: Place,
    /// What is wrong; what to write instead.
    pub text: String,
}

/// All mistakes of a model file, in the order of their places; shown a line each, `file:line:column: text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelErrors {
    /// The file, as it was named.
    pub file: String,
    /// Its mistakes; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ModelErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let newline = if index > 0 { "\n" } else { "" };
            let Place { line, column } = problem.at;
            write!(f, "{newline}{}:{line}:{column}: {}", self.file, problem.text)?;
        }
        Ok(())
    }
}

impl std::error::Error for ModelErrors {}
