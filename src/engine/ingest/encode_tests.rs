//! What is written as an event is read back as the same event.

use std::borrow::Cow;
use std::sync::Arc;

use proptest::prelude::*;

use super::encode::{Encoder, Place, tick};
use crate::engine::rules::{Envelope, InputRules, Rules};
use crate::formats::{self, Decoded, Origin, RawRecord, Told};
use crate::journey::{Amount, Attr, CheckedModel, Event, KindId, ModelSet, SetOptions, Span};

const MODEL: &str = r#"
model: shop
version: 1
kinds: [purchased, viewed]
attributes: { cart_id: text, items: number, "gift": bool }
phases: { buyer: {} }
counters: { spent: { on: purchased, sum: value, window: ever } }
transitions:
  - { id: a, from: new, to: buyer, on: purchased, when: "spent > 1 && event.cart_id == 'x' && event.items > 1 && event.gift" }
"#;

fn rules() -> Rules {
    let model = CheckedModel::parse("shop.yaml", MODEL).expect("a sound model");
    let options = SetOptions { forget_after: Span(86_400_000), remembered_ids: 4 };
    Rules {
        application: "test".to_owned(),
        set: Arc::new(ModelSet::new(vec![model], options).expect("one model is a set")),
        inputs: ["clicks", "mail", "events"].map(|name| InputRules { name: name.into(), topic: name.into() }).into(),
        reads_from: 2,
        partition_count: Some(4),
        outputs_alike: false,
        allowed_lateness_ms: 0,
        max_future_skew_ms: 0,
        event_bytes_max: usize::MAX,
        envelope: Envelope::Bare,
        inline_needs: false,
        writes_phases: false,
    }
}

/// Writes an event, and gives what was written and what is read of it.
fn check(event: Event<'static>, place: Place) {
    let rules = rules();
    let vocabulary = rules.set.vocabulary();
    let mut bytes = b"before".to_vec();
    let told = Told::from(event.clone());
    let key = Encoder::new(&rules).event(&told, place, &mut bytes);
    if let Some(key) = key {
        assert_eq!(&bytes[key.start as usize..key.end as usize], event.customer.as_bytes());
    }
    let value = &bytes[b"before".len()..];
    assert_eq!(formats::leading_time(value), Some(place.time.max(0)), "{}", String::from_utf8_lossy(value));
    let names: Vec<String> = rules.inputs.iter().map(|input| input.name.clone()).collect();
    let mut decoder = formats::open_events(vocabulary, &names);
    let decoded = decoder.decode(&RawRecord { value: Some(value), ..RawRecord::default() });
    let Ok(Decoded::One(read)) = decoded else { panic!("{decoded:?} of {}", String::from_utf8_lossy(value)) };
    assert_eq!(read.event, event, "{}", String::from_utf8_lossy(value));
    let Place { input, partition, offset, .. } = place;
    assert_eq!(read.origin, Some(Origin { input, partition, offset }));
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9-]{1,12}", "\\PC{1,8}", any::<String>().prop_filter("not empty", |text| !text.is_empty())]
}

fn attributes() -> impl Strategy<Value = Vec<Option<Attr<'static>>>> {
    let number = any::<f64>().prop_filter("finite", |number| number.is_finite());
    let all =
        (proptest::option::of(any::<String>()), proptest::option::of(number), proptest::option::of(any::<bool>()));
    all.prop_map(|(text, number, truth)| {
        let rules = rules();
        let attrs = rules.set.vocabulary().attrs().iter();
        attrs
            .map(|(name, _)| match name.as_str() {
                "cart_id" => text.clone().map(|text| Attr::Text(Cow::Owned(text))),
                "items" => number.map(Attr::Number),
                _ => truth.map(Attr::Bool),
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(
        customer in texts(),
        at in formats::EARLIEST_MS..formats::END_MS,
        time_is_own: bool,
        kind in 0..2_u16,
        id in proptest::option::of(texts()),
        value in proptest::option::of(any::<i64>()),
        attrs in attributes(),
        (time, input, partition, offset) in (0..i64::MAX / 1_000, 0..2_usize, 0..i32::MAX, 0..i64::MAX),
    ) {
        let event = Event {
            customer: customer.into(),
            at,
            time_is_own,
            kind: Some(KindId(kind)),
            id: id.map(Cow::Owned),
            value: value.map(Amount),
            attrs,
        };
        check(event, Place { time, input, partition, offset });
    }
}

#[test]
fn a_number_that_is_read_a_little_differently_where_that_is_done_fast_comes_back_as_it_was() {
    let rules = rules();
    let names = rules.set.vocabulary().attrs();
    for number in [-2.205_122_059_154_192_6e60, 1e23, 5e-324, f64::MAX, 0.1 + 0.2, -0.0, 12.5] {
        let attrs = names.iter().map(|(name, _)| (name == "items").then_some(Attr::Number(number))).collect();
        let event = Event {
            customer: "c-1".into(),
            at: 1_735_689_600_000,
            time_is_own: true,
            kind: rules.set.vocabulary().kind("purchased"),
            id: None,
            value: None,
            attrs,
        };
        check(event, Place { time: 0, input: 0, partition: 0, offset: 0 });
    }
}

#[test]
fn a_tick_is_read_as_nothing_and_tells_its_time() {
    let mut bytes = Vec::new();
    tick(1_735_689_600_123, &mut bytes);
    assert_eq!(bytes, br#"{"time":1735689600123}"#);
    assert_eq!(formats::leading_time(&bytes), Some(1_735_689_600_123));
    let mut decoder = formats::open_events(rules().set.vocabulary(), &["clicks".to_owned()]);
    let decoded = decoder.decode(&RawRecord { value: Some(&bytes), ..RawRecord::default() });
    assert_eq!(decoded, Ok(Decoded::Several(Vec::new())));
}

#[test]
fn the_parts_that_are_always_there_come_first_and_in_their_order() {
    let rules = rules();
    let event = Event {
        customer: "c-1".into(),
        at: 1_735_689_600_000,
        time_is_own: true,
        kind: rules.set.vocabulary().kind("purchased"),
        id: Some("e-1".into()),
        value: Some(Amount(125_000)),
        attrs: Vec::new(),
    };
    let mut bytes = Vec::new();
    let place = Place { time: 1_735_689_600_001, input: 0, partition: 3, offset: 1_234 };
    Encoder::new(&rules).event(&event.into(), place, &mut bytes);
    let expected = r#"{"time":1735689600001,"customer":"c-1","at":1735689600000,"kind":"purchased","input":"clicks","partition":3,"offset":1234,"id":"e-1","value":12.5}"#;
    assert_eq!(String::from_utf8(bytes).expect("UTF-8"), expected);
}
