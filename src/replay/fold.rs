//! The whole replay: items through formats and models, one partition that holds everybody.
//!
//! Invariant: what comes out is what the service would have written for the same records in the same order, the body of
//! each transition alone. Time ends with the last record: timers that are due by then fire, later ones do not.

use std::io::{self, Write};
use std::sync::Arc;

use super::figures::Met;
use super::letters::Letter;
use super::{Content, Figures, Item, Order, Population, Progress, Records, ReplayError, Source};
use crate::config::Config;
use crate::engine::ports::{Epoch, OutRecord, Topic};
use crate::engine::store::BUCKETS;
use crate::engine::tally::{InputTally, Tally};
use crate::engine::{Open, Partition, Taken};
use crate::formats::{self, Decoder, Schemas, missing};
use crate::journey::{ModelSet, Reject};
use crate::service;

/// What is to be replayed, and by what rules.
pub struct Replay<'a> {
    /// Inputs and limits; what it says about Kafka is not used.
    pub config: &'a Config,
    /// Its models, compiled.
    pub set: Arc<ModelSet>,
    /// Where the records are.
    pub sources: Vec<Source>,
    /// Where their schemas are, if they have any. What is not there when it is asked for ends the replay.
    pub schemas: Option<Arc<dyn Schemas>>,
    /// How they are put in order.
    pub order: Order,
    /// Where time ends, in epoch milliseconds; what comes later is not read. `None`: with the last record.
    pub until: Option<i64>,
}

/// Where what comes out goes.
pub struct Outputs<'a> {
    /// Transitions, one a line.
    pub transitions: &'a mut dyn Write,
    /// Signals, one a line; `None`: they are only counted.
    pub signals: Option<&'a mut dyn Write>,
    /// Transitions and signals of shadows, one a line; `None`: they are not kept.
    pub shadow: Option<&'a mut dyn Write>,
    /// Records and lines that could not be used, one a line; `None`: they are only counted.
    pub dead_letters: Option<&'a mut dyn Write>,
}

/// Items between two looks at the progress.
const ITEMS_A_LOOK: u64 = 4096;

impl Replay<'_> {
    /// Replays it all. `watch` is called now and then with how far it is, and how many records that are.
    ///
    /// # Errors
    /// If a source cannot be read, a schema does not come, or what comes out cannot be written. A record that cannot be used is no
    /// error.
    pub fn run(self, outputs: Outputs<'_>, watch: &mut dyn FnMut(Progress, u64)) -> Result<Figures, ReplayError> {
        self.run_through(outputs, watch).map(|(figures, _)| figures)
    }

    /// The same, with everybody as they are in the end.
    ///
    /// # Errors
    /// As [`Replay::run`].
    pub fn run_through(
        self,
        outputs: Outputs<'_>,
        watch: &mut dyn FnMut(Progress, u64),
    ) -> Result<(Figures, Partition), ReplayError> {
        let Self { config, set, sources, schemas, order, until } = self;
        let places: Vec<String> = sources.iter().map(|source| source.place.to_string()).collect();
        let mut records = Records::open(sources, &config.inputs, schemas.as_ref(), order)?;
        let open = |input: &crate::config::InputConfig| {
            formats::open_with_schemas(&input.format, set.vocabulary(), input.time, schemas.as_ref())
                .map_err(|problem| ReplayError::Format { input: input.name.clone(), problem })
        };
        let decoders = config.inputs.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let mut fold = Fold::new(config, Arc::clone(&set), decoders, outputs);
        while let Some(item) = records.read()?.filter(|item| until.is_none_or(|until| item.time <= until)) {
            let place = &places[item.source];
            if !fold.item(&item, place)? {
                let (place, missing) = (place.clone(), missing(schemas.as_ref()));
                return Err(ReplayError::NoSchema { place, line: item.line, missing });
            }
            if fold.figures.records.is_multiple_of(ITEMS_A_LOOK) {
                fold.partition.drop_changes();
                watch(records.progress(), fold.figures.records);
            }
        }
        fold.end(&set, until)
    }
}

