//! What a committed epoch leaves behind, and one that failed does not.

use std::time::{Duration, Instant};

use klantreis::config::Guarantee;
use klantreis::engine::murmur2::partition_of;
use klantreis::engine::ports::{Change, Committed, Committer, Source, Topic};
use klantreis::kafka::{KafkaCommitter, TRUNCATED_HEADER};

use crate::fixture::{Application, Draft, STUCK};
use crate::support::{Isolation, Seen, Send};

#[track_caller]
fn deltas(committed: Committed) -> Vec<(i32, i64, i64)> {
    match committed {
        Committed::Done { deltas, .. } => deltas,
        other => panic!("the epoch did not commit: {other:?}"),
    }
}

fn values(seen: &[Seen]) -> Vec<&str> {
    seen.iter().map(Seen::text).collect()
}

#[test]
fn an_epoch_is_read_back_whole_and_lies_where_java_would_put_it() {
    let shop = Application::new("whole", &["clicks", "mail"], 8);
    let mut member = shop.member("one");
    member.join();
    let mut draft = member.epoch();
    let keys: Vec<String> = (0..200).map(|i| format!("c{i:08}")).collect();
    for key in &keys {
        let headers: [(_, Option<&[u8]>); 3] = [("ce_type", Some(b"transition")), ("empty", Some(b"")), ("none", None)];
        draft.output(Topic::Transitions, None, Some(key.as_bytes()), Some(b"{}"), &headers);
    }
    draft.output(Topic::Phases, None, Some(b"gone"), None, &[]);
    draft.output(Topic::DeadLetters, Some(3), None, Some(b"\xff\x00"), &[]);
    draft.delta(2, b"first").delta(5, b"other").delta(2, b"marker").snapshot(2, b"bucket", Some(b"part"));
    let written = deltas(member.submit(draft));
    assert_eq!(
        {
            let mut all = written;
            all.sort_unstable();
            all
        },
        vec![(2, 0, 2), (5, 0, 1)]
    );

    let transitions = shop.broker.read(&shop.transitions(), Isolation::ReadCommitted);
    assert_eq!(transitions.len(), keys.len());
    for one in &transitions {
        assert_eq!(one.partition, partition_of(one.key.as_deref().unwrap(), 8));
        assert!(one.timestamp.is_some_and(|time| time > 1_700_000_000_000), "record timestamps are wall clock");
        let expected: [(_, Option<&[u8]>); 3] =
            [("ce_type", Some(b"transition")), ("empty", Some(b"")), ("none", None)];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.map(<[u8]>::to_vec)));
        assert_eq!(one.headers, expected);
    }
    let phases = shop.broker.read(&format!("{}.phases", shop.name), Isolation::ReadCommitted);
    assert_eq!((phases[0].key.as_deref(), phases[0].value.as_deref()), (Some(b"gone".as_slice()), None));
    let dead = shop.broker.read(&format!("{}.dead-letters", shop.name), Isolation::ReadCommitted);
    assert_eq!(
        (dead[0].partition, dead[0].key.as_deref(), dead[0].value.as_deref()),
        (3, None, Some(b"\xff\x00".as_slice()))
    );
    let state = shop.broker.read(&format!("{}.state-deltas", shop.name), Isolation::ReadCommitted);
    assert_eq!(values(&state), ["first", "marker", "other"]);
    assert_eq!(shop.broker.committed(&shop.name, &shop.inputs[1], 8), vec![Some(0); 8]);
}

#[test]
fn an_epoch_of_a_generation_gone_by_leaves_nothing_and_the_next_one_does() {
    let shop = Application::new("generation", &["clicks"], 4);
    let mut first = shop.member("one");
    assert_eq!(first.join().len(), 4);
    let mut stale = first.epoch();
    stale.output(Topic::Transitions, None, Some(b"k"), Some(b"stale"), &[]).delta(0, b"stale");
    let generation = stale.epoch.membership.as_ref().unwrap().generation();
    // Another member comes, so the group moves on.
    let mut second = shop.member("two");
    let (mut ours, mut theirs) = (0, 0);
    let begun = Instant::now();
    while ours != 2 || theirs != 2 {
        assert!(begun.elapsed() < STUCK, "the members do not share: {ours} and {theirs}");
        if let Some(Change::Assigned(partitions)) = first.serve().unwrap() {
            ours = partitions.len();
        }
        if let Some(Change::Assigned(partitions)) = second.serve().unwrap() {
            theirs = partitions.len();
        }
        first.source.wait(Duration::from_millis(5));
    }
    assert!(first.source.membership().unwrap().generation() > generation);
    let ended = first.submit(stale);
    assert!(matches!(&ended, Committed::Failed(_)), "{ended:?}");
    assert_eq!(shop.broker.read(&shop.transitions(), Isolation::ReadCommitted), []);
    // Records and offsets are on their way at the same time: whether the record got there before the offsets were refused is
    // open. If it did, it is there as aborted.
    let there = shop.broker.read(&shop.transitions(), Isolation::ReadUncommitted);
    assert!([&[][..], &["stale"]].contains(&values(&there).as_slice()), "{there:?}");
    let mut fresh = first.epoch();
    fresh.output(Topic::Transitions, None, Some(b"k"), Some(b"fresh"), &[]);
    deltas(first.submit(fresh));
    assert_eq!(values(&shop.broker.read(&shop.transitions(), Isolation::ReadCommitted)), ["fresh"]);
}

