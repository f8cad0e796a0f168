//! `klantreis run`: the service until it ends, and how the process ends for it.

use std::io::Write;

use super::{Exit, Failure, RunArgs};
use crate::config;
use crate::engine::worker::Ending;
use crate::kafka::TopicsError;
use crate::service::{self, Options, ServiceError, StateKeeping};

/// Runs the service. Its figures go to standard output if it was to end by itself.
pub fn run(args: &RunArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let config = config::load(&args.config)?;
    let options = Options {
        exit_when_caught_up: args.exit_when_caught_up,
        adopt_state: args.adopt_state,
        state: StateKeeping::Kafka,
    };
    let figures = match service::run(config, options) {
        Err(ServiceError::StoppedEarly) => return Ok(()),
        ended => ended?,
    };
    if args.exit_when_caught_up {
        let line =
            serde_json::to_string(&figures).map_err(|problem| Failure::new(Exit::Failure, problem.to_string()))?;
        writeln!(out, "{line}")?;
    }
    Ok(())
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        let exit = match &error {
            ServiceError::Models(_)
            | ServiceError::Format { .. }
            | ServiceError::Registry(_)
            | ServiceError::Settings(_)
            | ServiceError::Bind(_)
            | ServiceError::Token(_) => Exit::Usage,
            ServiceError::Topics(TopicsError::Unfit(_)) => Exit::Unfit,
            ServiceError::Worker { source, .. } | ServiceError::IngestEnded(source) => worker_exit(source),
            ServiceError::Deadline(_) => Exit::Deadline,
            _ => Exit::Failure,
        };
        Self::new(exit, error.to_string())
    }
}

fn worker_exit(ending: &Ending) -> Exit {
    use crate::engine::ports::SourceError;
    match ending {
        Ending::Fenced(_) | Ending::Source(SourceError::Fenced(_)) => Exit::Fenced,
        Ending::Restore(_)
        | Ending::OffsetsGone { .. }
        | Ending::NotKeyedByCustomer { .. }
        | Ending::TooManyDeadLetters { .. }
        | Ending::Source(SourceError::NotAligned { .. } | SourceError::Grown { .. } | SourceError::OffsetGone { .. }) => {
            Exit::Unfit
        }
        Ending::Deadline(_) => Exit::Deadline,
        _ => Exit::Failure,
    }
}
