//! kill -9 of the process that keys events anew, and of the one that stands by: the answer is that of one undisturbed life.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::answer::{check_dead_letters_of, check_phases, check_signals, check_transitions, written};
use crate::support::traffic::{Dice, Record, Wanted, fold, traffic};
use crate::support::{Broker, Feed, Isolation, Job, Progress, Service, Setup};

const KILLS: u64 = 10;
const EVENTS: usize = 7_000;
const BETWEEN_KILLS: Duration = Duration::from_millis(2_400);
/// Longer than the groups wait for a member that fell silent: the other process takes over.
const UNTIL_GIVEN_UP: Duration = Duration::from_secs(13);
const INSTANCES: [&str; 2] = ["left", "right"];
/// What the log of the lead says.
const LEADS: &str = "the ingest is the lead";
const PARTITIONS: [i32; 3] = [6, 4, 3];

/// Not the customer: but the records of a customer in one input come in their order, since nobody can restore that.
fn key_of(record: &Record) -> String {
    format!("device-of-{}", record.customer)
}

#[test]
fn whatever_moments_the_ingest_is_killed_at_the_answer_is_that_of_inputs_keyed_by_customer() {
    let seconds = 1.5 * BETWEEN_KILLS.as_secs_f64() * KILLS as f64;
    let a_second = EVENTS as f64 / seconds;
    let wanted =
        Wanted { seed: 20_250_502, events: EVENTS, customers: EVENTS / 10, days: 90, apart: (a_second / 2.0) as usize };
    let records = Arc::new(traffic(wanted));
    let job = Job::with_partitions(Broker::shared(), "rekey-kills", PARTITIONS);
    let more = "commit_interval: 300ms\nkeying: rekey";
    let setup = Setup { workers: 1, allowed_lateness: "10d", more, ..Setup::default() };

    let feed = Feed::start_keyed(&job, &records, a_second, key_of);
    let progress = Progress::of_group(&job, &format!("{}.ingest", job.application), PARTITIONS);
    kill_while_records_flow(&job, &setup, &feed, &progress);
    feed.finish();
    let mut processes = INSTANCES.map(|instance| job.start(instance, &setup));
    progress.wait_for(records.len(), || job.log("left") + &job.log("right"));
    processes.iter_mut().for_each(|process| _ = process.wait_until_ready());
    for process in processes {
        assert!(process.stop().success(), "both end well when asked to");
    }
    let figures = job.catch_up("left", &setup);
    assert_eq!(figures["events"], 0, "all was read before: {figures}");

    let mut customers = check_transitions(&written(&job), fold(records.iter()), "after the kills");
    assert!(check_signals(&job, &mut customers, "after the kills") > 50, "there are signals");
    check_phases(&job, &customers);
    check_dead_letters_of(&job, &records, key_of);
    check_events(&job, &records);
    for instance in INSTANCES {
        assert!(job.log(instance).contains(LEADS), "{instance} led at some time");
    }
}

fn kill_while_records_flow(job: &Job<'_>, setup: &Setup, feed: &Feed, progress: &Progress) {
    let mut dice = Dice(20_250_502);
    let mut processes: [Option<Service>; 2] = INSTANCES.map(|instance| Some(job.start(instance, setup)));
    let mut start_at = [Instant::now(); 2];
    let mut next = Instant::now() + BETWEEN_KILLS;
    let (mut kills, mut mid_work) = (0, 0);
    while kills < KILLS {
        std::thread::sleep(Duration::from_millis(10));
        for (place, process) in processes.iter_mut().enumerate() {
            match process {
                None if Instant::now() >= start_at[place] => *process = Some(job.start(INSTANCES[place], setup)),
                None => {}
                Some(running) => assert!(running.ended().is_none(), "ended by itself\n{}", running.said()),
            }
        }
        if Instant::now() < next {
            continue;
        }
        next += BETWEEN_KILLS.mul_f64(0.25 + 1.5 * dice.share());
        // Mostly the lead, which is the first in the alphabet while it is there; once it is to stay away.
        let moves_the_lead = kills == 2;
        let victim = if moves_the_lead { 0 } else { usize::from(dice.roll(3) == 0) };
        let victim = if processes[victim].is_some() || moves_the_lead { victim } else { 1 - victim };
        if moves_the_lead && processes[1].is_none() {
            continue;
        }
        let Some(mut process) = processes[victim].take() else { continue };
        mid_work += u64::from(feed.fed() > progress.committed().expect("the broker answers"));
        process.kill();
        kills += 1;
        let gives_up = dice.roll(8) == 0;
        let pause = if gives_up { UNTIL_GIVEN_UP } else { Duration::from_millis(dice.roll(500)) };
        if moves_the_lead {
            wait_until_it_leads(job, INSTANCES[1]);
            next = Instant::now() + BETWEEN_KILLS;
        }
        start_at[victim] = Instant::now() + pause;
    }
    println!("{kills} kills, {mid_work} of them while something was not committed");
    assert!(mid_work * 2 > kills, "kills must land mid-work: {mid_work} of {kills}");
}

/// Waits until the only process that is left has become the lead.
fn wait_until_it_leads(job: &Job<'_>, instance: &str) {
    let began = Instant::now();
    while !job.log(instance).contains(LEADS) {
        assert!(began.elapsed() < 3 * UNTIL_GIVEN_UP, "{instance} takes over\n{}", job.log(instance));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Each record that a model takes is an event exactly once, as a reader of committed records sees it.
fn check_events(job: &Job<'_>, records: &[Record]) {
    let mut places = std::collections::HashSet::new();
    let events = job.broker.read(&job.topic("events"), Isolation::ReadCommitted);
    let mut count = 0;
    for event in &events {
        let body: serde_json::Value = serde_json::from_str(event.text()).expect("JSON");
        if body["customer"].is_null() {
            continue;
        }
        count += 1;
        assert!(
            places.insert([&body["input"], &body["partition"], &body["offset"]].map(ToString::to_string)),
            "{body}"
        );
    }
    assert!(count > records.len() / 2 && count <= records.len(), "{count} events of {} records", records.len());
}
