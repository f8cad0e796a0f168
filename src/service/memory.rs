//! How much memory may be taken, and what happens near the limit. Linux; elsewhere nothing is limited by default.

use crate::engine::board::Board;

/// The share of the limit at which the service warns.
const WARN_AT: f64 = 0.9;
/// The share of the limit below which it takes in again after it stopped.
const RESUME_AT: f64 = 0.95;

/// The limit in bytes: the configured one, else nine tenths of the control group's.
pub fn limit(configured: Option<u64>) -> Option<u64> {
    configured.or_else(|| control_group_limit().map(|limit| limit / 10 * 9))
}

fn control_group_limit() -> Option<u64> {
    let unified = std::fs::read_to_string("/sys/fs/cgroup/memory.max");
    let legacy = || std::fs::read_to_string("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    let limit: u64 = unified.or_else(|_| legacy()).ok()?.trim().parse().ok()?;
    // The legacy hierarchy writes "no limit" as a number near the largest there is.
    (limit < 1 << 50).then_some(limit)
}

/// Watches the limit.
#[derive(Debug, Default)]
pub struct Watch {
    warned: bool,
    stopped: bool,
}

impl Watch {
    /// Looks once: warns near the limit, stops the intake at it, lets it go on when there is room again.
    pub fn look(&mut self, resident: u64, limit: u64, board: &Board) {
        let share = resident as f64 / limit as f64;
        if share >= 1.0 && !self.stopped {
            self.stopped = true;
            let why = format!(
                "memory limit reached ({} of {} MiB): no records are taken in until there is room. Raise limits.memory, add \
                 pods, or lower forget_after",
                resident >> 20,
                limit >> 20
            );
            tracing::error!("{why}");
            board.stop_intake(Some(why));
        } else if self.stopped && share < RESUME_AT {
            self.stopped = false;
            tracing::info!("there is memory again: records are taken in");
            board.stop_intake(None);
        }
        if share >= WARN_AT && !self.warned {
            tracing::warn!(resident_mib = resident >> 20, limit_mib = limit >> 20, "memory is near its limit");
        }
        self.warned = share >= WARN_AT;
    }
}

#[cfg(test)]
mod tests {
    use super::super::shown_tests::board;
    use super::*;
    use crate::engine::view::View;

    #[test]
    fn at_the_limit_the_intake_stops_with_a_reason_and_goes_on_when_there_is_room_again() {
        let (board, mut watch) = (board(), Watch::default());
        for (resident, stopped) in
            [(50, false), (99, false), (100, true), (99, true), (95, true), (94, false), (100, true)]
        {
            watch.look(resident << 20, 100 << 20, &board);
            assert_eq!(board.is_intake_stopped(), stopped, "at {resident} %");
            let overview = board.overview();
            assert_eq!(overview.ready, !stopped);
            let told = overview.troubles.iter().any(|trouble| trouble.contains("of 100 MiB"));
            assert_eq!(told, stopped, "{:?}", overview.troubles);
        }
    }
}
