//! What all answers share: problems as JSON, headers that keep browsers careful, times as people write them.

use axum::Json;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An answer that is not what was asked for, and why.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(skip)]
    status: StatusCode,
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), partition: None, hint: None }
    }

    /// The partition it is about.
    pub(super) fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }

    /// What to do instead.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

/// Everything from our own address and nothing else, and in nobody's frame.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The headers of every answer.
pub(super) async fn careful(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // What is true now is old in a second, and people's data belong in no cache.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The answer to a path that is not there; `paths` are those that are.
pub(super) fn no_such_path(uri: &Uri, paths: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("no such path: {}", uri.path())).hint(format!("there is {paths}"))
}

/// The answer to anything but reading.
pub(super) async fn no_such_method(method: Method) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not answered: this interface only reads"))
        .hint("use GET")
}

/// A time as RFC 3339, to the millisecond; `None` for one that no calendar has.
pub(super) fn rfc3339(epoch_ms: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(epoch_ms).ok().map(|time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_also_when_there_are_none() {
        for (epoch_ms, text) in [
            (0, Some("1970-01-01T00:00:00.000Z")),
            (1_735_898_400_007, Some("2025-01-03T10:00:00.007Z")),
            (-1, Some("1969-12-31T23:59:59.999Z")),
            (i64::MAX, None),
        ] {
            assert_eq!(rfc3339(epoch_ms).as_deref(), text, "{epoch_ms}");
        }
    }
}
