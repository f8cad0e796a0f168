//! `check`: looks a configuration and its models over, without connecting to anything.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use super::args::{CheckArgs, ConfigArgs};
use super::{Exit, Failure};
use crate::config::{self, Config, Guarantee};
use crate::formats;
use crate::journey::{CheckedModel, Model, Shadow};
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
    let models = config.open_models()?;
    let shadows = config.open_shadows()?;
    summary(&config, &models, &shadows, out)?;
    let warnings = warnings(&config, &models);
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
    match warnings.len() {
        count if *deny && count > 0 => {
            let message = format!("{} denied; mend what they say, or check without --deny", plural(count, "warning"));
            Err(Failure::new(Exit::Usage, message))
        }
        _ => Ok(writeln!(out, "ok")?),
    }
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
    writeln!(
        out,
        "writes: transitions {}, signals {signals}, phases {phases}{shadow}, dead letters {}, state {} and {}",
        topics.transitions, topics.dead_letters, topics.state_deltas, topics.state_snapshots
    )
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// What does no harm, but is probably not meant.
fn warnings(config: &Config, models: &[CheckedModel]) -> Vec<String> {
    let mut warnings = Vec::new();
    for (named, checked) in config.models.iter().zip(models) {
        warnings.extend(
            checked
                .warnings
                .iter()
                .map(|problem| format!("{named}:{}:{}: {}", problem.at.line, problem.at.column, problem.text)),
        );
    }
    let mut yielded = BTreeSet::new();
    for input in &config.inputs {
        match formats::kinds_of(&input.format) {
            Some(kinds) => yielded.extend(kinds),
            // Its records name their kinds themselves: anything may come.
            None => return warnings,
        }
    }
    for CheckedModel { model, .. } in models {
        warnings.extend(unheard(model, &yielded));
    }
    let known = |kind: &str| models.iter().any(|checked| checked.model.kinds().iter().any(|known| known == kind));
    for kind in yielded.iter().filter(|kind| !known(kind)) {
        warnings.push(format!("the inputs can yield {kind}, but no model listens to it"));
    }
    warnings
}

/// The kinds that a model listens to in vain.
fn unheard(model: &Model, yielded: &BTreeSet<String>) -> Vec<String> {
    let kinds = model.kinds().iter().filter(|kind| !yielded.contains(kind.as_str()));
    kinds.map(|kind| format!("model {} listens to {kind}, but no input can yield it", model.name())).collect()
}
