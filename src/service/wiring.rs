//! What each layer needs of the configuration, in its own words.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::config::{self, Config, EVENTS, Guarantee, SchemaRegistryConfig};
use crate::engine::ingest;
use crate::engine::ports::{StateError, StateReader, StateRecord};
use crate::engine::worker::{Room, Settings};
use crate::engine::{Envelope, InputRules, Rules};
use crate::formats::{self, Decoder, Schemas};
use crate::http::{Facts as HttpFacts, ModelFacts, PhaseFacts};
use crate::journey::{Cause, ModelSet, Span, Trigger};
use crate::telemetry::{Facts, ModelNames, Names};

use super::ServiceError;

/// The rules that hold for every partition; no count of partitions: there are none (replay). Whether the topics of
/// transitions, signals and phases have as many is said by `outputs_alike`.
pub fn rules(config: &Config, set: Arc<ModelSet>, partition_count: Option<i32>, outputs_alike: bool) -> Rules {
    let input = |input: &config::InputConfig| InputRules { name: input.name.clone(), topic: input.topic.clone() };
    // Replay reads the inputs themselves.
    let events = config.topics.events.as_ref().filter(|_| partition_count.is_some());
    let events = events.map(|topic| InputRules { name: EVENTS.to_owned(), topic: topic.clone() });
    Rules {
        application: config.application.clone(),
        set,
        reads_from: if events.is_some() { config.inputs.len() } else { 0 },
        // What is too large to be an event was sorted out before it was written.
        event_bytes_max: if events.is_some() { usize::MAX } else { config.max_event_bytes },
        inputs: config.inputs.iter().map(input).chain(events).collect(),
        partition_count,
        outputs_alike,
        allowed_lateness_ms: config.allowed_lateness.0,
        max_future_skew_ms: config.max_future_skew.0,
        envelope: match (partition_count, config.envelope) {
            (None, _) => Envelope::Bare,
            (_, config::Envelope::Binary) => Envelope::Binary,
            (_, config::Envelope::Structured) => Envelope::Structured,
            (_, config::Envelope::Bare) => Envelope::Bare,
        },
        inline_needs: config.needs == config::Needs::Inline,
        writes_phases: partition_count.is_some() && config.topics.phases.is_some(),
    }
}

/// The schemas of a registry, if there is one. Asking for one never waits.
#[cfg(feature = "registry")]
pub fn schemas(registry: Option<&SchemaRegistryConfig>) -> Result<Option<Arc<dyn Schemas>>, ServiceError> {
    let open = |config| crate::registry::Registry::open(config).map(|registry| Arc::new(registry) as Arc<dyn Schemas>);
    registry.map(open).transpose().map_err(|problem| ServiceError::Registry(problem.to_string()))
}

/// None: no input needs any, in a program that cannot ask.
#[cfg(not(feature = "registry"))]
pub fn schemas(_: Option<&SchemaRegistryConfig>) -> Result<Option<Arc<dyn Schemas>>, ServiceError> {
    Ok(None)
}

/// The same for commands that cannot come back to a record later: asking waits for the registry's answer, but not for ever.
#[cfg(feature = "registry")]
pub fn patient_schemas(registry: Option<&SchemaRegistryConfig>) -> Result<Option<Arc<dyn Schemas>>, ServiceError> {
    let patient = |schemas| Arc::new(crate::registry::Patient::new(schemas)) as Arc<dyn Schemas>;
    Ok(schemas(registry)?.map(patient))
}

/// None, likewise.
#[cfg(not(feature = "registry"))]
pub fn patient_schemas(registry: Option<&SchemaRegistryConfig>) -> Result<Option<Arc<dyn Schemas>>, ServiceError> {
    schemas(registry)
}

