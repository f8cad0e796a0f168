//! Transitions and signals as they are committed, for whoever is looking right now.
//!
//! A glimpse, not a delivery: nothing is kept for those who are not connected, a busy epoch is shown in part, and a slow
//! listener misses some; each is told how many. Whoever needs them all reads the
//! topics.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};
use serde_json::json;
use tokio::sync::broadcast::{self, error::RecvError};

use super::Api;
use super::answer::Problem;
use crate::engine::ports::Told;

/// At most so many of one epoch are shown; more than a person reads in ten of them.
const SHOWN_PER_EPOCH_MAX: usize = 100;
/// How many epochs a listener may be behind before it misses some.
const EPOCHS_BEHIND_MAX: usize = 64;
/// How many may listen at once.
const LISTENERS_MAX: usize = 64;
/// How often a quiet connection is shown to be alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Hands what is told to listeners; never waits for one.
#[derive(Debug)]
pub struct LiveBus {
    sender: broadcast::Sender<Arc<Batch>>,
    /// Number of the next one. A lock, because numbering and sending must be one move: else two workers' batches
    /// could arrive in the other order. Taken once an epoch, and only while somebody listens.
    next: Mutex<u64>,
}

/// What one epoch told. Numbers go on from batch to batch, so that a listener sees what it missed.
#[derive(Debug)]
struct Batch {
    first: u64,
    shown: Vec<(Told, Box<str>)>,
    /// The number after the last one, those not shown included.
    next: u64,
}

impl Default for LiveBus {
    fn default() -> Self {
        Self { sender: broadcast::channel(EPOCHS_BEHIND_MAX).0, next: Mutex::new(0) }
    }
}

impl LiveBus {
    /// Shows what a committed epoch told, each the JSON of its record's data in one line. Costs nothing when nobody listens:
    /// `told` is then not even looked at.
    pub fn publish<'a>(&self, told: impl IntoIterator<Item = (Told, &'a str)>) {
        if self.sender.receiver_count() == 0 {
            return;
        }
        let mut told = told.into_iter();
        let shown = told.by_ref().take(SHOWN_PER_EPOCH_MAX).map(|(told, text)| (told, Box::from(text)));
        let shown: Vec<(Told, Box<str>)> = shown.collect();
        let count = shown.len() + told.count();
        if count == 0 {
            return;
        }
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *next;
        *next += count as u64;
        // Fails only if the last listener has just gone.
        let _ = self.sender.send(Arc::new(Batch { first, shown, next: *next }));
    }

    /// `None` if there are too many already.
    fn listen(&self) -> Option<Listener> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        (self.sender.receiver_count() < LISTENERS_MAX).then(|| Listener {
            receiver: self.sender.subscribe(),
            next: *next,
            waiting: VecDeque::new(),
        })
    }
}

/// One who listens.
#[derive(Debug)]
struct Listener {
    receiver: broadcast::Receiver<Arc<Batch>>,
    /// Number of the one that follows what was heard.
    next: u64,
    waiting: VecDeque<Heard>,
}

#[derive(Debug, Clone)]
enum Heard {
    /// What stands at this place of a batch.
    Told(Arc<Batch>, usize),
    /// So many that were not shown, or came faster than they were taken.
    Skipped(u64),
}

