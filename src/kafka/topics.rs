//! What the topics must be like, and what is wrong with those that are there: a pure comparison, all findings at once.
//!
//! What it protects: state lies in the partition of its inputs, and nobody but the service deletes it.

use std::collections::{BTreeMap, HashMap};

use crate::config::Topics;

/// A batch that our producers write can be this large.
const BATCH_BYTES: u64 = 1_000_012;
/// How long a topic of events that we create keeps them: a week may pass until the journeys go on.
const EVENTS_KEPT_MS: i64 = 7 * 86_400_000;
/// Less than this may not outlast an outage.
const EVENTS_KEPT_MS_MIN: i64 = 86_400_000;
/// Largest record in a topic of dead letters, or of events, that we create.
const DEAD_LETTER_BYTES: u64 = 16 << 20;

/// An input by its name and topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedInput {
    pub(super) name: String,
    pub(super) topic: String,
}

/// A topic as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Actual {
    pub(super) partitions: i32,
    /// Whether every partition has a leader.
    pub(super) led: bool,
    pub(super) settings: BTreeMap<String, String>,
}

/// A topic that is to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Creation {
    pub(super) topic: String,
    pub(super) partitions: i32,
    pub(super) settings: Vec<(&'static str, String)>,
}

/// What came of the comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Of every input, or of the topic of events where that is what the journeys are read from; 0 if there is no such number.
    pub(super) partitions: i32,
    /// The topic of events, if the journeys are read from that.
    pub(super) events: Option<String>,
    /// Of each input.
    pub(super) inputs: Vec<i32>,
    /// The largest event that the topic of events takes.
    pub(super) event_bytes: u64,
    /// Whether the topics of what is told of customers have as many, or will have once they are created.
    pub(super) outputs_alike: bool,
    /// What is missing and can be created.
    pub(super) creations: Vec<Creation>,
    /// What stands in the way, each with what to do.
    pub(super) problems: Vec<String>,
    /// What does not.
    pub(super) warnings: Vec<String>,
    /// The largest record that the topic of dead letters takes.
    pub(super) dead_letter_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Transitions,
    Signals,
    Phases,
    Shadow,
    Events,
    DeadLetters,
    Deltas,
    Snapshots,
}

impl Role {
    fn settings(self) -> Vec<(&'static str, String)> {
        let forever = || [("retention.ms", "-1".to_owned()), ("retention.bytes", "-1".to_owned())];
        let policy = |policy: &str| ("cleanup.policy", policy.to_owned());
        match self {
            Role::Transitions | Role::Signals | Role::Shadow => vec![policy("delete")],
            Role::Phases => vec![policy("compact")],
            Role::Events => vec![
                policy("delete"),
                ("retention.ms", EVENTS_KEPT_MS.to_string()),
                ("retention.bytes", "-1".to_owned()),
                ("max.message.bytes", DEAD_LETTER_BYTES.to_string()),
            ],
            Role::DeadLetters => vec![policy("delete"), ("max.message.bytes", DEAD_LETTER_BYTES.to_string())],
            Role::Deltas => [policy("delete")].into_iter().chain(forever()).collect(),
            Role::Snapshots => vec![
                policy("compact"),
                ("segment.bytes", (64 << 20).to_string()),
                ("min.cleanable.dirty.ratio", "0.1".to_owned()),
            ],
        }
    }

    fn is_state(self) -> bool {
        matches!(self, Role::Deltas | Role::Snapshots)
    }
}

fn outputs(topics: &Topics) -> Vec<(Role, &str)> {
    let mut all = vec![(Role::Transitions, topics.transitions.as_str())];
    all.extend(topics.signals.as_deref().map(|signals| (Role::Signals, signals)));
    all.extend(topics.phases.as_deref().map(|phases| (Role::Phases, phases)));
    all.extend(topics.shadow.as_deref().map(|shadow| (Role::Shadow, shadow)));
    all.extend(topics.events.as_deref().map(|events| (Role::Events, events)));
    all.extend([
        (Role::DeadLetters, topics.dead_letters.as_str()),
        (Role::Deltas, topics.state_deltas.as_str()),
        (Role::Snapshots, topics.state_snapshots.as_str()),
    ]);
    all
}

/// Every topic that is read or written, once.
pub(super) fn all_topics(inputs: &[NamedInput], topics: &Topics) -> Vec<String> {
    let mut all: Vec<String> = inputs.iter().map(|input| input.topic.clone()).collect();
    all.extend(outputs(topics).into_iter().map(|(_, topic)| topic.to_owned()));
    all.sort();
    all.dedup();
    all
}

/// Compares what is wanted with what is there.
pub(super) fn compare(wanted: &[NamedInput], topics: &Topics, actual: &HashMap<String, Actual>) -> Findings {
    let mut findings = Findings {
        outputs_alike: true,
        dead_letter_bytes: DEAD_LETTER_BYTES,
        event_bytes: DEAD_LETTER_BYTES,
        events: topics.events.clone(),
        ..Findings::default()
    };
    let counts = counts(wanted, actual, &mut findings.problems);
    findings.inputs = counts.iter().map(|(_, count)| *count).collect();
    findings.partitions = match &topics.events {
        None => common(&counts, &mut findings.problems),
        // Any number will do; who follows up to as many at once as the inputs have partitions can go on to do so.
        Some(events) => match actual.get(events) {
            Some(actual) => actual.partitions,
            None => findings.inputs.iter().copied().max().unwrap_or(0),
        },
    };
    let mut seen: Vec<&str> = wanted.iter().map(|input| input.topic.as_str()).collect();
    for (role, topic) in outputs(topics) {
        if seen.contains(&topic) {
            findings
                .problems
                .push(format!("topic {topic} is named twice: each input and each output needs one of its own"));
            continue;
        }
        seen.push(topic);
        match actual.get(topic) {
            Some(actual) => output(role, topic, actual, &mut findings),
            None if findings.partitions > 0 => findings.creations.push(Creation {
                topic: topic.to_owned(),
                partitions: findings.partitions,
                settings: role.settings(),
            }),
            None => {}
        }
    }
    findings
}

