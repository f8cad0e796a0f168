//! One partition's customers, timers and time, changed by one worker.
//!
//! Invariant: what a record does is decided here and depends on nothing but this state and the records before it: a
//! worker's batches, epochs and pauses leave no trace in it. First quiet customers' timers that are due by the watermark,
//! then the record.
//!
//! Not here: where records come from (`worker`), what an epoch writes of the state (`close`), what an event means
//! (`journey`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use compact_str::CompactString;

use super::census::Census;
use super::keeper::Keeper;
use super::murmur2;
use super::output::{self, DeadLetter, Origin, Subject};
use super::pace::Pace;
use super::phrases::Phrases;
use super::ports::{Epoch, WatermarkState};
use super::rows::NEVER;
use super::rules::Rules;
use super::store::{IdHash, Place, Store};
use super::tally::Tally;
use super::timers::{Timers, whole_tick};
use super::watermark::Watermark;
use crate::formats::{Decoded, Decoder, Item, Origin as Found, RawRecord, Told};
use crate::journey::{Effects, Event, Fired, Outcome, Record, Reject, Transition};

/// Customers looked at for their timers are brought closer this many before their turn.
const AHEAD: usize = 8;

/// A record and where it stood.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// Index of the input, among all of [`Rules::inputs`].
    pub input: usize,
    /// The record.
    pub raw: RawRecord<'a>,
    /// Its offset.
    pub offset: i64,
    /// Its time, as far as order and watermark go.
    pub time: i64,
    /// The wall clock, for the watermark's committed pair alone.
    pub wall: i64,
}

/// Where a partition's work goes: the open epoch and what is counted beside it.
pub struct Open<'a, M> {
    /// What is written.
    pub epoch: &'a mut Epoch<M>,
    /// What is counted.
    pub tally: &'a mut Tally,
}

/// One partition, as its worker holds it.
pub struct Partition {
    pub(super) number: i32,
    pub(super) rules: Arc<Rules>,
    phrases: Phrases,
    pub(super) keeper: Keeper,
    pub(super) timers: Timers,
    pub(super) watermark: Watermark,
    /// The next offset to apply, by what is read ([`Rules::reads`]).
    pub(super) positions: Vec<i64>,
    /// Number of the open epoch.
    pub(super) epoch: u64,
    /// The places of customers changed in the open epoch, each once. Who was forgotten in between has left them.
    pub(super) changed: Vec<Place>,
    /// Customers forgotten in the open epoch who did not come back in it yet.
    pub(super) removed: Vec<CompactString>,
    /// Customers whose phase changed in the open epoch, possibly more than once.
    pub(super) moved: Vec<CompactString>,
    /// When which bucket is written.
    pub(super) pace: Pace,
    /// The owner's term.
    pub(super) term: u64,
    /// The positions that the last closed epoch stood for; empty before the first.
    pub(super) committed_positions: Vec<i64>,
    /// Customers by phase.
    pub(super) census: Census,
    /// Customers held.
    pub(super) customers: u64,
    /// Whether there is anything to commit.
    pub(super) touched: bool,
    effects: Effects,
    /// The record as it was before the step under way.
    before: Box<Record>,
}

impl Partition {
    /// A partition with nobody in it, at these positions, whose next epoch has this number.
    pub fn new(
        number: i32,
        rules: Arc<Rules>,
        positions: Vec<i64>,
        epoch: u64,
        watermark: Option<WatermarkState>,
    ) -> Self {
        let before = rules.set.fresh();
        let census = Census::new(&rules);
        let phrases = Phrases::new(&rules);
        Self {
            number,
            keeper: Keeper::new(rules.set.layout().words),
            timers: Timers::new(),
            watermark: Watermark::new(watermark, rules.allowed_lateness_ms),
            rules,
            phrases,
            positions,
            epoch,
            changed: Vec::new(),
            removed: Vec::new(),
            moved: Vec::new(),
            pace: Pace::default(),
            term: 0,
            committed_positions: Vec::new(),
            census,
            customers: 0,
            touched: false,
            effects: Effects::default(),
            before,
        }
    }

    /// The customers, for look-ups from other threads.
    pub fn store(&self) -> &Arc<Store> {
        self.keeper.store()
    }

    /// The customers, for whoever brings those closer that will come next.
    pub fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    /// The watermark in epoch milliseconds; `None` before the first record.
    pub fn watermark(&self) -> Option<i64> {
        self.watermark.at()
    }

    /// Whether there is anything to commit.
    pub fn is_touched(&self) -> bool {
        self.touched
    }

