//! The demo's shop through real formats and the real model: what it makes up must be journeys.

use std::collections::BTreeMap;

use klantreis::demo::{Channel, Shop, ShopSettings};
use klantreis::formats::{self, Decoder, FormatSpec, RawRecord, TimeSource};
use klantreis::journey::{Effects, ModelSet, Outcome, Record, SetOptions, Span, builtin};

const OPENS: i64 = 1_735_689_600_000;
const DAY: i64 = 86_400_000;

struct Journeys {
    set: ModelSet,
    decoders: Vec<Box<dyn Decoder>>,
    customers: BTreeMap<String, Box<Record>>,
    effects: Effects,
    /// Transitions by the phases they lead from and to.
    ways: BTreeMap<(String, String), usize>,
    /// Events by outcome.
    ignored: usize,
    applied: usize,
}

impl Journeys {
    fn new() -> Self {
        let options = SetOptions { forget_after: Span(400 * DAY), remembered_ids: 4 };
        let set = ModelSet::new(vec![builtin("think5").expect("built in")], options).expect("one model is a set");
        let decoders = Channel::ALL.map(|channel| {
            let format = FormatSpec::new(channel.format(), None).expect("the format is known");
            formats::open(&format, set.vocabulary(), TimeSource::Event).expect("it opens")
        });
        Self {
            set,
            decoders: decoders.into(),
            customers: BTreeMap::new(),
            effects: Effects::default(),
            ways: BTreeMap::new(),
            ignored: 0,
            applied: 0,
        }
    }

    fn live(&mut self, settings: &ShopSettings, days: i64) {
        let mut records = Vec::new();
        Shop::new(settings).advance(settings.opens_at + days * DAY, |record| records.push(record));
        for record in &records {
            let raw = RawRecord { value: Some(record.value.as_bytes()), timestamp: record.at, ..RawRecord::default() };
            let event = self.decoders[record.channel as usize].decode(&raw).expect("every record is sound");
            let event = event.one().expect("every record is an event");
            assert_eq!(event.customer, record.customer);
            // SendGrid's clock knows whole seconds only.
            assert!((0..1_000).contains(&(record.at - event.at)), "{record:?}");
            let customer = self.customers.entry(record.customer.clone()).or_insert_with(|| self.set.fresh());
            match self.set.step(customer, &event, record.channel.name(), &mut self.effects) {
                Outcome::Applied { .. } => self.applied += 1,
                Outcome::Ignored => self.ignored += 1,
                Outcome::Duplicate => panic!("no event happens twice: {record:?}"),
            }
            self.count();
        }
        let end = settings.opens_at + days * DAY;
        for customer in self.customers.values_mut() {
            let _ = self.set.fire(customer, end, &mut self.effects);
        }
        self.count();
    }

    fn count(&mut self) {
        let phases = self.set.models()[0].phases();
        for transition in &self.effects.transitions {
            let name = |index: u16| phases[usize::from(index)].name().to_owned();
            let from = transition.from.map_or_else(|| "new".to_owned(), name);
            *self.ways.entry((from, name(transition.to))).or_default() += 1;
        }
        self.effects.clear();
    }
}

#[test]
fn the_shops_customers_go_through_every_phase_by_every_way() {
    let mut journeys = Journeys::new();
    journeys.live(&ShopSettings { seed: 1, customers: 2_000, events_per_day: 400.0, opens_at: OPENS }, 90);
    let Journeys { ways, customers, applied, ignored, .. } = &journeys;
    println!("{} customers, {applied} events applied, {ignored} ignored\n{ways:#?}", customers.len());
    let mut phases = BTreeMap::<String, usize>::new();
    for record in customers.values() {
        let state = journeys.set.describe(record).remove(0);
        *phases.entry(state.phase.expect("everybody is somewhere")).or_default() += 1;
    }
    println!("{phases:#?}");
    let expected = [
        ("new", "orientatie"),
        ("new", "aankoop"),
        ("orientatie", "afweging"),
        ("orientatie", "vertrokken"),
        ("afweging", "aankoop"),
        ("afweging", "vertrokken"),
        ("aankoop", "gebruik"),
        ("gebruik", "evaluatie"),
        ("evaluatie", "orientatie"),
        ("vertrokken", "orientatie"),
    ];
    for (from, to) in expected {
        let count = ways.get(&(from.to_owned(), to.to_owned())).copied().unwrap_or(0);
        assert!(count >= 20, "{count} customers went from {from} to {to}");
    }
    assert_eq!(phases.len(), 6, "{phases:?}");
    // Payments that are reserved but not paid yet mean nothing to the model; all else does.
    assert!(*ignored > 0 && *ignored < applied / 20, "{ignored} of {applied}");
}
