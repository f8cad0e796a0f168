//! Sending an epoch's records and waiting for their acknowledgements.
//!
//! Its one invariant: every record handed over is accounted for, as acknowledged or as failed. It waits by draining the queue
//! itself: the library's own flush takes a tenth of a second however little there is to do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::bindings as native;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer as _, PurgeConfig};

use super::acknowledgements::{Acknowledgements, Ledger, Tag};
use super::outlet::{Headers, Outlet, Parcel, PlainParcel};
use super::record_fit::Fit;
use super::reports::Reports;
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
/// Records handed over with one call at most: enough to share its cost, few enough to be built on the way.
const PLAIN_AT_ONCE: usize = 512;

/// All topics that are written, in the order of their numbers.
const TOPICS: [Topic; 8] = [
    Topic::Transitions,
    Topic::Signals,
    Topic::Phases,
    Topic::Shadow,
    Topic::Events,
    Topic::DeadLetters,
    Topic::StateDeltas,
    Topic::StateSnapshots,
];

/// A producer and the topics it writes to.
pub(super) struct Writer {
    /// By topic; `None` if it is not written.
    outlets: [Option<Outlet>; TOPICS.len()],
    base: Arc<BaseProducer<Acknowledgements>>,
    queue: WakingQueue,
    /// The most that key, value and headers of a dead letter may take.
    dead_letter_bytes: usize,
}

fn is_state(topic: Topic) -> bool {
    matches!(topic, Topic::StateDeltas | Topic::StateSnapshots)
}

