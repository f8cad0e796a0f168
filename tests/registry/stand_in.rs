//! A schema registry that is told what it has, and how it fails.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

#[derive(Default)]
struct Shared {
    /// Answers by path.
    known: Mutex<HashMap<String, Value>>,
    /// What it says instead.
    fault: Mutex<Option<(u16, &'static str)>>,
    /// What was asked, with who said to ask.
    asked: Mutex<Vec<(String, Option<String>)>>,
}

pub struct StandIn {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Nobody listens without it.
    runtime: Option<Runtime>,
}

impl StandIn {
    /// One that answers.
    pub fn start() -> Self {
        let mut stand_in = Self::away();
        stand_in.come_back();
        stand_in
    }

    /// One that nobody can connect to yet.
    pub fn away() -> Self {
        // Hardly anybody else is given a port that was just in use.
        let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
        Self { address, shared: Arc::default(), runtime: None }
    }

    pub fn come_back(&mut self) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind(self.address)).unwrap();
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&self.shared));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        self.runtime = Some(runtime);
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A schema, by its number.
    pub fn add(&self, id: u32, language: &str, schema: &str, references: &[(&str, &str, i64)]) {
        // Avro is what is not said.
        let mut answer = json!({ "schema": schema, "references": listed(references) });
        if language != "AVRO" {
            answer["schemaType"] = language.into();
        }
        self.shared.known.lock().unwrap().insert(format!("/schemas/ids/{id}"), answer);
    }

    /// A schema that others refer to, by its subject as a path writes it.
    pub fn add_version(&self, subject: &str, version: i64, schema: &str, references: &[(&str, &str, i64)]) {
        let answer =
            json!({ "subject": subject, "version": version, "schema": schema, "references": listed(references) });
        self.shared
            .known
            .lock()
            .unwrap()
            .insert(format!("/subjects/{subject}/versions/{version}?deleted=true"), answer);
    }

    /// From now on it says this to everybody; `None`: what it knows.
    pub fn fail(&self, fault: Option<(u16, &'static str)>) {
        *self.shared.fault.lock().unwrap() = fault;
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }

    /// Who said to ask, the last time.
    pub fn login(&self) -> Option<String> {
        self.shared.asked.lock().unwrap().last().and_then(|(_, login)| login.clone())
    }
}

fn listed(references: &[(&str, &str, i64)]) -> Vec<Value> {
    let one = |&(name, subject, version): &_| json!({ "name": name, "subject": subject, "version": version });
    references.iter().map(one).collect()
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap) -> (StatusCode, String) {
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let login = headers.get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    shared.asked.lock().unwrap().push((path.clone(), login));
    if let Some((status, body)) = *shared.fault.lock().unwrap() {
        return (StatusCode::from_u16(status).unwrap(), body.to_owned());
    }
    match shared.known.lock().unwrap().get(&path) {
        Some(answer) => (StatusCode::OK, answer.to_string()),
        None if path.starts_with("/schemas/ids/") => {
            (StatusCode::NOT_FOUND, json!({ "error_code": 40403, "message": "Schema not found" }).to_string())
        }
        None if path.starts_with("/subjects/") => {
            (StatusCode::NOT_FOUND, json!({ "error_code": 40401, "message": "Subject not found" }).to_string())
        }
        None => (StatusCode::NOT_FOUND, json!({ "error_code": 404, "message": "HTTP 404 Not Found" }).to_string()),
    }
}
