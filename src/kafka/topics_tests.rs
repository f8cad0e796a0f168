//! The comparison of topics, case by case.

use super::*;

fn named(topics: &[&str]) -> Vec<NamedInput> {
    topics.iter().map(|topic| NamedInput { name: (*topic).to_owned(), topic: (*topic).to_owned() }).collect()
}

fn outputs_of(application: &str) -> Topics {
    Topics {
        transitions: format!("{application}.transitions"),
        signals: Some(format!("{application}.signals")),
        shadow: None,
        events: None,
        phases: Some(format!("{application}.phases")),
        dead_letters: format!("{application}.dead-letters"),
        state_deltas: format!("{application}.state-deltas"),
        state_snapshots: format!("{application}.state-snapshots"),
    }
}

fn like(partitions: i32, settings: &[(&str, &str)]) -> Actual {
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Actual { partitions, led: true, settings }
}

/// A broker on which everything is as we would create it, changed by `change`.
fn broker(change: impl FnOnce(&mut HashMap<String, Actual>)) -> HashMap<String, Actual> {
    let usual = ("max.message.bytes", "1048588");
    let mut all: HashMap<String, Actual> = ["clicks", "mail"].map(|topic| (topic.to_owned(), like(8, &[]))).into();
    for (topic, settings) in [
        ("shop.transitions", vec![("cleanup.policy", "delete"), usual]),
        ("shop.signals", vec![("cleanup.policy", "delete"), usual]),
        ("shop.phases", vec![("cleanup.policy", "compact"), usual]),
        ("shop.dead-letters", vec![("cleanup.policy", "delete"), ("max.message.bytes", "16777216")]),
        (
            "shop.state-deltas",
            vec![("cleanup.policy", "delete"), ("retention.ms", "-1"), ("retention.bytes", "-1"), usual],
        ),
        ("shop.state-snapshots", vec![("cleanup.policy", "compact"), ("retention.ms", "604800000"), usual]),
    ] {
        all.insert(topic.to_owned(), like(8, &settings));
    }
    change(&mut all);
    all
}

#[track_caller]
fn check(
    change: impl FnOnce(&mut HashMap<String, Actual>),
    problems: &[&str],
    warnings: &[&str],
    creations: &[&str],
) -> Findings {
    let findings = compare(&named(&["clicks", "mail"]), &outputs_of("shop"), &broker(change));
    assert_eq!(findings.problems.len(), problems.len(), "{:#?}", findings.problems);
    for (found, expected) in findings.problems.iter().zip(problems) {
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    }
    assert_eq!(findings.warnings.len(), warnings.len(), "{:#?}", findings.warnings);
    for (found, expected) in findings.warnings.iter().zip(warnings) {
        assert!(found.contains(expected), "{found:?} does not say {expected:?}");
    }
    assert_eq!(findings.creations.iter().map(|one| one.topic.as_str()).collect::<Vec<_>>(), creations);
    findings
}

fn set(all: &mut HashMap<String, Actual>, topic: &str, name: &str, value: &str) {
    all.get_mut(topic).expect("it is there").settings.insert(name.to_owned(), value.to_owned());
}

#[test]
fn topics_as_we_create_them_are_fine() {
    let findings = check(|_| {}, &[], &[], &[]);
    assert_eq!((findings.partitions, findings.dead_letter_bytes), (8, 16 << 20));
}

#[test]
fn what_is_told_of_a_customer_lies_in_its_partition_if_topics_have_as_many_as_the_inputs() {
    let alike = |change: fn(&mut HashMap<String, Actual>)| check(change, &[], &[], &[]).outputs_alike;
    assert!(alike(|_| {}));
    assert!(alike(|all| _ = all.insert("shop.dead-letters".into(), like(1, &[("max.message.bytes", "16777216")]))));
    assert!(!alike(|all| _ = all.insert("shop.transitions".into(), like(12, &[("cleanup.policy", "delete")]))));
    assert!(!alike(|all| _ = all.insert("shop.phases".into(), like(4, &[("cleanup.policy", "compact")]))));
    assert!(!alike(|all| _ = all.insert("shop.signals".into(), like(4, &[("cleanup.policy", "delete")]))));
    let created = ["shop.transitions", "shop.signals", "shop.phases"];
    assert!(check(|all| created.iter().for_each(|topic| _ = all.remove(*topic)), &[], &[], &created).outputs_alike);
}

#[test]
fn missing_outputs_are_created_with_the_settings_they_are_checked_for() {
    let findings = check(
        |all| all.retain(|topic, _| !topic.starts_with("shop.")),
        &[],
        &[],
        &[
            "shop.transitions",
            "shop.signals",
            "shop.phases",
            "shop.dead-letters",
            "shop.state-deltas",
            "shop.state-snapshots",
        ],
    );
    let created: HashMap<String, Actual> = findings
        .creations
        .iter()
        .map(|one| {
            let settings: Vec<_> = one.settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
            (one.topic.clone(), like(one.partitions, &settings))
        })
        .collect();
    check(|all| all.extend(created), &[], &[], &[]);
}

#[test]
fn every_problem_is_told_at_once() {
    check(
        |all| {
            all.remove("mail");
            set(all, "shop.state-deltas", "retention.ms", "604800000");
            set(all, "shop.state-snapshots", "cleanup.policy", "compact,delete");
        },
        &["input mail: topic mail does not exist", "retention.ms=604800000", "set cleanup.policy=compact"],
        &[],
        &[],
    );
}

