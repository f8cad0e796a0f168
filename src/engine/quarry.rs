//! Memory that pages of rows are cut from: blocks of 2 MiB, for which the system is asked for a single large page each.
//!
//! Invariant: a cut belongs to one page of rows until it is given back, and blocks stay for as long as anybody holds the
//! quarry.
//!
//! A block is resident as a whole as soon as it is used, so whoever is small takes memory elsewhere. All buckets of a
//! partition share one quarry, so that no more than one block is used in part.

use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use super::large_pages::LARGE_PAGE;

/// Words of a cut: 64 KiB.
pub(super) const CUT_WORDS: usize = 16 << 10;
/// Bytes of a block.
const BLOCK_BYTES: usize = LARGE_PAGE;
const CUT_BYTES: usize = CUT_WORDS * size_of::<u32>();

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Quarry(Mutex<Blocks>);

#[derive(Debug, Default)]
struct Blocks {
    /// Blocks, and how many of their cuts are in use.
    all: Vec<(Block, usize)>,
    free: Vec<Cut>,
}

/// Words that are all zero when they are handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut(pub(super) NonNull<u32>);

// SAFETY: an address; who may go there is said where it is used.
unsafe impl Send for Cut {}

impl Cut {
    /// Where its block begins: blocks are aligned to their size.
    fn block(self) -> usize {
        self.0.addr().get() & !(BLOCK_BYTES - 1)
    }
}

impl Quarry {
    /// A cut nobody else has; `None` if the system has no such memory to give.
    pub(super) fn cut(&self) -> Option<Cut> {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if blocks.free.is_empty() {
            let block = Block::new()?;
            // The first cut on top.
            blocks.free.extend((0..BLOCK_BYTES / CUT_BYTES).rev().map(|number| block.cut(number)));
            blocks.all.push((block, 0));
        }
        let cut = blocks.free.pop()?;
        *blocks.used(cut) += 1;
        Some(cut)
    }

    /// Takes back a cut that nobody looks at any more.
    pub(super) fn give_back(&self, cut: Cut) {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = blocks.used(cut);
        *used -= 1;
        if *used == 0 {
            blocks.free.retain(|free| free.block() != cut.block());
            blocks.all.retain(|(block, _)| block.0.addr().get() != cut.block());
        } else {
            // Its memory goes back at once, and reads as zero if it is used again.
            // SAFETY: these bytes are the cut's, which nobody looks at.
            unsafe { libc::madvise(cut.0.as_ptr().cast(), CUT_BYTES, libc::MADV_DONTNEED) };
            blocks.free.push(cut);
        }
    }
}

impl Blocks {
    fn used(&mut self, cut: Cut) -> &mut usize {
        let found = self.all.iter_mut().find(|(block, _)| block.0.addr().get() == cut.block());
        &mut found.expect("a cut's block stays while it is in use or free").1
    }
}

/// Memory from the system, aligned to its size.
#[derive(Debug)]
struct Block(NonNull<u32>);

// SAFETY: an address, like a box's.
unsafe impl Send for Block {}

impl Block {
    #[cfg(target_os = "linux")]
    fn new() -> Option<Self> {
        // SAFETY: new memory, of which what is not aligned is given back, and nothing else.
        unsafe {
            let (access, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            let found = libc::mmap(std::ptr::null_mut(), 2 * BLOCK_BYTES, access, kind, -1, 0);
            if found == libc::MAP_FAILED {
                return None;
            }
            let before = found.align_offset(BLOCK_BYTES);
            let start = found.byte_add(before);
            if before > 0 {
                libc::munmap(found, before);
            }
            libc::munmap(start.byte_add(BLOCK_BYTES), BLOCK_BYTES - before);
            // A wish: without large pages everything is as it was, and slower among many.
            libc::madvise(start, BLOCK_BYTES, libc::MADV_HUGEPAGE);
            NonNull::new(start.cast()).map(Self)
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn new() -> Option<Self> {
        None
    }

    fn cut(&self, number: usize) -> Cut {
        debug_assert!(number < BLOCK_BYTES / CUT_BYTES);
        // SAFETY: within the block.
        Cut(unsafe { self.0.add(number * CUT_WORDS) })
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: what was mapped for this block, once.
        unsafe { libc::munmap(self.0.as_ptr().cast(), BLOCK_BYTES) };
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const CUTS: usize = BLOCK_BYTES / CUT_BYTES;

    fn words(cut: Cut) -> &'static mut [u32] {
        // SAFETY: the tests look at cuts only while they have them, each once at a time.
        unsafe { std::slice::from_raw_parts_mut(cut.0.as_ptr(), CUT_WORDS) }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn cuts_are_apart_zero_when_they_come_and_zero_again_when_they_come_back() {
        let quarry = Quarry::default();
        let mut cuts: Vec<Cut> = (0..2 * CUTS).map(|_| quarry.cut().expect("there is memory")).collect();
        for (number, cut) in (1..).zip(&cuts) {
            assert!(words(*cut).iter().all(|word| *word == 0));
            words(*cut).fill(number);
        }
        for (number, cut) in (1..).zip(&cuts) {
            assert!(words(*cut).iter().all(|word| *word == number));
        }
        assert_eq!(quarry.0.lock().unwrap().all.len(), 2);
        let back = cuts.remove(5);
        quarry.give_back(back);
        assert_eq!(quarry.cut(), Some(back));
        assert!(words(back).iter().all(|word| *word == 0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_block_that_is_not_used_any_more_goes() {
        let quarry = Quarry::default();
        let cuts: Vec<Cut> = (0..CUTS + 1).map(|_| quarry.cut().expect("there is memory")).collect();
        cuts[..CUTS - 1].iter().for_each(|cut| quarry.give_back(*cut));
        assert_eq!(quarry.0.lock().unwrap().all.len(), 2);
        quarry.give_back(cuts[CUTS - 1]);
        assert_eq!(quarry.0.lock().unwrap().all.len(), 1);
        assert_ne!(quarry.cut(), Some(cuts[CUTS]));
        assert_eq!(quarry.0.lock().unwrap().all.len(), 1, "the other block has room");
    }
}
