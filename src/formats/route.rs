//! Ways through whole records that were taken before: the texts between the values of such a record, all at once.
//!
//! A record is put together from [`Step`]s, and most records of an input from the same steps in the same order. Where the
//! order is known beforehand no step waits for the one before: how many quotes come before a text tells where it stands. So
//! all texts are compared side by side, and then only what is wanted is read.
//!
//! Invariant: a route takes a record only if the steps it was made of would lead through it one after the other, and finds
//! what they would. Not in here: what may follow what, and where steps come from (`habit`).

use super::found::Found;
use super::habit::{PERIOD, REST};
use super::lesson::Effect;
use super::literal;
use super::quotes::Quotes;
use super::step::{End, Head, NONE, Step, Value, WIDTH};

/// Routes kept.
const ROUTES_MAX: usize = 64;
/// Steps of a route at most: longer records gain little, and hardly come twice.
const STEPS_MAX: usize = 256;
/// Groups of routes, by how many quotes their records have.
const GROUPS: usize = 128;
/// Routes that a record of a group may take.
const CHOICE: usize = 4;

/// The routes of an input.
#[derive(Debug)]
pub(super) struct Routes {
    routes: Vec<Route>,
    /// The numbers of a group's routes, the one first that was taken last; then `NONE`.
    groups: [[u16; CHOICE]; GROUPS],
    seen: u32,
    missed: u32,
    resting: u32,
}

impl Default for Routes {
    fn default() -> Self {
        Self { routes: Vec::new(), groups: [[NONE; CHOICE]; GROUPS], seen: 0, missed: 0, resting: 0 }
    }
}

/// The steps that led through a record.
#[derive(Clone, Copy)]
pub(super) struct Itinerary<'a> {
    /// Their numbers, in order; the last one ends the record.
    pub(super) path: &'a [u16],
    /// All steps there are.
    pub(super) steps: &'a [Step],
    /// What is left of texts longer than a step holds.
    pub(super) rests: &'a [u8],
    /// The effects of all steps.
    pub(super) effects: &'a [(u16, Effect)],
}

impl Routes {
    /// Fills `found`, which is empty and has a place for every slot; `quotes` are the text's. `None`: the record takes no
    /// known route, and `found` is empty.
    #[inline(always)]
    pub(super) fn read<'a>(
        &mut self,
        quotes: &Quotes,
        text: &'a str,
        found: &mut [Found<'a>],
        has_head: impl Fn(&[u8; WIDTH], &Head) -> bool,
    ) -> Option<()> {
        if self.resting > 0 {
            self.resting -= 1;
            return None;
        }
        self.seen = self.seen.wrapping_add(1);
        let group = &mut self.groups[quotes.places().len() % GROUPS];
        let record = Marked { text, marks: quotes.places_and_end(), has_escapes: quotes.has_escapes() };
        let end = End::of(text.as_bytes());
        for choice in 0..CHOICE {
            let route = self.routes.get(usize::from(group[choice]))?;
            if !route.fits(record, &end, &has_head) {
                continue;
            }
            if choice > 0 {
                group[..=choice].rotate_right(1);
            }
            let is_read = route.take(record, found).is_some();
            if !is_read {
                found.fill(Found::Absent);
            }
            return is_read.then_some(());
        }
        None
    }

    /// Told of each record that took no route: how many quotes it has, and what led through it if that is known. Then there
    /// is a route for others like it.
    #[cold]
    pub(super) fn missed(&mut self, quotes: usize, itinerary: Option<Itinerary<'_>>) {
        if self.resting > 0 {
            return;
        }
        self.missed += 1;
        if self.seen >= PERIOD {
            if self.missed > self.seen / 2 {
                *self = Self { resting: REST, ..Self::default() };
                return;
            }
            (self.seen, self.missed) = (0, 0);
        }
        if self.routes.len() < ROUTES_MAX
            && let Some(route) = itinerary.and_then(|itinerary| Route::through(quotes, itinerary))
        {
            let group = &mut self.groups[quotes % GROUPS];
            group.rotate_right(1);
            group[0] = self.routes.len() as u16;
            self.routes.push(route);
        }
    }

    #[cfg(test)]
    pub(super) fn taken(&self) -> u32 {
        self.seen - self.missed
    }
}

/// A record, and where its quotes are and its end.
#[derive(Clone, Copy)]
struct Marked<'a, 'q> {
    text: &'a str,
    marks: &'q [u32],
    has_escapes: bool,
}

