//! Whether any broker answers, as the clients see it.
//!
//! A broker that is away is no error: clients keep trying by themselves. But a service that hears nothing should say so, so
//! somebody has to know since when. librdkafka's periodic statistics tell; its "all brokers down" error does not tell when
//! they are back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is shorter is a connection that is being made.
const GRACE: Duration = Duration::from_secs(2);

/// Since when no broker has been connected. Shared by the clients, which report, and the service, which shows it.
#[derive(Debug, Default)]
pub struct Presence {
    /// A lock because one field is written by some threads and read by others; held for a copy only.
    away_since: Mutex<Option<Instant>>,
}

/// The part of librdkafka's statistics that is read.
#[derive(serde::Deserialize)]
struct Statistics<'a> {
    #[serde(borrow)]
    brokers: HashMap<std::borrow::Cow<'a, str>, Broker<'a>>,
}

#[derive(serde::Deserialize)]
struct Broker<'a> {
    #[serde(borrow)]
    state: std::borrow::Cow<'a, str>,
}

impl Presence {
    /// How long no broker has been connected; `None` while one is, and for a moment after.
    pub fn away(&self, now: Instant) -> Option<Duration> {
        let since = *self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.map(|since| now.saturating_duration_since(since)).filter(|away| *away >= GRACE)
    }

    /// Takes note of a client's statistics.
    pub(super) fn observe(&self, statistics: &[u8], now: Instant) {
        let Ok(statistics) = serde_json::from_slice::<Statistics<'_>>(statistics) else {
            return;
        };
        let connected = statistics.brokers.values().any(|broker| matches!(&*broker.state, "UP" | "UPDATE"));
        let mut away_since = self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
        *away_since = match (connected, *away_since) {
            (true, _) => None,
            (false, since) => Some(since.unwrap_or(now)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(states: &[&str]) -> Vec<u8> {
        let brokers: Vec<_> = states
            .iter()
            .enumerate()
            .map(|(i, state)| format!(r#""127.0.0.1:{i}/{i}":{{"name":"b","state":"{state}","toppars":{{}}}}"#))
            .collect();
        format!(r#"{{"name":"x","brokers":{{{}}},"topics":{{}}}}"#, brokers.join(",")).into_bytes()
    }

    #[test]
    fn away_lasts_from_the_first_sign_until_a_broker_is_up_again() {
        let presence = Presence::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(presence.away(at(0)), None, "nothing is known yet");
        presence.observe(&statistics(&["UP", "INIT"]), at(1));
        assert_eq!(presence.away(at(2)), None);
        presence.observe(&statistics(&["DOWN", "CONNECT"]), at(3));
        presence.observe(&statistics(&["DOWN", "TRY_CONNECT"]), at(4));
        assert_eq!(presence.away(at(4)), None, "that may be a connection being made");
        assert_eq!(presence.away(at(5)), Some(Duration::from_secs(2)));
        presence.observe(b"not statistics", at(6));
        assert_eq!(presence.away(at(6)), Some(Duration::from_secs(3)));
        presence.observe(&statistics(&["DOWN", "UP"]), at(7));
        assert_eq!(presence.away(at(8)), None);
    }
}
