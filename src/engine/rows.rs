//! The customers of one bucket, each in a row of words: when it changed, its timer's entry, its id, its state.
//!
//! Invariant: a row has one place from the customer's first event until it is forgotten, and then may become another
//! customer's. Rows stand side by side in pages, so a customer costs no allocation and little memory beside its words. A
//! page that everybody has left is given back: who came once and at the same time is forgotten at the same time.
//!
//! Not here: how a row is found by an id, and who may change it (`store`, `keeper`).

use std::sync::Arc;

use super::id_form::{self, Form, NARROW_MAX, Scratch, WIDE_MAX};
use super::page::{PAGE_WORDS, Page};
use super::prefetch::prefetch;
use super::quarry::Quarry;
use crate::journey::Record;

/// Words before a row's id: the epoch of its last change, its entry in the timers' index. Behind the id stands the record.
const BEFORE_ID: usize = 2;
/// Words of an id, in narrow rows and in wide ones; the last byte says what the others mean.
const ID_WORDS: [usize; 2] = [(NARROW_MAX + 1) / 4, (WIDE_MAX + 1) / 4];
/// Rows of a page's first piece; it doubles until the page is whole, so that small buckets are small.
const FIRST_ROWS: usize = 8;
/// Pages of a bucket after which it takes whole ones from the quarry: some thirty megabytes of a partition.
const SMALL_PAGES: usize = 8;
/// Bits of a row's number that tell its slot in its page; those above tell the page.
const SLOT_BITS: u32 = 10;

/// The number of a row. Slots that a page does not have are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row(pub(super) u32);

impl Row {
    /// Bits that numbers may have: 65,536 pages, more than four gigabytes.
    pub(super) const BITS: u32 = 16 + SLOT_BITS;

    fn at(page: usize, slot: usize) -> Self {
        Self((page << SLOT_BITS | slot) as u32)
    }

    fn page(self) -> usize {
        (self.0 >> SLOT_BITS) as usize
    }

    fn slot(self) -> usize {
        (self.0 & ((1 << SLOT_BITS) - 1)) as usize
    }
}

/// A customer as held in memory. What is durable of it is the record alone.
#[derive(Debug)]
pub struct Customer<'a> {
    /// The state.
    pub record: &'a Record,
    /// Number (low bits) of the epoch that last changed it.
    pub changed: u32,
    /// The tick of its live entry in the timers' index; [`NEVER`] if it has none.
    pub wake: u32,
}

/// A [`Customer`], to be changed.
#[derive(Debug)]
pub struct CustomerMut<'a> {
    /// The state.
    pub record: &'a mut Record,
    /// Number (low bits) of the epoch that last changed it.
    pub changed: &'a mut u32,
    /// The tick of its live entry in the timers' index; [`NEVER`] if it has none.
    pub wake: &'a mut u32,
}

/// [`Customer::wake`] of a customer without an entry in the timers' index.
pub const NEVER: u32 = u32::MAX;

/// See the module.
#[derive(Debug)]
pub(super) struct Rows {
    record_words: usize,
    pages: Vec<Page>,
    /// Narrow rows and wide ones; those of a page are all the same.
    widths: [Width; 2],
    /// Pages that were given back.
    empty: Vec<usize>,
    /// Ids that are too long for their rows, and the places of those that went.
    long_ids: Vec<Box<str>>,
    free_ids: Vec<u32>,
    quarry: Arc<Quarry>,
}

/// The rows of one width.
#[derive(Debug)]
struct Width {
    /// Words of a row.
    stride: usize,
    /// The page that new rows are added to, if there is one yet.
    growing: Option<usize>,
    /// Rows that were a customer's once and are nobody's now.
    free: Vec<Row>,
}

impl Width {
    /// Rows of a whole page.
    fn page_rows(&self) -> usize {
        (PAGE_WORDS / self.stride).clamp(1, 1 << SLOT_BITS)
    }
}

