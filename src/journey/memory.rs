//! The last event ids of a customer, for dropping repeats: 32 bits of each, newest first, 0 where there is none yet.
//!
//! Four are remembered unless somebody says otherwise, and a loop over four costs more than what is done in it: four are
//! looked at without one.

use std::num::NonZeroU32;

use xxhash_rust::xxh3::xxh3_64;

use super::record::{FieldType, Layout, Record};

/// Where the ids stand: in the first words of a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    size: usize,
}

impl Memory {
    /// Finds room for this many ids. Nothing has room in the record before.
    pub fn place(layout: &mut Layout, size: u8) -> Self {
        debug_assert_eq!(layout.words, 0);
        for id in 0..size {
            layout.push(format!("event_id/{id}"), FieldType::Bits, 0);
        }
        Self { size: size.into() }
    }

    /// What is remembered of an event id, if anything is.
    #[inline]
    pub fn print(self, id: Option<&str>) -> Option<NonZeroU32> {
        let id = id.filter(|_| self.size > 0)?;
        NonZeroU32::new(xxh3_64(id.as_bytes()) as u32).or(Some(NonZeroU32::MIN))
    }

    /// Whether the customer's memory has it.
    #[inline]
    pub fn has(self, record: &Record, print: NonZeroU32) -> bool {
        match &record.0[..self.size] {
            &[first, second, third, fourth] => [first, second, third, fourth].contains(&print.get()),
            ids => ids.contains(&print.get()),
        }
    }

    /// Puts it before the others: each moves on by one place, and the last is forgotten.
    #[inline]
    pub fn remember(self, record: &mut Record, print: NonZeroU32) {
        match &mut record.0[..self.size] {
            [first, second, third, fourth] => {
                (*first, *second, *third, *fourth) = (print.get(), *first, *second, *third);
            }
            ids => {
                ids.rotate_right(1);
                ids[0] = print.get();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ids_are_remembered_newest_first_and_no_others() {
        for size in 1..=16 {
            let mut layout = Layout::default();
            let memory = Memory::place(&mut layout, size);
            let mut record = Record::zeroed(layout.words + 1);
            let prints: Vec<_> = (0..20).filter_map(|id| memory.print(Some(&format!("e{id}")))).collect();
            for (count, print) in prints.iter().enumerate() {
                assert!(!memory.has(&record, *print), "{count} of {size}");
                memory.remember(&mut record, *print);
                let known: Vec<bool> = prints.iter().map(|print| memory.has(&record, *print)).collect();
                let expected = (0..20).map(|id| id <= count && id + usize::from(size) > count);
                assert_eq!(known, expected.collect::<Vec<_>>(), "{count} of {size}");
                assert_eq!(record.0[0], print.get());
                assert_eq!(record.0.last(), Some(&0), "what stands behind is not the memory's");
            }
        }
    }

    #[test]
    fn nothing_is_remembered_without_an_id_or_without_room() {
        let memory = |size| Memory::place(&mut Layout::default(), size);
        assert_eq!(memory(4).print(None), None);
        assert_eq!(memory(0).print(Some("e1")), None);
        // What is remembered of an id is part of the stored format.
        assert_eq!(memory(4).print(Some("e1")).map(NonZeroU32::get), Some(xxh3_64(b"e1") as u32));
    }
}
