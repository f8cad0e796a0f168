//! Who may read: the bearer token, and where the interface may be reached without one.

use std::fmt;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Problem;
use super::serve::BindError;

/// The secret that readers of `/v1` show. Never empty, and never printed.
#[derive(Clone)]
pub struct Token(Box<str>);

/// Why a text is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Nothing is left of it without the white space around it.
    #[error("the API token is empty; put a long random text there, or leave the setting out")]
    Empty,
    /// It cannot stand in a header.
    #[error("the API token has a character that cannot be sent in a header; use letters, digits and -._~+/= only")]
    Unsendable,
}

impl Token {
    /// A token of this text, white space around it (the end of a line in a file, say) left out.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TokenError::Empty);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Unsendable);
        }
        Ok(Self(text.into()))
    }

    /// Takes as long for a wrong text as for a right one of that length.
    fn equals(&self, given: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), given.as_bytes());
        let differences = ours.iter().zip(theirs).fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
        (differences == 0) & (ours.len() == theirs.len())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Whether the whole interface may listen here: without a token only where no other machine can reach it.
pub fn check_binding(listen: SocketAddr, token: Option<&Token>) -> Result<(), BindError> {
    if token.is_some() || listen.ip().to_canonical().is_loopback() {
        Ok(())
    } else {
        Err(BindError::Exposed { listen })
    }
}

/// Lets a request to `/v1` through, or says what is missing.
pub(super) async fn guard(State(token): State<Option<Token>>, request: Request, next: Next) -> Response {
    let refusal = match &token {
        Some(token) => check_token(token, request.headers()),
        None => check_host(request.headers()),
    };
    match refusal {
        None => next.run(request).await,
        Some(refusal) => refusal,
    }
}

fn check_token(token: &Token, headers: &HeaderMap) -> Option<Response> {
    let given = headers.get(AUTHORIZATION);
    let bearer = given.and_then(|value| value.to_str().ok()).and_then(|text| {
        let (scheme, rest) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| rest.trim())
    });
    if bearer.is_some_and(|bearer| token.equals(bearer)) {
        return None;
    }
    let (problem, challenge) = match given {
        None => ("a token is needed", r#"Bearer realm="klantreis""#),
        Some(_) => ("this token is not the right one", r#"Bearer realm="klantreis", error="invalid_token""#),
    };
    let mut refusal = Problem::new(StatusCode::UNAUTHORIZED, problem)
        .hint("send the header Authorization: Bearer <token>, with the token that http.token or http.token_file sets")
        .into_response();
    refusal.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    Some(refusal)
}

/// Without a token, being on this machine is what counts; so a web page elsewhere must not get through by giving its
/// own name our address. A browser tells by which name it came.
fn check_host(headers: &HeaderMap) -> Option<Response> {
    let host = headers.get(HOST)?;
    if host.to_str().is_ok_and(is_local_name) {
        return None;
    }
    let refusal =
        Problem::new(StatusCode::FORBIDDEN, "without a token, only localhost and addresses in numbers are answered")
            .hint("open the service as http://localhost:PORT, or set http.token_file to serve it under a name");
    Some(refusal.into_response())
}

fn is_local_name(host: &str) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(address, _)| address.parse::<Ipv6Addr>().is_ok());
    }
    let name = host.split_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name.parse::<Ipv4Addr>().map(IpAddr::V4).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_equal_to_itself_alone() {
        let token = Token::new(" s3cret-ü".trim_end_matches('ü')).expect("a token");
        for (given, equal) in
            [("s3cret-", true), ("s3cret", false), ("s3cret--", false), ("", false), ("S3cret-", false)]
        {
            assert_eq!(token.equals(given), equal, "{given}");
        }
    }

    #[test]
    fn a_token_of_nothing_or_of_what_no_header_carries_is_refused() {
        for (text, error) in [
            ("", TokenError::Empty),
            (" \n", TokenError::Empty),
            ("two words", TokenError::Unsendable),
            ("sleutel\u{e9}", TokenError::Unsendable),
        ] {
            assert_eq!(Token::new(text).err(), Some(error), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_never_printed() {
        assert_eq!(format!("{:?}", Token::new("s3cret").expect("a token")), "Token(…)");
    }

    #[test]
    fn only_loopback_needs_no_token() {
        let token = Token::new("s3cret").expect("a token");
        for (listen, open) in [
            ("127.0.0.1:9464", true),
            ("127.8.8.8:1", true),
            ("[::1]:9464", true),
            ("[::ffff:127.0.0.1]:9464", true),
            ("0.0.0.0:9464", false),
            ("[::]:9464", false),
            ("192.168.1.4:9464", false),
            ("[::ffff:10.0.0.1]:9464", false),
        ] {
            let listen = listen.parse().expect("an address");
            assert_eq!(check_binding(listen, None).is_ok(), open, "{listen}");
            assert!(check_binding(listen, Some(&token)).is_ok(), "{listen}");
        }
    }

    #[test]
    fn names_that_anybody_can_point_at_us_are_not_local() {
        for (host, local) in [
            ("localhost", true),
            ("LOCALHOST:9464", true),
            ("klantreis.localhost:9464", true),
            ("127.0.0.1:9464", true),
            ("[::1]:9464", true),
            ("10.1.2.3", true),
            ("evil.example", false),
            ("localhost.evil.example:9464", false),
            ("notlocalhost", false),
            ("[evil.example]", false),
            ("", false),
        ] {
            assert_eq!(is_local_name(host), local, "{host}");
        }
    }
}
