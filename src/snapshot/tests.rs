//! Records go through the codec and come back, also into models that changed.

use std::sync::Arc;

use proptest::prelude::*;

use super::Codec;
use crate::engine::homeless::GONE;
use crate::engine::ports::{CodecError, Marker, PartHeader, StateCodec, StateEntry, StoredPhase, WatermarkState};
use crate::journey::{CheckedModel, Effects, Event, FieldType, ModelSet, Record, SetOptions, Span};

const HEADER: PartHeader = PartHeader { epoch: 7, term: 3, bucket: Some(0), part: 1, parts: 2 };

fn set(models: &[&str]) -> Arc<ModelSet> {
    let checked = models.iter().map(|source| CheckedModel::parse("test.yaml", source).expect("a sound model"));
    let options = SetOptions { forget_after: Span(1 << 40), remembered_ids: 2 };
    Arc::new(ModelSet::new(checked.collect(), options).expect("a sound set"))
}

/// A model of two phases in this order, with a counter of this window.
fn model(name: &str, phases: [&str; 2], window: &str) -> String {
    let [first, second] = phases;
    format!(
        "model: {name}\nversion: 1\nkinds: [seen, bought]\nphases: {{ {first}: {{}}, {second}: {{}} }}\n\
         counters: {{ views: {{ on: seen, window: {window} }} }}\n\
         transitions:\n  - {{ id: begin, from: new, to: {first}, on: any }}\n  \
         - {{ id: on, from: {first}, to: {second}, on: bought, when: views >= 1 }}\n"
    )
}

fn write(set: &Arc<ModelSet>, customers: &[(&str, Option<Box<Record>>)], marker: Option<&Marker>) -> Vec<u8> {
    let codec = Codec::new(Arc::clone(set));
    let mut bytes = Vec::new();
    codec.begin(&HEADER, &mut bytes);
    customers.iter().for_each(|(id, record)| codec.customer(id, record.as_deref(), &mut bytes));
    marker.iter().for_each(|marker| codec.marker(marker, &mut bytes));
    bytes
}

type Read = (Vec<(String, Option<Box<Record>>)>, Option<Marker>);

fn read(set: &Arc<ModelSet>, bytes: &[u8]) -> Result<Read, CodecError> {
    let mut customers = Vec::new();
    let (header, marker) = Codec::new(Arc::clone(set)).read(bytes, &mut |_, entry| {
        customers.push(match entry {
            StateEntry::Full { id, record } => (id.to_owned(), Some(record.to_owned())),
            StateEntry::Removed { id } => (id.to_owned(), None),
        });
    })?;
    assert_eq!(header, HEADER);
    Ok((customers, marker))
}

/// A part that can be read.
fn whole(set: &Arc<ModelSet>, bytes: &[u8]) -> Read {
    read(set, bytes).expect("whole")
}

/// A record whose every field has another value; phases are those given.
fn filled(set: &ModelSet, phase: u32) -> Box<Record> {
    let mut record = set.fresh();
    for (number, field) in set.layout().fields.iter().enumerate() {
        match field.kind {
            FieldType::Phase => record.0[field.word] = phase,
            FieldType::U32 => record.0[field.word] = 100 + number as u32,
            FieldType::Bits => record.0[field.word] = u32::MAX - number as u32,
            // The first of the signals that can wait, due at another time each.
            FieldType::I64 | FieldType::Awaited => {
                let value = 1_700_000_000_000 + number as i64 * 1_000;
                record.0[field.word] = value as u32;
                record.0[field.word + 1] = (value as u64 >> 32) as u32;
            }
        }
    }
    record
}

/// The words of the fields whose key holds this text.
fn words(set: &ModelSet, record: &Record, key: &str) -> Vec<u32> {
    let fields = set.layout().fields.iter().filter(|field| field.key.contains(key));
    fields.map(|field| record.0[field.word]).collect()
}

#[test]
fn customers_removals_and_the_marker_come_back() {
    let set = set(&[&model("m", ["a", "b"], "visit")]);
    let customers = [("c1", Some(filled(&set, 2))), ("gone", None), ("é", Some(set.fresh()))];
    let watermark = WatermarkState { at: -5, record_time: i64::MAX, wall: 1 };
    let marker = Marker { positions: vec![("clicks".to_owned(), 12), ("mail".to_owned(), -1)], watermark };
    let (back, end) = read(&set, &write(&set, &customers, Some(&marker))).expect("whole");
    let expected: Vec<_> = customers.into_iter().map(|(id, record)| (id.to_owned(), record)).collect();
    assert_eq!(back, expected);
    assert_eq!(end, Some(marker));
}

