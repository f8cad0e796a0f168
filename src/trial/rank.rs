//! Which format fits records of which nobody knows it: each is tried on all of them.
//!
//! A format fits a record that becomes an event of a known kind; whose event it is counts less, for a visitor who is nobody yet
//! is one all the same.

use std::cmp::Ordering;

use super::framed::{self, Hints};
use super::input::TrialInput;
use super::sample::Sample;
use super::summary::{Summary, percent};
use super::tried::{Beside, Outcome, Part, Trial};
use crate::formats::{FORMATS, FormatSpec, TimeSource, Wrapper};

/// From here on a format is proposed.
const FITS: f64 = 0.5;
/// From here on it is beyond doubt, if no other is as near as [`LEAD`].
const SURE: f64 = 0.85;
/// Less than this between two formats is no difference.
const LEAD: f64 = 0.05;
/// Formats that read what is another's as well, with the marks that theirs have; and what a mark means.
const MARKS: [(&str, [&[u8]; 2]); 1] = [("rudderstack", [b"rudder", b"Rudder"])];
const MARK_POINTS: f64 = 0.1;
/// How many wrappers are taken for possible one within the other.
const WRAPPERS_MAX: usize = 3;
/// The largest value that is looked at.
pub(super) const EVENT_BYTES_MAX: usize = 16 << 20;
/// A zone for formats that need one, until somebody says which.
const ANY_ZONE: &str = "UTC";

/// What a record counts that is an event of a known kind, and what is added if it has a customer.
const POINTS: (f64, f64) = (0.8, 0.2);
/// What a record counts that was left out on purpose, for which it must have been understood.
const DROPPED_POINTS: f64 = 0.6;
/// What a record counts that has a customer and a time, and is of no known kind.
const UNMAPPED_POINTS: f64 = 0.2;

/// A format, with what is taken off before.
pub struct Candidate {
    /// How it would be configured.
    pub input: TrialInput,
    /// The format, as it was tried.
    pub spec: FormatSpec,
    /// Whether its times have no zone, so that the input must say one.
    pub needs_zone: bool,
    /// How well it fits: 0 to 1.
    pub score: f64,
    /// What came of the records.
    pub summary: Summary,
    /// Records with an event of a known kind, whosever it is.
    pub known: u64,
}

/// How sure it is which format fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// One fits nearly all records, and no other does.
    Sure,
    /// One fits most records, and no other does.
    Likely,
    /// Several fit.
    Either,
    /// None does.
    None,
}

/// All formats by how well they fit, the best first.
pub struct Ranking {
    /// Each format once, with the wrappers that fit best.
    pub candidates: Vec<Candidate>,
}

impl Ranking {
    /// Tries every format on all records.
    pub fn of(samples: &[Sample], hints: Hints<'_>) -> Self {
        let orders = orders(&plausible(samples, hints));
        let mut candidates = Vec::new();
        for format in FORMATS.iter().filter(|format| format.name != "mapping") {
            let tried = orders.iter().filter_map(|unwrap| Candidate::of(format.name, unwrap, hints, samples));
            // Of several that fit alike, the one with the fewest wrappers, which comes first.
            candidates.extend(tried.reduce(|best, other| if other.score > best.score { other } else { best }));
        }
        candidates.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal));
        Self { candidates }
    }

    /// How sure it is.
    pub fn certainty(&self) -> Certainty {
        let score = |place: usize| self.candidates.get(place).map_or(0.0, |candidate| candidate.score);
        match score(0) {
            best if best < FITS => Certainty::None,
            best if best - score(1) < LEAD => Certainty::Either,
            best if best >= SURE => Certainty::Sure,
            _ => Certainty::Likely,
        }
    }

    /// The format that fits best, if one does.
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates.first().filter(|best| best.score >= FITS)
    }

    /// Whether a format fits about as well as the best.
    pub fn is_near(&self, other: &Candidate) -> bool {
        self.best().is_some_and(|best| best.score - other.score < LEAD)
    }

    /// The others that fit as well or nearly, or at least a little.
    pub fn others(&self) -> impl Iterator<Item = &Candidate> {
        let skipped = usize::from(self.best().is_some());
        self.candidates.iter().skip(skipped).filter(|candidate| candidate.score >= 0.1)
    }
}

