//! The look-up of one customer.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};

use super::Api;
use super::answer::{Problem, rfc3339};
use crate::engine::view::{CustomerView, Lookup};
use crate::journey::{ModelState, Value, Way};

/// `GET /v1/customers/{id}`; the id as it is in the records, percent-encoded.
pub(super) async fn customer(State(api): State<Api>, id: Result<Path<String>, PathRejection>) -> Response {
    look_up(&api, id, |found| {
        Json(CustomerAnswer::of(found, found.models.iter().map(ModelAnswer::from))).into_response()
    })
}

/// `GET /v1/customers/{id}/explain`
pub(super) async fn explain(State(api): State<Api>, id: Result<Path<String>, PathRejection>) -> Response {
    look_up(&api, id, |found| Json(explained(found)).into_response())
}

/// What is said of a customer who is explained, as JSON.
pub fn explanation(found: &CustomerView) -> String {
    serde_json::to_string(&explained(found)).expect("texts, numbers and lists of them are JSON")
}

fn explained(found: &CustomerView) -> CustomerAnswer<'_, WaysAnswer<'_>> {
    let ways = found.models.iter().zip(&found.ways).map(|(state, ways)| WaysAnswer::of(state, ways));
    CustomerAnswer::of(found, ways)
}

fn look_up(
    api: &Api,
    id: Result<Path<String>, PathRejection>,
    answer: impl FnOnce(&CustomerView) -> Response,
) -> Response {
    let Ok(Path(id)) = id else {
        return Problem::new(
            StatusCode::BAD_REQUEST,
            "the customer's id is not UTF-8 once the percent signs are decoded",
        )
        .into_response();
    };
    match api.sources.view.customer(&id) {
        Lookup::Found(found) => answer(&found),
        Lookup::Unknown { partition } => {
            Problem::new(StatusCode::NOT_FOUND, "unknown customer").partition(partition).into_response()
        }
        // Not 404: whoever asks must not take "not here" for "not there".
        Lookup::NotHere { partition } => {
            Problem::new(StatusCode::MISDIRECTED_REQUEST, format!("partition {partition}, not here"))
                .partition(partition)
                .hint("ask the other processes of this application; /v1/status says which partitions a process has")
                .into_response()
        }
        Lookup::Restoring { partition } => {
            let problem = format!("partition {partition} is being restored");
            let mut answer =
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, problem).partition(partition).into_response();
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            answer
        }
    }
}

#[derive(Serialize)]
struct CustomerAnswer<'a, M> {
    customer: &'a str,
    partition: i32,
    committed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    models: Vec<M>,
}

#[derive(Serialize)]
struct ModelAnswer<'a> {
    model: &'a str,
    phase: Option<&'a str>,
    since: Option<String>,
    last: Option<String>,
    first_seen: Option<String>,
    seq: u32,
    counters: Counters<'a>,
    next_timer: Option<TimerAnswer<'a>>,
    /// Signals that wait; left out if none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    awaited: Vec<AwaitedAnswer<'a>>,
}

#[derive(Serialize)]
struct TimerAnswer<'a> {
    due: Option<String>,
    rule: &'a str,
}

#[derive(Serialize)]
struct AwaitedAnswer<'a> {
    due: Option<String>,
    signal: &'a str,
}

impl<'a> AwaitedAnswer<'a> {
    fn all(state: &'a ModelState) -> Vec<Self> {
        state.awaited.iter().map(|(due, signal)| Self { due: rfc3339(*due), signal }).collect()
    }
}

/// Where a customer is in a model, and each way out, in the order in which the model tries them.
#[derive(Serialize)]
struct WaysAnswer<'a> {
    model: &'a str,
    phase: Option<&'a str>,
    since: Option<String>,
    ways: Vec<WayAnswer<'a>>,
    /// Signals that wait; left out if none does.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    awaited: Vec<AwaitedAnswer<'a>>,
}

#[derive(Serialize)]
struct WayAnswer<'a> {
    to: &'a str,
    rule: &'a str,
    /// In words.
    missing: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    on: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<&'a str>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    values: serde_json::Map<String, serde_json::Value>,
}

impl<'a> WaysAnswer<'a> {
    fn of(state: &'a ModelState, ways: &'a [Way]) -> Self {
        Self {
            model: &state.model,
            phase: state.phase.as_deref(),
            since: state.since.and_then(rfc3339),
            ways: ways.iter().map(WayAnswer::from).collect(),
            awaited: AwaitedAnswer::all(state),
        }
    }
}

impl<'a> From<&'a Way> for WayAnswer<'a> {
    fn from(way: &'a Way) -> Self {
        let values = way.values.iter().map(|(name, value)| (name.clone(), json(value)));
        Self {
            to: &way.to,
            rule: &way.rule,
            missing: &way.missing,
            on: &way.on,
            due: way.due.and_then(rfc3339),
            when: way.when.as_deref(),
            values: values.collect(),
        }
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Number(value) => number(*value),
        Value::Text(text) => (**text).into(),
        Value::Bool(value) => (*value).into(),
        Value::Missing => serde_json::Value::Null,
    }
}

/// A number, a whole one written whole.
fn number(value: f64) -> serde_json::Value {
    /// Above it not every whole number is an `f64`.
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    let whole = value.fract() == 0.0 && value.abs() <= WHOLE_MAX;
    if whole { (value as i64).into() } else { value.into() }
}

impl<'a, M> CustomerAnswer<'a, M> {
    fn of(view: &'a CustomerView, models: impl Iterator<Item = M>) -> Self {
        Self {
            customer: &view.customer,
            partition: view.partition,
            committed: view.committed,
            variant: view.variant.as_deref(),
            models: models.collect(),
        }
    }
}

impl<'a> From<&'a ModelState> for ModelAnswer<'a> {
    fn from(state: &'a ModelState) -> Self {
        Self {
            model: &state.model,
            phase: state.phase.as_deref(),
            since: state.since.and_then(rfc3339),
            last: state.last.and_then(rfc3339),
            first_seen: state.first_seen.and_then(rfc3339),
            seq: state.seq,
            counters: Counters(&state.counters),
            next_timer: state.next_timer.as_ref().map(|(due, rule)| TimerAnswer { due: rfc3339(*due), rule }),
            awaited: AwaitedAnswer::all(state),
        }
    }
}

/// An object in the model's own order, with whole numbers written whole.
struct Counters<'a>(&'a [(String, f64)]);

impl Serialize for Counters<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, number(*value))))
    }
}