#[test]
fn how_many_parts_there_are_can_be_said_when_all_are_written() {
    let set = set(&[&model("m", ["a", "b"], "visit")]);
    let whole = write(&set, &[("c1", Some(filled(&set, 1)))], None);
    for parts in [0, 1, 300, u16::MAX] {
        let (codec, mut part) = (Codec::new(Arc::clone(&set)), Vec::new());
        codec.begin(&PartHeader { parts, ..HEADER }, &mut part);
        part.extend_from_slice(&whole[part.len()..]);
        codec.set_parts(HEADER.parts, &mut part);
        assert_eq!(part, whole, "{parts}");
    }
}

#[test]
fn a_phase_is_found_by_its_name_wherever_it_stands_now() {
    let old = set(&[&model("m", ["a", "b"], "visit")]);
    let new = set(&[&model("m", ["b", "a"], "visit")]);
    let bytes = write(&old, &[("in-b", Some(filled(&old, 2))), ("nowhere", Some(filled(&old, 0)))], None);
    let (back, _) = read(&new, &bytes).expect("whole");
    let phases: Vec<_> = back.iter().map(|(_, record)| new.phase_of(record.as_ref().expect("full"), 0)).collect();
    assert_eq!(phases, [Some(0), None]);
}

#[test]
fn a_counter_that_means_something_else_begins_anew_and_the_rest_carries_on() {
    let old = set(&[&model("m", ["a", "b"], "visit")]);
    let new = set(&[&model("m", ["a", "b"], "ever")]);
    let before = filled(&old, 1);
    let (back, _) = read(&new, &write(&old, &[("c", Some(before.clone()))], None)).expect("whole");
    let after = back[0].1.as_ref().expect("full");
    assert!(words(&old, &before, "views").iter().all(|&word| word > 0));
    assert!(words(&new, after, "views").iter().all(|&word| word == 0));
    for key in ["since", "last", "seq", "event_id"] {
        assert_eq!(words(&new, after, key), words(&old, &before, key), "{key}");
    }
}

#[test]
fn a_phase_that_is_gone_is_told_apart_by_its_name_and_one_of_a_model_that_is_gone_is_none() {
    let old = set(&[&model("m", ["a", "b"], "visit"), &model("n", ["a", "b"], "visit")]);
    let without = set(&[&model("m", ["a", "other"], "visit"), &model("n", ["other", "b"], "visit")]);
    let bytes = write(&old, &[("in-b", Some(filled(&old, 2))), ("in-a", Some(filled(&old, 1)))], None);
    let mut codec = Codec::new(Arc::clone(&without));
    let mut phases = Vec::new();
    let read = codec.read(&bytes, &mut |_, entry| {
        let StateEntry::Full { record, .. } = entry else { panic!("nobody is removed") };
        phases.push(words(&without, record, "/phase"));
    });
    assert!(read.is_ok());
    assert_eq!(phases, [[GONE, 2], [1, GONE + 1]]);
    let gone = [("m", "b"), ("n", "a")];
    assert_eq!(
        codec.phases_gone(),
        gone.map(|(model, phase)| StoredPhase { model: model.into(), phase: phase.into() })
    );
    let other = set(&[&model("o", ["a", "b"], "visit")]);
    let (back, _) = whole(&other, &bytes);
    assert_eq!(other.phase_of(back[0].1.as_ref().expect("full"), 0), None);
}

#[test]
fn who_was_in_a_phase_that_is_moved_is_in_its_place_as_before() {
    let old = set(&[&model("m", ["a", "b"], "7d")]);
    let moved = model("m", ["c", "a"], "7d").replace("version: 1", "version: 2\nmoved: { b: a, z: c }");
    let new = set(&[&moved]);
    let before = filled(&old, 2);
    let (back, _) = whole(&new, &write(&old, &[("c", Some(before.clone()))], None));
    let after = back[0].1.as_ref().expect("full");
    assert_eq!(new.phase_of(after, 0), Some(1));
    for key in ["since", "last", "seq", "first_seen", "views", "event_id"] {
        assert_eq!(words(&new, after, key), words(&old, &before, key), "{key}");
    }
}

