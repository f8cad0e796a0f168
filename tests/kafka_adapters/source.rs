//! Partitions that come and go, and what is read from them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use klantreis::engine::ports::{Batch, Change, Committed, Fetched, Source, SourceError, StateReader};
use klantreis::kafka::KafkaSource;

use crate::fixture::{Application, Member, STUCK};
use crate::support::{Isolation, Send};

#[test]
fn each_input_is_read_in_order_up_to_an_end_that_stays_until_something_comes() {
    let shop = Application::new("order", &["clicks", "mail"], 2);
    for topic in &shop.inputs {
        shop.broker.produce(topic, (0..3_000).map(|i| Send::new("k", i.to_string()).to(1).at(1_000 + i)));
    }
    let mut member = shop.member("one");
    assert_eq!(member.join(), [0, 1]);
    member.read_to_the_end();
    for input in 0..2 {
        let ours: Vec<_> = member.taken.iter().filter(|(one, ..)| *one == input).collect();
        assert_eq!(ours.len(), 3_000);
        for (index, (_, partition, offset, value)) in ours.iter().enumerate() {
            assert_eq!((*partition, *offset, value.as_slice()), (1, index as i64, index.to_string().as_bytes()));
        }
        assert_eq!(member.source.lag(input, 1), Some(0));
    }
    member.taken.clear();
    assert_eq!(member.fetch(0, 1).unwrap(), Fetched::End);
    assert_eq!(member.fetch(0, 1).unwrap(), Fetched::End);
    shop.broker.produce(&shop.inputs[0], [Send::new("k", "late").to(1)]);
    let begun = Instant::now();
    while member.fetch(0, 1).unwrap() != Fetched::Records {
        assert!(begun.elapsed() < STUCK, "the record does not come");
        member.source.wait(Duration::from_millis(20));
    }
    assert_eq!(member.taken, [(0, 1, 3_000, b"late".to_vec())]);
    assert_eq!(member.fetch(1, 1).unwrap(), Fetched::End, "the other input has not moved");
    member.read_to_the_end();
}

#[test]
fn a_partition_can_be_begun_again_elsewhere() {
    let shop = Application::new("again", &["clicks"], 1);
    shop.broker.produce(&shop.inputs[0], (0..2_000).map(|i| Send::new("k", i.to_string())));
    let mut member = shop.member("one");
    member.join();
    member.read_to_the_end();
    for from in [1_990, 0, 2_000, 1_000] {
        member.taken.clear();
        member.source.start(0, &[from]).unwrap();
        member.read_to_the_end();
        let offsets: Vec<i64> = member.taken.iter().map(|(_, _, offset, _)| *offset).collect();
        assert_eq!(offsets, (from..2_000).collect::<Vec<_>>());
    }
}

#[test]
fn an_end_behind_a_transactions_own_records_is_found() {
    let shop = Application::new("control", &["clicks"], 1);
    let topic = &shop.inputs[0];
    shop.broker.produce_in_transaction("feed", topic, [Send::new("k", "seen")], true);
    shop.broker.produce_in_transaction("feed", topic, [Send::new("k", "unseen")], false);
    let mut member = shop.member("one");
    member.join();
    member.read_to_the_end();
    assert_eq!(member.taken, [(0, 0, 0, b"seen".to_vec())]);
    let open = shop.broker.open_transaction("feed", topic, [Send::new("k", "open")], Duration::from_secs(60));
    assert_eq!(member.fetch(0, 0).unwrap(), Fetched::End, "what is open is not there yet");
    drop(open);
}

