//! What a restore makes of whole, torn, late and missing parts.

use std::sync::Arc;

use super::Partition;
use super::ports::{Marker, PartHeader, StateCodec, StateRecord, Topic, WatermarkState};
use super::restore::{Restore, RestoreError};
use super::rules::{Envelope, InputRules, Rules};
use super::store::IdHash;
use crate::journey::{CheckedModel, ModelSet, Record, SetOptions, Span, builtin};
use crate::snapshot::Codec;

fn rules() -> Arc<Rules> {
    let options = SetOptions { forget_after: Span(1 << 40), remembered_ids: 0 };
    let set = ModelSet::new(vec![builtin("think5").expect("it ships")], options).expect("one model is a set");
    Arc::new(Rules {
        application: "test".to_owned(),
        set: Arc::new(set),
        inputs: ["clicks", "mail"].map(|name| InputRules { name: name.to_owned(), topic: name.to_owned() }).into(),
        reads_from: 0,
        partition_count: Some(1),
        outputs_alike: false,
        allowed_lateness_ms: 0,
        max_future_skew_ms: 0,
        event_bytes_max: 1_000,
        envelope: Envelope::Bare,
        inline_needs: false,
        writes_phases: false,
    })
}

/// A record that can be told from others by this number.
fn numbered(rules: &Rules, number: u32) -> Box<Record> {
    let mut record = rules.set.fresh();
    let seq = rules.set.layout().fields.iter().find(|field| field.key.contains("seq")).expect("think5 counts");
    record.0[seq.word] = number;
    record
}

/// What stands in the state topics, and what the group says.
struct Scene {
    rules: Arc<Rules>,
    codec: Codec,
    snapshots: Vec<(String, Option<Vec<u8>>)>,
    deltas: Vec<Vec<u8>>,
    group: [Option<i64>; 2],
}

impl Scene {
    fn new(group: [Option<i64>; 2]) -> Self {
        let rules = rules();
        let codec = Codec::new(Arc::clone(&rules.set));
        Self { rules, codec, snapshots: Vec::new(), deltas: Vec::new(), group }
    }

    fn part(&self, header: PartHeader, customers: &[(&str, Option<u32>)], marker: Option<[i64; 2]>) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.codec.begin(&header, &mut bytes);
        for (id, number) in customers {
            let record = number.map(|number| numbered(&self.rules, number));
            self.codec.customer(id, record.as_deref(), &mut bytes);
        }
        if let Some(positions) = marker {
            let positions = ["clicks", "mail"].map(str::to_owned).into_iter().zip(positions).collect();
            let marker = Marker { positions, watermark: WatermarkState { at: 5, record_time: 5, wall: 5 } };
            self.codec.marker(&marker, &mut bytes);
        }
        bytes
    }

    /// A whole epoch in one part.
    fn epoch(mut self, (term, epoch): (u64, u64), customers: &[(&str, Option<u32>)], marker: [i64; 2]) -> Self {
        let header = PartHeader { epoch, term, bucket: None, part: 0, parts: 1 };
        let part = self.part(header, customers, Some(marker));
        self.deltas.push(part);
        self
    }

    /// One part of an epoch of two.
    fn torn(mut self, (term, epoch): (u64, u64), part: u16, customers: &[(&str, Option<u32>)]) -> Self {
        let header = PartHeader { epoch, term, bucket: None, part, parts: 2 };
        let part = self.part(header, customers, (part == 1).then_some([99, 99]));
        self.deltas.push(part);
        self
    }

    /// A part of the snapshot of the bucket that these customers are in.
    fn bucket(mut self, epoch: u64, (part, parts): (u16, u16), customers: &[(&str, Option<u32>)]) -> Self {
        let bucket = IdHash::of(customers[0].0).bucket();
        let header = PartHeader { epoch, term: 1, bucket: Some(bucket as u16), part, parts };
        let bytes = self.part(header, customers, None);
        self.snapshots.push((format!("{bucket}/{part}"), Some(bytes)));
        self
    }

    fn restore(&mut self, adopt: bool) -> Result<Partition, RestoreError> {
        let mut restore = Restore::new(0, Arc::clone(&self.rules), self.group.to_vec());
        for (key, value) in &self.snapshots {
            let topic = Topic::StateSnapshots;
            let record = StateRecord { topic, offset: 0, key: key.as_bytes(), value: value.as_deref() };
            restore.take(&record, &mut self.codec);
        }
        for (offset, value) in (0..).zip(&self.deltas) {
            let record = StateRecord { topic: Topic::StateDeltas, offset, key: &[], value: Some(value) };
            restore.take(&record, &mut self.codec);
        }
        restore.finish(&mut self.codec, adopt, |_| Ok(1_000))
    }

    /// What is restored: customers' numbers, the positions, and the number of the next epoch.
    fn check(mut self, customers: &[(&str, Option<u32>)], positions: [i64; 2], next_epoch: u64) {
        let partition = self.restore(false).expect("it can be restored");
        for (id, expected) in customers {
            let found = partition.store().read(IdHash::of(id), id, |customer| customer.record.to_owned());
            assert_eq!(found, expected.map(|number| numbered(&self.rules, number)), "{id}");
        }
        let there = customers.iter().filter(|(_, number)| number.is_some()).count();
        assert_eq!(partition.store().len(), there);
        assert_eq!((partition.positions.as_slice(), partition.epoch), (positions.as_slice(), next_epoch));
    }

    fn refuse(mut self, expected: &str) {
        let error = self.restore(false).err().expect(expected).to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    }
}

