//! The same answer: the real program over a real broker must come to what the model's tables say, however it is run.

mod support;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use support::answer::{
    bodies, check_dead_letters, check_phases, check_shadow, check_signals, check_transitions, without_repeats, written,
};
use support::think5::{Customer, Kind, Think5};
use support::traffic::{Meaning, Record, Wanted, fold, traffic};
use support::{Broker, Feed, Isolation, Job, Progress, Seen, Setup};

const WANTED: Wanted = Wanted { seed: 20_250_101, events: 20_000, customers: 2_000, days: 90, apart: 0 };

/// Inputs that are filled once, for all tests that only read them.
fn filled() -> (&'static Job<'static>, &'static [Record], &'static Think5) {
    static FILLED: OnceLock<(Job<'static>, Vec<Record>, Think5)> = OnceLock::new();
    let (job, records, think5) = FILLED.get_or_init(|| {
        let records = traffic(WANTED);
        let job = Job::new(Broker::shared(), "answer");
        job.fill(&records);
        let think5 = fold(&records);
        (job, records, think5)
    });
    (job, records, think5)
}

/// Runs one process over the filled inputs and holds everything it writes against the expected.
fn check_one_process(name: &str, setup: Setup) {
    let (inputs, records, expected) = filled();
    let job = inputs.beside(name);
    let figures = job.catch_up("one", &setup);
    assert_eq!(figures["events"], records.len(), "{figures}\n{}", job.log("one"));
    let (transitions, repeats) = without_repeats(written(&job));
    assert_eq!(repeats, 0, "nothing went wrong, so there is nothing to repeat");
    let mut customers = check_transitions(&transitions, expected.clone(), name);
    let signals = check_signals(&job, &mut customers, name);
    assert!(signals > 100, "there are signals: {signals}");
    check_phases(&job, &customers);
    check_dead_letters(&job, records);

    let again = job.catch_up("one", &setup);
    assert_eq!(
        (&again["events"], &again["transitions"]),
        (&0.into(), &0.into()),
        "a second run does nothing more: {again}"
    );
    assert_eq!(written(&job).len(), transitions.len(), "a second run writes nothing more");
    assert!(again["restored_customers"].as_u64() > Some(0), "it begins with everybody: {again}");
}

#[test]
fn one_worker_gives_the_answer_exactly_once() {
    check_one_process("eos1", Setup::default());
}

#[test]
fn two_workers_give_the_answer_exactly_once() {
    check_one_process("eos2", Setup { workers: 2, ..Setup::default() });
}

#[test]
fn two_workers_give_the_answer_at_least_once() {
    check_one_process("alo2", Setup { workers: 2, guarantee: "at_least_once", ..Setup::default() });
}

#[test]
fn a_shadow_of_the_same_model_tells_the_same_on_a_topic_of_its_own_and_each_transition_says_where_its_record_lies() {
    let (inputs, _, expected) = filled();
    let job = inputs.beside("shadow");
    let setup = Setup { more: "shadow: [think5]", ..Setup::default() };
    job.catch_up("one", &setup);
    let customers = check_transitions(&written(&job), expected.clone(), "beside a shadow");
    check_phases(&job, &customers);
    check_shadow(&job, "beside a shadow");
    let transitions = bodies(&job, "transitions");
    let topics: HashMap<String, Vec<Seen>> = (0..3)
        .map(|input| {
            let topic = job.input(input);
            let seen = job.broker.read(&topic, Isolation::ReadCommitted);
            (topic, seen)
        })
        .collect();
    let caused = transitions.iter().filter(|(_, body)| body["cause"] != "timer");
    let mut found = 0;
    for (_, body) in caused {
        let place = |name: &str| body[name].as_i64().unwrap_or_else(|| panic!("no {name} in {body}"));
        let topic = &topics[body["topic"].as_str().expect("a topic")];
        let is_it = |seen: &&Seen| (i64::from(seen.partition), seen.offset) == (place("partition"), place("offset"));
        let record = topic.iter().find(is_it).unwrap_or_else(|| panic!("no record for {body}"));
        assert_eq!(record.key.as_deref(), body["customer"].as_str().map(str::as_bytes), "{body}");
        if let Some(id) = body["event_id"].as_str() {
            assert!(record.text().contains(id), "{body}: {}", record.text());
            found += 1;
        }
    }
    assert!(found > 1_000, "transitions say the events they came of: {found}");
}

/// Two processes share the inputs while records flow: both take part, and the answer is that of one.
fn check_two_processes(name: &str, guarantee: &'static str) {
    let records = Arc::new(traffic(Wanted { apart: 1_500, seed: WANTED.seed + 1, ..WANTED }));
    let job = Job::new(Broker::shared(), name);
    let setup = Setup { guarantee, workers: 1, allowed_lateness: "60d", more: "" };
    let mut processes = ["left", "right"].map(|instance| job.start(instance, &setup));
    processes.iter_mut().for_each(|process| _ = process.wait_until_ready());
    let told = || processes.iter().map(|process| process.said()).collect::<Vec<_>>().join("\n--\n");
    support::until("the partitions to be shared", told, || {
        (processes.iter().map(|process| process.partitions()).eq([3, 3])).then_some(())
    });
    let feed = Feed::start(&job, &records, 3_000.0);
    Progress::of(&job).wait_for(records.len(), told);
    feed.finish();
    let shares = processes.each_ref().map(|process| process.json("/v1/status")["customers"].as_u64());
    for (process, taken) in processes.into_iter().zip(shares) {
        assert!(taken.is_some_and(|customers| customers > 300), "both have their share: {taken:?}");
        let status = process.stop();
        assert!(status.success(), "{status}");
    }
    let (transitions, repeats) = without_repeats(written(&job));
    assert!(repeats == 0 || guarantee == "at_least_once", "{repeats} repeats");
    check_transitions(&transitions, fold(records.iter()), name);
    check_dead_letters(&job, &records);
}

#[test]
fn two_processes_that_share_the_inputs_give_the_answer_exactly_once() {
    check_two_processes("two-eos", "exactly_once");
}

#[test]
fn two_processes_that_share_the_inputs_give_the_answer_at_least_once() {
    check_two_processes("two-alo", "at_least_once");
}

#[test]
fn every_rule_and_timer_of_the_tables_is_known_to_the_tests() {
    use support::think5::Kind::*;
    const DAY: i64 = support::traffic::DAY;
    let check = |events: &[(i64, Kind)], expected: &str| {
        let mut customer = Customer::default();
        events.iter().for_each(|&(days, kind)| customer.handle(days * DAY, kind, "e"));
        let moves = customer.moves.iter().map(|one| format!("{}@{}:{}", one.to, one.at / DAY, one.cause));
        assert_eq!(moves.collect::<Vec<_>>().join(" "), expected, "{events:?}");
    };
    check(&[(0, Purchased)], "aankoop@0:purchased");
    check(&[(0, ProductViewed), (1, ProductViewed), (1, ProductViewed)], "orientatie@0:product_viewed");
    check(
        &[(0, ProductViewed), (1, ProductViewed), (1, ProductViewed), (2, ProductViewed)],
        "orientatie@0:product_viewed afweging@2:product_viewed",
    );
    check(&[(0, PageViewed), (1, CartAdded)], "orientatie@0:page_viewed afweging@1:cart_added");
    check(
        &[(0, MailOpened), (30, MailBounced)],
        "orientatie@0:mail_opened vertrokken@30:timer orientatie@30:mail_bounced",
    );
    check(&[(0, MailOpened), (29, PageViewed), (58, PageViewed)], "orientatie@0:mail_opened");
    check(
        &[(0, Purchased), (1, HelpViewed), (2, Reviewed)],
        "aankoop@0:purchased gebruik@1:help_viewed evaluatie@2:reviewed",
    );
    check(&[(0, Purchased), (10, PageViewed)], "aankoop@0:purchased gebruik@2:timer evaluatie@9:timer");
    check(
        &[(0, Purchased), (10, ProductViewed), (10, ProductViewed), (10, ProductViewed), (11, Purchased)],
        "aankoop@0:purchased gebruik@2:timer evaluatie@9:timer orientatie@10:product_viewed aankoop@11:purchased",
    );
    check(&[(0, Purchased), (1, Purchased)], "aankoop@0:purchased");
    check(&[(0, PageViewed), (31, Purchased)], "orientatie@0:page_viewed vertrokken@30:timer aankoop@31:purchased");
}

#[test]
fn the_traffic_is_what_the_tests_think_it_is() {
    let wanted = Wanted { seed: 1, events: 20_000, customers: 2_000, days: 90, apart: 0 };
    let records = traffic(wanted);
    assert_eq!(records, traffic(wanted), "a seed is all there is to it");
    let unusable = records.iter().filter(|record| matches!(record.meaning, Meaning::Unusable(_))).count();
    assert!((10..40).contains(&unusable), "{unusable} unusable records");
    let think5 = fold(&records);
    for phase in ["orientatie", "afweging", "aankoop", "gebruik", "evaluatie", "vertrokken"] {
        let entered = think5.customers.values().flat_map(|customer| &customer.moves).filter(|one| one.to == phase);
        assert!(entered.count() > 100, "{phase} occurs often");
    }
    let tied = records
        .windows(2)
        .filter(|two| (two[0].at, &two[0].customer) == (two[1].at, &two[1].customer) && two[0].input != two[1].input);
    assert!(tied.count() >= 3, "ties across channels occur");
    let live = traffic(Wanted { apart: 500, ..wanted });
    let mut last: HashMap<&str, (usize, usize)> = Default::default();
    for (number, record) in live.iter().enumerate() {
        if let Some((input, before)) = last.insert(&record.customer, (record.input, number)) {
            // Sorting moves mail by less than a second, and by no more than a few places.
            assert!(input == record.input || number - before > 400, "{}", record.customer);
        }
    }
}