#[test]
fn an_offset_that_is_gone_is_an_error_and_never_skipped() {
    let shop = Application::new("gone", &["clicks", "mail"], 1);
    for topic in &shop.inputs {
        shop.broker.produce(topic, (0..10).map(|i| Send::new("k", i.to_string())));
    }
    shop.broker.delete_records(&shop.inputs[1], 0, 5);
    for (position, expected) in [(4, Some(4)), (11, Some(11)), (5, None), (10, None)] {
        let mut source = KafkaSource::connect(&shop.settings("one"), 0, 1).unwrap();
        let begun = Instant::now();
        while !matches!(source.poll().unwrap(), Some(Change::Assigned(_))) {
            assert!(begun.elapsed() < STUCK, "nothing was assigned");
            source.wait(Duration::from_millis(20));
        }
        source.start(0, &[0, position]).unwrap();
        let mut batch = source.batch();
        let ended = loop {
            assert!(begun.elapsed() < STUCK, "neither an end nor an error from {position}");
            batch.clear();
            match source.fetch(1, 0, &mut batch) {
                Ok(Fetched::End) => break None,
                Ok(_) => source.wait(Duration::from_millis(20)),
                Err(error) => break Some(error),
            }
        };
        let gone = expected.map(|offset| SourceError::OffsetGone { input: "mail".into(), partition: 0, offset });
        assert_eq!(ended, gone, "from {position}");
        if let Some(gone) = gone {
            assert_eq!(source.start(0, &[0, 5]), Err(gone), "it is not forgotten by beginning again");
        }
        source.close(Duration::from_secs(2));
    }
}

#[test]
fn members_that_come_and_go_lose_and_repeat_nothing() {
    let shop = Application::new("sharing", &["clicks", "mail"], 6);
    let total = 60_000;
    let feed = |from: usize, to: usize| {
        for topic in &shop.inputs {
            shop.broker.produce(topic, (from..to).map(|i| Send::new(format!("k{i}"), i.to_string())));
        }
    };
    feed(0, total / 2);
    let mut first = shop.member("one");
    first.join();
    // Every record has one turn; a member that comes in the middle takes over where the other has committed.
    let mut rounds = 0;
    let mut second: Option<Member> = None;
    let mut owned_by_second = 0;
    let mut seen: BTreeMap<(usize, i32), Vec<i64>> = BTreeMap::new();
    let mut note = |member: &mut Member| {
        for (input, partition, offset, _) in &member.taken {
            seen.entry((*input, *partition)).or_default().push(*offset);
        }
        if !member.positions.is_empty() {
            assert!(matches!(member.commit(), Committed::Done { .. }));
        }
        member.taken.clear();
    };
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < STUCK, "it does not come to an end");
        rounds += 1;
        let mut ended = true;
        for member in [Some(&mut first), second.as_mut()].into_iter().flatten() {
            note(member);
            _ = member.serve().unwrap();
            ended &= member.round();
            note(member);
        }
        if rounds == 5 {
            second = Some(shop.member("two"));
        }
        if let Some(member) = &second {
            owned_by_second = owned_by_second.max(member.positions.len());
        }
        if owned_by_second == 3 && rounds % 7 == 0 {
            // It leaves, and the first gets everything back.
            if let Some(mut member) = second.take() {
                feed(total / 2, total);
                note(&mut member);
                member.positions.clear();
                member.source.close(Duration::from_secs(5));
            }
        }
        if ended && owned_by_second == 3 && second.is_none() && first.positions.len() == 6 {
            break;
        }
        first.source.wait(Duration::from_millis(2));
    }
    println!("two members shared {} records in {rounds} rounds, {:?}", 2 * total, begun.elapsed());
    for (of, offsets) in &seen {
        assert_eq!(offsets, &(0..offsets.len() as i64).collect::<Vec<_>>(), "input and partition {of:?}");
    }
    assert_eq!(seen.values().map(Vec::len).sum::<usize>(), 2 * total);
    let committed: i64 =
        shop.inputs.iter().flat_map(|topic| shop.broker.committed(&shop.name, topic, 6)).flatten().sum();
    assert_eq!(committed, 2 * total as i64);
    assert_eq!(shop.broker.read(&shop.transitions(), Isolation::ReadCommitted).len(), 2 * total);
}

