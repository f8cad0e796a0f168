//! Which events a model takes, what it counts of them by value, where they are touchpoints, and which variant they put on a
//! customer.
#![allow(clippy::unwrap_used)]

use std::borrow::Cow;

use klantreis::journey::{
    Amount, Attr, Cause, CheckedModel, Effects, Event, Fired, ModelSet, Outcome, Pair, Record, SetError, SetOptions,
    SetParts, Shadow, Span, Supply, VariantRule,
};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const START: i64 = 1_767_225_600_000;

/// One customer in a set of models.
struct Customer {
    set: ModelSet,
    record: Box<Record>,
    effects: Effects,
}

/// An event: when, kind, channel, attributes.
type Given<'a> = (i64, &'a str, &'a str, &'a [(&'a str, &'a str)]);

impl Customer {
    fn of(models: &[&str], variants: Option<VariantRule>) -> Result<Self, SetError> {
        let models = models.iter().map(|text| CheckedModel::parse("m.yaml", text).unwrap_or_else(|e| panic!("{e}")));
        let options = SetOptions { forget_after: Span(400 * DAY), remembered_ids: 4 };
        let set = ModelSet::of(SetParts { models: models.collect(), variants, ..SetParts::default() }, options)?;
        Ok(Self { record: set.fresh(), set, effects: Effects::default() })
    }

    fn new(model: &str) -> Self {
        Self::of(&[model], None).unwrap()
    }

    fn step(&mut self, (at, kind, channel, attributes): Given<'_>) -> Outcome {
        let event = self.event(at, kind, attributes);
        assert_eq!(self.set.takes(&event, channel), {
            let mut trial = self.record.clone();
            self.set.step(&mut trial, &event, channel, &mut Effects::default()) != Outcome::Ignored
        });
        self.set.step(&mut self.record, &event, channel, &mut self.effects)
    }

    /// Attributes are texts, save what reads as a number or a truth value; `value` is the money.
    fn event<'a>(&self, at: i64, kind: &str, attributes: &[(&str, &'a str)]) -> Event<'a> {
        let vocabulary = self.set.vocabulary();
        let find = |name: &str| attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        let attr = |text: &'a str| match text.parse() {
            Ok(number) => Attr::Number(number),
            Err(_) => text.parse().map_or(Attr::Text(Cow::Borrowed(text)), Attr::Bool),
        };
        Event {
            customer: Cow::Borrowed("someone"),
            at: START + at,
            time_is_own: true,
            kind: vocabulary.kind(kind),
            id: None,
            value: find("value").map(|text| Amount::parse(text).unwrap()),
            attrs: vocabulary.attrs().iter().map(|(name, _)| find(name).map(attr)).collect(),
        }
    }

    fn phase(&self, model: usize) -> Option<String> {
        self.set.describe(&self.record).remove(model).phase
    }

    /// Rule and variant of each transition, then signal and variant of each signal.
    fn told(&self) -> Vec<String> {
        let name = |variant: Option<u16>| match (self.set.variants(), variant) {
            (Some(rule), Some(variant)) => rule.names().nth(variant.into()).unwrap().to_owned(),
            _ => "none".to_owned(),
        };
        let models = self.set.models();
        let transitions = self.effects.transitions.iter().map(|taken| {
            let rule = &models[usize::from(taken.model)].rules()[usize::from(taken.rule)];
            format!("{} {}", rule.id(), name(taken.variant))
        });
        let signals = self.effects.signals.iter().map(|told| {
            let rule = &models[usize::from(told.model)].signals()[usize::from(told.rule)];
            format!("{} {}", rule.id(), name(told.variant))
        });
        transitions.chain(signals).collect()
    }
}

const SHOES: &str = "
model: shoes
version: 1
kinds: [seen, bought]
attributes: { brand: text, gift: bool }
applies_to: event.brand == 'shoes' && !event.gift
phases: { looks: {}, owns: {} }
transitions:
  - { id: look, from: new, to: looks, on: seen }
  - { id: buy, from: [new, looks], to: owns, on: bought }
  - { id: again, from: owns, to: looks, idle: 10d }
";

#[test]
fn a_model_takes_only_the_events_that_it_applies_to() {
    let mut customer = Customer::new(SHOES);
    let ours: &[_] = &[("brand", "shoes"), ("gift", "false")];
    let ignored: [&[(&str, &str)]; 4] =
        [&[("brand", "hats"), ("gift", "false")], &[("brand", "shoes"), ("gift", "true")], &[("brand", "shoes")], &[]];
    for attributes in ignored {
        assert_eq!(customer.step((0, "seen", "web", attributes)), Outcome::Ignored, "{attributes:?}");
    }
    assert_eq!(customer.record, customer.set.fresh(), "what it does not take leaves no trace");
    assert_eq!(customer.step((1, "bought", "web", ours)), Outcome::Applied { late: false });
    // No sign of life for it either: the silence goes on.
    assert_eq!(customer.step((9 * DAY, "seen", "web", &[("brand", "hats")])), Outcome::Ignored);
    assert_eq!(customer.set.deadline(&customer.record), Some(START + 1 + 10 * DAY));
}

