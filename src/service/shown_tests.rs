//! What the board and the schemas that are missing come to.

use std::sync::Arc;

use super::shown::Shown;
use crate::engine::board::Board;
use crate::engine::fakes::FakeClock;
use crate::engine::ports::Clock;
use crate::engine::view::{IngestView, PartitionView, View, WaitingRecord};
use crate::engine::{Envelope, Rules};
use crate::formats::{FakeSchemas, Schemas};
use crate::journey::{ModelSet, SetOptions, Span, builtin};

/// A board of no inputs and no workers.
pub(super) fn board() -> Board {
    let options = SetOptions { forget_after: Span(400 * 86_400_000), remembered_ids: 0 };
    let set = ModelSet::new(vec![builtin("think5").expect("it ships")], options).expect("one model is a set");
    let rules = Rules {
        application: "test".to_owned(),
        set: Arc::new(set),
        inputs: Vec::new(),
        reads_from: 0,
        partition_count: Some(1),
        outputs_alike: false,
        allowed_lateness_ms: 0,
        max_future_skew_ms: 0,
        event_bytes_max: 1,
        envelope: Envelope::Binary,
        inline_needs: false,
        writes_phases: false,
    };
    Board::new(Arc::new(rules), 0)
}

fn waiting(since: i64) -> WaitingRecord {
    WaitingRecord { input: 0, partition: 0, offset: 7, since }
}

fn partition(partition: i32, waiting_record: Option<WaitingRecord>) -> PartitionView {
    PartitionView {
        partition,
        worker: 0,
        restoring: None,
        customers: 0,
        bytes: 0,
        phases: Vec::new(),
        pairs: Vec::new(),
        epoch: 1,
        watermark: None,
        positions: Vec::new(),
        lag: Vec::new(),
        waiting_record,
    }
}

/// Three partitions, each with how long it has been waiting, in milliseconds; and the ingest; what is told of that.
fn check(waits: [Option<i64>; 3], ingest: Option<i64>, expected: &[&str]) {
    let schemas = Arc::new(FakeSchemas::default());
    schemas.set_away(true);
    let board = Arc::new(board());
    let clock = FakeClock::default();
    let since = |waited: i64| waiting(clock.wall_ms() - waited);
    for (number, waited) in (0..).zip(waits) {
        board.slot(number).show(partition(number, waited.map(since)), None);
    }
    let ingest = ingest.map(|waited| IngestView { waiting_record: Some(since(waited)), ..IngestView::default() });
    ingest.into_iter().for_each(|view| board.show_ingest(view));
    let schemas = Some(schemas as Arc<dyn Schemas>);
    let overview = Shown { board, schemas, clock: Arc::new(clock) }.overview();
    assert_eq!(overview.troubles, expected);
    assert!(overview.ready, "it answers as before");
}

#[test]
fn records_that_wait_for_a_schema_are_told_of_and_the_process_stays_ready() {
    check([None; 3], None, &[]);
    check([Some(999), None, None], Some(999), &[]);
    check(
        [Some(1_000), None, None],
        None,
        &["1 of 3 partitions waits for a schema, for 1 s now: the stand-in is away"],
    );
    check(
        [Some(61_000), Some(999), Some(3_000)],
        None,
        &["2 of 3 partitions wait for a schema, for 61 s now: the stand-in is away"],
    );
    check([None; 3], Some(5_000), &["the ingest waits for a schema, for 5 s now: the stand-in is away"]);
}
