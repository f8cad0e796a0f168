//! A configuration as everything else sees it: complete, checked, defaults filled in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::formats::{FormatSpec, TimeSource};
use crate::journey::{Span, VariantRule};
use crate::yaml::Place;

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Name of the application: consumer group, prefix of the topics it owns and of transactional ids.
    pub application: String,
    /// How to reach Kafka.
    pub kafka: KafkaConfig,
    /// What is read, in the order that decides between records of the same time.
    pub inputs: Vec<InputConfig>,
    /// How what is read is keyed.
    pub keying: Keying,
    /// The models that run, by built-in name or file.
    pub models: Vec<ModelRef>,
    /// The models that run beside them, to be compared.
    pub shadows: Vec<ShadowRef>,
    /// Names of the topics that are written.
    pub topics: Topics,
    /// Exactly once, or at least once.
    pub guarantee: Guarantee,
    /// How long an epoch is (default 100 ms).
    pub commit_interval: Span,
    /// Worker threads (default: the number of processors).
    pub workers: usize,
    /// How long an input at its end is still waited for (default 0).
    pub align_idle_after: Span,
    /// How far the watermark stays behind (default 1 min).
    pub allowed_lateness: Span,
    /// How far ahead of its record an event's time may be (default 5 min).
    pub max_future_skew: Span,
    /// After how much silence a customer is forgotten (default 400 d).
    pub forget_after: Span,
    /// How many event ids per customer are remembered for dropping repeats (default 4, 0 to 16).
    pub remembered_ids: u8,
    /// The largest value that is read (default 1 MiB); a larger one is a dead letter.
    pub max_event_bytes: usize,
    /// Stop when more than this share of the records become dead letters; `None`: never.
    pub dead_letters_stop_above: Option<f64>,
    /// Memory limit in bytes; `None`: the control group's, if it has one.
    pub memory_limit: Option<u64>,
    /// Time a shutdown may take (default 20 s).
    pub shutdown_deadline: Span,
    /// How transitions are wrapped.
    pub envelope: Envelope,
    /// How they tell what the customer needs.
    pub needs: Needs,
    /// What events say of experiments, if anything.
    pub variants: Option<Variants>,
    /// Where schemas are kept, if records have any.
    pub schema_registry: Option<SchemaRegistryConfig>,
    /// The HTTP interface.
    pub http: HttpConfig,
}

/// How what is read is keyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keying {
    /// By customer, in the same number of partitions: partition p of all inputs holds the same customers.
    Direct,
    /// By anything: an ingest stage writes the events anew, by customer, and the journey stage reads those.
    Rekey,
}

/// How a transition tells what the customer needs in the phase that is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// By naming the phase, with model and version: the texts are at `/v1/models` and in the model's file.
    Reference,
    /// In so many words, in each language that the model has.
    Inline,
}

/// How transitions are wrapped as CloudEvents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// Attributes as `ce_` headers, the data as the value.
    Binary,
    /// One JSON object with the data inside.
    Structured,
    /// The data alone, without attributes.
    Bare,
}

/// How to reach Kafka.
#[derive(Debug, Clone)]
pub struct KafkaConfig {
    /// `bootstrap.servers`.
    pub brokers: String,
    /// Name of this process among those of the application (default: the host name); part of member and transactional ids.
    pub instance: String,
    /// librdkafka properties for every client.
    pub properties: BTreeMap<String, String>,
    /// librdkafka properties for consumers alone.
    pub consumer: BTreeMap<String, String>,
    /// librdkafka properties for producers alone.
    pub producer: BTreeMap<String, String>,
    /// Replication factor of the topics that are created (default: −1, the broker's).
    pub replication: i32,
}

/// One input.
#[derive(Debug, Clone)]
pub struct InputConfig {
    /// Its name, the channel of its events.
    pub name: String,
    /// Where the file says that.
    pub name_at: Place,
    /// Its topic.
    pub topic: String,
    /// How its records are decoded.
    pub format: FormatSpec,
    /// Whether the event's time is in the event or is the record's.
    pub time: TimeSource,
    /// Where an input begins that was never read.
    pub start: Start,
}

/// Where an input begins that was never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the oldest record.
    Earliest,
    /// With what comes from now on.
    Latest,
    /// At the first record of this time or later, in epoch milliseconds.
    Time(i64),
}

/// A model that is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelRef {
    /// One that ships in the binary.
    BuiltIn(String),
    /// A file that was there when the configuration was loaded; a relative path is from where the process runs.
    File(PathBuf),
}

/// A model that is to run beside an active one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowRef {
    /// The model.
    pub model: ModelRef,
    /// The name of the active model; `None`: the same as its own.
    pub beside: Option<String>,
}

/// What events say of experiments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variants {
    /// What is told apart.
    pub rule: VariantRule,
    /// Where the attribute is named, for warnings about it.
    pub attribute_at: Place,
}

/// Names of the topics that are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    /// Transitions.
    pub transitions: String,
    /// Signals; `None`: none is told.
    pub signals: Option<String>,
    /// Latest phases; `None`: not written.
    pub phases: Option<String>,
    /// Transitions and signals of shadows; `None`: there are no shadows.
    pub shadow: Option<String>,
    /// Events keyed by customer; `None`: the inputs are, so there is no need for it.
    pub events: Option<String>,
    /// Dead letters.
    pub dead_letters: String,
    /// State deltas.
    pub state_deltas: String,
    /// State snapshots.
    pub state_snapshots: String,
}

/// The delivery guarantee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarantee {
    /// In one transaction.
    ExactlyOnce,
    /// Nothing lost; repeats carry the same id.
    AtLeastOnce,
}

/// Where schemas are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaRegistryConfig {
    /// `http://` or `https://`, a host, and what stands before the paths that are asked.
    pub url: String,
    /// How we show who we are, if we must.
    pub login: Option<RegistryLogin>,
    /// A file of certificates (PEM): the authorities that are believed, instead of those that browsers believe.
    pub ca_file: Option<PathBuf>,
}

/// How a schema registry is shown who asks.
#[derive(Clone, PartialEq, Eq)]
pub enum RegistryLogin {
    /// HTTP's basic authentication.
    Password {
        /// The user, or the key of an interface.
        username: String,
        /// The password, or the key's secret.
        password: String,
    },
    /// A bearer token.
    Token(String),
}

impl std::fmt::Debug for RegistryLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password { username, .. } => {
                f.debug_struct("Password").field("username", username).finish_non_exhaustive()
            }
            Self::Token(_) => f.write_str("Token(..)"),
        }
    }
}

/// The HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// Where everything is served; `None`: nowhere.
    pub listen: Option<std::net::SocketAddr>,
    /// Another address for metrics and probes alone.
    pub metrics_listen: Option<std::net::SocketAddr>,
    /// The bearer token that guards `/v1`.
    pub token: Option<String>,
}
