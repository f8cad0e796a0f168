//! The money of an event: a number, or a product of numbers, in units or in the currency's smallest unit.

use std::borrow::Cow;

use super::clock::decimal;
use super::field::{Field, List, is_missing};
use super::slots::{Slots, View};
use super::spec::{FieldSpec, Unit, ValueSpec};
use crate::formats::found::Found;
use crate::formats::number::{self, Decimal};
use crate::journey::{Amount, Reject};

/// Where the money stands.
#[derive(Debug)]
pub(super) struct Money {
    /// The first of these that is there.
    places: Vec<Field>,
    times: Vec<Field>,
    unit: Unit,
    currency: Option<Field>,
    divide_by: Option<u32>,
    abs: bool,
    /// For messages: what is multiplied.
    names: String,
    /// Whether something else than a number is an error, for it is the user who says that there is one. A format that comes
    /// with the program takes it for no money.
    is_strict: bool,
}

impl Money {
    /// An error says what to write instead.
    pub(super) fn new(spec: &ValueSpec, slots: &mut Slots, is_strict: bool) -> Result<Self, String> {
        let from = match &spec.from {
            FieldSpec::List(fields) if !fields.is_empty() => fields.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut fields = |all: &[FieldSpec]| -> Result<Vec<Field>, String> {
            all.iter().map(|field| Field::new(field, List::First, slots)).collect()
        };
        let (places, times) = (fields(from)?, fields(&spec.times)?);
        let currency = spec.currency.as_ref().map(|field| Field::new(field, List::First, slots)).transpose()?;
        if spec.unit == Unit::Minor && currency.is_none() {
            return Err("`unit: minor` needs `currency`, which says how many of it are one; add it".into());
        }
        if spec.divide_by == Some(0) {
            return Err("nothing can be divided by 0; write for example divide_by: 1000000".into());
        }
        let names = [&spec.from].into_iter().chain(&spec.times).map(name).collect::<Vec<_>>().join(" × ");
        Ok(Self {
            places,
            times,
            unit: spec.unit,
            currency,
            divide_by: spec.divide_by,
            abs: spec.abs,
            names,
            is_strict,
        })
    }

    /// The money, if there is any.
    pub(super) fn amount(&self, view: &View<'_, '_>) -> Result<Option<Amount>, Reject> {
        let plain = self.times.is_empty() && self.divide_by.is_none();
        if plain && !self.is_strict {
            let amount = self.places.iter().find_map(|place| place.with(view, |found| self.plain(found, view)));
            return Ok(amount.map(|amount| if self.abs { Amount(amount.0.saturating_abs()) } else { amount }));
        }
        let mut found = self.places.iter().map(|place| place.get(view));
        let Some(first) = found.find(|found| !is_missing(found)) else { return Ok(None) };
        let mut product = self.factor(&first)?;
        for place in &self.times {
            let found = place.get(view);
            if is_missing(&found) {
                return Ok(None);
            }
            let factor = self.factor(&found)?;
            product =
                product.zip(factor).map(|(product, factor)| product.and_then(|p| factor.and_then(|f| p.times(f))));
        }
        let Some(product) = product else { return Ok(None) };
        let product = product.map(|product| {
            let product = self.divide_by.map_or(product, |divisor| product.over(divisor));
            if self.abs { product.abs() } else { product }
        });
        let amount = match self.unit {
            Unit::Major => product.and_then(Decimal::amount),
            Unit::Minor => {
                let minor = product.and_then(Decimal::whole);
                minor.and_then(|minor| number::amount_of_minor(minor, &self.currency(view).unwrap_or_default()))
            }
        };
        match amount {
            None if self.is_strict => Err(Reject::BadField(format!("{} is too large", self.names))),
            amount => Ok(amount),
        }
    }

    /// The currency: three letters.
    pub(super) fn currency<'a>(&self, view: &View<'_, 'a>) -> Option<Cow<'a, str>> {
        let currency = self.currency.as_ref()?.text(view)?;
        let is_code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_alphabetic());
        match currency {
            _ if !is_code => None,
            code if code.bytes().all(|byte| byte.is_ascii_uppercase()) => Some(code),
            code => Some(Cow::Owned(code.to_ascii_uppercase())),
        }
    }

    /// A number by itself; what is none is no money.
    fn plain(&self, found: &Found<'_>, view: &View<'_, '_>) -> Option<Amount> {
        if self.unit == Unit::Minor {
            let minor = match found {
                Found::Unsigned(number) => i64::try_from(*number).ok()?,
                Found::Signed(number) => *number,
                Found::Text(_) => decimal(found)?.whole()?,
                _ => return None,
            };
            return number::amount_of_minor(minor, &self.currency(view).unwrap_or_default());
        }
        match found {
            Found::Float(number) => Amount::from_f64(*number).ok(),
            Found::Unsigned(number) => number::amount_of_integer(i64::try_from(*number).ok()?),
            Found::Signed(number) => number::amount_of_integer(*number),
            Found::Text(_) => decimal(found)?.amount(),
            _ => None,
        }
    }

    /// A factor: the outer option is whether there is one, the inner whether it is small enough.
    #[allow(clippy::option_option)]
    fn factor(&self, found: &Found<'_>) -> Result<Option<Option<Decimal>>, Reject> {
        match decimal(found) {
            Some(number) => Ok(Some(Some(number))),
            None if self.is_strict => Err(Reject::BadField(format!("{} is {found}, not a plain number", self.names))),
            None => Ok(None),
        }
    }
}

/// What a field is called in messages.
pub(super) fn name(field: &FieldSpec) -> String {
    match field {
        FieldSpec::Place(place) => place.clone(),
        FieldSpec::List(fields) => fields.iter().map(name).collect::<Vec<_>>().join(" or "),
        FieldSpec::Made(made) => match (&made.from, &made.join, &made.cel) {
            (Some(from), ..) => name(from),
            (_, Some(parts), _) => parts.iter().map(name).collect::<Vec<_>>().join(" with "),
            (.., Some(cel)) => cel.clone(),
            _ => made.constant.clone().unwrap_or_else(|| "a sum".into()),
        },
    }
}
