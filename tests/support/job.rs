//! The job of the tests: topics of an application on a broker, and processes of the real program that run it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use tempfile::TempDir;

use super::traffic::{INPUTS, Record};
use super::{Broker, Send};

/// Partitions of the inputs.
pub const PARTITIONS: i32 = 6;
/// A process that takes longer than this to do what is asked of it is stuck, however slow the machine.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits for a condition; panics with `what` and what `told` adds when it does not come.
pub fn until<T>(what: &str, told: impl Fn() -> String, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}\n{}", told());
        std::thread::sleep(LOOK_EVERY);
    }
}

/// How an application is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    pub guarantee: &'static str,
    pub workers: usize,
    /// How far the watermark stays behind: while records flow fast, days of event time go by in a second.
    pub allowed_lateness: &'static str,
    /// Further lines of the configuration.
    pub more: &'static str,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup { guarantee: "exactly_once", workers: 1, allowed_lateness: "1m", more: "" }
    }
}

/// An application under test.
pub struct Job<'b> {
    pub broker: &'b Broker,
    /// Before the names of the inputs.
    inputs: String,
    pub application: String,
    /// What the configuration says of the broker beside its address: entries of `kafka`.
    pub kafka: String,
    /// The address that the service connects to.
    pub brokers: String,
    folder: TempDir,
}

