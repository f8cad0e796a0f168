//! Made-up traffic of a shop: records as Segment, SendGrid and Square send them, and what they mean.
//!
//! A seed is all there is to it. Customers are busy in very different measure, some records cannot be used, some mean
//! nothing to the model, and some of a customer's records share their millisecond across channels.

use super::think5::{Kind, Think5};

/// A day in milliseconds.
pub const DAY: i64 = 24 * 60 * 60 * 1000;
const BEGIN: i64 = 1_735_689_600_000;
/// The inputs, in the order that decides between records of the same time.
pub const INPUTS: [&str; 3] = ["clicks", "mail", "pos"];

/// What a record is to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    Event {
        kind: Kind,
        id: String,
    },
    /// No model knows it.
    Nothing,
    /// It cannot be used, for this reason.
    Unusable(&'static str),
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Index in [`INPUTS`].
    pub input: usize,
    pub at: i64,
    pub customer: String,
    pub value: Vec<u8>,
    pub meaning: Meaning,
}

/// What traffic is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub seed: u64,
    pub events: usize,
    pub customers: usize,
    pub days: i64,
    /// A customer's records on two channels are at least this many records apart. While records flow, which channel's
    /// record is seen first is up to the broker and the network; 0 is for topics that are filled before they are read.
    pub apart: usize,
}

/// A small generator of numbers.
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub fn share(&mut self) -> f64 {
        self.roll(1 << 53) as f64 / (1_u64 << 53) as f64
    }
}

/// Records in the order of their time, ties in the order of the inputs.
pub fn traffic(wanted: Wanted) -> Vec<Record> {
    let mut dice = Dice(wanted.seed);
    let shares: Vec<f64> = (1..=wanted.customers)
        .scan(0.0, |sum, rank| {
            *sum += (rank as f64).powf(-1.05);
            Some(*sum)
        })
        .collect();
    let all = *shares.last().expect("there are customers");
    // Who was last seen where, and as which record.
    let mut seen: Vec<Option<(usize, usize)>> = vec![None; wanted.customers];
    let mut before = (0, BEGIN);
    let step = wanted.days * DAY / wanted.events as i64;
    let mut records: Vec<Record> = Vec::with_capacity(wanted.events);
    let mut at = BEGIN;
    for number in 0..wanted.events {
        let place = dice.share() * all;
        let mut rank = shares.partition_point(|&sum| sum < place).min(wanted.customers - 1);
        at += dice.roll(2 * step.max(1) as u64) as i64;
        // Mail tells whole seconds, so some others come at whole seconds too.
        let mut time = if dice.roll(2) == 0 { at / 1000 * 1000 } else { at };
        let mut input = match dice.roll(100) {
            0..90 => 0,
            90..97 => 1,
            _ => 2,
        };
        if number > 0 && dice.roll(20) == 0 {
            // The same customer in the same millisecond, preferably elsewhere.
            (rank, time) = before;
            input = dice.roll(3) as usize;
        }
        if let Some((last, before)) = seen[rank]
            && number - before < wanted.apart
        {
            input = last;
        }
        if input == 1 {
            time = time / 1000 * 1000;
        }
        before = (rank, time);
        // Shuffled: neighbours in rank are not neighbours in number.
        let customer = format!("c{:08}", (rank * 7919 + 13) % wanted.customers);
        seen[rank] = Some((input, number));
        records.push(record(&mut dice, number, input, time, customer));
    }
    records.sort_by_key(|record| (record.at, record.input));
    records
}

/// What the model makes of records in this order.
pub fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> Think5 {
    let mut think5 = Think5::default();
    for record in records {
        if let Meaning::Event { kind, id } = &record.meaning {
            think5.handle(&record.customer, record.at, *kind, id);
        }
    }
    think5
}

fn rfc3339(at: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(at).expect("a time of this century"))
}

fn record(dice: &mut Dice, number: usize, input: usize, at: i64, customer: String) -> Record {
    let (kind, id, mut value) = match input {
        0 => click(dice, number, at, &customer),
        1 => mail(dice, number, at, &customer),
        _ => payment(dice, number, at, &customer),
    };
    let mut meaning = kind.map_or(Meaning::Nothing, |kind| Meaning::Event { kind, id });
    if dice.roll(1000) == 0 {
        let customer_field = if input == 0 { "userId" } else { "customer_id" };
        let time_field = if input == 2 { "created_at" } else { "timestamp" };
        let reason;
        (value, reason) = match dice.roll(4) {
            0 => (value[..value.len() / 2].to_owned(), "malformed"),
            1 => ("niet beschikbaar".to_owned(), "malformed"),
            2 => (value.replace(&format!("\"{customer_field}\""), "\"someone\""), "no_customer"),
            _ => (value.replace(&format!("\"{time_field}\""), "\"some_time\""), "no_time"),
        };
        meaning = Meaning::Unusable(reason);
    }
    Record { input, at, customer, value: value.into_bytes(), meaning }
}

