//! `plan`: what a changed configuration or model would change, without changing anything.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Instant;

use indicatif::ProgressStyle;
use serde::Serialize;

use super::replay::{bar, order, show, sources};
use super::{AnswerFormat, Exit, Failure, PlanArgs};
use crate::config::{self, Config};
use crate::kafka::Settings;
use crate::plan::{self, Sides, StoredError};
use crate::replay::Replay;
use crate::service;

/// Does it.
///
/// # Errors
/// If the arguments make no sense together, or something cannot be read.
pub(super) fn run(args: &PlanArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let after = config::load(&args.config)?;
    let Some(against) = &args.against else {
        if args.records.input.is_empty() {
            return stored(args, after, out);
        }
        let message = "--against FILE is missing: the configuration as it is, whose replay is compared";
        return Err(Failure::new(Exit::Usage, message));
    };
    if args.records.input.iter().any(|input| input.file.is_none()) {
        let message = "--input - cannot be read twice, once for each configuration; name a file";
        return Err(Failure::new(Exit::Usage, message));
    }
    let before = config::load(against)?;
    let sides = Sides { before: side(&before, args)?, after: side(&after, args)? };
    let bar = bar(std::io::stderr().is_terminal() && !std::io::stdout().is_terminal());
    let start = Instant::now();
    let replayed = plan::replay(sides, args.examples, &mut |progress, records| show(&bar, progress, records, start))?;
    bar.finish_and_clear();
    answer(&replayed, args.format, out)
}

/// Over the committed state.
fn stored(args: &PlanArgs, config: Config, out: &mut dyn Write) -> Result<(), Failure> {
    let (config, set) = (Arc::new(config.clone()), Arc::new(config.model_set()?));
    let settings = Settings::new(Arc::clone(&config))
        .map_err(|problem| Failure::new(Exit::Usage, format!("{}: {problem}", args.config.display())))?;
    let bar = bar(std::io::stderr().is_terminal());
    bar.set_style(ProgressStyle::default_spinner());
    let stored = plan::stored(&settings, &config, &set, args.examples, &mut |partition, of| {
        bar.set_message(format!("reading state: partition {} of {of}", partition + 1));
    })?;
    bar.finish_and_clear();
    answer(&stored, args.format, out)?;
    match stored.homeless() {
        0 => Ok(()),
        count => {
            let message = format!(
                "{count} customers are in phases that their model would not have any more: the service would not start; put the phases back, say where they go with `moved: {{ … }}`, or give the changed model another name"
            );
            Err(Failure::new(Exit::Unfit, message))
        }
    }
}

impl From<StoredError> for Failure {
    fn from(error: StoredError) -> Self {
        let exit = match &error {
            StoredError::State(_) => Exit::Failure,
            StoredError::Restore(_) => Exit::Unfit,
        };
        Self::new(exit, error.to_string())
    }
}

fn side<'c>(config: &'c Config, args: &PlanArgs) -> Result<Replay<'c>, Failure> {
    Ok(Replay {
        config,
        set: Arc::new(config.model_set()?),
        sources: sources(&args.records.input, config)?,
        schemas: service::patient_schemas(config.schema_registry.as_ref())?,
        order: order((!args.records.sort).then_some(args.records.window), config),
        until: None,
    })
}

/// Writes an answer as it was asked for.
pub(super) fn answer(
    answer: &(impl Serialize + Display),
    format: AnswerFormat,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match format {
        AnswerFormat::Text => write!(out, "{answer}")?,
        AnswerFormat::Json => {
            let line =
                serde_json::to_string(answer).map_err(|problem| Failure::new(Exit::Failure, problem.to_string()))?;
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
