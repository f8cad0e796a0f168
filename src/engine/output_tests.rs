//! What is written is, byte for byte, what the general ways of writing JSON, numbers and times give.

use std::fmt::Write as _;
use std::sync::Arc;

use proptest::prelude::*;
use xxhash_rust::xxh3::Xxh3;

use super::output::{self, Origin, Subject, signals, transitions};
use super::phrases::Phrases;
use super::ports::{Epoch, OutRecord, Topic};
use super::rules::{Envelope, InputRules, Rules};
use crate::journey::{
    Cause, CheckedModel, Effects, KindId, Latest, ModelSet, SetOptions, SetParts, Signal, Span, Transition, Value,
    VariantRule, builtin,
};

/// A model whose conditions read several values.
const READER: &str = r#"
model: reader
version: 7
kinds: [seen, bought]
attributes: { page: text, price: number, gift: bool }
phases: { in: {}, out: {} }
counters: { views: { on: seen, window: ever } }
transitions:
  - { id: begin, from: new, to: in, on: any }
  - { id: on, from: in, to: out, on: bought, when: "views >= 1 && event.page == 'a' && event.price > 2.5 && event.gift" }
  - { id: back, from: out, to: in, after: 2d }
"#;

fn rules(envelope: Envelope) -> Rules {
    let reader = CheckedModel::parse("reader.yaml", READER).expect("a sound model");
    let options = SetOptions { forget_after: Span(1 << 40), remembered_ids: 4 };
    let values = vec!["control".to_owned(), "short \"form\"".to_owned()];
    let variants = VariantRule { attribute: "experiment".to_owned(), values };
    let models = vec![builtin("think5").expect("it ships"), reader];
    let set = ModelSet::of(SetParts { models, variants: Some(variants), ..SetParts::default() }, options)
        .expect("a sound set");
    let inputs = ["clicks", "pos \"2\""].map(|name| InputRules { name: name.to_owned(), topic: name.to_owned() });
    Rules {
        application: "shop".to_owned(),
        set: Arc::new(set),
        inputs: inputs.into(),
        reads_from: 0,
        partition_count: None,
        outputs_alike: false,
        allowed_lateness_ms: 0,
        max_future_skew_ms: 0,
        event_bytes_max: 1_000,
        envelope,
        inline_needs: false,
        writes_phases: true,
    }
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

fn time(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |time| format!("{time:.3}"))
}