struct Fold<'a> {
    partition: Partition,
    decoders: Vec<Box<dyn Decoder>>,
    outputs: Outputs<'a>,
    epoch: Epoch<()>,
    tally: Tally,
    figures: Figures,
    /// How many of the models are active.
    active: usize,
    /// The inputs by name.
    inputs: Vec<String>,
    /// The highest time of an item.
    newest: i64,
    allowed_lateness_ms: i64,
}

impl<'a> Fold<'a> {
    fn new(config: &Config, set: Arc<ModelSet>, decoders: Vec<Box<dyn Decoder>>, outputs: Outputs<'a>) -> Self {
        let active = set.active();
        let rules = Arc::new(service::rules(config, set, None, false));
        let inputs = config.inputs.len();
        Self {
            partition: Partition::new(0, rules, vec![0; inputs], 1, None),
            decoders,
            outputs,
            epoch: Epoch::default(),
            tally: Tally { inputs: vec![InputTally::default(); inputs], ..Tally::default() },
            figures: Figures::default(),
            active,
            inputs: config.inputs.iter().map(|input| input.name.clone()).collect(),
            newest: i64::MIN,
            allowed_lateness_ms: config.allowed_lateness.0,
        }
    }

    /// Takes it up; `false`: its schema did not come.
    fn item(&mut self, item: &Item, place: &str) -> Result<bool, ReplayError> {
        self.figures.records += 1;
        self.figures.out_of_order += u64::from(item.late);
        self.newest = self.newest.max(item.time);
        match &item.content {
            Content::Unreadable { bytes, reject } => self.unreadable(bytes, reject, place, item.line)?,
            Content::Record(record) => {
                let taken = Taken {
                    input: record.input,
                    raw: record.raw(),
                    offset: item.line as i64,
                    time: item.time,
                    wall: item.time,
                };
                let decoder = self.decoders[record.input].as_mut();
                let open = &mut Open { epoch: &mut self.epoch, tally: &mut self.tally };
                if !self.partition.apply(taken, decoder, open) {
                    return Ok(false);
                }
                self.write(place, item.line)?;
            }
        }
        Ok(true)
    }

    fn unreadable(&mut self, bytes: &[u8], reject: &Reject, source: &str, line: u64) -> Result<(), ReplayError> {
        self.figures.outcomes.rejected[reject.index()] += 1;
        let Some(out) = &mut self.outputs.dead_letters else { return Ok(()) };
        let message = reject.to_string();
        let letter = Letter { source, line, reason: reject.reason(), message: &message, key: None, value: Some(bytes) };
        letter.write(*out).map_err(dead_letters_failed)
    }

    /// Writes what the epoch holds, and empties it.
    fn write(&mut self, place: &str, line: u64) -> Result<(), ReplayError> {
        if self.epoch.outputs.is_empty() {
            return Ok(());
        }
        let Self { epoch, outputs, .. } = self;
        for record in &epoch.outputs {
            match record.topic {
                Topic::Transitions => write_line(outputs.transitions, epoch, record).map_err(transitions_failed)?,
                Topic::Signals => {
                    if let Some(out) = &mut outputs.signals {
                        write_line(*out, epoch, record).map_err(signals_failed)?;
                    }
                }
                Topic::Shadow => {
                    if let Some(out) = &mut outputs.shadow {
                        write_line(*out, epoch, record).map_err(shadow_failed)?;
                    }
                }
                Topic::DeadLetters => {
                    if let Some(out) = &mut outputs.dead_letters {
                        letter(epoch, record, place, line).write(*out).map_err(dead_letters_failed)?;
                    }
                }
                Topic::Phases | Topic::Events | Topic::StateDeltas | Topic::StateSnapshots => {}
            }
        }
        epoch.outputs.clear();
        epoch.headers.clear();
        epoch.bytes.clear();
        self.figures.take(&mut self.tally, self.active);
        Ok(())
    }

