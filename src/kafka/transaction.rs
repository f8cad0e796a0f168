//! The steps of a transaction, and what their errors ask for.

use std::ffi::CStr;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::bindings as native;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;

use super::membership::GroupMembership;
use super::producer::Writer;

/// A step that takes longer is worth a line to whoever looks for what delays commits.
const LONG: Duration = Duration::from_millis(50);

/// Why a step failed, as librdkafka sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepError {
    code: RDKafkaErrorCode,
    text: String,
    fatal: bool,
    retriable: bool,
    abortable: bool,
}

/// How a transaction ends that did not commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    /// It did not take effect and has to be aborted.
    Abort(String),
    /// The same, because the group gave the place of the member it was opened by to another.
    Displaced(String),
    /// Nobody knows: only a producer that begins anew with the same id settles it.
    Unknown(String),
    /// Somebody else writes under our id.
    Fenced(String),
    /// We may not do this, and never will.
    Forbidden(String),
}

impl Ending {
    /// What went wrong.
    pub(super) fn into_problem(self) -> String {
        match self {
            Ending::Abort(problem)
            | Ending::Displaced(problem)
            | Ending::Unknown(problem)
            | Ending::Fenced(problem)
            | Ending::Forbidden(problem) => problem,
        }
    }
}

impl StepError {
    fn of(error: KafkaError) -> StepError {
        match error {
            KafkaError::Transaction(inner) => StepError {
                code: inner.code(),
                text: inner.string(),
                fatal: inner.is_fatal(),
                retriable: inner.is_retriable(),
                abortable: inner.txn_requires_abort(),
            },
            // The flush ahead of a commit.
            other => StepError {
                code: other.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail),
                text: other.to_string(),
                fatal: false,
                retriable: true,
                abortable: false,
            },
        }
    }

    pub(super) fn is_retriable(&self) -> bool {
        self.retriable
    }

    /// What to do about it once trying again is over.
    pub(super) fn ending(&self, step: &str) -> Ending {
        let said = format!("{step}: {}", self.text);
        match self.code {
            RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch => {
                Ending::Fenced(said)
            }
            // A member that rejoins after an outage gets a new member id, and its own old one is fenced. Whether somebody else
            // has our place, reading the inputs tells.
            RDKafkaErrorCode::FencedInstanceId if !self.fatal => Ending::Displaced(said),
            RDKafkaErrorCode::TransactionalIdAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::UnsupportedVersion
            | RDKafkaErrorCode::UnsupportedFeature
            | RDKafkaErrorCode::InvalidTransactionTimeout => Ending::Forbidden(said),
            _ if self.abortable && !self.fatal => Ending::Abort(said),
            _ => Ending::Unknown(said),
        }
    }
}

impl Writer {
    /// Takes a step, again and again while that may help.
    pub(super) fn step(
        &self,
        name: &str,
        deadline: Instant,
        mut take: impl FnMut(&Writer, Duration) -> Result<(), StepError>,
    ) -> Result<(), Ending> {
        let begun = Instant::now();
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            match take(self, left) {
                Ok(()) => {
                    if begun.elapsed() > LONG {
                        tracing::debug!("{name} took {:?}", begun.elapsed());
                    }
                    return Ok(());
                }
                Err(error) if error.is_retriable() && Instant::now() < deadline => {
                    tracing::debug!("{name} is tried again: {}", error.text);
                    self.serve(Duration::from_millis(20));
                }
                Err(error) => return Err(error.ending(name)),
            }
        }
    }

    /// Whether somebody else has begun under our id, whatever a step's error called it.
    pub(super) fn is_fenced(&self) -> bool {
        let fatal = self.base().client().fatal_error();
        fatal.is_some_and(|(code, _)| {
            matches!(
                code,
                RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch
            )
        })
    }

    /// Why the transaction that is open has to end, if the library knows. It throws records away then, and their reports say no
    /// more than that.
    pub(super) fn ailment(&self) -> Option<Ending> {
        // Beginning another is refused with the reason; and, with none, because one is open.
        let error = self.begin().err()?;
        (error.code != RDKafkaErrorCode::State).then(|| error.ending("writing"))
    }

    pub(super) fn init(&self, at_most: Duration) -> Result<(), StepError> {
        self.base().init_transactions(at_most).map_err(StepError::of)
    }

    pub(super) fn begin(&self) -> Result<(), StepError> {
        self.base().begin_transaction().map_err(StepError::of)
    }

    pub(super) fn commit(&self, at_most: Duration) -> Result<(), StepError> {
        self.base().commit_transaction(at_most).map_err(StepError::of)
    }

    /// Aborting waits for the reports of what it throws away, which only come while the queue is served: so in short turns.
    pub(super) fn abort(&self, at_most: Duration) -> Result<(), StepError> {
        self.base().abort_transaction(at_most.min(Duration::from_millis(100))).map_err(StepError::of)
    }

    /// Adds the offsets, as the member that the epoch was opened under.
    pub(super) fn send_offsets(
        &self,
        offsets: &TopicPartitionList,
        membership: &GroupMembership,
        at_most: Duration,
    ) -> Result<(), StepError> {
        let milliseconds = i32::try_from(at_most.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: a live producer, list and membership; the error, if there is one, is ours to read and to give back.
        unsafe {
            let error = native::rd_kafka_send_offsets_to_transaction(
                self.base().client().native_ptr(),
                offsets.ptr(),
                membership.as_ptr(),
                milliseconds,
            );
            if error.is_null() {
                return Ok(());
            }
            let told = StepError {
                code: native::rd_kafka_error_code(error).into(),
                text: CStr::from_ptr(native::rd_kafka_error_string(error)).to_string_lossy().into_owned(),
                fatal: native::rd_kafka_error_is_fatal(error) != 0,
                retriable: native::rd_kafka_error_is_retriable(error) != 0,
                abortable: native::rd_kafka_error_txn_requires_abort(error) != 0,
            };
            native::rd_kafka_error_destroy(error);
            Err(told)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_error_asks_for_its_own_ending() {
        #[track_caller]
        fn check(code: RDKafkaErrorCode, (fatal, abortable): (bool, bool), expected: fn(String) -> Ending) {
            let error = StepError { code, text: "why".into(), fatal, retriable: false, abortable };
            assert_eq!(error.ending("commit"), expected("commit: why".into()));
        }
        check(RDKafkaErrorCode::Fenced, (true, false), Ending::Fenced);
        check(RDKafkaErrorCode::ProducerFenced, (true, false), Ending::Fenced);
        check(RDKafkaErrorCode::FencedInstanceId, (false, true), Ending::Displaced);
        check(RDKafkaErrorCode::TransactionalIdAuthorizationFailed, (true, false), Ending::Forbidden);
        check(RDKafkaErrorCode::IllegalGeneration, (false, true), Ending::Abort);
        check(RDKafkaErrorCode::UnknownMemberId, (false, true), Ending::Abort);
        check(RDKafkaErrorCode::OperationTimedOut, (false, false), Ending::Unknown);
        check(RDKafkaErrorCode::OutOfOrderSequenceNumber, (true, true), Ending::Unknown);
    }
}
