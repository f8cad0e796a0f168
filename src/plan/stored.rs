//! The committed state of an application, and what a changed configuration would make of it.
//!
//! State names its phases and fields, so the models that wrote it are not needed. It is read as a restore reads it, beside
//! whoever owns the partitions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::figures::{AtOnce, CountersStored, Fate, ModelStored, PhaseStored, SignalAtOnce, Stored};
use super::tally::Tally;
use crate::config::Config;
use crate::engine::ports::{Marker, StateCodec, StateError, StateReader, StoredPhase};
use crate::engine::store::Store;
use crate::engine::{Restore, RestoreError, Rules};
use crate::journey::{Model, ModelSet};
use crate::kafka::{KafkaStateReader, Settings};
use crate::service;
use crate::snapshot::{Codec, StoredNames};

/// How long a broker that does not answer is asked again, and how long nothing may come, for each partition.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long until it is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(300);
/// How long is read before progress is told.
const SLICE: Duration = Duration::from_millis(100);

/// Why the state cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    /// It cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// What was read makes no sense.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

/// Reads the state of all partitions from Kafka and says what the configuration and its models would make of it. Each row
/// names at most so many customers. `watch` is told now and then which partition is read, of how many.
///
/// # Errors
/// If the state cannot be read.
pub fn stored(
    settings: &Settings,
    config: &Config,
    set: &Arc<ModelSet>,
    examples: usize,
    watch: &mut dyn FnMut(i32, i32),
) -> Result<Stored, StoredError> {
    let mut reader = KafkaStateReader::connect(settings, 0)?;
    let partitions = reader.partitions()?.unwrap_or(0);
    let rules = Arc::new(service::rules(config, Arc::clone(set), Some(partitions), false));
    look(&mut reader, partitions, &rules, examples, watch)
}

/// The same with any reader.
pub(super) fn look(
    reader: &mut dyn StateReader,
    partitions: i32,
    rules: &Arc<Rules>,
    examples: usize,
    watch: &mut dyn FnMut(i32, i32),
) -> Result<Stored, StoredError> {
    let mut codec = Codec::surveying(Arc::clone(&rules.set));
    let mut tally = Tally::new(&rules.set, examples);
    for number in 0..partitions {
        watch(number, partitions);
        let (store, marker) = patiently(|| read(reader, number, rules, &mut codec))?;
        let watermark = marker.map(|marker| marker.watermark.at).filter(|at| *at != i64::MIN);
        tally.take(&store, watermark, codec.phases_gone());
    }
    let phases = codec.phases_gone();
    Ok(gather(rules, partitions, &codec.stored_names().unwrap_or_default(), phases, tally))
}

/// Asks again for a while: records that were trimmed while they were read, and leaders that move, are no reason to give up.
fn patiently<T>(mut ask: impl FnMut() -> Result<T, StoredError>) -> Result<T, StoredError> {
    let mut begun = Instant::now();
    loop {
        let asked = Instant::now();
        match ask() {
            Err(StoredError::State(StateError::Unavailable(why))) => {
                // Who read for long was answered.
                if asked.elapsed() > PATIENCE {
                    begun = Instant::now();
                }
                if begun.elapsed() > PATIENCE {
                    return Err(StateError::Unavailable(why).into());
                }
                tracing::debug!(%why, "asking again");
                std::thread::sleep(AGAIN_AFTER);
            }
            other => return other,
        }
    }
}

fn read(
    reader: &mut dyn StateReader,
    number: i32,
    rules: &Arc<Rules>,
    codec: &mut Codec,
) -> Result<(Arc<Store>, Option<Marker>), StoredError> {
    reader.open(number)?;
    let mut restore = Restore::to_look(number, Arc::clone(rules), codec.words());
    let (mut share, mut moved) = (0.0, Instant::now());
    while let Some(now) = reader.read(SLICE, &mut |record| restore.take(&record, codec))? {
        if now > share {
            (share, moved) = (now, Instant::now());
        } else if moved.elapsed() > PATIENCE {
            let why =
                format!("partition {number}: nothing came for {PATIENCE:?}; does a transaction not come to its end?");
            return Err(StateError::Fatal(why).into());
        }
    }
    Ok(restore.look(codec)?)
}

