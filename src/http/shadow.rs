//! What would be otherwise: where customers are in a model, and in the shadow that runs beside it.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::{Api, Facts, ModelFacts};
use crate::engine::view::PartitionView;
use crate::journey::Pair;

/// `GET /v1/shadow`: of the customers in the partitions of this process.
pub(super) async fn shadow(State(api): State<Api>) -> Response {
    let overview = api.sources.view.overview();
    let pairs = api.facts.pairs.iter().enumerate();
    let shadows = pairs.map(|(index, pair)| ShadowAnswer::new(&api.facts, *pair, index, &overview.partitions));
    Json(ShadowsAnswer { shadows: shadows.collect() }).into_response()
}

#[derive(Serialize)]
struct ShadowsAnswer<'a> {
    shadows: Vec<ShadowAnswer<'a>>,
}

#[derive(Serialize)]
struct ShadowAnswer<'a> {
    shadow: &'a str,
    version: u32,
    hash: &'a str,
    /// The active model.
    model: &'a str,
    customers: u64,
    /// Those whose phases are called the same in both.
    alike: u64,
    /// Where there is anybody.
    matrix: Vec<CellAnswer<'a>>,
}

#[derive(Serialize)]
struct CellAnswer<'a> {
    /// The phase in the active model; null for those in none.
    phase: Option<&'a str>,
    /// The phase in the shadow.
    shadow_phase: Option<&'a str>,
    customers: u64,
}

impl<'a> ShadowAnswer<'a> {
    fn new(facts: &'a Facts, pair: Pair, index: usize, partitions: &[PartitionView]) -> Self {
        let [model, shadow] = [pair.beside, pair.shadow].map(|model| &facts.models[usize::from(model)]);
        let mut matrix = Vec::new();
        for phase in places(model) {
            for shadow_phase in places(shadow) {
                let cell = matrix.len();
                let customers = partitions.iter().filter_map(|view| view.pairs.get(index)?.get(cell)).sum();
                matrix.push(CellAnswer { phase, shadow_phase, customers });
            }
        }
        matrix.retain(|cell| cell.customers > 0);
        let alike = matrix.iter().filter(|cell| cell.phase == cell.shadow_phase);
        Self {
            shadow: &shadow.name,
            version: shadow.version,
            hash: &shadow.hash,
            model: &model.name,
            customers: matrix.iter().map(|cell| cell.customers).sum(),
            alike: alike.map(|cell| cell.customers).sum(),
            matrix,
        }
    }
}

fn places(model: &ModelFacts) -> impl Iterator<Item = Option<&str>> {
    model.phases.iter().map(|phase| Some(phase.id.as_str())).chain([None])
}
