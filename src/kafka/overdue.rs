//! Waiting for the end of a transaction, and what to say about it.
//!
//! Its one invariant: an end is called lost only when it has been waited for longer than a transaction of ours can last. The
//! coordinator ends each after its timeout, so one that outlives that is not open but hangs: a coordinator that died between
//! deciding the end and telling the partitions can forget to tell them. Kafka 4.3.1 does, if a partition has no leader at the
//! moment when it makes up for that; after a kill of the only broker that is so.
//!
//! Hanging transactions are not ended here. Which end was decided is not known to a client, and giving one partition another
//! end than the next would undo half of what was committed.

use std::time::{Duration, Instant};

use super::settings::TRANSACTION_TIMEOUT;

/// What a transaction may outlast its timeout by: the coordinator looks every ten seconds.
const LENIENCE: Duration = Duration::from_secs(15);
/// Pause between lines in the log about the same.
const REPEAT: Duration = Duration::from_secs(30);

/// A transaction that something waits for, if it does.
#[derive(Debug, Default)]
pub(super) struct Overdue {
    /// What waits, and since when.
    waiting: Option<(String, Instant)>,
    /// When the log was last told.
    logged: Option<Instant>,
}

impl Overdue {
    /// Takes note that `what` still waits. Says for how long, and what to do if that is too long.
    pub(super) fn still(&mut self, what: &str, now: Instant) -> String {
        let waited = self.waited(what, now);
        let said = format!("{what}: waiting for {} s for a transaction to end", waited.as_secs());
        if !is_lost(waited) {
            return said;
        }
        format!(
            "{said}, which the broker does after {} s: it has lost the end. List what hangs with Kafka's `kafka-transactions.sh \
             find-hanging --max-transaction-timeout 1 --broker-id ID` for each broker, and end all of it with \
             `kafka-transactions.sh abort`; what is aborted is processed again",
            TRANSACTION_TIMEOUT.as_secs()
        )
    }

    /// Like [`Overdue::still`], for the log: nothing unless the end is lost, and then now and again.
    pub(super) fn news(&mut self, what: &str, now: Instant) -> Option<String> {
        let recent = |logged| now.saturating_duration_since(logged) < REPEAT;
        if !is_lost(self.waited(what, now)) || self.logged.is_some_and(recent) {
            return None;
        }
        self.logged = Some(now);
        Some(self.still(what, now))
    }

    /// Takes note that nothing waits any more.
    pub(super) fn over(&mut self) {
        *self = Overdue::default();
    }

    fn waited(&mut self, what: &str, now: Instant) -> Duration {
        match &self.waiting {
            Some((before, since)) if before == what => now.saturating_duration_since(*since),
            _ => {
                *self = Overdue { waiting: Some((what.to_owned(), now)), logged: None };
                Duration::ZERO
            }
        }
    }
}

fn is_lost(waited: Duration) -> bool {
    waited >= TRANSACTION_TIMEOUT + LENIENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_called_lost_only_when_no_transaction_of_ours_can_be_that_old() {
        #[track_caller]
        fn check(overdue: &mut Overdue, what: &str, now: Instant, seconds: u64, lost: bool) {
            let said = overdue.still(what, now);
            assert!(said.starts_with(&format!("{what}: waiting for {seconds} s")), "{said}");
            assert_eq!(said.contains("find-hanging"), lost, "{said}");
        }
        let mut overdue = Overdue::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        check(&mut overdue, "offsets", at(100), 0, false);
        check(&mut overdue, "offsets", at(129), 29, false);
        check(&mut overdue, "offsets", at(130), 30, true);
        check(&mut overdue, "offsets", at(190), 90, true);
        // Another partition's transaction is another one.
        check(&mut overdue, "deltas", at(191), 0, false);
        check(&mut overdue, "deltas", at(221), 30, true);
        overdue.over();
        check(&mut overdue, "deltas", at(222), 0, false);
    }

    #[test]
    fn the_log_is_told_of_a_lost_end_now_and_again() {
        let mut overdue = Overdue::default();
        let start = Instant::now();
        let mut told = |seconds| overdue.news("deltas", start + Duration::from_secs(seconds)).is_some();
        let told: Vec<u64> = (0..=100).filter(|&seconds| told(seconds)).collect();
        assert_eq!(told, [30, 60, 90]);
    }
}
