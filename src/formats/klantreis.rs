//! Events that klantreis itself wrote when it keyed them anew by customer, as it reads them.
//!
//! A record is one JSON object. Its parts and what they mean are in `docs/formats/klantreis.md`. One without a customer and
//! without a kind only says how far time has come. Events in this form that somebody else wrote are read by the recipe of
//! that name: what only we write, such as where an event was found first, is read here alone.

use std::borrow::Cow;

use super::extract::Extractor;
use super::found::Found;
use super::shape::Shape;
use super::time::believable;
use super::{Decoded, Decoder, Origin, RawRecord, Told};
use crate::journey::{Amount, Attr, AttrType, Event, Reject, Vocabulary};

/// What a record begins with that was written by klantreis.
const TIME: &[u8] = b"{\"time\":";

/// The time that an event which was keyed anew has in the order of records, in epoch milliseconds: what its value begins with.
pub fn leading_time(value: &[u8]) -> Option<i64> {
    let rest = value.strip_prefix(TIME)?;
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // More digits than fit are no time.
    if length == 0 || length > 18 || !matches!(rest.get(length), Some(b',' | b'}')) {
        return None;
    }
    Some(rest[..length].iter().fold(0, |number, byte| number * 10 + i64::from(byte - b'0')))
}

/// A decoder of events that were keyed anew, which are of these inputs.
pub fn open_events(vocabulary: &Vocabulary, inputs: &[String]) -> Box<dyn Decoder> {
    Box::new(Events::new(vocabulary, inputs))
}

/// See the module.
struct Events {
    extractor: Extractor,
    slots: Slots,
    vocabulary: Vocabulary,
    /// Where the events can come from.
    inputs: Vec<String>,
}

struct Slots {
    time: usize,
    customer: usize,
    at: usize,
    kind: usize,
    input: usize,
    partition: usize,
    offset: usize,
    own: usize,
    id: usize,
    value: usize,
    attrs: Vec<usize>,
}

impl Events {
    fn new(vocabulary: &Vocabulary, inputs: &[String]) -> Self {
        let mut shape = Shape::new();
        let mut slot = |name: &str| shape.slot([name]);
        let mut slots = Slots {
            time: slot("time"),
            customer: slot("customer"),
            at: slot("at"),
            kind: slot("kind"),
            input: slot("input"),
            partition: slot("partition"),
            offset: slot("offset"),
            own: slot("own"),
            id: slot("id"),
            value: slot("value"),
            attrs: Vec::new(),
        };
        let names = vocabulary.attrs().iter();
        slots.attrs = names.map(|(name, _)| shape.slot(["attributes", name.as_str()])).collect();
        Self { extractor: Extractor::new(shape), slots, vocabulary: vocabulary.clone(), inputs: inputs.to_vec() }
    }
}

impl Decoder for Events {
    fn decode<'a>(&mut self, record: &RawRecord<'a>) -> Result<Decoded<'a>, Reject> {
        let Self { extractor, slots, vocabulary, inputs } = self;
        extractor.read(record.value, |found| {
            let is_tick = found[slots.customer].is_missing() && found[slots.kind].is_missing();
            if is_tick && !found[slots.time].is_missing() {
                return Ok(Decoded::Several(Vec::new()));
            }
            let origin = Some(slots.origin(found, inputs)?);
            let event = slots.event(found, vocabulary)?;
            Ok(Decoded::One(Told { event, origin, details: None }))
        })
    }
}

