//! One way to read a record, or an item of it, as an event.

use std::borrow::Cow;

use super::clock::Clocks;
use super::condition::{Asked, Rule, Tests};
use super::field::{Field, List, is_missing};
use super::money::{self, Money};
use super::options::Options;
use super::slots::{Slots, View};
use super::spec::{FieldSpec, KindRule, KindSpec, RecipeSpec};
use super::table::Table;
use crate::formats::found::Found;
use crate::formats::time::record_time;
use crate::formats::{Details, RawRecord, TimeSource, Told};
use crate::journey::{Attr, AttrType, DropReason, Event, KindId, Reject, Vocabulary};

/// A recipe for one event, compiled against a vocabulary.
#[derive(Debug)]
pub(super) struct Reading {
    tests: Tests,
    drops: Vec<(Rule, DropReason)>,
    kind: Kinds,
    customer: Customer,
    drops_anonymous: bool,
    /// `None`: the record's timestamp.
    time: Option<Vec<Time>>,
    id: Option<Field>,
    /// `None` if nobody asks for it.
    value: Option<Money>,
    /// By attribute of the vocabulary: the first of these that is there.
    attrs: Vec<(Vec<Field>, AttrType)>,
    /// What only some want to know.
    details: Option<Wanted>,
}

/// Who it is about.
#[derive(Debug)]
struct Customer {
    from: Vec<Field>,
    /// For messages.
    name: String,
}

#[derive(Debug)]
struct Time {
    from: Field,
    clocks: Clocks,
    /// For messages.
    name: String,
}

/// What goes beside an event for those who ask.
#[derive(Debug)]
struct Wanted {
    identifiers: Vec<(String, Field)>,
    name: Option<Field>,
    currency: Option<Money>,
}

#[derive(Debug)]
enum Kinds {
    Fixed(Option<KindId>),
    Rules(Vec<(Rule, Naming)>),
}

#[derive(Debug)]
enum Naming {
    /// This one; `None`: one that no model knows, or none at all.
    Kind(Option<KindId>),
    /// What a field means, if the table has it.
    From { from: Field, table: Table<Option<KindId>>, default: Option<Option<KindId>> },
}

/// What a reading is compiled for.
pub(super) struct Purpose<'p> {
    pub(super) vocabulary: &'p Vocabulary,
    pub(super) time: TimeSource,
    pub(super) options: &'p Options,
    /// Whether the recipe is the user's own.
    pub(super) is_strict: bool,
    /// Whether identifiers, currency and name are wanted, too.
    pub(super) has_details: bool,
}

impl Reading {
    /// Checks a reading and compiles it. An error says what to write instead.
    pub(super) fn new(spec: &RecipeSpec, slots: &mut Slots, purpose: &Purpose<'_>) -> Result<Self, String> {
        let Purpose { vocabulary, options, .. } = purpose;
        let mut tests = Tests::default();
        let mut drops = Vec::new();
        for drop in spec.drop.iter().flatten() {
            let reason = DropReason::of(&drop.reason).ok_or_else(|| {
                let all = DropReason::ALL.map(DropReason::label).join(", ");
                format!("drop: there is no reason `{}`; write one of {all}", drop.reason)
            })?;
            let rule = tests.rule(drop.places.as_ref(), drop.when.as_deref(), slots);
            let rule = rule.map_err(|why| format!("drop: {why}"))?;
            if options.drops.get(&reason).copied().unwrap_or(true) {
                drops.push((rule, reason));
            }
        }
        let kind = Kinds::new(spec, &mut tests, slots, purpose).map_err(|why| format!("kind: {why}"))?;
        let customer = Customer::new(spec, slots, options).map_err(|why| format!("customer: {why}"))?;
        let time = Time::all(spec, slots, purpose)?;
        let id = spec.id.as_ref().map(|id| Field::new(id, List::Joined, slots)).transpose();
        let id = id.map_err(|why| format!("id: {why}"))?;
        let value = spec.value.as_ref().filter(|_| vocabulary.reads_value());
        let value = value.map(|value| Money::new(value, slots, purpose.is_strict)).transpose();
        let value = value.map_err(|why| format!("value: {why}"))?;
        let attrs = vocabulary.attrs().iter().map(|(name, of)| {
            attribute_fields(spec, name, slots).map(|fields| (fields, *of)).map_err(|why| format!("{name}: {why}"))
        });
        let attrs = attrs.collect::<Result<_, _>>()?;
        let details = if purpose.has_details { Some(Wanted::new(spec, slots)?) } else { None };
        let drops_anonymous = options.drops.get(&DropReason::Anonymous).copied().unwrap_or(false);
        Ok(Self { tests, drops, kind, customer, drops_anonymous, time, id, value, attrs, details })
    }