    /// Lets time come as far as it goes, and counts what there is.
    fn end(mut self, set: &ModelSet, until: Option<i64>) -> Result<(Figures, Partition), ReplayError> {
        if self.newest > i64::MIN {
            let open = &mut Open { epoch: &mut self.epoch, tally: &mut self.tally };
            // The watermark stays behind by the allowed lateness, but nobody can be late any more.
            let end = until.unwrap_or(self.newest);
            self.partition.at_end(end.saturating_add(self.allowed_lateness_ms), open);
            self.write("", 0)?;
        }
        self.outputs.transitions.flush().map_err(transitions_failed)?;
        if let Some(out) = &mut self.outputs.signals {
            out.flush().map_err(signals_failed)?;
        }
        if let Some(out) = &mut self.outputs.shadow {
            out.flush().map_err(shadow_failed)?;
        }
        if let Some(out) = &mut self.outputs.dead_letters {
            out.flush().map_err(dead_letters_failed)?;
        }
        self.figures.take(&mut self.tally, self.active);
        self.figures.populations = populations(&self.partition, set);
        self.figures.met = met(&self.figures.touchpoints, set, &self.inputs);
        Ok((self.figures, self.partition))
    }
}

fn write_line(out: &mut dyn Write, epoch: &Epoch<()>, record: &OutRecord) -> io::Result<()> {
    let Some(value) = &record.value else { return Ok(()) };
    out.write_all(&epoch.bytes[value.start as usize..value.end as usize])?;
    out.write_all(b"\n")
}

/// The dead letter that the engine wrote, for a file.
fn letter<'a>(epoch: &'a Epoch<()>, record: &OutRecord, source: &'a str, line: u64) -> Letter<'a> {
    let header = |name: &str| {
        let header = epoch.headers_of(record).iter().find(|header| header.name == name);
        let value = header.and_then(|header| epoch.header_value(header));
        value.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default()
    };
    Letter {
        source,
        line,
        reason: header("__connect.errors.stage"),
        message: header("__connect.errors.exception.message"),
        key: record.key.as_ref().map(|range| epoch.slice(range)),
        value: record.value.as_ref().map(|range| epoch.slice(range)),
    }
}

fn populations(partition: &Partition, set: &ModelSet) -> Vec<Population> {
    let mut counts: Vec<Vec<u64>> = set.models().iter().map(|model| vec![0; model.phases().len()]).collect();
    for bucket in 0..BUCKETS {
        partition.store().visit_bucket(bucket, |_, customer| {
            for (model, phases) in counts.iter_mut().enumerate() {
                if let Some(phase) = set.phase_of(customer.record, model) {
                    phases[usize::from(phase)] += 1;
                }
            }
        });
    }
    let populations = set.models().iter().zip(counts).map(|(model, counts)| Population {
        model: model.name().to_owned(),
        phases: model.phases().iter().map(|phase| phase.name().to_owned()).zip(counts).collect(),
    });
    populations.collect()
}

fn signals_failed(error: io::Error) -> ReplayError {
    ReplayError::Write { what: "signals", error }
}

/// Who was met where, by name.
fn met(touchpoints: &[u64], set: &ModelSet, inputs: &[String]) -> Vec<Met> {
    let cells = set.models().iter().flat_map(|model| {
        let phases = model.phases().iter().map(|phase| Some(phase.name()));
        std::iter::once(None).chain(phases).map(|phase| (model.name(), phase))
    });
    let met = cells.zip(touchpoints.chunks(inputs.len())).map(|((model, phase), counts)| {
        let channels = inputs.iter().cloned().zip(counts.iter().copied());
        Met {
            model: model.to_owned(),
            phase: phase.map(str::to_owned),
            channels: channels.filter(|(_, count)| *count > 0).collect(),
        }
    });
    met.filter(|met| !met.channels.is_empty()).collect()
}

fn shadow_failed(error: io::Error) -> ReplayError {
    ReplayError::Write { what: "what shadows tell", error }
}

fn transitions_failed(error: io::Error) -> ReplayError {
    ReplayError::Write { what: "transitions", error }
}

fn dead_letters_failed(error: io::Error) -> ReplayError {
    ReplayError::Write { what: "dead letters", error }
}