#[test]
fn a_member_that_closes_is_gone_before_its_session_ends() {
    let shop = Application::new("leaving", &["clicks"], 2);
    let mut first = shop.member("one");
    first.join();
    first.positions.clear();
    first.source.close(Duration::from_secs(5));
    let begun = Instant::now();
    let mut second = shop.member("two");
    assert_eq!(second.join(), [0, 1]);
    assert!(begun.elapsed() < Duration::from_secs(8), "it had to wait for the session: {:?}", begun.elapsed());
}

#[test]
fn two_processes_of_one_name_are_told() {
    let shop = Application::new("twins", &["clicks"], 2);
    let mut first = shop.member("same");
    first.join();
    let mut second = shop.member("same");
    let begun = Instant::now();
    let fenced = loop {
        assert!(begun.elapsed() < STUCK, "nobody is fenced");
        second.source.poll().unwrap();
        if let Err(error) = first.source.poll() {
            break error;
        }
        first.source.wait(Duration::from_millis(10));
    };
    assert!(matches!(&fenced, SourceError::Fenced(id) if id.ends_with("-same-0")), "{fenced:?}");
}

#[test]
fn what_waiting_for_a_record_takes_is_printed() {
    let shop = Application::new("latency", &["clicks", "mail"], 4);
    let mut member = shop.member("one");
    member.join();
    member.read_to_the_end();
    // Acknowledged by the broker to in our hands, and from there to knowing that nothing else is there.
    let (mut arrival, mut ends) = (Vec::new(), Vec::new());
    for round in 0..40 {
        let partition = round % 4;
        shop.broker.produce(&shop.inputs[0], [Send::new("k", "v").to(partition)]);
        let sent = Instant::now();
        while member.fetch(0, partition).unwrap() != Fetched::Records {
            assert!(sent.elapsed() < STUCK, "the record does not come");
            member.source.wait(Duration::from_millis(100));
        }
        arrival.push(sent.elapsed());
        while member.fetch(0, partition).unwrap() != Fetched::End {
            assert!(sent.elapsed() < STUCK, "the end does not come");
            member.source.wait(Duration::from_millis(100));
        }
        ends.push(sent.elapsed());
    }
    arrival.sort_unstable();
    ends.sort_unstable();
    println!(
        "a record is there after {:?}, worst of 40 {:?}; its end known after {:?}, worst {:?}",
        arrival[20], arrival[39], ends[20], ends[39]
    );
}

#[test]
fn an_input_with_other_partitions_is_not_aligned() {
    let shop = Application::new("aligned", &["clicks", "mail"], 2);
    // Started as if the inputs had one partition each: the second has come since.
    let mut source = KafkaSource::connect(&shop.settings("one"), 0, 1).unwrap();
    let begun = Instant::now();
    let error = loop {
        assert!(begun.elapsed() < STUCK, "nothing is said");
        match source.poll() {
            Ok(None) => source.wait(Duration::from_millis(10)),
            Ok(Some(change)) => panic!("taken for good: {change:?}"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("more partitions than the 1"), "{error}");
    source.close(Duration::from_secs(2));
    // A member of the group that reads only one of the inputs takes a part of it.
    let mut partial = Member::new(shop.settings_with("two", |config| config.inputs.truncate(1)), &shop.facts);
    partial.join();
    let mut whole = KafkaSource::connect(&shop.settings("three"), 0, 2).unwrap();
    let error = loop {
        assert!(begun.elapsed() < STUCK, "nothing is said");
        partial.serve().unwrap();
        match whole.poll() {
            Err(error) => break error,
            Ok(Some(Change::Assigned(partitions))) => panic!("aligned: {partitions:?}"),
            Ok(_) => whole.wait(Duration::from_millis(5)),
        }
    };
    assert!(matches!(error, SourceError::NotAligned { .. }), "{error}");
    assert!(partial.reader.open(0).is_ok());
}