/// The partition counts of those inputs that are there.
fn counts<'a>(
    wanted: &'a [NamedInput],
    actual: &HashMap<String, Actual>,
    problems: &mut Vec<String>,
) -> Vec<(&'a NamedInput, i32)> {
    let mut counts = Vec::new();
    for input in wanted {
        match actual.get(&input.topic) {
            Some(actual) => counts.push((input, actual.partitions)),
            None => problems.push(format!(
                "input {}: topic {} does not exist; create it with as many partitions as the other inputs, or correct its name",
                input.name, input.topic
            )),
        }
    }
    counts
}

/// The partition count of all inputs, or 0 and why there is none.
fn common(counts: &[(&NamedInput, i32)], problems: &mut Vec<String>) -> i32 {
    let Some(&(_, count)) = counts.first() else { return 0 };
    if counts.iter().any(|(_, other)| *other != count) {
        let list: Vec<_> = counts.iter().map(|(input, count)| format!("{} {count}", input.topic)).collect();
        problems.push(format!(
            "the inputs have different numbers of partitions ({}); a customer's events must lie in the same partition of all, \
             so give them the same number and write their records anew, or set `keying: rekey`, which does that for you",
            list.join(", ")
        ));
        return 0;
    }
    count
}

fn output(role: Role, topic: &str, actual: &Actual, findings: &mut Findings) {
    let setting = |name: &str| actual.settings.get(name).map(String::as_str);
    let mut wrong = |name: &str, is: &str, should: &str, why: &str| {
        findings.problems.push(format!("topic {topic} has {name}={is}: {why}; set {name}={should}"));
    };
    let policy = setting("cleanup.policy").unwrap_or("delete");
    match role {
        Role::Deltas => {
            if policy != "delete" {
                wrong(
                    "cleanup.policy",
                    policy,
                    "delete",
                    "compaction would delete state that is not yet in a snapshot",
                );
            }
            for name in ["retention.ms", "retention.bytes"] {
                if let Some(is) = setting(name).filter(|is| *is != "-1") {
                    wrong(
                        name,
                        is,
                        "-1",
                        "the broker would delete state that is not yet in a snapshot; the service trims it",
                    );
                }
            }
        }
        Role::Snapshots if policy != "compact" => {
            wrong(
                "cleanup.policy",
                policy,
                "compact",
                "the newest snapshot of every customer must stay, and only that",
            );
        }
        Role::Events => {
            if policy != "delete" {
                wrong("cleanup.policy", policy, "delete", "compaction would delete events that are not yet applied");
            }
            let kept = |name: &str| setting(name).and_then(|text| text.parse::<i64>().ok()).unwrap_or(-1);
            if (0..EVENTS_KEPT_MS_MIN).contains(&kept("retention.ms")) || kept("retention.bytes") >= 0 {
                findings.warnings.push(format!(
                    "topic {topic} has retention.ms={} and retention.bytes={}: events that are deleted before they are applied \
                     are lost, and the service stops; set retention.ms={EVENTS_KEPT_MS} and retention.bytes=-1",
                    kept("retention.ms"), kept("retention.bytes")
                ));
            }
        }
        Role::Phases if !policy.split(',').any(|one| one.trim() == "compact") => {
            wrong("cleanup.policy", policy, "compact", "the latest phase of every customer must stay");
        }
        Role::Transitions if policy != "delete" => findings.warnings.push(format!(
            "topic {topic} has cleanup.policy={policy}: of a customer's transitions only the latest will stay; \
             for that there is the topic of phases"
        )),
        Role::Signals | Role::Shadow if policy != "delete" => findings.warnings.push(format!(
            "topic {topic} has cleanup.policy={policy}: of what is told of a customer only the latest will stay; set \
             cleanup.policy=delete to keep them all"
        )),
        _ => {}
    }
    if matches!(role, Role::Transitions | Role::Signals | Role::Phases | Role::Shadow) {
        findings.outputs_alike &= actual.partitions == findings.partitions;
    }
    if role.is_state() && findings.partitions > 0 && actual.partitions != findings.partitions {
        let (read, given) = match findings.events.as_deref() {
            None => ("the inputs have".to_owned(), "the inputs"),
            Some(events) => (format!("topic {events} has"), "it"),
        };
        findings.problems.push(format!(
            "topic {topic} has {} partitions, {read} {}: state lies in the partition of what it is read from, and their number is \
             fixed for the life of an application; give {given} {} partitions again, or begin anew with another application name",
            actual.partitions, findings.partitions, actual.partitions
        ));
    }
    let largest = setting("max.message.bytes").and_then(|bytes| bytes.parse::<u64>().ok());
    let Some(largest) = largest else { return };
    if largest < BATCH_BYTES {
        findings.problems.push(format!(
            "topic {topic} has max.message.bytes={largest}: less than the {BATCH_BYTES} bytes that we write at once; raise it"
        ));
    }
    if role == Role::Events {
        findings.event_bytes = largest;
    }
    if role == Role::DeadLetters {
        findings.dead_letter_bytes = largest;
        if largest < DEAD_LETTER_BYTES {
            findings.warnings.push(format!(
                "topic {topic} has max.message.bytes={largest}: larger dead letters are cut short; \
                 set max.message.bytes={DEAD_LETTER_BYTES} to keep them whole"
            ));
        }
    }
}

#[cfg(test)]
#[path = "topics_tests.rs"]
mod tests;
