//! What holds for every partition: the models, the inputs' names and the limits of time and size.

use std::sync::Arc;

use crate::journey::ModelSet;

/// How transitions are wrapped as CloudEvents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope {
    /// Attributes as `ce_` headers, the data as the value.
    Binary,
    /// One JSON object with the data inside.
    Structured,
    /// The data alone, without attributes: the least to write and to send.
    Bare,
}

/// One input, as far as the engine needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRules {
    /// Its name: the channel of its events.
    pub name: String,
    /// Its topic.
    pub topic: String,
}

/// What holds for every partition.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The application's name; part of a transition's identity and source.
    pub application: String,
    /// The active models.
    pub set: Arc<ModelSet>,
    /// The inputs, in the order that decides between records of the same time.
    pub inputs: Vec<InputRules>,
    /// The first of the inputs that is read: 0, or, where events are keyed anew, the last, which is the topic of these events.
    /// The others are then where events were found first.
    pub reads_from: usize,
    /// Partitions of what is read; `None` where there are none (replay), and so no wrong one.
    pub partition_count: Option<i32>,
    /// Whether the topics of transitions, signals and phases have as many partitions as the inputs: then what is told of a customer
    /// lies in the customer's own partition there too, and no key is hashed to find it.
    pub outputs_alike: bool,
    /// How far the watermark stays behind, in milliseconds.
    pub allowed_lateness_ms: i64,
    /// How far ahead of its record an event's time may be, and a record ahead of the wall clock, in milliseconds.
    pub max_future_skew_ms: i64,
    /// The largest value that is read, in bytes.
    pub event_bytes_max: usize,
    /// How transitions are wrapped.
    pub envelope: Envelope,
    /// Whether transitions say what the customer needs in so many words.
    pub inline_needs: bool,
    /// Whether the latest phases are written too.
    pub writes_phases: bool,
}

impl Rules {
    /// What is read, in the order that decides between records of the same time.
    pub fn reads(&self) -> &[InputRules] {
        &self.inputs[self.reads_from..]
    }

    /// The topic of events that are keyed anew; what it would be called where they are not.
    pub fn events_topic(&self) -> String {
        match self.reads() {
            [events] if self.is_rekeyed() => events.topic.clone(),
            _ => format!("{}.events", self.application),
        }
    }

    /// Whether events come keyed anew, from the topic of events alone.
    pub fn is_rekeyed(&self) -> bool {
        self.reads_from > 0
    }
}
