//! How a record can end in a partition, beside what its model makes of it.

use std::sync::Arc;

use super::partition::{Open, Partition, Taken};
use super::ports::{Epoch, Topic};
use super::rules::{Envelope, InputRules, Rules};
use super::store::IdHash;
use super::tally::{InputTally, Tally};
use crate::engine::murmur2::partition_of;
use crate::formats::{self, Decoded, Decoder, FormatSpec, Item, RawRecord, TimeSource, Told};
use crate::journey::{
    DropReason, Event, FieldType, KindId, ModelSet, Reject, SetOptions, SetParts, Shadow, Span, builtin,
};

const NOON: i64 = 1_735_732_800_000;
const DAY: i64 = 86_400_000;

struct Bench {
    rules: Arc<Rules>,
    partition: Partition,
    decoder: Box<dyn Decoder>,
    epoch: Epoch<()>,
    tally: Tally,
    offset: i64,
}

impl Bench {
    fn new(change: impl FnOnce(&mut Rules)) -> Self {
        let options = SetOptions { forget_after: Span(100 * DAY), remembered_ids: 4 };
        let set = ModelSet::new(vec![builtin("think5").expect("it ships")], options).expect("one model is a set");
        let spec = FormatSpec::new("segment", None).expect("a built-in format");
        let decoder = formats::open(&spec, set.vocabulary(), TimeSource::Event).expect("it opens");
        let mut rules = Rules {
            application: "shop".to_owned(),
            set: Arc::new(set),
            inputs: vec![InputRules { name: "clicks".to_owned(), topic: "web".to_owned() }],
            reads_from: 0,
            partition_count: None,
            outputs_alike: false,
            allowed_lateness_ms: 60_000,
            max_future_skew_ms: 300_000,
            event_bytes_max: 1_000,
            envelope: Envelope::Bare,
            inline_needs: false,
            writes_phases: false,
        };
        change(&mut rules);
        let rules = Arc::new(rules);
        let partition = Partition::new(0, Arc::clone(&rules), vec![0], 1, None);
        Self { rules, partition, decoder, epoch: Epoch::default(), tally: Tally::new(1), offset: 0 }
    }

    fn take(&mut self, value: Option<&str>, time: i64) -> &mut Self {
        let headers = vec![("trace".to_owned(), Some(b"t1".to_vec()))];
        let value = value.map(str::as_bytes);
        let raw = RawRecord { key: Some(b"key"), value, timestamp: time, headers: &headers };
        let taken = Taken { input: 0, raw, offset: self.offset, time, wall: time };
        self.offset += 1;
        let mut open = Open { epoch: &mut self.epoch, tally: &mut self.tally };
        assert!(
            self.partition.apply(taken, self.decoder.as_mut(), &mut open),
            "records of all but registries are decoded at once"
        );
        self
    }

    fn event(&mut self, customer: &str, event: &str, at: i64, time: i64) -> &mut Self {
        let number = self.offset;
        let at = jiff::Timestamp::from_millisecond(at).expect("a time of this century");
        let value = format!(
            r#"{{"type":"track","event":"{event}","messageId":"m{number}","timestamp":"{at}","userId":"{customer}"}}"#
        );
        self.take(Some(&value), time)
    }

    fn values(&self, topic: Topic) -> Vec<String> {
        let of = self.epoch.outputs.iter().filter(|record| record.topic == topic);
        of.map(|record| record.value.as_ref().map_or(String::new(), |range| self.text(range))).collect()
    }

    fn headers(&self, record: usize) -> Vec<(String, String)> {
        let text = |value: Option<&[u8]>| String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
        let headers = self.epoch.headers_of(&self.epoch.outputs[record]).iter();
        headers.map(|header| (header.name.to_string(), text(self.epoch.header_value(header)))).collect()
    }

