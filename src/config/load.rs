//! From the file to a [`Config`]: the top level, and what only shows when everything is seen together.

use std::path::Path;

use super::inputs::{self, Input, check_topic};
use super::problem::{Problem, Problems};
use super::section::{Found, Section};
use super::{
    Config, ConfigError, Envelope, Guarantee, Keying, ModelRef, Needs, ShadowRef, Topics, env, http, kafka,
    schema_registry, units, variants,
};
use crate::journey::{Span, builtin_names};
use crate::yaml::{Dialect, Node, Place, Yaml};

const DIALECT: Dialect = Dialect { noun: "configuration", merge_keys: true };

/// Looks up a variable of the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Loads and checks a configuration file, with the environment of this process.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let file = path.display().to_string();
    let fail = |what: String, instead: &str| ConfigError {
        file: file.clone(),
        problems: vec![Problem { at: None, what, instead: instead.to_owned() }],
    };
    let bytes = std::fs::read(path)
        .map_err(|error| fail(format!("cannot be read: {error}"), "name a configuration file that exists with -c"))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        fail(format!("is not UTF-8 from byte {} on", error.utf8_error().valid_up_to()), "save it as UTF-8")
    })?;
    let folder = path.parent().unwrap_or(Path::new(""));
    parse(&text, &file, folder, &|name| std::env::var(name).ok())
}

/// Checks a configuration. `file` is how messages call it, `folder` what its relative paths start from.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str, file: &str, folder: &Path, environment: Environment<'_>) -> Result<Config, ConfigError> {
    let problems = Problems::default();
    let config = match Node::parse(text, DIALECT) {
        Ok(mut tree) => {
            env::substitute(&mut tree, environment, &problems);
            let root = Section::open("", Some(&tree), Place::START, &problems);
            Some(read(root, folder, environment))
        }
        Err(error) => {
            problems.add(error.at, error.what, error.instead);
            None
        }
    };
    problems.finish(file)?;
    Ok(config.expect("without problems there is a configuration"))
}

fn read(mut root: Section<'_>, folder: &Path, environment: Environment<'_>) -> Config {
    let application = application(&mut root);
    let kafka = kafka::read(root.section("kafka"));
    let keyings = [("direct", Keying::Direct), ("rekey", Keying::Rekey)];
    let keying = root.choice("keying", &keyings).unwrap_or(Keying::Direct);
    let inputs = inputs::read(&mut root, keying);
    let models = models(&mut root, folder);
    let shadows = shadows(&mut root, folder);
    let topics = topics(root.section("topics"), &application, &inputs, keying, !shadows.is_empty());
    let http = http::read(root.section("http"), folder, environment(http::TOKEN_VARIABLE));
    let guarantees = [("exactly_once", Guarantee::ExactlyOnce), ("at_least_once", Guarantee::AtLeastOnce)];
    let guarantee = root.choice("guarantee", &guarantees).unwrap_or(Guarantee::ExactlyOnce);
    let envelopes = [("binary", Envelope::Binary), ("structured", Envelope::Structured), ("bare", Envelope::Bare)];
    let envelope = root.choice("envelope", &envelopes).unwrap_or(Envelope::Binary);
    let needs = [("reference", Needs::Reference), ("inline", Needs::Inline)];
    let needs = root.choice("needs", &needs).unwrap_or(Needs::Reference);
    let variants = variants::read(&mut root);
    let schema_registry = schema_registry::read(&mut root, folder);
    let needing: Vec<_> = inputs.iter().map(|input| (input.name_at, &input.config)).collect();
    schema_registry::check_needed(&mut root, &needing);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let config = Config {
        application,
        kafka,
        inputs: inputs.into_iter().map(|input| input.config).collect(),
        keying,
        models,
        shadows,
        topics,
        guarantee,
        envelope,
        needs,
        variants,
        commit_interval: root.span("commit_interval", "1ms"..="1m").unwrap_or(Span(100)),
        workers: root.whole("workers", 1..=256).map_or(processors, |workers| workers as usize),
        align_idle_after: within(&mut root, "align", |s| s.span("idle_after", "0ms"..="1d")).unwrap_or(Span(0)),
        allowed_lateness: root.span("allowed_lateness", "0ms"..="365d").unwrap_or(Span(MINUTE)),
        max_future_skew: root.span("max_future_skew", "0ms"..="365d").unwrap_or(Span(5 * MINUTE)),
        forget_after: root.span("forget_after", "1m"..="36500d").unwrap_or(Span(400 * 24 * 60 * MINUTE)),
        remembered_ids: within(&mut root, "duplicates", |s| s.whole("remember", 0..=16)).map_or(4, |ids| ids as u8),
        dead_letters_stop_above: within(&mut root, "dead_letters", |section| {
            if section.is_off("stop_above") { None } else { section.share("stop_above") }
        }),
        shutdown_deadline: within(&mut root, "shutdown", |s| s.span("deadline", "1s"..="1h")).unwrap_or(Span(20_000)),
        max_event_bytes: 1 << 20,
        memory_limit: None,
        schema_registry,
        http,
    };
    let config = limits(root.section("limits"), config);
    root.finish();
    config
}

const MINUTE: i64 = 60_000;

