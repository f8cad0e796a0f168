//! How often each transition was taken: read from transitions as `replay` writes them, or from a running service's metrics.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::Path;

use serde::Deserialize;

use super::{Exit, Failure, fetch};
use crate::journey::{Because, Counts, Model};
use crate::telemetry::catalog::{NEW, TRANSITIONS};

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Counted {
    pub counts: Counts,
    /// What was counted and cannot be shown, a line each.
    pub problems: Vec<String>,
}

/// The parts of a transition that are counted.
#[derive(Debug, Deserialize)]
struct Line {
    model: String,
    from: Option<String>,
    to: String,
    rule: String,
}

/// A line: a transition, or one in an envelope.
#[derive(Debug, Deserialize)]
struct Enveloped {
    data: Line,
}

/// Reads what a source says of a model: `-`, a file, or the address of a metrics page.
///
/// # Errors
/// If it cannot be read, or is something else.
pub(super) fn read(source: &str, token_file: Option<&Path>, model: &Model) -> Result<Counted, Failure> {
    let mut tally = Tally::new(model);
    if source.starts_with("http://") {
        let token = token_file.map(fetch::token).transpose()?;
        let page = fetch::get(source, token.as_deref())?;
        metrics(source, &page, &mut tally)?;
    } else if source.starts_with("https://") {
        let message = format!("{source}: only http:// can be read; fetch the transitions into a file and name that");
        return Err(Failure::new(Exit::Usage, message));
    } else if source == "-" {
        lines("standard input", stdin().lock(), &mut tally)?;
    } else {
        let file = File::open(source).map_err(|error| {
            let instead = "name a file of transitions, - for standard input, or http://HOST:PORT/metrics";
            Failure::new(Exit::Usage, format!("{source}: cannot be read: {error}; {instead}"))
        })?;
        lines(source, BufReader::new(file), &mut tally)?;
    }
    Ok(tally.finish())
}

/// Counts of one model, and how much there was of others.
struct Tally<'a> {
    model: &'a Model,
    counts: Counts,
    taken: u64,
    others: BTreeMap<String, u64>,
}

impl<'a> Tally<'a> {
    fn new(model: &'a Model) -> Self {
        Self { model, counts: Counts::default(), taken: 0, others: BTreeMap::new() }
    }

    fn add(&mut self, model: &str, ends: (&str, &str), because: Because<'_>, count: u64) {
        if count == 0 {
            return;
        }
        if model == self.model.name() {
            self.counts.add(self.model, ends, because, count);
            self.taken += count;
        } else {
            *self.others.entry(model.to_owned()).or_default() += count;
        }
    }

    fn finish(self) -> Counted {
        let mut problems = self.counts.problems(self.model);
        let others: Vec<String> = self.others.iter().map(|(name, count)| format!("{count} of {name}")).collect();
        if self.taken == 0 {
            problems.push(format!("there is no transition of {}", self.model.name()));
        }
        if !others.is_empty() {
            problems.push(format!("transitions of other models are not drawn: {}", others.join(", ")));
        }
        Counted { counts: self.counts, problems }
    }
}

/// Transitions, one a line.
fn lines(name: &str, reader: impl BufRead, tally: &mut Tally<'_>) -> Result<(), Failure> {
    for (number, line) in (1_u64..).zip(reader.lines()) {
        let wrong = |what: String| {
            let instead = "write transitions as `klantreis replay` does, one a line";
            Failure::new(Exit::Usage, format!("{name}:{number}: {what}; {instead}"))
        };
        let line = line.map_err(|error| wrong(format!("cannot be read: {error}")))?;
        if line.trim().is_empty() {
            continue;
        }
        let Line { model, from, to, rule } = serde_json::from_str::<Enveloped>(&line)
            .map(|enveloped| enveloped.data)
            .or_else(|_| serde_json::from_str(&line))
            .map_err(|error| wrong(format!("this is no transition: {error}")))?;
        tally.add(&model, (from.as_deref().unwrap_or(NEW), &to), Because::Rule(&rule), 1);
    }
    Ok(())
}

/// The series of [`TRANSITIONS`] in Prometheus' text format.
fn metrics(url: &str, page: &str, tally: &mut Tally<'_>) -> Result<(), Failure> {
    if !page.lines().any(|line| line.starts_with("klantreis_")) {
        let message = format!("{url}: there are no metrics of klantreis; name its page, as http://HOST:PORT/metrics");
        return Err(Failure::new(Exit::Usage, message));
    }
    for (number, line) in (1_u64..).zip(page.lines()) {
        let Some(rest) = line.strip_prefix(TRANSITIONS.name).and_then(|rest| rest.strip_prefix('{')) else { continue };
        let read = series(rest).and_then(|(labels, count)| {
            let label = |name: &str| labels.get(name).map(String::as_str);
            let (model, ends) = (label("model")?, (label("from")?, label("to")?));
            tally.add(model, ends, Because::Cause(label("cause")?), count);
            Some(())
        });
        if read.is_none() {
            let message = format!("{url}:{number}: not a count of transitions: {line}");
            return Err(Failure::new(Exit::Failure, message));
        }
    }
    Ok(())
}

/// The labels and the value of a series, from behind its `{`.
fn series(text: &str) -> Option<(BTreeMap<String, String>, u64)> {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    while !rest.starts_with('}') {
        let (name, quoted) = rest.split_once("=\"")?;
        let (value, after) = unquoted(quoted)?;
        labels.insert(name.trim_start_matches(',').trim().to_owned(), value);
        rest = after;
    }
    let value: f64 = rest[1..].split_ascii_whitespace().next()?.parse().ok()?;
    (value >= 0.0 && value.is_finite()).then_some((labels, value as u64))
}

/// A label's value up to its closing quote, and what follows that.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                'n' => value.push('\n'),
                letter => value.push(letter),
            },
            letter => value.push(letter),
        }
    }
    None
}
