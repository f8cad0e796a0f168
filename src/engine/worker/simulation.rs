//! Workers against a cluster in memory: killed, failing and unlucky at random, they must leave what one undisturbed fold
//! of the same input leaves. A failure prints its seed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::{Ending, Equipment, Room, Settings, Worker};
use crate::engine::board::Board;
use crate::engine::fakes::*;
use crate::engine::murmur2::partition_of;
use crate::engine::partition::Partition;
use crate::engine::ports::{Source, Topic};
use crate::engine::restore::RestoreError;
use crate::engine::rules::{Envelope, InputRules, Rules};
use crate::engine::store::BUCKETS;
use crate::engine::view::View;
use crate::formats::{self, Decoded, Decoder, FormatSpec, RawRecord, TimeSource};
use crate::journey::{CheckedModel, ModelSet, Reject, SetOptions, Span, builtin};
use crate::snapshot::Codec;

const PARTITIONS: i32 = 2;
const INPUTS: [(&str, &str); 2] = [("clicks", "segment"), ("mail", "sendgrid")];
const DAY: i64 = 86_400_000;

fn rules() -> Arc<Rules> {
    let options = SetOptions { forget_after: Span(60 * DAY), remembered_ids: 4 };
    let set = ModelSet::new(vec![builtin("think5").expect("it ships")], options).expect("one model is a set");
    Arc::new(Rules {
        application: "test".to_owned(),
        set: Arc::new(set),
        inputs: INPUTS.map(|(name, _)| InputRules { name: name.to_owned(), topic: name.to_owned() }).into(),
        reads_from: 0,
        partition_count: Some(PARTITIONS),
        outputs_alike: false,
        allowed_lateness_ms: 60_000,
        max_future_skew_ms: 300_000,
        event_bytes_max: 1 << 20,
        envelope: Envelope::Bare,
        inline_needs: false,
        writes_phases: true,
    })
}

/// Fills the inputs: a few customers over months, in time order within an input, some of it bad, late or twice.
fn fill(dice: &mut Dice, events: u64) -> SharedCluster {
    let mut cluster = Cluster::default();
    (0..2).for_each(|input| (0..PARTITIONS).for_each(|p| _ = cluster.inputs.insert((input, p), Vec::new())));
    let mut now = 1_735_689_600_000_i64;
    for number in 0..events {
        now += dice.roll(2 * DAY as u64 / 10) as i64;
        let customer = format!("c{}", dice.roll(25));
        let input = dice.roll(5) as usize / 4;
        let partition = partition_of(customer.as_bytes(), PARTITIONS);
        let at = if dice.roll(20) == 0 { now - dice.roll(3 * DAY as u64) as i64 } else { now };
        let id = if dice.roll(15) == 0 { number.saturating_sub(1) } else { number };
        let value = match (dice.roll(40), input) {
            (0, _) => "{\"cut".to_owned(),
            (_, 0) => {
                let event = ["Product Viewed", "Product Viewed", "Product Added", "Order Completed", "Other"];
                let event = event[dice.roll(5) as usize];
                let time = jiff::Timestamp::from_millisecond(at).expect("a time of this century");
                format!(
                    r#"{{"type":"track","event":"{event}","messageId":"m{id}","timestamp":"{time}","userId":"{customer}"}}"#
                )
            }
            _ => {
                let event = ["delivered", "open", "click"][dice.roll(3) as usize];
                let time = at / 1000;
                format!(r#"{{"event":"{event}","sg_event_id":"s{id}","timestamp":{time},"customer_id":"{customer}"}}"#)
            }
        };
        cluster.inputs.get_mut(&(input, partition)).expect("made above").push((now, value.into_bytes()));
    }
    Arc::new(Mutex::new(cluster))
}

/// Cannot decode some records at once, as if their schemas were still on their way.
struct Hesitant {
    decoder: Box<dyn Decoder>,
    dice: Dice,
}

impl Decoder for Hesitant {
    fn decode<'a>(&mut self, record: &RawRecord<'a>) -> Result<Decoded<'a>, Reject> {
        if self.dice.roll(8) == 0 { Ok(Decoded::NotYet) } else { self.decoder.decode(record) }
    }
}

