//! How the service can end other than well.

use crate::config::ModelsError;
use crate::engine::worker::Ending;
use crate::http::BindError;
use crate::kafka::{SettingsError, TopicsError};

/// Why the service did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The models are wrong.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// An input's format cannot be used.
    #[error("input {input}: {problem}")]
    Format {
        /// The input.
        input: String,
        /// What is wrong.
        problem: String,
    },
    /// The schema registry cannot be asked.
    #[error("{0}")]
    Registry(String),
    /// The Kafka settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The topics do not fit.
    #[error(transparent)]
    Topics(#[from] TopicsError),
    /// The HTTP interface cannot be where it should.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The bearer token cannot be used.
    #[error(transparent)]
    Token(#[from] crate::http::TokenError),
    /// A client cannot be made.
    #[error("worker {worker}: {problem}")]
    Client {
        /// The worker.
        worker: usize,
        /// Why not.
        problem: String,
    },
    /// A client of the ingest cannot be made.
    #[error("the ingest: {problem}")]
    Ingest {
        /// Why not.
        problem: String,
    },
    /// A worker could not go on.
    #[error("worker {worker}: {source}")]
    Worker {
        /// The worker.
        worker: usize,
        /// Why not.
        source: Ending,
    },
    /// The ingest could not go on.
    #[error("the ingest: {0}")]
    IngestEnded(Ending),
    /// A worker died.
    #[error("worker {0} panicked; this is a fault of the program, please report it with the log")]
    Died(usize),
    /// Asked to stop before it had begun; nothing is wrong.
    #[error("asked to stop before it had begun")]
    StoppedEarly,
    /// The shutdown took too long.
    #[error("the shutdown deadline of {0:?} passed; what was not committed will be read again")]
    Deadline(std::time::Duration),
    /// The operating system does not let us.
    #[error("{what}: {source}")]
    System {
        /// What was asked of it.
        what: &'static str,
        /// What it said.
        source: std::io::Error,
    },
}

impl ServiceError {
    /// A thread ended so; those behind the workers' are the ingest's.
    pub(super) fn ended(thread: usize, workers: usize, source: Ending) -> Self {
        if thread < workers { Self::Worker { worker: thread, source } } else { Self::IngestEnded(source) }
    }
}