    /// The event that was read, or why there is none. (An event is large: it is made as what is wanted at once.)
    #[inline]
    pub(super) fn read<'a, T>(&self, record: &RawRecord<'a>, view: &View<'_, 'a>) -> Result<T, Reject>
    where
        T: From<Told<'a>> + From<DropReason>,
    {
        let asked = self.tests.asked(view);
        if let Some((_, reason)) = self.drops.iter().find(|(rule, _)| asked.holds(rule)) {
            return Ok((*reason).into());
        }
        let customer = self.customer.from.iter().find_map(|field| field.identity(view));
        let Some(customer) = customer else {
            if self.drops_anonymous {
                return Ok(DropReason::Anonymous.into());
            }
            return Err(Reject::NoCustomer(self.customer.name.clone()));
        };
        let at = match &self.time {
            None => record_time(record.timestamp)?,
            Some(times) => Time::read(times, view)?,
        };
        let kind = self.kind.read(&asked, view);
        let known = kind.is_some();
        let event = Event {
            customer,
            at,
            time_is_own: self.time.is_some(),
            kind,
            id: self.id.as_ref().and_then(|id| id.identity(view)),
            value: match &self.value {
                Some(money) if known => money.amount(view)?,
                _ => None,
            },
            attrs: if known && !self.attrs.is_empty() { self.attrs(view) } else { Vec::new() },
        };
        let details = self.details.as_ref().map(|wanted| Box::new(wanted.read(view)));
        Ok(Told { event, origin: None, details }.into())
    }

    fn attrs<'a>(&self, view: &View<'_, 'a>) -> Vec<Option<Attr<'a>>> {
        let all = self.attrs.iter().map(|(fields, of)| {
            fields.iter().find_map(|field| match of {
                AttrType::Text => field.text(view).map(Attr::Text),
                AttrType::Number => field.with(view, number).map(Attr::Number),
                AttrType::Bool => field.with(view, truth).map(Attr::Bool),
            })
        });
        all.collect()
    }
}

impl Kinds {
    fn new(spec: &RecipeSpec, tests: &mut Tests, slots: &mut Slots, purpose: &Purpose<'_>) -> Result<Self, String> {
        let Purpose { vocabulary, options, .. } = purpose;
        let rules = match &spec.kind {
            None => &Vec::new(),
            Some(KindSpec::Fixed(kind)) if options.kinds.is_empty() => return Ok(Self::Fixed(vocabulary.kind(kind))),
            Some(KindSpec::Fixed(kind)) => &vec![KindRule { kind: Some(kind.clone()), ..KindRule::default() }],
            Some(KindSpec::Rules(rules)) => rules,
        };
        let mut compiled = Vec::new();
        if !options.kinds.is_empty() {
            let Some(name) = &spec.name else {
                return Err("the events of this format have no names; leave `kinds` out".into());
            };
            let from = Field::new(name, List::First, slots)?;
            let table = Table::new(options.kinds.iter().map(|(raw, kind)| (raw, vocabulary.kind(kind))));
            compiled.push((Rule::default(), Naming::From { from, table, default: None }));
        }
        for rule in rules {
            let asked = tests.rule(rule.places.as_ref(), rule.when.as_deref(), slots)?;
            let naming = match (&rule.kind, &rule.from) {
                (Some(kind), None) => Naming::Kind(vocabulary.kind(kind)),
                (None, None) if rule.table.is_none() && rule.default.is_none() => Naming::Kind(None),
                (None, Some(from)) => Naming::from(rule, from, slots, vocabulary)?,
                (None, None) => return Err("`table` without `from`; say where what it tells of stands".into()),
                (Some(_), Some(_)) => return Err("a rule has `kind` or `from`; leave one of them out".into()),
            };
            compiled.push((asked, naming));
        }
        Ok(Self::Rules(compiled))
    }