const MARK: [Option<i64>; 2] = [Some(10), Some(20)];

#[test]
fn nothing_at_all_is_a_beginning() {
    Scene::new([None, None]).check(&[], [1_000, 1_000], 1);
}

#[test]
fn the_last_value_of_each_customer_counts_and_removed_ones_are_gone() {
    Scene::new(MARK)
        .epoch((1, 1), &[("a", Some(1)), ("b", Some(1))], [1, 2])
        .epoch((1, 2), &[("a", Some(2)), ("b", None)], [10, 20])
        .check(&[("a", Some(2)), ("b", None)], [10, 20], 3);
}

#[test]
fn deltas_up_to_a_buckets_snapshot_are_in_it_and_later_ones_are_applied_over_it() {
    Scene::new(MARK)
        .bucket(5, (0, 1), &[("a", Some(50))])
        .epoch((1, 4), &[("a", Some(4)), ("b", Some(4))], [1, 2])
        .epoch((1, 5), &[("a", Some(5))], [1, 2])
        .epoch((1, 6), &[("b", Some(6))], [10, 20])
        .check(&[("a", Some(50)), ("b", Some(6))], [10, 20], 7);
}

#[test]
fn of_a_buckets_snapshots_the_newest_counts_and_stale_parts_of_older_ones_do_not() {
    Scene::new(MARK)
        .bucket(2, (0, 2), &[("a", Some(2))])
        .bucket(2, (1, 2), &[("a", Some(22))])
        .bucket(3, (0, 1), &[("a", Some(3))])
        .epoch((1, 4), &[], [10, 20])
        .check(&[("a", Some(3))], [10, 20], 5);
}

#[test]
fn what_stands_behind_the_last_complete_marker_is_ignored() {
    Scene::new(MARK).epoch((1, 1), &[("a", Some(1))], [10, 20]).torn((1, 2), 0, &[("a", Some(2))]).check(
        &[("a", Some(1))],
        [10, 20],
        2,
    );
}

#[test]
fn an_epoch_whose_begin_is_trimmed_away_is_ignored() {
    Scene::new(MARK)
        .bucket(1, (0, 1), &[("a", Some(1))])
        .torn((1, 1), 1, &[("a", Some(9))])
        .epoch((1, 2), &[], [10, 20])
        .check(&[("a", Some(1))], [10, 20], 3);
}

#[test]
fn a_former_owners_late_epoch_is_ignored() {
    Scene::new(MARK)
        .epoch((1, 1), &[("a", Some(1))], [1, 2])
        .epoch((2, 2), &[("a", Some(2))], [10, 20])
        .epoch((1, 2), &[("a", Some(9))], [7, 7])
        .check(&[("a", Some(2))], [10, 20], 3);
}

