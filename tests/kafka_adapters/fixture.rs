//! An application with its topics on the shared broker, and a worker's hands without its head.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use klantreis::config::Config;
use klantreis::engine::ports::{
    Batch, Change, Committed, Committer, Epoch, Fetched, HeaderValue, OutHeader, OutRecord, Source, SourceError,
    StateError, StateReader, Topic,
};
use klantreis::kafka::{
    GroupMembership, KafkaCommitter, KafkaSource, KafkaStateReader, Settings, TopicFacts, prepare_topics,
};

use crate::support::{Broker, config};

/// Nothing here takes longer unless it is stuck.
pub const STUCK: Duration = Duration::from_secs(30);

/// An application on a broker.
pub struct Application<'a> {
    pub broker: &'a Broker,
    pub name: String,
    pub inputs: Vec<String>,
    pub facts: TopicFacts,
}

impl Application<'static> {
    /// A new one on the shared broker.
    pub fn new(test: &str, inputs: &[&str], partitions: i32) -> Application<'static> {
        Application::on(Broker::shared(), test, inputs, partitions)
    }
}

impl<'a> Application<'a> {
    pub fn on(broker: &'a Broker, test: &str, inputs: &[&str], partitions: i32) -> Application<'a> {
        let name = broker.prefix(test);
        let inputs: Vec<String> = inputs.iter().map(|input| format!("{name}{input}")).collect();
        let topics: Vec<_> = inputs.iter().map(|topic| (topic.as_str(), partitions, [].as_slice())).collect();
        broker.create_topics(&topics);
        let name = name.trim_end_matches('.').to_owned();
        let settings = Settings::new(Arc::new(config(broker, &name, "one", &inputs))).unwrap();
        let facts = prepare_topics(&settings, true).unwrap();
        Application { broker, name, inputs, facts }
    }

    /// What a process of this instance name works with.
    pub fn settings(&self, instance: &str) -> Settings {
        self.settings_with(instance, |_| {})
    }

    pub fn settings_with(&self, instance: &str, change: impl FnOnce(&mut Config)) -> Settings {
        let mut config = config(self.broker, &self.name, instance, &self.inputs);
        change(&mut config);
        Settings::new(Arc::new(config)).unwrap()
    }

    pub fn member(&self, instance: &str) -> Member {
        self.member_with(instance, |_| {})
    }

    pub fn member_with(&self, instance: &str, change: impl FnOnce(&mut Config)) -> Member {
        Member::new(self.settings_with(instance, change), &self.facts)
    }

    pub fn transitions(&self) -> String {
        format!("{}.transitions", self.name)
    }
}

/// A worker without a model: it takes what comes and commits how far it got.
pub struct Member {
    pub settings: Settings,
    pub source: KafkaSource,
    pub committer: KafkaCommitter,
    pub reader: KafkaStateReader,
    pub inputs: usize,
    /// Next offset by partition and input.
    pub positions: BTreeMap<i32, Vec<i64>>,
    /// (input, partition, offset, value) in the order taken, since the last commit.
    pub taken: Vec<(usize, i32, i64, Vec<u8>)>,
    batch: <KafkaSource as Source>::Batch,
}

impl Member {
    pub fn new(settings: Settings, facts: &TopicFacts) -> Member {
        let source = KafkaSource::connect(&settings, 0, facts.partitions).unwrap();
        let committer = KafkaCommitter::connect(&settings, 0, &source, facts.dead_letter_bytes).unwrap();
        let reader = KafkaStateReader::connect(&settings, 0).unwrap();
        let inputs = settings.inputs();
        Member {
            batch: source.batch(),
            source,
            committer,
            reader,
            inputs,
            settings,
            positions: BTreeMap::new(),
            taken: Vec::new(),
        }
    }

    /// Serves the group: begins what is given where it was committed (or at 0), commits and lets go of what is taken.
    pub fn serve(&mut self) -> Result<Option<Change>, SourceError> {
        let change = self.source.poll()?;
        match &change {
            Some(Change::Assigned(partitions)) => {
                for &partition in partitions {
                    let committed = self.committed(partition);
                    let positions: Vec<i64> = committed.iter().map(|one| one.unwrap_or(0)).collect();
                    self.source.start(partition, &positions)?;
                    self.positions.insert(partition, positions);
                }
            }
            Some(Change::Revoked) => {
                if !self.positions.is_empty() {
                    assert!(matches!(self.commit(), Committed::Done { .. }));
                }
                self.positions.clear();
                self.source.release()?;
            }
            Some(Change::Lost) => {
                self.positions.clear();
                self.taken.clear();
                self.source.release()?;
            }
            None => {}
        }
        Ok(change)
    }

