//! The same records through the configuration as it was and as it would be.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Arc;

use serde::Deserialize;

use super::figures::{Fate, ModelReplayed, PhaseReplayed, Replayed, SignalReplayed, TransitionReplayed};
use super::ledger::{Ledger, Side, fingerprint};
use super::places::{self, End};
use crate::engine::Partition;
use crate::engine::store::BUCKETS;
use crate::journey::Model;
use crate::replay::{Figures, Outputs, Progress, Replay, ReplayError};

/// The replays to be held against each other; both read the same sources.
pub struct Sides<'a> {
    /// With the configuration as it was.
    pub before: Replay<'a>,
    /// With the configuration as it would be.
    pub after: Replay<'a>,
}

/// Model, phase left, phase entered, rule.
type Move = (String, String, String, String);
/// Model, signal.
type Occurrence = (String, String);

struct Ledgers {
    moves: Ledger<Move>,
    signals: Ledger<Occurrence>,
}

impl Ledgers {
    /// Takes down what one side told; `home` gives the name that a model's phase has after.
    fn tell(&mut self, side: Side, told: &Told<'_>, home: impl Fn(&str, &str) -> String) {
        match told {
            Told::Transition(TransitionTold { customer, model, from, to, at, rule }) => {
                let from = from.as_deref().map_or("new".to_owned(), |from| home(model, from));
                let to = home(model, to);
                let same = fingerprint(&[customer, model, &from, &to, at]);
                self.moves.tell(side, (model.to_string(), from, to, rule.to_string()), same, customer);
            }
            Told::Signal(SignalTold { customer, model, signal, at }) => {
                let same = fingerprint(&[customer, model, signal, at]);
                self.signals.tell(side, (model.to_string(), signal.to_string()), same, customer);
            }
        }
    }
}

/// Replays both; each row of what comes of it names at most so many customers. `watch` is called now and then with how far
/// the one that is under way is.
///
/// # Errors
/// If a source cannot be read, or a schema does not come. A record that cannot be used is no error.
pub fn replay(
    sides: Sides<'_>,
    examples: usize,
    watch: &mut dyn FnMut(Progress, u64),
) -> Result<Replayed, ReplayError> {
    let Sides { before, after } = sides;
    let (old, new) = (Arc::clone(&before.set), Arc::clone(&after.set));
    let mut ledgers = Ledgers { moves: Ledger::new(examples), signals: Ledger::new(examples) };
    // A phase that is moved is the one in its place: a renaming alone changes nothing.
    let home = |model: &str, phase: &str| {
        let model = new.models().iter().find(|other| other.name() == model);
        let home = model.and_then(|model| Some(model.phases()[usize::from(model.home(phase)?)].name()));
        home.unwrap_or(phase).to_owned()
    };
    let (_, was) = run(before, watch, |told| ledgers.tell(Side::Before, &told, home))?;
    let (figures, is) = run(after, watch, |told| ledgers.tell(Side::After, &told, |_, phase| phase.to_owned()))?;
    let before = End { partition: &was, set: &old };
    let after = End { partition: &is, set: &new };
    Ok(gather(&before, &after, figures.records, ledgers, examples))
}

#[derive(Deserialize)]
struct TransitionTold<'a> {
    #[serde(borrow)]
    customer: Cow<'a, str>,
    model: Cow<'a, str>,
    from: Option<Cow<'a, str>>,
    to: Cow<'a, str>,
    at: Cow<'a, str>,
    rule: Cow<'a, str>,
}

#[derive(Deserialize)]
struct SignalTold<'a> {
    #[serde(borrow)]
    customer: Cow<'a, str>,
    model: Cow<'a, str>,
    signal: Cow<'a, str>,
    at: Cow<'a, str>,
}