    /// Customers changed in the open epoch.
    pub fn changed_len(&self) -> usize {
        self.changed.len()
    }

    /// Lets go of what the open epoch would write of the state: for runs that nobody restores.
    pub fn drop_changes(&mut self) {
        self.changed.clear();
        self.removed.clear();
        self.moved.clear();
        self.touched = false;
    }

    /// Applies one record: decodes it, fires what is due by then, steps its customer. However it ends, it is counted once.
    /// If it cannot be decoded yet, nothing is done at all: `false`, and the record is to be brought again.
    #[must_use]
    pub fn apply<M>(&mut self, taken: Taken<'_>, decoder: &mut dyn Decoder, open: &mut Open<'_, M>) -> bool {
        let decoded = self.check_size(&taken.raw).and_then(|()| decoder.decode(&taken.raw));
        if matches!(decoded, Ok(Decoded::NotYet)) {
            return false;
        }
        self.touched = true;
        self.watermark.record(taken.time, taken.wall);
        self.fire_due(open);
        self.positions[taken.input - self.rules.reads_from] = taken.offset + 1;
        match decoded {
            Ok(Decoded::One(mut told)) => {
                let input = told.origin.map_or(taken.input, |origin| origin.input);
                self.admit(&mut told.event, input, &taken, open.tally);
                match self.step(&told, input, &taken, open) {
                    Ok(outcome) => open.tally.inputs[input].ended(outcome),
                    Err(reject) => self.reject(&taken, &reject, told.origin, open),
                }
            }
            Ok(Decoded::Dropped(reason)) => open.tally.inputs[taken.input].dropped[reason.index()] += 1,
            Ok(Decoded::Ignored | Decoded::NotYet) => open.tally.inputs[taken.input].ignored += 1,
            Ok(Decoded::Several(items)) => self.apply_several(items, &taken, open),
            Err(reject) => self.reject(&taken, &reject, None, open),
        }
        true
    }

    /// Applies the events of one record, all or none: if one of them is not ours to apply, none is.
    #[inline(never)]
    fn apply_several<M>(&mut self, items: Vec<Item<'_>>, taken: &Taken<'_>, open: &mut Open<'_, M>) {
        let astray = items.iter().find_map(|item| match item {
            Item::Event(told) => self.check_place(told, taken.input).err(),
            Item::Dropped(_) => None,
        });
        if let Some(reject) = astray {
            return self.reject(taken, &reject, None, open);
        }
        for item in items {
            match item {
                Item::Event(mut told) => {
                    self.admit(&mut told.event, taken.input, taken, open.tally);
                    match self.step(&told, taken.input, taken, open) {
                        Ok(outcome) => open.tally.inputs[taken.input].ended(outcome),
                        // What panicked is told with the whole record; the others of it are applied.
                        Err(reject) => self.reject(taken, &reject, told.origin, open),
                    }
                }
                Item::Dropped(reason) => open.tally.inputs[taken.input].dropped[reason.index()] += 1,
            }
        }
    }

    /// A record that cannot be used; where it was found first, if that is known.
    #[cold]
    fn reject<M>(&self, taken: &Taken<'_>, reject: &Reject, origin: Option<Found>, open: &mut Open<'_, M>) {
        let here = Found { input: taken.input, partition: self.number, offset: taken.offset };
        let Found { input, partition, offset } = origin.unwrap_or(here);
        open.tally.inputs[input].rejected[reject.index()] += 1;
        let topic = &self.rules.inputs[input].topic;
        let letter = DeadLetter { raw: taken.raw, topic, partition, offset, reject };
        output::dead_letter(letter, open.epoch);
    }

    /// Whether the customer of an event that some model takes belongs here.
    fn check_place(&self, told: &Told<'_>, input: usize) -> Result<(), Reject> {
        let Some(count) = self.rules.partition_count else { return Ok(()) };
        if !self.rules.set.takes(&told.event, &self.rules.inputs[input].name) {
            return Ok(());
        }
        match murmur2::partition_of(told.event.customer.as_bytes(), count) {
            there if there != self.number => Err(Reject::WrongPartition(self.number, there)),
            _ => Ok(()),
        }
    }

    /// All inputs are at their end: lets time go on with the wall clock and fires what has become due.
    pub fn at_end<M>(&mut self, wall: i64, open: &mut Open<'_, M>) {
        self.watermark.at_end(wall);
        self.fire_due(open);
    }

    fn check_size(&self, raw: &RawRecord<'_>) -> Result<(), Reject> {
        match raw.value {
            Some(value) if value.len() > self.rules.event_bytes_max => {
                Err(Reject::TooLarge(value.len(), self.rules.event_bytes_max))
            }
            _ => Ok(()),
        }
    }