fn gather(rules: &Rules, partitions: i32, names: &StoredNames, phases: &[StoredPhase], tally: Tally) -> Stored {
    let models = rules.set.models().iter().enumerate().map(|(index, model)| {
        let was = names.models.iter().find(|(name, _)| name == model.state_name());
        let newest = was.map(|(_, phases)| phases.as_slice());
        let stored = stored_phases(model.state_name(), newest, phases, &tally);
        let phases = phases_of(model, tally.new[index], &stored);
        let at_once = tally.moves.iter().filter(|(row, _)| usize::from(row.model) == index);
        let signals = tally.signals.iter().filter(|((owner, _), _)| usize::from(*owner) == index);
        ModelStored {
            model: model.name().to_owned(),
            fate: if stored.is_empty() { Fate::New } else { Fate::Kept },
            homeless: phases
                .iter()
                .filter(|one| one.after.is_none() && one.moved.is_none())
                .filter_map(|one| one.now)
                .sum(),
            phases,
            counters: counters(model, &rules.set, names),
            signals_dropped: tally.waits[index],
            at_once: at_once
                .map(|(row, customers)| AtOnce {
                    from: row.from.map_or("new".to_owned(), |from| model.phases()[usize::from(from)].name().to_owned()),
                    to: model.phases()[usize::from(row.to)].name().to_owned(),
                    rule: model.rules()[usize::from(row.rule)].id().to_owned(),
                    customers: customers.count,
                    examples: customers.some.clone(),
                })
                .collect(),
            signals_at_once: signals
                .map(|((_, rule), count)| SignalAtOnce {
                    signal: model.signals()[usize::from(*rule)].id().to_owned(),
                    customers: *count,
                })
                .collect(),
        }
    });
    let gone = names.models.iter().map(|(name, _)| name);
    let gone = gone.filter(|name| rules.set.models().iter().all(|model| model.state_name() != *name)).cloned();
    Stored {
        application: rules.application.clone(),
        partitions,
        customers: tally.customers,
        forgotten_at_once: tally.forgotten,
        models: models.collect(),
        models_gone: gone.collect(),
    }
}

/// Customers by phase: `new`, the phases there are, those that are gone. `stored` has those that state names.
fn phases_of(model: &Model, new: u64, stored: &[(&str, u64)]) -> Vec<PhaseStored> {
    let home = |phase: &str| model.home(phase).map(|home| model.phases()[usize::from(home)].name());
    let mut phases = vec![PhaseStored { phase: "new".to_owned(), now: Some(new), after: Some(new), moved: None }];
    phases.extend(model.phases().iter().map(|phase| {
        let name = phase.name();
        let come = stored.iter().filter(|(phase, _)| home(phase) == Some(name)).map(|(_, count)| count);
        PhaseStored {
            phase: name.to_owned(),
            now: stored.iter().find(|(phase, _)| *phase == name).map(|(_, count)| *count),
            after: Some(come.sum()),
            moved: None,
        }
    }));
    let gone = stored.iter().filter(|(phase, _)| model.phase(phase).is_none());
    phases.extend(gone.map(|(phase, count)| PhaseStored {
        phase: (*phase).to_owned(),
        now: Some(*count),
        after: None,
        moved: home(phase).map(str::to_owned),
    }));
    phases
}

/// The phases of a model that state names, and the customers in each: those of the newest schema, and those in which
/// somebody still is whose state is older.
fn stored_phases<'n>(
    model: &str,
    names: Option<&'n [String]>,
    phases: &'n [StoredPhase],
    tally: &Tally,
) -> Vec<(&'n str, u64)> {
    let met = || phases.iter().zip(&tally.stored).filter(|(phase, _)| phase.model == model);
    let count = |name: &str| met().find(|(phase, _)| phase.phase == name).map_or(0, |(_, count)| *count);
    let newest = names.unwrap_or_default();
    let mut stored: Vec<(&str, u64)> = newest.iter().map(|name| (name.as_str(), count(name))).collect();
    let older = met().filter(|(phase, count)| **count > 0 && !newest.contains(&phase.phase));
    stored.extend(older.map(|(phase, count)| (phase.phase.as_str(), *count)));
    stored
}

/// What becomes of a model's counters: one carries on if its name and its meaning are the same.
fn counters(model: &Model, set: &ModelSet, names: &StoredNames) -> CountersStored {
    let prefix = format!("{}/counter/", model.state_name());
    let of = |keys: Vec<&str>| -> Vec<(String, String)> {
        let counters = keys.into_iter().filter_map(|key| key.strip_prefix(&prefix)?.split_once('='));
        // A sliding window has several fields, and one of them says enough.
        let mut all: Vec<_> = counters.map(|(name, meaning)| (name.to_owned(), meaning.to_owned())).collect();
        all.dedup_by(|one, before| one.0 == before.0);
        all
    };
    let was = of(names.keys.iter().map(String::as_str).collect());
    let is = of(set.layout().fields.iter().map(|field| field.key.as_str()).collect());
    let mut counters = CountersStored::default();
    for (name, meaning) in &is {
        match was.iter().find(|(other, _)| other == name) {
            Some((_, before)) if before == meaning => counters.carry_on.push(name.clone()),
            Some(_) => counters.begin_anew.push(name.clone()),
            None => counters.new.push(name.clone()),
        }
    }
    let dropped = was.into_iter().map(|(name, _)| name).filter(|name| is.iter().all(|(other, _)| other != name));
    counters.dropped = dropped.collect();
    counters
}
