//! The live page: three files in the binary, nothing from elsewhere.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;

use super::Api;

/// `/` and what it is made of.
pub(super) fn routes() -> Router<Api> {
    let html = include_str!("page/index.html");
    Router::new()
        .route("/", file("text/html; charset=utf-8", html))
        .route("/page.css", file("text/css; charset=utf-8", include_str!("page/page.css")))
        .route("/page.js", file("text/javascript; charset=utf-8", include_str!("page/page.js")))
        .route("/icon.svg", file("image/svg+xml", include_str!("page/icon.svg")))
}

fn file(kind: &'static str, text: &'static str) -> axum::routing::MethodRouter<Api> {
    get(async move || ([(CONTENT_TYPE, kind)], text))
}
