//! `detect`: which format fits records of which nobody knows it, as the inputs of a configuration.

use std::collections::BTreeMap;
use std::io::Write;

use super::args::DetectArgs;
use super::samples::{self, Known, Samples};
use super::{Exit, Failure};
use crate::config;
use crate::trial::{Hints, Proposal, Sample, Spot, awaited};

/// How many records are looked at if nobody says.
const RECORDS: u64 = 1000;

/// Does it. What is printed is YAML: what there is to say are comments.
///
/// # Errors
/// If nothing can be read, a schema does not come, or nothing can be proposed for any of it.
pub(super) fn run(args: &DetectArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let config = args.samples.config.as_deref().map(config::load).transpose()?;
    let known = Known {
        config: config.as_ref().map(|config| (config, None)),
        carrier: None,
        limit: Some(RECORDS),
        last: RECORDS,
    };
    let mut samples = Samples::open(&args.samples, &known)?;
    let source = match args.samples.files.as_slice() {
        [] => args.samples.topic.clone().unwrap_or_default(),
        [file] => file.display().to_string(),
        [first, ..] => first.display().to_string(),
    };
    // One proposal a topic; what names no topic is of one.
    let mut groups: BTreeMap<Option<String>, Vec<Sample>> = BTreeMap::new();
    while let Some(sample) = samples.next()? {
        groups.entry(sample.topic.as_ref().map(ToString::to_string)).or_default().push(sample);
    }
    if groups.is_empty() {
        return Err(Failure::new(Exit::Failure, "there was no record to look at"));
    }
    let schemas = samples::schemas(&args.samples, config.as_ref())?;
    if let Some(schemas) = &schemas
        && let Some(at) = awaited(groups.values().flatten(), schemas)
    {
        return Err(samples::no_schema(at, Some(schemas)));
    }
    let hints = Hints { zone: args.zone.as_deref(), schemas: schemas.as_ref() };
    let proposals = groups.iter().map(|(topic, samples)| {
        let is_topic = samples.first().is_some_and(|sample| matches!(sample.at.spot, Spot::Offset(..)));
        let source = match topic {
            Some(topic) if is_topic => format!("the topic {topic}"),
            Some(topic) => format!("the topic {topic} in {source}"),
            None if args.samples.files.len() > 1 => format!("{source} and others"),
            None => source.clone(),
        };
        Proposal::of(samples, &source, topic.as_deref(), hints)
    });
    let proposals: Vec<Proposal> = proposals.collect();
    writeln!(out, "inputs:")?;
    for proposal in &proposals {
        write!(out, "{}", proposal.text())?;
    }
    if let Some(passed) = samples.passed() {
        writeln!(out, "  # {passed}")?;
    }
    if proposals.iter().all(|proposal| proposal.input.is_none()) {
        return Err(Failure::new(Exit::Failure, "no format could be proposed"));
    }
    Ok(())
}
