//! What a record consists of, as `scan` passes it: the notes that `habit` learns from.

use super::found::Found;

/// An object or array that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    /// An object at this node of the wanted paths.
    Wanted(usize),
    /// An object of which nobody wants anything.
    Object,
    /// An array.
    Array,
}

/// What becomes of a slot between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Its key begins: what an earlier key of the same name left is gone.
    Empty,
    /// An object or array stands there.
    Other,
}

impl Effect {
    /// What is found in the slot from then on.
    #[inline(always)]
    pub(super) fn leaves(self) -> Found<'static> {
        match self {
            Self::Empty => Found::Absent,
            Self::Other => Found::Other,
        }
    }
}

/// Who wants to know of everything that is passed; `()` does not.
pub(super) trait Notes {
    /// An object or array began.
    fn opened(&mut self, _: Frame) {}
    /// The last one that began ended.
    fn closed(&mut self) {}
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

    fn closed(&mut self) {
        self.open.pop();
    }

    fn changed(&mut self, slot: usize, effect: Effect) {
        if self.is_over {
            return;
        }
        // Only the last change of a slot is seen.
        let slot = slot as u16;
        let earlier = self.effects[self.effect..].iter().position(|(other, _)| *other == slot);
        if let Some(earlier) = earlier {
            self.effects.remove(self.effect + earlier);
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
