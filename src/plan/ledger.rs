//! What is told before a change, held against what is told after it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use compact_str::CompactString;
use xxhash_rust::xxh3::xxh3_128;

use super::figures::Tellings;

/// Whether something is told before the change or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// Tellings by row: whatever they are counted by.
pub(super) struct Ledger<R> {
    rows: BTreeMap<R, Tellings>,
    /// Those told before, in their order.
    told: Vec<Told<R>>,
    /// By what makes them the same, those that were not told after yet.
    left: HashMap<u128, VecDeque<usize>>,
    /// How many customers a row names at most.
    examples: usize,
}

struct Told<R> {
    row: R,
    customer: CompactString,
    /// Whether it is told after too.
    again: bool,
}

impl<R: Ord + Clone> Ledger<R> {
    /// An empty ledger, whose rows name so many customers at most.
    pub(super) fn new(examples: usize) -> Self {
        Self { rows: BTreeMap::new(), told: Vec::new(), left: HashMap::new(), examples }
    }

    /// Something is told. All that is told before comes before what is told after; `same` says what is the same.
    pub(super) fn tell(&mut self, side: Side, row: R, same: u128, customer: &str) {
        let tellings = self.rows.entry(row.clone()).or_default();
        match side {
            Side::Before => {
                tellings.before += 1;
                self.left.entry(same).or_default().push_back(self.told.len());
                self.told.push(Told { row, customer: customer.into(), again: false });
            }
            Side::After => {
                tellings.after += 1;
                match self.left.get_mut(&same).and_then(VecDeque::pop_front) {
                    Some(before) => self.told[before].again = true,
                    None => {
                        tellings.gained += 1;
                        add_example(&mut tellings.gained_by, customer, self.examples);
                    }
                }
            }
        }
    }

    /// All is told: the rows.
    pub(super) fn finish(mut self) -> BTreeMap<R, Tellings> {
        for told in self.told.iter().filter(|told| !told.again) {
            let row = self.rows.get_mut(&told.row).expect("what was told made its row");
            row.lost += 1;
            add_example(&mut row.lost_by, &told.customer, self.examples);
        }
        self.rows
    }
}

fn add_example(examples: &mut Vec<String>, customer: &str, most: usize) {
    if examples.len() < most && !examples.iter().any(|other| other == customer) {
        examples.push(customer.to_owned());
    }
}

/// A number that two lists of texts have in common only if they are the same.
pub(super) fn fingerprint(texts: &[&str]) -> u128 {
    let mut bytes = Vec::new();
    for text in texts {
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    xxh3_128(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_twice_before_and_once_after_is_lost_once() {
        let mut ledger = Ledger::new(1);
        for (row, same, customer) in [("a", "x", "1"), ("a", "x", "1"), ("a", "y", "2"), ("b", "z", "3")] {
            ledger.tell(Side::Before, row, fingerprint(&[same]), customer);
        }
        for (row, same, customer) in [("a", "x", "1"), ("c", "y", "2"), ("a", "new", "4"), ("a", "newer", "5")] {
            ledger.tell(Side::After, row, fingerprint(&[same]), customer);
        }
        let row = |before, after, gained, lost, gained_by: &[&str], lost_by: &[&str]| Tellings {
            before,
            after,
            gained,
            lost,
            gained_by: gained_by.iter().map(|one| (*one).to_owned()).collect(),
            lost_by: lost_by.iter().map(|one| (*one).to_owned()).collect(),
        };
        let rows: Vec<_> = ledger.finish().into_iter().collect();
        let expected = [
            ("a", row(3, 3, 2, 1, &["4"], &["1"])),
            ("b", row(1, 0, 0, 1, &[], &["3"])),
            ("c", row(0, 1, 0, 0, &[], &[])),
        ];
        assert_eq!(rows, expected, "the same under another rule is neither gained nor lost");
    }

    #[test]
    fn texts_that_only_read_the_same_in_a_row_are_not_the_same() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(fingerprint(&["ab", "c"]), fingerprint(&["ab", "c"]));
    }
}
