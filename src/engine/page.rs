//! Rows side by side: words that grow at their end up to a page, and stay where they are once the page is whole.
//!
//! Invariant: words in use are initialised, and belong to this page alone.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error, realloc};
use std::ptr::NonNull;

use super::quarry::{CUT_WORDS, Cut, Quarry};

/// Words of a page: 64 KiB, so that its last rows, which are not used yet, are few bytes in a large bucket.
pub(super) const PAGE_WORDS: usize = CUT_WORDS;

/// See the module.
#[derive(Debug)]
pub(super) struct Page {
    start: NonNull<u32>,
    /// Words of a row.
    stride: u32,
    /// Words in use, and words there are.
    len: u32,
    room: u32,
    /// Rows in which somebody is.
    pub(super) taken: u32,
    is_cut: bool,
}

// SAFETY: the page owns its words.
unsafe impl Send for Page {}

impl Page {
    /// One without rows, for rows of so many words.
    pub(super) fn new(stride: usize) -> Self {
        Self { start: NonNull::dangling(), stride: stride as u32, len: 0, room: 0, taken: 0, is_cut: false }
    }

    /// One without rows on a cut.
    pub(super) fn on(cut: Cut, stride: usize) -> Self {
        Self { start: cut.0, room: CUT_WORDS as u32, is_cut: true, ..Self::new(stride) }
    }

    /// Words of a row.
    #[inline]
    pub(super) fn stride(&self) -> usize {
        self.stride as usize
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        (self.len / self.stride.max(1)) as usize
    }

    /// How many rows the page can have before it must grow.
    pub(super) fn rows_max(&self) -> usize {
        (self.room / self.stride.max(1)) as usize
    }

    /// Where a row would begin.
    #[inline]
    pub(super) fn address(&self, slot: usize) -> *const u32 {
        self.start.as_ptr().wrapping_add(slot * self.stride())
    }

    /// A row's words; none if there is no such row.
    #[inline]
    pub(super) fn row(&self, slot: usize) -> &[u32] {
        let start = slot * self.stride();
        if start + self.stride() > self.len as usize {
            return &[];
        }
        // SAFETY: the row is within the words in use.
        unsafe { std::slice::from_raw_parts(self.address(slot), self.stride()) }
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn row_mut(&mut self, slot: usize) -> &mut [u32] {
        let start = slot * self.stride();
        if start + self.stride() > self.len as usize {
            return &mut [];
        }
        // SAFETY: the row is within the words in use, which are this page's.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(start), self.stride()) }
    }

    /// Makes room for so many rows, more than there are. What is on a cut has all it will ever have.
    pub(super) fn reserve(&mut self, rows: usize) {
        let words = rows * self.stride();
        assert!(!self.is_cut && words > self.room as usize, "a page grows while it is not whole");
        let (old, new) = (layout(self.room as usize), layout(words));
        // SAFETY: the old words were allocated with the old layout, and the new layout is not of size zero.
        let start = unsafe {
            match self.room {
                0 => alloc_zeroed(new),
                _ => realloc(self.start.as_ptr().cast(), old, new.size()),
            }
        };
        self.start = NonNull::new(start.cast()).unwrap_or_else(|| handle_alloc_error(new));
        self.room = words as u32;
    }

    /// Adds a row of zeroes, for which there is room.
    pub(super) fn push(&mut self) {
        assert!(self.len + self.stride <= self.room, "there is room for the row");
        // SAFETY: the words behind those in use are there, and this page's.
        unsafe { self.start.add(self.len as usize).write_bytes(0, self.stride()) };
        self.len += self.stride;
    }

    /// Lets the words go; to the quarry, if they are a cut of it.
    pub(super) fn clear(&mut self, quarry: &Quarry) {
        let gone = std::mem::replace(self, Self::new(self.stride()));
        if gone.is_cut {
            quarry.give_back(Cut(gone.start));
        }
    }

    /// Bytes taken.
    pub(super) fn bytes(&self) -> usize {
        self.room as usize * size_of::<u32>()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // What is on a cut goes with the quarry.
        if !self.is_cut && self.room > 0 {
            // SAFETY: allocated with this layout, and let go once.
            unsafe { dealloc(self.start.as_ptr().cast(), layout(self.room as usize)) };
        }
    }
}

fn layout(words: usize) -> Layout {
    Layout::array::<u32>(words).expect("a page is far smaller than memory")
}
