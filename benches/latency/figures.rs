//! Many durations in a few numbers.

/// Milliseconds, but for the count.
#[derive(Debug, Default, PartialEq)]
pub struct Figures {
    pub count: usize,
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

impl Figures {
    /// Of nanoseconds. A percentile is the smallest that so many are not above.
    pub fn of(nanoseconds: &[u64]) -> Self {
        let mut sorted = nanoseconds.to_vec();
        sorted.sort_unstable();
        let share = |share: f64| {
            let rank = (sorted.len() as f64 * share).ceil() as usize;
            milliseconds(sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0))
        };
        Self { count: sorted.len(), p50: share(0.5), p99: share(0.99), p999: share(0.999), max: share(1.0) }
    }
}

pub fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}
