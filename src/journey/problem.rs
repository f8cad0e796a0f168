//! What is wrong with a model file: all of it, each with its place and what to write instead.

use std::fmt;

use super::Code;
use crate::yaml::Place;

/// One mistake (or one thing that is probably a mistake) in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub at: Place,
    /// What is wrong; what to write instead.
    pub text: String,
    /// What kind of mistake it is.
    pub code: Code,
}

/// As `line:column: text [code]`, for the name of a file to stand before it.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at: Place { line, column }, text, code } = self;
        write!(f, "{line}:{column}: {text} [{code}]")
    }
}

/// All mistakes of a model file, in the order of their places; shown a line each, `file:line:column: text [code]`.
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
            write!(f, "{newline}{}:{problem}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for ModelErrors {}