#[test]
fn inputs_must_agree_on_the_number_of_partitions() {
    check(
        |all| all.get_mut("mail").expect("it is there").partitions = 6,
        &["different numbers of partitions (clicks 8, mail 6)"],
        &[],
        &[],
    );
}

#[test]
fn nothing_is_created_while_the_number_of_partitions_is_unknown() {
    check(|all| all.retain(|topic, _| topic.starts_with("nothing")), &["topic clicks", "topic mail"], &[], &[]);
}

#[test]
fn state_lies_in_the_partitions_of_the_inputs_but_outputs_need_not() {
    check(
        |all| {
            all.get_mut("shop.state-deltas").expect("it is there").partitions = 4;
            all.get_mut("shop.transitions").expect("it is there").partitions = 3;
        },
        &["topic shop.state-deltas has 4 partitions, the inputs have 8"],
        &[],
        &[],
    );
}

#[test]
fn nothing_may_delete_state_behind_our_back() {
    for (topic, name, value) in [
        ("shop.state-deltas", "retention.bytes", "1073741824"),
        ("shop.state-deltas", "cleanup.policy", "compact"),
        ("shop.state-deltas", "cleanup.policy", "compact,delete"),
        ("shop.state-snapshots", "cleanup.policy", "delete"),
        ("shop.phases", "cleanup.policy", "delete"),
    ] {
        check(|all| set(all, topic, name, value), &[&format!("topic {topic} has {name}={value}")], &[], &[]);
    }
}

#[test]
fn phases_may_be_compacted_and_deleted() {
    check(|all| set(all, "shop.phases", "cleanup.policy", "compact,delete"), &[], &[], &[]);
}

#[test]
fn a_smaller_limit_for_dead_letters_is_used_and_one_below_a_batch_refused() {
    let findings = check(
        |all| set(all, "shop.dead-letters", "max.message.bytes", "1048588"),
        &[],
        &["larger dead letters are cut short"],
        &[],
    );
    assert_eq!(findings.dead_letter_bytes, 1_048_588);
    check(|all| set(all, "shop.transitions", "max.message.bytes", "1000011"), &["max.message.bytes=1000011"], &[], &[]);
    check(|all| set(all, "shop.transitions", "max.message.bytes", "1000012"), &[], &[], &[]);
}

#[test]
fn an_output_must_not_be_an_input() {
    let topics = Topics { transitions: "mail".into(), ..outputs_of("shop") };
    let findings = compare(&named(&["clicks", "mail"]), &topics, &broker(|_| {}));
    assert_eq!(findings.problems.len(), 1);
    assert!(findings.problems[0].contains("topic mail is named twice"));
}

/// As [`check`], of an application that keys events anew, on a broker that has its topic of events.
#[track_caller]
fn check_rekeyed(
    change: impl FnOnce(&mut HashMap<String, Actual>),
    problems: &[&str],
    warnings: &[&str],
    creations: &[&str],
) -> Findings {
    let topics = Topics { events: Some("shop.events".to_owned()), ..outputs_of("shop") };
    let actual = broker(|all| {
        let settings = [("cleanup.policy", "delete"), ("retention.ms", "604800000"), ("retention.bytes", "-1")];
        all.insert("shop.events".to_owned(), like(8, &settings));
        all.get_mut("mail").expect("it is there").partitions = 3;
        change(all);
    });
    let findings = compare(&named(&["clicks", "mail"]), &topics, &actual);
    let told = |found: &[String], expected: &[&str]| {
        assert!(
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, part)| found.contains(part)),
            "{found:#?} and {expected:?}"
        );
    };
    told(&findings.problems, problems);
    told(&findings.warnings, warnings);
    assert_eq!(findings.creations.iter().map(|one| one.topic.as_str()).collect::<Vec<_>>(), creations);
    findings
}

#[test]
fn inputs_that_are_keyed_anew_have_as_many_partitions_as_they_like() {
    let findings = check_rekeyed(|_| {}, &[], &[], &[]);
    assert_eq!((findings.partitions, &*findings.inputs, findings.event_bytes), (8, &[8, 3][..], 16 << 20));
    let remove = |all: &mut HashMap<String, Actual>| _ = all.remove("shop.events");
    let findings = check_rekeyed(remove, &[], &[], &["shop.events"]);
    assert_eq!(findings.creations[0].partitions, 8, "as many as the input that has most");
    assert!(findings.creations[0].settings.contains(&("retention.ms", "604800000".to_owned())));
}

#[test]
fn state_lies_in_the_partitions_of_the_events_and_these_are_kept_for_long_enough() {
    check_rekeyed(
        |all| all.get_mut("shop.events").expect("it is there").partitions = 4,
        &["topic shop.state-deltas has 8 partitions, topic shop.events has 4", "topic shop.state-snapshots has 8"],
        &[],
        &[],
    );
    let set_events = |name: &'static str, value: &'static str| {
        move |all: &mut HashMap<String, Actual>| set(all, "shop.events", name, value)
    };
    check_rekeyed(set_events("cleanup.policy", "compact"), &["events that are not yet applied"], &[], &[]);
    check_rekeyed(set_events("retention.ms", "86399999"), &[], &["retention.ms=86399999"], &[]);
    check_rekeyed(set_events("retention.ms", "86400000"), &[], &[], &[]);
    check_rekeyed(set_events("retention.ms", "-1"), &[], &[], &[]);
    check_rekeyed(set_events("retention.bytes", "1000000000"), &[], &["retention.bytes=1000000000"], &[]);
    let findings = check_rekeyed(set_events("max.message.bytes", "1048588"), &[], &[], &[]);
    assert_eq!(findings.event_bytes, 1_048_588, "a larger event is a dead letter");
}
