//! `check`: looks a configuration and its models over, without connecting to anything.

use std::io::Write;
use std::sync::Arc;

use super::args::{CheckArgs, ConfigArgs, Denied};
use super::{Exit, Failure, findings};
use crate::config::{self, Config, Guarantee};
use crate::formats;
use crate::journey::{CheckedModel, Code, Shadow};
use crate::kafka;

/// Does it.
///
/// # Errors
/// With everything that is wrong.
pub(super) fn run(
    CheckArgs { config: ConfigArgs { config: file }, deny }: &CheckArgs,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let config = config::load(file)?;
    let models = config.open_models().map_err(findings::with_page)?;
    let shadows = config.open_shadows().map_err(findings::with_page)?;
    summary(&config, &models, &shadows, out)?;
    let active = config.models.iter().zip(&models);
    let beside = config.shadows.iter().map(|shadow| &shadow.model).zip(shadows.iter().map(|shadow| &shadow.model));
    let warnings = findings::warnings(file, &config, &active.chain(beside).collect::<Vec<_>>());
    let set = config.compile(models, shadows)?;
    for input in &config.inputs {
        if let Err(message) = formats::open(&input.format, set.vocabulary(), input.time) {
            let message = format!("{}: input {}: {message}", file.display(), input.name);
            return Err(Failure::new(Exit::Usage, message));
        }
    }
    kafka::Settings::new(Arc::new(config))
        .map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", file.display())))?;
    for warning in &warnings {
        writeln!(out, "warning: {warning}")?;
    }
    if !warnings.is_empty() {
        writeln!(out, "{}", findings::PAGE)?;
    }
    match warnings.iter().filter(|warning| denies(deny, warning.problem.code)).count() {
        0 => Ok(writeln!(out, "ok")?),
        count => {
            let message = format!("{} denied; mend what they say, or check without --deny", plural(count, "warning"));
            Err(Failure::new(Exit::Usage, message))
        }
    }
}

/// Whether warnings of a kind are errors: all of them, if none is named.
fn denies(deny: &Option<Vec<Denied>>, code: Code) -> bool {
    deny.iter().flatten().any(|denied| matches!(denied, Denied::All) || *denied == Denied::Only(code))
}

fn summary(config: &Config, models: &[CheckedModel], shadows: &[Shadow], out: &mut dyn Write) -> std::io::Result<()> {
    let guarantee = match config.guarantee {
        Guarantee::ExactlyOnce => "exactly once",
        Guarantee::AtLeastOnce => "at least once",
    };
    writeln!(
        out,
        "application {}: {guarantee}, a commit every {}, {} on {}",
        config.application,
        config.commit_interval,
        plural(config.workers, "worker"),
        config.kafka.brokers
    )?;
    for input in &config.inputs {
        writeln!(out, "input {}: topic {}, format {}", input.name, input.topic, input.format.name())?;
    }
    let models = models.iter().map(|model| ("model", model));
    for (what, CheckedModel { model, scenarios, .. }) in models.chain(shadows.iter().map(|one| ("shadow", &one.model)))
    {
        writeln!(
            out,
            "{what} {} version {}: {}, {}, {}, {}, {}, {}",
            model.name(),
            model.version(),
            plural(model.phases().len(), "phase"),
            plural(model.rules().len(), "transition"),
            plural(model.signals().len(), "signal"),
            plural(model.counters().len(), "counter"),
            plural(model.kinds().len(), "kind"),
            plural(scenarios.len(), "scenario"),
        )?;
    }
    let topics = &config.topics;
    let [signals, phases] = [&topics.signals, &topics.phases].map(|topic| topic.as_deref().unwrap_or("off"));
    let shadow = topics.shadow.as_ref().map(|topic| format!(", shadow {topic}")).unwrap_or_default();
    let events = topics.events.as_ref().map(|topic| format!("events {topic}, ")).unwrap_or_default();
    writeln!(
        out,
        "writes: {events}transitions {}, signals {signals}, phases {phases}{shadow}, dead letters {}, state {} and {}",
        topics.transitions, topics.dead_letters, topics.state_deltas, topics.state_snapshots
    )
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
