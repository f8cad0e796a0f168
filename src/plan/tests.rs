//! What a changed model would make of state, without a broker.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::figures::{Fate, ModelStored, Stored};
use super::stored::look;
use crate::engine::ports::{
    Marker, PartHeader, StateCodec, StateError, StateReader, StateRecord, Topic, WatermarkState,
};
use crate::engine::{Envelope, InputRules, Rules};
use crate::journey::{CheckedModel, Effects, Event, ModelSet, SetOptions, SetParts, Shadow, Span};
use crate::snapshot::Codec;

const DAY: i64 = 86_400_000;
/// Times are days after this.
const START: i64 = 20_000 * DAY;

const MODEL: &str = "\
model: shop
version: 1
kinds: [bought, viewed]
phases: { koper: {}, vaste: {}, weg: {} }
counters: { baskets: { on: bought, window: ever }, views: { on: viewed, window: 8d } }
transitions:
  - { id: first, from: [new, weg], to: koper, on: bought }
  - { id: habit, from: koper, to: vaste, on: bought, when: baskets >= 2 }
  - { id: lost, from: [koper, vaste], to: weg, idle: 30d }
signals:
  - { id: remind, on: viewed, unless: bought, within: 5d }
";

fn set(models: &[&str]) -> Arc<ModelSet> {
    let models = models.iter().map(|source| CheckedModel::parse("shop.yaml", source).expect("a sound model"));
    let options = SetOptions { forget_after: Span(400 * DAY), remembered_ids: 0 };
    Arc::new(ModelSet::new(models.collect(), options).expect("a sound set"))
}

/// Parts of state, by partition.
struct Shelf {
    deltas: Vec<Vec<Vec<u8>>>,
    open: usize,
}

