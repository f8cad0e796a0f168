//! How the process ends, for whoever started it.

use std::fmt;

use crate::config::ConfigError;
use crate::telemetry::log::LogError;

/// The exit codes. A supervisor may restart after 1, 3 and 5; after 2 and 4 somebody has to do something first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well, or it was asked to stop and did.
    Ok = 0,
    /// Something failed that nobody foresaw.
    Failure = 1,
    /// The configuration, a model or the command line is wrong; the message says where and what to write instead.
    Usage = 2,
    /// Another process took this one's place; it has committed nothing since.
    Fenced = 3,
    /// The input topics or the state do not fit this configuration; the message names the remedy.
    Unfit = 4,
    /// It was asked to stop and could not finish in time; what was not committed is done again by the next.
    Deadline = 5,
}

impl Exit {
    /// The text about exit codes in the help.
    pub const HELP: &'static str = "\
Exit codes:
  0  all went well, or it was asked to stop and did
  1  unexpected failure
  2  the configuration, a model or the command line is wrong
  3  fenced: another process took this one's place
  4  the input topics or the state do not fit the configuration
  5  the deadline for shutting down passed";
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked, and how the process ends for it.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The lines for standard error.
    pub message: String,
}

impl Failure {
    /// A failure with its message.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Usage, error.to_string())
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        Self::new(Exit::Usage, format!("--log-level: {error}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failure, error.to_string())
    }
}
