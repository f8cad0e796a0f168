//! The ingest against a cluster in memory: killed, failing and unlucky at random, it must write what one undisturbed life
//! writes. A failure prints its seed.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;

use super::press::{Limits, Press};
use super::{Equipment, Ingest, Place, Settings};
use crate::engine::board::Board;
use crate::engine::fakes::*;
use crate::engine::murmur2::partition_of;
use crate::engine::ports::{Change, Source, Topic};
use crate::engine::rules::{Envelope, InputRules, Rules};
use crate::engine::view::View;
use crate::engine::worker::Ending;
use crate::formats::{self, FormatSpec, TimeSource};
use crate::journey::{ModelSet, SetOptions, Span, builtin};

/// Partitions of the inputs.
const PLACES: [(usize, i32); 5] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)];
const PARTITIONS: i32 = 3;
const BEGIN: i64 = 1_735_689_600_000;

fn rules() -> Arc<Rules> {
    let options = SetOptions { forget_after: Span(60 * 86_400_000), remembered_ids: 4 };
    let set = ModelSet::new(vec![builtin("think5").expect("it ships")], options).expect("one model is a set");
    Arc::new(Rules {
        application: "test".to_owned(),
        set: Arc::new(set),
        inputs: ["clicks", "more", "events"].map(|name| InputRules { name: name.into(), topic: name.into() }).into(),
        reads_from: 2,
        partition_count: Some(PARTITIONS),
        outputs_alike: false,
        allowed_lateness_ms: 60_000,
        max_future_skew_ms: 300_000,
        event_bytes_max: usize::MAX,
        envelope: Envelope::Bare,
        inline_needs: false,
        writes_phases: true,
    })
}

/// What the ingest must write of a record, in the order in which it must: time, place, offset.
type Key = (i64, usize, i64);

/// Fills the inputs in no order that customers know of; gives the events that must be written, in their order.
fn fill(dice: &mut Dice, records: u64) -> (SharedCluster, Vec<Key>) {
    let mut cluster = Cluster::default();
    let mut expected = Vec::new();
    (0..PLACES.len()).for_each(|place| _ = cluster.inputs.insert((place, 0), Vec::new()));
    let mut now = BEGIN;
    for number in 0..records {
        // Often the same time as another record.
        now += dice.roll(3) as i64;
        let place = dice.roll(PLACES.len() as u64) as usize;
        let log = cluster.inputs.get_mut(&(place, 0)).expect("made above");
        let customer = dice.roll(20);
        let time = jiff::Timestamp::from_millisecond(now - 5).expect("a time of this century");
        let (event, is_used) =
            [("Product Viewed", true), ("Order Completed", true), ("Other", false)][dice.roll(3) as usize];
        let value = format!(
            r#"{{"type":"track","event":"{event}","messageId":"m{number}","timestamp":"{time}","userId":"c{customer}"}}"#
        );
        let is_bad = dice.roll(20) == 0;
        if is_used && !is_bad {
            expected.push((now, place, log.len() as i64));
        }
        log.push((now, if is_bad { b"{\"cut".to_vec() } else { value.into_bytes() }));
    }
    expected.sort_unstable();
    (Arc::new(Mutex::new(cluster)), expected)
}

fn ingest(cluster: &SharedCluster, dice: &mut Dice, ear: &Arc<Ear>, runs_on: bool) -> Ingest<FakeSource> {
    let rules = rules();
    let settings = Settings {
        worker: 0,
        group: "test.ingest".to_owned(),
        commit_interval: Duration::from_millis(dice.roll(40)),
        align_idle_after_ms: 0,
        dead_letters_stop_above: None,
        settle_deadline: Duration::from_secs(5),
        room: dice.roll(4_000) as usize,
        record_bytes_max: 1 << 20,
        event_bytes_max: 1 << 20,
        runs_on,
    };
    let mut chunks = dice.clone();
    dice.roll(2);
    let decoder = |_| {
        let spec = FormatSpec::new("segment", None).expect("a built-in format");
        formats::open(&spec, rules.set.vocabulary(), TimeSource::Event).expect("it opens")
    };
    let with = Equipment {
        source: FakeSource::new(cluster, vec![0], Box::new(move || chunks.roll(9) as usize)),
        committer: Box::new(FakeCommitter::new(cluster, true)),
        positions: Box::new(FakePositions::new(cluster, &PLACES)),
        decoders: (0..2).map(decoder).collect(),
        observer: Arc::clone(ear) as _,
        clock: Arc::new(FakeClock::default()),
    };
    let places = PLACES.map(|(input, partition)| Place { input, partition });
    Ingest::new(Arc::clone(&rules), settings, Arc::new(Board::new(rules, 1)), places.into(), with)
}

/// What was never read begins at its end, as the fake has it: so the group is given offsets first.
fn from_the_start(cluster: &SharedCluster) {
    let mut cluster = cluster.lock().expect("not poisoned");
    PLACES.iter().for_each(|place| _ = cluster.offsets.insert(*place, 0));
}