enum Told<'a> {
    Transition(TransitionTold<'a>),
    Signal(SignalTold<'a>),
}

/// Replays one side and hands over what is told.
fn run(
    replay: Replay<'_>,
    watch: &mut dyn FnMut(Progress, u64),
    take: impl FnMut(Told<'_>),
) -> Result<(Figures, Partition), ReplayError> {
    // Both are written by one thread, one after the other.
    let take = RefCell::new(take);
    let mut transitions = Lines::new(|line| {
        (take.borrow_mut())(Told::Transition(serde_json::from_slice(line)?));
        Ok(())
    });
    let mut signals = Lines::new(|line| {
        (take.borrow_mut())(Told::Signal(serde_json::from_slice(line)?));
        Ok(())
    });
    let outputs =
        Outputs { transitions: &mut transitions, signals: Some(&mut signals), shadow: None, dead_letters: None };
    replay.run_through(outputs, watch)
}

/// Hands over what is written line by line.
struct Lines<F> {
    line: Vec<u8>,
    take: F,
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Lines<F> {
    fn new(take: F) -> Self {
        Self { line: Vec::new(), take }
    }
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Write for Lines<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                (self.take)(&self.line)?;
                self.line.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gather(before: &End<'_>, after: &End<'_>, records: u64, ledgers: Ledgers, examples: usize) -> Replayed {
    let (old, new) = (before.set.models(), after.set.models());
    let place = |models: &[Model], name: &str| models.iter().position(|model| model.name() == name);
    let mut names: Vec<&str> = new.iter().map(Model::name).collect();
    names.extend(old.iter().map(Model::name).filter(|name| place(new, name).is_none()));
    let pairs: Vec<_> = names.iter().filter_map(|name| Some((place(old, name)?, place(new, name)?))).collect();
    let mut places = places::compare(before, after, &pairs, examples).into_iter();
    let (counts_before, counts_after) = (counts(before), counts(after));
    let mut models: Vec<ModelReplayed> = Vec::new();
    for name in names {
        let (was, is) = (place(old, name), place(new, name));
        let (model_before, model_after) = (was.map(|index| &old[index]), is.map(|index| &new[index]));
        models.push(ModelReplayed {
            model: name.to_owned(),
            fate: match (model_before, model_after) {
                (Some(before), Some(after)) if before.hash() == after.hash() => Fate::Same,
                (Some(_), Some(_)) => Fate::Changed,
                (None, _) => Fate::New,
                (_, None) => Fate::Gone,
            },
            version_before: model_before.map(Model::version),
            version_after: model_after.map(Model::version),
            phases: phases(
                model_before.zip(was.map(|index| counts_before[index].as_slice())),
                model_after.zip(is.map(|index| counts_after[index].as_slice())),
            ),
            places: was.and(is).and_then(|_| places.next()).unwrap_or_default(),
            transitions: Vec::new(),
            signals: Vec::new(),
        });
    }
    for ((model, from, to, rule), told) in ledgers.moves.finish() {
        let model = models.iter_mut().find(|one| one.model == model).expect("a model told of it");
        model.transitions.push(TransitionReplayed { from, to, rule, told });
    }
    for ((model, signal), told) in ledgers.signals.finish() {
        let model = models.iter_mut().find(|one| one.model == model).expect("a model told of it");
        model.signals.push(SignalReplayed { signal, told });
    }
    for model in &mut models {
        let order = |phase: &str| model.phases.iter().position(|one| one.phase == phase);
        model.transitions.sort_by_cached_key(|row| (order(&row.from), order(&row.to)));
    }
    let customers = [before, after].map(|end| end.partition.store().len() as u64);
    Replayed { records, customers: customers.into(), models }
}

/// Customers by model and phase word: those in no phase yet first.
fn counts(end: &End<'_>) -> Vec<Vec<u64>> {
    let mut counts: Vec<Vec<u64>> = end.set.models().iter().map(|model| vec![0; model.phases().len() + 1]).collect();
    for bucket in 0..BUCKETS {
        end.partition.store().visit_bucket(bucket, |_, customer| {
            for (model, counts) in counts.iter_mut().enumerate() {
                counts[end.set.phase_of(customer.record, model).map_or(0, |phase| usize::from(phase) + 1)] += 1;
            }
        });
    }
    counts
}

fn phases(before: Option<(&Model, &[u64])>, after: Option<(&Model, &[u64])>) -> Vec<PhaseReplayed> {
    let word = |model: &Model, phase: &str| match phase {
        "new" => Some(0),
        _ => model.phase(phase).map(|index| usize::from(index) + 1),
    };
    let count = |side: Option<(&Model, &[u64])>, phase: &str| {
        side.and_then(|(model, counts)| Some(counts[word(model, phase)?]))
    };
    let of = |side: Option<(&Model, &[u64])>| -> Vec<String> {
        side.iter().flat_map(|(model, _)| model.phases()).map(|phase| phase.name().to_owned()).collect()
    };
    let mut names = vec!["new".to_owned()];
    names.extend(of(after));
    names.extend(of(before).into_iter().filter(|name| after.is_none_or(|(model, _)| model.phase(name).is_none())));
    let phase = |phase: String| PhaseReplayed { before: count(before, &phase), after: count(after, &phase), phase };
    names.into_iter().map(phase).collect()
}