impl Listener {
    async fn hear(&mut self) -> Option<Heard> {
        loop {
            if let Some(heard) = self.waiting.pop_front() {
                return Some(heard);
            }
            match self.receiver.recv().await {
                Ok(batch) => self.take(&batch),
                // The next batch's number says how many it were.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn take(&mut self, batch: &Arc<Batch>) {
        let missed = batch.first - self.next;
        let left_out = batch.next - batch.first - batch.shown.len() as u64;
        let skipped = |count: u64| (count > 0).then_some(Heard::Skipped(count));
        let shown = (0..batch.shown.len()).map(|index| Heard::Told(Arc::clone(batch), index));
        self.waiting.extend(skipped(missed).into_iter().chain(shown).chain(skipped(left_out)));
        self.next = batch.next;
    }
}

impl Heard {
    fn event(&self) -> Event {
        match self {
            Self::Told(batch, index) => {
                let (told, text) = &batch.shown[*index];
                let name = match told {
                    Told::Transition => "transition",
                    Told::Signal => "signal",
                };
                Event::default().event(name).data(text)
            }
            Self::Skipped(count) => Event::default().event("skipped").data(json!({ "count": count }).to_string()),
        }
    }
}

/// `GET /v1/live`
pub(super) async fn live(State(api): State<Api>) -> Response {
    let Some(listener) = api.sources.live.listen() else {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, format!("{LISTENERS_MAX} are listening already"))
            .hint("close a page, or read the topics of transitions and signals")
            .into_response();
    };
    let facts = &api.facts;
    let hello = json!({ "application": facts.application, "version": facts.version }).to_string();
    let hello = Event::default().event("hello").data(hello);
    let heard = stream::unfold(listener, async |mut listener| {
        let heard = listener.hear().await?;
        Some((heard.event(), listener))
    });
    let events = stream::iter([hello]).chain(heard).take_until(Box::pin(api.stopped())).map(Ok::<_, Infallible>);
    Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    /// What a listener has heard so far, as text.
    fn heard(listener: &mut Listener) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(Some(next)) = listener.hear().now_or_never() {
            heard.push(match next {
                Heard::Told(batch, index) => batch.shown[index].1.to_string(),
                Heard::Skipped(count) => format!("skipped {count}"),
            });
        }
        heard
    }

    fn told<'a>(texts: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = (Told, &'a str)> {
        texts.into_iter().map(|text| (Told::Transition, text))
    }

    #[test]
    fn nothing_is_even_looked_at_while_nobody_listens() {
        LiveBus::default().publish(std::iter::from_fn(|| -> Option<(Told, &str)> { panic!("looked at") }));
    }

    #[test]
    fn a_listener_hears_what_comes_after_it_joined() {
        let bus = LiveBus::default();
        let mut first = bus.listen().expect("there is room");
        bus.publish(told(["a", "b"]));
        let mut second = bus.listen().expect("there is room");
        bus.publish(told(["c"]));
        assert_eq!(heard(&mut first), ["a", "b", "c"]);
        assert_eq!(heard(&mut second), ["c"]);
    }

    #[test]
    fn a_busy_epoch_is_shown_in_part_and_the_rest_is_counted() {
        let bus = LiveBus::default();
        let mut listener = bus.listen().expect("there is room");
        for (count, left_out) in [(SHOWN_PER_EPOCH_MAX, None), (SHOWN_PER_EPOCH_MAX + 3, Some("skipped 3".to_owned()))]
        {
            bus.publish(told(std::iter::repeat_n("t", count)));
            let heard = heard(&mut listener);
            assert_eq!(heard.iter().filter(|what| *what == "t").count(), SHOWN_PER_EPOCH_MAX);
            assert_eq!(heard.get(SHOWN_PER_EPOCH_MAX), left_out.as_ref());
        }
    }

    #[test]
    fn a_slow_listener_is_told_how_many_transitions_it_missed() {
        let bus = LiveBus::default();
        let mut listener = bus.listen().expect("there is room");
        for _ in 0..EPOCHS_BEHIND_MAX + 5 {
            bus.publish(told(["a", "b"]));
        }
        let heard = heard(&mut listener);
        assert_eq!(heard[0], "skipped 10");
        assert_eq!(heard.len(), 1 + 2 * EPOCHS_BEHIND_MAX);
    }

    #[test]
    fn there_is_room_for_so_many_and_no_more() {
        let bus = LiveBus::default();
        let mut listeners: Vec<_> = std::iter::from_fn(|| bus.listen()).collect();
        assert_eq!(listeners.len(), LISTENERS_MAX);
        listeners.pop();
        assert!(bus.listen().is_some());
    }

    #[test]
    fn listeners_gone_are_forgotten() {
        let bus = LiveBus::default();
        drop(bus.listen());
        bus.publish(std::iter::from_fn(|| -> Option<(Told, &str)> { panic!("looked at") }));
    }
}
