//! Brings what happens in the shop to the broker, as it happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{Pace, Shop};
use crate::kafka::mock::PlainProducer;

/// How often the shop is looked at.
const EVERY: Duration = Duration::from_millis(20);

/// What the feeder shows of itself, and how it is stopped.
#[derive(Debug, Default)]
pub(super) struct Feed {
    /// The time in the shop, in epoch milliseconds.
    pub at: AtomicI64,
    /// Events so far.
    pub events: AtomicU64,
    /// Ends it.
    pub stop: AtomicBool,
}

/// Feeds until it is stopped, or the broker does not take a record.
pub(super) fn feed(mut shop: Shop, pace: Pace, producer: &PlainProducer, feed: &Arc<Feed>) -> Result<(), String> {
    let opened = Instant::now();
    while !feed.stop.load(Relaxed) {
        let at = pace.at(opened.elapsed(), wall_ms());
        let mut refused = None;
        shop.advance(at, |record| {
            let sent = producer.send(record.channel.name(), &record.customer, record.at, record.value.as_bytes());
            feed.events.fetch_add(1, Relaxed);
            if let Err(error) = sent {
                refused = Some(error.to_string());
            }
        });
        producer.poll();
        if let Some(error) = refused {
            return Err(format!("the demo's broker took no more events: {error}"));
        }
        feed.at.store(at, Relaxed);
        std::thread::sleep(EVERY);
    }
    // What is still on its way is as good as lost when the demo ends.
    let _ = producer.flush(Duration::from_millis(500));
    Ok(())
}

/// The wall's time in epoch milliseconds.
pub(super) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