#[test]
fn whoever_works_under_our_id_fences_us() {
    let shop = Application::new("fencing", &["clicks"], 2);
    let mut member = shop.member("one");
    member.join();
    deltas(member.commit());
    let mut usurper =
        KafkaCommitter::connect(&member.settings, 0, &member.source, shop.facts.dead_letter_bytes).unwrap();
    usurper.submit(Box::new(member.epoch().epoch));
    deltas(usurper.finished(STUCK).unwrap().0);
    let mut late = member.epoch();
    late.output(Topic::Transitions, None, Some(b"k"), Some(b"late"), &[]);
    let ended = member.submit(late);
    assert!(matches!(&ended, Committed::Fenced(why) if why.contains("-one-0")), "{ended:?}");
    assert_eq!(shop.broker.read(&shop.transitions(), Isolation::ReadCommitted), []);
}

#[test]
fn an_epoch_that_the_group_could_not_fence_is_refused() {
    let shop = Application::new("unsound", &["clicks"], 2);
    let mut member = shop.member("one");
    member.join();
    let mut check = |change: fn(&mut Draft), said: &str| {
        let mut draft = member.epoch();
        change(&mut draft);
        let ended = member.submit(draft);
        assert!(matches!(&ended, Committed::Fatal(why) if why.contains(said)), "{ended:?} should say {said:?}");
    };
    check(|draft| draft.epoch.membership = None, "without a membership");
    check(|draft| draft.epoch.offsets.clear(), "moves no offsets");
    check(
        |draft| {
            _ = {
                draft.epoch.offsets.retain(|(_, partition, _)| *partition == 0);
                draft.delta(1, b"x")
            }
        },
        "partition 1",
    );
    check(|draft| draft.epoch.offsets[0].2 = -1001, "to -1001");
    deltas(member.commit());
}

#[test]
fn dead_letters_of_megabytes_are_kept_and_larger_ones_cut_short_with_a_note() {
    let shop = Application::new("large", &["clicks"], 1);
    let mut member = shop.member("one");
    member.join();
    let noise = |length: usize| -> Vec<u8> {
        let mut state = 1_u64;
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            })
            .collect()
    };
    let (large, huge) = (noise(6 << 20), noise(20 << 20));
    let mut draft = member.epoch();
    draft.output(Topic::DeadLetters, Some(0), Some(b"k"), Some(&large), &[("reason", Some(b"too large"))]);
    draft.output(Topic::DeadLetters, Some(0), Some(b"k"), Some(&huge), &[("reason", Some(b"too large"))]);
    deltas(member.submit(draft));
    let dead = shop.broker.read(&format!("{}.dead-letters", shop.name), Isolation::ReadCommitted);
    assert!(dead[0].value.as_deref() == Some(&large), "6 MiB are kept as they were");
    assert_eq!(dead[0].headers.len(), 1);
    let kept = dead[1].value.as_deref().unwrap();
    assert!(kept.len() > 15 << 20 && huge.starts_with(kept), "as much as fits is kept");
    let (name, note) = &dead[1].headers[1];
    assert_eq!(name, TRUNCATED_HEADER);
    assert_eq!(note.as_deref(), Some(format!("value: the first {} of {} bytes", kept.len(), huge.len()).as_bytes()));
}

