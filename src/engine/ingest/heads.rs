//! Which record comes next of many places: the lowest time first, by a heap of their next records.
//!
//! Invariant: it hands out what [`Merge`](crate::engine::merge::Merge) hands out, by the same rules of waiting. That compares
//! all, which costs less for a few inputs of one partition and more for all partitions of all inputs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use crate::engine::head::Head;
use crate::engine::merge::Next;
use crate::engine::ports::{Batch, Fetched};

/// The next record of each place.
pub(super) struct Heads<B> {
    heads: Vec<Head<B>>,
    /// Those that have a record, by its time and their place.
    order: BinaryHeap<Reverse<(i64, usize)>>,
    /// Those that have none.
    empty: Vec<usize>,
    /// Whether none of these has to be asked or waited for in this round any more.
    settled: bool,
    idle_after_ms: i64,
}

impl<B: Batch> Heads<B> {
    /// Places that have shown nothing yet, one batch for each.
    pub(super) fn new(batches: Vec<B>, idle_after_ms: i64) -> Self {
        let heads: Vec<_> = batches.into_iter().map(Head::new).collect();
        let empty = (0..heads.len()).collect();
        Self { order: BinaryHeap::with_capacity(heads.len()), heads, empty, settled: false, idle_after_ms }
    }

    /// Begins a round: places at their end are asked again.
    pub(super) fn begin_round(&mut self) {
        self.empty.iter().for_each(|&place| self.heads[place].asked = false);
        self.settled = self.empty.is_empty();
    }

    /// What is next. Empty heads are filled through `fetch`; a record's time counts as at most `time_max`, a missing one as its
    /// predecessor's.
    #[inline]
    pub(super) fn next<E>(
        &mut self,
        wall: i64,
        time_max: i64,
        fetch: impl FnMut(usize, &mut B) -> Result<Fetched, E>,
    ) -> Result<Next, E> {
        if !self.settled {
            self.fill(wall, time_max, fetch)?;
        }
        Ok(match self.order.peek() {
            _ if !self.settled => Next::Wait,
            Some(Reverse((time, input))) => Next::Record { input: *input, time: *time },
            None => Next::End,
        })
    }

    fn fill<E>(
        &mut self,
        wall: i64,
        time_max: i64,
        mut fetch: impl FnMut(usize, &mut B) -> Result<Fetched, E>,
    ) -> Result<(), E> {
        let Self { heads, order, empty, idle_after_ms, .. } = self;
        let (mut waiting, mut failed) = (false, None);
        empty.retain(|&place| {
            let head = &mut heads[place];
            let is_over = |ended: Option<i64>| ended.is_some_and(|since| wall - since >= *idle_after_ms);
            if failed.is_some() || (head.asked && is_over(head.ended)) {
                return true;
            }
            head.empty();
            match fetch(place, &mut head.batch) {
                Ok(Fetched::Records) => {
                    head.ended = None;
                    head.show(time_max);
                    order.push(Reverse((head.time, place)));
                    return false;
                }
                Ok(Fetched::End) => _ = head.ended.get_or_insert(wall),
                // An end once reached stays an end until records come, even if the source forgets to say so.
                Ok(Fetched::Nothing) => {}
                Err(error) => failed = Some(error),
            }
            waiting |= !is_over(head.ended);
            true
        });
        self.settled = !waiting;
        failed.map_or(Ok(()), Err)
    }

    /// The batch and position of the record that was said to be next.
    pub(super) fn head(&self, place: usize) -> (&B, usize) {
        let head = &self.heads[place];
        (&head.batch, head.next)
    }

    /// Goes past the record that was said to be next, which is of this place.
    pub(super) fn advance(&mut self, place: usize, time_max: i64) {
        let head = &mut self.heads[place];
        head.advance(time_max);
        let Some(mut first) = self.order.peek_mut() else { return };
        debug_assert_eq!(first.0.1, place, "only what is next is gone past");
        if head.is_empty() {
            PeekMut::pop(first);
            self.empty.push(place);
            self.settled = false;
        } else {
            first.0.0 = head.time;
        }
    }

    /// Whether nothing is held and every place is at its end.
    pub(super) fn is_at_end(&self) -> bool {
        self.order.is_empty() && self.heads.iter().all(|head| head.ended.is_some())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::fakes::{FakeBatch, Script};
    use crate::engine::merge::Merge;

    const TIME_MAX: i64 = 60;

    fn fetch(script: &mut std::slice::Iter<'_, Script>, batch: &mut FakeBatch) -> Fetched {
        match script.next() {
            Some(Script::Records(records)) => {
                batch.extend(records);
                Fetched::Records
            }
            Some(Script::End) => Fetched::End,
            Some(Script::Nothing) | None => Fetched::Nothing,
        }
    }

    /// Both over the same scripts of fetches, round by round: what they hand out as "place@offset", and whether they wait.
    fn check(scripts: &[Vec<Script>], idle_after_ms: i64) {
        let batches = || vec![FakeBatch::default(); scripts.len()];
        let (mut heads, mut merge) = (Heads::new(batches(), idle_after_ms), Merge::new(batches(), idle_after_ms));
        let scripts = || scripts.iter().map(|script| script.iter()).collect::<Vec<_>>();
        let (mut for_heads, mut for_merge) = (scripts(), scripts());
        for wall in 0..40 {
            heads.begin_round();
            merge.begin_round();
            loop {
                let got = heads.next(wall, TIME_MAX, |place, batch| Ok::<_, ()>(fetch(&mut for_heads[place], batch)));
                let wanted = merge.next(wall, TIME_MAX, |place, batch| Ok(fetch(&mut for_merge[place], batch)));
                assert_eq!(got, wanted, "in round {wall}");
                let Ok(Next::Record { input, .. }) = got else { break };
                let [(got, at), (wanted, also_at)] = [heads.head(input), merge.head(input)];
                assert_eq!(got.records[at], wanted.records[also_at], "in round {wall}");
                heads.advance(input, TIME_MAX);
                merge.advance(input, TIME_MAX);
            }
            assert_eq!(heads.is_at_end(), merge.is_at_end(), "after round {wall}");
        }
    }

    fn script() -> impl Strategy<Value = Vec<Script>> {
        // Times that often are equal, not always in order, missing, or too far ahead.
        let records = proptest::collection::vec((0..1_000_i64, -1..80_i64), 1..6).prop_map(Script::Records);
        let step = prop_oneof![3 => records, 2 => Just(Script::End), 1 => Just(Script::Nothing)];
        proptest::collection::vec(step, 0..8)
    }

    proptest! {
        #[test]
        fn what_is_next_is_what_comparing_all_of_them_says(
            scripts in proptest::collection::vec(script(), 1..6),
            idle_after_ms in 0..4_i64,
        ) {
            check(&scripts, idle_after_ms);
        }
    }
}