impl Slots {
    fn event<'a>(&self, found: &[Found<'a>], vocabulary: &Vocabulary) -> Result<Event<'a>, Reject> {
        let customer = text(&found[self.customer]).ok_or_else(|| Reject::NoCustomer("customer".into()))?;
        let at = time_of(&found[self.at])?;
        let kind = &found[self.kind];
        let name = text(kind).ok_or_else(|| Reject::BadField(format!("kind is {kind}")))?;
        let kind = vocabulary.kind(&name);
        let known = kind.is_some();
        Ok(Event {
            customer,
            at,
            time_is_own: found[self.own] != Found::Bool(false),
            kind,
            id: text(&found[self.id]),
            value: if known && vocabulary.reads_value() { amount(&found[self.value]) } else { None },
            attrs: if known { self.attrs(found, vocabulary) } else { Vec::new() },
        })
    }

    fn attrs<'a>(&self, found: &[Found<'a>], vocabulary: &Vocabulary) -> Vec<Option<Attr<'a>>> {
        let of_each = self.attrs.iter().zip(vocabulary.attrs());
        of_each.map(|(slot, (_, of))| attribute(&found[*slot], *of)).collect()
    }

    fn origin(&self, found: &[Found<'_>], inputs: &[String]) -> Result<Origin, Reject> {
        let name = &found[self.input];
        let input = name.text().and_then(|name| inputs.iter().position(|input| input == name));
        let input = input.ok_or_else(|| Reject::BadField(format!("input is {name}, which is not configured")))?;
        let whole = |slot: usize, name: &str| {
            match found[slot] {
                Found::Unsigned(number) => i64::try_from(number).ok(),
                _ => None,
            }
            .ok_or_else(|| Reject::BadField(format!("{name} is {}", found[slot])))
        };
        let partition = whole(self.partition, "partition")?;
        let partition = i32::try_from(partition).map_err(|_| Reject::BadField(format!("partition is {partition}")))?;
        Ok(Origin { input, partition, offset: whole(self.offset, "offset")? })
    }
}

fn text<'a>(found: &Found<'a>) -> Option<Cow<'a, str>> {
    found.text().filter(|text| !text.is_empty()).cloned()
}

/// Milliseconds since 1970.
fn time_of(found: &Found<'_>) -> Result<i64, Reject> {
    let ms = match found {
        Found::Absent | Found::Null => return Err(Reject::NoTime("at".into())),
        Found::Unsigned(ms) => i64::try_from(*ms).ok(),
        _ => None,
    };
    ms.and_then(believable).ok_or_else(|| Reject::BadTime(format!("at is {found}")))
}

/// A number, or a text that is one: an amount beyond what a float holds exactly is written so.
fn amount(found: &Found<'_>) -> Option<Amount> {
    match found {
        Found::Unsigned(units) => Amount::parse(&units.to_string()).ok(),
        Found::Signed(units) => Amount::parse(&units.to_string()).ok(),
        Found::Float(number) => Amount::from_f64(*number).ok(),
        Found::Text(text) => Amount::parse(text).ok(),
        _ => None,
    }
}

