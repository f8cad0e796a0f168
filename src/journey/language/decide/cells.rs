//! What a slot may hold, cut where conditions look: within a cell every comparison with a literal comes out the same.

use crate::journey::program::Operand;

/// What a slot may hold.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::journey::language) struct Domain<'m> {
    pub values: Values<'m>,
    pub may_be_missing: bool,
}

/// The values a slot may have.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::journey::language) enum Values<'m> {
    /// None: it is always missing.
    None,
    /// Any number.
    Number,
    /// A whole number, not below this one.
    WholeFrom(f64),
    /// This number.
    Exactly(f64),
    Text,
    /// One of these texts.
    OneOf(Vec<&'m str>),
    Bool,
}

/// The literals that a slot is compared with.
#[derive(Debug, Clone, Default)]
pub(super) struct Cuts<'m> {
    pub numbers: Vec<f64>,
    pub texts: Vec<&'m str>,
    /// Whether texts are compared by their order too.
    pub ordered: bool,
}

/// Values of a slot that no comparison with a literal tells apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'m> {
    /// Exactly this value.
    Point(Operand<'m>),
    /// One of many numbers, of which this is one.
    Number(f64),
    /// One of many texts, of which this is one.
    Text(String),
}

impl<'m> Domain<'m> {
    /// What it is cut into. Each cell holds something, and together they hold everything.
    pub(super) fn cells(&self, mut cuts: Cuts<'m>) -> Vec<Cell<'m>> {
        let mut cells = match &self.values {
            Values::None => Vec::new(),
            Values::Number => numbers(&mut cuts.numbers, f64::MIN, |_| true, between),
            Values::WholeFrom(least) => numbers(&mut cuts.numbers, *least, |cut| cut.fract() == 0.0, whole_between),
            Values::Exactly(number) => vec![Cell::Point(Operand::Number(*number))],
            Values::Text => texts(cuts),
            Values::OneOf(texts) => texts.iter().map(|text| Cell::Point(Operand::Text(text))).collect(),
            Values::Bool => [true, false].map(|value| Cell::Point(Operand::Bool(value))).into(),
        };
        if self.may_be_missing || self.values == Values::None {
            cells.push(Cell::Point(Operand::Missing));
        }
        cells
    }
}

/// The cells of numbers not below `least`: a point for each cut that is one of them, and what lies between cuts. `between` gives a
/// number above the first and below the second, if there is one.
fn numbers<'m>(
    cuts: &mut Vec<f64>,
    least: f64,
    is_one: impl Fn(f64) -> bool,
    between: impl Fn(f64, f64) -> Option<f64>,
) -> Vec<Cell<'m>> {
    cuts.retain(|cut| cut.is_finite() && *cut >= least);
    // The least value has a cell of its own, so that what lies between always has a lower end.
    cuts.push(least);
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    let mut cells = Vec::new();
    for (index, cut) in cuts.iter().enumerate() {
        cells.extend(is_one(*cut).then_some(Cell::Point(Operand::Number(*cut))));
        let next = cuts.get(index + 1).copied().unwrap_or(f64::INFINITY);
        cells.extend(between(*cut, next).map(Cell::Number));
    }
    cells
}

fn between(low: f64, high: f64) -> Option<f64> {
    // Not the middle of the two, which may be too large to be worked out.
    let middle = if high.is_finite() { low / 2.0 + high / 2.0 } else { low.next_up() };
    [middle, low.next_up()].into_iter().find(|number| low < *number && *number < high)
}

fn whole_between(low: f64, high: f64) -> Option<f64> {
    // Where numbers are too large to differ by one they are all whole.
    let next = if low + 1.0 > low { (low + 1.0).floor() } else { low.next_up() };
    (next < high).then_some(next)
}

fn texts(Cuts { mut texts, ordered, .. }: Cuts<'_>) -> Vec<Cell<'_>> {
    texts.sort_unstable();
    texts.dedup();
    let points = texts.iter().map(|text| Cell::Point(Operand::Text(text)));
    if !ordered {
        // Any other text: one that is longer than all.
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        return points.chain([Cell::Text("?".repeat(longest + 1))]).collect();
    }
    // The text that comes next after a text is the same with a zero behind it.
    let next = |text: &&str| format!("{text}\0");
    let before = (texts.first() != Some(&"")).then(String::new);
    let after = texts.iter().enumerate().filter_map(|(index, text)| {
        let next = next(text);
        (texts.get(index + 1) != Some(&next.as_str())).then_some(next)
    });
    points.chain(before.into_iter().chain(after).map(Cell::Text)).collect()
}
