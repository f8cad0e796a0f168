//! The counts on record, and how far new ones may be from them.

use std::fmt::Write as _;

use anyhow::{Context as _, bail, ensure};

/// A difference up to this is none.
const PERCENT_MAX: f64 = 5.0;
const AGAIN: &str = "if that is meant, `make bench-instructions RECORD=1` writes the record anew, to be committed with the \
                     change that explains it";

/// Instructions per operation.
pub type Count = (String, f64);

/// What `recorded.tsv` holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What `rustc --version` said.
    pub compiler: String,
    pub counts: Vec<Count>,
}

impl Record {
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let compiler = first.strip_prefix("# ").context("the first line is not `# ` and the compiler's version")?;
        let mut counts: Vec<Count> = Vec::new();
        for line in rest.lines() {
            let wrong = || format!("not a step, a tab and a count: {line:?}");
            let (name, count) = line.split_once('\t').with_context(wrong)?;
            let count: f64 = count.parse().with_context(wrong)?;
            ensure!(count.is_finite() && count > 0.0, "{name}: {count} instructions cannot be");
            ensure!(counts.iter().all(|(other, _)| other != name), "{name} is there twice");
            counts.push((name.to_owned(), count));
        }
        Ok(Self { compiler: compiler.to_owned(), counts })
    }

    pub fn write(&self) -> String {
        let mut text = format!("# {}\n", self.compiler);
        for (name, count) in &self.counts {
            writeln!(text, "{name}\t{count:.1}").expect("a text takes everything");
        }
        text
    }

    pub fn of(&self, name: &str) -> Option<f64> {
        self.counts.iter().find(|(other, _)| other == name).map(|(_, count)| *count)
    }
}

/// By how many percent a count differs from the one on record.
pub fn difference(count: f64, recorded: f64) -> f64 {
    (count - recorded) * 100.0 / recorded
}

/// What is wrong with the counts, one sentence for each; nothing if they are those on record.
pub fn compare(counts: &[Count], record: &Record) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, count) in counts {
        let Some(recorded) = record.of(name) else {
            wrong.push(format!("{name} is not on record; {AGAIN}"));
            continue;
        };
        let percent = difference(*count, recorded);
        if percent.abs() > PERCENT_MAX {
            let more = if percent < 0.0 { "fewer" } else { "more" };
            wrong.push(format!(
                "{name} takes {:.1} % {more} instructions than on record, {count:.1} instead of {recorded:.1}, \
                 and {PERCENT_MAX} % are let pass; {AGAIN}",
                percent.abs()
            ));
        }
    }
    let unknown = record.counts.iter().filter(|(name, _)| counts.iter().all(|(other, _)| other != name));
    wrong.extend(unknown.map(|(name, _)| format!("{name} is on record, and no step is called so; {AGAIN}")));
    wrong
}

/// Counts, and how each sentence about them begins.
type Case = (&'static [(&'static str, f64)], &'static [&'static str]);

/// Whether [`compare`] can fail, with counts that are made up: a guard that lets everything pass looks like one that finds
/// nothing.
pub fn check_compare() -> anyhow::Result<()> {
    let record = Record::parse("# rustc\na\t100.0\nb\t1000.0\nc\t10.0\n")?;
    ensure!(Record::parse(&record.write())? == record, "a record is not read as it was written");
    for text in ["", "a\t1.0\n", "# rustc\na 1.0\n", "# rustc\na\tone\n", "# rustc\na\t0\n", "# rustc\na\t1\na\t1\n"] {
        ensure!(Record::parse(text).is_err(), "{text:?} is taken for a record");
    }
    let cases: [Case; 7] = [
        (&[("a", 100.0), ("b", 1000.0), ("c", 10.0)], &[]),
        (&[("a", 105.0), ("b", 950.0), ("c", 10.0)], &[]),
        (&[("a", 105.1), ("b", 1000.0), ("c", 10.0)], &["a takes 5.1 % more"]),
        (&[("a", 100.0), ("b", 949.0), ("c", 10.0)], &["b takes 5.1 % fewer"]),
        (&[("a", 200.0), ("b", 1.0), ("c", 10.0)], &["a takes 100.0 % more", "b takes 99.9 % fewer"]),
        (&[("a", 100.0), ("b", 1000.0)], &["c is on record, and no step"]),
        (&[("a", 100.0), ("b", 1000.0), ("c", 10.0), ("d", 1.0)], &["d is not on record"]),
    ];
    for (counts, expected) in cases {
        let counts: Vec<Count> = counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        let wrong = compare(&counts, &record);
        let alike =
            wrong.len() == expected.len() && wrong.iter().zip(expected).all(|(one, part)| one.starts_with(part));
        if !alike {
            bail!("the comparison is broken: {counts:?} against {:?} gives {wrong:?}, not {expected:?}", record.counts);
        }
    }
    Ok(())
}
