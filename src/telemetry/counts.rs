//! What has happened since the process started, with a handle kept for every series.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use metrics::{Counter, Histogram};
use metrics_exporter_prometheus::PrometheusHandle;

use super::catalog::{self, Metric};
use super::recorder::Series;
use super::upkeep::Upkeep;
use super::{Facts, Names, gauges};
use crate::engine::ports::Committed;
use crate::engine::tally::{InputTally, Tally};
use crate::engine::view::Overview;
use crate::journey::{Cause, DropReason, Reject};

/// How often samples of histograms are folded into their buckets; until then each takes up memory.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(1);

/// The metrics of one service.
pub struct Telemetry {
    names: Names,
    facts: Facts,
    series: Series,
    handle: PrometheusHandle,
    inputs: Vec<InputCounters>,
    /// A lock, because series come into being with the first transition of their sort. Taken to read once an epoch.
    transitions: RwLock<HashMap<TransitionKey, Counter, foldhash::fast::FixedState>>,
    /// As [`Telemetry::transitions`], but every series that can be is there from the start.
    variants: HashMap<VariantKey, Counter, foldhash::fast::FixedState>,
    /// By model and phase.
    stays: Vec<Vec<Histogram>>,
    /// By model and signal.
    signals: Vec<Vec<Counter>>,
    /// By cell and input, cell by cell: as in [`Tally::touchpoints`].
    touchpoints: Vec<Counter>,
    displaced: Counter,
    forgotten: Counter,
    state_bytes: Counter,
    commit_failures: Counter,
    epoch_duration: Histogram,
    commit_duration: Histogram,
    event_delay: Histogram,
    /// In microseconds: the exporter's counters hold whole numbers only.
    busy: AtomicU64,
    /// As [`Telemetry::busy`].
    waited: AtomicU64,
    _upkeep: Upkeep,
}

/// Model, phase left, phase entered, cause: as in [`Tally::transitions`].
type TransitionKey = (u16, Option<u16>, u16, Cause);

/// Model, phase left, phase entered, variant: as in [`Tally::variants`].
type VariantKey = (u16, Option<u16>, u16, u16);

struct InputCounters {
    /// In the order of [`catalog::OUTCOMES`].
    outcomes: [Counter; catalog::OUTCOMES.len()],
    drops: [Counter; DropReason::ALL.len()],
    rejects: [Counter; Reject::REASONS.len()],
    future: Counter,
}

impl Telemetry {
    /// Starts counting, and a thread that keeps the histograms small. Every series whose labels are known shows at zero.
    pub fn start(names: Names, facts: Facts) -> io::Result<Self> {
        let series = Series::new();
        let handle = series.handle();
        let upkeep = Upkeep::every(UPKEEP_INTERVAL, {
            let handle = handle.clone();
            move || handle.run_upkeep()
        })?;
        let inputs = names.inputs.iter().map(|input| InputCounters::new(&series, input)).collect();
        let stay = |model: &str, phase: &String| series.histogram(&catalog::TIME_IN_PHASE, &[model, phase]);
        let stays =
            names.models.iter().map(|model| model.phases.iter().map(|phase| stay(&model.name, phase)).collect());
        let signal = |model: &str, signal: &String| series.counter(&catalog::SIGNALS, &[model, signal]);
        let signals =
            names.models.iter().map(|model| model.signals.iter().map(|one| signal(&model.name, one)).collect());
        let variants = variants(&series, &names);
        let touchpoints = touchpoints(&series, &names);
        let telemetry = Self {
            handle,
            inputs,
            transitions: RwLock::default(),
            variants,
            stays: stays.collect(),
            signals: signals.collect(),
            touchpoints,
            displaced: series.counter(&catalog::SIGNALS_DISPLACED, &[]),
            forgotten: series.counter(&catalog::FORGOTTEN, &[]),
            state_bytes: series.counter(&catalog::STATE_BYTES, &[]),
            commit_failures: series.counter(&catalog::COMMIT_FAILURES, &[]),
            epoch_duration: series.histogram(&catalog::EPOCH_DURATION, &[]),
            commit_duration: series.histogram(&catalog::COMMIT_DURATION, &[]),
            event_delay: series.histogram(&catalog::EVENT_DELAY, &[]),
            busy: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            _upkeep: upkeep,
            series,
            names,
            facts,
        };
        for (model, names) in (0..).zip(&telemetry.names.models) {
            for &(from, to, cause) in &names.moves {
                telemetry.count_transitions((model, from, to, cause), 0);
            }
        }
        Ok(telemetry)
    }

    /// Counts what an epoch did. To be called when it is committed, and only then. Its indices are those of [`Names`].
    pub fn count_epoch(&self, tally: &Tally) {
        for (counters, input) in self.inputs.iter().zip(&tally.inputs) {
            counters.count(input);
        }
        self.count_moves(tally);
        for (key, &count) in &tally.variants {
            if let Some(counter) = self.variants.get(key) {
                counter.increment(count);
            }
        }
        for (&(model, rule), &count) in &tally.signals {
            self.signals[usize::from(model)][usize::from(rule)].increment(count);
        }
        for (counter, &count) in self.touchpoints.iter().zip(&tally.touchpoints).filter(|(_, count)| **count > 0) {
            counter.increment(count);
        }
        self.displaced.increment(tally.displaced);
        for &(model, phase, seconds) in &tally.dwells {
            self.stays[usize::from(model)][usize::from(phase)].record(f64::from(seconds));
        }
        for &seconds in &tally.delays {
            self.event_delay.record(f64::from(seconds));
        }
        self.epoch_duration.record(tally.duration);
        self.forgotten.increment(tally.forgotten);
        self.state_bytes.increment(tally.state_bytes);
        add_seconds(&self.busy, tally.busy);
        add_seconds(&self.waited, tally.waited);
    }

