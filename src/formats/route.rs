//! Ways through whole records that were taken before: the texts between the values of such a record, all at once.
//!
//! A record is put together from [`Step`]s, and most records of an input from the same steps in the same order. Where the
//! order is known beforehand no step waits for the one before: how many quotes come before a text tells where it stands. So
//! all texts are compared side by side, and then only what is wanted is read.
//!
//! Invariant: a route takes a record only if the steps it was made of would lead through it one after the other, and finds
//! what they would. Not in here: what may follow what, and where steps come from (`habit`).

use super::found::Found;
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
/// Records after which it is asked whether routes pay.
const PERIOD: u32 = 4096;
/// Records for which none is tried after they did not pay; then all are made anew.
const REST: u32 = 16 * PERIOD;

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
        self.seen += 1;
        let group = &mut self.groups[quotes.places().len() % GROUPS];
        let record = Marked { text, quotes: quotes.places(), has_escapes: quotes.has_escapes() };
        let end = End::of(text.as_bytes());
        for choice in 0..CHOICE {
            let route = self.routes.get(usize::from(group[choice]))?;
            if !route.fits(record, &end, &has_head) {
                continue;
            }
            group[..=choice].rotate_right(1);
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

/// A record and where its quotes are.
#[derive(Clone, Copy)]
struct Marked<'a, 'q> {
    text: &'a str,
    quotes: &'q [u32],
    has_escapes: bool,
}

/// A place in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Begin,
    /// So far behind the quote of this number, or before.
    Quote(u16, i16),
    /// So far before the end.
    End(u16),
}

impl Place {
    #[inline(always)]
    fn of(self, record: Marked<'_, '_>) -> Option<usize> {
        match self {
            Self::Begin => Some(0),
            Self::Quote(number, off) => {
                let quote = *record.quotes.get(usize::from(number))?;
                (quote as usize).checked_add_signed(isize::from(off))
            }
            Self::End(off) => record.text.len().checked_sub(usize::from(off)),
        }
    }
}

/// A text between two values, or as much of it as is compared at once.
#[derive(Debug, Clone, Copy)]
struct Leg {
    head: Head,
    /// The quote that tells where it stands, and how far from there that is.
    quote: u16,
    off: i16,
}

/// What is to be done where all texts stand where they should.
#[derive(Debug, Clone, Copy)]
enum Task {
    /// To see that these are the same place: nothing stands between two texts.
    Meet(Place, Place),
    /// To see that this is all that stands between two places, and to keep it, unless the slot is `NONE`.
    Value(Value, u16, [Place; 2]),
    /// To keep the text behind this quote.
    Text(u16, u16),
    /// To change a slot.
    Change(u16, Effect),
}

/// One way through a record.
#[derive(Debug)]
struct Route {
    /// How many quotes the record has.
    quotes: usize,
    legs: Box<[Leg]>,
    /// What stands behind the last value.
    tail: Head,
    tasks: Box<[Task]>,
}

