//! One member that reads everything, and those that stand by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use klantreis::config::{Config, Keying};
use klantreis::engine::ports::{
    Batch, Change, Committed, Committer, Fetched, GroupOffsets, Positions, Source, SourceError, Topic,
};
use klantreis::kafka::{KafkaCommitter, KafkaPositions, KafkaSource, Settings, prepare_topics};

use crate::fixture::{Draft, STUCK};
use crate::support::{Broker, Isolation, Send, config};

/// Two inputs, of three partitions and of two.
struct Shop {
    name: String,
    inputs: [String; 2],
}

const PLACES: [(usize, i32); 5] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)];

impl Shop {
    fn new(test: &str) -> Shop {
        let name = Broker::shared().prefix(test);
        let inputs = ["clicks", "mail"].map(|input| format!("{name}{input}"));
        Broker::shared().create_topics(&[(&inputs[0], 3, &[]), (&inputs[1], 2, &[])]);
        let shop = Shop { name: name.trim_end_matches('.').to_owned(), inputs };
        let facts = prepare_topics(&shop.settings("one", |_| {}), true).unwrap();
        assert_eq!((facts.partitions, &*facts.inputs), (3, &[3, 2][..]));
        shop
    }

    fn settings(&self, instance: &str, change: impl FnOnce(&mut Config)) -> Settings {
        let mut config = config(Broker::shared(), &self.name, instance, &self.inputs);
        config.keying = Keying::Rekey;
        config.topics.events = Some(self.events());
        change(&mut config);
        Settings::new(Arc::new(config)).unwrap()
    }

    fn events(&self) -> String {
        format!("{}.events", self.name)
    }

    fn member(&self, instance: &str) -> (Settings, KafkaSource) {
        let settings = self.settings(instance, |_| {}).of_ingest();
        let source = KafkaSource::connect_to_lead(&settings, &PLACES).unwrap();
        (settings, source)
    }
}

/// Serves members until the last of them has heard what it is given; lets go of what is asked back.
fn until_assigned(members: &mut [&mut KafkaSource]) -> Vec<i32> {
    let begun = Instant::now();
    loop {
        assert!(begun.elapsed() < STUCK, "nothing was assigned");
        let last = members.len() - 1;
        for (number, member) in members.iter_mut().enumerate() {
            match member.poll().unwrap() {
                Some(Change::Assigned(partitions)) if number == last => return partitions,
                Some(Change::Revoked | Change::Lost) => member.release().unwrap(),
                _ => {}
            }
        }
        members[0].wait(Duration::from_millis(5));
    }
}

fn read_all(source: &mut KafkaSource) -> Vec<(usize, i64)> {
    let mut batch = source.batch();
    let (mut read, mut ended, begun) = (Vec::new(), [false; PLACES.len()], Instant::now());
    while ended.contains(&false) {
        assert!(begun.elapsed() < STUCK, "the ends do not come: {ended:?}");
        source.poll().unwrap();
        for (place, ended) in ended.iter_mut().enumerate() {
            match source.fetch(place, 0, &mut batch).unwrap() {
                Fetched::Records => read.extend((0..batch.len()).map(|at| (place, batch.offset(at)))),
                Fetched::End => *ended = true,
                Fetched::Nothing => {}
            }
            batch.clear();
        }
        source.wait(Duration::from_millis(5));
    }
    read.sort_unstable();
    read
}

