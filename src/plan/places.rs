//! Where the same customers are in the end, before and after a change.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::Cell;
use crate::engine::Partition;
use crate::engine::store::{BUCKETS, IdHash};
use crate::journey::{ModelSet, Record};

/// Everybody as they are in the end, and the models they are in.
pub(super) struct End<'a> {
    pub(super) partition: &'a Partition,
    pub(super) set: &'a ModelSet,
}

/// A phase word of a model, 0 for `new`; `None`: the customer is not there.
type Place = Option<u32>;

/// Customers by where they are before and after.
type Cells = BTreeMap<(Place, Place), Customers>;

#[derive(Default)]
struct Customers {
    count: u64,
    /// The first of them by id.
    some: BTreeSet<String>,
}

/// Counts customers by model, the phase before and the phase after. `pairs` are the models' numbers before and after. Each
/// cell names so many of its customers at most.
pub(super) fn compare(before: &End<'_>, after: &End<'_>, pairs: &[(usize, usize)], examples: usize) -> Vec<Vec<Cell>> {
    let mut counted: Vec<Cells> = pairs.iter().map(|_| Cells::new()).collect();
    let mut count = |id: &str, was: Option<&Record>, is: Option<&Record>| {
        for ((model_before, model_after), cells) in pairs.iter().zip(&mut counted) {
            let place = |end: &End<'_>, record: Option<&Record>, model: usize| {
                record.map(|record| end.set.phase_of(record, model).map_or(0, |phase| u32::from(phase) + 1))
            };
            let cell = (place(before, was, *model_before), place(after, is, *model_after));
            let customers = cells.entry(cell).or_default();
            customers.count += 1;
            customers.some.insert(id.to_owned());
            if customers.some.len() > examples {
                customers.some.pop_last();
            }
        }
    };
    let find =
        |end: &End<'_>, id: &str| end.partition.store().read(IdHash::of(id), id, |customer| customer.record.to_owned());
    for bucket in 0..BUCKETS {
        before.partition.store().visit_bucket(bucket, |id, customer| {
            count(id, Some(customer.record), find(after, id).as_deref());
        });
        after.partition.store().visit_bucket(bucket, |id, customer| {
            if find(before, id).is_none() {
                count(id, None, Some(customer.record));
            }
        });
    }
    let name = |set: &ModelSet, model: usize, place: u32| match place.checked_sub(1) {
        None => "new".to_owned(),
        Some(phase) => set.models()[model].phases()[phase as usize].name().to_owned(),
    };
    let cells = pairs.iter().zip(counted).map(|((model_before, model_after), cells)| {
        let cell = |((was, is), customers): ((Place, Place), Customers)| Cell {
            before: was.map(|place| name(before.set, *model_before, place)),
            after: is.map(|place| name(after.set, *model_after, place)),
            customers: customers.count,
            examples: customers.some.into_iter().collect(),
        };
        cells.into_iter().map(cell).collect()
    });
    cells.collect()
}