/// Runs until everything is committed; each of the first `lives` is dropped after some turns, without a word. What was
/// counted besides what was written.
fn live_through(cluster: &SharedCluster, dice: &mut Dice, lives: u64) -> u64 {
    let ear = Arc::<Ear>::default();
    for life in 0..=lives {
        let mut ingest = ingest(cluster, dice, &ear, life < lives);
        let turns = if life < lives { dice.roll(150) } else { u64::MAX };
        for _ in 0..turns {
            ingest.turn().expect("nothing here is beyond repair");
            if ingest.is_caught_up() {
                break;
            }
        }
    }
    ear.heard.lock().expect("nobody panicked while listening").0
}

/// The events that were written, in their order, but for ticks: where each was found. Each lies under its customer's name.
fn written(cluster: &SharedCluster) -> Vec<Key> {
    let mut keys = Vec::new();
    for record in cluster.lock().expect("not poisoned").outputs.iter().filter(|one| one.topic == Topic::Events) {
        let value = record.value.as_deref().expect("never null");
        let body: serde_json::Value = serde_json::from_slice(value).expect("JSON");
        let Some(customer) = body["customer"].as_str() else { continue };
        assert_eq!(record.key.as_deref(), Some(customer.as_bytes()));
        let number = |name: &str| body[name].as_i64().unwrap_or_else(|| panic!("no {name} in {body}"));
        let input = usize::from(body["input"] == "more");
        let place = PLACES.iter().position(|place| *place == (input, number("partition") as i32));
        keys.push((number("time"), place.expect("one of the places"), number("offset")));
    }
    keys
}

/// The highest time that each partition was told.
fn told(cluster: &SharedCluster) -> Vec<i64> {
    let mut told = vec![0; PARTITIONS as usize];
    for record in cluster.lock().expect("not poisoned").outputs.iter().filter(|one| one.topic == Topic::Events) {
        let key = record.key.as_deref();
        let partition = record.partition.or_else(|| key.map(|key| partition_of(key, PARTITIONS)));
        let time = record.value.as_deref().and_then(formats::leading_time).expect("each says its time first");
        let told = &mut told[partition.expect("a key, or a partition") as usize];
        *told = time.max(*told);
    }
    told
}

fn dead_letters(cluster: &SharedCluster) -> usize {
    let cluster = cluster.lock().expect("not poisoned");
    cluster.outputs.iter().filter(|record| record.topic == Topic::DeadLetters).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_order_is_that_of_all_records_sorted_by_time_input_partition_and_offset(seed: u64) {
        let (cluster, expected) = fill(&mut Dice(seed), 400);
        from_the_start(&cluster);
        let counted = live_through(&cluster, &mut Dice(seed ^ 1), 0);
        prop_assert_eq!(written(&cluster).len() as u64 + counted, 400, "each record ends once");
        prop_assert_eq!(written(&cluster), expected);
        let newest = cluster.lock().expect("not poisoned").inputs.values().flatten().map(|(time, _)| *time).max();
        prop_assert_eq!(told(&cluster), vec![newest.expect("there are records"); PARTITIONS as usize]);
    }

    #[test]
    fn whatever_happens_to_the_ingest_it_writes_what_one_undisturbed_life_writes(seed: u64) {
        let (calm, expected) = fill(&mut Dice(seed), 400);
        from_the_start(&calm);
        let counted = live_through(&calm, &mut Dice(seed ^ 1), 0);
        let (rough, _) = fill(&mut Dice(seed), 400);
        from_the_start(&rough);
        let mut dice = Dice(seed ^ 2);
        let verdicts = [Verdict::Done, Verdict::Done, Verdict::Done, Verdict::Failed, Verdict::DoneUnheard];
        rough.lock().expect("not poisoned").verdicts = (0..60).map(|_| verdicts[dice.roll(5) as usize]).collect();
        let heard = live_through(&rough, &mut dice, 6);
        prop_assert_eq!(written(&rough), expected);
        prop_assert_eq!(dead_letters(&rough), dead_letters(&calm));
        // What is committed is counted, unless whoever committed it did not live to hear of it.
        prop_assert!(heard <= counted, "{heard} of {counted}");
    }
}

#[test]
fn an_epoch_whose_answer_is_lost_is_counted_once_if_it_was_committed_and_else_not_at_all() {
    let (cluster, expected) = fill(&mut Dice(11), 400);
    from_the_start(&cluster);
    let verdicts = [Verdict::DoneUnheard, Verdict::Failed, Verdict::Done, Verdict::DoneUnheard];
    cluster.lock().expect("not poisoned").verdicts = verdicts.into_iter().cycle().take(40).collect();
    let counted = live_through(&cluster, &mut Dice(3), 0);
    assert_eq!((written(&cluster).len(), counted), (expected.len(), 400 - expected.len() as u64));
}