/// A place in a record: so far behind the mark of this number, or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    mark: u16,
    off: i16,
}

impl Spot {
    /// Where it is in a record with these marks; anything if it is in none.
    ///
    /// # Safety
    /// There are more marks than its number.
    #[inline(always)]
    unsafe fn of(self, marks: &[u32]) -> usize {
        debug_assert!(usize::from(self.mark) < marks.len());
        // SAFETY: by contract.
        let mark = unsafe { *marks.get_unchecked(usize::from(self.mark)) };
        (mark as usize).wrapping_add_signed(isize::from(self.off))
    }
}

/// A text between two values, or as much of it as is compared at once.
#[derive(Debug, Clone, Copy)]
struct Leg {
    head: Head,
    at: Spot,
}

/// What is to be done where all texts stand where they should.
#[derive(Debug, Clone, Copy)]
enum Task {
    /// To see that these are the same place: nothing stands between two texts.
    Meet([Spot; 2]),
    /// To see that this is all that stands between two places, and to keep it, unless the slot is `NONE`.
    Value(Value, u16, [Spot; 2]),
    /// To keep the text behind this quote.
    Text(u16, u16),
    /// To change a slot; the last value ended at this place.
    Change(u16, Effect, Spot),
}

/// One way through a record. No leg or task has a mark that is not there.
#[derive(Debug)]
struct Route {
    /// How many marks the record has.
    marks: usize,
    /// Where the record's first quote is.
    first: u32,
    legs: Box<[Leg]>,
    tasks: Box<[Task]>,
}

impl Route {
    /// `None`: it cannot be told from quotes where its texts stand, or it is too long.
    fn through(quotes: usize, Itinerary { path, steps, rests, effects }: Itinerary<'_>) -> Option<Self> {
        let (last, path) = path.split_last().filter(|(_, path)| path.len() <= STEPS_MAX)?;
        let (mut draft, mut passed) = (Draft { quotes: u16::try_from(quotes).ok()?, ..Draft::default() }, 0_u16);
        // What comes before the next text.
        let mut gap: Option<Gap> = None;
        for step in path.iter().map(|step| &steps[usize::from(*step)]) {
            let text = step.text(rests);
            let at = match gap {
                // Behind a text the next one is looked for where that ends, so there is nothing to be seen to.
                Some(Gap { value: Value::Text, from, .. }) => from,
                _ => {
                    let first = text.iter().position(|&byte| byte == b'"')?;
                    Spot { mark: passed, off: -i16::try_from(first).ok()? }
                }
            };
            if gap.is_none() {
                draft.first = at.off.unsigned_abs().into();
            }
            draft.gap(gap, at);
            draft.legs(&text, at)?;
            draft.changes(step.effects_among(effects), at);
            passed = passed.checked_add(step.quotes)?;
            let nearest = passed.checked_sub(1)?;
            let from = if step.value == Value::Text {
                if step.slot != NONE {
                    draft.filled.push(step.slot);
                    draft.tasks.push(Task::Text(step.slot, nearest));
                }
                passed = passed.checked_add(1)?;
                Spot { mark: nearest + 1, off: 1 }
            } else {
                let behind = text.iter().rev().position(|&byte| byte == b'"')?;
                Spot { mark: nearest, off: i16::try_from(behind).ok()?.checked_add(1)? }
            };
            gap = Some(Gap { value: step.value, slot: step.slot, from });
        }
        let last = &steps[usize::from(*last)];
        // What is empty at the end has a key all the same.
        let all = passed.checked_add(last.quotes)?;
        if last.value != Value::End || all != draft.quotes || gap.is_none() {
            return None;
        }
        // Of the marks the end comes behind the quotes.
        let tail = Spot { mark: all, off: -i16::try_from(last.length).ok()? };
        match gap {
            Some(Gap { value: Value::Text, from, .. }) => draft.tasks.push(Task::Meet([from, tail])),
            gap => draft.gap(gap, tail),
        }
        draft.legs(&last.text(rests), tail)?;
        draft.changes(last.effects_among(effects), tail);
        Some(draft.finish())
    }

