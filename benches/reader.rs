//! The floor under every engine: reads the job's topics once, from begin to end, and does nothing with the records.
//!
//! `reader --kafka HOST:PORT [--prefix TEXT] [--threads N] [--partitions N] [--mode poll|batch]` prints one line of JSON with
//! the field names of the other engines' programs. `poll` takes one record a call, as the client library offers it; `batch`
//! takes many from librdkafka's queue. Each thread has a consumer and every N-th partition of each topic.
//!
//! Without arguments, as `cargo bench` starts it, it says so and ends.
#![allow(missing_docs)]

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use klantreis::process::{cpu_seconds, peak_mib};
use rdkafka::bindings as native;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};

/// Also librdkafka's allocator, as in the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TOPICS: [&str; 3] = ["clicks", "mail", "pos"];
/// Records taken with one call in `batch`.
const BATCH: usize = 4096;

#[derive(Clone)]
struct Options {
    kafka: String,
    prefix: String,
    threads: usize,
    partitions: i32,
    batch: bool,
}

/// What a thread has read.
#[derive(Default)]
struct Read {
    records: u64,
    bytes: u64,
    /// Partitions that are at their end.
    ended: usize,
}

fn main() -> anyhow::Result<()> {
    let Some(options) = options()? else {
        println!("reader: nothing to do without --kafka HOST:PORT (`make bench-job` starts it)");
        return Ok(());
    };
    let began = Instant::now();
    let threads: Vec<_> = (0..options.threads)
        .map(|thread| {
            let options = options.clone();
            std::thread::spawn(move || read(&options, thread))
        })
        .collect();
    let mut all = Read::default();
    for thread in threads {
        let Ok(read) = thread.join() else { bail!("a thread has died") };
        let read = read?;
        all.records += read.records;
        all.bytes += read.bytes;
    }
    let (wall_s, cpu_s) = (began.elapsed().as_secs_f64(), cpu_seconds());
    let records = all.records as f64;
    println!(
        "{{\"engine\":\"reader-{}\",\"guarantee\":\"none\",\"store\":\"none\",\"threads\":{},\"events\":{},\"wall_s\":{wall_s:.3},\
         \"events_per_s\":{:.0},\"cpu_s\":{cpu_s:.3},\"events_per_cpu_s\":{:.0},\"peak_rss_mib\":{},\"value_bytes\":{}}}",
        if options.batch { "batch" } else { "poll" },
        options.threads,
        all.records,
        records / wall_s,
        records / cpu_s,
        peak_mib(),
        all.bytes,
    );
    Ok(())
}

fn options() -> anyhow::Result<Option<Options>> {
    let mut options = Options { kafka: String::new(), prefix: String::new(), threads: 2, partitions: 8, batch: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        // What `cargo bench` says to every benchmark.
        if name == "--bench" {
            continue;
        }
        let value = arguments.next().with_context(|| format!("{name} needs a value"))?;
        match &*name {
            "--kafka" => options.kafka = value,
            "--prefix" => options.prefix = value,
            "--threads" => options.threads = value.parse().context("--threads needs a number")?,
            "--partitions" => options.partitions = value.parse().context("--partitions needs a number")?,
            "--mode" if value == "poll" || value == "batch" => options.batch = value == "batch",
            "--mode" => bail!("--mode is poll or batch, not {value}"),
            _ => bail!("there is no option {name}; there are --kafka, --prefix, --threads, --partitions, --mode"),
        }
    }
    Ok(Some(options).filter(|options| !options.kafka.is_empty()))
}

fn read(options: &Options, thread: usize) -> anyhow::Result<Read> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &options.kafka)
        .set("group.id", "reader")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .set("fetch.queue.backoff.ms", "5")
        // As the service asks; the default makes the broker hold answers back while other partitions run dry.
        .set("fetch.wait.max.ms", "10")
        .set("queued.max.messages.kbytes", "16384")
        .set("socket.receive.buffer.bytes", "1048576")
        .create()?;
    let mut list = TopicPartitionList::new();
    for topic in TOPICS {
        for partition in (0..options.partitions).filter(|partition| *partition as usize % options.threads == thread) {
            list.add_partition_offset(&format!("{}{topic}", options.prefix), partition, Offset::Beginning)?;
        }
    }
    consumer.assign(&list)?;
    let mut read = Read::default();
    while read.ended < list.count() {
        if options.batch { take_batch(&consumer, &mut read)? } else { take_one(&consumer, &mut read)? }
    }
    Ok(read)
}

fn take_one(consumer: &BaseConsumer, read: &mut Read) -> anyhow::Result<()> {
    match consumer.poll(Duration::from_millis(100)) {
        Some(Ok(message)) => {
            read.records += 1;
            read.bytes += message.payload().map_or(0, <[u8]>::len) as u64;
        }
        Some(Err(KafkaError::PartitionEOF(_))) => read.ended += 1,
        Some(Err(problem)) => return Err(problem).context("reading"),
        None => {}
    }
    Ok(())
}

fn take_batch(consumer: &BaseConsumer, read: &mut Read) -> anyhow::Result<()> {
    let mut taken = [std::ptr::null_mut::<native::rd_kafka_message_t>(); BATCH];
    // SAFETY: a live client; its queue's handle is given back before the client goes; there is room for as many messages as
    // are said, each that comes is ours and destroyed once. No group, so nobody rebalances behind this queue's back.
    unsafe {
        let queue = native::rd_kafka_queue_get_consumer(consumer.client().native_ptr());
        let count = native::rd_kafka_consume_batch_queue(queue, 100, taken.as_mut_ptr(), taken.len());
        native::rd_kafka_queue_destroy(queue);
        for &message in taken.iter().take(usize::try_from(count).unwrap_or(0)) {
            let (code, length) = ((*message).err, (*message).len);
            native::rd_kafka_message_destroy(message);
            match code {
                RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => {
                    read.records += 1;
                    read.bytes += length as u64;
                }
                RDKafkaRespErr::RD_KAFKA_RESP_ERR__PARTITION_EOF => read.ended += 1,
                problem => bail!("reading: {problem:?}"),
            }
        }
    }
    Ok(())
}
