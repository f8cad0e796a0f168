//! The records of files, one after the other; a folder is the files in it.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::sample::{At, Sample, Spot};
use crate::formats::Carrier;
use crate::replay::{self, Envelope, Framed, Place, Record, ReplayError, Topics};

/// Which records of files that name their topics are read.
#[derive(Debug, Clone, Default)]
pub struct Only(Option<(Topics, usize)>);

impl Only {
    /// Those of this topic, also if it has a prefix on either side (`test-clicks` and `clicks`).
    pub fn topic(topic: &str) -> Self {
        Self(Some((Topics::new(&[(topic, topic)]), 0)))
    }

    /// Those that `replay` takes for this input's.
    pub fn input(inputs: &[crate::config::InputConfig], input: usize) -> Self {
        Self(Some((Topics::of(inputs), input)))
    }

    fn fits(&self, topic: &str) -> bool {
        self.0.as_ref().is_none_or(|(topics, input)| topics.input_of(topic) == Some(*input))
    }
}

/// Reads records from files.
pub struct Files {
    places: VecDeque<Place>,
    carrier: Option<Carrier>,
    only: Only,
    open: Option<(Place, Arc<str>, Framed)>,
    line: u64,
    passed: BTreeMap<String, u64>,
}

impl Files {
    /// Of these places, in this order. `carrier` is what the format reads, if that is known.
    ///
    /// # Errors
    /// If one of them is a folder that cannot be listed.
    pub fn new(places: Vec<Place>, carrier: Option<Carrier>, only: Only) -> Result<Self, ReplayError> {
        let mut all = VecDeque::new();
        for place in places {
            match &place {
                Place::File(path) if path.is_dir() => {
                    let listed = listed(path).map_err(|error| ReplayError::Open { place: place.clone(), error })?;
                    all.extend(listed.into_iter().map(Place::File));
                }
                _ => all.push_back(place),
            }
        }
        Ok(Self { places: all, carrier, only, open: None, line: 0, passed: BTreeMap::new() })
    }

    /// How many files there are still to read, with the one that is open.
    pub fn left(&self) -> usize {
        self.places.len() + usize::from(self.open.is_some())
    }

    /// How many records of other topics were passed by, by topic.
    pub fn passed(&self) -> &BTreeMap<String, u64> {
        &self.passed
    }

    /// The next record; `None` when all files are at their end.
    ///
    /// # Errors
    /// If a file cannot be opened or read to its end.
    pub fn read(&mut self) -> Result<Option<Sample>, ReplayError> {
        loop {
            let Some((place, source, framed)) = &mut self.open else {
                let Some(place) = self.places.pop_front() else { return Ok(None) };
                let (bytes, _) = replay::open(&place)?;
                let framed = Framed::open(bytes, place.path(), self.carrier)
                    .map_err(|error| ReplayError::Open { place: place.clone(), error })?;
                self.line = 0;
                self.open = Some((place.clone(), place.to_string().into(), framed));
                continue;
            };
            let next = framed.next();
            let next = next.map_err(|error| ReplayError::Read { place: place.clone(), line: self.line, error })?;
            let Some((line, value)) = next else {
                self.open = None;
                continue;
            };
            self.line = line;
            let value = value.map_err(|(_, reject)| reject);
            let (topic, record) = if framed.holds_envelopes() {
                match value.and_then(|line| Envelope::parse(&line)) {
                    Ok(envelope) => (Some(envelope.topic.clone()), Ok(envelope.into_record(0))),
                    Err(reject) => (None, Err(reject)),
                }
            } else {
                (None, value.map(|value| Record::of_value(value, 0)))
            };
            if let Some(topic) = topic.as_ref().filter(|topic| !self.only.fits(topic)) {
                *self.passed.entry(topic.clone()).or_default() += 1;
                continue;
            }
            let at = At { source: Arc::clone(source), spot: Spot::Line(line) };
            return Ok(Some(Sample { at, topic: topic.map(Into::into), record }));
        }
    }
}

/// The files of a folder by name, hidden ones left out.
fn listed(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if path.is_file() && !is_hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