    /// Whether all texts stand where they should.
    #[inline(always)]
    fn fits(&self, record: Marked<'_, '_>, end: &End, has_head: impl Fn(&[u8; WIDTH], &Head) -> bool) -> bool {
        let bytes = record.text.as_bytes();
        // Places behind which there are as many bytes as are looked at together.
        let whole = (bytes.len() + 1).saturating_sub(WIDTH);
        self.marks == record.marks.len()
            && record.marks[0] == self.first
            && self.legs.iter().all(|leg| {
                // SAFETY: as many marks as the route has, and it has no leg beyond them.
                let at = unsafe { leg.at.of(record.marks) };
                let here = if at < whole {
                    // SAFETY: so many bytes follow, as was just seen, and are as good at any address.
                    unsafe { &*bytes.as_ptr().add(at).cast::<[u8; WIDTH]>() }
                } else {
                    end.from(at, bytes.len())
                };
                has_head(here, &leg.head)
            })
    }

    /// Reads what is wanted of a record that the route fits, and sees that between its texts there are values.
    #[inline(always)]
    fn take<'a>(&self, record: Marked<'a, '_>, found: &mut [Found<'a>]) -> Option<()> {
        debug_assert_eq!(self.marks, record.marks.len());
        // SAFETY: as many marks as the route has, which was seen when it fitted, and it has no task beyond them.
        let place = |spot: Spot| unsafe { spot.of(record.marks) };
        let [first, second] = [0, 1].map(|end: usize| move |spots: &[Spot; 2]| place(spots[end]));
        for task in &self.tasks {
            match task {
                Task::Meet(spots) => (first(spots) == second(spots)).then_some(())?,
                Task::Value(value, slot, spots) => {
                    let from = first(spots);
                    let length = value.read(record.text, from, *slot, found)?;
                    (from + length == second(spots)).then_some(())?;
                }
                Task::Text(slot, open) => {
                    let [open, close] = *record.marks.get(usize::from(*open)..)?.first_chunk()?;
                    let found = &mut found[usize::from(*slot)];
                    literal::put_text(found, record.text, open as usize, close as usize, record.has_escapes)?;
                }
                Task::Change(slot, effect, at) => {
                    effect.change(&mut found[usize::from(*slot)], record.text, place(*at));
                }
            }
        }
        Some(())
    }
}

/// What stands between two texts, from the first one's end.
#[derive(Debug, Clone, Copy)]
struct Gap {
    value: Value,
    slot: u16,
    from: Spot,
}

/// A route in the making.
#[derive(Debug, Default)]
struct Draft {
    quotes: u16,
    first: u32,
    legs: Vec<Leg>,
    tasks: Vec<Task>,
    /// Slots in which something was put.
    filled: Vec<u16>,
}

impl Draft {
    /// What stands before a text that is no text itself reaches up to it.
    fn gap(&mut self, gap: Option<Gap>, until: Spot) {
        if let Some(Gap { value, slot, from }) = gap.filter(|gap| gap.value != Value::Text) {
            self.filled.push(slot);
            self.tasks.push(Task::Value(value, slot, [from, until]));
        }
    }

    fn legs(&mut self, text: &[u8], at: Spot) -> Option<()> {
        for (part, bytes) in text.chunks(WIDTH).enumerate() {
            let off = at.off.checked_add(i16::try_from(part * WIDTH).ok()?)?;
            self.legs.push(Leg { head: Head::of(bytes), at: Spot { off, ..at } });
        }
        Some(())
    }

    fn changes(&mut self, effects: &[(u16, Effect)], at: Spot) {
        for &(slot, effect) in effects {
            match effect {
                // Nothing is there before something is put there; most keys come once.
                Effect::Empty if !self.filled.contains(&slot) => continue,
                Effect::Empty => self.filled.retain(|filled| *filled != slot),
                Effect::Other | Effect::Begin(_) | Effect::End(_) => self.filled.push(slot),
            }
            self.tasks.push(Task::Change(slot, effect, at));
        }
    }

    fn finish(self) -> Route {
        let marks = usize::from(self.quotes) + 1;
        let spots = self.tasks.iter().flat_map(|task| match task {
            Task::Meet(spots) | Task::Value(.., spots) => &spots[..],
            Task::Change(.., spot) => std::slice::from_ref(spot),
            Task::Text(..) => &[],
        });
        let is_there = |spot: &Spot| usize::from(spot.mark) < marks;
        assert!(
            spots.chain(self.legs.iter().map(|leg| &leg.at)).all(is_there),
            "texts have no more quotes than the record they are of"
        );
        Route { marks, first: self.first, legs: self.legs.into(), tasks: self.tasks.into() }
    }
}
