//! `model`: what is built in, what a model says, how it looks, what can be read of it, and whether its scenarios hold.

use std::io::Write;
use std::path::Path;

use super::{Exit, Failure, ModelCommand, graph};
use crate::config::{ModelRef, ModelsError};
use crate::journey::{CheckedModel, builtin, builtin_names, index_page, model_page, run_scenarios, untested};

/// Does it.
///
/// # Errors
/// If there is no such model, it is wrong, or a scenario does not hold.
pub(super) fn run(command: &ModelCommand, out: &mut dyn Write) -> Result<(), Failure> {
    match command {
        ModelCommand::List => list(out),
        ModelCommand::Show { model } => Ok(out.write_all(named(model).source()?.as_bytes())?),
        ModelCommand::Graph(args) => graph::run(args, &named(&args.model).open()?, out),
        ModelCommand::Page { model } => page(model.as_deref(), out),
        ModelCommand::Test { models } => test(models, out),
    }
}

fn named(text: &str) -> ModelRef {
    ModelRef::parse(text, Path::new(""))
}

fn list(out: &mut dyn Write) -> Result<(), Failure> {
    for name in builtin_names() {
        let CheckedModel { model, .. } = builtin(name).expect("a name from the list is a model");
        let phases: Vec<&str> = model.phases().iter().map(|phase| phase.name()).collect();
        writeln!(out, "{name}\tversion {}\t{}", model.version(), phases.join(" → "))?;
    }
    Ok(())
}

fn page(model: Option<&str>, out: &mut dyn Write) -> Result<(), Failure> {
    let page = match model.map(named) {
        Some(model) => model_page(&model.open()?, &model.source()?),
        None => index_page(),
    };
    Ok(out.write_all(page.as_bytes())?)
}

/// Runs all scenarios of all models; a model that is wrong does not keep the others from being tested.
fn test(models: &[String], out: &mut dyn Write) -> Result<(), Failure> {
    let mut broken = Vec::new();
    for name in models {
        let checked = match named(name).open() {
            Ok(checked) => checked,
            Err(error) => {
                broken.push(error.to_string());
                continue;
            }
        };
        let outcomes = run_scenarios(&checked);
        let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
        for outcome in &outcomes {
            let mark = if outcome.passed() { "ok    " } else { "FAILED" };
            writeln!(out, "{mark}  {name}: {}", outcome.name)?;
            for line in outcome.difference.iter().flat_map(|difference| difference.lines()) {
                writeln!(out, "          {line}")?;
            }
        }
        for note in untested(&checked, &outcomes) {
            writeln!(out, "note    {name}:{note}")?;
        }
        match (outcomes.len(), failed) {
            (0, _) => writeln!(out, "{name} has no scenarios; nothing was tested")?,
            (all, 0) => writeln!(out, "{name}: all {all} scenarios hold")?,
            (all, failed) => broken.push(format!("{name}: {failed} of {all} scenarios do not hold")),
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(Failure::new(Exit::Usage, broken.join("\n"))) }
}

impl From<ModelsError> for Failure {
    fn from(error: ModelsError) -> Self {
        Self::new(Exit::Usage, error.to_string())
    }
}
