//! Puts the demo together: a broker, the service, the shop, the screen; and takes it apart again.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::feeder::{Feed, feed, wall_ms};
use super::picture::Picture;
use super::screen::Screen;
use super::watcher::Watcher;
use super::{Channel, Pace, Shop, ShopSettings};
use crate::config::{self, Config, Topics};
use crate::journey::grouped;
use crate::kafka::mock::{BrokerError, MockBroker, PlainProducer, PlainReader};
use crate::service::{self, Options, Running, ServiceError, StateKeeping};

/// Partitions of every topic.
const PARTITIONS: i32 = 4;
/// How long the service may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How often the picture changes.
const PICTURE_EVERY: Duration = Duration::from_millis(200);

/// How the demo is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DemoSettings {
    /// End after this many seconds; `None`: when asked to.
    pub seconds: Option<u64>,
    /// Where the page is; `None`: the usual address, or a free port if that is taken.
    pub listen: Option<SocketAddr>,
    /// Events a second.
    pub rate: u32,
    /// Customers at most.
    pub customers: u32,
    /// Another seed makes other customers.
    pub seed: u64,
}

/// Why the demo did not go well.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The mock could not be started or spoken to.
    #[error("the demo's broker: {0}")]
    Broker(#[from] BrokerError),
    /// The service did not start, or ended.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The shop could not go on.
    #[error("{0}")]
    Shop(String),
    /// Threads cannot be started, or there is no port.
    #[error("the demo: {0}")]
    System(#[from] std::io::Error),
}

/// Shows the demo until its time is up or somebody ends it.
///
/// # Errors
/// If a part of it does not start or fails.
pub fn run(settings: &DemoSettings) -> Result<(), DemoError> {
    let listen = match settings.listen {
        Some(listen) => listen,
        None => free_address()?,
    };
    let broker = MockBroker::start()?;
    let config = configuration(&broker.brokers(), listen);
    for topic in topics(&config) {
        broker.create(topic, PARTITIONS)?;
    }
    let topic = config.topics.transitions.clone();
    let options = Options {
        exit_when_caught_up: false,
        adopt_state: false,
        state: StateKeeping::Never { partitions: PARTITIONS },
    };
    let running = service::start(config, options)?;
    let reader = PlainReader::new(&broker.brokers(), &topic, PARTITIONS)?;
    let producer = PlainProducer::new(&broker.brokers())?;
    let pace = Pace::new(wall_ms(), settings.rate, settings.customers, settings.seconds);
    announce(settings, &pace, &running);

    let feed = Arc::new(Feed::default());
    let watcher = Watcher::new(running.view(), Arc::clone(&feed), reader, &running.models().models()[0]);
    let show = Show {
        settings: *settings,
        pace,
        watcher,
        producer,
        feed: Arc::clone(&feed),
        stop: Box::new(running.stopper()),
    };
    let shown = std::thread::Builder::new().name("demo".to_owned()).spawn(move || show.run())?;
    let ended = running.wait();
    feed.stop.store(true, Relaxed);
    let shown = shown.join().map_err(|_| DemoError::Shop("the shop panicked".to_owned()))?;
    let figures = ended?;
    let (picture, took) = shown.map_err(DemoError::Shop)?;
    say(&format!(
        "\nThe shop is closed. In {:.0} s: {}; {} dead letters. Nothing of it is kept.",
        took.as_secs_f64(),
        picture.figures(),
        grouped(figures.dead_letters),
    ));
    Ok(())
}

/// The service's own default if it is free, so that the page is where the documentation says.
fn free_address() -> std::io::Result<SocketAddr> {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, 9464));
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    TcpListener::bind(usual).or_else(|_| TcpListener::bind(any))?.local_addr()
}

/// An ordinary configuration, read as any other.
fn configuration(brokers: &str, listen: SocketAddr) -> Config {
    let inputs: Vec<String> = Channel::ALL
        .iter()
        .map(|channel| format!("{{ name: {0}, topic: {0}, format: {1} }}", channel.name(), channel.format()))
        .collect();
    let text = format!(
        "application: demo
kafka: {{ brokers: {brokers:?}, instance: demo }}
inputs: [{}]
models: [think5]
shadow: [{{ model: see-think-do-care, beside: think5 }}]
variants: {{ attribute: checkout, values: [long, short] }}
workers: 2
http: {{ listen: {:?} }}
",
        inputs.join(", "),
        listen.to_string()
    );
    config::parse(&text, "demo", Path::new(""), &|_| None).expect("the demo's own configuration is sound")
}

