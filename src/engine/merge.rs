//! Which record comes next: partition p of all inputs, read together, lowest record time first.
//!
//! Invariant: a record is handed out only when every other input has shown its next record, or is known to be at its
//! end (and, if `idle_after` is set, has been there that long). Ties: the order of the inputs, then the offset. So a
//! catch-up gives the order that live reading of the same topics gave.

use super::head::Head;
use super::ports::{Batch, Fetched};

/// The next record of each input.
pub struct Merge<B> {
    heads: Vec<Head<B>>,
    idle_after_ms: i64,
    lead: Lead,
}

/// An input whose records come next for as long as their times are below those of all others: what the last comparison said
/// of the others, which only change when they are compared again.
#[derive(Debug, Clone, Copy)]
struct Lead {
    input: usize,
    /// The first time that may be another input's turn.
    until: i64,
}

impl Lead {
    const NOBODY: Self = Self { input: 0, until: i64::MIN };
}

/// What the merge has to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// This input's head is next, with this time; [`Merge::head`] shows it.
    Record {
        /// The input.
        input: usize,
        /// The record's time, as far as order and watermark go.
        time: i64,
    },
    /// An input that may have more must be waited for.
    Wait,
    /// All inputs are at their end.
    End,
}

impl<B: Batch> Merge<B> {
    /// A merge of inputs that have shown nothing yet, one batch for each.
    pub fn new(batches: Vec<B>, idle_after_ms: i64) -> Self {
        let heads = batches.into_iter().map(Head::new).collect();
        Self { heads, idle_after_ms, lead: Lead::NOBODY }
    }

    /// Begins a round: inputs at their end are asked again.
    pub fn begin_round(&mut self) {
        self.heads.iter_mut().for_each(|head| head.asked = false);
        self.lead = Lead::NOBODY;
    }

    /// What is next. Empty heads are filled through `fetch`; a record's time counts as at most `time_max`, a missing one
    /// as its predecessor's.
    #[inline]
    pub fn next<E>(
        &mut self,
        wall: i64,
        time_max: i64,
        fetch: impl FnMut(usize, &mut B) -> Result<Fetched, E>,
    ) -> Result<Next, E> {
        let Lead { input, until } = self.lead;
        match self.heads.get(input) {
            Some(head) if head.time < until && head.next < head.batch.len() => {
                Ok(Next::Record { input, time: head.time })
            }
            _ => self.compare(wall, time_max, fetch),
        }
    }

    fn compare<E>(
        &mut self,
        wall: i64,
        time_max: i64,
        mut fetch: impl FnMut(usize, &mut B) -> Result<Fetched, E>,
    ) -> Result<Next, E> {
        let mut best: Option<(i64, usize)> = None;
        // The first time at which another input than the best has its turn: of equal times the upper input's comes first.
        let mut until = i64::MAX;
        let mut waiting = false;
        for (input, head) in self.heads.iter_mut().enumerate() {
            if head.is_empty() {
                if head.asked && head.ended.is_some_and(|since| wall - since >= self.idle_after_ms) {
                    continue;
                }
                head.empty();
                match fetch(input, &mut head.batch)? {
                    Fetched::Records => {
                        head.ended = None;
                        head.show(time_max);
                    }
                    Fetched::End => {
                        let since = *head.ended.get_or_insert(wall);
                        waiting |= wall - since < self.idle_after_ms;
                        continue;
                    }
                    Fetched::Nothing => {
                        // An end once reached stays an end until records come, even if the source forgets to say so.
                        waiting |= head.ended.is_none_or(|since| wall - since < self.idle_after_ms);
                        continue;
                    }
                }
            }
            match best {
                Some((time, _)) if time <= head.time => until = until.min(head.time.saturating_add(1)),
                _ => {
                    until = until.min(best.map_or(i64::MAX, |(time, _)| time));
                    best = Some((head.time, input));
                }
            }
        }
        self.lead = Lead::NOBODY;
        Ok(match best {
            Some(_) if waiting => Next::Wait,
            Some((time, input)) => {
                self.lead = Lead { input, until };
                Next::Record { input, time }
            }
            None if waiting => Next::Wait,
            None => Next::End,
        })
    }

    /// The batch and place of an input's head record.
    pub fn head(&self, input: usize) -> (&B, usize) {
        let head = &self.heads[input];
        (&head.batch, head.next)
    }

