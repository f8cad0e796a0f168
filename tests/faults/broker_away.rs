//! A broker that does not answer, and one that dies and comes back: the service says so, waits, and goes on.

use std::sync::Arc;
use std::time::Duration;

use crate::support::answer::{check_dead_letters, check_transitions, written};
use crate::support::traffic::{Wanted, fold, traffic};
use crate::support::{Broker, Feed, Job, Progress, Service, Setup, until};

/// More than this is not taken for waiting.
const GROWTH_MAX: u64 = 128 << 20;
/// A broker completes a transaction within some milliseconds of being told.
const BROKER_FINISHES: Duration = Duration::from_millis(500);

#[test]
fn a_broker_that_does_not_answer_makes_the_service_unready_until_it_does_and_the_answer_stays_right() {
    // The broker's own controller would take it for dead, and for a moment nobody would lead the partitions. That is not what
    // this is about, and a transaction that ends just then is left hanging (KAFKA-20734).
    let settings = "broker.session.timeout.ms=120000\n";
    let Some(broker) = Broker::start_ours(|_| Some(settings.to_owned())) else { return };
    check_outage(&broker, 71, |process| {
        broker.freeze();
        println!("the broker is frozen: {}", wait_until_unready(process));
        broker.thaw();
    });
}

#[test]
fn a_broker_that_dies_and_comes_back_makes_the_service_unready_until_then_and_the_answer_stays_right() {
    let Some(broker) = Broker::start_ours(|_| None) else { return };
    check_outage(&broker, 72, |process| {
        // A broker that dies while it completes a transaction can leave it hanging (KAFKA-20734), which nobody but an
        // operator ends; so the service hands over nothing for a moment before.
        process.signal(libc::SIGSTOP);
        std::thread::sleep(BROKER_FINISHES);
        broker.kill();
        process.signal(libc::SIGCONT);
        println!("the broker is killed: {}", wait_until_unready(process));
        broker.start_again();
    });
}

/// Lets records flow through a service, with an outage in the middle.
fn check_outage(broker: &Broker, seed: u64, outage: impl FnOnce(&mut Service)) {
    // Each customer on one channel alone: after an outage, whose records come first is up to the network.
    let wanted = Wanted { seed, events: 6_000, customers: 600, days: 90, apart: usize::MAX };
    let records = Arc::new(traffic(wanted));
    let job = Job::new(broker, "away");
    let setup = Setup { workers: 2, allowed_lateness: "60d", ..Setup::default() };
    let progress = Progress::of(&job);
    let mut process = job.start("waits", &setup);
    process.wait_until_ready();
    let feed = Feed::start(&job, &records, 300.0);

    progress.wait_for(records.len() / 4, || process.said());
    let before = process.resident();
    outage(&mut process);
    check_recovery(&mut process, &progress, records.len() / 2, before);

    progress.wait_for(records.len(), || process.said());
    feed.finish();
    let status = process.stop();
    assert!(status.success(), "{status}\n{}", job.log("waits"));
    check_transitions(&written(&job), fold(records.iter()), "after an outage");
    check_dead_letters(&job, &records);
}

/// Gives the reasons that the service says it is not ready for.
fn wait_until_unready(process: &mut Service) -> String {
    let begun = std::time::Instant::now();
    let reasons = loop {
        let ended = process.ended();
        assert!(ended.is_none(), "it ended: {ended:?}\n{}", process.said());
        match process.get("/readyz") {
            Some((503, reasons)) => break reasons,
            Some((200, _)) => std::thread::sleep(Duration::from_millis(50)),
            other => panic!("{other:?}\n{}", process.said()),
        }
        assert!(begun.elapsed() < crate::support::PATIENCE, "it stays ready\n{}", process.said());
    };
    assert!(!reasons.trim().is_empty(), "it says why");
    assert_eq!(process.get("/livez").map(|(status, _)| status), Some(200), "it lives");
    format!("unready after {:?}: {}", begun.elapsed(), reasons.trim())
}

fn check_recovery(process: &mut Service, progress: &Progress, records: usize, before: u64) {
    let begun = std::time::Instant::now();
    process.wait_until_ready();
    println!("ready again after {:?}", begun.elapsed());
    if begun.elapsed().as_secs() > 20 {
        println!("{}", process.said());
    }
    progress.wait_for(records, || process.said());
    until("it to be ready", || process.said(), || process.is_ready().then_some(()));
    let grown = process.resident().saturating_sub(before);
    assert!(grown < GROWTH_MAX, "memory stays bounded, but grew by {} MiB", grown >> 20);
}
