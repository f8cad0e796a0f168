//! What the operating system says about this process: its memory and its time on the processors. Linux; elsewhere its
//! memory is not known.
//!
//! A leaf that knows nothing of ours. Not here: limits, and what happens near them (the service's `memory`).

/// Memory of the process that is in RAM, in bytes; `None` where there is no `/proc`.
pub fn resident_bytes() -> Option<u64> {
    // SAFETY: sysconf reads a constant of the system and touches no memory of ours.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    resident(&std::fs::read_to_string("/proc/self/statm").ok()?, u64::try_from(page).ok()?)
}

/// The second number of `statm` is the resident pages.
fn resident(statm: &str, page: u64) -> Option<u64> {
    statm.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(page)
}

/// The highest that [`resident_bytes`] ever was, in mebibytes; 0 where there is no `/proc`.
pub fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// User and system time of the whole process so far, in seconds.
pub fn cpu_seconds() -> f64 {
    // SAFETY: getrusage fills the struct it is given; zeroes are a valid one.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
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

    #[test]
    fn resident_memory_is_known_and_no_more_than_its_peak() {
        let resident = resident_bytes().expect("on Linux") >> 20;
        assert!(resident > 0 && resident <= peak_mib() + 1, "{resident} of {}", peak_mib());
    }
}
