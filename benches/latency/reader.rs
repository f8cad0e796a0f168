//! The thread that reads transitions as any application would.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

use super::load::number_of;
use super::options::Options;
use super::probes::Probes;

/// How long the last transitions are waited for.
const PATIENCE_NS: u64 = 30_000_000_000;
/// What stands before an event's id: in a transition and an event of Square, and in events of the other inputs.
const MARKS: [&[u8]; 3] = [b"\"event_id\":\"", b"\"messageId\":\"", b"\"sg_event_id\":\""];

/// What came. Times are those of [`Probes`].
#[derive(Default)]
pub struct Read {
    /// Transitions that were waited for.
    pub arrived: u64,
    /// Of those, how long each took that was sent after the warm-up.
    pub latencies: Vec<u64>,
    /// When the last of them came.
    pub last: u64,
    /// The longest time without a transition, while events were sent after the warm-up.
    pub gap_max: u64,
}

/// Returns when the topic is known; the thread ends when all have come, or not for a long time.
pub fn start(options: &Options, probes: Arc<Probes>) -> anyhow::Result<JoinHandle<anyhow::Result<Read>>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &options.kafka)
        .set("group.id", "latency")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("fetch.wait.max.ms", "10")
        .set("socket.nagle.disable", "true")
        .create()?;
    let mut list = TopicPartitionList::new();
    for name in options.transitions.split(',') {
        let metadata = consumer.fetch_metadata(Some(name), Duration::from_secs(10))?;
        let topic = metadata.topics().first().context("a broker answers for every topic it is asked about")?;
        anyhow::ensure!(!topic.partitions().is_empty(), "there is no topic {name}");
        for partition in topic.partitions() {
            list.add_partition_offset(name, partition.id(), Offset::Beginning)?;
        }
    }
    consumer.assign(&list)?;
    Ok(std::thread::spawn(move || read(&consumer, &probes)))
}

fn read(consumer: &BaseConsumer, probes: &Probes) -> anyhow::Result<Read> {
    let mut read = Read::default();
    // When the last transition came of an event sent after the warm-up; when all were sent.
    let (mut before, mut ended) = (None, None);
    loop {
        if let Some(message) = consumer.poll(Duration::from_millis(50)) {
            let now = probes.now();
            if let Some((number, sent)) = message?.payload().and_then(|value| probe(value, probes)) {
                read.arrived += 1;
                read.last = now;
                if number >= probes.plan().warm {
                    read.latencies.push(now - sent);
                    if let Some(before) = before.replace(now) {
                        read.gap_max = read.gap_max.max(now - before);
                    }
                }
            }
        }
        if let Some(expected) = probes.expected() {
            let ended = *ended.get_or_insert_with(|| probes.now());
            if read.arrived >= expected || probes.now() - ended > PATIENCE_NS {
                return Ok(read);
            }
        }
    }
}

/// The event that a transition names, and when it was sent, if it is one that is waited for.
fn probe(value: &[u8], probes: &Probes) -> Option<(u64, u64)> {
    let after = |mark: &&[u8]| value.windows(mark.len()).position(|here| here == *mark).map(|at| at + mark.len());
    let start = MARKS.iter().find_map(after)?;
    let number = number_of(&value[start..])?;
    Some((number, probes.take(number)?))
}
