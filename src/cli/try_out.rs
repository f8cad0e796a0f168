//! `try`: what becomes of each record of a file or topic under a format, and what came of all of them.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::args::TryArgs;
use super::samples::{self, Known, Samples};
use super::{Exit, Failure};
use crate::config::{self, Config};
use crate::formats::{FormatSpec, TimeSource, carrier_of};
use crate::journey::Vocabulary;
use crate::trial::{Beside, Summary, Trial, TrialInput, write_json, write_text};

/// The largest value that is read where no configuration says otherwise: what it would be there.
pub(super) const EVENT_BYTES_MAX: usize = 1 << 20;
/// How many records of a topic are tried if nobody says.
const LAST: u64 = 100;

/// What is tried, and what is known of it.
struct Asked {
    spec: FormatSpec,
    time: TimeSource,
    /// The configuration, and which of its inputs it is, if it is one.
    config: Option<(Config, Option<usize>)>,
    models: Option<Vocabulary>,
}

/// Does it. What becomes of the records goes to `out`; with `--json` the summary goes to standard error.
///
/// # Errors
/// If the arguments make no sense together, nothing can be read, a schema does not come, or a record was rejected.
pub(super) fn run(args: &TryArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let asked = asked(args)?;
    let Asked { spec, time, config, models } = &asked;
    let bytes_max = config.as_ref().map_or(EVENT_BYTES_MAX, |(config, _)| config.max_event_bytes);
    let schemas = samples::schemas(&args.samples, config.as_ref().map(|(config, _)| config))?;
    let beside = Beside { models: models.as_ref(), schemas: schemas.as_ref(), bytes_max };
    let trial = Trial::open(spec, *time, beside);
    let mut trial = trial.map_err(|message| Failure::new(Exit::Usage, message))?;
    let known = Known {
        config: config.as_ref().map(|(config, input)| (config, *input)),
        carrier: Some(carrier_of(spec)),
        limit: None,
        last: LAST,
    };
    let mut samples = Samples::open(&args.samples, &known)?;
    let has_file = samples.are_several();
    let mut out = BufWriter::new(out);
    let mut summary = Summary::default();
    while let Some(sample) = samples.next()? {
        let tried = trial.record(&sample).ok_or_else(|| samples::no_schema(&sample.at, schemas.as_ref()))?;
        summary.add(&sample, &tried);
        if args.json {
            write_json(&sample, &tried, has_file, &mut out)?;
        } else if !args.summary {
            write_text(&sample, &tried, &mut out)?;
        }
    }
    let told = told(&summary, &asked, samples.passed());
    if args.json {
        out.flush()?;
        eprint!("{told}");
    } else {
        let gap = if args.summary || summary.records == 0 { "" } else { "\n" };
        write!(out, "{gap}{told}")?;
        out.flush()?;
    }
    match (summary.records, summary.unusable()) {
        (0, _) => Err(Failure::new(Exit::Failure, "there was no record to try")),
        (_, 0) => Ok(()),
        (records, count) => Err(Failure::new(Exit::Failure, format!("{count} of {records} records were rejected"))),
    }
}

fn told(summary: &Summary, asked: &Asked, passed: Option<String>) -> String {
    let mut text = format!("format {}\n{summary}", asked.spec.name());
    if let Some(passed) = passed {
        text.push_str(&format!("{passed}\n"));
    }
    let suggestions = summary.suggestions(&asked.spec, asked.models.as_ref());
    if !suggestions.is_empty() {
        text.push_str(&format!("\nwhat could be better:\n{suggestions}"));
    }
    text
}

fn asked(args: &TryArgs) -> Result<Asked, Failure> {
    let config = args.samples.config.as_deref();
    match config.filter(|_| args.format.is_none() && args.mapping.is_none()) {
        None => of_arguments(args),
        Some(path) => {
            let has_more = args.customer.len() + args.unwrap.len() > 0 || args.zone.is_some() || args.time.is_some();
            if has_more {
                let message = "--customer, --zone, --unwrap and --time go with --format or --mapping; for an input of the configuration, write them there";
                return Err(Failure::new(Exit::Usage, message));
            }
            of_config(path, args.input.as_deref())
        }
    }
}

/// The input of a configuration.
fn of_config(path: &Path, named: Option<&str>) -> Result<Asked, Failure> {
    let config = config::load(path)?;
    let names: Vec<&str> = config.inputs.iter().map(|input| input.name.as_str()).collect();
    let wrong =
        |what: String| Failure::new(Exit::Usage, format!("{what}; say which input with --input: {}", names.join(", ")));
    let input = match named {
        Some(name) => names.iter().position(|known| *known == name),
        None if names.len() == 1 => Some(0),
        None => return Err(wrong(format!("{} has {} inputs", path.display(), names.len()))),
    };
    let input = input.ok_or_else(|| wrong(format!("there is no input `{}`", named.unwrap_or_default())))?;
    let models = config.model_set()?.vocabulary().clone();
    let (spec, time) = (config.inputs[input].format.clone(), config.inputs[input].time);
    Ok(Asked { spec, time, config: Some((config, Some(input))), models: Some(models) })
}

/// The format that the arguments say.
fn of_arguments(args: &TryArgs) -> Result<Asked, Failure> {
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let mut input = match &args.mapping {
        None => TrialInput::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| usage(format!("--mapping {}: {error}", path.display())))?;
            TrialInput::parse(&text, args.input.as_deref())
                .map_err(|message| usage(format!("--mapping {}: {message}", path.display())))?
        }
    };
    if args.mapping.is_none() && args.input.is_some() {
        return Err(usage("--input names an input of a configuration; name that with -c".to_owned()));
    }
    input.format = args.format.clone().or(input.format);
    input.customer = Some(args.customer.clone()).filter(|types| !types.is_empty()).or(input.customer);
    input.zone = args.zone.clone().or(input.zone);
    input.time = args.time.unwrap_or(input.time);
    if !args.unwrap.is_empty() {
        input.unwrap.clone_from(&args.unwrap);
    }
    if input.format.as_deref() == Some("mapping") && input.mapping.is_none() {
        return Err(usage("format `mapping` is yours to say: name the file that holds it with --mapping".to_owned()));
    }
    let place = args.mapping.as_ref().map(|path| format!("--mapping {}: ", path.display())).unwrap_or_default();
    let spec = input.spec().map_err(|message| usage(format!("{place}{}", on_the_command_line(&message))))?;
    let config = args.samples.config.as_deref().map(config::load).transpose()?;
    Ok(Asked { spec, time: input.time, config: config.map(|config| (config, None)), models: None })
}

/// A message that speaks of keys, for who has no configuration yet.
fn on_the_command_line(message: &str) -> String {
    message.replace(
        "say which one it is with `zone` beside `format`, such as `zone: Europe/Amsterdam`",
        "say which one it is with --zone, such as --zone Europe/Amsterdam",
    )
}