#[test]
fn one_member_reads_every_partition_of_every_input_and_another_takes_over_when_it_is_gone() {
    let shop = Shop::new("lead");
    for (input, partition) in PLACES {
        Broker::shared().produce(&shop.inputs[input], (0..3).map(|i: i64| Send::new("k", i.to_string()).to(partition)));
    }
    let (_, mut first) = shop.member("a");
    assert_eq!(until_assigned(&mut [&mut first]), [0]);
    let (_, mut second) = shop.member("b");
    assert_eq!(until_assigned(&mut [&mut first, &mut second]), [0; 0], "it stands by");
    while first.membership().is_err() {
        first.poll().unwrap();
    }
    first.start(0, &[0, 1, 2, 0, 3]).unwrap();
    let expected = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2), (3, 0), (3, 1), (3, 2)];
    assert_eq!(read_all(&mut first), expected);
    assert_eq!(first.lag(0, 0), Some(0));
    first.close(STUCK);
    drop(first);
    assert_eq!(until_assigned(&mut [&mut second]), [0], "it leads");
    second.start(0, &[2; 5]).unwrap();
    assert_eq!(read_all(&mut second), [(0, 2), (1, 2), (2, 2), (3, 2), (4, 2)]);
}

#[test]
fn what_is_kept_with_the_offsets_is_committed_with_them_and_an_earlier_lead_commits_nothing_more() {
    let shop = Shop::new("kept");
    let (settings, mut first) = shop.member("b");
    let mut positions = KafkaPositions::connect(&settings, &PLACES).unwrap();
    assert_eq!(positions.committed().unwrap(), GroupOffsets { offsets: vec![None; 5], note: None });
    assert!(!positions.has_events().unwrap());
    assert_eq!(until_assigned(&mut [&mut first]), [0]);
    let mut committer = KafkaCommitter::connect(&settings, 0, &first, 1 << 20).unwrap();
    let mut commit = |draft: Draft| {
        committer.submit(Box::new(draft.epoch));
        committer.finished(STUCK).expect("an epoch ends").0
    };
    let mut draft = Draft::new(first.membership().ok());
    draft.output(Topic::Events, Some(2), None, Some(br#"{"time":5}"#), &[]);
    draft.epoch.offsets = vec![(0, 1, 7), (1, 0, 0)];
    draft.epoch.note = Some("5 5 9".to_owned());
    let Committed::Done { deltas, .. } = commit(draft) else { panic!("it does not commit") };
    assert_eq!(deltas, [(2, 0, 1)], "where events were written is told");
    let expected = GroupOffsets { offsets: vec![None, Some(7), None, Some(0), None], note: Some("5 5 9".to_owned()) };
    assert_eq!(positions.committed().unwrap(), expected);
    assert!(positions.has_events().unwrap());

    // Another comes, of a name that goes before, and the group moves on.
    let stale = first.membership().ok();
    let (_, mut second) = shop.member("a");
    assert_eq!(until_assigned(&mut [&mut first, &mut second]), [0], "it leads now");
    let mut draft = Draft::new(stale);
    draft.output(Topic::Events, Some(2), None, Some(br#"{"time":6}"#), &[]);
    draft.epoch.offsets = vec![(0, 1, 8)];
    let ended = commit(draft);
    assert!(matches!(&ended, Committed::Failed(_)), "{ended:?}");
    assert_eq!(positions.committed().unwrap(), expected);
    assert_eq!(Broker::shared().read(&shop.events(), Isolation::ReadCommitted).len(), 1);
}

#[test]
fn an_input_that_grows_ends_the_lead_with_a_word_about_it() {
    let shop = Shop::new("grows");
    let often = |config: &mut Config| {
        config.kafka.consumer.insert("topic.metadata.refresh.interval.ms".to_owned(), "200".to_owned());
    };
    let settings = shop.settings("one", often).of_ingest();
    let mut source = KafkaSource::connect_to_lead(&settings, &PLACES).unwrap();
    assert_eq!(until_assigned(&mut [&mut source]), [0]);
    Broker::shared().grow(&shop.inputs[1], 4);
    let begun = Instant::now();
    let problem = loop {
        assert!(begun.elapsed() < STUCK, "nobody notices");
        match source.poll() {
            Ok(Some(Change::Revoked | Change::Lost)) => source.release().unwrap(),
            Ok(_) => source.wait(Duration::from_millis(20)),
            Err(problem) => break problem,
        }
    };
    let input = shop.inputs[1].rsplit('.').next().unwrap().to_owned();
    assert_eq!(problem, SourceError::Wider { input, known: 2, now: 4 });
}
