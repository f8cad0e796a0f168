//! What a group has committed, and where reading begins without that.
//!
//! Its one invariant: what is told as committed is stable. The broker waits for transactions that may still move it, so that
//! everything that belongs to the offsets lies before whatever is read after them.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use super::context::Quiet;
use super::overdue::Overdue;
use super::settings::{Intake, Settings};
use crate::config::Start;
use crate::engine::ports::{GroupOffsets, Positions, StateError};

/// How long a single question to the broker may take.
pub(super) const ASK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the group's stable offsets may take. While they are waited for, the worker does nothing else.
const STABLE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long they may take as they are.
const UNSTABLE_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a coordinator or leader may take to be there.
const MOVING_TIMEOUT: Duration = Duration::from_secs(3);
const MOVING_PAUSE: Duration = Duration::from_millis(50);

/// The group's stable offsets at these places. `reader` waits for transactions, `ends` does not; `what` is asked for.
pub(super) fn stable(
    reader: &BaseConsumer<Quiet>,
    ends: &BaseConsumer<Quiet>,
    overdue: &mut Overdue,
    places: &[(&str, i32)],
    what: &str,
) -> Result<GroupOffsets, StateError> {
    let mut asked = TopicPartitionList::with_capacity(places.len());
    for (topic, partition) in places {
        asked.add_partition(topic, *partition);
    }
    let told = match reader.committed_offsets(asked.clone(), STABLE_TIMEOUT) {
        Ok(told) => told,
        // Offsets that are not stable are waited for by the library without a word. Whoever does not mind is answered, unless
        // it is the broker that is silent.
        Err(KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut))
            if ends.committed_offsets(asked, UNSTABLE_TIMEOUT).is_ok() =>
        {
            return Err(StateError::Unavailable(overdue.still(what, Instant::now())));
        }
        Err(problem) => {
            overdue.over();
            return Err(trouble(what, &problem));
        }
    };
    overdue.over();
    let mut found = GroupOffsets::default();
    for (topic, partition) in places {
        let one = told.find_partition(topic, *partition);
        let one = one.ok_or_else(|| StateError::Fatal(format!("{what}: no answer for {topic}")))?;
        one.error().map_err(|problem| trouble(what, &problem))?;
        found.offsets.push(match one.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        });
        let note = Some(one.metadata()).filter(|note| !note.is_empty());
        found.note = found.note.or_else(|| note.map(str::to_owned));
    }
    Ok(found)
}

/// Where a partition begins that was never read.
pub(super) fn beginning(ends: &BaseConsumer<Quiet>, intake: &Intake, partition: i32) -> Result<i64, StateError> {
    let what = format!("the beginning of input {}, partition {partition}", intake.name);
    let (low, high) =
        ends.fetch_watermarks(&intake.topic, partition, ASK_TIMEOUT).map_err(|problem| trouble(&what, &problem))?;
    let time = match intake.start {
        Start::Earliest => return Ok(low),
        Start::Latest => return Ok(high),
        Start::Time(time) => time,
    };
    let mut asked = TopicPartitionList::with_capacity(1);
    asked
        .add_partition_offset(&intake.topic, partition, Offset::Offset(time))
        .map_err(|problem| StateError::Fatal(format!("{what}: {problem}")))?;
    let told = ends.offsets_for_times(asked, ASK_TIMEOUT).map_err(|problem| trouble(&what, &problem))?;
    let one = told.find_partition(&intake.topic, partition);
    let one = one.ok_or_else(|| StateError::Fatal(format!("{what}: no answer")))?;
    one.error().map_err(|problem| trouble(&what, &problem))?;
    Ok(match one.offset() {
        Offset::Offset(offset) => offset,
        // Nothing is that young.
        _ => high,
    })
}

/// See [`Positions`].
pub struct KafkaPositions {
    settings: Settings,
    reader: BaseConsumer<Quiet>,
    ends: BaseConsumer<Quiet>,
    overdue: Overdue,
    places: Vec<(usize, i32)>,
}

impl KafkaPositions {
    /// Sets the clients up; connects in the background. `places` are partitions of inputs, by the inputs' indices.
    pub fn connect(settings: &Settings, places: &[(usize, i32)]) -> Result<KafkaPositions, StateError> {
        let fatal = |problem: KafkaError| StateError::Fatal(format!("setting up the clients: {problem}"));
        Ok(KafkaPositions {
            reader: settings.reader(0).create_with_context(Quiet).map_err(fatal)?,
            ends: settings.ends(0).create_with_context(Quiet).map_err(fatal)?,
            overdue: Overdue::default(),
            places: places.to_vec(),
            settings: settings.clone(),
        })
    }

    fn place(&self, place: usize) -> (&Intake, i32) {
        let (input, partition) = self.places[place];
        (&self.settings.intakes[input], partition)
    }
}

impl Positions for KafkaPositions {
    fn committed(&mut self) -> Result<GroupOffsets, StateError> {
        let Self { settings, reader, ends, overdue, places } = self;
        let places: Vec<_> =
            places.iter().map(|&(input, partition)| (settings.intakes[input].topic.as_str(), partition)).collect();
        let what = format!("the offsets of group {}", settings.group());
        soon(|| stable(reader, ends, overdue, &places, &what))
    }

    fn beginning(&mut self, place: usize) -> Result<i64, StateError> {
        let (intake, partition) = self.place(place);
        soon(|| beginning(&self.ends, intake, partition))
    }

    fn first(&mut self, place: usize) -> Result<i64, StateError> {
        let (intake, partition) = self.place(place);
        soon(|| beginning(&self.ends, &Intake { start: Start::Earliest, ..intake.clone() }, partition))
    }

    fn has_events(&mut self) -> Result<bool, StateError> {
        let Some(topic) = &self.settings.config.topics.events else { return Ok(false) };
        let what = format!("the ends of {topic}");
        let told =
            soon(|| self.ends.fetch_metadata(Some(topic), ASK_TIMEOUT).map_err(|problem| trouble(&what, &problem)))?;
        for partition in told.topics().iter().flat_map(|topic| topic.partitions()) {
            let (_, high) = soon(|| {
                let ends = self.ends.fetch_watermarks(topic, partition.id(), ASK_TIMEOUT);
                ends.map_err(|problem| trouble(&what, &problem))
            })?;
            if high > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Asks again for a moment: coordinators and leaders that move, or come into being with the first question, refuse it first.
pub(super) fn soon<T>(mut ask: impl FnMut() -> Result<T, StateError>) -> Result<T, StateError> {
    let begun = Instant::now();
    loop {
        match ask() {
            Err(StateError::Unavailable(why)) if begun.elapsed() < MOVING_TIMEOUT => {
                tracing::debug!("asking again: {why}");
                std::thread::sleep(MOVING_PAUSE);
            }
            other => return other,
        }
    }
}

/// Whether an error passes by itself. That records were trimmed while they were read does: opening again sees what is there.
pub(super) fn trouble(what: &str, problem: &KafkaError) -> StateError {
    let said = format!("{what}: {problem}");
    match problem.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::BadMessage
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::InvalidGroupId,
        )
        | None => StateError::Fatal(said),
        Some(_) => StateError::Unavailable(said),
    }
}
