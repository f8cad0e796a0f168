//! What came of all records together, and what could be done better.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

use super::lines::{plural, time};
use super::sample::{At, Sample};
use super::suggestions::Suggestions;
use super::tried::{Outcome, Part, Seen, Tried, lacks_customer};
use crate::formats::FormatSpec;
use crate::journey::Vocabulary;

/// What came of all records together.
#[derive(Debug, Default)]
pub struct Summary {
    /// Records, however they ended.
    pub records: u64,
    /// Events of a kind that there is a word for.
    pub events: u64,
    /// Records that tell of nothing.
    pub ignored: u64,
    /// Events by kind.
    pub kinds: BTreeMap<String, u64>,
    /// Events that there is no word for, by what their producer calls them; empty if it does not.
    pub unmapped: BTreeMap<String, u64>,
    /// What was left out, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Records that cannot be used, by reason.
    pub rejected: BTreeMap<&'static str, Rejected>,
    /// Records that are somebody's.
    pub with_customer: u64,
    /// Records that are nobody's.
    pub without_customer: u64,
    /// Of these, by the types of identifiers they have.
    pub nobodys: BTreeMap<Vec<String>, u64>,
    /// By type of identifier, in the order of the format: how often, and how many different ones.
    pub identifiers: Vec<(String, u64, u64)>,
    /// Money by currency: how often, and how much in ten-thousandths.
    pub money: BTreeMap<Option<String>, (u64, i128)>,
    /// First and last time.
    pub times: Option<(i64, i64)>,
    /// Events that have an id.
    pub with_id: u64,
    /// Events whose customer had one of that id before; and the first such.
    pub repeats: u64,
    first_repeat: Option<(At, At)>,
    /// Names that some events of a known kind have.
    named: HashSet<String>,
    customers: HashSet<u64>,
    ids: HashMap<u64, At>,
    identities: HashSet<u64>,
    is_array: u64,
}

/// Records that cannot be used for the same reason.
#[derive(Debug, PartialEq, Eq)]
pub struct Rejected {
    /// How many.
    pub count: u64,
    /// Where the first stands.
    pub first: String,
    /// What is wrong with it.
    pub message: String,
}

impl Summary {
    /// Counts a record.
    pub fn add(&mut self, sample: &Sample, tried: &Tried) {
        self.records += 1;
        match &tried.outcome {
            Outcome::Ignored => self.ignored += 1,
            Outcome::Rejected(reject) => {
                let rejected = self.rejected.entry(reject.reason()).or_insert_with(|| Rejected {
                    count: 0,
                    first: sample.at.to_string(),
                    message: reject.to_string(),
                });
                rejected.count += 1;
                let value = sample.record.as_ref().ok().and_then(|record| record.value.as_deref());
                let is_array = value.is_some_and(|value| value.trim_ascii_start().starts_with(b"["));
                self.is_array += u64::from(is_array && reject.reason() == "not_an_object");
            }
            Outcome::Parts(parts) => {
                for part in parts {
                    match part {
                        Part::Dropped(reason) => *self.dropped.entry(reason.label()).or_default() += 1,
                        Part::Event(seen) => self.event(seen, &sample.at),
                    }
                }
                let is_somebodys = parts.iter().any(|part| matches!(part, Part::Event(_)));
                self.with_customer += u64::from(is_somebodys);
            }
        }
        if lacks_customer(&tried.outcome) {
            self.without_customer += 1;
            let mut types: Vec<String> = Vec::new();
            for (of, _) in tried.nobodys.iter().flat_map(|seen| &seen.identifiers) {
                if !types.contains(of) {
                    types.push(of.clone());
                }
            }
            *self.nobodys.entry(types).or_default() += 1;
            tried.nobodys.iter().for_each(|seen| self.identity(seen));
        }
    }

    fn event(&mut self, seen: &Seen, at: &At) {
        match &seen.kind {
            Some(kind) => {
                self.events += 1;
                if let Some(name) = seen.name.as_ref().filter(|name| !self.named.contains(*name)) {
                    self.named.insert(name.clone());
                }
                *self.kinds.entry(kind.clone()).or_default() += 1;
            }
            None => *self.unmapped.entry(seen.name.clone().unwrap_or_default()).or_default() += 1,
        }
        self.customers.insert(xxh3_64(seen.customer.as_bytes()));
        self.identity(seen);
        if let Some(value) = seen.value {
            let (count, sum) = self.money.entry(seen.currency.clone()).or_default();
            *count += 1;
            *sum += (value.to_f64() * 10_000.0).round() as i128;
        }
        let (first, last) = self.times.unwrap_or((seen.at, seen.at));
        self.times = Some((first.min(seen.at), last.max(seen.at)));
        if let (Some(id), Some(_)) = (&seen.id, &seen.kind) {
            self.with_id += 1;
            match self.ids.entry(hash(&[&seen.customer, id])) {
                std::collections::hash_map::Entry::Vacant(entry) => drop(entry.insert(at.clone())),
                std::collections::hash_map::Entry::Occupied(entry) => {
                    self.repeats += 1;
                    self.first_repeat.get_or_insert_with(|| (at.clone(), entry.get().clone()));
                }
            }
        }
    }

