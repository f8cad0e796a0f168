//! A web shop whose customers are made up: who begins a story when, and what happens next.
//!
//! Deterministic: the same seed, start and settings give the same records, however time is cut into pieces.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::payload::{self, ShopRecord};
use super::random::Random;
use super::story::{self, Act, Checkout, Moment, USUAL_MOMENTS};

/// What kind of shop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShopSettings {
    /// Another seed makes other customers.
    pub seed: u64,
    /// How many customers there are at most.
    pub customers: u32,
    /// About how many events happen in a day of the shop, once it is in full swing.
    pub events_per_day: f64,
    /// When it opens, in epoch milliseconds.
    pub opens_at: i64,
}

/// The shop.
#[derive(Debug)]
pub struct Shop {
    random: Random,
    /// Everybody who is in no story right now.
    idle: Vec<u32>,
    /// What will happen, soonest first.
    agenda: BinaryHeap<Reverse<Entry>>,
    /// Mean time between the beginnings of two stories, in milliseconds.
    story_every: f64,
    next_story_at: i64,
    entries: u64,
}

/// Something on the agenda; ties are settled in the order it was written down.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    at: i64,
    number: u64,
    customer: u32,
    /// What happens; `None`: the story is over and the customer free for another one.
    happens: Option<(Act, usize)>,
}

const DAY: f64 = 86_400_000.0;

impl Shop {
    /// A shop that opens with nobody in it.
    pub fn new(settings: &ShopSettings) -> Self {
        let stories_per_day = (settings.events_per_day / USUAL_MOMENTS).max(1e-6);
        Self {
            random: Random::new(settings.seed),
            idle: (0..settings.customers).collect(),
            agenda: BinaryHeap::new(),
            story_every: DAY / stories_per_day,
            next_story_at: settings.opens_at,
            entries: 0,
        }
    }

    /// Everything that happens up to and including `until`, in the order of time.
    pub fn advance(&mut self, until: i64, mut take: impl FnMut(ShopRecord)) {
        loop {
            let next = self.agenda.peek().map_or(i64::MAX, |Reverse(entry)| entry.at);
            if next.min(self.next_story_at) > until {
                return;
            }
            if self.next_story_at <= next {
                self.begin_story();
                continue;
            }
            let Some(Reverse(entry)) = self.agenda.pop() else { return };
            match entry.happens {
                Some((act, product)) => {
                    let moment = Moment { at: entry.at, act, product };
                    take(payload::record(entry.customer, &moment, self.random.next()));
                }
                None => self.idle.push(entry.customer),
            }
        }
    }

    /// Somebody who is idle begins a story; if nobody is, the chance passes.
    fn begin_story(&mut self) {
        let now = self.next_story_at;
        let gap = self.random.between(1, (2.0 * self.story_every).max(2.0) as i64);
        self.next_story_at += gap;
        if self.idle.is_empty() {
            return;
        }
        let who = self.random.below(self.idle.len());
        let customer = self.idle.swap_remove(who);
        let moments = story::tell(&mut self.random, now, Checkout::of(customer));
        let end = moments.last().map_or(now, |moment| moment.at) + 1;
        for Moment { at, act, product } in moments {
            self.note(at, customer, Some((act, product)));
        }
        self.note(end, customer, None);
    }

    fn note(&mut self, at: i64, customer: u32, happens: Option<(Act, usize)>) {
        self.entries += 1;
        self.agenda.push(Reverse(Entry { at, number: self.entries, customer, happens }));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::payload::Channel;
    use super::*;

    const OPENS: i64 = 1_735_689_600_000;

    fn settings(seed: u64) -> ShopSettings {
        ShopSettings { seed, customers: 500, events_per_day: 200.0, opens_at: OPENS }
    }

    fn records(seed: u64, days: i64) -> Vec<ShopRecord> {
        let mut records = Vec::new();
        Shop::new(&settings(seed)).advance(OPENS + days * DAY as i64, |record| records.push(record));
        records
    }

    #[test]
    fn the_same_seed_gives_the_same_records_however_time_is_cut() {
        let whole = records(7, 30);
        let mut shop = Shop::new(&settings(7));
        let mut pieces = Vec::new();
        for hour in 0..=30 * 24 {
            shop.advance(OPENS + hour * 3_600_000, |record| pieces.push(record));
        }
        assert_eq!(whole, pieces);
        assert_ne!(whole, records(8, 30));
    }

    #[test]
    fn records_are_json_objects_with_times_that_never_go_back() {
        let records = records(1, 60);
        let mut last = OPENS;
        for record in &records {
            assert!(record.at >= last, "{record:?}");
            last = record.at;
            let value: serde_json::Value = serde_json::from_str(&record.value).expect(&record.value);
            assert!(value.is_object(), "{value}");
        }
        assert!(last <= OPENS + 60 * DAY as i64);
    }

    #[test]
    fn every_kind_of_event_happens_in_a_month_and_every_event_has_an_id_of_its_own() {
        let mut kinds = BTreeMap::<String, usize>::new();
        let mut ids = BTreeSet::new();
        let records = records(1, 60);
        for record in &records {
            let value: serde_json::Value = serde_json::from_str(&record.value).expect("JSON");
            let (kind, id, customer) = match record.channel {
                Channel::Clicks if value["type"] == "page" => {
                    let help = value["properties"]["path"].as_str().expect("a path").starts_with("/help");
                    (if help { "help".to_owned() } else { "page".to_owned() }, &value["messageId"], &value["userId"])
                }
                Channel::Clicks => (value["event"].to_string(), &value["messageId"], &value["userId"]),
                Channel::Mail => (value["event"].to_string(), &value["sg_event_id"], &value["customer_id"]),
                Channel::Pos => {
                    let payment = &value["data"]["object"]["payment"];
                    (payment["status"].to_string(), &value["event_id"], &payment["customer_id"])
                }
            };
            assert_eq!(customer.as_str(), Some(record.customer.as_str()));
            ids.insert(id.to_string());
            *kinds.entry(kind).or_default() += 1;
        }
        assert_eq!(ids.len(), records.len());
        let expected = [
            "\"APPROVED\"",
            "\"COMPLETED\"",
            "\"Checkout Started\"",
            "\"Order Completed\"",
            "\"Product Added\"",
            "\"Product Reviewed\"",
            "\"Product Viewed\"",
            "\"bounce\"",
            "\"click\"",
            "\"delivered\"",
            "\"open\"",
            "help",
            "page",
        ];
        assert_eq!(kinds.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_shop_in_full_swing_is_about_as_busy_as_asked_for() {
        let settings = ShopSettings { customers: 100_000, events_per_day: 1_000.0, ..settings(3) };
        let mut shop = Shop::new(&settings);
        let mut count = |from: i64, to: i64| {
            let mut count = 0;
            shop.advance(OPENS + to * DAY as i64, |_| count += 1);
            f64::from(count) / (to - from) as f64
        };
        count(0, 60);
        let per_day = count(60, 100);
        assert!((800.0..1200.0).contains(&per_day), "{per_day} events a day");
    }
}
