//! From a configuration to a running service, in the order of the flow: inputs, workers, committers, readers of it all.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};

use super::shown::Shown;
use super::signals::Signals;
use super::witness::Witness;
use super::{Figures, ServiceError, memory, wiring};
use crate::config::{Config, Keying};
use crate::engine::board::Board;
use crate::engine::ingest::{self, Ingest, Place};
use crate::engine::ports::{Clock, StateReader};
use crate::engine::view::View;
use crate::engine::worker::{Ending, Equipment, Worker};
use crate::formats::Schemas;
use crate::http::{self, Api, ListenAddresses, Listeners, LiveBus, Sources, Token};
use crate::journey::ModelSet;
use crate::kafka::{
    KafkaCommitter, KafkaPositions, KafkaSource, KafkaStateReader, Settings, TopicFacts, TopicsError, prepare_topics,
};
use crate::snapshot::Codec;
use crate::telemetry::Telemetry;

/// How long a run that is to end by itself waits for a broker.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long until a broker that does not answer is asked again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How the service is to run this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// End when all input is handled and committed.
    pub exit_when_caught_up: bool,
    /// Where state and the group's offsets disagree, go on where the state says.
    pub adopt_state: bool,
    /// Where state is kept.
    pub state: StateKeeping,
}

/// Where state is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateKeeping {
    /// In Kafka, and restored from there.
    Kafka,
    /// Written, but never read back, for a cluster that keeps no promises; the count of partitions must be told.
    Never {
        /// Partitions of the inputs.
        partitions: i32,
    },
}

/// A running service.
pub struct Running {
    pub(super) config: Arc<Config>,
    pub(super) options: Options,
    pub(super) board: Arc<Board>,
    pub(super) witness: Arc<Witness>,
    /// The ingest's is the last, if there is one.
    pub(super) workers: Vec<Option<JoinHandle<()>>>,
    pub(super) ended: mpsc::UnboundedReceiver<(usize, Result<(), Ending>)>,
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) signals: Signals,
    pub(super) stop_http: Option<oneshot::Sender<()>>,
    pub(super) memory_limit: Option<u64>,
    pub(super) deadline: Duration,
    set: Arc<ModelSet>,
    addresses: ListenAddresses,
}

/// Runs the service until it is asked to stop, or has caught up, if that is asked for; then its figures are given.
///
/// # Errors
/// With why it could not start, or why it ended before that.
pub fn run(config: Config, options: Options) -> Result<Figures, ServiceError> {
    start(config, options)?.wait()
}

