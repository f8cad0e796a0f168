//! Reading state back.

use std::time::{Duration, Instant};

use klantreis::config::Start;
use klantreis::engine::ports::{Committed, StateError, StateReader, Topic};
use klantreis::kafka::KafkaStateReader;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::Producer;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::fixture::{Application, STUCK};
use crate::support::{Isolation, Send};

type Record = (Topic, i64, Vec<u8>, Option<Vec<u8>>);

/// Everything from `open` on, and in how many turns.
fn read_all(reader: &mut KafkaStateReader) -> Vec<Record> {
    let mut records = Vec::new();
    let begun = Instant::now();
    let mut last = 0.0;
    while let Some(share) = read_some(reader, &mut records) {
        assert!((0.0..=1.0).contains(&share) && share >= last, "progress went from {last} to {share}");
        last = share;
        assert!(begun.elapsed() < STUCK, "the end of the state does not come");
    }
    records
}

fn read_some(reader: &mut KafkaStateReader, records: &mut Vec<Record>) -> Option<f64> {
    let mut take = |one: klantreis::engine::ports::StateRecord<'_>| {
        records.push((one.topic, one.offset, one.key.to_vec(), one.value.map(<[u8]>::to_vec)));
    };
    reader.read(Duration::from_millis(50), &mut take).unwrap()
}

#[test]
fn a_new_application_has_neither_offsets_nor_state() {
    let shop = Application::new("new", &["clicks", "mail"], 2);
    let mut reader = KafkaStateReader::connect(&shop.settings("one"), 0).unwrap();
    assert_eq!(reader.open(1).unwrap(), [None, None]);
    assert_eq!(read_all(&mut reader), []);
}

#[test]
fn committed_state_is_read_back_snapshots_first_and_failed_state_is_not() {
    let shop = Application::new("restore", &["clicks", "mail"], 2);
    for topic in &shop.inputs {
        shop.broker.produce(topic, (0..10).map(|i| Send::new("k", i.to_string()).to(i % 2)));
    }
    let mut member = shop.member("one");
    member.join();
    member.read_to_the_end();
    member.taken.clear();
    for epoch in ["1", "2"] {
        let mut draft = member.epoch();
        draft.delta(0, format!("delta {epoch}").as_bytes()).delta(1, b"elsewhere");
        draft.snapshot(0, b"bucket", Some(format!("snapshot {epoch}").as_bytes()));
        draft.snapshot(0, b"stale", None);
        assert!(matches!(member.submit(draft), Committed::Done { .. }));
    }
    // An aborted transaction is the last thing in both topics: nothing of it is read, but its end has to be reached.
    for topic in ["state-deltas", "state-snapshots"] {
        let topic = format!("{}.{topic}", shop.name);
        shop.broker.produce_in_transaction("zombie", &topic, [Send::new("k", "never").to(0)], false);
    }
    let mut reader = KafkaStateReader::connect(&shop.settings("two"), 0).unwrap();
    let begun = Instant::now();
    for partition in [0, 1, 0] {
        assert_eq!(reader.open(partition).unwrap(), [Some(5), Some(5)]);
        let records = read_all(&mut reader);
        let texts: Vec<_> =
            records.iter().map(|(topic, _, key, value)| (*topic, key.as_slice(), value.as_deref())).collect();
        let delta = |value: &'static [u8]| (Topic::StateDeltas, [].as_slice(), Some(value));
        let snapshot = |key: &'static [u8], value: Option<&'static [u8]>| (Topic::StateSnapshots, key, value);
        match partition {
            0 => assert_eq!(
                texts,
                [
                    snapshot(b"bucket", Some(b"snapshot 1")),
                    snapshot(b"stale", None),
                    snapshot(b"bucket", Some(b"snapshot 2")),
                    snapshot(b"stale", None),
                    delta(b"delta 1"),
                    delta(b"delta 2"),
                ]
            ),
            _ => assert_eq!(texts, [delta(b"elsewhere"), delta(b"elsewhere")]),
        }
    }
    println!("three small restores took {:?}", begun.elapsed());
}

