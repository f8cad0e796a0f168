//! State and offsets that do not fit: refused with what to do, never guessed at.

use std::process::ExitStatus;

use futures::executor::block_on;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;

use crate::support::answer::{check_dead_letters, check_transitions, written};
use crate::support::traffic::{INPUTS, Record, Wanted, fold, traffic};
use crate::support::{Broker, Isolation, Job, PARTITIONS, PATIENCE, Setup, until};

fn records(seed: u64) -> Vec<Record> {
    traffic(Wanted { seed, events: 3_000, customers: 300, days: 90, apart: 0 })
}

fn admin(job: &Job<'_>) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", job.broker.address()).create().expect("an admin client can be made")
}

/// Runs a process that must refuse, and checks that it says each of these words.
fn check_refusal(job: &Job<'_>, code: i32, words: &[&str]) {
    let before = job.log("refused").len();
    let status: ExitStatus = job.start("refused", &Setup::default()).wait();
    let log = job.log("refused")[before..].to_owned();
    assert_eq!(status.code(), Some(code), "{status}\n{log}");
    let last = log.lines().last().unwrap_or_default();
    for word in words {
        assert!(last.contains(word), "it must say {word:?}, but says: {last}\n{log}");
    }
}

#[test]
fn offsets_without_state_are_refused() {
    let job = Job::new(Broker::shared(), "no-state");
    job.fill(&records(61));
    job.catch_up("first", &Setup::default());
    let deltas = job.topic("state-deltas");
    for partition in 0..PARTITIONS {
        let records = job.broker.read(&deltas, Isolation::ReadUncommitted);
        let end = records.iter().filter(|one| one.partition == partition).map(|one| one.offset + 1).max();
        // The marker of the last transaction lies behind its records.
        job.broker.delete_records(&deltas, partition, end.expect("every partition has state") + 1);
    }
    check_refusal(&job, 4, &["there is no state", "state topics were emptied", "--delete-offsets"]);
    let transitions = written(&job).len();
    let topics = [deltas.as_str(), &job.topic("state-snapshots")];
    for deleted in block_on(admin(&job).delete_topics(&topics, &AdminOptions::new())).expect("topics can be deleted") {
        deleted.unwrap_or_else(|(topic, problem)| panic!("deleting {topic}: {problem}"));
    }
    check_refusal(&job, 4, &["there is no state", "state topics were emptied", "--delete-offsets"]);
    assert_eq!(written(&job).len(), transitions, "nothing was written");
}

#[test]
fn state_without_offsets_is_refused_and_adopted_when_asked() {
    let job = Job::new(Broker::shared(), "no-offsets");
    let records = records(62);
    let (before, after) = records.split_at(records.len() * 2 / 3);
    job.fill(before);
    job.catch_up("first", &Setup::default());
    let options = AdminOptions::new();
    let deleted = block_on(admin(&job).delete_groups(&[&job.application], &options)).expect("groups can be deleted");
    deleted.into_iter().for_each(|group| _ = group.expect("the group has no members, so it can be deleted"));
    job.fill(after);
    check_refusal(&job, 4, &["no committed offset", "--adopt-state"]);
    let figures = job.start_with("adopts", &Setup::default(), &["--adopt-state", "--exit-when-caught-up"]).figures();
    assert_eq!(figures["events"], after.len(), "it goes on where the state says: {figures}");
    check_transitions(&written(&job), fold(&records), "after adopting the state");
    check_dead_letters(&job, &records);
    let again = job.catch_up("first", &Setup::default());
    assert_eq!(again["events"], 0, "offsets and state agree again: {again}");
}

#[test]
fn inputs_with_different_numbers_of_partitions_are_refused() {
    let job = Job::new(Broker::shared(), "unequal");
    let pos = job.input(INPUTS.len() - 1);
    let more = rdkafka::admin::NewPartitions::new(&pos, PARTITIONS as usize + 2);
    let grown = block_on(admin(&job).create_partitions(&[more], &AdminOptions::new())).expect("a topic can grow");
    grown.into_iter().for_each(|topic| _ = topic.expect("the topic grows"));
    // Until the broker says so itself, a service may still be told of six.
    until("the topic to grow", String::new, || {
        let metadata = admin(&job).inner().fetch_metadata(Some(&pos), PATIENCE).ok()?;
        (metadata.topics()[0].partitions().len() as i32 == PARTITIONS + 2).then_some(())
    });
    check_refusal(&job, 4, &["different numbers of partitions", &format!("{pos} {}", PARTITIONS + 2)]);
}
