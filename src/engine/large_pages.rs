//! Asking the system for large pages where memory is looked at here and there. Ten million customers stand on more pages of
//! 4 KiB than a processor keeps the addresses of, so that each look costs a walk through the system's tables, which waits for
//! memory itself. Of large pages there are few.
//!
//! Invariant: it is a wish. Without large pages everything is as it was, and slower among many.

use std::ptr::NonNull;

/// Bytes of a large page of x86-64, and of ARM with small pages of 4 KiB.
pub(super) const LARGE_PAGE: usize = 2 << 20;

/// Wishes for large pages where these bytes are, and where their neighbours are on the same pages: at once for what is in
/// use already, which takes a fraction of a millisecond a page.
pub(super) fn wish(start: NonNull<u8>, bytes: usize) {
    let first = start.addr().get() & !(LARGE_PAGE - 1);
    let end = (start.addr().get() + bytes).next_multiple_of(LARGE_PAGE);
    // Since Linux 6.1, `include/uapi/asm-generic/mman-common.h`; older ones say no.
    const MADV_COLLAPSE: i32 = 25;
    #[cfg(target_os = "linux")]
    for advice in [libc::MADV_HUGEPAGE, MADV_COLLAPSE] {
        // SAFETY: advice on how memory is kept, whoever's it is; what it holds stays as it is.
        unsafe { libc::madvise(std::ptr::without_provenance_mut(first), end - first, advice) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (first, end, MADV_COLLAPSE);
}
