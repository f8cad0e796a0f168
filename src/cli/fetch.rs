//! Asking a running service over HTTP.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;

use super::{Exit, Failure};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a service answers if it has no answer.
#[derive(Deserialize)]
struct Problem {
    error: String,
    hint: Option<String>,
}

/// The body of a successful answer; `token` guards it, if anything does.
///
/// # Errors
/// If nobody answers, or not with success: then with what the service says of it. Code 2 if something else must be asked, or
/// somebody else; 1 otherwise.
pub(super) fn get(url: &str, token: Option<&str>) -> Result<String, Failure> {
    // What the service knows of customers is nothing for a proxy.
    let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false).proxy(None);
    let mut request = Agent::new_with_config(config.build()).get(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let failed = |problem: ureq::Error| Failure::new(Exit::Failure, format!("{url}: {problem}"));
    let mut answer = request.call().map_err(failed)?;
    let status = answer.status();
    let body = answer.body_mut().read_to_string().map_err(failed)?;
    if status.is_success() {
        return Ok(body);
    }
    let said = match serde_json::from_str::<Problem>(&body) {
        Ok(Problem { error, hint: Some(hint) }) => format!("{error}; {hint}"),
        Ok(Problem { error, hint: None }) => error,
        Err(_) => format!("answered with status {status}"),
    };
    let exit = if status.is_client_error() && status.as_u16() != 404 { Exit::Usage } else { Exit::Failure };
    Err(Failure::new(exit, format!("{url}: {said}")))
}

/// The token in a file.
///
/// # Errors
/// If it cannot be read.
pub(super) fn token(file: &Path) -> Result<String, Failure> {
    let content = std::fs::read_to_string(file);
    let content =
        content.map_err(|error| Failure::new(Exit::Usage, format!("--token-file {}: {error}", file.display())))?;
    Ok(content.trim().to_owned())
}