    fn text(&self, range: &std::ops::Range<u32>) -> String {
        let bytes = &self.epoch.bytes[range.start as usize..range.end as usize];
        String::from_utf8(bytes.to_vec()).expect("what is written is UTF-8")
    }
}

#[test]
fn a_transition_is_told_with_rule_cause_event_and_values() {
    let mut bench = Bench::new(|_| ());
    for minute in 0..4 {
        bench.event("c1", "Product Viewed", NOON + minute * 60_000, NOON + minute * 60_000);
    }
    let bodies = bench.values(Topic::Transitions);
    let id = |body: &String| body[7..39].to_owned();
    let hash = format!("{:016x}", bench.rules.set.models()[0].hash());
    let expected = [
        format!(
            r#"{{"id":"{}","model":"think5","version":1,"hash":"{hash}","customer":"c1","seq":1,"from":null,"to":"orientatie","at":"2025-01-01T12:00:00.000Z","cause":"product_viewed","event_id":"m0","rule":"{}","channel":"clicks"}}"#,
            id(&bodies[0]),
            "arrival"
        ),
        format!(
            r#"{{"id":"{}","model":"think5","version":1,"hash":"{hash}","customer":"c1","seq":2,"from":"orientatie","to":"afweging","at":"2025-01-01T12:03:00.000Z","cause":"product_viewed","event_id":"m3","rule":"{}","channel":"clicks","values":{{"views":3}}}}"#,
            id(&bodies[1]),
            "interest"
        ),
    ];
    assert_eq!(bodies, expected);
    assert_ne!(id(&bodies[0]), id(&bodies[1]));
}

#[test]
fn a_quiet_customers_timer_fires_when_the_watermark_passes_and_not_before() {
    let mut bench = Bench::new(|_| ());
    bench.event("quiet", "Order Completed", NOON, NOON);
    let due = NOON + 2 * DAY;
    bench.event("other", "Product Viewed", due, due + 59_999);
    assert_eq!(bench.values(Topic::Transitions).len(), 2, "the watermark is a minute behind the record");
    bench.event("other", "Product Viewed", due, due + 60_000);
    let timer = bench.values(Topic::Transitions).pop().expect("it fired");
    let told = r#""customer":"quiet","seq":2,"from":"aankoop","to":"gebruik","at":"2025-01-03T12:00:00.000Z","cause":"timer","event_id":null"#;
    assert!(timer.contains(told), "{timer}");
    assert!(!timer.contains("channel"), "{timer}");
}