    #[inline]
    fn read(&self, asked: &Asked<'_, '_, '_>, view: &View<'_, '_>) -> Option<KindId> {
        let rules = match self {
            Self::Fixed(kind) => return *kind,
            Self::Rules(rules) => rules,
        };
        for (rule, naming) in rules {
            if !asked.holds(rule) {
                continue;
            }
            match naming {
                Naming::Kind(kind) => return *kind,
                Naming::From { from, table, default } => {
                    let kind = from.text(view).and_then(|text| table.get(&text)).or(default.as_ref());
                    if let Some(kind) = kind {
                        return *kind;
                    }
                }
            }
        }
        None
    }
}

impl Naming {
    fn from(rule: &KindRule, from: &FieldSpec, slots: &mut Slots, vocabulary: &Vocabulary) -> Result<Self, String> {
        let from = Field::new(from, List::First, slots)?;
        let known = |kind: &Option<String>| kind.as_ref().and_then(|kind| vocabulary.kind(kind));
        let own: Vec<(String, Option<KindId>)> =
            vocabulary.kinds().iter().map(|kind| (kind.to_string(), vocabulary.kind(kind))).collect();
        let table = match &rule.table {
            Some(table) => Table::new(table.iter().map(|(raw, kind)| (raw, known(kind)))),
            None => Table::new(own.iter().map(|(raw, kind)| (raw, *kind))),
        };
        Ok(Self::From { from, table, default: rule.default.as_ref().map(|kind| vocabulary.kind(kind)) })
    }
}

impl Customer {
    fn new(spec: &RecipeSpec, slots: &mut Slots, options: &Options) -> Result<Self, String> {
        let named = match (&options.customer, &spec.customer, &spec.identifiers) {
            (Some(_), _, None) => {
                return Err("this mapping has no `identifiers`; say in it what the customer is".into());
            }
            (Some(types), _, Some(_)) => types.clone(),
            (None, None, _) => return Err("it is missing; add customer".into()),
            (None, Some(field), Some(_)) => types(field)?,
            (None, Some(field), None) => {
                let name = money::name(field);
                return Ok(Self { from: vec![Field::new(field, List::First, slots)?], name });
            }
        };
        let identifiers = spec.identifiers.as_ref().map_or(&[][..], |all| &all.0);
        let mut from = Vec::new();
        let mut names = Vec::new();
        for wanted in &named {
            let Some((_, field)) = identifiers.iter().find(|(of, _)| of == wanted) else {
                let all = identifiers.iter().map(|(of, _)| of.as_str()).collect::<Vec<_>>().join(", ");
                return Err(format!("there is no identifier `{wanted}`; there are {all}"));
            };
            from.push(Field::new(field, List::First, slots)?);
            names.push(money::name(field));
        }
        Ok(Self { from, name: names.join(" or ") })
    }
}

/// The types of identifiers that `customer` names.
fn types(field: &FieldSpec) -> Result<Vec<String>, String> {
    match field {
        FieldSpec::Place(of) => Ok(vec![of.clone()]),
        FieldSpec::List(all) => all.iter().map(types).collect::<Result<Vec<_>, _>>().map(|all| all.concat()),
        FieldSpec::Made(_) => Err("with `identifiers` it names their types; write for example [user_id]".into()),
    }
}

