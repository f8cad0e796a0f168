//! Stand-ins for the ports, in memory, that can be told to fail. For tests.

use super::ports::Batch;
use crate::formats::RawRecord;

/// What a fetch is to give.
#[derive(Debug, Clone)]
pub enum Script {
    /// Records by (offset, timestamp).
    Records(Vec<(i64, i64)>),
    /// The end of the input.
    End,
    /// Nothing yet.
    Nothing,
}

/// A batch in memory.
#[derive(Debug, Clone, Default)]
pub struct FakeBatch {
    /// Records by (offset, timestamp, value).
    pub records: Vec<(i64, i64, Vec<u8>)>,
}

impl FakeBatch {
    /// Adds records without a value.
    pub fn extend(&mut self, records: &[(i64, i64)]) {
        self.records.extend(records.iter().map(|&(offset, timestamp)| (offset, timestamp, Vec::new())));
    }
}

impl Batch for FakeBatch {
    fn len(&self) -> usize {
        self.records.len()
    }
    fn record(&self, index: usize) -> RawRecord<'_> {
        let (_, timestamp, value) = &self.records[index];
        RawRecord { key: None, value: Some(value), timestamp: *timestamp }
    }
    fn offset(&self, index: usize) -> i64 {
        self.records[index].0
    }
    fn headers(&self, _index: usize) -> Vec<(String, Option<Vec<u8>>)> {
        Vec::new()
    }
    fn clear(&mut self) {
        self.records.clear();
    }
}