#[test]
fn each_event_goes_to_the_models_that_apply_to_it() {
    let hats = SHOES.replace("shoes", "hats");
    let both = "model: both\nversion: 1\nkinds: [seen, bought]\nphases: { known: {} }\n\
                transitions: [{ id: any, from: new, to: known, on: any }]\n";
    let mut customer = Customer::of(&[SHOES, &hats, both], None).unwrap();
    let of = |brand| [("brand", brand), ("gift", "false")];
    let _ = customer.step((0, "seen", "web", &of("hats")));
    let _ = customer.step((1, "bought", "web", &of("shoes")));
    let _ = customer.step((2, "bought", "web", &of("gloves")));
    let phases: Vec<_> = (0..3).map(|model| customer.phase(model)).collect();
    assert_eq!(phases, ["owns", "looks", "known"].map(|phase| Some(phase.to_owned())));
}

#[test]
fn what_a_model_applies_to_is_asked_of_the_event_alone() {
    let mistake = |condition: &str, expected: &str| {
        let text = SHOES.replace("event.brand == 'shoes' && !event.gift", condition);
        let errors = CheckedModel::parse("m.yaml", &text).expect_err("it is wrong").to_string();
        assert!(errors.starts_with("m.yaml:6:") && errors.contains(expected), "{condition}\n{errors}");
    };
    mistake("phase == 'owns'", "`phase` is the customer's, but this is asked of the event alone; read `event.…`");
    mistake("time_in_phase > duration('1d')", "`time_in_phase` is the customer's");
    mistake("event.late", "whether an event is late depends on the customer");
    mistake("event.bran == 'x'", "`bran` is not in `attributes`; did you mean `brand`?");
    mistake(
        "true",
        "`applies_to` is `true`; write a condition such as `event.channel == \"shop\"`, or leave `applies_to` out",
    );
    mistake("event.brand == 'a' && event.brand == 'b'", "this can never be true, so the model takes no event");
    mistake("event.kind == 'seen' && event.kind == 'bought'", "this can never be true");
    let hash = |text: &str| CheckedModel::parse("m.yaml", text).unwrap().model.hash();
    assert_ne!(
        hash(SHOES),
        hash(&SHOES.replace("&& !event.gift", "|| event.gift")),
        "it is part of what a model means"
    );
}

