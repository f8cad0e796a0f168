//! kill -9 at random moments while records flow: nothing is lost, nothing is said twice, nothing is taken back.
//!
//! `KLANTREIS_KILLS` and `KLANTREIS_EVENTS` make the run longer; `KLANTREIS_SEED` repeats one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::support::answer::{
    Written, check_dead_letters, check_phases, check_shadow, check_signals, check_state, check_transitions, written,
};
use crate::support::think5::Think5;
use crate::support::traffic::{Dice, Wanted, fold, traffic};
use crate::support::{Broker, Feed, Isolation, Job, Progress, Service, Setup, until};

/// On average a process is killed this often.
const BETWEEN_KILLS: Duration = Duration::from_millis(2_400);
/// Longer than the group waits for a member that fell silent: its partitions move to the other process.
const UNTIL_GIVEN_UP: Duration = Duration::from_secs(13);
const INSTANCES: [&str; 2] = ["left", "right"];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

/// What the kills met.
#[derive(Debug, Default)]
struct Harvest {
    kills: u64,
    /// Kills while there were records that were not committed.
    mid_work: u64,
    /// Kills of a process that was not ready yet.
    before_ready: u64,
    /// From start to readiness.
    restarts: Vec<Duration>,
}

/// A place where a process runs, or is about to.
struct Place {
    instance: &'static str,
    process: Option<Service>,
    ready: bool,
    start_at: Instant,
}

impl Place {
    fn look_after(&mut self, job: &Job<'_>, setup: &Setup, harvest: &mut Harvest) {
        match &mut self.process {
            None if Instant::now() >= self.start_at => {
                self.process = Some(job.start(self.instance, setup));
                self.ready = false;
            }
            None => {}
            Some(process) => {
                let ended = process.ended();
                assert!(ended.is_none(), "{} ended by itself: {ended:?}\n{}", self.instance, process.said());
                if !self.ready && process.is_ready() {
                    self.ready = true;
                    harvest.restarts.push(process.started.elapsed());
                }
            }
        }
    }
}

#[test]
fn whatever_moments_processes_are_killed_at_the_answer_and_the_state_are_those_of_one_undisturbed_life() {
    let kills = number("KLANTREIS_KILLS", 20);
    // The flow outlasts the kills: one that finds nothing to interrupt proves nothing.
    let seconds = 1.5 * BETWEEN_KILLS.as_secs_f64() * kills as f64;
    let events = number("KLANTREIS_EVENTS", 14_000) as usize;
    let seed = number("KLANTREIS_SEED", 20_250_301);
    println!("KLANTREIS_KILLS={kills} KLANTREIS_EVENTS={events} KLANTREIS_SEED={seed}");
    let a_second = events as f64 / seconds;
    // Half a second of the flow between a customer's records on two channels; a few seconds of it for the watermark.
    let wanted = Wanted { seed, events, customers: events / 10, days: 90, apart: (a_second / 2.0) as usize };
    let records = Arc::new(traffic(wanted));
    let broker = Broker::shared();
    let job = Job::new(broker, "kills");
    // Epochs long enough that a kill hardly ever finds nothing open or in flight, also on a machine that is idle otherwise.
    let more = "commit_interval: 400ms\nshadow: [think5]";
    let setup = Setup { workers: 2, allowed_lateness: "10d", more, ..Setup::default() };

    let begun = Instant::now();
    let harvest = kill_while_records_flow(&job, &setup, &records, kills, a_second, &mut Dice(seed));
    println!("flow, kills and catching up: {:?}", begun.elapsed());
    let transitions = written(&job);
    let mut customers = check_transitions(&transitions, fold(records.iter()), "after the kills");
    assert!(check_signals(&job, &mut customers, "after the kills") > 100, "there are signals");
    check_shadow(&job, "after the kills");
    check_phases(&job, &customers);
    check_dead_letters(&job, &records);
    check_restored_state(&job, &setup, &customers, &transitions);
    println!("checked after {:?}", begun.elapsed());

    let all = broker.read(&job.topic("transitions"), Isolation::ReadUncommitted).len();
    let taken_back = all - written(&job).len();
    let restored = restored_customers(&job);
    println!(
        "{harvest:?}\n{restored} customers restored in all, {taken_back} transitions of killed epochs never shown"
    );
    assert_eq!(harvest.kills, kills);
    assert!(harvest.mid_work * 4 >= kills * 3, "kills must land mid-work: {harvest:?}");
    assert!(restored > 2 * customers.customers.len() as u64, "restores bring customers back: {restored}");
}