impl Time {
    fn all(spec: &RecipeSpec, slots: &mut Slots, purpose: &Purpose<'_>) -> Result<Option<Vec<Self>>, String> {
        let Some(times) = &spec.time else {
            return match purpose.time {
                TimeSource::Record => Ok(None),
                TimeSource::Event => {
                    Err("the mapping has no `time`; add it, or write `time: record` for the input".into())
                }
            };
        };
        let mut all: Vec<Self> = Vec::new();
        let mut before = None;
        for time in &times.0 {
            let clocks =
                Clocks::new(time, purpose.options.zone.as_deref()).map_err(|why| format!("mapping.time: {why}"))?;
            // What stands at one place may be written in several ways.
            match all.last_mut() {
                Some(last) if before == Some(&time.from) => last.clocks.add(clocks),
                _ => {
                    let from = Field::new(&time.from, List::First, slots).map_err(|why| format!("time: {why}"))?;
                    all.push(Self { from, clocks, name: money::name(&time.from) });
                }
            }
            before = Some(&time.from);
        }
        match purpose.time {
            TimeSource::Record => Ok(None),
            TimeSource::Event => Ok(Some(all)),
        }
    }

    /// The first time that is there.
    fn read(times: &[Self], view: &View<'_, '_>) -> Result<i64, Reject> {
        for time in times {
            let at = time.from.with(view, |found| if is_missing(found) { None } else { Some(time.clocks.read(found)) });
            match at {
                Some(Some(at)) => return Ok(at),
                Some(None) => return Err(Reject::BadTime(format!("{} is {}", time.name, time.from.get(view)))),
                None => {}
            }
        }
        let names: Vec<&str> = times.iter().map(|time| time.name.as_str()).collect();
        Err(Reject::NoTime(names.join(" or ")))
    }
}

impl Wanted {
    fn new(spec: &RecipeSpec, slots: &mut Slots) -> Result<Self, String> {
        let identifiers = match (&spec.identifiers, &spec.customer) {
            (Some(all), _) => all
                .0
                .iter()
                .map(|(of, field)| Field::new(field, List::First, slots).map(|field| (of.clone(), field)))
                .collect::<Result<_, _>>()?,
            (None, Some(field)) => vec![("customer".to_owned(), Field::new(field, List::First, slots)?)],
            (None, None) => Vec::new(),
        };
        let name = spec.name.as_ref().map(|name| Field::new(name, List::First, slots)).transpose()?;
        let currency = spec.value.as_ref().filter(|value| value.currency.is_some());
        let currency = currency.map(|value| Money::new(value, slots, false)).transpose()?;
        Ok(Self { identifiers, name, currency })
    }

    fn read<'a>(&self, view: &View<'_, 'a>) -> Details<'a> {
        let identifiers =
            self.identifiers.iter().filter_map(|(of, field)| Some((Cow::Owned(of.clone()), field.identity(view)?)));
        Details {
            identifiers: identifiers.collect(),
            currency: self.currency.as_ref().and_then(|money| money.currency(view)),
            name: self.name.as_ref().and_then(|name| name.text(view)),
        }
    }
}

/// Where an attribute may stand: where the recipe says, or else under its own name.
fn attribute_fields(spec: &RecipeSpec, name: &str, slots: &mut Slots) -> Result<Vec<Field>, String> {
    if let Some(field) = spec.attributes.as_ref().and_then(|all| all.get(name)) {
        return Ok(vec![Field::new(field, List::First, slots)?]);
    }
    let key = name.replace('~', "~0").replace('/', "~1");
    let places = spec.attributes_in.iter().flatten();
    places.map(|object| slots.of(&format!("{object}/{key}")).map(Field::Place)).collect()
}

/// What stands there as a number.
fn number(found: &Found<'_>) -> Option<f64> {
    let number = match found {
        Found::Text(text) => text.trim_ascii().parse().ok()?,
        Found::Unsigned(number) => *number as f64,
        Found::Signed(number) => *number as f64,
        Found::Float(number) => *number,
        Found::Absent | Found::Null | Found::Bool(_) | Found::Other | Found::Raw(_) => return None,
    };
    Some(number).filter(|number| number.is_finite())
}

/// What stands there as a truth value.
fn truth(found: &Found<'_>) -> Option<bool> {
    match found {
        Found::Bool(value) => Some(*value),
        Found::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Found::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
