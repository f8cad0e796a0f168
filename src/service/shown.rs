//! What others see of the service: the board, and why records wait for their schemas.
//!
//! Invariant: such a wait is told, and changes nothing about readiness. Taken out of service, a process would answer nobody about
//! customers who are as they were, and an update that mends the registry's address would not get past it; restarted, it would
//! restore, and wait at the same record.

use std::sync::Arc;

use crate::engine::board::Board;
use crate::engine::ports::Clock;
use crate::engine::view::{Lookup, Overview, View, WaitingRecord};
use crate::formats::{Schemas, missing};

/// A wait that is shorter is no trouble: every schema is waited for for a moment when its first record comes.
const MOMENT_MS: i64 = 1_000;

/// The board with what it cannot know.
pub(super) struct Shown {
    pub(super) board: Arc<Board>,
    pub(super) schemas: Option<Arc<dyn Schemas>>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Shown {
    /// How long a record has been waiting, in seconds, if that is worth a word.
    fn waited(&self, record: Option<WaitingRecord>) -> Option<i64> {
        let waited = self.clock.wall_ms().saturating_sub(record?.since);
        (waited >= MOMENT_MS).then_some(waited / 1_000)
    }
}

impl View for Shown {
    fn overview(&self) -> Overview {
        let mut overview = self.board.overview();
        let waits = overview.partitions.iter().filter_map(|partition| self.waited(partition.waiting_record));
        let (count, longest) = waits.fold((0, 0), |(count, longest), waited| (count + 1, waited.max(longest)));
        let mut troubles = Vec::new();
        if count > 0 {
            let (of, verb) = (overview.partitions.len(), if count == 1 { "waits" } else { "wait" });
            troubles.push(format!("{count} of {of} partitions {verb} for a schema, for {longest} s now"));
        }
        let of_ingest = overview.ingest.as_ref().and_then(|ingest| self.waited(ingest.waiting_record));
        troubles.extend(of_ingest.map(|waited| format!("the ingest waits for a schema, for {waited} s now")));
        let why = |trouble: String| format!("{trouble}: {}", missing(self.schemas.as_ref()));
        overview.troubles.extend(troubles.into_iter().map(why));
        overview
    }

    fn customer(&self, id: &str) -> Lookup {
        self.board.customer(id)
    }
}