impl Route {
    /// `None`: it cannot be told from quotes where its texts stand, or it is too long.
    fn through(quotes: usize, Itinerary { path, steps, rests, effects }: Itinerary<'_>) -> Option<Self> {
        let (last, path) = path.split_last().filter(|(_, path)| path.len() <= STEPS_MAX)?;
        let (mut legs, mut tasks) = (Vec::new(), Vec::new());
        // What comes before the next text, and the quotes up to there.
        let (mut gap, mut passed) = (Gap { value: Value::Text, slot: NONE, from: Place::Begin }, 0_u16);
        for (number, step) in path.iter().map(|step| &steps[usize::from(*step)]).enumerate() {
            let text = step.text(rests);
            let (quote, off) = if number > 0 && gap.value == Value::Text {
                (passed - 1, 1)
            } else {
                let first = text.iter().position(|&byte| byte == b'"')?;
                (passed, -i16::try_from(first).ok()?)
            };
            tasks.extend(gap.up_to(Place::Quote(quote, off)));
            for (part, bytes) in text.chunks(WIDTH).enumerate() {
                let off = off.checked_add(i16::try_from(part * WIDTH).ok()?)?;
                legs.push(Leg { head: Head::of(bytes), quote, off });
            }
            tasks.extend(step.effects_among(effects).iter().map(|&(slot, effect)| Task::Change(slot, effect)));
            passed = passed.checked_add(step.quotes)?;
            let nearest = passed.checked_sub(1)?;
            gap = Gap { value: step.value, slot: step.slot, from: Place::Quote(nearest, 1) };
            if step.value == Value::Text {
                if step.slot != NONE {
                    tasks.push(Task::Text(step.slot, nearest));
                }
                passed = passed.checked_add(1)?;
                gap.from = Place::Quote(passed - 1, 1);
            } else {
                let behind = text.iter().rev().position(|&byte| byte == b'"')?;
                gap.from = Place::Quote(nearest, i16::try_from(behind).ok()?.checked_add(1)?);
            }
        }
        let last = &steps[usize::from(*last)];
        if last.value != Value::End || usize::from(passed) != quotes || usize::from(last.length) > WIDTH {
            return None;
        }
        tasks.extend(gap.up_to(Place::End(last.length)));
        if gap.value == Value::Text {
            tasks.push(Task::Meet(gap.from, Place::End(last.length)));
        }
        tasks.extend(last.effects_among(effects).iter().map(|&(slot, effect)| Task::Change(slot, effect)));
        Some(Self { quotes, legs: legs.into(), tail: last.head, tasks: tasks.into() })
    }

    /// Whether all texts stand where they should.
    #[inline(always)]
    fn fits(&self, record: Marked<'_, '_>, end: &End, has_head: impl Fn(&[u8; WIDTH], &Head) -> bool) -> bool {
        let bytes = record.text.as_bytes();
        let stands = |at: usize, head: &Head| {
            let here = if at + WIDTH <= bytes.len() {
                // SAFETY: so many bytes follow, as was just seen, and are as good at any address.
                unsafe { &*bytes.as_ptr().add(at).cast::<[u8; WIDTH]>() }
            } else {
                end.from(at, bytes.len())
            };
            has_head(here, head)
        };
        self.quotes == record.quotes.len()
            && self.tail.len() <= bytes.len()
            && stands(bytes.len() - self.tail.len(), &self.tail)
            && self
                .legs
                .iter()
                .all(|leg| Place::Quote(leg.quote, leg.off).of(record).is_some_and(|at| stands(at, &leg.head)))
    }

    /// Reads what is wanted of a record whose texts stand where they should, and sees that between them there are values.
    #[inline(always)]
    fn take<'a>(&self, record: Marked<'a, '_>, found: &mut [Found<'a>]) -> Option<()> {
        for task in &self.tasks {
            match *task {
                Task::Meet(one, other) => (one.of(record)? == other.of(record)?).then_some(())?,
                Task::Value(value, slot, [from, until]) => {
                    let from = from.of(record)?;
                    let length = value.read(record.text, from, slot, found)?;
                    (Some(from + length) == until.of(record)).then_some(())?;
                }
                Task::Text(slot, open) => {
                    let [open, close] = *record.quotes.get(usize::from(open)..)?.first_chunk()?;
                    let found = &mut found[usize::from(slot)];
                    literal::put_text(found, record.text, open as usize, close as usize, record.has_escapes)?;
                }
                Task::Change(slot, effect) => found[usize::from(slot)] = effect.leaves(),
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
    from: Place,
}

impl Gap {
    /// What is to be done about it where the next text stands at this place. Behind a text the next one is looked for where
    /// that ends, so there is nothing left to do.
    fn up_to(self, until: Place) -> Option<Task> {
        match self.value {
            Value::Text => (self.from == Place::Begin).then_some(Task::Meet(self.from, until)),
            value => Some(Task::Value(value, self.slot, [self.from, until])),
        }
    }
}
