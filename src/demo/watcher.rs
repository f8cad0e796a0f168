//! Watches the service from outside: its customers by phase, and the transitions as their topic has them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;

use super::feeder::Feed;
use super::picture::{Move, PhaseCount, Picture};
use crate::engine::view::View;
use crate::journey::Model;
use crate::kafka::mock::PlainReader;

/// How many moves are shown.
const MOVES: usize = 6;

/// Over how long events a second are counted.
const RATE_OVER: Duration = Duration::from_secs(2);

/// A transition as it stands in the topic, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Line {
    customer: String,
    from: Option<String>,
    to: String,
    cause: String,
    at: String,
}

/// Makes pictures of a running service.
pub(super) struct Watcher {
    view: Arc<dyn View>,
    feed: Arc<Feed>,
    reader: PlainReader,
    /// What people call the phases, in the model's order.
    phases: Vec<String>,
    moves: VecDeque<Move>,
    transitions: u64,
    /// Events at moments of the last while, oldest first.
    samples: VecDeque<(Instant, u64)>,
}

impl Watcher {
    /// Of the only model.
    pub(super) fn new(view: Arc<dyn View>, feed: Arc<Feed>, reader: PlainReader, model: &Model) -> Self {
        let name = |phase: &crate::journey::Phase| phase.title().nl.clone().unwrap_or_else(|| phase.name().to_owned());
        Self {
            view,
            feed,
            reader,
            phases: model.phases().iter().map(name).collect(),
            moves: VecDeque::new(),
            transitions: 0,
            samples: VecDeque::new(),
        }
    }

    /// Reads transitions for so long.
    pub(super) fn read_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        let Self { reader, moves, transitions, .. } = self;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            reader.read(left, |value| {
                let Ok(Line { customer, from, to, cause, at }) = serde_json::from_slice(value) else { return };
                let at = at.parse().map_or(0, Timestamp::as_millisecond);
                *transitions += 1;
                moves.push_back(Move { customer, from, to, cause, at });
                if moves.len() > MOVES {
                    moves.pop_front();
                }
            });
        }
    }

    /// Whether the service has taken up its work.
    pub(super) fn is_ready(&self) -> bool {
        self.view.overview().ready
    }

    /// How it looks at this moment.
    pub(super) fn picture(&mut self, now: Instant) -> Picture {
        let events = self.feed.events.load(Relaxed);
        self.samples.push_back((now, events));
        while self.samples.len() > 2 && now.duration_since(self.samples[0].0) > RATE_OVER {
            self.samples.pop_front();
        }
        let (since, before) = self.samples[0];
        let seconds = now.duration_since(since).as_secs_f64();
        Picture {
            at: self.feed.at.load(Relaxed),
            phases: self.phase_counts(),
            moves: self.moves.iter().cloned().collect(),
            events,
            events_per_second: if seconds > 0.0 { (events - before) as f64 / seconds } else { 0.0 },
            transitions: self.transitions,
        }
    }

    /// Customers by phase, over all partitions.
    fn phase_counts(&self) -> Vec<PhaseCount> {
        let overview = self.view.overview();
        let count = |phase: usize| {
            let counts = overview.partitions.iter().filter_map(|partition| partition.phases.first()?.get(phase));
            counts.sum()
        };
        let named = self.phases.iter().enumerate();
        named.map(|(index, name)| PhaseCount { name: name.clone(), customers: count(index) }).collect()
    }
}