fn worker(
    cluster: &SharedCluster,
    rules: &Arc<Rules>,
    dice: &Dice,
    exactly_once: bool,
    ear: &Arc<Ear>,
) -> Worker<FakeSource> {
    let mut chunks = dice.clone();
    let set = &rules.set;
    let decoder = |(_, format): (&str, &str)| {
        let spec = FormatSpec::new(format, None).expect("a built-in format");
        let decoder = formats::open(&spec, set.vocabulary(), TimeSource::Event).expect("it opens");
        Box::new(Hesitant { decoder, dice: dice.clone() }) as Box<dyn Decoder>
    };
    let settings = Settings {
        worker: 0,
        commit_interval: Duration::from_millis(dice.clone().roll(40)),
        exactly_once,
        align_idle_after_ms: 0,
        dead_letters_stop_above: None,
        adopt_state: false,
        settle_deadline: Duration::from_secs(5),
        room: Room { outputs: dice.clone().roll(8_000) as usize, changed: dice.clone().roll(4_000) as usize },
    };
    let with = Equipment {
        source: FakeSource::new(cluster, (0..PARTITIONS).collect(), Box::new(move || chunks.roll(9) as usize)),
        committer: Box::new(FakeCommitter::new(cluster, exactly_once)),
        reader: Box::new(FakeReader::new(cluster)),
        codec: Box::new(Codec::new(Arc::clone(set))),
        decoders: INPUTS.map(decoder).into(),
        observer: Arc::clone(ear) as _,
        clock: Arc::new(FakeClock::default()),
    };
    Worker::new(Arc::clone(rules), settings, Arc::new(Board::new(Arc::clone(rules), 1)), with)
}

/// Runs workers until everything is committed; each of the first `lives` is dropped after some turns, without a word.
fn live_through(
    cluster: &SharedCluster,
    rules: &Arc<Rules>,
    dice: &mut Dice,
    lives: u64,
    exactly_once: bool,
) -> (u64, u64) {
    let ear = Arc::<Ear>::default();
    for life in 0..=lives {
        let mut worker = worker(cluster, rules, dice, exactly_once, &ear);
        dice.roll(2);
        let turns = if life < lives { dice.roll(150) } else { u64::MAX };
        for _ in 0..turns {
            worker.turn().expect("nothing here is beyond repair");
            if worker.is_caught_up() && !worker.active.is_empty() {
                break;
            }
        }
    }
    *ear.heard.lock().expect("nobody panicked while listening")
}

/// The customers of every partition as they are restored from the state topics: id and encoded state.
fn restored(cluster: &SharedCluster, rules: &Arc<Rules>, dice: &Dice) -> BTreeMap<(i32, String), Vec<u32>> {
    let mut worker = worker(cluster, rules, dice, true, &Arc::default());
    while worker.active.len() < PARTITIONS as usize {
        worker.change_and_restore();
    }
    let mut customers = BTreeMap::new();
    for (number, active) in &worker.active {
        collect(&active.partition, *number, &mut customers);
    }
    customers
}

fn collect(partition: &Partition, number: i32, into: &mut BTreeMap<(i32, String), Vec<u32>>) {
    for bucket in 0..BUCKETS {
        partition.store().visit_bucket(bucket, |id, customer| {
            into.insert((number, id.to_owned()), customer.record.0.to_vec());
        });
    }
}

impl Worker<FakeSource> {
    fn change_and_restore(&mut self) {
        if let Some(change) = self.with.source.poll().expect("the fake does not fail") {
            self.change(change).expect("the fake does not fail");
        }
        self.restore_some().expect("the state is whole");
    }
}

