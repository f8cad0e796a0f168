//! Items in the order of (time, input, source, line), although a source may be a little out of order.
//!
//! Each source is read ahead by a window of time; of all sources the earliest item comes next. An item that comes when a
//! later one of its source is already gone is handed out at once and marked late.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::reader::Reader;
use super::times::Times;
use super::{Item, Progress, ReplayError, Source};
use crate::config::InputConfig;
use crate::formats::Schemas;

/// How sources are put in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// How far a source may be out of order; `None`: any distance, everything is read first.
    pub window_ms: Option<i64>,
    /// A time counts as at most this, so that one clock far ahead does not drag the others along.
    pub latest_ms: i64,
}

/// Items that a source is read ahead by at most, whatever the window: rows of one day may all have the same time.
const AHEAD_ITEMS_MAX: usize = 1 << 20;

/// The items of all sources.
pub struct Records {
    sources: Vec<Window>,
}

impl Records {
    /// Opens the sources.
    pub fn open(
        sources: impl IntoIterator<Item = Source>,
        inputs: &[InputConfig],
        schemas: Option<&Arc<dyn Schemas>>,
        order: Order,
    ) -> Result<Self, ReplayError> {
        let windows = sources.into_iter().enumerate().map(|(index, source)| {
            let times = Times::new(inputs, schemas, order.latest_ms)?;
            let reader = Reader::open(index, source, inputs, times)?;
            Ok(Window { reader, order, at_end: false, newest: i64::MIN, gone: i64::MIN, ahead: BinaryHeap::new() })
        });
        Ok(Self { sources: windows.collect::<Result<_, ReplayError>>()? })
    }

    /// The next item; `None` when all sources are at their end.
    pub fn read(&mut self) -> Result<Option<Item>, ReplayError> {
        for source in &mut self.sources {
            source.fill()?;
        }
        let heads = self.sources.iter_mut().filter(|source| !source.ahead.is_empty());
        let first = heads.min_by(|a, b| a.head().cmp(&b.head()));
        Ok(first.and_then(Window::pop))
    }

    /// How far all sources together were read.
    pub fn progress(&self) -> Progress {
        self.sources.iter().fold(Progress { read: 0, total: Some(0) }, |sum, source| {
            let one = source.reader.counter().progress();
            Progress { read: sum.read + one.read, total: sum.total.zip(one.total).map(|(a, b)| a + b) }
        })
    }
}

/// One source, read ahead.
struct Window {
    reader: Reader,
    order: Order,
    at_end: bool,
    /// The time of the item read last.
    newest: i64,
    /// The highest time handed out.
    gone: i64,
    ahead: BinaryHeap<Reverse<Ahead>>,
}

impl Window {
    /// Reads on until the earliest item cannot be preceded any more, except by a late one.
    fn fill(&mut self) -> Result<(), ReplayError> {
        while !self.at_end && !self.is_settled() {
            match self.reader.next()? {
                None => self.at_end = true,
                Some(item) => {
                    self.newest = item.time;
                    self.ahead.push(Reverse(Ahead(item)));
                }
            }
        }
        Ok(())
    }

    fn is_settled(&self) -> bool {
        match (self.ahead.peek(), self.order.window_ms) {
            (Some(Reverse(Ahead(first))), Some(window_ms)) => {
                first.time < self.gone
                    || first.time < self.newest.saturating_sub(window_ms)
                    || self.ahead.len() >= AHEAD_ITEMS_MAX
            }
            _ => false,
        }
    }

    fn head(&self) -> Option<Place> {
        self.ahead.peek().map(|Reverse(Ahead(item))| place(item))
    }

    fn pop(&mut self) -> Option<Item> {
        let Reverse(Ahead(mut item)) = self.ahead.pop()?;
        item.late = item.time < self.gone;
        self.gone = self.gone.max(item.time);
        Some(item)
    }
}

/// Where an item stands in the order of all.
type Place = (i64, usize, usize, u64);

fn place(item: &Item) -> Place {
    (item.time, item.input, item.source, item.line)
}

/// An item read ahead, compared by its place.
struct Ahead(Item);

impl PartialEq for Ahead {
    fn eq(&self, other: &Self) -> bool {
        place(&self.0) == place(&other.0)
    }
}

impl Eq for Ahead {}

impl PartialOrd for Ahead {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ahead {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        place(&self.0).cmp(&place(&other.0))
    }
}