#[test]
fn what_is_not_an_event_goes_to_the_dead_letters_as_it_was_with_where_and_why() {
    let check = |value: Option<&str>, reason: &str| {
        let mut bench = Bench::new(|_| ());
        bench.take(value, NOON);
        let reasons = bench.tally.inputs[0].rejected;
        let index = Reject::REASONS.iter().position(|known| *known == reason).expect("a known reason");
        assert_eq!((reasons[index], bench.tally.inputs[0].events()), (1, 1), "{reason}: {reasons:?}");
        assert_eq!(bench.values(Topic::DeadLetters), [value.unwrap_or_default()]);
        let headers = bench.headers(0);
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(header("trace"), Some("t1"));
        assert_eq!(header("__connect.errors.topic"), Some("web"));
        assert_eq!(header("__connect.errors.partition"), Some("0"));
        assert_eq!(header("__connect.errors.offset"), Some("0"));
        assert_eq!(header("__connect.errors.stage"), Some(reason));
        assert_eq!(header("klantreis.timestamp"), Some(NOON.to_string().as_str()));
        assert!(header("__connect.errors.exception.message").is_some_and(|message| message.len() > 10));
    };
    let long = format!(r#"{{"userId":"{}"}}"#, "x".repeat(1_000));
    check(None, "empty");
    check(Some(""), "empty");
    check(Some("{"), "malformed");
    check(Some("[1]"), "not_an_object");
    check(Some(&long), "too_large");
    check(Some(r#"{"type":"track","timestamp":"2025-01-01T00:00:00Z"}"#), "no_customer");
    check(Some(r#"{"type":"track","userId":"c1"}"#), "no_time");
    check(Some(r#"{"type":"track","userId":"c1","timestamp":"9999-01-01T00:00:00Z"}"#), "bad_time");
}

#[test]
fn a_customer_of_another_partition_is_a_dead_letter_and_is_not_kept() {
    let mut bench = Bench::new(|rules| rules.partition_count = Some(8));
    let of = |wanted: bool| {
        let ids = (0..).map(|number| format!("c{number}"));
        ids.filter(|id| (partition_of(id.as_bytes(), 8) == 0) == wanted).map(Some).next().flatten().expect("endless")
    };
    let (ours, strange) = (of(true), of(false));
    bench.event(&ours, "Product Viewed", NOON, NOON).event(&strange, "Product Viewed", NOON, NOON);
    assert_eq!(bench.partition.store().len(), 1);
    assert_eq!(bench.tally.inputs[0].rejected[Reject::WrongPartition(0, 0).index()], 1);
    let why = &bench.headers(1).iter().find(|(name, _)| name.ends_with("message")).expect("it says why").1.clone();
    assert!(why.contains("found in partition 0, but this customer belongs in partition"), "{why}");
}

#[test]
fn an_event_from_the_future_takes_its_records_time_and_is_counted() {
    let skew = 300_000;
    for (ahead, future) in [(skew, 0), (skew + 1, 1)] {
        let mut bench = Bench::new(|_| ());
        bench.event("c1", "Product Viewed", NOON + ahead, NOON);
        assert_eq!(bench.tally.inputs[0].future, future, "{ahead} ms ahead");
        let at = if future == 1 { NOON } else { NOON + ahead };
        let at = jiff::Timestamp::from_millisecond(at).expect("a time of this century");
        assert!(bench.values(Topic::Transitions)[0].contains(&format!(r#""at":"{at:.3}""#)));
    }
}

#[test]
fn repeats_late_and_unknown_events_are_told_apart() {
    let mut bench = Bench::new(|_| ());
    let event = |id: &str, name: &str, at: &str| {
        format!(
            r#"{{"type":"track","event":"{name}","messageId":"{id}","timestamp":"2025-01-0{at}T00:00:00Z","userId":"c1"}}"#
        )
    };
    for value in [
        event("m1", "Product Viewed", "3"),
        event("m1", "Product Viewed", "3"),
        event("m2", "Product Added", "2"),
        event("m3", "Scrolled", "9"),
    ] {
        bench.take(Some(&value), NOON + 10 * DAY);
    }
    let expected = InputTally { applied: 1, duplicate: 1, late: 1, ignored: 1, ..InputTally::default() };
    assert_eq!(bench.tally.inputs[0], expected);
    let late = bench.values(Topic::Transitions).pop().expect("the late event moved the customer on");
    assert!(late.contains(r#""at":"2025-01-03T00:00:00.000Z","cause":"cart_added","event_id":"m2""#), "{late}");
    assert!(late.contains(r#""late":true"#), "{late}");
}

#[test]
fn a_panic_leaves_the_customer_as_before_and_the_event_in_the_dead_letters() {
    let mut bench = Bench::new(|_| ());
    bench.event("c1", "Product Viewed", NOON, NOON);
    // A phase that the model does not have: nothing but a fault of the program, or of memory, brings it about.
    let phase = bench.rules.set.layout().fields.iter().find(|field| field.kind == FieldType::Phase);
    let phase = phase.expect("think5 has phases").word;
    let (store, hash) = (Arc::clone(bench.partition.store()), IdHash::of("c1"));
    let Ok(()) = bench.partition.keeper.update(
        hash,
        "c1",
        || Ok::<_, std::convert::Infallible>(0),
        |_, customer, new| {
            assert!(!new, "the customer is there");
            customer.record.0[phase] = 999;
        },
    );
    let before = store.read(hash, "c1", |customer| customer.record.to_owned());
    bench.event("c1", "Product Added", NOON + 1, NOON + 1).event("c2", "Product Viewed", NOON + 2, NOON + 2);
    assert_eq!(store.read(hash, "c1", |customer| customer.record.to_owned()), before);
    let tally = bench.tally.inputs[0];
    assert_eq!((tally.rejected[Reject::Panic(String::new()).index()], tally.applied), (1, 2));
    assert_eq!(bench.values(Topic::DeadLetters).len(), 1);
    assert_eq!(bench.values(Topic::Transitions).len(), 2, "the others go on");
}

#[test]
fn cloud_events_are_headers_in_binary_mode_and_one_object_in_structured_mode() {
    let mut bench = Bench::new(|rules| rules.envelope = Envelope::Binary);
    bench.event(r#"c\"1"#, "Product Viewed", NOON, NOON);
    let body = bench.values(Topic::Transitions).remove(0);
    let expected = [
        ("ce_specversion", "1.0"),
        ("ce_id", &body[7..39]),
        ("ce_source", "klantreis/shop"),
        ("ce_type", "klantreis.transition"),
        ("ce_time", "2025-01-01T12:00:00.000Z"),
        ("ce_subject", "c\"1"),
        ("content-type", "application/json"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(bench.headers(0), expected);

    let mut bench = Bench::new(|rules| rules.envelope = Envelope::Structured);
    bench.event(r#"c\"1"#, "Product Viewed", NOON, NOON);
    let whole: serde_json::Value = serde_json::from_str(&bench.values(Topic::Transitions)[0]).expect("JSON");
    assert_eq!(
        whole["data"].to_string().len(),
        serde_json::from_str::<serde_json::Value>(&body).expect("JSON").to_string().len()
    );
    assert_eq!(whole["specversion"], "1.0");
    assert_eq!(whole["subject"], "c\"1");
    assert_eq!(whole["id"], whole["data"]["id"]);
    assert_eq!(bench.headers(0), [("content-type".to_owned(), "application/cloudevents+json".to_owned())]);
    assert_eq!(bench.rules.envelope, Envelope::Structured);
}

/// think5 with retention5 as its shadow, and the topic of latest phases.
fn shadowed(rules: &mut Rules) {
    let options = SetOptions { forget_after: Span(100 * DAY), remembered_ids: 4 };
    let [model, other] = ["think5", "retention5"].map(|name| builtin(name).expect("it ships"));
    let shadow = Shadow { model: other, beside: Some("think5".to_owned()) };
    let parts = SetParts { models: vec![model], shadows: vec![shadow], ..SetParts::default() };
    rules.set = Arc::new(ModelSet::of(parts, options).expect("a sound set"));
    rules.writes_phases = true;
}

#[test]
fn a_shadow_is_told_apart_counted_beside_its_model_and_in_no_latest_phase() {
    let mut bench = Bench::new(shadowed);
    // The kinds of the first model keep their numbers, so the decoder is the right one still.
    bench.event("c1", "Product Added", NOON, NOON);
    bench.event("c1", "Order Completed", NOON + 1, NOON + 1);
    let told = |topic| {
        let bodies = bench.values(topic).into_iter().map(|body| serde_json::from_str::<serde_json::Value>(&body));
        let bodies = bodies.map(|body| body.expect("JSON"));
        bodies.map(|body| format!("{} {} {}", body["model"], body["rule"], body["signal"])).collect::<Vec<_>>()
    };
    assert_eq!(told(Topic::Transitions), [r#""think5" "arrival" null"#, r#""think5" "purchase" null"#]);
    assert_eq!(
        told(Topic::Shadow),
        [r#""retention5 (shadow)" "first-cart" null"#, r#""retention5 (shadow)" "buys" null"#]
    );
    let places = |model: usize| bench.rules.set.models()[model].phases().len() + 1;
    let (purchase, kept) = (2, 3);
    let pairs = &bench.partition.census.pairs()[0];
    assert_eq!(pairs.len(), places(0) * places(1));
    assert_eq!((pairs[purchase * places(1) + kept], pairs.iter().sum::<u64>()), (1, 1));
    let codec = crate::snapshot::Codec::new(Arc::clone(&bench.rules.set));
    let mut open = Open { epoch: &mut bench.epoch, tally: &mut bench.tally };
    bench.partition.close(&codec, &mut open);
    let latest = bench.values(Topic::Phases);
    assert_eq!(latest.len(), 1);
    assert!(latest[0].contains(r#""think5":{"phase":"aankoop""#) && !latest[0].contains("retention5"), "{latest:?}");
}

#[test]
fn who_moves_in_a_shadow_alone_has_no_other_latest_phase() {
    let mut bench = Bench::new(shadowed);
    let close = |bench: &mut Bench| {
        let codec = crate::snapshot::Codec::new(Arc::clone(&bench.rules.set));
        bench.partition.close(&codec, &mut Open { epoch: &mut bench.epoch, tally: &mut bench.tally });
        let written = bench.values(Topic::Phases).len();
        bench.epoch.clear();
        written
    };
    // New in both; then two looks, of which the shadow makes a move and the model none.
    bench.event("c1", "Product Viewed", NOON, NOON);
    assert_eq!(close(&mut bench), 1);
    bench.event("c1", "Product Viewed", NOON + 1, NOON + 1);
    bench.event("c1", "Product Viewed", NOON + 2, NOON + 2);
    assert_eq!((bench.values(Topic::Shadow).len(), bench.values(Topic::Transitions).len()), (1, 0));
    assert_eq!(close(&mut bench), 0);
}

/// Gives what it was made of, whatever the record.
struct Script(Vec<(&'static str, &'static str)>);

impl Decoder for Script {
    fn decode<'a>(&mut self, _: &RawRecord<'a>) -> Result<Decoded<'a>, Reject> {
        let items = self.0.iter().map(|&(customer, id)| match id {
            "" => Item::Dropped(DropReason::Bot),
            id => Item::Event(Told::from(Event {
                customer: customer.into(),
                at: NOON,
                time_is_own: true,
                kind: Some(KindId(0)),
                id: Some(id.into()),
                value: None,
                attrs: Vec::new(),
            })),
        });
        Ok(Decoded::Several(items.collect()))
    }
}

#[test]
fn a_record_of_several_events_counts_each_and_is_applied_in_their_order() {
    let mut bench = Bench::new(|_| ());
    bench.decoder = Box::new(Script(vec![("c1", "a"), ("c2", "b"), ("c1", "a"), ("c3", "")]));
    bench.take(Some("[]"), NOON);
    let tally = &bench.tally.inputs[0];
    let dropped = tally.dropped[DropReason::Bot.index()];
    assert_eq!((tally.applied, tally.duplicate, dropped, tally.events()), (2, 1, 1, 4));
    let who = bench.values(Topic::Transitions);
    assert_eq!((who.len(), who[0].contains("\"c1\""), who[1].contains("\"c2\"")), (2, true, true));
}

#[test]
fn of_a_record_of_several_events_all_are_applied_or_none() {
    let lies_in = |partition: i32| {
        let mut names = ["c1", "c2", "c3", "c4", "c5", "c6"].into_iter();
        names.find(|name| partition_of(name.as_bytes(), 2) == partition).expect("one of six")
    };
    let mut bench = Bench::new(|rules| rules.partition_count = Some(2));
    bench.decoder = Box::new(Script(vec![(lies_in(0), "a"), (lies_in(1), "b")]));
    bench.take(Some("[]"), NOON);
    let tally = &bench.tally.inputs[0];
    assert_eq!((tally.rejected[Reject::WrongPartition(0, 0).index()], tally.events()), (1, 1));
    assert_eq!((bench.values(Topic::Transitions).len(), bench.values(Topic::DeadLetters).len()), (0, 1));
    assert_eq!(bench.partition.customers, 0);
}

#[test]
fn what_is_told_of_an_event_that_was_keyed_anew_names_the_record_that_it_was_found_in() {
    let mut bench = Bench::new(|rules| {
        rules.inputs.push(InputRules { name: "events".to_owned(), topic: "shop.events".to_owned() });
        (rules.reads_from, rules.partition_count) = (1, Some(1_000));
    });
    bench.tally = Tally::new(2);
    bench.decoder = formats::open_events(bench.rules.set.vocabulary(), &["clicks".to_owned()]);
    let mut take = |customer: &str, offset: i64, value: &str| {
        let number = partition_of(customer.as_bytes(), 1_000);
        bench.partition = Partition::new(number, Arc::clone(&bench.rules), vec![0], 1, None);
        let raw = RawRecord { value: Some(value.as_bytes()), timestamp: NOON, ..RawRecord::default() };
        let mut open = Open { epoch: &mut bench.epoch, tally: &mut bench.tally };
        let taken = Taken { input: 1, raw, offset, time: NOON, wall: NOON };
        assert!(bench.partition.apply(taken, bench.decoder.as_mut(), &mut open));
        assert_eq!(bench.partition.positions, [offset + 1]);
    };
    let event = |customer: &str| {
        format!(
            r#"{{"time":{NOON},"customer":"{customer}","at":{NOON},"kind":"purchased","input":"clicks","partition":3,"offset":17}}"#
        )
    };
    take("c1", 5, &event("c1"));
    take("c2", 6, &event("somebody else"));
    take("c2", 7, &format!(r#"{{"time":{NOON}}}"#));
    take("c2", 8, "not ours");
    let told = bench.values(Topic::Transitions);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains(r#""channel":"clicks","topic":"web","partition":3,"offset":17"#), "{}", told[0]);
    let letters = (0..bench.epoch.outputs.len()).filter(|at| bench.epoch.outputs[*at].topic == Topic::DeadLetters);
    let places = letters.map(|at| {
        let headers = bench.headers(at);
        let of = |name: &str| headers.iter().find(|(header, _)| header == name).map_or("", |(_, value)| value);
        [of("__connect.errors.topic"), of("__connect.errors.partition"), of("__connect.errors.offset")].join("/")
    });
    let here = format!("shop.events/{}/8", partition_of(b"c2", 1_000));
    assert_eq!(places.collect::<Vec<_>>(), ["web/3/17", here.as_str()]);
    let ended = bench.tally.inputs.iter().map(|input| (input.applied, input.rejected.iter().sum::<u64>()));
    assert_eq!(ended.collect::<Vec<_>>(), [(1, 1), (0, 1)], "a tick is nothing");
}

/// Lacks something that it needs.
struct Waiting;

impl Decoder for Waiting {
    fn decode<'a>(&mut self, _: &RawRecord<'a>) -> Result<Decoded<'a>, Reject> {
        Ok(Decoded::NotYet)
    }
}

#[test]
fn a_record_that_cannot_be_decoded_yet_leaves_no_trace() {
    let mut bench = Bench::new(|_| ());
    let raw = RawRecord { value: Some(b"{}"), timestamp: NOON, ..RawRecord::default() };
    let taken = Taken { input: 0, raw, offset: 7, time: NOON, wall: NOON };
    let mut open = Open { epoch: &mut bench.epoch, tally: &mut bench.tally };
    assert!(!bench.partition.apply(taken, &mut Waiting, &mut open));
    let partition = &bench.partition;
    assert_eq!((partition.is_touched(), partition.watermark(), &partition.positions[..]), (false, None, &[0][..]));
    assert_eq!((bench.tally.inputs[0].events(), bench.epoch.outputs.len()), (0, 0));
}
