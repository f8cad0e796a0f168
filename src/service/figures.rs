//! What a run did, measured: one line of JSON with the field names that the other engines' programs use.

use std::time::{Duration, Instant};

use crate::process;

/// The run in figures.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Figures {
    /// The engine's name.
    pub engine: &'static str,
    /// `eos` or `alo`.
    pub guarantee: &'static str,
    /// Where state is held.
    pub store: &'static str,
    /// Worker threads.
    pub threads: usize,
    /// Records taken.
    pub events: u64,
    /// Seconds from the first record taken to the last epoch committed.
    pub wall_s: f64,
    /// `events / wall_s`.
    pub events_per_s: f64,
    /// The same between 10 % and 90 % of the records.
    pub events_per_s_mid80: f64,
    /// CPU seconds of the whole process from its start.
    pub cpu_s: f64,
    /// `events / cpu_s`.
    pub events_per_cpu_s: f64,
    /// The same between 10 % and 90 % of the records.
    pub events_per_cpu_s_mid80: f64,
    /// Peak resident memory.
    pub peak_rss_mib: u64,
    /// Transitions committed.
    pub transitions: u64,
    /// Records that no model takes.
    pub ignored: u64,
    /// Records that became dead letters.
    pub dead_letters: u64,
    /// Repeats that were dropped.
    pub duplicates: u64,
    /// Seconds from the start of the service until everything that it was given was restored.
    pub ready_s: f64,
    /// Seconds of these in which state was read back; the worker's that took longest.
    pub restore_s: f64,
    /// Customers that were read back.
    pub restored_customers: u64,
    /// Bytes of state that were read for them, before compression.
    pub restored_bytes: u64,
    /// Customers committed to the state deltas, each once an epoch.
    pub changed: u64,
    /// Bytes of state deltas and snapshots committed, before compression.
    pub state_bytes: u64,
    /// Seconds that workers stood still because the epoch before was still being committed, all workers together.
    pub commit_wait_s: f64,
}

/// A moment of the run.
#[derive(Debug, Clone, Copy)]
struct Sample {
    records: u64,
    wall: Duration,
    cpu_s: f64,
}

/// Samples of the run, taken while it goes on.
#[derive(Debug)]
pub struct Progress {
    began: Instant,
    ended: Option<Instant>,
    samples: Vec<Sample>,
}

impl Progress {
    /// A run that begins now.
    pub fn new() -> Self {
        Self { began: Instant::now(), ended: None, samples: Vec::new() }
    }

    /// Takes a sample, from the first record on, while records still come.
    pub fn sample(&mut self, records: u64) {
        if records > 0 && self.samples.last().is_none_or(|last| last.records < records) {
            self.samples.push(Sample { records, wall: self.began.elapsed(), cpu_s: process::cpu_seconds() });
        }
    }

    /// Everything was done at this moment, though the run goes on for a little while, to be sure of it.
    pub fn end_at(&mut self, moment: Instant) {
        self.ended = Some(moment);
    }

    /// The figures of the run that ends now.
    pub fn figures(&self, records: u64) -> Figures {
        let end = self.ended.map_or_else(|| self.began.elapsed(), |ended| ended.saturating_duration_since(self.began));
        let (end, cpu_s) = (end, process::cpu_seconds());
        let first = self.samples.first().map_or(end, |sample| sample.wall);
        let wall_s = end.saturating_sub(first).as_secs_f64();
        let (from, to) = (self.at(0.1 * records as f64), self.at(0.9 * records as f64));
        let (mid_wall, mid_cpu) = match (from, to) {
            (Some(from), Some(to)) => ((to.wall - from.wall).as_secs_f64(), to.cpu_s - from.cpu_s),
            _ => (0.0, 0.0),
        };
        let rate = |count: f64, seconds: f64| if seconds > 0.0 { (count / seconds).round() } else { 0.0 };
        Figures {
            engine: "klantreis",
            store: "memory",
            events: records,
            wall_s,
            events_per_s: rate(records as f64, wall_s),
            events_per_s_mid80: rate(0.8 * records as f64, mid_wall),
            cpu_s,
            events_per_cpu_s: rate(records as f64, cpu_s),
            events_per_cpu_s_mid80: rate(0.8 * records as f64, mid_cpu),
            peak_rss_mib: process::peak_mib(),
            ..Figures::default()
        }
    }

    /// The moment this many records were taken, between two samples.
    fn at(&self, records: f64) -> Option<Sample> {
        let after = self.samples.iter().position(|sample| sample.records as f64 >= records)?;
        let to = self.samples[after];
        let Some(from) = after.checked_sub(1).map(|before| self.samples[before]) else { return Some(to) };
        let share = (records - from.records as f64) / (to.records - from.records) as f64;
        Some(Sample {
            records: records as u64,
            wall: from.wall + (to.wall - from.wall).mul_f64(share),
            cpu_s: from.cpu_s + (to.cpu_s - from.cpu_s) * share,
        })
    }
}