/// The topic's name; `None` if it is not written.
fn name_of(topics: &Topics, topic: Topic) -> Option<&str> {
    match topic {
        Topic::Transitions => Some(&topics.transitions),
        Topic::Signals => topics.signals.as_deref(),
        Topic::Phases => topics.phases.as_deref(),
        Topic::Shadow => topics.shadow.as_deref(),
        Topic::Events => topics.events.as_deref(),
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
        let mut outlets = [const { None }; TOPICS.len()];
        for topic in TOPICS {
            let name = name_of(&settings.config.topics, topic);
            // State is ids, hashes and differences written short: compressing it takes a quarter of its bytes off, and a twentieth
            // of all processor time. Whoever wants it all the same says so for all topics.
            let compressed = settings.compression_is_given() || !is_state(topic);
            outlets[topic as usize] = name.map(|name| Outlet::open(&base, name, compressed)).transpose()?;
        }
        Ok(Writer {
            outlets,
            base,
            queue: queue.ok_or("the producer has no queue")?,
            dead_letter_bytes: dead_letter_bytes.min(settings.record_bytes()).saturating_sub(RECORD_OVERHEAD),
        })
    }

    /// Finds out who leads the topics. Left to itself the producer does so a second after the first record.
    pub(super) fn acquaint(&self, at_most: Duration) {
        for topic in self.outlets.iter().flatten().map(Outlet::topic) {
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

    /// Takes all acknowledgements that have arrived; whether anything had. The queue wakes us when it turns from empty to not
    /// empty, so whoever waits must have emptied it before.
    fn take(&self) -> bool {
        let mut any = false;
        while let Some(reports) = Reports::take(&self.queue) {
            self.accounts().enter(reports);
            any = true;
        }
        any
    }

    /// Takes acknowledgements; waits for some if none are there, at most this long.
    pub(super) fn serve(&self, at_most: Duration) {
        if !self.take() {
            self.queue.wait(at_most);
            self.take();
        }
    }

    /// Sends records in order; those that cannot be sent are failures of the ledger's account.
    pub(super) fn send<M>(&self, epoch: &Epoch<M>, records: &[OutRecord], ledger: Ledger) {
        self.accounts().sent(ledger, records.len());
        let mut parcels = Vec::new();
        let are_alike = |one: &OutRecord, next: &OutRecord| {
            (one.topic, one.partition) == (next.topic, next.partition) && is_plain(one) && is_plain(next)
        };
        for alike in records.chunk_by(are_alike) {
            let OutRecord { topic, partition, .. } = alike[0];
            let Some(outlet) = &self.outlets[topic as usize] else {
                for _ in alike {
                    self.accounts().refused(ledger, format!("{topic:?} is not written by this configuration"));
                }
                continue;
            };
            let tag = Tag { ledger, delta: matches!(topic, Topic::StateDeltas | Topic::Events) };
            if !is_plain(&alike[0]) {
                self.send_one(outlet, epoch, &alike[0], tag);
                continue;
            }
            for some in alike.chunks(PLAIN_AT_ONCE) {
                let slice = |range: &Option<std::ops::Range<u32>>| range.as_ref().map(|range| epoch.slice(range));
                parcels.clear();
                parcels.extend(some.iter().map(|one| PlainParcel::new(slice(&one.key), slice(&one.value), tag)));
                self.send_plain(outlet, partition, &mut parcels, ledger);
            }
        }
        self.take();
    }

    fn send_plain(&self, outlet: &Outlet, partition: Option<i32>, mut parcels: &mut [PlainParcel<'_>], ledger: Ledger) {
        loop {
            outlet.send_all(partition, parcels);
            let full = |parcel: &PlainParcel<'_>| parcel.refused() == Some(RDKafkaErrorCode::QueueFull);
            let done = parcels.iter().position(full).unwrap_or(parcels.len());
            for code in parcels[..done].iter().filter_map(PlainParcel::refused) {
                self.accounts().refused(ledger, outlet.refusal(code));
            }
            parcels = &mut parcels[done..];
            if parcels.is_empty() {
                return;
            }
            self.serve(Duration::from_millis(10));
        }
    }

    fn send_one<M>(&self, outlet: &Outlet, epoch: &Epoch<M>, record: &OutRecord, tag: Tag) {
        let (key, value) = (&record.key, &record.value);
        let (mut key, mut value) =
            (key.as_ref().map(|range| epoch.slice(range)), value.as_ref().map(|range| epoch.slice(range)));
        let mut headers = headers_of(epoch, record);
        if record.topic == Topic::DeadLetters {
            let (key_bytes, value_bytes) = (key.map_or(0, <[u8]>::len), value.map_or(0, <[u8]>::len));
            let fit = Fit::into(self.dead_letter_bytes, key_bytes, value_bytes, header_bytes(epoch, record));
            if let Some(missing) = fit.missing(key_bytes, value_bytes) {
                key = key.map(|key| &key[..fit.key]);
                value = value.map(|value| &value[..fit.value]);
                let mut kept = headers.take().filter(|_| fit.headers).unwrap_or_else(|| Headers::new(1));
                kept.add(TRUNCATED_HEADER, Some(missing.as_bytes()));
                headers = Some(kept);
            }
        }
        let parcel = Parcel { partition: record.partition, key, value, tag };
        loop {
            match outlet.send(parcel, &mut headers) {
                Ok(()) => return,
                Err(RDKafkaErrorCode::QueueFull) => self.serve(Duration::from_millis(10)),
                Err(code) => return self.accounts().refused(tag.ledger, outlet.refusal(code)),
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

/// Whether a record can be handed over with others: it has no headers, and nothing of it is ever cut off.
fn is_plain(record: &OutRecord) -> bool {
    record.headers.is_empty() && record.topic != Topic::DeadLetters
}

fn headers_of<M>(epoch: &Epoch<M>, record: &OutRecord) -> Option<Headers> {
    let headers = epoch.headers_of(record);
    if headers.is_empty() {
        return None;
    }
    let mut all = Headers::new(headers.len());
    headers.iter().for_each(|header| all.add(&header.name, epoch.header_value(header)));
    Some(all)
}

fn header_bytes<M>(epoch: &Epoch<M>, record: &OutRecord) -> usize {
    let sizes = epoch.headers_of(record).iter();
    sizes.map(|one| one.name.len() + epoch.header_value(one).map_or(0, <[u8]>::len) + HEADER_OVERHEAD).sum()
}