/// All topics that are read or written.
fn topics(config: &Config) -> impl Iterator<Item = &str> {
    let Topics { transitions, signals, phases, shadow, events, dead_letters, state_deltas, state_snapshots } =
        &config.topics;
    let written = [
        Some(transitions),
        signals.as_ref(),
        phases.as_ref(),
        shadow.as_ref(),
        events.as_ref(),
        Some(dead_letters),
        Some(state_deltas),
        Some(state_snapshots),
    ];
    let inputs = config.inputs.iter().map(|input| &input.topic);
    inputs.chain(written.into_iter().flatten()).map(String::as_str)
}

fn announce(settings: &DemoSettings, pace: &Pace, running: &Running) {
    let (rate, customers) = (grouped(u64::from(settings.rate)), grouped(u64::from(settings.customers)));
    let page = running.addresses().all.map_or_else(|| "nowhere".to_owned(), |all| format!("http://{all}/"));
    let time = if pace.days_per_second > 1.0 {
        format!("{:.1} days in the shop take a second", pace.days_per_second)
    } else {
        "a day in the shop takes a second".to_owned()
    };
    let end = match settings.seconds {
        Some(seconds) => format!("it ends after {seconds} s"),
        None => "Ctrl-C ends it".to_owned(),
    };
    say(&format!(
        "Het Klompenhuis, a made-up web shop: about {rate} events a second of up to {customers} customers.\n\
         Page:  {page}\n\
         Time:  {time}, and {:.0} days are there already; {end}.\n\
         Trial: half of the customers see a short checkout form, which /metrics compares with the long one;\n       \
         another model runs beside think5, which /v1/shadow compares.\n\
         This is one process on a mock of a broker: nothing is kept, and nothing would be restored.\n",
        pace.history_days()
    ));
}

/// To standard output; nobody reading it is no reason to end.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// What runs beside the service.
struct Show {
    settings: DemoSettings,
    pace: Pace,
    watcher: Watcher,
    producer: PlainProducer,
    feed: Arc<Feed>,
    stop: Box<dyn Fn() + Send>,
}

impl Show {
    /// Opens the shop when the service is ready, shows both until the time is up, and then stops the service. Gives the
    /// last picture and how long it took.
    fn run(mut self) -> Result<(Picture, Duration), String> {
        let shown = self.show();
        self.feed.stop.store(true, Relaxed);
        (self.stop)();
        shown
    }

    fn show(&mut self) -> Result<(Picture, Duration), String> {
        let asked = Instant::now();
        while !self.watcher.is_ready() {
            if self.feed.stop.load(Relaxed) {
                return Ok((Picture::default(), Duration::ZERO));
            }
            if asked.elapsed() > READY_WITHIN {
                return Err(format!("the service was not ready within {} s", READY_WITHIN.as_secs()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let opened = Instant::now();
        let feeder = self.open_shop().map_err(|error| error.to_string())?;
        let until = self.settings.seconds.map(|seconds| opened + Duration::from_secs(seconds));
        let mut screen = Screen::new(opened);
        let mut last = Picture::default();
        while !self.feed.stop.load(Relaxed) && !feeder.is_finished() && until.is_none_or(|until| Instant::now() < until)
        {
            self.watcher.read_for(PICTURE_EVERY);
            // While the service leaves, it has let go of its customers already.
            if self.watcher.is_ready() {
                last = self.watcher.picture(Instant::now());
                screen.show(&last, Instant::now());
            }
        }
        screen.finish();
        let took = opened.elapsed();
        self.feed.stop.store(true, Relaxed);
        feeder.join().map_err(|_| "the shop panicked".to_owned())??;
        Ok((last, took))
    }

    fn open_shop(&self) -> std::io::Result<JoinHandle<Result<(), String>>> {
        let DemoSettings { rate, customers, seed, .. } = self.settings;
        let pace = self.pace;
        let shop = Shop::new(&ShopSettings {
            seed,
            customers,
            events_per_day: pace.events_per_day(rate),
            opens_at: pace.opens_at,
        });
        let (producer, shared) = (self.producer.clone(), Arc::clone(&self.feed));
        std::thread::Builder::new().name("shop".to_owned()).spawn(move || feed(shop, pace, &producer, &shared))
    }
}
