//! What a record consists of, as `scan` passes it: the notes that `habit` learns from.

use super::found::Found;

/// An object or array that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// An object at this node of the wanted paths.
    Wanted(usize),
    /// An object of which nobody wants anything.
    Object,
    /// An array of which nobody wants anything.
    Array,
    /// An array at this node that is kept as its text, and of whose items none is wanted.
    Whole(usize),
    /// An array at this node of which items are wanted, at the item of this place; behind the last wanted one all are alike.
    Items(usize, usize),
}

/// What becomes of a slot between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Its key begins: what an earlier key of the same name left is gone.
    Empty,
    /// An object or array stands there.
    Other,
    /// What is kept as its text begins so far behind the last value.
    Begin(u16),
    /// It ends so far behind the last value.
    End(u16),
}

impl Effect {
    /// Changes what was found in the slot; the last value ended at this place of the record.
    #[inline(always)]
    pub(super) fn change<'a>(self, found: &mut Found<'a>, record: &'a str, at: usize) {
        *found = match (self, &*found) {
            (Self::Empty, _) => Found::Absent,
            (Self::Other, _) => Found::Other,
            (Self::Begin(off), _) => record.get(at + usize::from(off)..).map_or(Found::Absent, Found::Raw),
            (Self::End(off), Found::Raw(rest)) => {
                let begin = record.len() - rest.len();
                record.get(begin..at + usize::from(off)).map_or(Found::Absent, Found::Raw)
            }
            (Self::End(_), _) => Found::Absent,
        };
    }
}

/// Who wants to know of everything that is passed; `()` does not.
pub(super) trait Notes {
    /// An object or array began.
    fn opened(&mut self, _: Frame) {}
    /// The last one that began, and has not ended, goes on as this.
    fn turned(&mut self, _: Frame) {}
    /// The last one that began ended.
    fn closed(&mut self) {}
    /// What is kept as its text in a slot begins here.
    fn begins(&mut self, _slot: usize, _at: usize) {}
    /// It ends here.
    fn ends(&mut self, _slot: usize, _at: usize) {}
    /// A slot was changed beside a value.
    fn changed(&mut self, _slot: usize, _: Effect) {}
    /// A text, number or word stood from here to there, and is kept in this slot.
    fn value(&mut self, _start: usize, _end: usize, _slot: Option<usize>) {}
    /// What comes next is such that another of its kind would have to be looked at more closely.
    fn unusual(&mut self) {}
    /// The record ended.
    fn end(&mut self, _: usize) {}
}

impl Notes for () {}

/// Parts of a record that are written down, at most: others like it will hardly come.
const PARTS_MAX: usize = 1024;

/// What a record consists of, written down while `scan` reads it.
#[derive(Debug, Default)]
pub(super) struct Lesson {
    pub(super) parts: Vec<Part>,
    pub(super) effects: Vec<(u16, Effect)>,
    open: Vec<Frame>,
    /// Where the text of the next part begins, and the effects.
    text: usize,
    effect: usize,
    /// Nothing more can be learnt from the record.
    is_over: bool,
}

/// What stands between two values, and what is known of the second.
#[derive(Debug)]
pub(super) struct Part {
    /// From, to.
    pub(super) text: (usize, usize),
    /// Its effects: from, to.
    pub(super) effects: (usize, usize),
    /// Where the value is kept.
    pub(super) slot: Option<usize>,
    /// What is open behind it.
    pub(super) open: Vec<Frame>,
    /// Whether the record ends instead of a value.
    pub(super) is_end: bool,
}

impl Lesson {
    /// How far behind the last value a place is; if that is too far to be said, the text is too long to be learnt.
    fn behind_value(&self, at: usize) -> u16 {
        u16::try_from(at - self.text).unwrap_or(u16::MAX)
    }

    fn part(&mut self, end: usize, slot: Option<usize>, is_end: bool) {
        self.is_over |= self.parts.len() == PARTS_MAX;
        if self.is_over {
            return;
        }
        let effects = (self.effect, self.effects.len());
        self.effect = effects.1;
        self.parts.push(Part { text: (self.text, end), effects, slot, open: self.open.clone(), is_end });
    }
}

impl Notes for Lesson {
    fn opened(&mut self, frame: Frame) {
        self.open.push(frame);
    }

    fn turned(&mut self, frame: Frame) {
        if let Some(last) = self.open.last_mut() {
            *last = frame;
        }
    }

    fn closed(&mut self) {
        self.open.pop();
    }

    fn begins(&mut self, slot: usize, at: usize) {
        self.changed(slot, Effect::Begin(self.behind_value(at)));
    }

    fn ends(&mut self, slot: usize, at: usize) {
        self.changed(slot, Effect::End(self.behind_value(at)));
    }

    fn changed(&mut self, slot: usize, effect: Effect) {
        if self.is_over {
            return;
        }
        let slot = slot as u16;
        // Only the last change of a slot is seen; but what ends has begun.
        if !matches!(effect, Effect::End(_)) {
            let of_part = self.effects.split_off(self.effect);
            self.effects.extend(of_part.into_iter().filter(|(other, _)| *other != slot));
        }
        self.effects.push((slot, effect));
    }

    fn unusual(&mut self) {
        self.is_over = true;
    }

    fn value(&mut self, start: usize, end: usize, slot: Option<usize>) {
        // The value itself overwrites what its key emptied.
        if let (Some(slot), Some(&(last, Effect::Empty))) = (slot, self.effects[self.effect..].last())
            && last as usize == slot
        {
            self.effects.pop();
        }
        self.part(start, slot, false);
        self.text = end;
    }

    fn end(&mut self, at: usize) {
        self.part(at, None, true);
    }
}
