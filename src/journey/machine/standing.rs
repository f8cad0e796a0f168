//! Where a customer stands in a model: the words that every model has, side by side in the record.
//!
//! Invariant: they are read together and written together, so that a step looks once whether the record has them.

use crate::journey::Record;
use crate::journey::model::Model;
use crate::journey::record::{FieldType, Layout};

/// Times are after 1970, so 0 says "never".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::journey) struct Standing {
    /// The phase as it is stored: its index plus one, 0 is "no phase yet".
    pub phase: u32,
    /// Transitions so far.
    pub seq: u32,
    /// When the phase began.
    pub since: i64,
    /// The time of the model's last event.
    pub last: i64,
    /// When the model first saw the customer.
    pub first_seen: i64,
}

/// Where the words of a standing begin in a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(usize);

/// Words of a standing.
const WORDS: usize = 8;

impl Place {
    /// Finds room for the standing in a model, the one of this index in its set.
    pub fn new(model: &Model, index: usize, layout: &mut Layout) -> Self {
        let first = layout.words;
        let fields = [
            ("phase", FieldType::Phase),
            ("seq", FieldType::U32),
            ("since", FieldType::I64),
            ("last", FieldType::I64),
            ("first_seen", FieldType::I64),
        ];
        for (name, kind) in fields {
            layout.push(format!("{}/{name}", model.state_name), kind, index);
        }
        debug_assert_eq!(layout.words - first, WORDS);
        Self(first)
    }

    /// Reads it.
    #[inline]
    pub fn read(self, record: &Record) -> Standing {
        let words: &[u32; WORDS] = record.0[self.0..].first_chunk().expect("a record has room for every standing");
        let [phase, seq, times @ ..] = *words;
        let time = |word: usize| (u64::from(times[word + 1]) << 32 | u64::from(times[word])) as i64;
        Standing { phase, seq, since: time(0), last: time(2), first_seen: time(4) }
    }

    /// Writes it.
    #[inline]
    pub fn write(self, record: &mut Record, standing: Standing) {
        let words: &mut [u32; WORDS] =
            record.0[self.0..].first_chunk_mut().expect("a record has room for every standing");
        let Standing { phase, seq, since, last, first_seen } = standing;
        let low = |time: i64| time as u32;
        let high = |time: i64| (time >> 32) as u32;
        *words = [phase, seq, low(since), high(since), low(last), high(last), low(first_seen), high(first_seen)];
    }
}

impl Standing {
    /// Whether the model has seen the customer.
    #[inline]
    pub fn is_seen(&self) -> bool {
        self.first_seen != 0
    }

    /// The phase, as an index.
    pub fn phase(&self) -> Option<u16> {
        self.phase.checked_sub(1).map(|index| index as u16)
    }
}
