//! Counters in a record: counts and sums, over a visit, for ever, or over a sliding window.
//!
//! A sliding window is kept in eight buckets that are aligned to time, each an eighth of it: the number of the newest
//! bucket, then the eight in a ring. It answers for between seven and eight eighths of the window, always in the same
//! space. Nothing overflows: numbers stay at their largest.

use super::by_value::ByValue;
use super::model::{Addend, Window};
use super::record::{FieldType, Layout};
use super::{Amount, Attr, Event, KindId, Record};

/// Buckets of a sliding window.
const BUCKETS: i64 = 8;

/// Where a counter stands in a record and how it counts.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    /// Its number; of a sliding window the number of the newest bucket, with the buckets after it.
    word: usize,
    /// Milliseconds in a bucket, for a sliding window.
    bucket: Option<i64>,
    /// What it adds up: an attribute's index is the vocabulary's.
    sum: Option<Addend>,
    /// Whether it counts only what happened in this visit of the phase.
    pub visit: bool,
    /// Where it stands, if it counts each value of an attribute by itself.
    by_value: Option<ByValue>,
    /// The kinds with which it begins anew.
    resets: Box<[KindId]>,
}

impl Meter {
    /// Finds room for one that counts over a window, under a key that says what.
    pub fn place(layout: &mut Layout, index: usize, key: String, window: Window, sum: Option<Addend>) -> Self {
        let kind = if sum.is_some() { FieldType::I64 } else { FieldType::U32 };
        let visit = window == Window::Visit;
        let Window::Sliding(span) = window else {
            return Self {
                word: layout.push(key, kind, index),
                bucket: None,
                sum,
                visit,
                by_value: None,
                resets: [].into(),
            };
        };
        let word = layout.push(format!("{key}/newest"), FieldType::I64, index);
        for bucket in 0..BUCKETS {
            layout.push(format!("{key}/{bucket}"), kind, index);
        }
        Self { word, bucket: Some(span.0 / BUCKETS), sum, visit, by_value: None, resets: [].into() }
    }

    /// One that counts each value of an attribute by itself.
    pub fn by_value(by_value: ByValue, visit: bool) -> Self {
        Self { word: 0, bucket: None, sum: None, visit, by_value: Some(by_value), resets: [].into() }
    }

    /// The same, but it begins anew with events of these kinds.
    pub fn with_resets(self, resets: Box<[KindId]>) -> Self {
        Self { resets, ..self }
    }

    /// Counts an event that is known to matter to it, or begins anew with it.
    pub fn count(&self, record: &mut Record, event: &Event<'_>) {
        if !self.resets.is_empty() && event.kind.is_some_and(|kind| self.resets.contains(&kind)) {
            return match self.by_value {
                Some(by_value) => by_value.reset(record, event),
                None => self.reset(record),
            };
        }
        if let Some(by_value) = self.by_value {
            return by_value.count(record, event);
        }
        let addend = match self.sum {
            None => 1,
            Some(Addend::Value) => event.value.map_or(0, |value| value.0),
            Some(Addend::Attribute(index)) => match event.attrs.get(usize::from(index)) {
                Some(Some(Attr::Number(number))) => Amount::saturating_from_f64(*number).0,
                _ => return,
            },
        };
        self.add_at(record, event.at, addend);
    }

    /// Adds to it, at a time.
    pub fn add_at(&self, record: &mut Record, at: i64, addend: i64) {
        let Some(width) = self.bucket else { return self.add(record, self.word, addend) };
        let bucket = at.div_euclid(width);
        let newest = record.i64(self.word);
        if bucket > newest {
            for passed in newest.max(bucket - BUCKETS) + 1..=bucket {
                self.clear(record, self.ring(passed));
            }
            record.set_i64(self.word, bucket);
        } else if bucket <= newest - BUCKETS {
            return;
        }
        self.add(record, self.ring(bucket), addend);
    }

    /// What it stands at, at this time, as an event sees it: one by value has nothing to show if the event says no value. Without
    /// an event one by value shows its highest count.
    #[inline]
    pub fn show(&self, record: &Record, now: i64, event: Option<&Event<'_>>) -> Option<f64> {
        match (self.by_value, event) {
            (None, _) => Some(self.read(record, now)),
            (Some(by_value), None) => Some(by_value.most(record).into()),
            (Some(by_value), Some(event)) => by_value.of(record, event).map(f64::from),
        }
    }

    /// What it stands at, at this time; it is not one by value.
    pub fn read(&self, record: &Record, now: i64) -> f64 {
        let Some(width) = self.bucket else { return self.number(self.get(record, self.word)) };
        let newest = record.i64(self.word);
        let oldest = now.div_euclid(width).max(newest) - BUCKETS + 1;
        let sum = (oldest..=newest).fold(0_i64, |sum, bucket| sum.saturating_add(self.get(record, self.ring(bucket))));
        self.number(sum)
    }

    /// Begins anew.
    pub fn reset(&self, record: &mut Record) {
        match (self.by_value, self.bucket) {
            (Some(by_value), _) => by_value.clear(record),
            (None, None) => self.clear(record, self.word),
            (None, Some(_)) => (0..BUCKETS).for_each(|bucket| self.clear(record, self.ring(bucket))),
        }
    }

    /// The first word of a bucket.
    fn ring(&self, bucket: i64) -> usize {
        let size = if self.sum.is_some() { 2 } else { 1 };
        self.word + 2 + size * bucket.rem_euclid(BUCKETS) as usize
    }

    fn get(&self, record: &Record, word: usize) -> i64 {
        if self.sum.is_some() { record.i64(word) } else { i64::from(record.u32(word)) }
    }

    fn add(&self, record: &mut Record, word: usize, addend: i64) {
        if self.sum.is_some() {
            record.set_i64(word, record.i64(word).saturating_add(addend));
        } else {
            record.set_u32(word, record.u32(word).saturating_add(1));
        }
    }

    fn clear(&self, record: &mut Record, word: usize) {
        if self.sum.is_some() {
            record.set_i64(word, 0);
        } else {
            record.set_u32(word, 0);
        }
    }

    fn number(&self, raw: i64) -> f64 {
        if self.sum.is_some() { Amount(raw).to_f64() } else { raw as f64 }
    }
}