/// A decoder for each of what the workers read.
pub fn worker_decoders(
    config: &Config,
    set: &ModelSet,
    schemas: Option<&Arc<dyn Schemas>>,
) -> Result<Vec<Box<dyn Decoder>>, ServiceError> {
    match config.topics.events {
        Some(_) => Ok(vec![formats::open_events(set.vocabulary(), &input_names(config))]),
        None => decoders(config, set, schemas),
    }
}

/// The inputs, as the configuration names them.
fn input_names(config: &Config) -> Vec<String> {
    config.inputs.iter().map(|input| input.name.clone()).collect()
}

/// Everything that events are counted by: the inputs, and what they are made into if they are keyed anew.
fn counted_names(config: &Config) -> Vec<String> {
    let events = config.topics.events.as_ref().map(|_| EVENTS.to_owned());
    input_names(config).into_iter().chain(events).collect()
}

/// The first of these that the workers read.
fn reads_from(config: &Config) -> usize {
    config.topics.events.as_ref().map_or(0, |_| config.inputs.len())
}

/// A decoder for each input.
pub fn decoders(
    config: &Config,
    set: &ModelSet,
    schemas: Option<&Arc<dyn Schemas>>,
) -> Result<Vec<Box<dyn Decoder>>, ServiceError> {
    decoders_by(config, |input| formats::open_with_schemas(&input.format, set.vocabulary(), input.time, schemas))
}

/// The same for the ingest, which hands on what only others want to know: identifiers and currencies.
pub fn ingest_decoders(
    config: &Config,
    set: &ModelSet,
    schemas: Option<&Arc<dyn Schemas>>,
) -> Result<Vec<Box<dyn Decoder>>, ServiceError> {
    decoders_by(config, |input| formats::open_with_details(&input.format, set.vocabulary(), input.time, schemas))
}

fn decoders_by(
    config: &Config,
    open: impl Fn(&config::InputConfig) -> Result<Box<dyn Decoder>, String>,
) -> Result<Vec<Box<dyn Decoder>>, ServiceError> {
    let opened = config
        .inputs
        .iter()
        .map(|input| open(input).map_err(|problem| ServiceError::Format { input: input.name.clone(), problem }));
    opened.collect()
}

/// What one worker is told.
pub fn worker_settings(config: &Config, worker: usize, adopt_state: bool) -> Settings {
    Settings {
        worker,
        commit_interval: duration(config.commit_interval),
        exactly_once: config.guarantee == Guarantee::ExactlyOnce,
        align_idle_after_ms: config.align_idle_after.0,
        dead_letters_stop_above: config.dead_letters_stop_above,
        adopt_state,
        settle_deadline: duration(config.shutdown_deadline) * 3 / 4,
        room: Room::default(),
    }
}

/// What the ingest is told.
pub fn ingest_settings(config: &Config, event_bytes_max: usize, runs_on: bool) -> ingest::Settings {
    ingest::Settings {
        worker: config.workers,
        group: format!("{}.ingest", config.application),
        commit_interval: duration(config.commit_interval),
        align_idle_after_ms: config.align_idle_after.0,
        dead_letters_stop_above: config.dead_letters_stop_above,
        settle_deadline: duration(config.shutdown_deadline) / 2,
        room: Room::default().outputs,
        record_bytes_max: config.max_event_bytes,
        event_bytes_max,
        runs_on,
    }
}

/// A span as the standard library has it.
pub fn duration(span: Span) -> Duration {
    Duration::from_millis(u64::try_from(span.0).unwrap_or(0))
}

/// The guarantee as the configuration writes it.
pub fn guarantee(config: &Config) -> &'static str {
    match config.guarantee {
        Guarantee::ExactlyOnce => "exactly_once",
        Guarantee::AtLeastOnce => "at_least_once",
    }
}

