//! The section `schema_registry`: where the schemas of Avro and Protobuf are.

use std::path::Path;

use super::section::{Found, Section};
use super::{InputConfig, RegistryLogin, SchemaRegistryConfig};
use crate::yaml::Place;

const EXAMPLE: &str = "write for example schema_registry: { url: http://registry:8081 }";

/// Reads it; `None` if it is not written. `folder` is what a relative `ca_file` starts from.
pub(super) fn read(root: &mut Section<'_>, folder: &Path) -> Option<SchemaRegistryConfig> {
    root.node("schema_registry")?;
    let mut section = root.section("schema_registry");
    let problems = section.problems;
    let url = section.required("url", "write where it is, such as http://registry:8081");
    let username = section.text("username", "write the user, or leave it out");
    let password = section.text("password", "write it as a reference, such as \"${REGISTRY_PASSWORD}\"");
    let token = section.text("token", "write it as a reference, such as \"${REGISTRY_TOKEN}\"");
    let ca_file = section.text("ca_file", "write the path of a file of certificates (PEM)");
    section.finish();
    let login = match (username, password, token) {
        (None, None, None) => None,
        (Some(username), Some(password), None) => {
            Some(RegistryLogin::Password { username: username.value.to_owned(), password: password.value.to_owned() })
        }
        (None, None, Some(token)) => Some(RegistryLogin::Token(token.value.to_owned())),
        (.., Some(token)) => {
            problems.add(token.at, "schema_registry has a token and a user or password", "write one or the other");
            None
        }
        (Some(Found { at, .. }), None, None) | (None, Some(Found { at, .. }), None) => {
            problems.add(at, "schema_registry has a user or a password alone", "write both or none");
            None
        }
    };
    let url = url?;
    if let Err(Wrong { what, instead }) = check(url.value) {
        problems.add(url.at, format!("schema_registry.url {what}"), instead);
    }
    if ca_file.is_some() && url.value.starts_with("http://") {
        problems.add(
            url.at,
            "schema_registry has a ca_file, but its url is not https",
            "write https://, or leave ca_file out",
        );
    }
    let ca_file = ca_file.map(|file| folder.join(file.value));
    Some(SchemaRegistryConfig { url: url.value.to_owned(), login, ca_file })
}

impl SchemaRegistryConfig {
    /// The registry at a URL, which asks nobody who they are.
    ///
    /// # Errors
    /// If it is none; says what to write instead.
    pub fn at(url: &str) -> Result<Self, String> {
        check(url).map_err(|Wrong { what, instead }| format!("it {what}; {instead}"))?;
        Ok(Self { url: url.to_owned(), login: None, ca_file: None })
    }
}

/// What is wrong with a URL.
struct Wrong {
    what: String,
    instead: &'static str,
}

fn check(url: &str) -> Result<(), Wrong> {
    let after = |scheme: &str| url.strip_prefix(scheme).map(|rest| rest.split('/').next().unwrap_or_default());
    match after("http://").or_else(|| after("https://")) {
        // It stands in the log.
        Some(host) if host.contains('@') => {
            let instead = "write username and password of schema_registry in a configuration, and the host alone here";
            Err(Wrong { what: "has a user in it".to_owned(), instead })
        }
        Some(host) if !host.is_empty() && !url.contains(char::is_whitespace) => Ok(()),
        _ => Err(Wrong { what: format!("is {url:?}"), instead: "write http:// or https:// and a host" }),
    }
}

/// Reports inputs that need schemas if nobody says where these are.
pub(super) fn check_needed(root: &mut Section<'_>, inputs: &[(Place, &InputConfig)]) {
    if root.node("schema_registry").is_some() {
        return;
    }
    for (at, input) in inputs.iter().filter(|(_, input)| input.format.needs_schemas()) {
        let what = format!("the records of input {} have schemas, but nothing says where these are", input.name);
        root.problems.add(*at, what, EXAMPLE);
    }
}