fn id(rules: &Rules, customer: &str, transition: &Transition) -> String {
    let mut hash = Xxh3::new();
    for text in [&rules.application, rules.set.models()[usize::from(transition.model)].name(), customer] {
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.update(&transition.first_seen.to_le_bytes());
    hash.update(&transition.seq.to_le_bytes());
    format!("{:032x}", hash.digest128())
}

/// The body, by the general ways.
fn body(rules: &Rules, customer: &str, effects: &Effects, origin: Option<Origin<'_>>) -> String {
    let transition = &effects.transitions[0];
    let model = &rules.set.models()[usize::from(transition.model)];
    let rule = &model.rules()[usize::from(transition.rule)];
    let phase = |index: u16| json(model.phases()[usize::from(index)].name());
    let origin = origin.filter(|_| transition.cause != Cause::Timer);
    let mut out = String::new();
    let mut say =
        |name: &str, value: String| _ = write!(out, "{}{}:{value}", if out.is_empty() { "{" } else { "," }, json(name));
    say("id", json(&id(rules, customer, transition)));
    say("model", json(model.name()));
    say("version", model.version().to_string());
    say("hash", json(&format!("{:016x}", model.hash())));
    say("customer", json(customer));
    say("seq", transition.seq.to_string());
    say("from", transition.from.map_or("null".to_owned(), phase));
    say("to", phase(transition.to));
    say("at", json(&time(transition.at)));
    say(
        "cause",
        match transition.cause {
            Cause::Event(kind) => json(rules.set.vocabulary().kind_name(kind)),
            Cause::Timer => json("timer"),
        },
    );
    say("event_id", origin.and_then(|origin| origin.event_id).map_or("null".to_owned(), json));
    say("rule", json(rule.id()));
    if transition.late {
        say("late", "true".to_owned());
    }
    if let Some(origin) = origin {
        say("channel", json(&rules.inputs[origin.input].name));
        if let Some((partition, offset)) = origin.place {
            say("topic", json(&rules.inputs[origin.input].topic));
            say("partition", partition.to_string());
            say("offset", offset.to_string());
        }
    }
    if let Some(variant) = transition.variant {
        say("variant", json(["control", "short \"form\"", "other"][usize::from(variant)]));
    }
    let values = &effects.values[transition.values.0 as usize..transition.values.1 as usize];
    if !values.is_empty() {
        let one = |(name, value): (&compact_str::CompactString, &Value)| {
            let value = match value {
                Value::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => (*number as i64).to_string(),
                Value::Number(number) => serde_json::to_string(number).expect("a number is JSON"),
                Value::Text(text) => json(text),
                Value::Bool(value) => value.to_string(),
                Value::Missing => "null".to_owned(),
            };
            format!("{}:{value}", json(name))
        };
        let all: Vec<_> = rule.reads().iter().zip(values).map(one).collect();
        say("values", format!("{{{}}}", all.join(",")));
    }
    out + "}"
}

type Headers = Vec<(String, String)>;

/// Value and headers, by the general ways.
fn wrapped(rules: &Rules, customer: &str, effects: &Effects, origin: Option<Origin<'_>>) -> (String, Headers) {
    let data = body(rules, customer, effects, origin);
    let transition = &effects.transitions[0];
    let (id, at) = (id(rules, customer, transition), time(transition.at));
    match rules.envelope {
        Envelope::Bare => (data, Vec::new()),
        Envelope::Binary => {
            let headers = [
                ("ce_specversion", "1.0"),
                ("ce_id", &id),
                ("ce_source", "klantreis/shop"),
                ("ce_type", "klantreis.transition"),
                ("ce_time", &at),
                ("ce_subject", customer),
                ("content-type", "application/json"),
            ];
            (data, headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
        }
        Envelope::Structured => {
            let whole = format!(
                r#"{{"specversion":"1.0","id":"{id}","type":"klantreis.transition","source":"klantreis/shop","subject":{},"time":"{at}","datacontenttype":"application/json","data":{data}}}"#,
                json(customer)
            );
            (whole, vec![("content-type".to_owned(), "application/cloudevents+json".to_owned())])
        }
    }
}

fn check(rules: &Rules, customer: &str, effects: &Effects, origin: Option<Origin<'_>>) {
    let mut epoch = Epoch::<()>::default();
    epoch.bytes.extend_from_slice(b"what stands there already");
    transitions(&Phrases::new(rules), Subject { customer, partition: Some(3) }, effects, origin, &mut epoch);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let [record] = &epoch.outputs[..] else { panic!("one record a transition") };
    let headers = epoch.headers_of(record).iter();
    let headers = headers.map(|one| (one.name.to_string(), text(epoch.header_value(one).expect("a value")))).collect();
    let (key, value) = (record.key.as_ref().expect("a key"), record.value.as_ref().expect("a value"));
    assert_eq!((text(epoch.slice(value)), headers), wrapped(rules, customer, effects, origin));
    let place = (record.topic, record.partition, text(epoch.slice(key)));
    assert_eq!(place, (Topic::Transitions, Some(3), customer.to_owned()));
}

fn values() -> impl Strategy<Value = Vec<Value>> {
    let value = prop_oneof![
        (-1_000_000..1_000_000_i64).prop_map(|number| Value::Number(number as f64)),
        proptest::num::f64::NORMAL.prop_map(Value::Number),
        ".*".prop_map(|text| Value::Text(text.into())),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Missing),
    ];
    proptest::collection::vec(value, 4)
}

proptest! {
    #[test]
    fn every_transition_is_written_as_it_always_was(
        model in 0..2_u16,
        places: (prop::sample::Index, Option<prop::sample::Index>, prop::sample::Index, Option<prop::sample::Index>),
        (at, first_seen, seq, late) in (-62_135_596_800_000..253_402_300_800_000_i64, any::<i64>(), any::<u32>(), any::<bool>()),
        customer in prop_oneof!["c[0-9]{8}", ".+"],
        origin in proptest::option::of((
            proptest::option::of(".*"),
            0..2_usize,
            proptest::option::of((0..100_000_i32, 0..i64::MAX)),
        )),
        values in values(),
        variant in proptest::option::of(0..3_u16),
    ) {
        for envelope in [Envelope::Bare, Envelope::Binary, Envelope::Structured] {
            let rules = rules(envelope);
            let of = &rules.set.models()[usize::from(model)];
            let phase = |index: prop::sample::Index| index.index(of.phases().len()) as u16;
            let (rule, from, to, kind) = places;
            let rule = rule.index(of.rules().len());
            let kinds = rules.set.vocabulary().kinds().len();
            let reads = of.rules()[rule].reads().len();
            let transition = Transition {
                model,
                rule: rule as u16,
                from: from.map(phase),
                to: phase(to),
                at,
                since: 0,
                first_seen,
                seq,
                cause: kind.map_or(Cause::Timer, |kind| Cause::Event(KindId(kind.index(kinds) as u16))),
                variant,
                late,
                values: (0, reads.min(values.len()) as u32),
            };
            let mut effects = Effects::default();
            (effects.transitions, effects.values) = (vec![transition], values.clone());
            let origin = origin.as_ref().map(|(event_id, input, place)| Origin { event_id: event_id.as_deref(), input: *input, place: *place });
            check(&rules, &customer, &effects, origin);
        }
    }

    #[test]
    fn latest_phases_are_written_as_they_always_were(customer in ".+", since in 0..4_000_000_000_000_i64, seq: u32) {
        let latest = |model, phase| Latest { model, phase, since, seq };
        let states = [latest("a", "x"), latest("c", "y\"")];
        let mut epoch = Epoch::<()>::default();
        let subject = Subject { customer: &customer, partition: None };
        output::phases(subject, Some(&states), &mut epoch);
        output::phases(subject, None, &mut epoch);
        let one = |model: &str, phase: &str| format!(r#"{}:{{"phase":{},"since":"{}","seq":{seq}}}"#, json(model), json(phase), time(since));
        let expected = format!(r#"{{"customer":{},"models":{{{},{}}}}}"#, json(&customer), one("a", "x"), one("c", "y\""));
        let value = |record: usize| epoch.outputs[record].value.as_ref().map(|range| epoch.slice(range));
        prop_assert_eq!(value(0), Some(expected.as_bytes()));
        prop_assert_eq!(value(1), None);
        prop_assert_eq!(epoch.slice(epoch.outputs[1].key.as_ref().expect("a key")), customer.as_bytes());
    }
}

/// What the records of an epoch say: key, value, headers.
fn written(epoch: &Epoch<()>) -> Vec<(Topic, String, String, Headers)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let one = |record: &OutRecord| {
        let [key, value] =
            [&record.key, &record.value].map(|range| text(epoch.slice(range.as_ref().expect("it is there"))));
        let headers = epoch.headers_of(record).iter();
        let headers = headers.map(|one| (one.name.to_string(), text(epoch.header_value(one).expect("a value"))));
        (record.topic, key, value, headers.collect())
    };
    epoch.outputs.iter().map(one).collect()
}

#[test]
fn a_signal_says_what_when_and_why_and_is_wrapped_as_a_transition_is() {
    let at = 1_767_225_600_000;
    let signal = Signal {
        model: 0,
        rule: 0,
        at,
        since: at - 3_600_000,
        phase: Some(1),
        first_seen: 5,
        seq: 3,
        cause: Cause::Timer,
        variant: None,
        late: false,
        values: (0, 0),
    };
    let mut effects = Effects::default();
    let told =
        Signal { rule: 3, at, since: at, seq: 4, cause: Cause::Event(KindId(6)), late: true, phase: None, ..signal };
    effects.signals = vec![signal, told];
    let subject = Subject { customer: "c\"1", partition: Some(2) };
    let origin = Some(Origin { event_id: Some("e1"), input: 0, place: Some((7, 1_234)) });
    let of = |envelope| {
        let mut epoch = Epoch::default();
        signals(&Phrases::new(&rules(envelope)), subject, &effects, origin, &mut epoch);
        written(&epoch)
    };
    let hash = format!("{:016x}", rules(Envelope::Bare).set.models()[0].hash());
    let bare = of(Envelope::Bare);
    let bodies: Vec<(&str, serde_json::Value)> = bare
        .iter()
        .map(|(topic, key, value, headers)| {
            assert_eq!((*topic, headers.len()), (Topic::Signals, 0));
            (key.as_str(), serde_json::from_str(value).expect("a body is JSON"))
        })
        .collect();
    let ids: Vec<_> = bodies.iter().map(|(_, body)| body["id"].as_str().expect("an id").to_owned()).collect();
    assert!(ids[0] != ids[1] && ids.iter().all(|id| id.len() == 32));
    assert_eq!(
        bodies,
        [
            (
                "c\"1",
                serde_json::json!({
                    "id": ids[0], "model": "think5", "version": 1, "hash": hash, "customer": "c\"1", "seq": 3,
                    "signal": "cart_abandoned", "phase": "afweging", "at": "2026-01-01T00:00:00.000Z", "since": "2025-12-31T23:00:00.000Z",
                    "cause": "timer", "event_id": null
                })
            ),
            (
                "c\"1",
                serde_json::json!({
                    "id": ids[1], "model": "think5", "version": 1, "hash": hash, "customer": "c\"1", "seq": 4,
                    "signal": "review_reward", "phase": null, "at": "2026-01-01T00:00:00.000Z", "cause": "reviewed", "event_id": "e1", "late": true,
                    "channel": "clicks", "topic": "clicks", "partition": 7, "offset": 1234
                })
            )
        ]
    );
    let binary = of(Envelope::Binary);
    let headers: Vec<(&str, &str)> = binary[0].3.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(binary[0].2, bare[0].2);
    assert_eq!(
        headers,
        [
            ("ce_specversion", "1.0"),
            ("ce_id", ids[0].as_str()),
            ("ce_source", "klantreis/shop"),
            ("ce_type", "klantreis.signal"),
            ("ce_time", "2026-01-01T00:00:00.000Z"),
            ("ce_subject", "c\"1"),
            ("content-type", "application/json"),
        ]
    );
    let structured: serde_json::Value = serde_json::from_str(&of(Envelope::Structured)[0].2).expect("JSON");
    assert_eq!((&structured["type"], &structured["data"]), (&"klantreis.signal".into(), &bodies[0].1));
    assert_eq!(structured["time"], "2026-01-01T00:00:00.000Z");
}

#[test]
fn a_signal_has_another_id_than_the_transition_of_its_number() {
    let mut effects = Effects::default();
    let (at, first_seen) = (10, 5);
    effects.transitions.push(Transition {
        model: 0,
        rule: 1,
        from: None,
        to: 0,
        at,
        since: at,
        first_seen,
        seq: 1,
        cause: Cause::Event(KindId(0)),
        variant: None,
        late: false,
        values: (0, 0),
    });
    effects.signals.push(Signal {
        model: 0,
        rule: 0,
        at,
        since: at,
        phase: None,
        first_seen,
        seq: 1,
        cause: Cause::Event(KindId(0)),
        variant: None,
        late: false,
        values: (0, 0),
    });
    let phrases = Phrases::new(&rules(Envelope::Bare));
    let mut epoch = Epoch::default();
    let subject = Subject { customer: "c1", partition: None };
    transitions(&phrases, subject, &effects, None, &mut epoch);
    signals(&phrases, subject, &effects, None, &mut epoch);
    let ids: Vec<serde_json::Value> = written(&epoch)
        .iter()
        .map(|(_, _, value, _)| serde_json::from_str::<serde_json::Value>(value).expect("JSON")["id"].clone())
        .collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn what_the_customer_needs_travels_with_the_transition_if_that_is_wanted() {
    let mut effects = Effects::default();
    let (at, first_seen) = (10, 5);
    let cause = Cause::Event(KindId(0));
    let (from, values) = (None, (0, 0));
    for (model, to) in [(0, 1), (1, 0)] {
        effects.transitions.push(Transition {
            model,
            rule: 1,
            from,
            to,
            at,
            since: at,
            first_seen,
            seq: 1,
            cause,
            variant: None,
            late: false,
            values,
        });
    }
    let subject = Subject { customer: "c1", partition: None };
    let needs = |inline_needs: bool| {
        let rules = Rules { inline_needs, ..rules(Envelope::Bare) };
        let mut epoch = Epoch::default();
        transitions(&Phrases::new(&rules), subject, &effects, None, &mut epoch);
        let body = |value: &str| serde_json::from_str::<serde_json::Value>(value).expect("JSON");
        written(&epoch)
            .iter()
            .map(|(_, _, value, _)| (body(value)["to"].clone(), body(value)["needs"].clone()))
            .collect::<Vec<_>>()
    };
    assert!(needs(false).iter().all(|(_, needs)| needs.is_null()));
    let inline = needs(true);
    assert_eq!(inline[0].0, "afweging");
    assert_eq!(inline[0].1["en"][0], "a trigger to choose this provider");
    assert_eq!(inline[0].1["nl"][2], "verleid worden");
    // A phase that says nothing of it has nothing there.
    assert_eq!(inline[1], ("in".into(), serde_json::Value::Null));
}