    /// The batch and place of the record that is this many after an input's head record, if it is known yet.
    pub fn ahead(&self, input: usize, by: usize) -> Option<(&B, usize)> {
        let head = &self.heads[input];
        let place = head.next + by;
        (place < head.batch.len()).then_some((&head.batch, place))
    }

    /// Goes past an input's head record.
    pub fn advance(&mut self, input: usize, time_max: i64) {
        self.heads[input].advance(time_max);
    }

    /// Whether nothing is held and every input is at its end.
    pub fn is_at_end(&self) -> bool {
        self.heads.iter().all(|head| head.is_empty() && head.ended.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::fakes::{FakeBatch, Script};

    /// Runs the merge over scripts of fetches and gives what it handed out as "input@offset".
    fn check(scripts: &[&[Script]], idle_after_ms: i64, expected: &str) {
        let mut scripts: Vec<_> = scripts.iter().map(|script| script.iter().cloned()).collect();
        let mut merge = Merge::new(vec![FakeBatch::default(); scripts.len()], idle_after_ms);
        let mut got = String::new();
        for wall in 0..12 {
            merge.begin_round();
            loop {
                let next = merge.next(wall, 1_000, |input, batch| {
                    Ok::<_, ()>(match scripts[input].next() {
                        Some(Records(records)) => {
                            batch.extend(&records);
                            Fetched::Records
                        }
                        Some(End) => Fetched::End,
                        Some(Nothing) | None => Fetched::Nothing,
                    })
                });
                match next {
                    Ok(Next::Record { input, .. }) => {
                        let (batch, place) = merge.head(input);
                        got += &format!("{input}@{} ", batch.offset(place));
                        merge.advance(input, 1_000);
                    }
                    Ok(Next::Wait | Next::End) => break,
                    Err(()) => unreachable!("the fake never fails"),
                }
            }
        }
        assert_eq!(got.trim_end(), expected);
    }

    use Script::{End, Nothing, Records};

    #[test]
    fn the_lowest_time_comes_first_and_ties_go_by_input_then_offset() {
        check(
            &[&[Records(vec![(0, 10), (1, 20), (2, 20)]), End], &[Records(vec![(0, 10), (1, 20)]), End]],
            0,
            "0@0 1@0 0@1 0@2 1@1",
        );
    }

    #[test]
    fn an_input_that_may_have_more_is_waited_for() {
        check(&[&[Records(vec![(0, 10)]), End], &[Nothing, Nothing, Records(vec![(0, 5)]), End]], 0, "1@0 0@0");
    }

    #[test]
    fn an_input_that_says_nothing_blocks_the_others() {
        check(&[&[Records(vec![(0, 10)]), End], &[]], 0, "");
    }

    #[test]
    fn an_input_at_its_end_is_not_waited_for() {
        check(&[&[Records(vec![(0, 10)])], &[End]], 0, "0@0");
    }

    #[test]
    fn an_input_at_its_end_is_waited_for_as_long_as_asked() {
        check(&[&[Records(vec![(0, 10)])], &[End, End, Records(vec![(0, 5)]), End]], 3, "1@0 0@0");
    }

    #[test]
    fn a_record_without_time_counts_as_its_predecessor_and_one_from_the_future_as_the_limit() {
        check(
            &[&[Records(vec![(0, 10), (1, -1), (2, 9_999)]), End], &[Records(vec![(0, 11), (1, 1_001)]), End]],
            0,
            "0@0 0@1 1@0 0@2 1@1",
        );
    }

    #[test]
    fn every_record_comes_in_the_order_that_comparing_all_heads_each_time_gives() {
        // Times that often are equal, and not always in order within an input.
        let mut dice = 7_u64;
        let mut die = |sides: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % sides
        };
        let inputs: Vec<Vec<(i64, i64)>> =
            (0..3).map(|_| (0..40).map(|offset| (offset, offset / 2 + die(4) as i64)).collect()).collect();
        let mut next = [0; 3];
        let mut expected = String::new();
        while let Some(input) =
            (0..3).filter(|&input| next[input] < 40).min_by_key(|&input| (inputs[input][next[input]].1, input))
        {
            expected += &format!("{input}@{} ", next[input]);
            next[input] += 1;
        }
        let scripts: Vec<Vec<Script>> = inputs
            .iter()
            .map(|records| records.chunks(7).map(|some| Records(some.to_vec())).chain([End]).collect())
            .collect();
        let scripts: Vec<&[Script]> = scripts.iter().map(Vec::as_slice).collect();
        check(&scripts, 0, expected.trim_end());
    }
}
