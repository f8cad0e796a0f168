//! A real Kafka broker for a test program: started when first asked for, gone with the program, however that ends.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

/// A broker may take this long to answer; fetching its jars for the first time comes on top.
const READY: Duration = Duration::from_secs(60);
/// Names an existing broker, which is then used instead of one of our own.
const EXISTING: &str = "KLANTREIS_TEST_KAFKA";

/// A broker of one node on the loopback.
pub struct Broker {
    address: String,
    /// `None`: it is not ours.
    own: Option<Own>,
}

struct Own {
    data: PathBuf,
    ports: [u16; 2],
    /// Lines for the broker's properties.
    settings: Option<String>,
    /// A lock because the broker is shared by the tests of a program, and one of them may stop and start it.
    script: Mutex<Option<Child>>,
}

impl Broker {
    /// The broker that the tests of this program share.
    pub fn shared() -> &'static Broker {
        static SHARED: OnceLock<Broker> = OnceLock::new();
        SHARED.get_or_init(Broker::start)
    }

    /// A broker of one's own, for tests that stop it. With `KLANTREIS_TEST_KAFKA`, the existing one.
    pub fn start() -> Broker {
        if let Ok(address) = std::env::var(EXISTING) {
            let broker = Broker { address, own: None };
            broker.wait_until_it_answers(READY, || None);
            return broker;
        }
        Broker::launch_new(|_| None)
    }

    /// A broker of one's own, with settings that can depend on its port and its controller's. `None`, and a word about it,
    /// where an existing one is to be used: that is neither stopped nor set up for a test.
    pub fn start_ours(settings: impl Fn([u16; 2]) -> Option<String>) -> Option<Broker> {
        if std::env::var(EXISTING).is_ok() {
            println!("left out: it needs a broker of its own, but {EXISTING} is set");
            return None;
        }
        Some(Broker::launch_new(settings))
    }

    fn launch_new(settings: impl Fn([u16; 2]) -> Option<String>) -> Broker {
        fetch();
        for attempt in 1.. {
            let ports = free_ports();
            let own = Own { data: data_folder(), ports, settings: settings(ports), script: Mutex::new(None) };
            let broker = Broker { address: format!("127.0.0.1:{}", ports[0]), own: Some(own) };
            match broker.launch() {
                Ok(()) => return broker,
                // Another program may have taken a port between our asking for it and the broker's.
                Err(problem) if attempt < 3 => eprintln!("starting a broker again: {problem}"),
                Err(problem) => panic!("no broker to test against: {problem}"),
            }
        }
        unreachable!("attempts end with a broker or a panic")
    }

    /// An address that nobody asks, for tests that need none.
    pub fn nowhere() -> Broker {
        Broker { address: "127.0.0.1:9".to_owned(), own: None }
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A prefix for the names of topics and applications that no other test uses.
    pub fn prefix(&self, test: &str) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        format!(
            "{test}-{}-{}-{}.",
            std::process::id(),
            clock.as_millis() % 100_000_000,
            NEXT.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// Ends it in good order.
    pub fn stop(&self) {
        self.end("-TERM");
    }

    /// Ends it as a power cut would.
    pub fn kill(&self) {
        self.end("-KILL");
    }

    /// Lets it answer nothing more until [`Broker::thaw`]; connections stay open.
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Starts it again on the same data and ports.
    pub fn start_again(&self) {
        self.launch().unwrap_or_else(|problem| panic!("the broker does not come back: {problem}"));
    }

    fn own(&self) -> &Own {
        self.own.as_ref().unwrap_or_else(|| panic!("this test stops the broker: run it without {EXISTING}"))
    }

    fn signal(&self, signal: &str) {
        let pid = fs::read_to_string(self.own().data.join("pid")).expect("a broker that runs has a pid");
        let sent = Command::new("kill").args([signal, pid.trim()]).status().expect("kill is there");
        assert!(sent.success(), "the broker with pid {pid} is not there");
    }

    fn end(&self, signal: &str) {
        let mut script = self.own().script.lock().unwrap();
        let mut child = script.take().expect("it runs");
        self.signal(signal);
        // The script waits for the broker; its input must stay open, or it would delete the data.
        let input = child.stdin.take();
        child.wait().expect("it is our child");
        drop(input);
    }

    fn launch(&self) -> Result<(), String> {
        let own = self.own();
        let [port, controller] = own.ports.map(|port| port.to_string());
        let mut command = Command::new(script());
        if let Some(settings) = &own.settings {
            let file = own.data.with_extension("properties");
            fs::write(&file, settings).map_err(|problem| format!("{}: {problem}", file.display()))?;
            command.env("KLANTREIS_KAFKA_PROPERTIES", file);
        }
        let mut child = command
            .args(["run", own.data.to_str().expect("a plain path"), &port, &controller, "clean"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|problem| format!("{}: {problem}", script().display()))?;
        let mut ended =
            || child.try_wait().ok().flatten().map(|status| format!("it ended with {status}: {}", tail(&own.data)));
        let answer = self.try_wait(READY, &mut ended);
        match answer {
            Ok(()) => {
                *own.script.lock().unwrap() = Some(child);
                Ok(())
            }
            Err(problem) => {
                drop(child.stdin.take());
                child.wait().ok();
                Err(problem)
            }
        }
    }

    fn wait_until_it_answers(&self, at_most: Duration, mut ended: impl FnMut() -> Option<String>) {
        self.try_wait(at_most, &mut ended).unwrap_or_else(|problem| panic!("{EXISTING}={}: {problem}", self.address));
    }

    fn try_wait(&self, at_most: Duration, ended: &mut dyn FnMut() -> Option<String>) -> Result<(), String> {
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.address)
            .set("reconnect.backoff.max.ms", "200")
            .set("log_level", "0")
            .create()
            .map_err(|problem| problem.to_string())?;
        let begun = Instant::now();
        loop {
            if client.fetch_metadata(None, Duration::from_millis(500)).is_ok_and(|all| !all.brokers().is_empty()) {
                return Ok(());
            }
            if let Some(problem) = ended() {
                return Err(problem);
            }
            if begun.elapsed() > at_most {
                return Err(format!("no answer from {} within {at_most:?}", self.address));
            }
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let Some(own) = &self.own else { return };
        if let Some(mut child) = own.script.lock().unwrap().take() {
            // Closing its input ends it and deletes the data. A broker in a static is not dropped: its pipe closes with the
            // program, to the same end.
            drop(child.stdin.take());
            child.wait().ok();
        }
        fs::remove_dir_all(&own.data).ok();
        fs::remove_file(own.data.with_extension("properties")).ok();
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/kafka/broker.sh")
}

/// Gets the jars, if they are missing. The script says what it lacks.
fn fetch() {
    let got = Command::new(script()).arg("fetch").stdin(Stdio::null()).output();
    let got = got.unwrap_or_else(|problem| panic!("{}: {problem}", script().display()));
    assert!(got.status.success(), "no broker to test against: {}", String::from_utf8_lossy(&got.stderr).trim());
}

/// Ports that nobody uses.
pub fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("the loopback has free ports"));
    listeners.map(|listener| listener.local_addr().expect("it is bound").port())
}

fn data_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("klantreis-kafka-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    std::env::temp_dir().join(name)
}

/// The last lines of the broker's log.
fn tail(data: &Path) -> String {
    let log = fs::read_to_string(data.join("broker.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