/// Transitions by customer, in order.
fn transitions(cluster: &SharedCluster) -> BTreeMap<String, Vec<String>> {
    let mut by_customer: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in cluster.lock().expect("not poisoned").outputs.iter().filter(|r| r.topic == Topic::Transitions) {
        let text = |bytes: &Option<Vec<u8>>| String::from_utf8(bytes.clone().expect("present")).expect("UTF-8");
        by_customer.entry(text(&record.key)).or_default().push(text(&record.value));
    }
    by_customer
}

fn dead_letters(cluster: &SharedCluster) -> usize {
    cluster.lock().expect("not poisoned").outputs.iter().filter(|r| r.topic == Topic::DeadLetters).count()
}

/// What is counted is what is committed, also where the answer to a commit was lost.
#[test]
fn an_epoch_whose_answer_is_lost_is_counted_once_if_it_was_committed_and_else_not_at_all() {
    let rules = rules();
    let cluster = fill(&mut Dice(11), 400);
    let verdicts = [Verdict::DoneUnheard, Verdict::Failed, Verdict::Done, Verdict::DoneUnheard];
    cluster.lock().expect("not poisoned").verdicts = verdicts.into_iter().cycle().take(20).collect();
    let (records, moves) = live_through(&cluster, &rules, &mut Dice(3), 0, true);
    let written = transitions(&cluster).values().map(Vec::len).sum::<usize>();
    assert_eq!((records, moves), (400, written as u64));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_to_workers_the_answer_and_the_state_are_those_of_one_undisturbed_life(seed: u64) {
        let rules = rules();
        let calm = fill(&mut Dice(seed), 600);
        live_through(&calm, &rules, &mut Dice(seed ^ 1), 0, true);

        let rough = fill(&mut Dice(seed), 600);
        let mut dice = Dice(seed ^ 2);
        let verdicts = [Verdict::Done, Verdict::Done, Verdict::Done, Verdict::Failed, Verdict::DoneUnheard];
        rough.lock().expect("not poisoned").verdicts = (0..40).map(|_| verdicts[dice.roll(5) as usize]).collect();
        live_through(&rough, &rules, &mut dice, 6, true);

        prop_assert!(!transitions(&calm).is_empty());
        prop_assert_eq!(transitions(&rough), transitions(&calm));
        prop_assert_eq!(dead_letters(&rough), dead_letters(&calm));
        prop_assert_eq!(restored(&rough, &rules, &dice), restored(&calm, &rules, &dice));
    }

    #[test]
    fn at_least_once_loses_nothing_and_repeats_carry_the_same_id(seed: u64) {
        let rules = rules();
        let calm = fill(&mut Dice(seed), 300);
        live_through(&calm, &rules, &mut Dice(seed ^ 1), 0, false);
        let rough = fill(&mut Dice(seed), 300);
        live_through(&rough, &rules, &mut Dice(seed ^ 2), 5, false);
        for (customer, expected) in transitions(&calm) {
            let mut got = transitions(&rough).remove(&customer).unwrap_or_default();
            let mut seen = std::collections::HashSet::new();
            got.retain(|body| seen.insert(body.clone()));
            prop_assert_eq!(got, expected);
        }
    }
}

#[test]
fn the_order_of_the_output_does_not_depend_on_how_records_arrive() {
    let rules = rules();
    let outputs = |seed: u64| {
        let cluster = fill(&mut Dice(7), 800);
        live_through(&cluster, &rules, &mut Dice(seed), 0, true);
        let cluster = cluster.lock().expect("not poisoned");
        let by_partition = |partition| {
            let is_of =
                |record: &&Written| record.key.as_ref().is_some_and(|key| partition_of(key, PARTITIONS) == partition);
            let moves = cluster.outputs.iter().filter(|r| r.topic == Topic::Transitions).filter(is_of);
            moves.map(|record| record.value.clone()).collect::<Vec<_>>()
        };
        (0..PARTITIONS).map(by_partition).collect::<Vec<_>>()
    };
    let first = outputs(1);
    assert!(first.iter().all(|partition| partition.len() > 50), "enough to be in disorder");
    assert_eq!(outputs(2), first);
    assert_eq!(outputs(3), first);
}

