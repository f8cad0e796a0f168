//! The section `http`: where the page, the interface and the metrics are served, and who may see customers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use super::HttpConfig;
use super::section::Section;

/// Where everything is served if nothing else is said.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9464);

/// The variable that can hold the token, so that it need not stand in a file.
pub(super) const TOKEN_VARIABLE: &str = "KLANTREIS_HTTP_TOKEN";

/// Reads it. `folder` is what a relative `token_file` starts from; `variable` is the content of [`TOKEN_VARIABLE`].
pub(super) fn read(mut section: Section<'_>, folder: &Path, variable: Option<String>) -> HttpConfig {
    let problems = section.problems;
    let listen = section.address("listen");
    let metrics_listen = section.address("metrics_listen");
    let token_written = section.node("token").is_some() || section.node("token_file").is_some();
    let token = token(&mut section, folder).or(variable.map(|token| token.trim().to_owned()).filter(|t| !t.is_empty()));
    section.finish();

    let address = listen.map_or(Some(DEFAULT_LISTEN), |listen| listen.value);
    if let (Some(listen), Some(address)) = (listen, address) {
        // A token that is written but unusable is reported already.
        if !address.ip().is_loopback() && token.is_none() && !token_written {
            problems.add(
                listen.at,
                format!("http.listen is {address}, where others can reach it, but no token guards the customers"),
                format!(
                    "add http.token or http.token_file, set {TOKEN_VARIABLE}, or listen on 127.0.0.1:{}",
                    address.port()
                ),
            );
        }
    }
    let metrics_address = metrics_listen.and_then(|listen| listen.value);
    if let Some(metrics) = metrics_listen
        && metrics_address.is_some_and(|metrics| metrics.port() != 0 && Some(metrics) == address)
    {
        problems.add(metrics.at, "http.metrics_listen is the same as http.listen", "leave it out or use another port");
    }
    HttpConfig { listen: address, metrics_listen: metrics_address, token }
}

/// The token as the file has it or names it.
fn token(section: &mut Section<'_>, folder: &Path) -> Option<String> {
    let problems = section.problems;
    let given = section.text("token", "write the token, for example \"${API_TOKEN}\", or leave it out");
    let file = section.text("token_file", "write the path of a file that holds the token");
    let (at, token) = match (given, file) {
        (Some(_), Some(file)) => {
            problems.add(file.at, "http.token and http.token_file are both given", "leave one of them out");
            return None;
        }
        (Some(token), None) => (token.at, token.value.to_owned()),
        (None, Some(file)) => {
            let path = folder.join(file.value);
            match std::fs::read_to_string(&path) {
                Ok(content) if content.trim().is_empty() => {
                    let what = format!("the token file {} is empty", path.display());
                    problems.add(file.at, what, "put the token into it");
                    return None;
                }
                Ok(content) => (file.at, content.trim().to_owned()),
                Err(error) => {
                    let what = format!("the token file {} cannot be read: {error}", path.display());
                    problems.add(file.at, what, "name a file that exists and that this user may read");
                    return None;
                }
            }
        }
        (None, None) => return None,
    };
    if token.chars().all(|c| c.is_ascii_graphic()) {
        return Some(token);
    }
    problems.add(
        at,
        "the token has blanks or characters that no HTTP header can carry",
        "use letters, digits and -._~+/=",
    );
    None
}
