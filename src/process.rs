//! What the operating system says about this process.

/// Memory of the process that is in RAM; `None` where there is no `/proc`.
pub(super) fn resident_bytes() -> Option<u64> {
    // SAFETY: sysconf reads a constant of the system and touches no memory of ours.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    resident(&std::fs::read_to_string("/proc/self/statm").ok()?, u64::try_from(page).ok()?)
}

/// The second number of `statm` is the resident pages.
fn resident(statm: &str, page: u64) -> Option<u64> {
    statm.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_number_counts_pages() {
        assert_eq!(resident("5000 120 80 1 0 300 0\n", 4096), Some(120 * 4096));
    }

    #[test]
    fn anything_else_is_no_answer() {
        for statm in ["", "5000", "5000 x", "1 18446744073709551615"] {
            assert_eq!(resident(statm, 4096), None, "{statm}");
        }
    }
}