impl Rows {
    /// No rows yet, for records of so many words.
    pub(super) fn of(record_words: usize, quarry: Arc<Quarry>) -> Self {
        let widths = ID_WORDS.map(|id_words| Width {
            stride: BEFORE_ID + id_words + record_words,
            growing: None,
            free: Vec::new(),
        });
        Self {
            record_words,
            pages: Vec::new(),
            widths,
            empty: Vec::new(),
            long_ids: Vec::new(),
            free_ids: Vec::new(),
            quarry,
        }
    }

    /// A row's words; none if its page was given back.
    #[inline]
    fn words(&self, row: Row) -> &[u32] {
        self.pages[row.page()].row(row.slot())
    }

    #[inline]
    fn words_mut(&mut self, row: Row) -> &mut [u32] {
        self.pages[row.page()].row_mut(row.slot())
    }

    /// Begins to bring a row closer.
    #[inline]
    pub(super) fn prefetch(&self, row: Row) {
        const WORDS_OF_A_LINE: usize = 16;
        let Some(page) = self.pages.get(row.page()) else { return };
        let (start, stride) = (page.address(row.slot()), page.stride());
        for line in (0..stride).step_by(WORDS_OF_A_LINE).take(4) {
            prefetch(start.wrapping_add(line));
        }
        prefetch(start.wrapping_add(stride - 1));
    }

    /// A row's head, up to and with the id, and its record; none if its page was given back.
    #[inline]
    fn parts(&self, row: Row) -> Option<(&[u32], &[u32])> {
        let words = self.words(row);
        words.split_at_checked(words.len().wrapping_sub(self.record_words))
    }

    /// The form of the id in a row, and its bytes.
    #[inline]
    fn id_form(&self, row: Row) -> (Form, &[u8]) {
        let Some((head, _)) = self.parts(row) else { return (Form::Nobody, &[]) };
        let place: &[u8] = bytemuck::cast_slice(&head[BEFORE_ID..]);
        let form = Form::of(place[place.len() - 1]);
        match form {
            Form::Long => (form, self.long_ids[head[BEFORE_ID] as usize].as_bytes()),
            _ => (form, &place[..form.bytes()]),
        }
    }

    /// Who is in the row, as bytes; empty if nobody is. What stands there otherwise is written out.
    #[inline]
    pub(super) fn id_bytes<'a>(&'a self, row: Row, scratch: &'a mut Scratch) -> &'a [u8] {
        match self.id_form(row) {
            (Form::Hex(_), bytes) => scratch.hex(bytes),
            (Form::Uuid, bytes) => scratch.uuid(bytes),
            (_, bytes) => bytes,
        }
    }

    /// Whether it is this customer who is in the row.
    #[inline]
    pub(super) fn is(&self, row: Row, id: &str) -> bool {
        match self.id_form(row) {
            (Form::Hex(_) | Form::Uuid, _) => self.id_bytes(row, &mut Scratch::new()) == id.as_bytes(),
            (_, bytes) => bytes == id.as_bytes(),
        }
    }

    /// Whether nobody is in the row.
    #[inline]
    pub(super) fn is_empty(&self, row: Row) -> bool {
        self.id_form(row).0 == Form::Nobody
    }

    /// Who is in the row; empty if nobody is.
    #[inline]
    pub(super) fn id_text<'a>(&'a self, row: Row, scratch: &'a mut Scratch) -> &'a str {
        // SAFETY: nothing but the whole of a text was ever put there, and it comes out as it went in.
        unsafe { std::str::from_utf8_unchecked(self.id_bytes(row, scratch)) }
    }

