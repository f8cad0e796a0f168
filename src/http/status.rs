//! Where the process stands, as one JSON document.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::answer::rfc3339;
use super::{Api, Facts, ModelFacts};
use crate::engine::view::{IngestView, Overview, PartitionView, PlaceView, WaitingRecord};

/// `GET /v1/status`
pub(super) async fn status(State(api): State<Api>) -> Response {
    let overview = api.sources.view.overview();
    Json(StatusAnswer::new(&api.facts, &overview)).into_response()
}

#[derive(Serialize)]
struct StatusAnswer<'a> {
    application: &'a str,
    version: &'a str,
    guarantee: &'a str,
    uptime_seconds: u64,
    ready: bool,
    troubles: &'a [String],
    partition_count: i32,
    /// Only where events are keyed anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    ingest: Option<IngestAnswer<'a>>,
    /// Customers in the partitions of this process.
    customers: u64,
    /// Estimated bytes they take.
    store_bytes: u64,
    /// Records not yet applied; null while it is unknown for an input of a partition.
    lag: Option<i64>,
    /// The lowest of the partitions' watermarks; null while one of them has none.
    watermark: Option<String>,
    models: Vec<ModelAnswer<'a>>,
    partitions: Vec<PartitionAnswer<'a>>,
}

#[derive(Serialize)]
struct IngestAnswer<'a> {
    /// `lead`, `standby`, or `joining` until the group has said.
    state: &'static str,
    /// Records of the inputs not yet read; null while it is unknown, and for one that stands by.
    lag: Option<i64>,
    /// How far its time has come.
    time: Option<String>,
    inputs: Vec<PlaceAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_record: Option<WaitingAnswer<'a>>,
}

/// Only where a record waits for its schema.
#[derive(Serialize)]
struct WaitingAnswer<'a> {
    input: &'a str,
    partition: i32,
    offset: i64,
    /// Since when.
    since: Option<String>,
}

#[derive(Serialize)]
struct PlaceAnswer<'a> {
    input: &'a str,
    partition: i32,
    /// The next offset to read.
    position: Option<i64>,
    lag: Option<i64>,
}

#[derive(Serialize)]
struct ModelAnswer<'a> {
    model: &'a str,
    /// Customers the model knows who are in no phase yet.
    new: u64,
    phases: Vec<PhaseAnswer<'a>>,
}

#[derive(Serialize)]
struct PhaseAnswer<'a> {
    phase: &'a str,
    name: &'a BTreeMap<String, String>,
    customers: u64,
}

#[derive(Serialize)]
struct PartitionAnswer<'a> {
    partition: i32,
    worker: usize,
    state: &'static str,
    /// Share of the state that is restored.
    restored: f64,
    customers: u64,
    bytes: u64,
    epoch: u64,
    watermark: Option<String>,
    inputs: Vec<InputAnswer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_record: Option<WaitingAnswer<'a>>,
}

#[derive(Serialize)]
struct InputAnswer<'a> {
    input: &'a str,
    /// The next offset to apply.
    position: Option<i64>,
    lag: Option<i64>,
}

impl<'a> StatusAnswer<'a> {
    fn new(facts: &'a Facts, overview: &'a Overview) -> Self {
        let partitions = &overview.partitions;
        let lags = partitions.iter().flat_map(|partition| partition.lag.iter().copied());
        // An Option is less than any Some: one unknown watermark makes the lowest unknown.
        let watermark = partitions.iter().map(|partition| partition.watermark).min().flatten();
        Self {
            application: &facts.application,
            version: &facts.version,
            guarantee: &facts.guarantee,
            uptime_seconds: facts.started.elapsed().as_secs(),
            ready: overview.ready,
            troubles: &overview.troubles,
            partition_count: overview.partition_count,
            ingest: overview.ingest.as_ref().map(|ingest| IngestAnswer::new(facts, ingest)),
            customers: partitions.iter().map(|partition| partition.customers).sum(),
            store_bytes: partitions.iter().map(|partition| partition.bytes).sum(),
            lag: lags.sum(),
            watermark: watermark.and_then(rfc3339),
            // Shadows have an answer of their own.
            models: facts
                .models
                .iter()
                .enumerate()
                .filter(|(index, _)| !facts.pairs.iter().any(|pair| usize::from(pair.shadow) == *index))
                .map(|(index, model)| ModelAnswer::new(model, index, partitions))
                .collect(),
            partitions: partitions.iter().map(|view| PartitionAnswer::new(facts, view)).collect(),
        }
    }
}

impl<'a> IngestAnswer<'a> {
    fn new(facts: &'a Facts, view: &IngestView) -> Self {
        let place = |&PlaceView { input, partition, position, lag }: &PlaceView| PlaceAnswer {
            input: facts.inputs.get(input).map_or("", String::as_str),
            partition,
            position,
            lag,
        };
        Self {
            state: match view.leads {
                None => "joining",
                Some(true) => "lead",
                Some(false) => "standby",
            },
            lag: view.places.iter().map(|place| place.lag).sum(),
            time: view.time.and_then(rfc3339),
            inputs: view.places.iter().map(place).collect(),
            waiting_record: view.waiting_record.map(|record| WaitingAnswer::new(facts, record)),
        }
    }
}

impl<'a> WaitingAnswer<'a> {
    fn new(facts: &'a Facts, record: WaitingRecord) -> Self {
        let WaitingRecord { input, partition, offset, since } = record;
        let input = facts.inputs.get(input).map_or("", String::as_str);
        Self { input, partition, offset, since: rfc3339(since) }
    }
}

impl<'a> ModelAnswer<'a> {
    fn new(model: &'a ModelFacts, index: usize, partitions: &[PartitionView]) -> Self {
        let customers = |phase: usize| partitions.iter().filter_map(|view| view.phases.get(index)?.get(phase)).sum();
        let phase = |(place, phase): (usize, &'a super::PhaseFacts)| PhaseAnswer {
            phase: &phase.id,
            name: &phase.names,
            customers: customers(place),
        };
        Self {
            model: &model.name,
            new: customers(model.phases.len()),
            phases: model.phases.iter().enumerate().map(phase).collect(),
        }
    }
}

impl<'a> PartitionAnswer<'a> {
    fn new(facts: &'a Facts, view: &PartitionView) -> Self {
        let input = |(index, input): (usize, &'a String)| InputAnswer {
            input,
            position: view.positions.get(index).copied(),
            lag: view.lag.get(index).copied().flatten(),
        };
        Self {
            partition: view.partition,
            worker: view.worker,
            state: if view.restoring.is_some() { "restoring" } else { "ready" },
            restored: view.restoring.unwrap_or(1.0),
            customers: view.customers,
            bytes: view.bytes,
            epoch: view.epoch,
            watermark: view.watermark.and_then(rfc3339),
            inputs: facts.inputs.iter().skip(facts.reads_from).enumerate().map(input).collect(),
            waiting_record: view.waiting_record.map(|record| WaitingAnswer::new(facts, record)),
        }
    }
}
