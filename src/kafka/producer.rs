//! Sending an epoch's records and waiting for their acknowledgements.
//!
//! Its one invariant: every record handed over is accounted for, as acknowledged or as failed. It waits by draining the queue
//! itself: the library's own flush takes a tenth of a second however little there is to do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::bindings as native;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, PurgeConfig};

use super::acknowledgements::{Acknowledgements, Ledger, Tag};
use super::record_fit::Fit;
use super::settings::Settings;
use super::wake::{Wake, WakingQueue};
use crate::config::Topics;
use crate::engine::ports::{Epoch, OutRecord, Topic};

/// Header of a dead letter that was too large: what is missing.
pub const TRUNCATED_HEADER: &str = "klantreis.truncated";
/// What a record takes beside key, value and headers, and then some.
const RECORD_OVERHEAD: usize = 4096;
/// What a header takes beside its name and value.
const HEADER_OVERHEAD: usize = 10;

/// A producer and what it needs to know about topics.
pub(super) struct Writer {
    base: Arc<BaseProducer<Acknowledgements>>,
    queue: WakingQueue,
    topics: Topics,
    /// The most that key, value and headers of a dead letter may take.
    dead_letter_bytes: usize,
}

/// The topic's name; `None` if it is not written.
fn name_of(topics: &Topics, topic: Topic) -> Option<&str> {
    match topic {
        Topic::Transitions => Some(&topics.transitions),
        Topic::Phases => topics.phases.as_deref(),
        Topic::DeadLetters => Some(&topics.dead_letters),
        Topic::StateDeltas => Some(&topics.state_deltas),
        Topic::StateSnapshots => Some(&topics.state_snapshots),
    }
}

impl Writer {
    /// Sets a producer up; connects in the background.
    pub(super) fn new(
        settings: &Settings,
        worker: usize,
        transactional: bool,
        dead_letter_bytes: usize,
    ) -> Result<Writer, String> {
        let base: BaseProducer<Acknowledgements> = settings
            .writer(worker, transactional)
            .create_with_context(Acknowledgements::default())
            .map_err(|problem| format!("setting up the producer: {problem}"))?;
        let base = Arc::new(base);
        let wake = Arc::new(Wake::new().map_err(|problem| format!("making a pipe: {problem}"))?);
        // SAFETY: a live client, and a handle that is ours.
        let queue = unsafe {
            let queue = native::rd_kafka_queue_get_main(base.client().native_ptr());
            WakingQueue::new(queue, base.clone(), wake)
        };
        Ok(Writer {
            base,
            queue: queue.ok_or("the producer has no queue")?,
            topics: settings.config.topics.clone(),
            dead_letter_bytes: dead_letter_bytes.min(settings.record_bytes()).saturating_sub(RECORD_OVERHEAD),
        })
    }

    /// Finds out who leads the topics. Left to itself the producer does so a second after the first record.
    pub(super) fn acquaint(&self, at_most: Duration) {
        let all = [Topic::Transitions, Topic::Phases, Topic::DeadLetters, Topic::StateDeltas, Topic::StateSnapshots];
        for topic in all.into_iter().filter_map(|topic| name_of(&self.topics, topic)) {
            if let Err(problem) = self.base.client().fetch_metadata(Some(topic), at_most) {
                tracing::debug!("who leads {topic} is not known yet: {problem}");
                return;
            }
        }
    }

    /// The library's producer, for transactions.
    pub(super) fn base(&self) -> &BaseProducer<Acknowledgements> {
        &self.base
    }

    /// The accounts of what was sent.
    pub(super) fn accounts(&self) -> &Acknowledgements {
        self.base.context()
    }

    /// Takes all acknowledgements that have arrived. The queue wakes us when it turns from empty to not empty, so whoever
    /// waits must have emptied it before.
    fn take(&self) {
        loop {
            let heard = self.accounts().heard();
            self.base.poll(Duration::ZERO);
            if self.accounts().heard() == heard {
                return;
            }
        }
    }

