//! `explain`: why a customer is still in its phase, asked of the running service or of a replay.

use std::fmt;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::replay::{order, sources};
use super::{AnswerFormat, Exit, ExplainArgs, Failure, fetch};
use crate::config::{self, Config};
use crate::engine::store::IdHash;
use crate::engine::view::CustomerView;
use crate::http;
use crate::replay::{Outputs, Replay};
use crate::service;

/// Does it.
///
/// # Errors
/// If there is no such customer, or nobody who could say.
pub(super) fn run(args: &ExplainArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let config = args.config.as_deref().map(config::load).transpose()?;
    let answer = match config.as_ref().filter(|_| !args.records.input.is_empty()) {
        Some(config) => replayed(args, config)?,
        None => asked(args, config.as_ref())?,
    };
    match args.format {
        AnswerFormat::Json => writeln!(out, "{}", answer.trim_end())?,
        AnswerFormat::Text => {
            let explained: Explained = serde_json::from_str(&answer)
                .map_err(|problem| Failure::new(Exit::Failure, format!("the answer is not understood: {problem}")))?;
            write!(out, "{explained}")?;
        }
    }
    Ok(())
}

/// What the running service says.
fn asked(args: &ExplainArgs, config: Option<&Config>) -> Result<String, Failure> {
    let listen = config.and_then(|config| config.http.listen);
    let base = args.url.clone().or_else(|| listen.map(|listen| format!("http://{}", reachable(listen))));
    let base = base.ok_or_else(|| {
        let message =
            "http.listen is `off`, so the service cannot be asked; say where it answers with --url, or give --input";
        Failure::new(Exit::Usage, message)
    })?;
    if !base.starts_with("http://") {
        let message =
            format!("--url {base}: write http://HOST:PORT, where the service itself answers; TLS is not spoken");
        return Err(Failure::new(Exit::Usage, message));
    }
    let token = match &args.token_file {
        Some(file) => Some(fetch::token(file)?),
        None => config.and_then(|config| config.http.token.clone()),
    };
    let id = utf8_percent_encode(&args.customer, NON_ALPHANUMERIC);
    fetch::get(&format!("{}/v1/customers/{id}/explain", base.trim_end_matches('/')), token.as_deref())
}

/// An address that a client on this host reaches who listens on it.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    match listen {
        SocketAddr::V4(address) if address.ip().is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(address) if address.ip().is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    listen
}

/// What a replay comes to.
fn replayed(args: &ExplainArgs, config: &Config) -> Result<String, Failure> {
    let set = Arc::new(config.model_set()?);
    let replay = Replay {
        config,
        set: Arc::clone(&set),
        sources: sources(&args.records.input, config)?,
        schemas: service::patient_schemas(config.schema_registry.as_ref())?,
        order: order((!args.records.sort).then_some(args.records.window), config),
        until: args.until.map(|until| until.as_millisecond()),
    };
    let outputs = Outputs { transitions: &mut io::sink(), signals: None, shadow: None, dead_letters: None };
    let (figures, partition) = replay.run_through(outputs, &mut |_, _| ())?;
    let id = &args.customer;
    let record = partition.store().read(IdHash::of(id), id, |customer| customer.record.to_owned());
    let record = record.ok_or_else(|| {
        let message = format!("unknown customer: nothing of {id:?} in {} records, or forgotten since", figures.records);
        Failure::new(Exit::Failure, message)
    })?;
    Ok(http::explanation(&CustomerView {
        customer: id.clone(),
        partition: 0,
        committed: true,
        variant: set.variant_name(&record).map(str::to_owned),
        models: set.describe(&record),
        ways: set.explain(&record),
    }))
}

/// The answer, read again.
#[derive(Deserialize)]
struct Explained {
    customer: String,
    committed: bool,
    variant: Option<String>,
    models: Vec<Place>,
}

/// Where the customer is in a model.
#[derive(Deserialize)]
struct Place {
    model: String,
    phase: Option<String>,
    since: Option<String>,
    ways: Vec<Way>,
    #[serde(default)]
    awaited: Vec<Awaited>,
}

#[derive(Deserialize)]
struct Way {
    to: String,
    rule: String,
    missing: String,
    due: Option<String>,
}

#[derive(Deserialize)]
struct Awaited {
    signal: String,
    due: Option<String>,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.committed { "" } else { ", as it is before the next commit" };
        let variant = self.variant.as_ref().map(|variant| format!(", shown the variant {variant}")).unwrap_or_default();
        writeln!(f, "customer {}{variant}{open}", self.customer)?;
        self.models.iter().try_for_each(|place| write!(f, "\n{place}"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.phase, &self.since) {
            (Some(phase), Some(since)) => writeln!(f, "{}: {phase} since {since}", self.model)?,
            _ => writeln!(f, "{}: new, in no phase yet", self.model)?,
        }
        if self.ways.is_empty() {
            writeln!(f, "  no transition leads out of it")?;
        }
        let width = |of: fn(&Way) -> &str| self.ways.iter().map(|way| of(way).chars().count()).max().unwrap_or(0);
        let (to, rule) = (width(|way| &way.to), width(|way| &way.rule));
        for way in &self.ways {
            writeln!(f, "  → {:to$}  {:rule$}  {}", way.to, way.rule, way.lacks())?;
        }
        for awaited in &self.awaited {
            let due = awaited.due.as_deref().unwrap_or("some time");
            writeln!(f, "  signal {} waits until {due}", awaited.signal)?;
        }
        Ok(())
    }
}

impl Way {
    /// What is missing, with the time if that is all.
    fn lacks(&self) -> String {
        match (&self.due, self.missing.strip_prefix("time")) {
            (Some(due), Some(more)) => format!("timer due at {due}{more}"),
            _ => self.missing.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_listens_everywhere_is_asked_on_this_host() {
        let check = |listen: &str, expected: &str| {
            assert_eq!(reachable(listen.parse().expect("an address")).to_string(), expected);
        };
        check("0.0.0.0:9464", "127.0.0.1:9464");
        check("[::]:9464", "[::1]:9464");
        check("10.0.0.7:80", "10.0.0.7:80");
    }
}