impl Candidate {
    fn of(format: &str, unwrap: &[Wrapper], hints: Hints<'_>, samples: &[Sample]) -> Option<Self> {
        let mut input =
            TrialInput { format: Some(format.to_owned()), unwrap: unwrap.to_vec(), ..TrialInput::default() };
        let mut needs_zone = false;
        let spec = input.spec().or_else(|_| {
            needs_zone = true;
            input.zone = Some(hints.zone.unwrap_or(ANY_ZONE).to_owned());
            input.spec()
        });
        let spec = spec.ok()?;
        let beside = Beside { models: None, schemas: hints.schemas, bytes_max: EVENT_BYTES_MAX };
        let mut trial = Trial::open(&spec, TimeSource::Event, beside).ok()?;
        let mut summary = Summary::default();
        let (mut points, mut known, mut dropped) = (0.0, 0, 0);
        for sample in samples {
            let tried = trial.record(sample)?;
            let parts = match &tried.outcome {
                Outcome::Parts(parts) => parts.as_slice(),
                Outcome::Ignored | Outcome::Rejected(_) => &[],
            };
            let is_known = |part: &Part| matches!(part, Part::Event(seen) if seen.kind.is_some());
            let is_nobodys = tried.nobodys.iter().any(|seen| seen.kind.is_some());
            known += u64::from(is_nobodys || parts.iter().any(is_known));
            points += if parts.iter().any(is_known) {
                POINTS.0 + POINTS.1
            } else if is_nobodys {
                POINTS.0
            } else if parts.iter().any(|part| matches!(part, Part::Dropped(_))) {
                dropped += 1;
                0.0
            } else if parts.is_empty() {
                0.0
            } else {
                UNMAPPED_POINTS
            };
            summary.add(sample, &tried);
        }
        // What leaves everything out has understood nothing.
        points += DROPPED_POINTS * dropped.min(known) as f64;
        let score = if known == 0 { 0.0 } else { points / samples.len().max(1) as f64 + mark(format, samples) };
        Some(Self { input, spec, needs_zone, score, summary, known })
    }

    /// Its name, with what is taken off before.
    pub fn name(&self) -> String {
        let format = self.spec.name();
        match self.input.unwrap.as_slice() {
            [] => format.to_owned(),
            unwrap => format!("{format} in {}", unwrap.iter().rev().map(wrapper_word).collect::<Vec<_>>().join(" in ")),
        }
    }

    /// Why it has its place, in a few words.
    pub fn why(&self) -> String {
        let records = self.summary.records;
        let mut text = format!(
            "{} of {records} records ({}) become events of known kinds",
            self.known,
            percent(self.known, records)
        );
        let dropped: u64 = self.summary.dropped.values().sum();
        for (count, what) in [(self.summary.with_customer, "have a customer"), (dropped, "are left out on purpose")] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        if let Some((reason, rejected)) = self.summary.rejected.iter().max_by_key(|(_, rejected)| rejected.count) {
            text.push_str(&format!("; rejected: {} {reason}, such as {}", rejected.count, rejected.message));
        }
        text
    }
}

/// The word for a wrapper in a configuration.
pub(super) fn wrapper_word(wrapper: &Wrapper) -> &'static str {
    match wrapper {
        Wrapper::Sns => "sns",
        Wrapper::CloudEvents => "cloudevents",
        Wrapper::Registry => "registry",
        Wrapper::Avro => "avro",
        Wrapper::Protobuf => "protobuf",
        Wrapper::Debezium => "debezium",
        // Never proposed: which field it would be, nobody can guess.
        Wrapper::Form(_) => "form",
        Wrapper::Text(_) => "text",
    }
}

/// What the marks of a format mean for how well it fits.
fn mark(format: &str, samples: &[Sample]) -> f64 {
    let Some((_, marks)) = MARKS.iter().find(|(marked, _)| *marked == format) else { return 0.0 };
    let values = samples.iter().filter_map(|sample| sample.record.as_ref().ok()?.value.as_deref());
    let is_marked = |value: &[u8]| marks.iter().any(|mark| value.windows(mark.len()).any(|part| part == *mark));
    let marked = values.filter(|value| is_marked(value)).count();
    if marked * 2 >= samples.len() { MARK_POINTS } else { -MARK_POINTS }
}

/// The wrappers of which there is a trace in the bytes.
pub(super) fn plausible(samples: &[Sample], hints: Hints<'_>) -> Vec<Wrapper> {
    let mut found = framed::wrappers(samples, hints);
    let texts = framed::texts(samples, &found, hints);
    let has = |word: &str| {
        let word = word.as_bytes();
        texts.iter().any(|text| text.windows(word.len()).any(|part| part == word))
    };
    if has("specversion") {
        found.push(Wrapper::CloudEvents);
    }
    if has("TopicArn") || has("\"Message\"") {
        found.push(Wrapper::Sns);
    }
    if has("\"op\"") && (has("\"after\"") || has("\"before\"")) {
        found.push(Wrapper::Debezium);
    }
    found
}

/// Each order in which some of these may be around each other, the fewest first.
pub(super) fn orders(wrappers: &[Wrapper]) -> Vec<Vec<Wrapper>> {
    let mut orders: Vec<Vec<Wrapper>> = vec![Vec::new()];
    let mut last = orders.clone();
    for _ in 0..WRAPPERS_MAX.min(wrappers.len()) {
        let longer = last.iter().flat_map(|order| {
            let more = wrappers.iter().filter(|wrapper| !order.contains(wrapper));
            more.map(|wrapper| [order.as_slice(), std::slice::from_ref(wrapper)].concat())
        });
        last = longer.collect();
        orders.extend(last.iter().cloned());
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_are_tried_in_every_order_the_fewest_first() {
        let all = orders(&[Wrapper::Registry, Wrapper::Sns]);
        let words: Vec<Vec<&str>> = all.iter().map(|order| order.iter().map(wrapper_word).collect()).collect();
        let expected: [&[&str]; 5] = [&[], &["registry"], &["sns"], &["registry", "sns"], &["sns", "registry"]];
        assert_eq!(words, expected);
        assert_eq!(orders(&[]), vec![Vec::new()]);
    }
}
