//! Who gets in.

use std::net::SocketAddr;

use klantreis::http::{BindError, Listeners, Token};
use tokio::runtime::Runtime;

use crate::client::{get, get_with};
use crate::fake::Window;

const GUARDED: [&str; 4] = ["/v1/status", "/v1/customers/c1", "/v1/nope", "/v1/live"];

#[test]
fn with_a_token_nothing_below_v1_is_told_without_it() {
    let window = Window::open(Some("s3cret"));
    for path in GUARDED {
        for (headers, challenge) in [
            (&[][..], r#"Bearer realm="klantreis""#),
            (&["Authorization: Bearer wrong!"][..], r#"Bearer realm="klantreis", error="invalid_token""#),
            (&["Authorization: Bearer s3cre"][..], r#"Bearer realm="klantreis", error="invalid_token""#),
            (&["Authorization: Bearer "][..], r#"Bearer realm="klantreis", error="invalid_token""#),
            (&["Authorization: Basic s3cret"][..], r#"Bearer realm="klantreis", error="invalid_token""#),
            (&["Authorization: s3cret"][..], r#"Bearer realm="klantreis", error="invalid_token""#),
        ] {
            let answer = get_with(window.all, path, headers);
            assert_eq!(
                (answer.status, answer.header("www-authenticate")),
                (401, Some(challenge)),
                "{path} {headers:?}"
            );
            assert!(answer.json()["hint"].as_str().is_some_and(|hint| hint.contains("http.token_file")));
            assert!(!answer.body.contains("s3cret"));
        }
    }
}

#[test]
fn with_the_token_v1_answers_under_any_name() {
    let window = Window::open(Some("s3cret"));
    for scheme in ["Bearer", "bearer"] {
        let headers = [&*format!("Authorization: {scheme} s3cret"), "Host: klantreis.example"];
        assert_eq!(get_with(window.all, "/v1/status", &headers).status, 200, "{scheme}");
        assert_eq!(get_with(window.all, "/v1/nope", &headers).status, 404, "{scheme}");
    }
}

#[test]
fn the_page_metrics_and_probes_need_no_token() {
    let window = Window::open(Some("s3cret"));
    for path in ["/", "/page.js", "/page.css", "/icon.svg", "/metrics", "/livez", "/readyz"] {
        assert_eq!(get(window.all, path).status, 200, "{path}");
    }
}

#[test]
fn without_a_token_a_name_from_elsewhere_gets_nothing_below_v1() {
    let window = Window::open(None);
    for path in GUARDED {
        let answer = get_with(window.all, path, &["Host: evil.example"]);
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.json()["hint"].as_str().is_some_and(|hint| hint.contains("localhost")));
    }
    assert_eq!(get_with(window.all, "/v1/status", &["Host: localhost:1234"]).status, 200);
    assert_eq!(get_with(window.all, "/metrics", &["Host: prometheus.example"]).status, 200);
}

fn bind(listen: &str, metrics_listen: Option<&str>, token: Option<&str>) -> Result<Listeners, BindError> {
    let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
    let token = token.map(|text| Token::new(text).expect("a token"));
    let runtime = Runtime::new().expect("a runtime can be started");
    runtime.block_on(Listeners::bind(Some(address(listen)), metrics_listen.map(address), token.as_ref()))
}

#[test]
fn an_open_address_without_a_token_is_refused_with_what_to_do() {
    let error = bind("0.0.0.0:0", None, None).expect_err("refused").to_string();
    for word in ["0.0.0.0:0", "http.listen", "http.token_file", "127.0.0.1", "http.metrics_listen"] {
        assert!(error.contains(word), "{word} in {error}");
    }
}

#[test]
fn an_open_address_is_fine_with_a_token_or_for_metrics_alone() {
    assert!(bind("0.0.0.0:0", None, Some("s3cret")).is_ok());
    assert!(bind("127.0.0.1:0", Some("0.0.0.0:0"), None).is_ok());
}

#[test]
fn an_address_that_is_taken_is_named_with_its_setting() {
    let window = Window::open(None);
    let taken = window.all.to_string();
    let error = bind("127.0.0.1:0", Some(&taken), None).expect_err("taken").to_string();
    assert!(error.contains(&taken) && error.contains("http.metrics_listen"), "{error}");
}