#[test]
fn at_least_once_outputs_leave_at_once_and_offsets_come_last() {
    let shop = Application::new("alo", &["clicks"], 2);
    let mut member = shop.member_with("one", |config| config.guarantee = Guarantee::AtLeastOnce);
    member.join();
    let mut early = Draft::new(member.source.membership().ok());
    early.output(Topic::Transitions, None, Some(b"k"), Some(b"early"), &[]);
    member.committer.emit(Box::new(early.epoch));
    let begun = Instant::now();
    while shop.broker.read(&shop.transitions(), Isolation::ReadCommitted).is_empty() {
        assert!(begun.elapsed() < STUCK, "it waits for its epoch");
    }
    assert_eq!(shop.broker.committed(&shop.name, &shop.inputs[0], 2), [None, None]);
    let mut draft = member.epoch();
    draft.delta(0, b"delta").delta(0, b"marker").delta(1, b"marker").snapshot(0, b"b", Some(b"bucket"));
    let mut written = deltas(member.submit(draft));
    written.sort_unstable();
    assert_eq!(written, [(0, 0, 2), (1, 0, 1)]);
    assert_eq!(shop.broker.committed(&shop.name, &shop.inputs[0], 2), [Some(0), Some(0)]);
    // Outputs that are emitted while an epoch commits belong to the next.
    for round in 0..20 {
        let mut next = Draft::new(member.source.membership().ok());
        next.output(Topic::Transitions, None, Some(b"k"), Some(round.to_string().as_bytes()), &[]);
        let mut draft = member.epoch();
        draft.delta(0, b"marker");
        member.committer.submit(Box::new(draft.epoch));
        member.committer.emit(Box::new(next.epoch));
        deltas(member.committer.finished(STUCK).unwrap().0);
    }
    deltas(member.commit());
    let seen = shop.broker.read(&shop.transitions(), Isolation::ReadCommitted);
    let expected: Vec<String> =
        std::iter::once("early".to_owned()).chain((0..20).map(|round| round.to_string())).collect();
    assert_eq!(values(&seen), expected);
}

#[test]
fn what_a_commit_takes_is_printed() {
    for (name, guarantee) in [("exactly once", Guarantee::ExactlyOnce), ("at least once", Guarantee::AtLeastOnce)] {
        for records in [10, 5_000] {
            let shop = Application::new("figures", &["clicks"], 8);
            let mut member = shop.member_with("one", |config| config.guarantee = guarantee);
            member.join();
            let mut took: Vec<Duration> = (0..12)
                .map(|_| {
                    // As if an interval went by: a transaction that begins while the last one's end is still being written
                    // waits 20 ms and more for it.
                    let paused = Instant::now();
                    while paused.elapsed() < Duration::from_millis(100) {
                        _ = member.serve().unwrap();
                        member.source.wait(Duration::from_millis(20));
                    }
                    let mut draft = member.epoch();
                    for record in 0..records {
                        let key = format!("c{record:08}");
                        draft.output(
                            Topic::Transitions,
                            None,
                            Some(key.as_bytes()),
                            Some(&[b'x'; 200]),
                            &[("ce_id", Some(b"0123456789"))],
                        );
                    }
                    (0..8).for_each(|partition| _ = draft.delta(partition, &[b'y'; 2_000]));
                    match member.submit(draft) {
                        Committed::Done { took, .. } => took,
                        other => panic!("{other:?}"),
                    }
                })
                .collect();
            took.sort_unstable();
            println!("{name}, {records} records an epoch: median {:?}, worst of 12 {:?}", took[6], took[11]);
        }
    }
}

#[test]
fn a_record_that_was_read_is_committed_once_with_its_offset() {
    let shop = Application::new("copy", &["clicks", "mail"], 3);
    for (index, topic) in shop.inputs.iter().enumerate() {
        shop.broker.produce(topic, (0..500).map(|i| Send::new(format!("k{i}"), format!("{index}/{i}"))));
    }
    let mut member = shop.member("one");
    member.join();
    member.read_to_the_end();
    deltas(member.commit());
    let mut seen = values(&shop.broker.read(&shop.transitions(), Isolation::ReadCommitted))
        .into_iter()
        .map(str::to_owned)
        .collect::<Vec<_>>();
    seen.sort_unstable();
    let mut expected: Vec<String> = (0..2).flat_map(|index| (0..500).map(move |i| format!("{index}/{i}"))).collect();
    expected.sort_unstable();
    assert_eq!(seen, expected);
    let moved: i64 = shop.broker.committed(&shop.name, &shop.inputs[0], 3).into_iter().flatten().sum();
    assert_eq!(moved, 500);
}
