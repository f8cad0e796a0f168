//! What is proposed for records that nobody knows: the inputs of a configuration, with the reasons as comments.

use super::draft::Draft;
use super::framed::{self, Hints};
use super::input::TrialInput;
use super::lines::plural;
use super::near::words;
use super::rank::{Candidate, Certainty, EVENT_BYTES_MAX, Ranking, wrapper_word};
use super::sample::Sample;
use super::suggestions::Suggestions;
use super::summary::{Summary, percent};
use super::tried::{Beside, Trial};
use super::yaml_text::quoted;

/// How many formats that fit less are named.
const OTHERS_MAX: usize = 3;
/// From so few records on nothing is certain.
const FEW: usize = 10;
/// What the configuration must have beside.
const NEEDS_SCHEMAS: &str =
    "its schemas are in a registry: write where that is beside `inputs`, as schema_registry: { url: … }";

/// What is proposed for the records of one topic or file.
pub struct Proposal {
    /// The comments that come before.
    pub reasons: Vec<String>,
    /// The lines of the input, the first without its `-`; `None`: nothing can be proposed.
    pub input: Option<Vec<String>>,
}

impl Proposal {
    /// Looks at records; `source` is what they are called, `topic` the topic they are of, if that is known.
    pub fn of(samples: &[Sample], source: &str, topic: Option<&str>, hints: Hints<'_>) -> Self {
        let ranking = Ranking::of(samples, hints);
        let records = plural(samples.len() as u64, "record");
        let mut reasons = vec![format!("{records} of {source}")];
        let name = name(topic.unwrap_or(source));
        let mut input = vec![format!("name: {name}"), format!("topic: {}", quoted(topic.unwrap_or(&name)))];
        let found = match ranking.best() {
            Some(best) => {
                reasons.extend(fitting(best, &ranking, samples.len()));
                input.extend(configured(best, hints.zone));
                reasons.extend(best.spec.needs_schemas().then(|| NEEDS_SCHEMAS.to_owned()));
                true
            }
            None => {
                reasons.push(
                    "no format fits; a first mapping, made of what the fields are called and what stands in them:"
                        .to_owned(),
                );
                let draft = Draft::of(samples, hints);
                if let Some(draft) = &draft {
                    reasons.extend(told(draft, samples, hints));
                    input.extend(draft.lines.iter().cloned());
                }
                draft.is_some()
            }
        };
        for other in ranking.others().take(OTHERS_MAX) {
            let word = if ranking.is_near(other) { "as likely" } else { "less likely" };
            reasons.push(format!("{word}: {}, {}", other.name(), other.why()));
        }
        if !found {
            reasons.truncate(1);
            reasons.push(match framed::are_most(samples) {
                true => framed::unreadable(samples, hints),
                false => "nothing in them can be read: they are no JSON, rows, XML or forms".to_owned(),
            });
        }
        Self { reasons, input: found.then_some(input) }
    }

    /// As it is printed, an item of `inputs`.
    pub fn text(&self) -> String {
        let mut text: String = self.reasons.iter().map(|reason| format!("  # {reason}\n")).collect();
        for (number, line) in self.input.iter().flatten().enumerate() {
            let start = if number == 0 { "  - " } else { "    " };
            text.push_str(&format!("{start}{line}\n"));
        }
        text
    }
}

/// Why a format is proposed, and how sure that is.
fn fitting(best: &Candidate, ranking: &Ranking, records: usize) -> Vec<String> {
    let word = match ranking.certainty() {
        _ if records < FEW && ranking.certainty() == Certainty::Sure => "likely, but these are few records",
        Certainty::Sure => "sure",
        Certainty::Likely => "likely",
        Certainty::Either | Certainty::None => "as likely as the next one",
    };
    let mut reasons = vec![format!("{}: {word}; {}", best.name(), best.why())];
    let mut kinds: Vec<_> = best.summary.kinds.iter().collect();
    kinds.sort_by(|(a, more), (b, less)| less.cmp(more).then(a.cmp(b)));
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    if !kinds.is_empty() {
        reasons.push(format!("kinds: {}", kinds.join(", ")));
    }
    reasons
}