#[test]
fn a_transaction_that_is_still_open_is_waited_for() {
    let shop = Application::new("open", &["clicks"], 1);
    let deltas = format!("{}.state-deltas", shop.name);
    shop.broker.produce(&deltas, [Send::new("", "before").to(0)]);
    let open = shop.broker.open_transaction("elder", &deltas, [Send::new("", "inside").to(0)], Duration::from_secs(60));
    let mut reader = KafkaStateReader::connect(&shop.settings("one"), 0).unwrap();
    reader.open(0).unwrap();
    let mut records = Vec::new();
    let begun = Instant::now();
    let mut more = 3;
    while more > 0 {
        assert!(read_some(&mut reader, &mut records).is_some(), "it stopped short of an open transaction");
        assert!(begun.elapsed() < STUCK, "what is before the transaction does not come");
        more -= records.len();
    }
    assert_eq!(records.len(), 1);
    open.commit_transaction(STUCK).unwrap();
    let begun = Instant::now();
    while read_some(&mut reader, &mut records).is_some() {
        assert!(begun.elapsed() < STUCK, "the end of the state does not come");
    }
    let values: Vec<_> = records.iter().map(|(_, offset, _, value)| (*offset, value.as_deref().unwrap())).collect();
    assert_eq!(values, [(0, b"before".as_slice()), (1, b"inside")]);
}

#[test]
fn offsets_in_an_open_transaction_are_waited_for() {
    let shop = Application::new("stable", &["clicks"], 1);
    let deltas = format!("{}.state-deltas", shop.name);
    let open = shop.broker.open_transaction("elder", &deltas, [Send::new("", "marker").to(0)], Duration::from_secs(60));
    let member: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", shop.broker.address())
        .set("group.id", &shop.name)
        .create()
        .unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&shop.inputs[0], 0, Offset::Offset(7)).unwrap();
    open.send_offsets_to_transaction(&offsets, &member.group_metadata().unwrap(), STUCK).unwrap();
    let mut reader = KafkaStateReader::connect(&shop.settings("one"), 0).unwrap();
    let begun = Instant::now();
    match reader.open(0) {
        Err(StateError::Unavailable(why)) => assert!(why.contains("for a transaction to end"), "{why}"),
        other => panic!("offsets that are undecided: {other:?}"),
    }
    println!("what holds the offsets is told after {:?}", begun.elapsed());
    let (asking, asked) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| {
            asking.send(()).unwrap();
            reader.open(0)
        });
        asked.recv().unwrap();
        // Long enough for an answer that does not wait; one that does cannot come early however long it is.
        let early = Instant::now();
        while early.elapsed() < Duration::from_millis(300) {
            assert!(!answer.is_finished(), "the answer came while the offsets were undecided");
            std::thread::yield_now();
        }
        open.commit_transaction(STUCK).unwrap();
        assert_eq!(answer.join().unwrap().unwrap(), [Some(7)]);
    });
    assert_eq!(read_all(&mut reader).len(), 1, "the marker of the offsets lies before the end");
}

#[test]
fn an_input_begins_where_its_start_says() {
    let shop = Application::new("start", &["clicks"], 1);
    shop.broker.produce(&shop.inputs[0], (0..10).map(|i| Send::new("k", i.to_string()).at(1_000_000 + 1_000 * i)));
    shop.broker.delete_records(&shop.inputs[0], 0, 3);
    for (start, expected) in [
        (Start::Earliest, 3),
        (Start::Latest, 10),
        (Start::Time(0), 3),
        (Start::Time(1_005_000), 5),
        (Start::Time(1_005_001), 6),
        (Start::Time(2_000_000), 10),
    ] {
        let settings = shop.settings_with("one", |config| config.inputs[0].start = start);
        let mut reader = KafkaStateReader::connect(&settings, 0).unwrap();
        assert_eq!(reader.beginning(0, 0).unwrap(), expected, "{start:?}");
    }
}

#[test]
fn deltas_are_deleted_below_what_is_trimmed() {
    let shop = Application::new("trim", &["clicks"], 2);
    let mut member = shop.member("one");
    member.join();
    for epoch in 0..5 {
        let mut draft = member.epoch();
        draft.delta(1, format!("{epoch}").as_bytes());
        assert!(matches!(member.submit(draft), Committed::Done { .. }));
    }
    // Each epoch takes an offset for its own record and one for the transaction's end.
    member.reader.trim(1, 4);
    let begun = Instant::now();
    let topic = format!("{}.state-deltas", shop.name);
    loop {
        let left: Vec<i64> = shop.broker.read(&topic, Isolation::ReadCommitted).iter().map(|one| one.offset).collect();
        if left == [4, 6, 8] {
            break;
        }
        assert_eq!(left, [0, 2, 4, 6, 8], "too much or too little was deleted");
        assert!(begun.elapsed() < STUCK, "nothing was deleted");
    }
    member.reader.open(1).unwrap();
    assert_eq!(read_all(&mut member.reader).len(), 3);
}