impl<'b> Job<'b> {
    /// An application with inputs of its own, which are empty.
    pub fn new(broker: &'b Broker, test: &str) -> Job<'b> {
        Job::with_partitions(broker, test, [PARTITIONS; INPUTS.len()])
    }

    /// The same, with inputs of so many partitions.
    pub fn with_partitions(broker: &'b Broker, test: &str, partitions: [i32; INPUTS.len()]) -> Job<'b> {
        let prefix = broker.prefix(test);
        let names = INPUTS.map(|input| format!("{prefix}{input}"));
        // The records are of last year: a broker that deletes by age would take them away.
        let topics = names.iter().zip(partitions);
        let topics: Vec<_> =
            topics.map(|(name, count)| (name.as_str(), count, &[("retention.ms", "-1")] as _)).collect();
        broker.create_topics(&topics);
        Job::of(broker, format!("{prefix}job"), prefix)
    }

    /// Another application that reads the same inputs.
    pub fn beside(&self, name: &str) -> Job<'b> {
        let mut job = Job::of(self.broker, format!("{}{name}", self.inputs), self.inputs.clone());
        job.kafka.clone_from(&self.kafka);
        job.brokers.clone_from(&self.brokers);
        job
    }

    fn of(broker: &'b Broker, application: String, inputs: String) -> Job<'b> {
        let (kafka, brokers) = ("replication: 1".to_owned(), broker.address().to_owned());
        Job { broker, application, inputs, kafka, brokers, folder: TempDir::new().expect("a folder") }
    }

    /// Name of an input's topic.
    pub fn input(&self, input: usize) -> String {
        format!("{}{}", self.inputs, INPUTS[input])
    }

    /// Name of a topic that the application writes.
    pub fn topic(&self, name: &str) -> String {
        format!("{}.{name}", self.application)
    }

    /// Fills the inputs.
    pub fn fill(&self, records: &[Record]) {
        self.fill_as(records, |_, record| as_sent(record));
    }

    /// The same, with each record sent as `send` says of it and its number.
    pub fn fill_as(&self, records: &[Record], send: impl Fn(usize, &Record) -> Send) {
        for input in 0..INPUTS.len() {
            let of = records.iter().enumerate().filter(|(_, record)| record.input == input);
            self.broker.produce(&self.input(input), of.map(|(number, record)| send(number, record)));
        }
    }

    /// Starts a process of the application under a name of its own.
    pub fn start(&self, instance: &str, setup: &Setup) -> Service {
        self.start_with(instance, setup, &[])
    }

    /// The same, with more arguments.
    pub fn start_with(&self, instance: &str, setup: &Setup, arguments: &[&str]) -> Service {
        self.start_as(instance, instance, setup, arguments)
    }

    /// The same, with the name of its files apart from its name among the processes of the application.
    pub fn start_as(&self, files: &str, instance: &str, setup: &Setup, arguments: &[&str]) -> Service {
        let address = free_address();
        let config = self.file(files, "yaml");
        fs::write(&config, self.configuration(instance, setup, address)).expect("the folder can be written");
        let file = |ending| {
            let file = File::options().create(true).append(true).open(self.file(files, ending));
            file.expect("the folder can be written")
        };
        let child = Command::new(env!("CARGO_BIN_EXE_klantreis"))
            .args(["run", "-c", config.to_str().expect("a plain path")])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file("out"))
            .stderr(file("log"))
            .spawn()
            .expect("the program can be started");
        Service { child, address, log: self.file(files, "log"), out: self.file(files, "out"), started: Instant::now() }
    }

    /// Runs a process until it has caught up, and gives its figures.
    pub fn catch_up(&self, instance: &str, setup: &Setup) -> serde_json::Value {
        self.start_with(instance, setup, &["--exit-when-caught-up"]).figures()
    }

    /// Everything that processes of this name have logged.
    pub fn log(&self, instance: &str) -> String {
        fs::read_to_string(self.file(instance, "log")).unwrap_or_default()
    }

    fn file(&self, instance: &str, ending: &str) -> PathBuf {
        self.folder.path().join(format!("{instance}.{ending}"))
    }

    fn configuration(&self, instance: &str, setup: &Setup, address: SocketAddr) -> String {
        let Setup { guarantee, workers, allowed_lateness, more } = setup;
        let [clicks, mail, pos] = [0, 1, 2].map(|input| self.input(input));
        format!(
            "application: {application}
kafka: {{ brokers: \"{brokers}\", instance: {instance}, {kafka} }}
inputs:
  - {{ name: clicks, topic: {clicks}, format: segment }}
  - {{ name: mail, topic: {mail}, format: sendgrid }}
  - {{ name: pos, topic: {pos}, format: square }}
models: [think5]
guarantee: {guarantee}
workers: {workers}
allowed_lateness: {allowed_lateness}
http: {{ listen: \"{address}\" }}
{more}
",
            application = self.application,
            brokers = self.brokers,
            kafka = self.kafka,
        )
    }
}

/// A record as a producer sends it.
pub fn as_sent(record: &Record) -> Send {
    Send::new(&record.customer, &record.value).at(record.at)
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr()).expect("the loopback has free ports")
}

/// A process of the program. Killed when dropped.
pub struct Service {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    out: PathBuf,
    pub started: Instant,
}

impl Service {
    /// Ends it without a word.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        // SAFETY: asks the system to signal a child that was not waited for yet, so the id is its.
        let sent = unsafe { libc::kill(pid, signal) };
        assert_eq!(sent, 0, "the process is there");
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) -> ExitStatus {
        self.signal(libc::SIGTERM);
        self.wait()
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let log = self.log.clone();
        until("a process to end", || tail(&log), || self.child.try_wait().expect("it is our child"))
    }

    /// Waits until it ends well, and gives its line of figures.
    pub fn figures(mut self) -> serde_json::Value {
        let status = self.wait();
        assert!(status.success(), "{status}\n{}", self.said());
        let out = fs::read_to_string(&self.out).expect("it has an output");
        let line = out.lines().last().expect("it prints its figures");
        serde_json::from_str(line).unwrap_or_else(|problem| panic!("{problem}: {line}"))
    }

    /// The last lines of its log.
    pub fn said(&self) -> String {
        tail(&self.log)
    }

    /// Asks it something by HTTP; `None` if it does not answer.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(2)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    /// The same, as JSON.
    pub fn json(&self, path: &str) -> serde_json::Value {
        let (status, body) = self.get(path).unwrap_or_else(|| panic!("{path} is not answered\n{}", self.said()));
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|problem| panic!("{path}: {problem}: {body}"))
    }

    /// Whether it is ready.
    pub fn is_ready(&self) -> bool {
        self.get("/readyz").is_some_and(|(status, _)| status == 200)
    }

    /// Waits until it is ready, and gives how long that took since its start.
    pub fn wait_until_ready(&mut self) -> Duration {
        let log = self.log.clone();
        until(
            "a process to be ready",
            || tail(&log),
            || {
                let ended = self.child.try_wait().expect("it is our child");
                assert!(ended.is_none(), "it ended: {ended:?}\n{}", tail(&log));
                self.is_ready().then(|| self.started.elapsed())
            },
        )
    }

    /// How many partitions it has restored.
    pub fn partitions(&self) -> usize {
        let Some((200, body)) = self.get("/v1/status") else { return 0 };
        let status: serde_json::Value = serde_json::from_str(&body).expect("the status is JSON");
        status["partitions"].as_array().map_or(0, |all| all.iter().filter(|one| one["state"] == "ready").count())
    }

    /// Resident bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it runs, on Linux");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

fn tail(log: &PathBuf) -> String {
    let log = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

/// How far an application has come, by its committed offsets.
pub struct Progress {
    consumer: BaseConsumer,
    asked: TopicPartitionList,
}

impl Progress {
    pub fn of(job: &Job<'_>) -> Progress {
        Progress::of_group(job, &job.application, [PARTITIONS; INPUTS.len()])
    }

    /// The same of a group that reads inputs of so many partitions.
    pub fn of_group(job: &Job<'_>, group: &str, partitions: [i32; INPUTS.len()]) -> Progress {
        let consumer = ClientConfig::new()
            .set("bootstrap.servers", job.broker.address())
            .set("group.id", group)
            // What is committed now, without waiting for a transaction that a killed process left open.
            .set("isolation.level", "read_uncommitted")
            .set("log_level", "0")
            .create()
            .expect("a consumer can be made");
        let mut asked = TopicPartitionList::new();
        for (input, count) in partitions.into_iter().enumerate() {
            (0..count).for_each(|partition| _ = asked.add_partition(&job.input(input), partition));
        }
        Progress { consumer, asked }
    }

    /// Records that are committed; `None` if the broker does not say.
    pub fn committed(&self) -> Option<usize> {
        let told = self.consumer.committed_offsets(self.asked.clone(), Duration::from_secs(5)).ok()?;
        let offsets = told.elements().into_iter().map(|one| match one.offset() {
            Offset::Offset(offset) => usize::try_from(offset).expect("offsets are not negative"),
            _ => 0,
        });
        Some(offsets.sum())
    }

    /// Waits until this many records are committed.
    pub fn wait_for(&self, records: usize, told: impl Fn() -> String) {
        let seen = std::cell::Cell::new(0);
        let told = || format!("{} of {records} records are committed\n{}", seen.get(), told());
        until("everything to be committed", told, || {
            seen.set(self.committed()?);
            (seen.get() >= records).then_some(())
        });
    }
}
