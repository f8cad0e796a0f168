//! Sends events on a timetable: each when its turn has come by the clock, however long those before it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, ensure};
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::FromClientConfigAndContext as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};

use super::load::{Customers, Feed, INPUTS, Records, Spread};
use super::options::{Options, Rate};
use super::probes::Probes;

/// Events made at once, which have one time.
const BURST: u64 = 128;
const NAP: Duration = Duration::from_micros(200);
const FLUSH: Duration = Duration::from_secs(60);

/// What was sent. Times are those of [`Probes`].
#[derive(Debug, Default)]
pub struct Fed {
    pub events: u64,
    /// Events of new customers.
    pub probes: u64,
    /// When the last was sent.
    pub last: u64,
    /// How far sending was behind its timetable at the worst.
    pub behind_max: u64,
}

/// Counts what the broker did not take.
#[derive(Default)]
struct Refusals(AtomicU64);

impl ClientContext for Refusals {}

impl ProducerContext for Refusals {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_err() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Returns when the broker has all events.
pub fn feed(options: &Options, probes: &Probes) -> anyhow::Result<Fed> {
    let producer = producer(options)?;
    let topics = INPUTS.map(|(name, _)| format!("{}{name}", options.prefix));
    let plan = probes.plan();
    let (mut feed, mut records) = (Feed::new(0.0), Records::default());
    let mut again = Customers::new(options.customers, Spread::Zipf);
    let mut fed = Fed::default();
    while fed.events < plan.events {
        let now = probes.now();
        let due = match options.rate {
            Rate::Max => plan.events,
            Rate::Of(rate) => plan.events.min((now as f64 * rate / 1e9) as u64),
        };
        let count = (due - fed.events).min(BURST);
        if count == 0 {
            std::thread::sleep(NAP);
            continue;
        }
        if let Rate::Of(rate) = options.rate {
            fed.behind_max = fed.behind_max.max(now.saturating_sub((fed.events as f64 * 1e9 / rate) as u64));
        }
        feed.at = wall_ms() as f64;
        let mut number = fed.events;
        let first = (0..count).map(|place| fed.events + place).filter(|&number| is_probe(&feed, plan.every, number));
        let first: Vec<u64> = first.collect();
        let mut new = first.iter().peekable();
        feed.fill(&mut records, count as usize, || {
            let probe = new.next_if(|&&probe| probe == number);
            number += 1;
            probe.map_or_else(|| again.next(), |probe| options.customers + probe / plan.every)
        });
        first.iter().for_each(|&number| probes.sent(number, now));
        fed.probes += first.len() as u64;
        send(&producer, &topics, &records)?;
        fed.events += count;
        fed.last = now;
        producer.poll(Duration::ZERO);
    }
    producer.flush(FLUSH).context("waiting for the broker to take all")?;
    let refused = producer.context().0.load(Ordering::Relaxed);
    ensure!(refused == 0, "the broker did not take {refused} events");
    probes.expect(fed.probes);
    Ok(fed)
}

/// Whether the event is to be the first of a new customer.
fn is_probe(feed: &Feed, every: u64, number: u64) -> bool {
    number.is_multiple_of(every) && feed.counts(number)
}

fn send(producer: &BaseProducer<Refusals>, topics: &[String; 3], records: &Records) -> anyhow::Result<()> {
    for ((input, raw), key) in records.iter().zip(records.keys()) {
        let value = raw.value.expect("every record of a feed has a value");
        let mut record = BaseRecord::to(&topics[input]).key(key).payload(value).timestamp(raw.timestamp);
        while let Err((problem, back)) = producer.send(record) {
            ensure!(
                matches!(problem, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)),
                "sending: {problem}"
            );
            producer.poll(Duration::from_millis(1));
            record = back;
        }
    }
    Ok(())
}

/// Like the job's generator in what a record becomes (lz4, murmur2); batches wait for company for a short time only.
fn producer(options: &Options) -> anyhow::Result<BaseProducer<Refusals>> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &options.kafka)
        .set("compression.type", "lz4")
        .set("partitioner", "murmur2")
        .set("enable.idempotence", "true")
        .set("linger.ms", &options.linger_ms)
        .set("queue.buffering.max.messages", "100000")
        .set("queue.buffering.max.kbytes", "131072")
        .set("delivery.report.only.error", "true")
        .set("socket.nagle.disable", "true");
    Ok(BaseProducer::from_config_and_context(&config, Refusals::default())?)
}

fn wall_ms() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is past 1970").as_millis()
}
