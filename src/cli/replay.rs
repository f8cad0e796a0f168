//! `replay`: records from files through formats and models, transitions and signals out, without Kafka.

use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Exit, Failure, ReplayArgs, ReplayInput};
use crate::config::{self, Config};
use crate::journey::Span;
use crate::replay::{Order, Outputs, Place, Progress, Replay, ReplayError, Source};
use crate::service;

const BUFFER_BYTES: usize = 128 * 1024;

/// Does it. Transitions go to `out` unless a file is named; figures go to standard error.
///
/// # Errors
/// If the arguments make no sense together, or a file cannot be read or written.
pub(super) fn run(args: &ReplayArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let config = config::load(&args.config)?;
    let set = Arc::new(config.model_set()?);
    let sources = sources(&args.input, &config)?;
    let order = order((!args.sort).then_some(args.window), &config);
    // The bar and the transitions would be in each other's way on one terminal.
    let shown = std::io::stderr().is_terminal() && (args.output.is_some() || !std::io::stdout().is_terminal());
    let mut file = args.output.as_deref().map(create).transpose()?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, out);
    let mut signals = args.signals.as_deref().map(create).transpose()?;
    let mut shadow = args.shadow.as_deref().map(create).transpose()?;
    let mut letters = args.dead_letters.as_deref().map(create).transpose()?;
    let outputs = Outputs {
        transitions: match &mut file {
            Some(file) => file,
            None => &mut out,
        },
        signals: signals.as_mut().map(|file| file as &mut dyn Write),
        shadow: shadow.as_mut().map(|file| file as &mut dyn Write),
        dead_letters: letters.as_mut().map(|file| file as &mut dyn Write),
    };
    let bar = bar(shown);
    let start = Instant::now();
    let schemas = service::patient_schemas(config.schema_registry.as_ref())?;
    let figures = Replay { config: &config, set, sources, schemas, order, until: None }
        .run(outputs, &mut |progress, records| show(&bar, progress, records, start))?;
    bar.finish_and_clear();
    let took = start.elapsed();
    eprintln!("{figures}\n{:.1} s, {:.0} records/s", took.as_secs_f64(), per_second(figures.records, took));
    Ok(())
}

/// How records are put in order: within a window, or all of them.
pub(super) fn order(window: Option<Span>, config: &Config) -> Order {
    let now_ms = jiff::Timestamp::now().as_millisecond();
    Order { window_ms: window.map(|span| span.0), latest_ms: now_ms.saturating_add(config.max_future_skew.0) }
}

/// The files to be read.
pub(super) fn sources(inputs: &[ReplayInput], config: &Config) -> Result<Vec<Source>, Failure> {
    if inputs.iter().filter(|input| input.file.is_none()).count() > 1 {
        return Err(Failure::new(Exit::Usage, "--input - is named twice, but standard input can be read only once"));
    }
    inputs.iter().map(|input| source(input, config)).collect()
}

fn source(ReplayInput { name, file }: &ReplayInput, config: &Config) -> Result<Source, Failure> {
    let input = name.as_ref().map(|name| {
        config.inputs.iter().position(|input| input.name == *name).ok_or_else(|| {
            let known: Vec<&str> = config.inputs.iter().map(|input| input.name.as_str()).collect();
            let message = format!("--input {name}=…: there is no input `{name}`; there are {}", known.join(", "));
            Failure::new(Exit::Usage, message)
        })
    });
    let place = file.clone().map_or(Place::StandardInput, Place::File);
    Ok(Source { place, input: input.transpose()? })
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = File::create(path).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))?;
    Ok(BufWriter::with_capacity(BUFFER_BYTES, file))
}

pub(super) fn bar(shown: bool) -> ProgressBar {
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    ProgressBar::with_draw_target(None, target)
}

pub(super) fn show(bar: &ProgressBar, progress: Progress, records: u64, start: Instant) {
    if bar.is_hidden() {
        return;
    }
    if let (None, Some(total)) = (bar.length(), progress.total) {
        bar.set_length(total);
        let style = ProgressStyle::with_template("{bar:32} {bytes}/{total_bytes}  {msg}  {eta} to go");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    }
    bar.set_position(progress.read);
    bar.set_message(format!("{records} records, {:.0}/s", per_second(records, start.elapsed())));
}

fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(1e-9)
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        let exit = match &error {
            ReplayError::Open { .. } | ReplayError::Unnamed(_) | ReplayError::Format { .. } => Exit::Usage,
            ReplayError::Read { .. } | ReplayError::NoSchema { .. } | ReplayError::Write { .. } => Exit::Failure,
        };
        Self::new(exit, error.to_string())
    }
}
