//! Asking a schema registry: a schema by its number, with all it refers to.
//!
//! Source: Confluent, *Schema Registry API*, <https://docs.confluent.io/platform/current/schema-registry/develop/api.html>.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::Agent;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::config::{RegistryLogin, SchemaRegistryConfig};
use crate::formats::{Definition, Import, Language};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// What a schema may refer to, by way of others too.
const IMPORTS_MAX: usize = 1_000;

/// Why a registry cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file with the authorities cannot be used.
    #[error("schema_registry.ca_file {file}: {problem}")]
    Authorities {
        /// The file.
        file: String,
        /// Why.
        problem: String,
    },
    /// The system gives no thread.
    #[error("starting the thread that fetches schemas: {0}")]
    Thread(#[from] std::io::Error),
}

/// Why there is no schema.
#[derive(Debug)]
pub(super) enum Failure {
    /// The registry says that there is none.
    Unknown(String),
    /// It did not say; it may when asked again.
    Away(String),
}

/// What speaks to one registry.
pub struct Client {
    agent: Agent,
    /// Without a slash at its end.
    url: String,
    authorization: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "schemaType")]
    language: Option<String>,
    schema: String,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    name: String,
    subject: String,
    version: i64,
}

#[derive(Deserialize)]
struct Problem {
    error_code: Option<i64>,
    message: Option<String>,
}

impl Client {
    /// What speaks to the registry of a configuration. Nothing is asked yet.
    ///
    /// # Errors
    /// If a file that it needs cannot be used.
    pub fn new(config: &SchemaRegistryConfig) -> Result<Self, OpenError> {
        // As with the brokers, there is no proxy between.
        let mut settings =
            Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).proxy(None);
        if let Some(file) = &config.ca_file {
            let failed = |problem: String| OpenError::Authorities { file: file.display().to_string(), problem };
            let pem = std::fs::read(file).map_err(|error| failed(error.to_string()))?;
            let mut authorities = Vec::new();
            for item in parse_pem(&pem) {
                if let PemItem::Certificate(certificate) = item.map_err(|error| failed(error.to_string()))? {
                    authorities.push(certificate);
                }
            }
            if authorities.is_empty() {
                return Err(failed("no certificate is in it".into()));
            }
            let roots = RootCerts::Specific(Arc::new(authorities));
            settings = settings.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        let authorization = config.login.as_ref().map(|login| match login {
            RegistryLogin::Password { username, password } => {
                format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
            }
            RegistryLogin::Token(token) => format!("Bearer {token}"),
        });
        let url = config.url.trim_end_matches('/').to_owned();
        Ok(Self { agent: Agent::new_with_config(settings.build()), url, authorization })
    }

    /// Where it asks.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The schema of that number, and all it refers to.
    pub(super) fn fetch(&self, id: u32) -> Result<Definition, Failure> {
        // Registries count in 31 bits; beyond, some do not even understand the question.
        if id > i32::MAX as u32 {
            return Err(Failure::Unknown("no registry gives such numbers".into()));
        }
        let answer: Answer = self.ask(&format!("/schemas/ids/{id}"))?;
        let language = match answer.language.as_deref() {
            None | Some("AVRO") => Language::Avro,
            Some("PROTOBUF") => Language::Protobuf,
            Some("JSON") => Language::Json,
            Some(other) => return Err(Failure::Unknown(format!("it is in {other}"))),
        };
        let mut imports = Imports { client: self, seen: BTreeSet::new(), found: Vec::new() };
        imports.add(answer.references)?;
        Ok(Definition { language, text: answer.schema, imports: imports.found })
    }

    fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let away = |error: ureq::Error| Failure::Away(error.to_string());
        let mut request = self
            .agent
            .get(format!("{}{path}", self.url))
            .header("accept", "application/vnd.schemaregistry.v1+json, application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let mut answer = request.call().map_err(away)?;
        let status = answer.status();
        let body = answer.body_mut().read_to_string().map_err(away)?;
        if status.is_success() {
            let read = serde_json::from_str(&body);
            return read.map_err(|error| Failure::Away(format!("an answer that is no schema: {error}")));
        }
        // A 404 of the registry itself has a code of five digits; one of something before it, or of another path, has not.
        match serde_json::from_str::<Problem>(&body) {
            Ok(Problem { error_code: Some(40_401..=40_403), message }) => {
                Err(Failure::Unknown(message.unwrap_or_else(|| "the registry does not know it".into())))
            }
            Ok(Problem { message: Some(message), .. }) => Err(Failure::Away(format!("{status}: {message}"))),
            _ => Err(Failure::Away(format!("status {status}"))),
        }
    }
}

/// What a schema refers to, while it is put together.
struct Imports<'a> {
    client: &'a Client,
    seen: BTreeSet<(String, i64)>,
    found: Vec<Import>,
}

impl Imports<'_> {
    /// Adds these and what they refer to, each before those that refer to it.
    fn add(&mut self, references: Vec<Reference>) -> Result<(), Failure> {
        // What is still to be asked for, the next one last; with a text: what has all before it that it refers to.
        let mut open: Vec<(Reference, Option<String>)> = Vec::new();
        open.extend(references.into_iter().rev().map(|reference| (reference, None)));
        while let Some((reference, text)) = open.pop() {
            if let Some(text) = text {
                self.found.push(Import { name: reference.name, text });
                continue;
            }
            if !self.seen.insert((reference.subject.clone(), reference.version)) {
                continue;
            }
            if self.seen.len() > IMPORTS_MAX {
                return Err(Failure::Unknown(format!("it refers to more than {IMPORTS_MAX} others")));
            }
            let subject = utf8_percent_encode(&reference.subject, NON_ALPHANUMERIC);
            // One that was deleted is still what others refer to.
            let path = format!("/subjects/{subject}/versions/{}?deleted=true", reference.version);
            let answer: Answer = self.client.ask(&path)?;
            open.push((reference, Some(answer.schema)));
            open.extend(answer.references.into_iter().rev().map(|reference| (reference, None)));
        }
        Ok(())
    }
}
