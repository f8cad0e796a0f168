//! A process that is asked to end finishes what it began.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::answer::{check_dead_letters, check_signals, check_transitions, written};
use crate::support::traffic::{Wanted, fold, traffic};
use crate::support::{Broker, Feed, Isolation, Job, Progress, Setup, until};

#[test]
fn a_process_that_is_asked_to_end_commits_what_it_has_and_the_next_goes_on_without_a_gap() {
    let records = Arc::new(traffic(Wanted { seed: 51, events: 6_000, customers: 600, days: 90, apart: 400 }));
    let job = Job::new(Broker::shared(), "sigterm");
    let setup = Setup { workers: 2, allowed_lateness: "30d", more: "shutdown: { deadline: 15s }", ..Setup::default() };
    let progress = Progress::of(&job);
    let feed = Feed::start(&job, &records, 400.0);
    for part in 1..=3 {
        let mut process = job.start("again", &setup);
        progress.wait_for(records.len() * part / 5, || process.said());
        let begun = Instant::now();
        process.signal(libc::SIGTERM);
        let status = process.wait();
        let took = begun.elapsed();
        println!("ended after {took:?}");
        assert!(status.success(), "{status}\n{}", process.said());
        assert!(took < Duration::from_secs(15), "it keeps its deadline: {took:?}");
        assert!(!feed.is_done(), "it was asked while records flowed");
    }
    let process = job.start("again", &setup);
    progress.wait_for(records.len(), || process.said());
    feed.finish();
    assert!(process.stop().success());
    let transitions = written(&job);
    let mut customers = check_transitions(&transitions, fold(records.iter()), "after three ends");
    check_signals(&job, &mut customers, "after three ends");
    check_dead_letters(&job, &records);
    let all = job.broker.read(&job.topic("transitions"), Isolation::ReadUncommitted).len();
    assert_eq!(all, transitions.len(), "nothing was begun that was not finished");
}

#[test]
fn one_that_leaves_is_not_waited_for() {
    let job = Job::new(Broker::shared(), "leaves");
    let setup = Setup::default();
    let mut stays = job.start("stays", &setup);
    stays.wait_until_ready();
    let leaves = job.start("leaves", &setup);
    until("the partitions to be shared", || leaves.said(), || (leaves.partitions() == 3).then_some(()));
    assert!(leaves.stop().success());
    let begun = Instant::now();
    until("the partitions to come back", || stays.said(), || (stays.partitions() == 6).then_some(()));
    let took = begun.elapsed();
    println!("its partitions were taken over after {took:?}");
    // A member that says nothing is given up after ten seconds.
    assert!(took < Duration::from_secs(8), "the group did not wait for a member that said goodbye: {took:?}");
    assert!(stays.stop().success());
}