#[test]
fn what_is_not_a_part_is_refused_with_what_is_wrong() {
    let set = set(&[&model("m", ["a", "b"], "visit")]);
    let whole = write(&set, &[("c1", Some(filled(&set, 1)))], None);
    let check = |bytes: &[u8], expected: &str| {
        let error = read(&set, bytes).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    };
    check(b"", "does not begin with its mark");
    check(b"{\"json\":true}", "does not begin with its mark");
    check(b"ks", "ends after its mark");
    check(b"ks\x09rest", "run a newer klantreis");
    check(b"ks\x01\x02", "ends after its version");
    check(&whole[..whole.len() - 1], "cut short");
}

proptest! {
    #[test]
    fn any_record_comes_back_as_it_was(words in proptest::collection::vec(any::<u32>(), 64), id in ".+") {
        let set = set(&[&model("m", ["a", "b"], "7d"), &model("n", ["a", "b"], "ever")]);
        let mut record = set.fresh();
        record.0.iter_mut().zip(words).for_each(|(word, value)| *word = value);
        for field in set.layout().fields.iter().filter(|field| field.kind == FieldType::Phase) {
            record.0[field.word] %= 3;
        }
        let customers = [(id.as_str(), Some(record.clone())), ("gone", None), ("again", Some(record))];
        let (back, _) = read(&set, &write(&set, &customers, None)).expect("whole");
        let expected: Vec<_> = customers.into_iter().map(|(id, record)| (id.to_owned(), record)).collect();
        prop_assert_eq!(back, expected);
    }

    #[test]
    fn a_part_that_is_cut_anywhere_or_has_a_wrong_byte_never_panics(cut in 0_usize..200, byte: u8) {
        let set = set(&[&model("m", ["a", "b"], "7d")]);
        let whole = write(&set, &[("c1", Some(filled(&set, 1))), ("c2", None)], None);
        let cut = cut % whole.len();
        let quiet = |bytes: &[u8]| {
            _ = Codec::new(Arc::clone(&set)).read(bytes, &mut |_, _| ());
        };
        quiet(&whole[..cut]);
        let mut wrong = whole.clone();
        wrong[cut] = byte;
        quiet(&wrong);
    }
}

/// A model with these signals, and a customer of whom all wait that can.
fn waiting(signals: &[&str]) -> (Arc<ModelSet>, Box<Record>) {
    let text = model("m", ["a", "b"], "visit") + "waiting: 4\nsignals:\n";
    let set = set(&[&signals.iter().fold(text, |text, signal| text + "  - { " + signal + " }\n")]);
    let mut record = set.fresh();
    let event = Event {
        customer: "c1".into(),
        kind: set.vocabulary().kind("seen"),
        at: 1_700_000_000_000,
        time_is_own: true,
        id: None,
        value: None,
        attrs: Vec::new(),
    };
    let _ = set.step(&mut record, &event, "web", &mut Effects::default());
    (set, record)
}

#[test]
fn what_waits_goes_on_where_its_signal_means_the_same_wherever_it_stands() {
    let [cart, thanks, survey] = [
        "id: cart, on: seen, unless: bought, within: 1h",
        "id: thanks, on: seen, after: 2d",
        "id: survey, on: seen, after: 7d",
    ];
    let (old, record) = waiting(&[cart, thanks, survey]);
    let bytes = write(&old, &[("c1", Some(record))], None);
    let check = |signals: &[&str], expected: &[&str]| {
        let (new, _) = waiting(signals);
        let back = whole(&new, &bytes).0.remove(0).1.expect("it is there");
        let awaited = new.describe(&back).remove(0).awaited;
        let found: Vec<String> =
            awaited.iter().map(|(due, id)| format!("{id} {}", Span(due - 1_700_000_000_000))).collect();
        assert_eq!(found, expected, "{signals:?}");
    };
    let (one, two, three) = ("cart 1h", "thanks 2d", "survey 7d");
    check(&[cart, thanks, survey], &[one, two, three]);
    check(&[survey, "id: more, on: bought, after: 1d", thanks, cart], &[one, two, three]);
    check(&[survey, cart], &[one, three]);
    check(&[&cart.replace("1h", "2h"), thanks, &survey.replace("survey", "ask")], &[two]);
    check(&["id: cart, on: seen"], &[]);
}