#[test]
fn an_epoch_that_landed_behind_its_successors_restore_is_not_part_of_the_state() {
    Scene::new(MARK)
        .epoch((1, 1), &[("a", Some(1)), ("b", Some(1))], [1, 2])
        .epoch((1, 2), &[("a", Some(9)), ("c", Some(9))], [7, 7])
        .epoch((2, 2), &[("b", Some(2))], [10, 20])
        .check(&[("a", Some(1)), ("b", Some(2)), ("c", None)], [10, 20], 3);
}

#[test]
fn parts_of_two_owners_between_each_other_make_no_epoch() {
    Scene::new(MARK)
        .epoch((1, 1), &[("a", Some(1))], [10, 20])
        .torn((2, 2), 0, &[("a", Some(2))])
        .torn((1, 2), 1, &[("a", Some(9))])
        .check(&[("a", Some(1))], [10, 20], 2);
}

#[test]
fn a_bucket_that_lacks_a_part_is_refused() {
    Scene::new(MARK)
        .bucket(2, (1, 2), &[("a", Some(2))])
        .epoch((1, 3), &[], [10, 20])
        .refuse("is incomplete (1 of 2 parts)");
}

#[test]
fn deltas_that_begin_late_without_any_snapshot_are_refused() {
    Scene::new(MARK).epoch((1, 300), &[("a", Some(1))], [10, 20]).refuse("lost records");
}

#[test]
fn state_and_offsets_that_do_not_belong_together_are_refused_with_the_way_out() {
    let with = |group| Scene::new(group).epoch((1, 1), &[("a", Some(1))], [10, 20]);
    with([Some(10), Some(21)]).refuse("left at offset 20 of mail, but the consumer group's committed offset is 21");
    with([Some(10), None]).refuse("--adopt-state");
    Scene::new([Some(10), None]).refuse("there is no state");
}

#[test]
fn state_of_inputs_that_were_keyed_otherwise_is_refused() {
    let rekeyed = |scene: Scene| {
        let mut rules = (*scene.rules).clone();
        rules.inputs.push(InputRules { name: "events".to_owned(), topic: "test.events".to_owned() });
        rules.reads_from = 2;
        Scene { rules: Arc::new(rules), ..scene }
    };
    let of_direct = Scene::new([None, None]).epoch((1, 1), &[("a", Some(1))], [3, 4]);
    rekeyed(of_direct).refuse("with `keying: direct`, and now it is rekey");

    let mut scene = Scene::new([None, None]);
    let mut part = Vec::new();
    scene.codec.begin(&PartHeader { epoch: 1, term: 1, bucket: None, part: 0, parts: 1 }, &mut part);
    let watermark = WatermarkState { at: 5, record_time: 5, wall: 5 };
    scene.codec.marker(&Marker { positions: vec![("test.events".to_owned(), 7)], watermark }, &mut part);
    scene.deltas.push(part);
    scene.refuse("with `keying: rekey`, and now it is direct");

    let nothing = rekeyed(Scene::new([None, None])).restore(false).expect("it begins");
    assert_eq!(nothing.positions, [1_000], "one, for the events");
}