impl StateReader for Shelf {
    fn open(&mut self, partition: i32) -> Result<Vec<Option<i64>>, StateError> {
        self.open = partition as usize;
        Ok(vec![None])
    }
    fn read(&mut self, _at_most: Duration, take: &mut dyn FnMut(StateRecord<'_>)) -> Result<Option<f64>, StateError> {
        for (offset, value) in (0..).zip(&self.deltas[self.open]) {
            take(StateRecord { topic: Topic::StateDeltas, offset, key: &[], value: Some(value) });
        }
        Ok(None)
    }
    fn beginning(&mut self, _input: usize, _partition: i32) -> Result<i64, StateError> {
        panic!("a look begins nothing")
    }
    fn trim(&mut self, _partition: i32, _below: i64) {
        panic!("a look deletes nothing")
    }
}

/// A customer's events: the day and the kind of each; none: forgotten.
type Customers<'a> = &'a [(&'a str, &'a [(i64, &'a str)])];

/// An epoch's delta of customers who lived through these events by this day.
fn delta(set: &Arc<ModelSet>, epoch: u64, customers: Customers<'_>, day: i64) -> Vec<u8> {
    let codec = Codec::new(Arc::clone(set));
    let mut bytes = Vec::new();
    codec.begin(&PartHeader { epoch, term: 1, bucket: None, part: 0, parts: 1 }, &mut bytes);
    for (id, events) in customers {
        let (mut record, mut effects) = (set.fresh(), Effects::default());
        for (at, kind) in *events {
            let event = Event {
                customer: Cow::Borrowed(*id),
                kind: set.vocabulary().kind(kind),
                at: START + at * DAY,
                time_is_own: true,
                id: None,
                value: None,
                attrs: Vec::new(),
            };
            _ = set.step(&mut record, &event, "pos", &mut effects);
        }
        _ = set.fire(&mut record, START + day * DAY, &mut effects);
        codec.customer(id, (!events.is_empty()).then_some(&*record), &mut bytes);
    }
    let at = START + day * DAY;
    let watermark = WatermarkState { at, record_time: at, wall: at };
    codec.marker(&Marker { positions: vec![("till".to_owned(), 1)], watermark }, &mut bytes);
    bytes
}

/// Two partitions of the old model on day 20: one bought once, two twice, one viewed and is waited for.
fn shelf(old: &Arc<ModelSet>) -> Shelf {
    let first: Customers<'_> =
        &[("once", &[(0, "bought")]), ("twice", &[(0, "bought"), (1, "bought")]), ("gone", &[(0, "bought")])];
    let second: Customers<'_> =
        &[("late", &[(5, "bought"), (9, "bought")]), ("viewer", &[(18, "viewed")]), ("back", &[(0, "bought")])];
    let deltas = vec![
        vec![delta(old, 1, first, 20), delta(old, 2, &[("gone", &[])], 20)],
        vec![delta(old, 1, second, 20), delta(old, 2, &[("back", &[(0, "bought"), (19, "bought")])], 20)],
    ];
    Shelf { deltas, open: 0 }
}

/// What holds for the partitions of an application with these models.
fn rules(models: &[&str]) -> Arc<Rules> {
    Arc::new(Rules {
        application: "shop".to_owned(),
        set: set(models),
        inputs: vec![InputRules { name: "till".to_owned(), topic: "till".to_owned() }],
        reads_from: 0,
        partition_count: Some(2),
        outputs_alike: false,
        allowed_lateness_ms: 0,
        max_future_skew_ms: 0,
        event_bytes_max: 1_000,
        envelope: Envelope::Bare,
        inline_needs: false,
        writes_phases: false,
    })
}

fn plan(old: &[&str], new: &[&str]) -> Stored {
    look(&mut shelf(&set(old)), 2, &rules(new), 1, &mut |_, _| ()).expect("it can be read")
}

/// The phases as `name now>after moved`.
fn phases(model: &ModelStored) -> Vec<String> {
    let count = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
    let line = |phase: &super::PhaseStored| {
        let moved = phase.moved.as_deref().map(|moved| format!(" {moved}")).unwrap_or_default();
        format!("{} {}>{}{moved}", phase.phase, count(phase.now), count(phase.after))
    };
    model.phases.iter().map(line).collect()
}

#[test]
fn a_model_that_stays_as_it_is_changes_nothing() {
    let stored = plan(&[MODEL], &[MODEL]);
    assert_eq!((stored.customers, stored.homeless(), stored.forgotten_at_once), (5, 0, 0));
    let [model] = stored.models.as_slice() else { panic!("there is one model") };
    assert_eq!(phases(model), ["new 1>1", "koper 1>1", "vaste 3>3", "weg 0>0"]);
    assert_eq!(model.counters.carry_on, ["baskets", "views"]);
    assert_eq!((model.fate, model.signals_dropped, model.at_once.len()), (Fate::Kept, 0, 0));
    assert_eq!(model.signals_at_once, []);
}

#[test]
fn who_is_in_a_phase_that_goes_is_homeless_unless_it_is_moved() {
    let without = MODEL.replace("vaste", "stam");
    let stored = plan(&[MODEL], &[&without]);
    assert_eq!(stored.homeless(), 3);
    assert_eq!(phases(&stored.models[0]), ["new 1>1", "koper 1>1", "stam ->0", "weg 0>0", "vaste 3>-"]);
    let text = stored.to_string();
    assert!(text.contains("\n  vaste        3      –  gone: nobody would know where they are\n"), "{text}");
    let moved = without.replace("version: 1", "version: 2\nmoved: { vaste: koper, never: weg }");
    let stored = plan(&[MODEL], &[&moved]);
    assert_eq!(stored.homeless(), 0);
    assert_eq!(phases(&stored.models[0]), ["new 1>1", "koper 1>4", "stam ->0", "weg 0>0", "vaste 3>- koper"]);
}

#[test]
fn new_timers_that_are_due_at_the_watermark_are_counted_by_rule_with_examples() {
    let sooner = MODEL.replace("idle: 30d", "idle: 11d");
    let model = &plan(&[MODEL], &[&sooner]).models[0];
    let rows: Vec<_> = model
        .at_once
        .iter()
        .map(|row| (row.from.as_str(), row.to.as_str(), row.rule.as_str(), row.customers, row.examples.len()))
        .collect();
    // On day 20 they have been quiet for 20, 19 and exactly 11 days; who came back yesterday stays.
    assert_eq!(rows, [("koper", "weg", "lost", 1, 1), ("vaste", "weg", "lost", 2, 1)]);
    let later = MODEL.replace("idle: 30d", "idle: 12d");
    let lost = plan(&[MODEL], &[&later]).models[0].at_once.iter().map(|row| row.customers).sum::<u64>();
    assert_eq!(lost, 2);
}

#[test]
fn counters_and_signals_that_mean_something_else_are_told() {
    let other = MODEL
        .replace(
            "views: { on: viewed, window: 8d }",
            "views: { on: viewed, window: 16d }, more: { on: any, window: ever }",
        )
        .replace("within: 5d", "within: 6d");
    let model = &plan(&[MODEL], &[&other]).models[0];
    let counters = &model.counters;
    assert_eq!(
        (&counters.carry_on[..], &counters.begin_anew[..]),
        (&["baskets".to_owned()][..], &["views".to_owned()][..])
    );
    assert_eq!((&counters.new[..], counters.dropped.len()), (&["more".to_owned()][..], 0));
    assert_eq!(model.signals_dropped, 1);
    let model = &plan(&[&other], &[MODEL]).models[0];
    assert_eq!(model.counters.dropped, ["more"]);
}

#[test]
fn models_that_come_and_go_are_named() {
    let other = MODEL.replace("model: shop", "model: store");
    let stored = plan(&[MODEL], &[&other]);
    assert_eq!((stored.models[0].fate, stored.models_gone.as_slice()), (Fate::New, &["shop".to_owned()][..]));
    assert_eq!(
        stored.to_string(),
        "application shop: 5 customers in 2 partitions, as committed\n\n\
         model store: new, everybody begins as `new` in it\n\nmodel shop: gone, and its state with it\n"
    );
    let stored = plan(&[MODEL, &other], &[&other, MODEL]);
    assert!(
        stored.models.iter().all(|model| model.fate == Fate::Kept && model.homeless == 0)
            && stored.models_gone.is_empty()
    );
}

#[test]
fn state_that_an_older_model_wrote_counts_where_it_says() {
    let oldest = set(&[&MODEL.replace("vaste", "stam")]);
    let newest = set(&[&MODEL.replace("version: 1", "version: 2\nmoved: { stam: vaste }")]);
    let bought: &[(i64, &str)] = &[(0, "bought"), (1, "bought")];
    let parts = vec![delta(&oldest, 1, &[("a", bought), ("b", bought)], 2), delta(&newest, 2, &[("b", bought)], 2)];
    let look = |source: &str| {
        let mut shelf = Shelf { deltas: vec![parts.clone()], open: 0 };
        look(&mut shelf, 1, &rules(&[source]), 1, &mut |_, _| ()).expect("it can be read")
    };
    let stored = look(&MODEL.replace("version: 1", "version: 2\nmoved: { stam: vaste }"));
    assert_eq!(phases(&stored.models[0]), ["new 0>0", "koper 0>0", "vaste 1>2", "weg 0>0", "stam 1>- vaste"]);
    let stored = look(MODEL);
    assert_eq!(stored.homeless(), 1, "`moved` was taken out before all state was written anew");
}

#[test]
fn people_read_it_as_tables() {
    let change = MODEL
        .replace("vaste", "stam")
        .replace("version: 1", "version: 2\nmoved: { vaste: stam }")
        .replace("idle: 30d", "idle: 11d")
        .replace("window: ever", "window: 90d")
        .replace("within: 5d", "within: 6d");
    assert_eq!(
        plan(&[MODEL], &[&change]).to_string(),
        "\
application shop: 5 customers in 2 partitions, as committed

model shop:

  customers  now  after
  new          1      1
  koper        1      1
  stam         –      3
  weg          0      0
  vaste        3      –  moved to stam

  counters that carry on: views; that begin anew: baskets

  signals that wait and would be dropped: 1

  at once, by timers         by rule  customers
  koper               → weg  lost             1  once
  stam                → weg  lost             2  twice, …
"
    );
}

#[test]
fn a_shadow_carries_on_while_it_stays_as_it_is_and_begins_anew_when_it_is_changed() {
    let rules_of = |shadow: &str| {
        let checked = |source: &str| CheckedModel::parse("shop.yaml", source).expect("a sound model");
        let shadows = vec![Shadow { model: checked(shadow), beside: None }];
        let parts = SetParts { models: vec![checked(MODEL)], shadows, ..SetParts::default() };
        let options = SetOptions { forget_after: Span(400 * DAY), remembered_ids: 0 };
        let mut rules = Arc::unwrap_or_clone(rules(&[MODEL]));
        rules.set = Arc::new(ModelSet::of(parts, options).expect("a sound set"));
        Arc::new(rules)
    };
    let old = rules_of(MODEL);
    let look = |new| look(&mut shelf(&old.set), 2, &new, 1, &mut |_, _| ()).expect("it can be read");
    let same = look(Arc::clone(&old));
    assert_eq!((same.homeless(), same.models[1].model.as_str()), (0, "shop (shadow)"));
    assert_eq!(phases(&same.models[1]), phases(&same.models[0]));
    assert_eq!((same.models[1].fate, same.models_gone.len()), (Fate::Kept, 0));
    let changed = look(rules_of(&MODEL.replace("vaste", "stam")));
    assert_eq!((changed.homeless(), changed.models[1].fate), (0, Fate::New));
    assert_eq!(phases(&changed.models[1]), ["new 5>5", "koper ->0", "stam ->0", "weg ->0"]);
    assert!(changed.models_gone[0].starts_with("shop (shadow "), "{:?}", changed.models_gone);
}
