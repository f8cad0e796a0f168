//! What librdkafka's callbacks do, for every client: tell the log. Callbacks run inside a poll, so they never block or panic.

use std::sync::Arc;
use std::time::Instant;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::presence::Presence;

/// The context of clients without callbacks of their own.
#[derive(Debug, Default, Clone)]
pub(super) struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        log_error(&error, reason);
    }
}

impl ConsumerContext for Quiet {}

/// Passes a line of librdkafka's log on.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
            tracing::error!(target: "librdkafka", facility, "{message}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", facility, "{message}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => tracing::info!(target: "librdkafka", facility, "{message}"),
        RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{message}"),
    }
}

/// Passes a client's error on. Errors here are informative: those that matter come back from the call they belong to.
pub(super) fn log_error(error: &KafkaError, reason: &str) {
    match error.rdkafka_error_code() {
        // The end of a partition is not an error, whatever the library calls it.
        Some(RDKafkaErrorCode::PartitionEOF) => {}
        _ => tracing::warn!(target: "librdkafka", "{reason} ({error})"),
    }
}

/// Passes a client's statistics on to whom they concern.
pub(super) fn observe(presence: &Arc<Presence>, statistics: &[u8]) {
    presence.observe(statistics, Instant::now());
}