#[test]
fn a_model_that_takes_nothing_of_what_the_inputs_can_yield_is_told() {
    let supply = |attributes: &[&str]| Supply {
        channel: "web".to_owned(),
        kinds: Some(["seen", "bought", "left"].map(str::to_owned).into()),
        attributes: Some(attributes.iter().map(|name| (*name).to_owned()).collect()),
        value: false,
    };
    let found = |text: &str, attributes: &[&str]| {
        let checked = CheckedModel::parse("m.yaml", text).unwrap();
        checked.starved(&[supply(attributes)]).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(found(SHOES, &["brand", "gift"]), [""; 0]);
    let hungry = found(SHOES, &["brand"]);
    assert!(
        hungry.iter().any(|line| line
            .starts_with("6:13: with what the inputs can yield this is never true, so the model takes no event")),
        "{hungry:?}"
    );
    let hungry = found(LOOKS, &[]);
    assert!(hungry.iter().any(|line| line.contains("the counter `looks` stays at zero")), "{hungry:?}");
    assert!(hungry.iter().any(|line| line.contains("`keen` is never taken")), "{hungry:?}");
}

const TOUCH: &str = "
model: touch
version: 1
kinds: [seen, helped, bought]
phases:
  looks: { touchpoints: [seen, helped] }
  owns: { touchpoints: bought }
  rests: { touchpoints: [] }
  awake: {}
transitions:
  - { id: look, from: new, to: looks, on: seen }
  - { id: buy, from: looks, to: owns, on: bought }
  - { id: rest, from: owns, to: rests, after: 1d }
  - { id: wake, from: rests, to: awake, on: helped }
";

#[test]
fn an_event_is_a_touchpoint_of_the_phase_the_customer_is_in_after_it_if_the_phase_lists_its_kind() {
    let mut customer = Customer::of(&[&SHOES.replace("applies_to", "# applies_to"), TOUCH], None).unwrap();
    // The cells: shoes new 0, looks 1, owns 2; touch new 3, looks 4, owns 5, rests 6, awake 7.
    let mut touched = |at, kind, expected: &[u16]| {
        customer.effects.clear();
        let _ = customer.step((at, kind, "web", &[]));
        assert_eq!(customer.effects.touchpoints, expected, "{kind} at {at}");
    };
    touched(0, "helped", &[3]);
    touched(1, "seen", &[1, 4]);
    touched(2, "helped", &[4]);
    touched(3, "bought", &[2, 5]);
    touched(4, "seen", &[2]);
    touched(2 * DAY, "bought", &[2]);
    touched(2 * DAY, "helped", &[7]);
}

const LOOKS: &str = "
model: looks
version: 1
kinds: [seen, bought, left]
attributes: { product: text }
phases: { in: {}, keen: {} }
counters:
  looks: { on: seen, per: product, values: 2, reset: bought, window: visit }
  all: { on: seen, reset: bought, window: ever }
  week: { on: seen, reset: bought, window: 8d }
transitions:
  - { id: begin, from: new, to: in, on: any }
  - { id: keen, from: in, to: keen, on: seen, when: looks >= 3 }
  - { id: over, from: keen, to: in, on: left }
";

#[test]
fn a_counter_by_value_counts_each_value_and_begins_anew_with_what_resets_it() {
    let check = |events: &[(&str, Option<&str>)], phase: &str, counters: [f64; 3]| {
        let mut customer = Customer::new(LOOKS);
        let _ = customer.step((0, "left", "web", &[]));
        for (at, (kind, product)) in (1..).zip(events) {
            let attributes = product.map(|product| [("product", product)]);
            let _ = customer.step((at, kind, "web", attributes.as_ref().map_or(&[][..], |one| one)));
        }
        let state = customer.set.describe(&customer.record).remove(0);
        let counted: Vec<f64> = state.counters.iter().map(|(_, count)| *count).collect();
        assert_eq!((state.phase.as_deref(), counted.as_slice()), (Some(phase), &counters[..]), "{events:?}");
    };
    let (a, b, c) = (("seen", Some("a")), ("seen", Some("b")), ("seen", Some("c")));
    check(&[a, b, a, b], "in", [2.0, 4.0, 4.0]);
    check(&[a, b, a, b, a], "keen", [0.0, 5.0, 5.0]);
    check(&[a, a, ("seen", None), ("seen", None)], "in", [2.0, 4.0, 4.0]);
    check(&[a, a, ("bought", Some("a")), a], "in", [1.0, 1.0, 1.0]);
    check(&[a, a, ("bought", Some("b")), a], "keen", [0.0, 1.0, 1.0]);
    check(&[a, a, ("bought", None), a], "in", [1.0, 1.0, 1.0]);
    // Two values are kept: the third makes the one that was not seen for longest go.
    check(&[a, a, b, c, a], "in", [1.0, 5.0, 5.0]);
    check(&[a, a, b, a], "keen", [0.0, 4.0, 4.0]);
    // The visit ended.
    check(&[a, b, a, a, ("left", None), b, b], "in", [2.0, 6.0, 6.0]);
}

#[test]
fn what_cannot_be_counted_by_value_is_refused() {
    let mistake = |counter: &str, expected: &str| {
        let text = LOOKS.replace("{ on: seen, per: product, values: 2, reset: bought, window: visit }", counter);
        let errors = CheckedModel::parse("m.yaml", &text).expect_err("it is wrong").to_string();
        assert!(errors.contains(expected), "{counter}\n{errors}");
    };
    mistake("{ on: seen, per: prodct, window: visit }", "`prodct` is not in `attributes`; did you mean `product`?");
    mistake("{ on: seen, per: product, window: 7d }", "counts over `visit` or `ever`; write one of them as `window`");
    mistake("{ on: seen, per: product, sum: value, window: ever }", "leave `sum` out, or `per`");
    mistake("{ on: seen, values: 3, window: ever }", "it goes with `per: <attribute>`");
    mistake("{ on: seen, per: product, values: 17, window: ever }", "write a whole number from 1 to 16, such as `8`");
    mistake("{ on: seen, reset: seen, window: ever }", "it would never count; leave one out");
    let timer = LOOKS.to_owned() + "  - { id: t, from: in, to: keen, after: 1d, when: looks > 1 }\n";
    let errors = CheckedModel::parse("m.yaml", &timer).expect_err("it is wrong").to_string();
    assert!(errors.contains("it is not known which value of `looks` is meant; ask it of an event"), "{errors}");
}

#[test]
fn a_shadow_is_named_as_one_and_stands_beside_an_active_model() {
    let parse = |text: &str| CheckedModel::parse("m.yaml", text).unwrap();
    let options = SetOptions { forget_after: Span(400 * DAY), remembered_ids: 0 };
    let of = |beside: Option<&str>| {
        let shadow = Shadow { model: parse(TOUCH), beside: beside.map(str::to_owned) };
        let parts = SetParts { models: vec![parse(SHOES), parse(TOUCH)], shadows: vec![shadow], ..SetParts::default() };
        ModelSet::of(parts, options)
    };
    let set = of(None).unwrap();
    let names: Vec<&str> = set.models().iter().map(|model| model.name()).collect();
    assert_eq!((names, set.active()), (vec!["shoes", "touch", "touch (shadow)"], 2));
    assert_eq!(set.pairs(), [Pair { shadow: 2, beside: 1 }]);
    assert_eq!(set.models()[2].hash(), set.models()[1].hash(), "it means the same");
    assert!(set.layout().fields.iter().any(|field| field.key.starts_with("touch (shadow ")));
    assert_eq!(of(Some("shoes")).unwrap().pairs(), [Pair { shadow: 2, beside: 0 }]);
    assert_eq!(
        of(Some("hats")).unwrap_err().to_string(),
        "the shadow `touch` is to run beside `hats`, but no active model is called so; name one with `beside: <model>`"
    );
}

const TRIAL: &str = "
model: trial
version: 1
kinds: [seen, bought]
phases: { looks: {}, gone: {}, owns: {} }
transitions:
  - { id: look, from: [new, gone], to: looks, on: seen }
  - { id: buy, from: looks, to: owns, on: bought }
  - { id: leave, from: looks, to: gone, after: 2d }
signals:
  - { id: thanks, on: bought }
  - { id: reminder, on: seen, after: 1d }
";

fn trial() -> VariantRule {
    VariantRule { attribute: "form".to_owned(), values: vec!["long".to_owned(), "short".to_owned()] }
}

#[test]
fn a_customer_has_the_variant_that_the_last_event_with_one_said() {
    let mut customer = Customer::of(&[TRIAL], Some(trial())).unwrap();
    let form = |variant| -> [(&str, &str); 1] { [("form", variant)] };
    let _ = customer.step((0, "seen", "web", &[]));
    let _ = customer.step((1, "seen", "web", &form("short")));
    // What comes late says nothing of now.
    let _ = customer.step((0, "seen", "web", &form("long")));
    let _ = customer.step((HOUR, "bought", "shop", &[]));
    assert_eq!(customer.told(), ["look none", "buy short", "thanks short"]);
    assert_eq!(customer.set.variant_name(&customer.record), Some("short"));
    let _ = customer.step((2 * HOUR, "seen", "web", &form("huge")));
    assert_eq!(customer.set.variant_name(&customer.record), Some("other"));
}

#[test]
fn a_timer_is_told_under_the_variant_of_its_time_also_if_it_is_found_out_by_an_event_with_another() {
    let form = |variant| -> [(&str, &str); 1] { [("form", variant)] };
    let expected = ["look long", "leave long", "look short", "reminder long"];
    let second = TRIAL.replace("model: trial", "model: second");
    for models in [&[TRIAL][..], &[&second, TRIAL]] {
        let mut customer = Customer::of(models, Some(trial())).unwrap();
        let _ = customer.step((0, "seen", "web", &form("long")));
        let _ = customer.step((3 * DAY, "seen", "web", &form("short")));
        let told = customer.told();
        let times = models.len();
        for line in expected {
            assert_eq!(told.iter().filter(|told| *told == line).count(), times, "{line} in {told:?}");
        }
        assert_eq!(told.len(), expected.len() * times);
        let Customer { set, record, effects } = &mut customer;
        effects.clear();
        assert_eq!(set.fire(record, START + 4 * DAY, effects), Fired::Changed);
        assert!(effects.signals.iter().all(|told| told.variant == Some(1) && told.cause == Cause::Timer));
    }
}

#[test]
fn a_variant_outlives_a_change_of_the_list_and_not_the_customer() {
    let mut customer = Customer::of(&[TRIAL], Some(trial())).unwrap();
    let _ = customer.step((0, "seen", "web", &[("form", "huge")]));
    let mut rule = trial();
    rule.values.insert(0, "huge".to_owned());
    let changed = Customer::of(&[TRIAL], Some(rule)).unwrap();
    assert_eq!(changed.set.layout(), customer.set.layout());
    assert_eq!(changed.set.variant_name(&customer.record), Some("huge"));
    let _ = customer.step((500 * DAY, "seen", "web", &[]));
    assert_eq!(customer.set.variant_name(&customer.record), None);
}

#[test]
fn the_attribute_of_variants_is_a_text_in_every_model() {
    let number = TRIAL.replace("phases:", "attributes: { form: number }\nphases:").replace(
        "id: buy, from: looks, to: owns, on: bought",
        "id: buy, from: looks, to: owns, on: bought, when: event.form > 2",
    );
    let error = Customer::of(&[&number], Some(trial())).err().unwrap();
    assert_eq!(
        error.to_string(),
        "`variants` reads the attribute `form` as text, model `trial` reads it as number; use one type, or another attribute"
    );
}
