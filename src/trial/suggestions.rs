//! What an input could say so that more of its records count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::lines::plural;
use super::near::nearest_kind;
use super::summary::Summary;
use super::yaml_text::quoted;
use crate::formats::{FormatSpec, customer_of, has_names, identifiers_of};
use crate::journey::Vocabulary;

/// What could be done better.
#[derive(Debug, Default, PartialEq)]
pub struct Suggestions {
    /// The types of identifiers that make a customer of more records; and why.
    pub customer: Option<(Vec<String>, String)>,
    /// Kinds for what has none, by what its producer calls it, with how often it came; `None`: none is near.
    pub kinds: Vec<(String, Option<&'static str>, u64)>,
    /// What else there is to say.
    pub others: Vec<String>,
}

/// The most names that kinds are suggested for.
const NAMES_MAX: usize = 20;
/// The most types of identifiers that are added to a customer.
const TYPES_MAX: usize = 3;

impl Suggestions {
    pub(super) fn of(summary: &Summary, spec: &FormatSpec, models: Option<&Vocabulary>) -> Self {
        let mut this = Self { customer: customer(summary, spec), ..Self::default() };
        // Of what is an event at times, the format means the other times: a payment that is not through, for one.
        let is_unknown = |name: &str| !name.is_empty() && !summary.knows(name);
        let mut names: Vec<_> = summary.unmapped.iter().filter(|(name, _)| is_unknown(name)).collect();
        names.sort_by(|(a, more), (b, less)| less.cmp(more).then(a.cmp(b)));
        if has_names(spec) {
            let kinds =
                names.iter().take(NAMES_MAX).map(|(name, count)| ((*name).clone(), nearest_kind(name), **count));
            this.kinds = kinds.collect();
        }
        if let Some(count) = summary.unmapped.get("") {
            this.others.push(match has_names(spec) {
                true => format!("{count} of the events have neither a kind nor a name of their producer's: nothing can be said of them"),
                false => format!(
                    "{count} of the events have no kind: add what they are to `kind` in the mapping, and say with `name` what their producer calls them, so that it is shown here"
                ),
            });
        }
        if summary.arrays() > 0 {
            let count = summary.arrays();
            this.others.push(format!(
                "{count} of the records are arrays, where this format has an object a record: if the array is only in the file, take it apart first, as with jq -c '.[]'"
            ));
        }
        let nobodys = summary.rejected.get("no_customer").map_or(0, |rejected| rejected.count);
        if nobodys > 0 && this.customer.is_none() {
            this.others.push(format!(
                "{nobodys} of the records have no identifier that could be a customer; `drops: {{ anonymous: true }}` counts such records instead of making dead letters of them"
            ));
        }
        if summary.with_id == 0 && summary.events > 0 {
            this.others.push("no event has an id, so that repeats cannot be dropped".to_owned());
        }
        this.unheard(summary, models);
        this
    }

    /// Kinds that come and that no model listens to.
    fn unheard(&mut self, summary: &Summary, models: Option<&Vocabulary>) {
        let Some(models) = models else { return };
        let heard: BTreeSet<&str> = models.kinds().iter().map(|kind| kind.as_str()).collect();
        let unheard: Vec<_> = summary.kinds.keys().filter(|kind| !heard.contains(kind.as_str())).cloned().collect();
        if !unheard.is_empty() {
            self.others.push(format!("no model of the configuration listens to {}", unheard.join(", ")));
        }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The lines of `kinds:` for an input, the most frequent first. What none is near is commented out.
    pub fn kinds_text(&self) -> Vec<String> {
        let lines = self.kinds.iter().map(|(name, kind, count)| match kind {
            Some(kind) => format!("{}: {kind}   # came {}", quoted(name), plural(*count, "time")),
            None => format!(
                "# {}: …   # came {}; no kind is near: name one of your own",
                quoted(name),
                plural(*count, "time")
            ),
        });
        lines.collect()
    }
}

/// The types that would make a customer of more records.
fn customer(summary: &Summary, spec: &FormatSpec) -> Option<(Vec<String>, String)> {
    let mut types = customer_of(spec);
    let known = identifiers_of(spec);
    let before = types.clone();
    let mut left: BTreeMap<&Vec<String>, u64> = summary.nobodys.iter().map(|(types, count)| (types, *count)).collect();
    let mut added = Vec::new();
    while added.len() < TYPES_MAX {
        let gains = known.iter().filter(|of| !types.contains(of)).map(|of| {
            let gain: u64 = left.iter().filter(|(has, _)| has.contains(of)).map(|(_, count)| count).sum();
            (of, gain)
        });
        // Of several that help as much, the strongest.
        let best = gains.fold(None, |best: Option<(&String, u64)>, (of, gain)| match best {
            Some((_, most)) if most >= gain => best,
            _ => Some((of, gain)),
        });
        let Some((of, gain)) = best.filter(|(_, gain)| *gain > 0) else { break };
        left.retain(|has, _| !has.contains(of));
        added.push(format!("{of} ({gain})"));
        types.push(of.clone());
    }
    if added.is_empty() {
        return None;
    }
    let all = summary.with_customer + summary.without_customer;
    let missing = if before.is_empty() { "customer".to_owned() } else { before.join(" or ") };
    let names: Vec<&str> = types[before.len()..].iter().map(String::as_str).collect();
    let more = if added.len() > 1 { added.join(", then ") } else { names.join("") };
    Some((types, format!("{} of {all} records have no {missing}, but {more}", summary.without_customer)))
}

/// For people, each with what to write.
impl fmt::Display for Suggestions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((types, why)) = &self.customer {
            writeln!(f, "- {why}: write customer: [{}]", types.join(", "))?;
        }
        if !self.kinds.is_empty() {
            writeln!(
                f,
                "- what has no kind counts if the input says one; those that are near are guesses:\n    kinds:"
            )?;
            self.kinds_text().iter().try_for_each(|line| writeln!(f, "      {line}"))?;
        }
        self.others.iter().try_for_each(|other| writeln!(f, "- {other}"))
    }
}