/// The words that metrics' labels are made of.
pub fn names(config: &Config, set: &ModelSet) -> Names {
    let moves = |model: &crate::journey::Model| {
        let mut moves = Vec::new();
        for rule in model.rules() {
            let causes: Vec<Cause> = match rule.trigger() {
                Trigger::On(kinds) => kinds
                    .iter()
                    .filter_map(|&kind| set.vocabulary().kind(&model.kinds()[usize::from(kind)]))
                    .map(Cause::Event)
                    .collect(),
                _ => vec![Cause::Timer],
            };
            for &from in rule.from() {
                moves.extend(causes.iter().map(|&cause| (from, rule.to(), cause)));
            }
        }
        moves.sort_unstable();
        moves.dedup();
        moves
    };
    let model = |model: &crate::journey::Model| ModelNames {
        name: model.name().to_owned(),
        phases: model.phases().iter().map(|phase| phase.name().to_owned()).collect(),
        moves: moves(model),
        signals: model.signals().iter().map(|rule| rule.id().to_owned()).collect(),
    };
    Names {
        inputs: counted_names(config),
        reads_from: reads_from(config),
        models: set.models().iter().map(model).collect(),
        pairs: set.pairs().to_vec(),
        variants: set.variants().into_iter().flat_map(|rule| rule.names()).map(str::to_owned).collect(),
        kinds: set.vocabulary().kinds().iter().map(ToString::to_string).collect(),
    }
}

/// What does not change while the process runs, for metrics.
pub fn facts(config: &Config, memory_limit: Option<u64>) -> Facts {
    Facts { version: env!("CARGO_PKG_VERSION").to_owned(), guarantee: guarantee(config).to_owned(), memory_limit }
}

/// What does not change while the process runs, for readers of the HTTP interface.
pub fn http_facts(config: &Config, set: &ModelSet) -> HttpFacts {
    let phase = |model: &crate::journey::Model, phase: &crate::journey::Phase| {
        let kinds = model.kinds().iter().enumerate();
        let is_touchpoint = |kind: usize| phase.touchpoints().is_none_or(|all| all.contains(&(kind as u16)));
        let names = phase
            .title()
            .by_language()
            .into_iter()
            .filter_map(|(language, name)| Some((language.to_owned(), name.clone()?)));
        let needs = phase.needs().by_language().into_iter().filter(|(_, needs)| !needs.is_empty());
        PhaseFacts {
            id: phase.name().to_owned(),
            names: names.collect::<BTreeMap<_, _>>(),
            needs: needs.map(|(language, needs)| (language.to_owned(), needs.clone())).collect(),
            touchpoints: kinds.filter(|(kind, _)| is_touchpoint(*kind)).map(|(_, name)| name.to_string()).collect(),
            is_final: phase.is_final(),
        }
    };
    let model = |model: &crate::journey::Model| ModelFacts {
        name: model.name().to_owned(),
        version: model.version(),
        hash: format!("{:016x}", model.hash()),
        applies_to: model.applies_to().map(str::to_owned),
        phases: model.phases().iter().map(|one| phase(model, one)).collect(),
        signals: model.signals().iter().map(|rule| rule.id().to_owned()).collect(),
    };
    HttpFacts {
        application: config.application.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        guarantee: guarantee(config).to_owned(),
        started: Instant::now(),
        inputs: counted_names(config),
        reads_from: reads_from(config),
        models: set.models().iter().map(model).collect(),
        pairs: set.pairs().to_vec(),
    }
}

/// No state is read back: every input begins at its beginning.
pub struct NoState {
    inputs: usize,
}

impl NoState {
    /// For this many inputs.
    pub fn new(inputs: usize) -> Self {
        Self { inputs }
    }
}

impl StateReader for NoState {
    fn open(&mut self, _partition: i32) -> Result<Vec<Option<i64>>, StateError> {
        Ok(vec![None; self.inputs])
    }
    fn read(&mut self, _at_most: Duration, _take: &mut dyn FnMut(StateRecord<'_>)) -> Result<Option<f64>, StateError> {
        Ok(None)
    }
    fn beginning(&mut self, _input: usize, _partition: i32) -> Result<i64, StateError> {
        Ok(0)
    }
    fn trim(&mut self, _partition: i32, _below: i64) {}
}