    /// The customer in the row; `None` if nobody is.
    #[inline]
    pub(super) fn state(&self, row: Row) -> Option<Customer<'_>> {
        let (head, record) = self.parts(row)?;
        (!self.is_empty(row)).then(|| Customer { record: Record::of(record), changed: head[0], wake: head[1] })
    }

    /// The customer in the row, to be changed. Somebody must be there.
    #[inline]
    pub(super) fn customer_mut(&mut self, row: Row) -> CustomerMut<'_> {
        let record_words = self.record_words;
        let words = self.words_mut(row);
        let (head, record) = words.split_at_mut(words.len() - record_words);
        let [changed, wake, ..] = head else { unreachable!("a head has more words than two") };
        CustomerMut { record: Record::of_mut(record), changed, wake }
    }

    /// A row for a new customer, whose id is not empty, without state and without a timer. It counts as changed in this
    /// epoch; in a row that was somebody's before, as changed when that one was: who is written down once already in the
    /// open epoch need not be again.
    pub(super) fn add(&mut self, id: &str, changed: u32) -> Row {
        let (form, bytes) = id_form::pack(id);
        let width = usize::from(form.bytes() > NARROW_MAX);
        let (row, changed) = match self.widths[width].free.pop() {
            Some(row) => (row, self.words(row)[0]),
            None => (self.new_row(width), changed),
        };
        self.pages[row.page()].taken += 1;
        let long = (form == Form::Long).then(|| self.add_long(id));
        let words = self.words_mut(row);
        words.fill(0);
        (words[0], words[1]) = (changed, NEVER);
        let place = &mut words[BEFORE_ID..][..ID_WORDS[width]];
        if let Some(long) = long {
            place[0] = long;
        }
        let place: &mut [u8] = bytemuck::cast_slice_mut(place);
        place[..form.bytes()].copy_from_slice(&bytes[..form.bytes()]);
        place[4 * ID_WORDS[width] - 1] = form.mark();
        row
    }

    fn add_long(&mut self, id: &str) -> u32 {
        match self.free_ids.pop() {
            Some(place) => {
                self.long_ids[place as usize] = id.into();
                place
            }
            None => {
                self.long_ids.push(id.into());
                (self.long_ids.len() - 1) as u32
            }
        }
    }

    fn new_row(&mut self, width: usize) -> Row {
        let (whole, stride) = (self.widths[width].page_rows(), self.widths[width].stride);
        let number = match self.widths[width].growing {
            Some(number) if self.pages[number].rows() < whole => number,
            _ => self.new_page(width),
        };
        self.widths[width].growing = Some(number);
        let page = &mut self.pages[number];
        debug_assert_eq!(page.stride(), stride);
        let slot = page.rows();
        if slot == page.rows_max() {
            page.reserve((slot * 2).max(FIRST_ROWS).min(whole));
        }
        page.push();
        Row::at(number, slot)
    }

    fn new_page(&mut self, width: usize) -> usize {
        let stride = self.widths[width].stride;
        let is_large = self.pages.len() - self.empty.len() >= SMALL_PAGES && stride <= PAGE_WORDS;
        let cut = is_large.then(|| self.quarry.cut()).flatten();
        let page = cut.map_or_else(|| Page::new(stride), |cut| Page::on(cut, stride));
        match self.empty.pop() {
            Some(number) => {
                self.pages[number] = page;
                number
            }
            None => {
                self.pages.push(page);
                self.pages.len() - 1
            }
        }
    }

    /// Empties a row.
    pub(super) fn remove(&mut self, row: Row) {
        if self.id_form(row).0 == Form::Long {
            let place = self.words(row)[BEFORE_ID];
            self.long_ids[place as usize] = Box::default();
            self.free_ids.push(place);
        }
        let (number, record_words) = (row.page(), self.record_words);
        let page = &mut self.pages[number];
        let words = page.row_mut(row.slot());
        let head = words.len() - record_words;
        words[BEFORE_ID..head].fill(0);
        page.taken -= 1;
        let width = self.widths.iter_mut().find(|width| width.stride == page.stride());
        let width = width.expect("a page's rows are of one of the widths");
        if page.taken == 0 && width.growing != Some(number) {
            page.clear(&self.quarry);
            width.free.retain(|row| row.page() != number);
            self.empty.push(number);
        } else {
            width.free.push(row);
        }
    }

    /// All rows of all pages, in order; in some of them there is nobody.
    pub(super) fn all(&self) -> impl Iterator<Item = Row> + use<> {
        let slots: Vec<usize> = self.pages.iter().map(Page::rows).collect();
        slots.into_iter().enumerate().flat_map(|(page, slots)| (0..slots).map(move |slot| Row::at(page, slot)))
    }

    /// Bytes taken.
    pub(super) fn bytes(&self) -> u64 {
        let pages: usize = self.pages.iter().map(Page::bytes).sum();
        let free: usize = self.widths.iter().map(|width| width.free.len()).sum();
        let long: usize = self.long_ids.iter().map(|id| id.len().next_multiple_of(16) + size_of::<Box<str>>()).sum();
        (pages + long + (free + self.free_ids.len()) * size_of::<u32>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: usize = 13;

    impl Rows {
        fn new(record_words: usize) -> Self {
            Self::of(record_words, Arc::default())
        }

        fn page_rows(&self) -> usize {
            self.widths[0].page_rows()
        }

        fn id(&self, row: Row) -> &'static str {
            self.id_text(row, &mut Scratch::new()).to_owned().leak()
        }

        fn customer(&self, row: Row) -> Option<(&'static str, Customer<'_>)> {
            self.state(row).map(|customer| (self.id(row), customer))
        }
    }

    const SHORT_ID_MAX: usize = WIDE_MAX;

    fn ids(rows: &Rows) -> Vec<String> {
        rows.all().filter_map(|row| rows.customer(row)).map(|(id, _)| id.to_owned()).collect()
    }

    #[test]
    fn ids_of_every_length_are_kept_as_they_are() {
        let mut rows = Rows::new(WORDS);
        let ids: Vec<String> =
            (1..100).map(|length| "é".repeat(length / 2) + if length % 2 == 1 { "x" } else { "" }).collect();
        let places: Vec<Row> = ids.iter().map(|id| rows.add(id, 0)).collect();
        for (id, row) in ids.iter().zip(&places) {
            assert_eq!(rows.customer(*row).map(|(id, _)| id), Some(id.as_str()));
        }
        places.iter().for_each(|row| rows.remove(*row));
        assert_eq!(rows.all().filter(|row| rows.customer(*row).is_some()).count(), 0);
        let again: Vec<Row> = ids.iter().map(|id| rows.add(id, 0)).collect();
        assert_eq!(rows.all().count(), places.len(), "rows that were left are taken again");
        assert_eq!(again.iter().map(|row| rows.id(*row)).collect::<Vec<_>>(), ids);
        assert_eq!(rows.long_ids.len(), ids.iter().filter(|id| id.len() > SHORT_ID_MAX).count());
    }

    #[test]
    fn a_row_stays_what_it_is_while_others_come() {
        for words in [0, 1, WORDS, 500, PAGE_WORDS] {
            let mut rows = Rows::new(words);
            let count = 3 * rows.page_rows().max(20) as u32;
            let places: Vec<Row> = (0..count)
                .map(|n| {
                    let row = rows.add(&format!("c{n}"), n);
                    rows.customer_mut(row).record.0.fill(n);
                    *rows.customer_mut(row).wake = n + 1;
                    row
                })
                .collect();
            assert_eq!(rows.all().collect::<Vec<_>>(), places, "{words} words");
            for (n, row) in (0..count).zip(places) {
                let (id, customer) = rows.customer(row).expect("the row was just added");
                assert_eq!((id, customer.changed, customer.wake), (&*format!("c{n}"), n, n + 1));
                assert!(customer.record.0.iter().all(|word| *word == n));
            }
        }
    }

    #[test]
    fn a_row_that_was_anothers_begins_empty_and_counts_as_changed_when_that_one_did() {
        let mut rows = Rows::new(WORDS);
        let first = rows.add("first", 4);
        rows.customer_mut(first).record.0.fill(7);
        *rows.customer_mut(first).wake = 7;
        *rows.customer_mut(first).changed = 5;
        rows.remove(first);
        assert_eq!(ids(&rows), [""; 0]);
        let second = rows.add("second", 4);
        assert_eq!(second, first);
        let (id, customer) = rows.customer(second).expect("the row was just added");
        assert_eq!((id, customer.changed, customer.wake), ("second", 5, NEVER));
        assert_eq!(customer.record, &*Record::zeroed(WORDS));
    }

    #[test]
    fn a_page_that_everybody_has_left_is_given_back_and_taken_again() {
        let mut rows = Rows::new(WORDS);
        let whole = rows.page_rows();
        let add = |rows: &mut Rows| (0..3 * whole).map(|n| rows.add(&format!("c{n}"), 1)).collect::<Vec<Row>>();
        let places = add(&mut rows);
        let before = rows.bytes();
        // Two rows of the second page are left before any other, one of the first stays.
        places[whole..whole + 2].iter().for_each(|row| rows.remove(*row));
        places[1..whole].iter().for_each(|row| rows.remove(*row));
        assert!(rows.bytes() >= before, "somebody is in every page");
        places[whole + 2..2 * whole].iter().for_each(|row| rows.remove(*row));
        assert!(rows.bytes() < before * 3 / 4, "{} of {before} bytes", rows.bytes());
        for row in &places[whole..2 * whole] {
            assert_eq!((rows.id(*row), rows.customer(*row).is_none()), ("", true), "nobody is in what was given back");
            rows.prefetch(*row);
        }
        assert_eq!(ids(&rows).len(), whole + 1);
        let again: Vec<Row> = (0..2 * whole - 1).map(|n| rows.add(&format!("d{n}"), 1)).collect();
        assert_eq!(rows.pages.len(), 3, "pages are taken again");
        let mut all: Vec<Row> = again.into_iter().chain(places[..1].iter().copied()).collect();
        all.extend_from_slice(&places[2 * whole..]);
        all.sort_unstable();
        assert_eq!(all, places, "each row has one customer");
        assert_eq!(ids(&rows).len(), 3 * whole);
    }

    #[test]
    fn ids_of_every_kind_come_out_as_they_went_in_and_are_nobody_elses() {
        let mut rows = Rows::new(WORDS);
        let kinds = |n: u32| {
            let hash = format!("{:032x}{n:032x}", u128::from(n) << 64 | 0xab);
            let uuid = format!("{n:08x}-d9cb-469f-a165-70867728950e");
            let mail = format!("somebody{n:08}@shop.example.com");
            [hash.to_uppercase(), uuid.to_uppercase(), hash, uuid, mail, format!("{n:020}"), format!("c{n}")]
        };
        let ids: Vec<String> = (1..2_000).flat_map(kinds).collect();
        let places: Vec<Row> = ids.iter().map(|id| rows.add(id, 0)).collect();
        for (number, row) in places.iter().enumerate() {
            rows.customer_mut(*row).record.0.fill(number as u32);
        }
        for (number, (id, row)) in ids.iter().zip(&places).enumerate() {
            assert_eq!(rows.id(*row), id);
            assert!(rows.is(*row, id) && !rows.is(*row, &ids[(number + 1) % ids.len()]));
            let others = [id.to_uppercase(), id.to_lowercase()].into_iter().filter(|other| other != id);
            assert!(others.into_iter().all(|other| !rows.is(*row, &other)));
            assert!(rows.state(*row).is_some_and(|state| state.record.0.iter().all(|word| *word == number as u32)));
        }
        // Those in one width leave; the others stay, and rows that are left are taken by ids of their width again.
        let (gone, before) = ((0..ids.len()).step_by(7).chain((2..ids.len()).step_by(7)), rows.all().count());
        gone.clone().for_each(|number| rows.remove(places[number]));
        assert!(gone.clone().all(|number| rows.is_empty(places[number]) && !rows.is(places[number], &ids[number])));
        gone.for_each(|number| _ = rows.add(&ids[number], 0));
        let (mut found, mut expected) = (self::ids(&rows), ids);
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
        assert!(rows.all().count() <= before + 2 * rows.page_rows());
    }

    #[test]
    fn a_customer_takes_little_more_than_its_words() {
        let mut rows = Rows::new(WORDS);
        let count = 100_000;
        (0..count).for_each(|n| _ = rows.add(&format!("c{n:08}"), 0));
        let each = rows.bytes() as f64 / f64::from(count);
        assert!((84.0..85.0).contains(&each), "{each} bytes each");
    }
}
