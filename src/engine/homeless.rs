//! Customers in phases that their model does not have any more.
//!
//! Invariant: a partition with such a customer does not run. Only when all of its state is folded is it known who is one:
//! whoever was forgotten or moved on since is none.

use std::collections::BTreeMap;
use std::fmt;

use super::ports::StoredPhase;
use super::store::{BUCKETS, Store};
use crate::journey::{ModelSet, grouped};

/// A phase word from here on is no phase of the active models: counted from here, the place of its name among
/// [`StateCodec::phases_gone`](super::ports::StateCodec::phases_gone).
pub const GONE: u32 = 1 << 31;

/// How many there are, by model and phase, in some partitions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Homeless {
    /// The partitions that they are in.
    pub partitions: Vec<i32>,
    /// Customers by the phase that is gone.
    pub customers: BTreeMap<StoredPhase, u64>,
}

impl Homeless {
    /// Those of one partition, whose state is folded; `gone` are the phases that its codec met and no model has.
    pub fn count(partition: i32, store: &Store, set: &ModelSet, gone: &[StoredPhase]) -> Self {
        let mut homeless = Self { partitions: vec![partition], customers: BTreeMap::new() };
        if gone.is_empty() {
            return homeless;
        }
        let words = set.layout().phase_words();
        let mut counts = vec![0_u64; gone.len()];
        for bucket in 0..BUCKETS {
            store.visit_bucket(bucket, |_, customer| {
                let gone = words.iter().filter_map(|word| customer.record.u32(*word).checked_sub(GONE));
                gone.for_each(|number| counts[number as usize] += 1);
            });
        }
        let counted = gone.iter().cloned().zip(counts).filter(|(_, count)| *count > 0);
        homeless.customers = counted.collect();
        homeless
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// Counts those of other partitions too.
    pub fn add(&mut self, other: Self) {
        self.partitions.extend(other.partitions);
        self.partitions.sort_unstable();
        for (phase, count) in other.customers {
            *self.customers.entry(phase).or_default() += count;
        }
    }
}

impl fmt::Display for Homeless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.partitions.iter().map(i32::to_string).collect();
        let word = if numbers.len() == 1 { "partition" } else { "partitions" };
        write!(f, "{word} {}: customers are in phases that their model does not have any more: ", numbers.join(", "))?;
        let mut model = None;
        for (phase, count) in &self.customers {
            match model.replace(&phase.model) {
                Some(before) if *before == phase.model => f.write_str(", ")?,
                before => write!(f, "{}{}: at least ", if before.is_some() { "; " } else { "" }, phase.model)?,
            }
            write!(f, "{} in {:?}", grouped(*count), phase.phase)?;
        }
        f.write_str(
            "; put the phases back, say where they go with `moved: { … }`, or give the changed model another name (`klantreis plan` counts them over all partitions)",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homeless_customers_are_told_by_model_and_phase_with_the_way_out() {
        let of = |partition, entries: &[(&str, &str, u64)]| Homeless {
            partitions: vec![partition],
            customers: entries
                .iter()
                .map(|(model, phase, count)| {
                    (StoredPhase { model: (*model).to_owned(), phase: (*phase).to_owned() }, *count)
                })
                .collect(),
        };
        let mut homeless = of(1, &[("think5", "interesse", 1_000), ("think5", "proef", 3)]);
        homeless.add(of(0, &[("think5", "interesse", 204), ("shop", "a", 1)]));
        let text = homeless.to_string();
        let start = "partitions 0, 1: customers are in phases that their model does not have any more: \
                     shop: at least 1 in \"a\"; think5: at least 1,204 in \"interesse\", 3 in \"proef\"; put the phases back";
        assert!(text.starts_with(start), "{text}");
        assert!(of(3, &[("m", "a", 1_234_567)]).to_string().contains("partition 3: "));
        assert!(of(3, &[("m", "a", 1_234_567)]).to_string().contains("1,234,567 in \"a\""));
    }
}
