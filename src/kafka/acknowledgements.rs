//! What became of the records that were sent: how many are still out, what failed, and where state deltas were written.
//!
//! Two epochs can have records out at once (at least once: one that commits, and the open one), so there are two ledgers.

use std::sync::{Mutex, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use rdkafka::{ClientContext, Statistics};

use super::context;
use super::reports::Reports;

/// Which epoch a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ledger {
    Even,
    Odd,
}

impl Ledger {
    /// The other one.
    pub(super) fn next(self) -> Ledger {
        match self {
            Ledger::Even => Ledger::Odd,
            Ledger::Odd => Ledger::Even,
        }
    }

    /// Its place among the two.
    pub(super) fn index(self) -> usize {
        usize::from(self == Ledger::Odd)
    }
}

/// What travels with a record through librdkafka and comes back with its acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) ledger: Ledger,
    /// Whether the record's offset is wanted.
    pub(super) delta: bool,
}

impl Tag {
    pub(super) fn to_bits(self) -> usize {
        usize::from(self.ledger == Ledger::Odd) | usize::from(self.delta) << 1
    }

    pub(super) fn from_bits(bits: usize) -> Tag {
        Tag { ledger: if bits & 1 == 0 { Ledger::Even } else { Ledger::Odd }, delta: bits & 2 != 0 }
    }
}

/// What one epoch's records came to so far.
#[derive(Debug, Default, Clone)]
pub(super) struct Account {
    /// Sent and neither acknowledged nor failed.
    pub(super) pending: usize,
    /// The first failure.
    pub(super) failed: Option<String>,
    /// Of state deltas, or of events: (partition, first offset, offset after the last).
    pub(super) deltas: Vec<(i32, i64, i64)>,
}

impl Account {
    fn delta(&mut self, partition: i32, offset: i64) {
        match self.deltas.iter_mut().find(|(one, ..)| *one == partition) {
            Some((_, first, after)) => {
                *first = (*first).min(offset);
                *after = (*after).max(offset + 1);
            }
            None => self.deltas.push((partition, offset, offset + 1)),
        }
    }
}

/// The accounts of both ledgers; the producer's context.
#[derive(Debug, Default)]
pub(super) struct Acknowledgements {
    /// A lock because the worker sends (at least once) while the committer takes acknowledgements; taken for many records at
    /// once, and held for a few instructions.
    accounts: Mutex<[Account; 2]>,
}

impl Acknowledgements {
    fn with<T>(&self, ledger: Ledger, act: impl FnOnce(&mut Account) -> T) -> T {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        act(&mut accounts[ledger.index()])
    }

    /// So many records are about to be sent.
    pub(super) fn sent(&self, ledger: Ledger, records: usize) {
        self.with(ledger, |account| account.pending += records);
    }

    /// A record could not be sent, after [`Acknowledgements::sent`] was said.
    pub(super) fn refused(&self, ledger: Ledger, problem: String) {
        self.with(ledger, |account| {
            account.pending -= 1;
            account.failed.get_or_insert(problem);
        });
    }

    /// Enters what was reported.
    pub(super) fn enter(&self, reports: Reports) {
        let Reports { ended, deltas, failed } = reports;
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        for ((account, ended), failed) in accounts.iter_mut().zip(ended).zip(failed) {
            account.pending = account.pending.saturating_sub(ended);
            account.failed = account.failed.take().or(failed);
        }
        for (ledger, partition, offset) in deltas {
            accounts[ledger.index()].delta(partition, offset);
        }
    }

    /// Begins an epoch's account anew.
    pub(super) fn open(&self, ledger: Ledger) {
        self.with(ledger, |account| *account = Account::default());
    }

    /// Records out.
    pub(super) fn pending(&self, ledger: Ledger) -> usize {
        self.with(ledger, |account| account.pending)
    }

    /// The first failure.
    pub(super) fn failed(&self, ledger: Ledger) -> Option<String> {
        self.with(ledger, |account| account.failed.clone())
    }

    /// Where the state deltas were written.
    pub(super) fn deltas(&self, ledger: Ledger) -> Vec<(i32, i64, i64)> {
        self.with(ledger, |account| std::mem::take(&mut account.deltas))
    }
}

impl ClientContext for Acknowledgements {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        context::log(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        context::log_error(&error, reason);
    }
    fn stats(&self, _: Statistics) {}
}

impl ProducerContext for Acknowledgements {
    type DeliveryOpaque = usize;

    /// For reports that the library takes by itself, at its end for instance; else [`Reports`] takes them many at a time.
    fn delivery(&self, result: &DeliveryResult<'_>, bits: usize) {
        let (tag, mut reports) = (Tag::from_bits(bits), Reports::default());
        match result {
            Ok(message) => reports.written(tag, message.partition(), message.offset()),
            Err((error, message)) => reports.lost(tag, message.topic(), message.partition(), error),
        }
        self.enter(reports);
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::error::RDKafkaErrorCode;

    use super::*;

    #[test]
    fn a_tag_survives_the_way_through_the_client() {
        for ledger in [Ledger::Even, Ledger::Odd] {
            for delta in [false, true] {
                let tag = Tag { ledger, delta };
                assert_eq!(Tag::from_bits(tag.to_bits()), tag);
            }
        }
    }

    #[test]
    fn ledgers_do_not_mix() {
        let all = Acknowledgements::default();
        all.sent(Ledger::Even, 1);
        all.sent(Ledger::Odd, 1);
        all.refused(Ledger::Odd, "first".into());
        all.sent(Ledger::Odd, 1);
        all.refused(Ledger::Odd, "second".into());
        assert_eq!((all.pending(Ledger::Even), all.failed(Ledger::Even)), (1, None));
        assert_eq!((all.pending(Ledger::Odd), all.failed(Ledger::Odd)), (0, Some("first".into())));
        all.open(Ledger::Odd);
        assert_eq!(all.failed(Ledger::Odd), None);
    }

    #[test]
    fn reports_of_many_records_are_entered_each_with_its_ledger() {
        let all = Acknowledgements::default();
        all.sent(Ledger::Even, 3);
        all.sent(Ledger::Odd, 3);
        let tag = |ledger, delta| Tag { ledger, delta };
        let mut reports = Reports::default();
        reports.written(tag(Ledger::Even, false), 0, 7);
        reports.written(tag(Ledger::Even, true), 1, 8);
        reports.written(tag(Ledger::Odd, true), 1, 9);
        for (topic, partition) in [("a", 0), ("b", 1)] {
            let error = KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut);
            reports.lost(tag(Ledger::Odd, true), topic, partition, &error);
        }
        all.enter(reports);
        assert_eq!((all.pending(Ledger::Even), all.failed(Ledger::Even)), (1, None));
        assert_eq!(all.deltas(Ledger::Even), [(1, 8, 9)]);
        assert_eq!((all.pending(Ledger::Odd), all.deltas(Ledger::Odd)), (0, vec![(1, 9, 10)]));
        let failed = all.failed(Ledger::Odd).expect("two were lost");
        assert!(failed.starts_with("writing to topic a, partition 0: "), "{failed}");
    }

    #[test]
    fn delta_offsets_are_first_and_after_last_by_partition() {
        let mut account = Account::default();
        for (partition, offset) in [(1, 10), (0, 5), (1, 12), (1, 11)] {
            account.delta(partition, offset);
        }
        assert_eq!(account.deltas, vec![(1, 10, 13), (0, 5, 6)]);
    }
}