    /// The group's offsets; a broker that is just back is asked again, as a worker does.
    pub fn committed(&mut self, partition: i32) -> Vec<Option<i64>> {
        let begun = Instant::now();
        loop {
            match self.reader.open(partition) {
                Ok(committed) => return committed,
                Err(StateError::Unavailable(why)) if begun.elapsed() < STUCK => println!("asking again: {why}"),
                Err(problem) => panic!("{problem}"),
            }
        }
    }

    /// Serves until something is assigned.
    pub fn join(&mut self) -> Vec<i32> {
        let begun = Instant::now();
        loop {
            match self.serve().unwrap() {
                Some(Change::Assigned(partitions)) => return partitions,
                _ => assert!(begun.elapsed() < STUCK, "nothing was assigned"),
            }
            self.source.wait(Duration::from_millis(20));
        }
    }

    /// Takes what is there of one input's partition.
    pub fn fetch(&mut self, input: usize, partition: i32) -> Result<Fetched, SourceError> {
        let fetched = self.source.fetch(input, partition, &mut self.batch)?;
        for index in 0..self.batch.len() {
            let record = self.batch.record(index);
            let (offset, value) = (self.batch.offset(index), record.value.unwrap_or_default().to_vec());
            self.taken.push((input, partition, offset, value));
            self.positions.get_mut(&partition).unwrap()[input] = offset + 1;
        }
        self.batch.clear();
        Ok(fetched)
    }

    /// One round over everything; `true` when all are at their ends.
    pub fn round(&mut self) -> bool {
        let partitions: Vec<i32> = self.positions.keys().copied().collect();
        let mut ended = true;
        for partition in partitions {
            for input in 0..self.inputs {
                ended &= self.fetch(input, partition).unwrap() == Fetched::End;
            }
        }
        ended
    }

    /// Takes everything up to the ends.
    pub fn read_to_the_end(&mut self) {
        let begun = Instant::now();
        while !self.round() {
            assert!(begun.elapsed() < STUCK, "the end does not come");
            assert_eq!(self.serve().unwrap(), None);
            self.source.wait(Duration::from_millis(20));
        }
    }

    /// An epoch that moves the offsets to where we are, with the taken records' values as transitions.
    pub fn epoch(&mut self) -> Draft {
        let mut draft = Draft::new(self.source.membership().ok());
        for (&partition, positions) in &self.positions {
            for (input, position) in positions.iter().enumerate() {
                draft.epoch.offsets.push((input, partition, *position));
            }
        }
        for (_, partition, offset, value) in self.taken.drain(..) {
            draft.output(Topic::Transitions, None, Some(format!("{partition}-{offset}").as_bytes()), Some(&value), &[]);
        }
        draft
    }

    /// Commits where we are.
    pub fn commit(&mut self) -> Committed {
        let draft = self.epoch();
        self.submit(draft)
    }

    pub fn submit(&mut self, draft: Draft) -> Committed {
        self.committer.submit(Box::new(draft.epoch));
        self.committer.finished(STUCK).expect("an epoch ends").0
    }
}

/// An epoch in the making.
pub struct Draft {
    pub epoch: Epoch<GroupMembership>,
}

impl Draft {
    pub fn new(membership: Option<GroupMembership>) -> Draft {
        Draft { epoch: Epoch { membership, sequence: 1, ..Epoch::default() } }
    }

    fn bytes(&mut self, bytes: &[u8]) -> std::ops::Range<u32> {
        let start = self.epoch.bytes.len() as u32;
        self.epoch.bytes.extend_from_slice(bytes);
        start..self.epoch.bytes.len() as u32
    }

    fn record(
        &mut self,
        topic: Topic,
        partition: Option<i32>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&'static str, Option<&[u8]>)],
    ) -> OutRecord {
        let key = key.map(|key| self.bytes(key));
        let value = value.map(|value| self.bytes(value));
        let first = self.epoch.headers.len() as u32;
        for (name, value) in headers {
            let value = value.map(|value| HeaderValue::Own(self.bytes(value)));
            self.epoch.headers.push(OutHeader { name: (*name).into(), value });
        }
        OutRecord { topic, partition, key, value, headers: first..self.epoch.headers.len() as u32 }
    }

    pub fn output(
        &mut self,
        topic: Topic,
        partition: Option<i32>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&'static str, Option<&[u8]>)],
    ) -> &mut Draft {
        let record = self.record(topic, partition, key, value, headers);
        self.epoch.outputs.push(record);
        self
    }

    pub fn delta(&mut self, partition: i32, value: &[u8]) -> &mut Draft {
        let record = self.record(Topic::StateDeltas, Some(partition), None, Some(value), &[]);
        self.epoch.deltas.push(record);
        self
    }

    pub fn snapshot(&mut self, partition: i32, key: &[u8], value: Option<&[u8]>) -> &mut Draft {
        let record = self.record(Topic::StateSnapshots, Some(partition), Some(key), value, &[]);
        self.epoch.snapshots.push(record);
        self
    }
}