/// Starts the service; it runs on threads of its own.
///
/// # Errors
/// With why it could not start.
pub fn start(config: Config, options: Options) -> Result<Running, ServiceError> {
    let clock = Arc::new(SystemClock { began: Instant::now() });
    let config = Arc::new(config);
    let set = Arc::new(config.model_set()?);
    // Formats are checked before anything is connected to.
    let schemas = wiring::schemas(config.schema_registry.as_ref())?;
    wiring::decoders(&config, &set, schemas.as_ref())?;
    let settings = Settings::new(Arc::clone(&config))?;
    let token = config.http.token.as_deref().map(Token::new).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|source| ServiceError::System { what: "starting the HTTP runtime", source })?;
    let signals = Signals::listen(&runtime)?;
    let listeners =
        runtime.block_on(Listeners::bind(config.http.listen, config.http.metrics_listen, token.as_ref()))?;
    let addresses = listeners.addresses();

    let topics = match options.state {
        StateKeeping::Kafka => wait_for_topics(&config, &settings, options, &signals)?,
        StateKeeping::Never { partitions } => TopicFacts {
            partitions,
            inputs: vec![partitions; config.inputs.len()],
            outputs_alike: false,
            event_bytes: 1 << 20,
            dead_letter_bytes: 1 << 20,
            created: Vec::new(),
            warnings: Vec::new(),
        },
    };
    let rules = Arc::new(wiring::rules(&config, Arc::clone(&set), Some(topics.partitions), topics.outputs_alike));
    let is_rekeyed = config.keying == Keying::Rekey;
    let board = Arc::new(Board::new(Arc::clone(&rules), config.workers + usize::from(is_rekeyed)));
    let memory_limit = memory::limit(config.memory_limit);
    let telemetry = Telemetry::start(wiring::names(&config, &set), wiring::facts(&config, memory_limit))
        .map_err(|source| ServiceError::System { what: "starting the metrics", source })?;
    let telemetry = Arc::new(telemetry);
    let live = Arc::new(LiveBus::default());
    let witness = Arc::new(Witness::new(Arc::clone(&telemetry), Arc::clone(&live)));

    let means = Means {
        config: &config,
        settings: &settings,
        set: &set,
        schemas: schemas.as_ref(),
        witness: &witness,
        options,
        topics: &topics,
    };
    let (sender, ended) = mpsc::unbounded_channel();
    let mut workers = Vec::new();
    for number in 0..config.workers {
        let clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let equipment = Equipment { clock, ..means.equip(number)? };
        let told = wiring::worker_settings(&config, number, options.adopt_state);
        let worker = Worker::new(Arc::clone(&rules), told, Arc::clone(&board), equipment);
        let sender = sender.clone();
        let thread = std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
            // A panic sends nothing: it is seen as a thread that is gone without a word.
            let _ = sender.send((number, worker.run()));
        });
        workers.push(Some(thread.map_err(|source| ServiceError::System { what: "starting a worker", source })?));
    }
    if is_rekeyed {
        let clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let (places, equipment) =
            equip_ingest(&config, &settings.of_ingest(), &set, &witness, schemas.as_ref(), clock, &topics)?;
        let told = wiring::ingest_settings(&config, topics.event_bytes, !options.exit_when_caught_up);
        let ingest = Ingest::new(Arc::clone(&rules), told, Arc::clone(&board), places, equipment);
        let (sender, number) = (sender.clone(), config.workers);
        let thread = std::thread::Builder::new().name("ingest".to_owned()).spawn(move || {
            let _ = sender.send((number, ingest.run()));
        });
        workers.push(Some(thread.map_err(|source| ServiceError::System { what: "starting the ingest", source })?));
    }
    drop(sender);

    let (stop_http, stopped) = oneshot::channel::<()>();
    let shown = Shown { board: Arc::clone(&board), schemas, clock };
    let sources = sources(Arc::new(shown), live, telemetry);
    let api = Api::new(sources, wiring::http_facts(&config, &set), token);
    runtime.spawn(http::serve(api, listeners, async move {
        let _ = stopped.await;
    }));
    let deadline = wiring::duration(config.shutdown_deadline);
    Ok(Running {
        config,
        options,
        board,
        witness,
        workers,
        ended,
        runtime,
        signals,
        stop_http: Some(stop_http),
        memory_limit,
        deadline,
        set,
        addresses,
    })
}

/// Looks at the topics, and tries on while no broker answers: a service that starts before its broker is no fault. A run
/// that is to end by itself does not wait for long: somebody is looking at it.
fn wait_for_topics(
    config: &Config,
    settings: &Settings,
    options: Options,
    signals: &Signals,
) -> Result<TopicFacts, ServiceError> {
    let began = Instant::now();
    loop {
        match prepare_topics(settings, true) {
            _ if signals.came() => return Err(ServiceError::StoppedEarly),
            Err(TopicsError::Unavailable(why)) if !options.exit_when_caught_up || began.elapsed() < PATIENCE => {
                tracing::warn!("no broker answers at {} yet, trying on: {why}", config.kafka.brokers);
                std::thread::sleep(TRY_AGAIN_AFTER);
            }
            other => {
                let facts = other?;
                facts.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
                return Ok(facts);
            }
        }
    }
}

impl Running {
    /// What the engine shows of itself.
    pub fn view(&self) -> Arc<dyn View> {
        Arc::clone(&self.board) as Arc<dyn View>
    }

    /// The active models.
    pub fn models(&self) -> &Arc<ModelSet> {
        &self.set
    }