#[test]
fn an_input_that_was_never_read_begins_where_it_should_and_a_partition_it_got_later_at_its_first_record() {
    let (cluster, expected) = fill(&mut Dice(5), 200);
    live_through(&cluster, &mut Dice(1), 0);
    assert_eq!(written(&cluster), [], "at the end, as the fake has it");
    let ends = cluster.lock().expect("not poisoned").offsets.clone();
    assert_eq!(ends.len(), PLACES.len(), "where it begins is committed, for all of them");

    let (cluster, _) = fill(&mut Dice(5), 200);
    cluster.lock().expect("not poisoned").offsets.insert((0, 0), 0);
    live_through(&cluster, &mut Dice(1), 0);
    let of_the_first = expected.into_iter().filter(|(_, place, _)| PLACES[*place].0 == 0).collect::<Vec<_>>();
    assert_eq!(written(&cluster), of_the_first, "the second input begins at its end, and nothing else does");
}

#[test]
fn a_group_that_lost_its_offsets_does_not_begin_again() {
    let (cluster, _) = fill(&mut Dice(5), 200);
    from_the_start(&cluster);
    live_through(&cluster, &mut Dice(1), 0);
    let before = written(&cluster);
    cluster.lock().expect("not poisoned").offsets.clear();
    let mut ingest = ingest(&cluster, &mut Dice(1), &Arc::default(), true);
    let ended = std::iter::repeat_with(|| ingest.turn()).find_map(Result::err).expect("it does not turn for ever");
    assert!(matches!(&ended, Ending::OffsetsGone { .. }), "{ended}");
    assert!(ended.to_string().contains("test.ingest"), "{ended}");
    assert_eq!(written(&cluster), before);
}

#[test]
fn time_goes_on_with_the_wall_clock_also_after_a_restart_without_records() {
    let (cluster, _) = fill(&mut Dice(9), 50);
    from_the_start(&cluster);
    let turn = |ingest: &mut Ingest<FakeSource>, turns: u64| {
        for _ in 0..turns {
            ingest.turn().expect("nothing fails");
        }
    };
    let mut first = ingest(&cluster, &mut Dice(1), &Arc::default(), true);
    turn(&mut first, 2_000);
    let before = told(&cluster);
    assert!(before.iter().all(|time| *time > BEGIN), "all partitions are told: {before:?}");
    drop(first);
    let mut second = ingest(&cluster, &mut Dice(2), &Arc::default(), true);
    turn(&mut second, 4_000);
    let after = told(&cluster);
    assert!(after.iter().zip(&before).all(|(after, before)| after > before), "{before:?}, then {after:?}");
}

#[test]
fn who_stands_by_reads_and_writes_nothing_and_does_not_say_that_all_is_done() {
    let (cluster, _) = fill(&mut Dice(9), 50);
    from_the_start(&cluster);
    let mut ingest = ingest(&cluster, &mut Dice(1), &Arc::default(), true);
    ingest.source = FakeSource::new(&cluster, Vec::new(), Box::new(|| 1));
    for _ in 0..500 {
        ingest.turn().expect("nothing fails");
    }
    assert_eq!((cluster.lock().expect("not poisoned").commits, ingest.is_caught_up()), (0, false));
    assert_eq!(ingest.leads, Some(false));
    ingest.change(Change::Revoked).expect("nothing fails");
    ingest.change(Change::Assigned(vec![0])).expect("nothing fails");
    ingest.source.start(0, &[0; PLACES.len()]).expect("the fake does not fail");
    while !ingest.is_caught_up() {
        ingest.turn().expect("nothing fails");
    }
    assert!(!written(&cluster).is_empty());
}

#[test]
fn the_record_that_all_others_wait_for_is_shown_with_how_long_until_it_is_read() {
    let (cluster, expected) = fill(&mut Dice(9), 50);
    from_the_start(&cluster);
    let mut ingest = ingest(&cluster, &mut Dice(1), &Arc::default(), true);
    let are_here = Arc::new(AtomicBool::new(false));
    let decoder = |_| {
        let spec = FormatSpec::new("segment", None).expect("a built-in format");
        let decoder = formats::open(&spec, ingest.rules.set.vocabulary(), TimeSource::Event).expect("it opens");
        WaitingDecoder::around(decoder, &are_here)
    };
    ingest.press = Press::new(&ingest.rules, (0..2).map(decoder).collect(), Limits { record: 1 << 20, event: 1 << 20 });
    let shown = |ingest: &mut Ingest<FakeSource>| {
        // Longer than what is shown may be old.
        (0..400).for_each(|_| _ = ingest.turn().expect("nothing fails"));
        ingest.board.overview().waiting_records().collect::<Vec<_>>()
    };
    let first = shown(&mut ingest);
    let [record] = first[..] else { panic!("one that all others wait for: {first:?}") };
    assert_eq!((record.offset, written(&cluster).len()), (0, 0));
    assert!(PLACES.contains(&(record.input, record.partition)), "{record:?}");
    assert!(record.since < ingest.clock.wall_ms() - 100, "{record:?}");
    assert_eq!(shown(&mut ingest), first, "since then");
    are_here.store(true, Relaxed);
    assert_eq!(shown(&mut ingest), []);
    assert_eq!(written(&cluster), expected);
}