type Made = (Option<Kind>, String, String);

fn click(dice: &mut Dice, number: usize, at: i64, customer: &str) -> Made {
    let time = rfc3339(at);
    let id = format!("ajs-{number:012x}");
    let (kind, what) = match dice.roll(100) {
        0..6 => (Some(Kind::HelpViewed), page("/help/retour")),
        6..37 => (Some(Kind::PageViewed), page("/winkels/utrecht")),
        // The look-alike: help somewhere in the path is not the help pages.
        37..38 => (Some(Kind::PageViewed), page("/over/help")),
        38..80 => (Some(Kind::ProductViewed), track("Product Viewed")),
        80..86 => (Some(Kind::CartAdded), track("Product Added")),
        86..90 => (Some(Kind::CheckoutStarted), track("Checkout Started")),
        90..93 => (Some(Kind::Purchased), track("Order Completed")),
        93..97 => (Some(Kind::Reviewed), track("Product Reviewed")),
        97..99 => (None, track("Coupon Entered")),
        _ => (None, r#""type":"identify","traits":{"plan":"Product Viewed"}"#.to_owned()),
    };
    let value = format!(
        r#"{{"context":{{"ip":"10.9.8.7","locale":"nl-NL","page":{{"path":"/help","url":"https://winkel.example/"}},"userAgent":"Mozilla/5.0"}},"messageId":"{id}","originalTimestamp":"{time}","sentAt":"2031-01-01T00:00:00.000Z",{what},"timestamp":"{time}","userId":"{customer}"}}"#
    );
    (kind, id, value)
}

fn page(path: &str) -> String {
    format!(r#""properties":{{"path":"{path}","timestamp":"1999-01-01T00:00:00.000Z"}},"type":"page""#)
}

fn track(event: &str) -> String {
    format!(
        r#""event":"{event}","properties":{{"product_id":"p17","type":"page","userId":"c99999999"}},"type":"track""#
    )
}

fn mail(dice: &mut Dice, number: usize, at: i64, customer: &str) -> Made {
    let id = format!("sg{number:012x}");
    let (kind, event) = match dice.roll(100) {
        0..44 => (Some(Kind::MailDelivered), "delivered"),
        44..81 => (Some(Kind::MailOpened), "open"),
        81..95 => (Some(Kind::MailClicked), "click"),
        95..98 => (Some(Kind::MailBounced), "bounce"),
        _ => (None, "processed"),
    };
    let seconds = at / 1000;
    let value = format!(
        r#"{{"email":"iemand@example.org","timestamp":{seconds},"smtp-id":"<14c5d75ce93.dfd.64b469@ismtpd-555>","event":"{event}","category":["lente","click"],"sg_event_id":"{id}","sg_message_id":"14c5d75ce93.dfd.64b469","customer_id":"{customer}"}}"#
    );
    (kind, id, value)
}

fn payment(dice: &mut Dice, number: usize, at: i64, customer: &str) -> Made {
    let id = format!("sq-{number:012x}");
    let (kind, kind_of, status) = match dice.roll(100) {
        0..88 => (Some(Kind::Purchased), "payment.updated", "COMPLETED"),
        88..98 => (None, "payment.updated", "APPROVED"),
        _ => (None, "payment.created", "APPROVED"),
    };
    let time = rfc3339(at);
    let value = format!(
        r#"{{"merchant_id":"6SSW7HV8K2ST5","type":"{kind_of}","event_id":"{id}","created_at":"{time}","data":{{"type":"payment","id":"KkAkhdMsgzn59SM8A89WgKwekxLZY","object":{{"payment":{{"amount_money":{{"amount":2995,"currency":"EUR"}},"made_at":"2020-11-22T21:16:51.086Z","customer_id":"{customer}","status":"{status}","total_money":{{"amount":2995,"currency":"EUR"}}}}}}}}}}"#
    );
    (kind, id, value)
}
