//! Records of files or of a topic, for the commands that try something out on them.

use std::path::Path;
use std::sync::Arc;

use super::args::SampleArgs;
use super::{Exit, Failure};
use crate::config::Config;
use crate::formats::{Carrier, Schemas, missing};
use crate::kafka::{Access, From, PeekError, Settings};
use crate::replay::Place;
use crate::service;
use crate::trial::{At, Files, Only, Sample, TopicSamples};

/// Records, one after the other.
pub(super) struct Samples {
    from: Source,
    left: Option<u64>,
}

enum Source {
    Files(Box<Files>),
    Topic(Box<TopicSamples>),
}

/// What is known before anything is read.
pub(super) struct Known<'a> {
    /// The configuration, and the input of it that is meant.
    pub(super) config: Option<(&'a Config, Option<usize>)>,
    /// What the format reads.
    pub(super) carrier: Option<Carrier>,
    /// How many records are read if nobody says.
    pub(super) limit: Option<u64>,
    /// How many of them from a topic.
    pub(super) last: u64,
}

impl Samples {
    /// Opens what the arguments name.
    ///
    /// # Errors
    /// If they name nothing, or nothing that can be opened.
    pub(super) fn open(args: &SampleArgs, known: &Known<'_>) -> Result<Self, Failure> {
        let limit = args.limit.or(known.limit);
        let input = known.config.and_then(|(config, input)| Some((config, input?)));
        if !args.files.is_empty() {
            if args.files.iter().filter(|file| is_standard_input(file)).count() > 1 {
                return Err(Failure::new(Exit::Usage, "- is named twice, but standard input can be read only once"));
            }
            let places = args.files.iter().map(|file| match is_standard_input(file) {
                true => Place::StandardInput,
                false => Place::File(file.clone()),
            });
            let only = match (&args.topic, input) {
                (Some(topic), _) => Only::topic(topic),
                (None, Some((config, input))) => Only::input(&config.inputs, input),
                (None, None) => Only::default(),
            };
            let files = Files::new(places.collect(), known.carrier, only)?;
            return Ok(Self { from: Source::Files(Box::new(files)), left: limit });
        }
        let topic = args.topic.as_deref().or(input.map(|(config, input)| config.inputs[input].topic.as_str()));
        let Some(topic) = topic else {
            let message = "nothing is named to be read; name a FILE, - for standard input, or a topic with --topic";
            return Err(Failure::new(Exit::Usage, message));
        };
        let access = access(args, known)?;
        // From the beginning a limit is one of reading; else the last so many are meant.
        let from = match args.from_beginning {
            true => From::Beginning,
            false => From::Last(args.last.or(args.limit).unwrap_or(known.last)),
        };
        let topic = TopicSamples::open(&access, topic, from)?;
        Ok(Self { from: Source::Topic(Box::new(topic)), left: limit })
    }

    /// The next one; `None` when there is no more, or as many were read as were wanted.
    pub(super) fn next(&mut self) -> Result<Option<Sample>, Failure> {
        if self.left == Some(0) {
            return Ok(None);
        }
        let next = match &mut self.from {
            Source::Files(files) => files.read()?,
            Source::Topic(topic) => topic.read()?,
        };
        if next.is_some() {
            self.left = self.left.map(|left| left - 1);
        }
        Ok(next)
    }

    /// Whether they come from several files.
    pub(super) fn are_several(&self) -> bool {
        matches!(&self.from, Source::Files(files) if files.left() > 1)
    }

    /// Records of other topics that were passed by, in words.
    pub(super) fn passed(&self) -> Option<String> {
        let Source::Files(files) = &self.from else { return None };
        let all: Vec<String> = files.passed().iter().map(|(topic, count)| format!("{topic} {count}")).collect();
        (!all.is_empty()).then(|| format!("records of other topics were passed by: {}", all.join(", ")))
    }
}

/// Where schemas are, as the arguments say or else the configuration. Asking for one waits for the answer.
///
/// # Errors
/// If what is said cannot be used.
pub(super) fn schemas(args: &SampleArgs, config: Option<&Config>) -> Result<Option<Arc<dyn Schemas>>, Failure> {
    let configured = config.and_then(|config| config.schema_registry.as_ref());
    Ok(service::patient_schemas(args.schema_registry.as_ref().or(configured))?)
}

/// Nothing can be said of the record there, for its schema did not come.
pub(super) fn no_schema(at: &At, schemas: Option<&Arc<dyn Schemas>>) -> Failure {
    Failure::new(Exit::Failure, format!("{at}: {}", missing(schemas)))
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn access(args: &SampleArgs, known: &Known<'_>) -> Result<Access, Failure> {
    match (&args.brokers, known.config) {
        (Some(brokers), _) => Ok(Access::plain(brokers)),
        (None, Some((config, _))) => {
            let settings = Settings::new(Arc::new(config.clone()));
            settings
                .map(|settings| Access::of(&settings))
                .map_err(|problem| Failure::new(Exit::Usage, problem.to_string()))
        }
        (None, None) => {
            let message =
                "it is not said where the topic is; write --brokers HOST:PORT, or name a configuration with -c";
            Err(Failure::new(Exit::Usage, message))
        }
    }
}

impl std::convert::From<PeekError> for Failure {
    fn from(error: PeekError) -> Self {
        let exit = match &error {
            PeekError::NoTopic { .. } => Exit::Usage,
            PeekError::Failed { .. } | PeekError::Silent { .. } => Exit::Failure,
        };
        Self::new(exit, error.to_string())
    }
}
