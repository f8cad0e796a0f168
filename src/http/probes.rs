//! What machines ask: metrics, whether the process lives, whether it is ready.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Api;
use crate::engine::view::Overview;

/// `/metrics`, `/livez` and `/readyz`.
pub(super) fn routes() -> Router<Api> {
    Router::new().route("/metrics", get(metrics)).route("/livez", get(livez)).route("/readyz", get(readyz))
}

async fn metrics(State(api): State<Api>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (api.sources.metrics)()).into_response()
}

async fn livez(State(api): State<Api>) -> (StatusCode, String) {
    let dead = (api.sources.dead)();
    if dead.is_empty() {
        (StatusCode::OK, "alive\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, lines(dead))
    }
}

async fn readyz(State(api): State<Api>) -> (StatusCode, String) {
    let overview = api.sources.view.overview();
    if overview.ready {
        let warnings = overview.troubles.iter().map(|trouble| format!("warning: {trouble}"));
        (StatusCode::OK, lines(["ready".to_owned()].into_iter().chain(warnings)))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, lines(reasons(&overview)))
    }
}

/// Why it is not ready; never empty.
fn reasons(overview: &Overview) -> Vec<String> {
    let mut reasons = overview.troubles.clone();
    for view in &overview.partitions {
        if let Some(share) = view.restoring {
            reasons.push(format!("partition {} is being restored ({:.0} %)", view.partition, 100.0 * share));
        }
    }
    if reasons.is_empty() {
        reasons.push("waiting for the group to hand out partitions".to_owned());
    }
    reasons
}

fn lines(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| line + "\n").collect()
}