    /// Where the HTTP interface is.
    pub fn addresses(&self) -> ListenAddresses {
        self.addresses
    }

    /// Something that asks the service to stop, from anywhere.
    pub fn stopper(&self) -> impl Fn() + Send + Sync + 'static {
        let board = Arc::clone(&self.board);
        move || board.stop()
    }

    /// Records taken up so far.
    pub fn taken(&self) -> u64 {
        self.board.taken()
    }
}

/// What workers are equipped from.
struct Means<'a> {
    config: &'a Arc<Config>,
    settings: &'a Settings,
    set: &'a Arc<ModelSet>,
    schemas: Option<&'a Arc<dyn Schemas>>,
    witness: &'a Arc<Witness>,
    options: Options,
    topics: &'a TopicFacts,
}

impl Means<'_> {
    fn equip(&self, worker: usize) -> Result<Equipment<KafkaSource>, ServiceError> {
        let Self { config, settings, set, schemas, witness, options, topics } = *self;
        let client = |problem: String| ServiceError::Client { worker, problem };
        let source = KafkaSource::connect(settings, worker, topics.partitions).map_err(|p| client(p.to_string()))?;
        let committer = KafkaCommitter::connect(settings, worker, &source, topics.dead_letter_bytes).map_err(client)?;
        let reader: Box<dyn StateReader> = match options.state {
            StateKeeping::Kafka => {
                Box::new(KafkaStateReader::connect(settings, worker).map_err(|p| client(p.to_string()))?)
            }
            StateKeeping::Never { .. } => Box::new(wiring::NoState::new(settings.inputs())),
        };
        Ok(Equipment {
            source,
            committer: Box::new(committer),
            reader,
            codec: Box::new(Codec::new(Arc::clone(set))),
            decoders: wiring::worker_decoders(config, set, schemas)?,
            observer: Arc::clone(witness) as _,
            clock: Arc::new(SystemClock { began: Instant::now() }),
        })
    }
}

/// What the ingest reads, and what it works with. `settings` are its own.
fn equip_ingest(
    config: &Arc<Config>,
    settings: &Settings,
    set: &Arc<ModelSet>,
    witness: &Arc<Witness>,
    schemas: Option<&Arc<dyn Schemas>>,
    clock: Arc<dyn Clock>,
    topics: &TopicFacts,
) -> Result<(Vec<Place>, ingest::Equipment<KafkaSource>), ServiceError> {
    let client = |problem: String| ServiceError::Ingest { problem };
    let of_input = |(input, &count): (usize, &i32)| (0..count).map(move |partition| Place { input, partition });
    let places: Vec<Place> = topics.inputs.iter().enumerate().flat_map(of_input).collect();
    let pairs: Vec<(usize, i32)> = places.iter().map(|place| (place.input, place.partition)).collect();
    let source = KafkaSource::connect_to_lead(settings, &pairs).map_err(|p| client(p.to_string()))?;
    let committer = KafkaCommitter::connect(settings, 0, &source, topics.dead_letter_bytes).map_err(client)?;
    let positions = KafkaPositions::connect(settings, &pairs).map_err(|p| client(p.to_string()))?;
    let equipment = ingest::Equipment {
        source,
        committer: Box::new(committer),
        positions: Box::new(positions),
        decoders: wiring::ingest_decoders(config, set, schemas)?,
        observer: Arc::clone(witness) as _,
        clock,
    };
    Ok((places, equipment))
}

fn sources(shown: Arc<Shown>, live: Arc<LiveBus>, telemetry: Arc<Telemetry>) -> Sources {
    let view = Arc::clone(&shown);
    let metrics = move || telemetry.render(&view.overview(), wall_ms());
    let workers = Arc::clone(&shown.board);
    Sources { view: shown, live, metrics: Arc::new(metrics), dead: Arc::new(move || workers.dead_workers()) }
}

struct SystemClock {
    began: Instant,
}

impl Clock for SystemClock {
    fn wall_ms(&self) -> i64 {
        wall_ms()
    }
    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