    /// An event from too far ahead of its record takes the record's time.
    fn admit(&self, event: &mut Event<'_>, input: usize, taken: &Taken<'_>, tally: &mut Tally) {
        if event.kind.is_some() && event.at > taken.time.saturating_add(self.rules.max_future_skew_ms) {
            event.at = taken.time;
            event.time_is_own = false;
            tally.inputs[input].future += 1;
        }
    }

    fn step<M>(
        &mut self,
        told: &Told<'_>,
        input: usize,
        taken: &Taken<'_>,
        open: &mut Open<'_, M>,
    ) -> Result<Outcome, Reject> {
        let event = &told.event;
        if !self.rules.set.takes(event, &self.rules.inputs[input].name) {
            return Ok(Outcome::Ignored);
        }
        let Self { rules, keeper, timers, watermark, effects, before, census, .. } = self;
        let id = event.customer.as_ref();
        let hash = IdHash::of(id);
        effects.clear();
        let (epoch, now) = (self.epoch as u32, watermark.at().unwrap_or(event.at));
        let channel = rules.inputs[input].name.as_str();
        let number = self.number;
        let fresh = || match rules.partition_count.map(|count| murmur2::partition_of(id.as_bytes(), count)) {
            Some(there) if there != number => Err(Reject::WrongPartition(number, there)),
            _ => Ok(epoch.wrapping_sub(1)),
        };
        let (outcome, new, first_change) = keeper.update(hash, id, fresh, |place, customer, new| {
            let outcome = guarded(customer.record, before, effects, |record, effects| {
                let outcome = rules.set.step(record, event, channel, effects);
                (outcome, rules.set.deadline(record))
            });
            let outcome = outcome.map(|(outcome, deadline)| {
                timers.schedule(place, deadline, now, customer.wake);
                outcome
            });
            // A repeat changes nothing, and so is nothing to write.
            let first_change = matches!(outcome, Ok(Outcome::Applied { .. })) && *customer.changed != epoch;
            if first_change {
                *customer.changed = epoch;
            }
            if new {
                census.add(before, rules);
            }
            if !effects.transitions.is_empty() || effects.forgotten > 0 {
                census.change(before, customer.record, rules);
            }
            (outcome, new, first_change.then_some(place))
        })?;
        if new {
            self.customers += 1;
        }
        self.changed.extend(first_change);
        for cell in &self.effects.touchpoints {
            open.tally.touch(*cell, input);
        }
        let place = match told.origin {
            Some(origin) => Some((origin.partition, origin.offset)),
            // Without partitions there are no offsets either.
            None => self.rules.partition_count.map(|_| (self.number, taken.offset)),
        };
        self.emit(id, Some(Origin { event_id: event.id.as_deref(), input, place }), open);
        outcome
    }

    /// Fires the timers of customers who have been quiet past the watermark, in the order of (due time, customer), so that
    /// the output does not depend on how the index came to be.
    #[inline]
    fn fire_due<M>(&mut self, open: &mut Open<'_, M>) {
        // Asked for every record: ticks begin at whole seconds, so the rounding, a division, can wait.
        if let Some(at) = self.watermark.at()
            && self.timers.may_be_due(at)
        {
            self.fire_up_to(at, open);
        }
    }

    fn fire_up_to<M>(&mut self, at: i64, open: &mut Open<'_, M>) {
        let until = whole_tick(at);
        let mut due: Vec<(i64, CompactString, Place)> = Vec::new();
        while let Some((tick, places)) = self.timers.pop(until) {
            // Ticks often have few customers, and those of the next one are asked for soon, maybe some records later.
            self.timers.first().iter().take(AHEAD).for_each(|later| self.keeper.foresee_place(*later));
            for (number, place) in places.iter().copied().enumerate() {
                if let Some(later) = places.get(number + AHEAD) {
                    self.keeper.foresee_place(*later);
                }
                let Self { keeper, timers, rules, .. } = self;
                let looked = keeper.change(place, |customer| {
                    if *customer.wake != tick {
                        return None;
                    }
                    *customer.wake = NEVER;
                    let deadline = rules.set.deadline(customer.record);
                    if deadline.is_none_or(|deadline| deadline > until) {
                        timers.schedule(place, deadline, until, customer.wake);
                        return None;
                    }
                    deadline
                });
                if let Some(deadline) = looked.flatten() {
                    due.push((deadline, keeper.id(place), place));
                }
            }
        }
        due.sort_unstable();
        for (_, id, place) in due {
            self.fire(place, &id, until, open);
        }
    }

