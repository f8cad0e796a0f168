//! The routes, and what they are answered from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::http::Uri;
use axum::middleware::{from_fn_with_state, map_response};
use axum::routing::{any, get};
use tokio::sync::watch;

use super::answer::{Problem, careful, no_such_method, no_such_path};
use super::{LiveBus, Token, access, customer, live, models, page, probes, shadow, status};
use crate::engine::view::View;
use crate::journey::Pair;

/// What does not change while the process runs.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Name of the application.
    pub application: String,
    /// The version that runs.
    pub version: String,
    /// The delivery guarantee, as the configuration writes it.
    pub guarantee: String,
    /// When the process started.
    pub started: Instant,
    /// The inputs, in the order of the configuration.
    pub inputs: Vec<String>,
    /// The first of them that the workers read: where events are keyed anew, the last.
    pub reads_from: usize,
    /// The active models and the shadows, in the order of their set.
    pub models: Vec<ModelFacts>,
    /// The shadows, each beside its model, as indices into the models.
    pub pairs: Vec<Pair>,
}

/// A model, as far as readers see it.
#[derive(Debug, Clone, Default)]
pub struct ModelFacts {
    /// The model's name.
    pub name: String,
    /// The version its author gave it.
    pub version: u32,
    /// The same as long as the model means the same, in hexadecimal digits.
    pub hash: String,
    /// Which events it takes, as its author wrote it; `None`: all of the kinds it knows.
    pub applies_to: Option<String>,
    /// Its signals, in their order.
    pub signals: Vec<String>,
    /// Its phases, in their order.
    pub phases: Vec<PhaseFacts>,
}

/// A phase, as far as readers see it.
#[derive(Debug, Clone, Default)]
pub struct PhaseFacts {
    /// Its id.
    pub id: String,
    /// Its names by language (`nl`, `en`).
    pub names: BTreeMap<String, String>,
    /// What the customer needs in it, by language.
    pub needs: BTreeMap<String, Vec<String>>,
    /// The kinds of event that are touchpoints of it.
    pub touchpoints: Vec<String>,
    /// Whether the journey ends in it.
    pub is_final: bool,
}

/// Where the answers come from.
#[derive(Clone)]
pub struct Sources {
    /// The engine.
    pub view: Arc<dyn View>,
    /// Transitions as they are committed.
    pub live: Arc<LiveBus>,
    /// All metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// What has died that the process cannot go on without; empty while all is well.
    pub dead: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
}

/// The HTTP interface of one service.
#[derive(Clone)]
pub struct Api {
    pub(super) sources: Sources,
    pub(super) facts: Arc<Facts>,
    token: Option<Token>,
    /// Turns true when the service goes, which ends what would not end by itself.
    stopping: watch::Receiver<bool>,
    stop: watch::Sender<bool>,
}

const PROBES: &str = "/metrics, /livez and /readyz";
const PATHS: &str = "/, /metrics, /livez, /readyz, /v1/status, /v1/models, /v1/shadow, /v1/live, /v1/customers/{id} and /v1/customers/{id}/explain";

impl Api {
    /// The interface to these sources; with a token, `/v1` is for those who show it.
    pub fn new(sources: Sources, facts: Facts, token: Option<Token>) -> Self {
        let (stop, stopping) = watch::channel(false);
        Self { sources, facts: Arc::new(facts), token, stopping, stop }
    }

    /// Everything.
    pub(super) fn router(&self) -> Router {
        // Also paths that are not there are for those who may read: the guard lies over the whole of /v1.
        let v1 = Router::new()
            .route("/v1/status", get(status::status))
            .route("/v1/models", get(models::models))
            .route("/v1/shadow", get(shadow::shadow))
            .route("/v1/live", get(live::live))
            .route("/v1/customers/{id}", get(customer::customer))
            .route("/v1/customers/{id}/explain", get(customer::explain))
            .route("/v1/{*rest}", any(no_path))
            .method_not_allowed_fallback(no_such_method)
            .layer(from_fn_with_state(self.token.clone(), access::guard));
        let all = page::routes().merge(probes::routes()).merge(v1).fallback(no_path);
        all.method_not_allowed_fallback(no_such_method).layer(map_response(careful)).with_state(self.clone())
    }

    /// What may have any address: metrics and probes.
    pub(super) fn probes(&self) -> Router {
        let probes = probes::routes().fallback(async |uri: Uri| no_such_path(&uri, PROBES));
        probes.method_not_allowed_fallback(no_such_method).layer(map_response(careful)).with_state(self.clone())
    }

    /// Ends live events and connections.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until [`Api::stop`].
    pub(super) fn stopped(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stopping = self.stopping.clone();
        async move {
            // The sender is part of the same value, so an end of it is an end of the service.
            let _ = stopping.wait_for(|stopped| *stopped).await;
        }
    }
}

async fn no_path(uri: Uri) -> Problem {
    no_such_path(&uri, PATHS)
}