/// Reads the one value of a section.
fn within<T>(root: &mut Section<'_>, key: &'static str, read: impl FnOnce(&mut Section<'_>) -> Option<T>) -> Option<T> {
    let mut section = root.section(key);
    let value = read(&mut section);
    section.finish();
    value
}

fn limits(mut section: Section<'_>, config: Config) -> Config {
    let max_event_bytes = section.size("event_bytes", 1 << 10..=1 << 30).map_or(config.max_event_bytes, |b| b as usize);
    let memory_limit = section.size("memory", 64 << 20..=1 << 50);
    section.finish();
    Config { max_event_bytes, memory_limit, ..config }
}

fn application(root: &mut Section<'_>) -> String {
    let instead = "write a name for the consumer group and the topics, such as application: shop";
    let Some(Found { at, value }) = root.required("application", instead) else { return String::new() };
    if !units::is_plain(value) || value.len() > 200 {
        let what = format!("application is {value:?}, but topics and groups are named after it");
        root.problems.add(at, what, "write up to 200 letters, digits, - _ and .");
    }
    value.to_owned()
}

fn models(root: &mut Section<'_>, folder: &Path) -> Vec<ModelRef> {
    let instead = "write for example models: [think5], or the path of a model file such as ./own.yaml";
    let problems = root.problems;
    if root.node("models").is_none() {
        root.missing("models", instead);
    }
    let mut models = Vec::new();
    for node in root.list("models", instead).unwrap_or_default() {
        let name = match &node.value {
            Yaml::Text(text) if !text.trim().is_empty() => text.trim(),
            Yaml::Reported => continue,
            other => {
                problems.add(node.at, format!("a model is {}", other.describe()), instead);
                continue;
            }
        };
        let Some(model) = model(Found { at: node.at, value: name }, folder, problems) else { continue };
        if models.contains(&model) {
            problems.add(node.at, format!("the model {name} stands here twice"), "leave one of them out");
        } else {
            models.push(model);
        }
    }
    models
}

/// The models that run beside the active ones: each a name or file, or a mapping that says beside which.
fn shadows(root: &mut Section<'_>, folder: &Path) -> Vec<ShadowRef> {
    let instead = "write for example shadow: [./new.yaml], or shadow: [{ model: ./other.yaml, beside: think5 }]";
    let problems = root.problems;
    let mut shadows: Vec<ShadowRef> = Vec::new();
    for (index, node) in root.list("shadow", instead).unwrap_or_default().iter().enumerate() {
        let (name, beside) = match &node.value {
            Yaml::Text(text) if !text.trim().is_empty() => (Some(Found { at: node.at, value: text.trim() }), None),
            Yaml::Map(_) => {
                let mut section = Section::open(format!("shadow[{index}]"), Some(node), node.at, problems);
                let name = section.required("model", "write the path of a model file, such as ./new.yaml");
                let beside = section.text("beside", "write the name of an active model, such as think5");
                section.finish();
                (name, beside.map(|found| found.value.to_owned()))
            }
            Yaml::Reported => continue,
            other => {
                problems.add(node.at, format!("a shadow is {}", other.describe()), instead);
                continue;
            }
        };
        let Some(model) = name.and_then(|name| model(name, folder, problems)) else { continue };
        if shadows.iter().any(|other| other.model == model) {
            problems.add(node.at, format!("the shadow {model} stands here twice"), "leave one of them out");
        } else {
            shadows.push(ShadowRef { model, beside });
        }
    }
    shadows
}

/// A model that is built in, or whose file is there.
fn model(name: Found<&str>, folder: &Path, problems: &Problems) -> Option<ModelRef> {
    let model = ModelRef::parse(name.value, folder);
    match &model {
        ModelRef::File(path) if !path.is_file() => {
            let instead = "name a file that exists; a relative path starts at this configuration's folder";
            problems.add(name.at, format!("there is no model file {}", path.display()), instead);
            None
        }
        ModelRef::BuiltIn(unknown) if !builtin_names().any(|known| known == unknown) => {
            let known: Vec<&str> = builtin_names().collect();
            let instead = format!("{}, or the path of a file, such as ./{unknown}.yaml", units::suggest("", &known));
            problems.add(name.at, format!("there is no built-in model {unknown}"), instead);
            None
        }
        _ => Some(model),
    }
}

/// The topics that are written; they must differ from each other and from what is read.
fn topics(mut section: Section<'_>, application: &str, inputs: &[Input], keying: Keying, has_shadows: bool) -> Topics {
    let problems = section.problems;
    let instead = "write the name of a topic, or leave it out";
    let mut seen: Vec<(String, &'static str)> = Vec::new();
    let mut name = |section: &mut Section<'_>, key: &'static str| {
        let found = section.text(key, instead);
        let at = found.map_or(section.at, |found| found.at);
        let topic = match found {
            Some(topic) => {
                check_topic(topic, problems);
                topic.value.to_owned()
            }
            None => format!("{application}.{}", key.replace('_', "-")),
        };
        if let Some(input) = inputs.iter().find(|input| input.config.topic == topic) {
            let what = format!("topics.{key} is {topic}, which input {} reads", input.config.name);
            problems.add(at, what, "write another name: what is written must not be read again");
        }
        if let Some((_, other)) = seen.iter().find(|(known, _)| *known == topic) {
            let what = format!("topics.{key} and topics.{other} are both {topic}");
            problems.add(at, what, "give each a name of its own");
        }
        seen.push((topic.clone(), key));
        topic
    };
    let transitions = name(&mut section, "transitions");
    let signals = if section.is_off("signals") { None } else { Some(name(&mut section, "signals")) };
    let phases = if section.is_off("phases") { None } else { Some(name(&mut section, "phases")) };
    let shadow = if has_shadows { Some(name(&mut section, "shadow")) } else { None };
    let events = if keying == Keying::Rekey { Some(name(&mut section, "events")) } else { None };
    // Known also where they are not needed: a shadow comes and goes.
    let _ = (section.node("shadow"), section.node("events"));
    let dead_letters = name(&mut section, "dead_letters");
    let state_deltas = name(&mut section, "state_deltas");
    let state_snapshots = name(&mut section, "state_snapshots");
    section.finish();
    Topics { transitions, signals, phases, shadow, events, dead_letters, state_deltas, state_snapshots }
}
