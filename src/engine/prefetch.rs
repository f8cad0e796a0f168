//! Asking the processor to bring memory closer before it is needed.

/// Begins to bring the cache line of this address closer. Never fails, whatever the address is; nothing where the
/// processor has no such instruction.
#[inline(always)]
pub fn prefetch<T>(place: *const T) {
    // SAFETY: a hint that reads nothing as far as the program can tell, and that is part of every processor of this kind.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(place.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