/// The keys of an input of that format.
fn configured(best: &Candidate, zone: Option<&str>) -> Vec<String> {
    let mut lines = vec![format!("format: {}", best.spec.name())];
    if !best.input.unwrap.is_empty() {
        let words: Vec<&str> = best.input.unwrap.iter().map(wrapper_word).collect();
        lines.push(format!("unwrap: [{}]", words.join(", ")));
    }
    match (best.needs_zone, zone) {
        (true, Some(zone)) => lines.push(format!("zone: {zone}")),
        (true, None) => lines.push("zone: UTC   # the times have none: say which, such as Europe/Amsterdam".to_owned()),
        (false, _) => {}
    }
    let suggestions: Suggestions = best.summary.suggestions(&best.spec, None);
    if let Some((types, why)) = &suggestions.customer {
        lines.push(format!("# customer: [{}]   # {why}", types.join(", ")));
    }
    if !suggestions.kinds.is_empty() {
        lines.push("# kinds:   # what the format has no word for; those that are near are guesses".to_owned());
        let kinds = suggestions.kinds_text();
        lines.extend(kinds.iter().map(|line| format!("#   {}", line.trim_start_matches("# "))));
    }
    lines
}

/// What a first mapping makes of the records.
fn told(draft: &Draft, samples: &[Sample], hints: Hints<'_>) -> Vec<String> {
    let TrialInput { time, .. } = draft.input;
    let Ok(spec) = draft.input.spec() else { return Vec::new() };
    let beside = Beside { models: None, schemas: hints.schemas, bytes_max: EVENT_BYTES_MAX };
    let Ok(mut trial) = Trial::open(&spec, time, beside) else { return Vec::new() };
    let mut summary = Summary::default();
    for sample in samples {
        let Some(tried) = trial.record(sample) else { return Vec::new() };
        summary.add(sample, &tried);
    }
    let unmapped: u64 = summary.unmapped.values().sum();
    let records = summary.records;
    let mut text = format!(
        "{} of known kinds, {unmapped} of none yet, from {}",
        plural(summary.events, "event"),
        plural(records, "record")
    );
    if summary.unusable() > 0 {
        text.push_str(&format!(
            ", of which {} ({}) would be rejected",
            summary.unusable(),
            percent(summary.unusable(), records)
        ));
    }
    let mut reasons = vec![text];
    if let Some(rejected) = summary.rejected.values().max_by_key(|rejected| rejected.count) {
        reasons.push(format!("such as {}: {}", rejected.first, rejected.message));
    }
    reasons.extend(spec.needs_schemas().then(|| NEEDS_SCHEMAS.to_owned()));
    reasons
}

/// A short name for an input, made of that of a file or topic.
fn name(source: &str) -> String {
    let last = source.rsplit('/').find(|part| !part.is_empty()).unwrap_or(source);
    let stem = last.split('.').find(|part| !part.is_empty()).unwrap_or(last);
    // Of `shop.clicks` the topic, of `clicks.ndjson` the file.
    let is_file = source.contains('/')
        || ["json", "ndjson", "jsonl", "csv", "tsv", "xml", "gz", "form", "txt"]
            .iter()
            .any(|ending| last.ends_with(&format!(".{ending}")));
    let part = if is_file { stem } else { last.rsplit('.').next().unwrap_or(last) };
    let name = words(part).join("_");
    if name.is_empty() { "records".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_named_after_its_file_or_topic() {
        let check = |source: &str, expected: &str| assert_eq!(name(source), expected, "{source}");
        check("exports/Click-Stream.ndjson.gz", "click_stream");
        check("clicks", "clicks");
        check("shop.clicks", "clicks");
        check("-", "records");
        check("/tmp/a/", "a");
    }
}