#[test]
fn partitions_take_turns_also_when_each_fills_an_epoch_by_itself() {
    let rules = rules();
    let cluster = fill(&mut Dice(5), 800);
    let mut worker = worker(&cluster, &rules, &Dice(1), true, &Arc::default());
    worker.settings.room = Room { outputs: 0, changed: 0 };
    let position = |worker: &Worker<FakeSource>, number| {
        worker.active.get(&number).map_or(0, |active| active.partition.positions.iter().sum::<i64>())
    };
    while position(&worker, 0) < 100 {
        worker.turn().expect("nothing here is beyond repair");
        assert!(worker.epochs.open.bytes.len() < 32_000, "no more than one partition's round");
    }
    assert!((50..200).contains(&position(&worker, 1)), "the second is at {}", position(&worker, 1));
}

#[test]
fn the_record_that_a_partition_waits_with_is_shown_with_how_long_until_it_is_read() {
    let rules = rules();
    let cluster = fill(&mut Dice(7), 200);
    let mut worker = worker(&cluster, &rules, &Dice(7), true, &Arc::default());
    let are_here = Arc::new(AtomicBool::new(false));
    let decoders = std::mem::take(&mut worker.with.decoders).into_iter();
    worker.with.decoders = decoders.map(|decoder| WaitingDecoder::around(decoder, &are_here)).collect();
    let shown = |worker: &mut Worker<FakeSource>| {
        // Longer than what is shown may be old.
        (0..300).for_each(|_| _ = worker.turn().expect("nothing here is beyond repair"));
        worker.board.overview().waiting_records().collect::<Vec<_>>()
    };
    let first = shown(&mut worker);
    assert_eq!(first.iter().map(|record| (record.partition, record.offset)).collect::<Vec<_>>(), [(0, 0), (1, 0)]);
    assert!(first.iter().all(|record| record.since < worker.with.clock.wall_ms() - 100), "{first:?}");
    assert_eq!(shown(&mut worker), first, "since then");
    are_here.store(true, Relaxed);
    assert_eq!(shown(&mut worker), []);
    assert!(worker.active.values().all(|active| active.partition.positions.iter().sum::<i64>() > 0), "they are read");
}

#[test]
fn customers_of_a_phase_that_is_gone_are_counted_in_all_partitions_of_a_worker_and_none_of_them_runs() {
    let (old, cluster) = (rules(), fill(&mut Dice(7), 400));
    live_through(&cluster, &old, &mut Dice(7), 0, true);
    let there = restored(&cluster, &old, &Dice(7));
    let source = "model: think5\nversion: 9\nkinds: [purchased]\nphases: { other: {} }\n\
                  transitions: [{ id: in, from: new, to: other, on: purchased }]\n";
    let model = CheckedModel::parse("think5.yaml", source).expect("a sound model");
    let options = SetOptions { forget_after: Span(60 * DAY), remembered_ids: 4 };
    let set = Arc::new(ModelSet::new(vec![model], options).expect("one model is a set"));
    let mut worker = worker(&cluster, &Arc::new(Rules { set, ..(*old).clone() }), &Dice(7), true, &Arc::default());
    let ended = std::iter::repeat_with(|| worker.turn()).find_map(Result::err).expect("it does not turn for ever");
    let Ending::Restore(RestoreError::Homeless(homeless)) = ended else { panic!("{ended}") };
    assert_eq!(homeless.partitions, [0, 1]);
    assert_eq!(homeless.customers.values().sum::<u64>(), there.len() as u64);
    assert!(worker.active.is_empty());
}