    fn fire<M>(&mut self, place: Place, id: &CompactString, until: i64, open: &mut Open<'_, M>) {
        let epoch = self.epoch as u32;
        let Self { rules, keeper, timers, effects, before, census, .. } = self;
        effects.clear();
        let fired = keeper.change(place, |customer| {
            // If it fails, the timer stays disarmed: no entry in the index until an event of the customer makes a new one.
            let fired =
                guarded(customer.record, before, effects, |record, effects| rules.set.fire(record, until, effects))?;
            if fired == Fired::Forgotten {
                census.remove(before, rules);
                return Ok((fired, false));
            }
            census.change(before, customer.record, rules);
            let first_change = fired == Fired::Changed && *customer.changed != epoch;
            if first_change {
                *customer.changed = epoch;
            }
            timers.schedule(place, rules.set.deadline(customer.record), until, customer.wake);
            Ok((fired, first_change))
        });
        match fired {
            None | Some(Ok((Fired::Nothing, _))) => return,
            Some(Ok((Fired::Changed, first_change))) => {
                if first_change {
                    self.changed.push(place);
                }
            }
            Some(Ok((Fired::Forgotten, _))) => self.forget(id),
            Some(Err(reject)) => {
                let (topic, key) = (self.rules.reads()[0].topic.clone(), Some(id.as_bytes()));
                let raw = RawRecord { key, timestamp: until, ..RawRecord::default() };
                let offset = self.positions[0];
                let letter = DeadLetter { raw, topic: &topic, partition: self.number, offset, reject: &reject };
                output::dead_letter(letter, open.epoch);
            }
        }
        self.touched = true;
        self.emit(id, None, open);
    }

    fn forget(&mut self, id: &CompactString) {
        self.keeper.remove(IdHash::of(id), id);
        self.removed.push(id.clone());
        if self.rules.writes_phases {
            self.moved.push(id.clone());
        }
        self.customers -= 1;
    }

    /// Writes and counts what the effects say of a customer.
    #[inline]
    fn emit<M>(&mut self, id: &str, origin: Option<Origin<'_>>, open: &mut Open<'_, M>) {
        // Most events lead to nothing that is told.
        if !self.effects.is_quiet() {
            self.tell(id, origin, open);
        }
    }

    /// A customer of this partition, for what is told of it.
    pub(super) fn subject<'a>(&self, customer: &'a str) -> Subject<'a> {
        Subject { customer, partition: self.rules.outputs_alike.then_some(self.number) }
    }

    /// The same for a customer of whom there is something to tell.
    #[inline(never)]
    fn tell<M>(&mut self, id: &str, origin: Option<Origin<'_>>, open: &mut Open<'_, M>) {
        let subject = self.subject(id);
        let Self { effects, phrases, rules, moved, .. } = self;
        // Where shadows move a customer is nobody's latest phase.
        let is_active = |transition: &Transition| usize::from(transition.model) < rules.set.active();
        if rules.writes_phases && (effects.transitions.iter().any(is_active) || effects.forgotten > 0) {
            moved.push(CompactString::from(id));
        }
        output::transitions(phrases, subject, effects, origin, open.epoch);
        output::signals(phrases, subject, effects, origin, open.epoch);
        for signal in &effects.signals {
            *open.tally.signals.entry((signal.model, signal.rule)).or_default() += 1;
        }
        open.tally.displaced += u64::from(effects.displaced);
        open.tally.forgotten += u64::from(effects.forgotten);
        for transition in &effects.transitions {
            let model = transition.model;
            *open.tally.transitions.entry((model, transition.from, transition.to, transition.cause)).or_default() += 1;
            if let Some(variant) = transition.variant {
                *open.tally.variants.entry((model, transition.from, transition.to, variant)).or_default() += 1;
            }
            if let Some(from) = transition.from {
                let seconds = (transition.at - transition.since) as f32 / 1e3;
                open.tally.dwells.push((model, from, seconds));
            }
        }
    }
}

/// Changes a record, which `before` keeps as it was: if that panics, record and effects are as they were before, and the
/// panic is a value.
fn guarded<T>(
    record: &mut Record,
    before: &mut Record,
    effects: &mut Effects,
    change: impl FnOnce(&mut Record, &mut Effects) -> T,
) -> Result<T, Reject> {
    before.0.copy_from_slice(&record.0);
    catch_unwind(AssertUnwindSafe(|| change(record, effects))).map_err(|panic| {
        record.0.copy_from_slice(&before.0);
        effects.clear();
        Reject::Panic(panic_message(panic.as_ref()))
    })
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
