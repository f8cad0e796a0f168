//! Why a broker that is there does not let us in.
//!
//! Its one invariant: only what trying again will not mend is a refusal. librdkafka tells a call no more than that no broker
//! answered; the reason comes apart from it, to whoever listens.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::context;
use super::settings::Settings;

/// How long a broker may take to say no.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);
/// How long it is waited for before there is a look at what was heard.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Remembers the first reason that is a refusal.
#[derive(Debug, Default)]
struct Listener(Mutex<Option<String>>);

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(refusal) = error.rdkafka_error_code().and_then(|code| refusal_of(code, reason)) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(refusal);
        }
    }
}

impl ConsumerContext for Listener {}

/// Asks once more, and listens. `None`: nobody refused; nobody may be there.
pub(super) fn ask(settings: &Settings) -> Option<String> {
    let mut client = settings.plain(0, "refusal");
    client.set("group.id", settings.group());
    let client: BaseConsumer<Listener> = client.create_with_context(Listener::default()).ok()?;
    let begun = Instant::now();
    while begun.elapsed() < ANSWER_TIMEOUT {
        // A broker that answers refuses nobody: whatever was wrong, it was something else.
        if client.fetch_metadata(None, LOOK_EVERY).is_ok() {
            return None;
        }
        _ = client.poll(Duration::ZERO);
        let heard = client.context().0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if heard.is_some() {
            return heard;
        }
    }
    None
}

fn refusal_of(code: RDKafkaErrorCode, reason: &str) -> Option<String> {
    match code {
        RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed => Some(format!(
            "the broker does not take us for who we say we are: {reason}; see `sasl.…` in kafka.properties"
        )),
        // Other trouble with TLS also comes of brokers that are just starting or ending.
        RDKafkaErrorCode::SSL if reason.contains("certificate verify failed") => {
            Some(format!("the broker's certificate is not trusted: {reason}; see `ssl.…` in kafka.properties"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_waiting_does_not_mend_is_a_refusal() {
        #[track_caller]
        fn check(code: RDKafkaErrorCode, reason: &str, expected: Option<&str>) {
            let refusal = refusal_of(code, reason);
            assert_eq!(refusal.is_some(), expected.is_some(), "{refusal:?}");
            assert!(refusal.is_none_or(|said| said.contains(expected.unwrap_or_default()) && said.contains(reason)));
        }
        check(RDKafkaErrorCode::Authentication, "Invalid password", Some("`sasl.…` in kafka.properties"));
        check(RDKafkaErrorCode::SSL, "x: certificate verify failed: y", Some("`ssl.…` in kafka.properties"));
        check(RDKafkaErrorCode::SSL, "SSL handshake failed: disconnected", None);
        check(RDKafkaErrorCode::BrokerTransportFailure, "Connection refused", None);
        check(RDKafkaErrorCode::AllBrokersDown, "1/1 brokers are down", None);
    }
}
