//! Processes that come, go and get in each other's way while records flow.

use std::sync::Arc;

use crate::support::answer::{check_dead_letters, check_signals, check_transitions, written};
use crate::support::traffic::{Record, Wanted, fold, traffic};
use crate::support::{Broker, Feed, Job, Progress, Setup, until};

const A_SECOND: f64 = 400.0;

fn flow(seed: u64) -> Arc<Vec<Record>> {
    Arc::new(traffic(Wanted { seed, events: 8_000, customers: 800, days: 90, apart: 400 }))
}

fn setup() -> Setup {
    Setup { allowed_lateness: "30d", ..Setup::default() }
}

#[test]
fn a_process_that_comes_late_and_one_that_goes_early_change_nothing_about_the_answer() {
    let records = flow(41);
    let job = Job::new(Broker::shared(), "rebalance");
    let progress = Progress::of(&job);
    let mut first = job.start("first", &setup());
    first.wait_until_ready();
    let feed = Feed::start(&job, &records, A_SECOND);
    progress.wait_for(records.len() / 5, || first.said());
    let second = job.start("second", &setup());
    let shared = || format!("{}\n--\n{}", first.said(), second.said());
    until("the partitions to be shared", shared, || {
        (first.partitions() == 3 && second.partitions() == 3).then_some(())
    });
    assert!(!feed.is_done(), "records flow while the partitions move");
    progress.wait_for(records.len() / 2, shared);
    let status = first.stop();
    assert!(status.success(), "{status}\n{}", job.log("first"));
    assert!(!feed.is_done(), "records flow while the partitions move");
    until("the second to have all", || second.said(), || (second.partitions() == 6).then_some(()));
    progress.wait_for(records.len(), || second.said());
    feed.finish();
    assert!(second.stop().success());
    let mut customers = check_transitions(&written(&job), fold(records.iter()), "after two moves");
    check_signals(&job, &mut customers, "after two moves");
    check_dead_letters(&job, &records);
}

#[test]
fn of_two_processes_with_one_instance_name_one_ends_fenced_and_the_answer_stays_right() {
    let records = flow(42);
    let job = Job::new(Broker::shared(), "fenced");
    let progress = Progress::of(&job);
    let mut processes = vec![("one", job.start_as("one", "twin", &setup(), &[]))];
    processes[0].1.wait_until_ready();
    let feed = Feed::start(&job, &records, A_SECOND);
    progress.wait_for(records.len() / 5, || job.log("one"));
    processes.push(("two", job.start_as("two", "twin", &setup(), &[])));
    let logs = || format!("{}\n--\n{}", job.log("one"), job.log("two"));
    let (ended, status) = until("one of them to end", logs, || {
        processes.iter_mut().enumerate().find_map(|(place, (_, process))| Some((place, process.ended()?)))
    });
    let (name, _) = processes.remove(ended);
    assert_eq!(status.code(), Some(3), "{}", logs());
    let last = job.log(name).lines().last().unwrap_or_default().to_owned();
    assert!(last.contains("kafka.instance"), "it says what to do: {last}");
    progress.wait_for(records.len(), logs);
    feed.finish();
    let (name, survivor) = processes.remove(0);
    let status = survivor.stop();
    assert!(status.success(), "the other goes on: {status}\n{}", job.log(name));
    check_transitions(&written(&job), fold(records.iter()), "after a fence");
}
