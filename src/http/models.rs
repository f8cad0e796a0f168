//! What the models mean for people: the names of phases, and what a customer needs in each.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Api, ModelFacts, PhaseFacts};

/// `GET /v1/models`
pub(super) async fn models(State(api): State<Api>) -> Response {
    let models = api.facts.models.iter().map(ModelAnswer::from).collect::<Vec<_>>();
    Json(serde_json::json!({ "models": models })).into_response()
}

#[derive(Serialize)]
struct ModelAnswer<'a> {
    model: &'a str,
    version: u32,
    /// The same as long as the model means the same.
    hash: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    applies_to: Option<&'a str>,
    phases: Vec<PhaseAnswer<'a>>,
    signals: &'a [String],
}

#[derive(Serialize)]
struct PhaseAnswer<'a> {
    phase: &'a str,
    name: &'a BTreeMap<String, String>,
    needs: &'a BTreeMap<String, Vec<String>>,
    touchpoints: &'a [String],
    #[serde(rename = "final")]
    is_final: bool,
}

impl<'a> From<&'a ModelFacts> for ModelAnswer<'a> {
    fn from(facts: &'a ModelFacts) -> Self {
        Self {
            model: &facts.name,
            version: facts.version,
            hash: &facts.hash,
            applies_to: facts.applies_to.as_deref(),
            phases: facts.phases.iter().map(PhaseAnswer::from).collect(),
            signals: &facts.signals,
        }
    }
}

impl<'a> From<&'a PhaseFacts> for PhaseAnswer<'a> {
    fn from(facts: &'a PhaseFacts) -> Self {
        let PhaseFacts { id, names, needs, touchpoints, is_final } = facts;
        Self { phase: id, name: names, needs, touchpoints, is_final: *is_final }
    }
}