/// What stands there, if it is of that type. We write some numbers as texts, which are read exactly.
fn attribute<'a>(found: &Found<'a>, of: AttrType) -> Option<Attr<'a>> {
    match (of, found) {
        (AttrType::Number, Found::Unsigned(number)) => Some(Attr::Number(*number as f64)),
        (AttrType::Number, Found::Signed(number)) => Some(Attr::Number(*number as f64)),
        (AttrType::Number, Found::Float(number)) if number.is_finite() => Some(Attr::Number(*number)),
        (AttrType::Number, Found::Text(text)) => {
            text.parse().ok().filter(|number: &f64| number.is_finite()).map(Attr::Number)
        }
        (AttrType::Text, Found::Text(text)) => Some(Attr::Text(text.clone())),
        (AttrType::Bool, Found::Bool(value)) => Some(Attr::Bool(*value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journey::AttrId;

    fn vocabulary() -> Vocabulary {
        let attrs = vec![("cart_id".into(), AttrType::Text), ("items".into(), AttrType::Number)];
        Vocabulary::new(vec!["purchased".into()], attrs, true)
    }

    #[track_caller]
    fn check(decoder: &mut dyn Decoder, value: &str, expected: &str) {
        let record = RawRecord { value: Some(value.as_bytes()), ..RawRecord::default() };
        let told = match decoder.decode(&record) {
            Ok(Decoded::One(Told { event, origin, .. })) => {
                let place = origin.map(|one| format!(" from {}/{}/{}", one.input, one.partition, one.offset));
                let Event { customer, at, time_is_own, kind, id, value, attrs } = event;
                let cart = attrs.get(usize::from(AttrId(0).0)).cloned().flatten();
                format!(
                    "{customer} {at} {time_is_own} {kind:?} {id:?} {} {cart:?}{}",
                    value.map_or_else(String::new, |value| value.to_string()),
                    place.unwrap_or_default(),
                )
            }
            Ok(other) => format!("{other:?}"),
            Err(reject) => format!("{}: {reject}", reject.reason()),
        };
        assert_eq!(told, expected, "{value}");
    }

    #[test]
    fn an_event_says_who_did_what_when_and_where_it_was_found_first() {
        let mut decoder = open_events(&vocabulary(), &["clicks".into(), "mail".into()]);
        let mut check = |value: &str, expected: &str| check(decoder.as_mut(), value, expected);
        check(
            r#"{"time":1,"customer":"c-1","at":1735689600001,"kind":"purchased","input":"mail","partition":3,"offset":1234,"own":false,"id":"e1","value":12.5,"attributes":{"cart_id":"x","more":1}}"#,
            "c-1 1735689600001 false Some(KindId(0)) Some(\"e1\") 12.5 Some(Text(\"x\")) from 1/3/1234",
        );
        check(
            r#"{"time":1,"customer":"c-1","at":1735689600001,"kind":"purchased","input":"clicks","partition":0,"offset":0,"value":"922337203685477.5807"}"#,
            "c-1 1735689600001 true Some(KindId(0)) None 922337203685477.5807 None from 0/0/0",
        );
        check(
            r#"{"time":1,"customer":"c-1","at":1735689600001,"kind":"other","input":"clicks","partition":0,"offset":0}"#,
            "c-1 1735689600001 true None None  None from 0/0/0",
        );
        check(r#"{"time":1735689600001}"#, "Several([])");
    }

    #[test]
    fn what_somebody_else_wrote_is_refused_if_anything_is_missing() {
        let mut decoder = open_events(&vocabulary(), &["clicks".into(), "mail".into()]);
        let place = r#","input":"mail","partition":3,"offset":1234}"#;
        let mut check = |value: &str, place: &str, expected: &str| {
            check(decoder.as_mut(), &format!("{{\"time\":1{value}{place}"), expected);
        };
        let whole = r#","customer":"c-1","at":1735689600001,"kind":"other""#;
        check(whole, place, "c-1 1735689600001 true None None  None from 1/3/1234");
        check(
            whole,
            r#","input":"pos","partition":3,"offset":1234}"#,
            "bad_field: unusable field: input is \"pos\", which is not configured",
        );
        check(whole, "}", "bad_field: unusable field: input is nothing, which is not configured");
        check(whole, r#","input":"mail","partition":-3,"offset":1}"#, "bad_field: unusable field: partition is -3");
        check(whole, r#","input":"mail","partition":3}"#, "bad_field: unusable field: offset is nothing");
        check(r#","kind":"other""#, place, "no_customer: no customer: customer is missing, empty or not a text");
        check(r#","customer":"c-1","kind":"other""#, place, "no_time: no event time: at is missing");
        check(
            r#","customer":"c-1","at":12,"kind":"other""#,
            place,
            "bad_time: not an event time between 1990 and 2100: at is 12",
        );
        check(r#","customer":"c-1","at":1735689600001"#, place, "bad_field: unusable field: kind is nothing");
    }

    #[test]
    fn the_time_that_orders_a_record_is_what_its_value_begins_with() {
        let check = |value: &str, expected| assert_eq!(leading_time(value.as_bytes()), expected, "{value}");
        check(r#"{"time":1735689600123,"customer":"c"}"#, Some(1_735_689_600_123));
        check(r#"{"time":0}"#, Some(0));
        check(r#"{"time":-5}"#, None);
        check(r#"{"time":1.5}"#, None);
        check(r#"{"time":"1"}"#, None);
        check(r#"{"time":12345678901234567890}"#, None);
        check(r#"{"time":12"#, None);
        check(r#"{ "time":1}"#, None);
        check("", None);
    }
}
