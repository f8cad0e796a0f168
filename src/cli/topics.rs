//! `klantreis topics`: what the service would do about its topics at its start, and no more.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::{Exit, Failure};
use crate::config;
use crate::kafka::{Settings, TopicsError, prepare_topics};

/// Checks the topics; creates what is missing if `create`.
pub fn run(path: &Path, create: bool, out: &mut impl Write) -> Result<(), Failure> {
    let config = config::load(path)?;
    let settings = Settings::new(Arc::new(config)).map_err(|problem| Failure::new(Exit::Usage, problem.to_string()))?;
    let facts = prepare_topics(&settings, create).map_err(|problem| {
        let exit = if matches!(problem, TopicsError::Unfit(_)) { Exit::Unfit } else { Exit::Failure };
        Failure::new(exit, problem.to_string())
    })?;
    for topic in &facts.created {
        writeln!(out, "created {topic}")?;
    }
    for warning in &facts.warnings {
        writeln!(out, "warning: {warning}")?;
    }
    writeln!(out, "ok: {} partitions", facts.partitions)?;
    Ok(())
}