    fn identity(&mut self, seen: &Seen) {
        for (of, text) in &seen.identifiers {
            let is_other = self.identities.insert(hash(&[of, text]));
            match self.identifiers.iter_mut().find(|(other, ..)| other == of) {
                Some((_, count, different)) => {
                    *count += 1;
                    *different += u64::from(is_other);
                }
                None => self.identifiers.push((of.clone(), 1, 1)),
            }
        }
    }

    /// How many records cannot be used.
    pub fn unusable(&self) -> u64 {
        self.rejected.values().map(|rejected| rejected.count).sum()
    }

    /// Whether the format has a word for what is called so, if not for every event.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.named.contains(name)
    }

    /// Records that are arrays where the format reads objects.
    pub(super) fn arrays(&self) -> u64 {
        self.is_array
    }

    /// What could be done better, for an input of that format. `models` are those that run, if that is known.
    pub fn suggestions(&self, spec: &FormatSpec, models: Option<&Vocabulary>) -> Suggestions {
        Suggestions::of(self, spec, models)
    }
}

fn hash(parts: &[&str]) -> u64 {
    xxh3_64(parts.join("\0").as_bytes())
}

/// Shares are told without decimals, but never as all or nothing when they are not.
pub(super) fn percent(part: u64, whole: u64) -> String {
    let share = (part * 100).checked_div(whole).unwrap_or(0);
    let share = if part > 0 { share.max(1) } else { share };
    format!("{share} %")
}

fn counts<'a>(all: impl IntoIterator<Item = (&'a str, u64)>) -> String {
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by(|(a, more), (b, less)| less.cmp(more).then(a.cmp(b)));
    all.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

/// A line for each thing there is to tell.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unmapped = self.unmapped.values().sum::<u64>();
        let dropped = self.dropped.values().sum::<u64>();
        write!(f, "{}: {}", plural(self.records, "record"), plural(self.events, "event"))?;
        for (count, what) in
            [(dropped, "dropped"), (unmapped, "unmapped"), (self.ignored, "ignored"), (self.unusable(), "rejected")]
        {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        let kinds = counts(self.kinds.iter().map(|(kind, count)| (kind.as_str(), *count)));
        line(f, "kinds", kinds)?;
        line(f, "dropped", counts(self.dropped.iter().map(|(reason, count)| (*reason, *count))))?;
        let unmapped = self.unmapped.iter().map(|(name, count)| (format!("{name:?}"), *count)).collect::<Vec<_>>();
        line(f, "unmapped", counts(unmapped.iter().map(|(name, count)| (name.as_str(), *count))))?;
        for (reason, Rejected { count, first, message }) in &self.rejected {
            line(f, "rejected", format!("{reason} {count}; the first is {first}: {message}"))?;
        }
        let records = self.with_customer + self.without_customer;
        if records > 0 {
            let (one, share) = (self.with_customer, percent(self.with_customer, records));
            let different = self.customers.len();
            line(f, "customers", format!("{one} of {records} records have one ({share}), {different} different"))?;
        }
        let identifiers =
            self.identifiers.iter().map(|(of, count, different)| format!("{of} {count} ({different} different)"));
        line(f, "identifiers", identifiers.collect::<Vec<_>>().join(", "))?;
        let money = self.money.iter().map(|(currency, (count, sum))| {
            let currency = currency.as_deref().unwrap_or("no currency");
            format!("{:.2} {currency} in {}", *sum as f64 / 10_000.0, plural(*count, "event"))
        });
        line(f, "value", money.collect::<Vec<_>>().join(", "))?;
        if let Some((first, last)) = self.times {
            line(f, "time", format!("{} to {}", time(first), time(last)))?;
        }
        if self.events > 0 {
            let mut text = format!("{} of {} events have one", self.with_id, self.events);
            if let Some((repeat, first)) = &self.first_repeat {
                let repeats = plural(self.repeats, "repeat");
                text.push_str(&format!(", {repeats} within a customer (the first is {repeat}, of {first})"));
            }
            line(f, "ids", text)?;
        }
        writeln!(f)
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, text: String) -> fmt::Result {
    if text.is_empty() { Ok(()) } else { write!(f, "\n{name:12} {text}") }
}