#[test]
fn where_it_is_asked_for_the_state_is_right() {
    for group in [[Some(10), Some(21)], [None, None]] {
        let partition = Scene::new(group).epoch((1, 1), &[], [10, 20]).restore(true).expect("adopted");
        assert_eq!(partition.positions, [10, 20]);
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let mut scene = Scene::new(MARK);
    scene.deltas.push(b"not ours".to_vec());
    scene.refuse("partition 0, offset 0 of the state topic: not a part of klantreis state");
}

/// The sets of a model before and after its phases b and c were taken out, and `moved` was added.
fn changed(moved: &str) -> [Arc<ModelSet>; 2] {
    let source = |phases: &str, to: &str| {
        format!(
            "model: shop\nversion: 1\nkinds: [go]\nphases: {{ a: {{}}{phases} }}\n\
             transitions:\n  - {{ id: in, from: new, to: a, on: go }}\n{to}"
        )
    };
    let on = "  - { id: b, from: a, to: b, on: go }\n  - { id: c, from: b, to: c, on: go }\n";
    [source(", b: {}, c: {}", on), source("", moved)].map(|source| {
        let model = CheckedModel::parse("shop.yaml", &source).expect("a sound model");
        let options = SetOptions { forget_after: Span(1 << 40), remembered_ids: 0 };
        Arc::new(ModelSet::new(vec![model], options).expect("one model is a set"))
    })
}

/// Restores customers, each in the phases it was in one epoch after the other (0: forgotten), with a model that lost b and c.
fn restore_changed(moved: &str, customers: &[(&str, &[u32])]) -> Result<Partition, RestoreError> {
    let [old, new] = changed(moved);
    let writer = Codec::new(Arc::clone(&old));
    let rules = Arc::new(Rules { set: Arc::clone(&new), ..(*rules()).clone() });
    let mut codec = Codec::new(new);
    let mut restore = Restore::new(7, rules, MARK.to_vec());
    let epochs = customers.iter().map(|(_, phases)| phases.len()).max().unwrap_or_default();
    for epoch in 0..epochs {
        let mut bytes = Vec::new();
        let number = epoch as u64 + 1;
        writer.begin(&PartHeader { epoch: number, term: 1, bucket: None, part: 0, parts: 1 }, &mut bytes);
        for (id, phases) in customers {
            let Some(phase) = phases.get(epoch) else { continue };
            let mut record = old.fresh();
            let field =
                |name: &str| old.layout().fields.iter().find(|field| field.key == name).expect("it is there").word;
            record.set_u32(field("shop/phase"), *phase);
            record.set_u32(field("shop/seq"), *phase);
            record.set_i64(field("shop/since"), 1_000);
            record.set_i64(field("shop/first_seen"), 1_000);
            writer.customer(id, (*phase > 0).then_some(&*record), &mut bytes);
        }
        let positions = vec![("clicks".to_owned(), 10), ("mail".to_owned(), 20)];
        writer.marker(&Marker { positions, watermark: WatermarkState { at: 5, record_time: 5, wall: 5 } }, &mut bytes);
        let offset = epoch as i64;
        restore.take(&StateRecord { topic: Topic::StateDeltas, offset, key: &[], value: Some(&bytes) }, &mut codec);
    }
    restore.finish(&mut codec, false, |_| Ok(0))
}

#[test]
fn customers_in_phases_that_are_gone_are_counted_when_all_is_folded_and_refused() {
    let customers: &[(&str, &[u32])] =
        &[("stays", &[1]), ("b1", &[2]), ("b2", &[1, 2]), ("c1", &[2, 3]), ("back", &[2, 1]), ("forgotten", &[3, 0])];
    let refused = restore_changed("", customers).err().expect("three have no home").to_string();
    let expected = "partition 7: customers are in phases that their model does not have any more: \
                    shop: at least 2 in \"b\", 1 in \"c\"; put the phases back, say where they go with `moved: { … }`";
    assert!(refused.starts_with(expected), "{refused}");
    let refused = restore_changed("moved: { b: a }", customers).err().expect("one has no home").to_string();
    assert!(refused.contains("shop: at least 1 in \"c\"; put"), "{refused}");
}

#[test]
fn phases_that_are_gone_harm_nobody_when_all_who_were_in_them_have_left_or_are_moved() {
    let check = |moved: &str, customers: &[(&str, &[u32])], expected: &[u64]| {
        let partition = restore_changed(moved, customers).expect("everybody has a home");
        assert_eq!(partition.census.phases(), [expected], "{moved}");
        assert_eq!(partition.customers, expected.iter().sum::<u64>());
    };
    check("", &[("a", &[1]), ("back", &[2, 1]), ("forgotten", &[3, 0])], &[2, 0]);
    check("moved: { b: a, c: a }", &[("a", &[1]), ("b", &[2]), ("c", &[2, 3]), ("gone", &[3, 0])], &[3, 0]);
}