    /// Takes acknowledgements; waits for some if none are there, at most this long.
    pub(super) fn serve(&self, at_most: Duration) {
        let heard = self.accounts().heard();
        self.take();
        if self.accounts().heard() == heard {
            self.queue.wait(at_most);
            self.take();
        }
    }

    /// Sends records in order; those that cannot be sent are failures of the ledger's account.
    pub(super) fn send<M>(&self, epoch: &Epoch<M>, records: &[OutRecord], ledger: Ledger) {
        for record in records {
            self.send_one(epoch, record, ledger);
        }
        self.take();
    }

    fn send_one<M>(&self, epoch: &Epoch<M>, record: &OutRecord, ledger: Ledger) {
        let accounts = self.accounts();
        accounts.sent(ledger);
        let Some(topic) = name_of(&self.topics, record.topic) else {
            return accounts.refused(ledger, format!("{:?} is not written by this configuration", record.topic));
        };
        let tag = Tag { ledger, delta: record.topic == Topic::StateDeltas };
        let bytes = |range: &std::ops::Range<u32>| &epoch.bytes[range.start as usize..range.end as usize];
        let (mut key, mut value) = (record.key.as_ref().map(bytes), record.value.as_ref().map(bytes));
        let mut headers = headers_of(epoch, record);
        if record.topic == Topic::DeadLetters {
            let (key_bytes, value_bytes) = (key.map_or(0, <[u8]>::len), value.map_or(0, <[u8]>::len));
            let fit = Fit::into(self.dead_letter_bytes, key_bytes, value_bytes, header_bytes(epoch, record));
            if let Some(missing) = fit.missing(key_bytes, value_bytes) {
                key = key.map(|key| &key[..fit.key]);
                value = value.map(|value| &value[..fit.value]);
                let kept = if fit.headers { headers.take() } else { None };
                let note = Header { key: TRUNCATED_HEADER, value: Some(&missing) };
                headers = Some(kept.unwrap_or_default().insert(note));
            }
        }
        let mut out: BaseRecord<'_, [u8], [u8], usize> = BaseRecord::with_opaque_to(topic, tag.to_bits());
        out.key = key;
        out.payload = value;
        out.partition = record.partition;
        out.headers = headers;
        loop {
            match self.base.send(out) {
                Ok(()) => return,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    out = back;
                    self.serve(Duration::from_millis(10));
                }
                Err((problem, _)) => return accounts.refused(ledger, format!("writing to topic {topic}: {problem}")),
            }
        }
    }

    /// Waits until every record of the ledger is accounted for. An error if one failed, or time is up.
    pub(super) fn settle(&self, ledger: Ledger, deadline: Instant) -> Result<(), String> {
        loop {
            self.take();
            if let Some(problem) = self.accounts().failed(ledger) {
                return Err(problem);
            }
            let pending = self.accounts().pending(ledger);
            if pending == 0 {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("{pending} records are still not acknowledged"));
            }
            self.queue.wait(left.min(Duration::from_millis(50)));
        }
    }

    /// Throws away what is not sent yet, and waits until what is on its way has ended.
    pub(super) fn discard(&self, deadline: Instant) {
        self.base.purge(PurgeConfig::default().queue());
        self.drain(deadline);
    }

    /// Serves whatever else waits in the producer's queue, so that a commit finds it empty.
    pub(super) fn drain(&self, deadline: Instant) {
        while self.base.in_flight_count() > 0 && Instant::now() < deadline {
            self.serve(Duration::from_millis(1));
        }
    }
}

fn headers_of<M>(epoch: &Epoch<M>, record: &OutRecord) -> Option<OwnedHeaders> {
    let range = record.headers.start as usize..record.headers.end as usize;
    let headers = epoch.headers.get(range).filter(|headers| !headers.is_empty())?;
    let all = headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |all, header| {
        all.insert(Header { key: &header.name, value: epoch.header_value(header) })
    });
    Some(all)
}

fn header_bytes<M>(epoch: &Epoch<M>, record: &OutRecord) -> usize {
    let sizes = epoch.headers_of(record).iter();
    sizes.map(|one| one.name.len() + epoch.header_value(one).map_or(0, <[u8]>::len) + HEADER_OVERHEAD).sum()
}
