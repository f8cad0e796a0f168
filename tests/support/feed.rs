//! Records that flow into the inputs while a test goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};

use super::Job;
use super::traffic::Record;

/// Records are sent in portions, each acknowledged before the next.
const PORTION: Duration = Duration::from_millis(20);
/// A broker may be away for a while in a test.
const AWAY_AT_MOST: Duration = Duration::from_secs(80);

/// A thread that sends records, in their order, at a rate.
pub struct Feed {
    fed: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// Begins to send.
    pub fn start(job: &Job<'_>, records: &Arc<Vec<Record>>, a_second: f64) -> Feed {
        Feed::start_keyed(job, records, a_second, |record| record.customer.clone())
    }

    /// The same, with keys of the sender's choice.
    pub fn start_keyed(
        job: &Job<'_>,
        records: &Arc<Vec<Record>>,
        a_second: f64,
        key_of: fn(&Record) -> String,
    ) -> Feed {
        let producer: ThreadedProducer<DefaultProducerContext> = ClientConfig::new()
            .set("bootstrap.servers", job.broker.address())
            .set("partitioner", "murmur2_random")
            .set("enable.idempotence", "true")
            .set("linger.ms", "1")
            .set("reconnect.backoff.max.ms", "200")
            .set("log_level", "0")
            .create()
            .expect("a producer can be made");
        let topics: Vec<String> = (0..super::traffic::INPUTS.len()).map(|input| job.input(input)).collect();
        let (fed, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (records, counted, stopped) = (Arc::clone(records), Arc::clone(&fed), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let portion = (a_second * PORTION.as_secs_f64()).ceil() as usize;
            let pause = Duration::from_secs_f64(portion as f64 / a_second);
            for records in records.chunks(portion) {
                let next = Instant::now() + pause;
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                for record in records {
                    let key = key_of(record);
                    let sent =
                        BaseRecord::to(&topics[record.input]).key(&key).payload(&record.value).timestamp(record.at);
                    producer.send(sent).map_err(|(problem, _)| problem).expect("the queue has room for a portion");
                }
                let sent = Instant::now();
                while producer.in_flight_count() > 0 {
                    assert!(sent.elapsed() < AWAY_AT_MOST, "records are acknowledged");
                    std::thread::sleep(Duration::from_millis(1));
                }
                counted.fetch_add(records.len(), Ordering::Relaxed);
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        });
        Feed { fed, stop, thread: Some(thread) }
    }

    /// Records that are in the inputs.
    pub fn fed(&self) -> usize {
        self.fed.load(Ordering::Relaxed)
    }

    /// Whether everything is sent.
    pub fn is_done(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until everything is sent.
    pub fn finish(mut self) {
        let thread = self.thread.take().expect("only taken here");
        thread.join().expect("records can be sent");
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
