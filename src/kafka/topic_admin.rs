//! Looking at the topics that are there, and creating those that are missing.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use futures::executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;

use super::context::Quiet;
use super::refusal;
use super::settings::Settings;
use super::topics::{Actual, Creation, NamedInput, all_topics, compare};

/// How long one question may take.
const ASK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long new topics may take to be known everywhere.
const KNOWN_TIMEOUT: Duration = Duration::from_secs(20);
const KNOWN_PAUSE: Duration = Duration::from_millis(20);

/// What is known of the topics once they are as they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFacts {
    /// Partitions of every input; with `keying: rekey`, of the topic of events.
    pub partitions: i32,
    /// Partitions of each input.
    pub inputs: Vec<i32>,
    /// The largest event that the topic of events takes.
    pub event_bytes: usize,
    /// Whether the topics of transitions, signals and phases have as many.
    pub outputs_alike: bool,
    /// The largest record that the topic of dead letters takes.
    pub dead_letter_bytes: usize,
    /// Topics that were created.
    pub created: Vec<String>,
    /// What is odd, but does not stand in the way.
    pub warnings: Vec<String>,
}

/// Why the topics will not do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicsError {
    /// The broker is away; trying again is right.
    #[error("looking at the topics: {0}; is a broker running, and is kafka.brokers its address?")]
    Unavailable(String),
    /// All that is wrong, each with what to do.
    #[error("{}", .0.join("\n"))]
    Unfit(Vec<String>),
}

/// Checks the topics. Those that are missing are created if `create`, else they are told as wrong.
pub fn prepare_topics(settings: &Settings, create: bool) -> Result<TopicFacts, TopicsError> {
    match prepare(settings, create) {
        Err(TopicsError::Unavailable(why)) => Err(match refusal::ask(settings) {
            Some(refusal) => TopicsError::Unfit(vec![refusal]),
            None => TopicsError::Unavailable(why),
        }),
        other => other,
    }
}

fn prepare(settings: &Settings, create: bool) -> Result<TopicFacts, TopicsError> {
    let client: AdminClient<Quiet> = settings
        .plain(0, "topics")
        .create_with_context(Quiet)
        .map_err(|problem| TopicsError::Unfit(vec![format!("setting up the client: {problem}")]))?;
    let config = &settings.config;
    let inputs: Vec<_> =
        config.inputs.iter().map(|one| NamedInput { name: one.name.clone(), topic: one.topic.clone() }).collect();
    let mut actual = look(&client, &all_topics(&inputs, &config.topics))?;
    describe(&client, &mut actual)?;
    let mut findings = compare(&inputs, &config.topics, &actual);
    if !create {
        let missing = findings.creations.iter().map(|one| {
            format!(
                "topic {} does not exist; `klantreis topics create` creates it with {} partitions",
                one.topic, one.partitions
            )
        });
        findings.problems.extend(missing);
    }
    if !findings.problems.is_empty() {
        return Err(TopicsError::Unfit(findings.problems));
    }
    create_all(&client, &findings.creations, config.kafka.replication)?;
    Ok(TopicFacts {
        partitions: findings.partitions,
        inputs: findings.inputs,
        event_bytes: usize::try_from(findings.event_bytes).unwrap_or(usize::MAX),
        outputs_alike: findings.outputs_alike,
        dead_letter_bytes: usize::try_from(findings.dead_letter_bytes).unwrap_or(usize::MAX),
        created: findings.creations.into_iter().map(|one| one.topic).collect(),
        warnings: findings.warnings,
    })
}

/// The partitions of those topics that exist.
fn look(client: &AdminClient<Quiet>, topics: &[String]) -> Result<HashMap<String, Actual>, TopicsError> {
    let mut actual = HashMap::new();
    for name in topics {
        let metadata =
            client.inner().fetch_metadata(Some(name), ASK_TIMEOUT).map_err(|problem| unavailable(&problem))?;
        let Some(topic) = metadata.topics().first() else { continue };
        match topic.error() {
            None => {
                let led = topic.partitions().iter().all(|one| one.leader() >= 0);
                let partitions = i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX);
                actual.insert(name.clone(), Actual { partitions, led, settings: BTreeMap::new() });
            }
            Some(
                RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                | RDKafkaRespErr::RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
                | RDKafkaRespErr::RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
            ) => {}
            Some(
                problem @ (RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED
                | RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION),
            ) => {
                let problem = RDKafkaErrorCode::from(problem);
                return Err(TopicsError::Unfit(vec![format!("topic {name}: {problem}")]));
            }
            Some(problem) => {
                return Err(TopicsError::Unavailable(format!("topic {name}: {}", RDKafkaErrorCode::from(problem))));
            }
        }
    }
    Ok(actual)
}

/// Fills the settings in.
fn describe(client: &AdminClient<Quiet>, actual: &mut HashMap<String, Actual>) -> Result<(), TopicsError> {
    let names: Vec<String> = actual.keys().cloned().collect();
    if names.is_empty() {
        return Ok(());
    }
    let asked: Vec<_> = names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
    let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT));
    let told = block_on(client.describe_configs(&asked, &options)).map_err(|problem| unavailable(&problem))?;
    for (name, resource) in names.iter().zip(told) {
        let resource = resource
            .map_err(|problem| TopicsError::Unfit(vec![format!("reading the settings of topic {name}: {problem}")]))?;
        let rdkafka::admin::OwnedResourceSpecifier::Topic(of) = &resource.specifier else { continue };
        if let Some(topic) = actual.get_mut(of) {
            topic.settings =
                resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect();
        }
    }
    Ok(())
}

fn create_all(client: &AdminClient<Quiet>, creations: &[Creation], replication: i32) -> Result<(), TopicsError> {
    if creations.is_empty() {
        return Ok(());
    }
    let replication = if replication > 0 { replication } else { -1 };
    let topics: Vec<_> = creations
        .iter()
        .map(|one| {
            let topic = NewTopic::new(&one.topic, one.partitions, TopicReplication::Fixed(replication));
            one.settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value))
        })
        .collect();
    let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT)).operation_timeout(Some(ASK_TIMEOUT));
    let told = block_on(client.create_topics(&topics, &options)).map_err(|problem| unavailable(&problem))?;
    let problems: Vec<_> = told
        .into_iter()
        .filter_map(|one| match one {
            // Another process was quicker; it creates the same.
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => None,
            Err((topic, problem)) => Some(format!("creating topic {topic}: {problem}")),
        })
        .collect();
    if !problems.is_empty() {
        return Err(TopicsError::Unfit(problems));
    }
    let begun = Instant::now();
    let names: Vec<String> = creations.iter().map(|one| one.topic.clone()).collect();
    while look(client, &names)?.values().filter(|topic| topic.led).count() < names.len() {
        if begun.elapsed() > KNOWN_TIMEOUT {
            return Err(TopicsError::Unavailable(
                "the broker does not know the topics that it has just created".to_owned(),
            ));
        }
        std::thread::sleep(KNOWN_PAUSE);
    }
    Ok(())
}

fn unavailable(problem: &KafkaError) -> TopicsError {
    match problem.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::Authentication,
        )
        | None => TopicsError::Unfit(vec![format!("looking at the topics: {problem}")]),
        Some(_) => TopicsError::Unavailable(problem.to_string()),
    }
}