    /// Counts how a commit ended.
    pub fn count_commit(&self, committed: &Committed) {
        match committed {
            Committed::Done { took, .. } => self.commit_duration.record(took.as_secs_f64()),
            Committed::Failed(_) | Committed::Fenced(_) | Committed::Fatal(_) => self.commit_failures.increment(1),
        }
    }

    /// Everything in Prometheus' text format, with the gauges as the engine is at `now` (epoch milliseconds).
    pub fn render(&self, overview: &Overview, now: i64) -> String {
        let mut text = self.handle.render();
        write_seconds(&mut text, &catalog::WORKER_BUSY, &self.busy);
        write_seconds(&mut text, &catalog::WORKER_WAITED, &self.waited);
        text.push_str(&gauges::render(&self.names, &self.facts, overview, now));
        text
    }

    fn count_moves(&self, tally: &Tally) {
        let mut unknown = Vec::new();
        {
            let known = self.transitions.read().unwrap_or_else(PoisonError::into_inner);
            for (key, &count) in &tally.transitions {
                match known.get(key) {
                    Some(counter) => counter.increment(count),
                    None => unknown.push((*key, count)),
                }
            }
        }
        for (key, count) in unknown {
            self.count_transitions(key, count);
        }
    }

    fn count_transitions(&self, key: TransitionKey, count: u64) {
        let mut known = self.transitions.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(key).or_insert_with(|| self.transition_counter(key)).increment(count);
    }

    fn transition_counter(&self, (model, from, to, cause): TransitionKey) -> Counter {
        let model = &self.names.models[usize::from(model)];
        let phase = |index: u16| model.phases[usize::from(index)].as_str();
        let cause = match cause {
            Cause::Event(kind) => self.names.kinds[usize::from(kind.0)].as_str(),
            Cause::Timer => catalog::TIMER,
        };
        self.series
            .counter(&catalog::TRANSITIONS, &[model.name.as_str(), from.map_or(catalog::NEW, phase), phase(to), cause])
    }
}

impl InputCounters {
    fn new(series: &Series, input: &str) -> Self {
        Self {
            outcomes: catalog::OUTCOMES.map(|outcome| series.counter(&catalog::RECORDS, &[input, outcome])),
            drops: DropReason::ALL.map(|reason| series.counter(&catalog::DROPPED, &[input, reason.label()])),
            rejects: Reject::REASONS.map(|reason| series.counter(&catalog::REJECTS, &[input, reason])),
            future: series.counter(&catalog::FUTURE_EVENTS, &[input]),
        }
    }

    fn count(&self, tally: &InputTally) {
        let (dropped, rejected) = (tally.dropped.iter().sum(), tally.rejected.iter().sum());
        let outcomes = [tally.applied, tally.late, tally.duplicate, tally.ignored, dropped, rejected];
        for (counter, count) in self.outcomes.iter().zip(outcomes) {
            counter.increment(count);
        }
        let reasons = self.drops.iter().zip(&tally.dropped).chain(self.rejects.iter().zip(&tally.rejected));
        for (counter, &count) in reasons {
            counter.increment(count);
        }
        self.future.increment(tally.future);
    }
}

/// A counter for each move that a rule allows, and each variant.
fn variants(series: &Series, names: &Names) -> HashMap<VariantKey, Counter, foldhash::fast::FixedState> {
    let mut counters = HashMap::default();
    for (number, model) in (0..).zip(&names.models) {
        let phase = |index: u16| model.phases[usize::from(index)].as_str();
        for &(from, to, _) in &model.moves {
            for (variant, name) in (0..).zip(&names.variants) {
                let labels = [model.name.as_str(), from.map_or(catalog::NEW, phase), phase(to), name];
                let counter = || series.counter(&catalog::VARIANT_TRANSITIONS, &labels);
                counters.entry((number, from, to, variant)).or_insert_with(counter);
            }
        }
    }
    counters
}

fn touchpoints(series: &Series, names: &Names) -> Vec<Counter> {
    let cells = names.models.iter().flat_map(|model| {
        let phases = std::iter::once(catalog::NEW).chain(model.phases.iter().map(String::as_str));
        phases.map(|phase| (model.name.as_str(), phase))
    });
    let counter = |(model, phase), input| series.counter(&catalog::TOUCHPOINTS, &[model, phase, input]);
    cells.flat_map(|cell| names.inputs.iter().map(move |input| counter(cell, input))).collect()
}

fn add_seconds(micros: &AtomicU64, seconds: f64) {
    // A negative or absurd duration counts as none: the cast saturates.
    micros.fetch_add((seconds * 1e6) as u64, Ordering::Relaxed);
}

fn write_seconds(text: &mut String, metric: &Metric, micros: &AtomicU64) {
    let Metric { name, help, .. } = metric;
    let seconds = micros.load(Ordering::Relaxed) as f64 / 1e6;
    write!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {seconds}\n\n")
        .expect("writing to a string cannot fail");
}
