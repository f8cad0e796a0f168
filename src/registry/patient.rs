//! Schemas for whoever cannot come back to a record later.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::formats::{Lookup, Schemas};

/// How long a registry that does not answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked whether there is an answer.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// How often the log says that it is still waited for.
const REMIND_EVERY: Duration = Duration::from_secs(5);

/// Schemas that are waited for: whoever asks gets the answer, and [`Lookup::NotYet`] only if there was none for a long time.
#[derive(Debug)]
pub struct Patient {
    schemas: Arc<dyn Schemas>,
    at_most: Duration,
}

impl Patient {
    /// These, each waited for until it is of no use any more.
    pub fn new(schemas: Arc<dyn Schemas>) -> Self {
        Self::with_patience(schemas, PATIENCE)
    }

    /// The same, each waited for as long as this at most.
    pub fn with_patience(schemas: Arc<dyn Schemas>, at_most: Duration) -> Self {
        Self { schemas, at_most }
    }
}

impl Schemas for Patient {
    fn find(&self, id: u32) -> Lookup {
        let began = Instant::now();
        let mut told = began;
        loop {
            match self.schemas.find(id) {
                Lookup::NotYet if began.elapsed() < self.at_most => {}
                answer => return answer,
            }
            if told.elapsed() >= REMIND_EVERY {
                told = Instant::now();
                let missing = self.schemas.missing().unwrap_or_default();
                tracing::warn!(
                    "waiting for {} s of {} s: {missing}",
                    began.elapsed().as_secs(),
                    self.at_most.as_secs()
                );
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn missing(&self) -> Option<String> {
        let missing = self.schemas.missing()?;
        let waited = self.at_most.as_secs();
        Some(format!("{missing}; it was waited for {waited} s: see whether it is there, answers, and lets us in"))
    }
}