fn kill_while_records_flow(
    job: &Job<'_>,
    setup: &Setup,
    records: &Arc<Vec<crate::support::traffic::Record>>,
    kills: u64,
    a_second: f64,
    dice: &mut Dice,
) -> Harvest {
    let mut harvest = Harvest::default();
    let mut places = INSTANCES.map(|instance| {
        let process = Some(job.start(instance, setup));
        Place { instance, process, ready: false, start_at: Instant::now() }
    });
    let progress = Progress::of(job);
    let feed = Feed::start(job, records, a_second);
    let mut next = Instant::now() + BETWEEN_KILLS;
    while harvest.kills < kills {
        places.iter_mut().for_each(|place| place.look_after(job, setup, &mut harvest));
        std::thread::sleep(Duration::from_millis(10));
        if Instant::now() < next {
            continue;
        }
        next += BETWEEN_KILLS.mul_f64(0.25 + 1.5 * dice.share());
        let victim = dice.roll(2) as usize;
        let victim = if places[victim].process.is_some() { victim } else { 1 - victim };
        let Some(mut process) = places[victim].process.take() else { continue };
        let unread = feed.fed().saturating_sub(progress.committed().expect("the broker answers"));
        process.kill();
        harvest.kills += 1;
        harvest.mid_work += u64::from(unread > 0);
        harvest.before_ready += u64::from(!places[victim].ready);
        // Mostly it comes back at once and to its own partitions; now and then only when they were given away.
        let pause = if dice.roll(8) == 0 { UNTIL_GIVEN_UP } else { Duration::from_millis(dice.roll(500)) };
        places[victim].start_at = Instant::now() + pause;
    }
    for place in &mut places {
        place.start_at = Instant::now();
        place.look_after(job, setup, &mut harvest);
    }
    feed.finish();
    progress.wait_for(records.len(), || INSTANCES.map(|instance| tail(&job.log(instance))).join("\n--\n"));
    for place in places {
        let mut process = place.process.expect("both run");
        process.wait_until_ready();
        let status = process.stop();
        assert!(status.success(), "{} ends well when asked to: {status}", place.instance);
    }
    harvest
}

/// A process that has seen nothing of it restores what the topics hold: for every customer that is the fold of its events.
fn check_restored_state(job: &Job<'_>, setup: &Setup, customers: &Think5, transitions: &[Written]) {
    let mut fresh = job.start("fresh", setup);
    println!("a fresh process is ready after {:?}", fresh.wait_until_ready());
    until(
        "the claim of the partitions to be committed",
        || fresh.said(),
        || {
            let (status, body) = fresh.get("/v1/status")?;
            let status: serde_json::Value = (status == 200).then(|| serde_json::from_str(&body).expect("JSON"))?;
            let lag = status["lag"].as_i64()?;
            (lag == 0).then_some(())
        },
    );
    for (id, customer) in &customers.customers {
        let told = until(
            "a look-up",
            || fresh.said(),
            || {
                let (status, body) = fresh.get(&format!("/v1/customers/{id}"))?;
                assert_eq!(status, 200, "{id}: {body}");
                let told: serde_json::Value = serde_json::from_str(&body).expect("JSON");
                (told["committed"] == true).then_some(told)
            },
        );
        check_state(&told, id, customer);
    }
    assert_eq!(fresh.json("/v1/status")["customers"], customers.customers.len());
    assert!(fresh.stop().success());
    assert_eq!(written(job).len(), transitions.len(), "a fresh process has nothing to add");
}

/// Customers that restores brought back, by the log.
fn restored_customers(job: &Job<'_>) -> u64 {
    let logs = INSTANCES.map(|instance| job.log(instance)).concat();
    let restores = logs.lines().filter(|line| line.contains("restored worker="));
    let customers = restores.filter_map(|line| line.split("customers=").nth(1)?.split(' ').next()?.parse::<u64>().ok());
    customers.sum()
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
