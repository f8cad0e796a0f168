//! What came of a plan, for people.

use std::fmt;

use super::figures::{Cell, Fate, ModelReplayed, ModelStored, Replayed, Stored, Tellings};
use super::table::{Table, number};

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, customers: (before, after), models } = self;
        writeln!(f, "{records} records; customers in the end: {before} before, {after} after")?;
        models.iter().try_for_each(|model| write!(f, "\n{model}"))
    }
}

impl fmt::Display for ModelReplayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = |version: Option<u32>| version.map_or_else(|| "none".to_owned(), |version| version.to_string());
        let (before, after) = (version(self.version_before), version(self.version_after));
        write!(f, "model {}: ", self.model)?;
        match self.fate {
            Fate::Same => writeln!(f, "version {after}, which means the same")?,
            Fate::Changed | Fate::Kept => writeln!(f, "version {before} before, version {after} after")?,
            Fate::New => writeln!(f, "new, version {after}")?,
            Fate::Gone => writeln!(f, "gone, was version {before}")?,
        }
        if self.is_same() {
            return writeln!(f, "  every customer ends where it did, and nothing is told that was not told before");
        }
        let mut phases = Table::new(1, &["customers", "before", "after"]);
        for phase in &self.phases {
            phases.row(vec![phase.phase.clone(), count(phase.before), count(phase.after)], String::new());
        }
        write!(f, "\n{phases}")?;
        if !self.places.is_empty() {
            write!(f, "\n{}", matrix(self))?;
        }
        let heads = ["before", "after", "gained", "lost"];
        let mut moves = Table::new(3, &[&["transitions", "", "by rule"][..], &heads].concat());
        for row in &self.transitions {
            let texts = [row.from.clone(), format!("→ {}", row.to), row.rule.clone()];
            moves.row([texts.as_slice(), &numbers(&row.told)].concat(), who(&row.told));
        }
        let mut signals = Table::new(1, &[&["signals"][..], &heads].concat());
        for row in &self.signals {
            signals.row([[row.signal.clone()].as_slice(), &numbers(&row.told)].concat(), who(&row.told));
        }
        [moves, signals].iter().filter(|table| !table.is_empty()).try_for_each(|table| write!(f, "\n{table}"))
    }
}

fn numbers(told: &Tellings) -> [String; 4] {
    [told.before.to_string(), told.after.to_string(), number(told.gained), number(told.lost)]
}

fn who(told: &Tellings) -> String {
    let of = |what: &str, customers: &[String], count: u64| {
        (!customers.is_empty()).then(|| format!("{what}: {}", some(customers, count)))
    };
    let both = [of("gained", &told.gained_by, told.gained), of("lost", &told.lost_by, told.lost)];
    both.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Some customers of so many.
fn some(customers: &[String], count: u64) -> String {
    let more = if count > customers.len() as u64 { ", …" } else { "" };
    customers.join(", ") + more
}

/// How many customers are in a phase; a dash where there is no such phase.
fn count(customers: Option<u64>) -> String {
    customers.map_or_else(|| "–".to_owned(), |customers| customers.to_string())
}

/// What a customer who is not there is called.
const NOBODY: &str = "(not there)";

/// Phases before as rows, phases after as columns, of those that have somebody; behind them who is elsewhere now.
fn matrix(model: &ModelReplayed) -> Table {
    let name = |phase: &Option<String>| phase.as_deref().unwrap_or(NOBODY).to_owned();
    let phases = || model.phases.iter().map(|phase| phase.phase.as_str()).chain([NOBODY]);
    let with_some = |of: fn(&Cell) -> &Option<String>| -> Vec<&str> {
        phases().filter(|phase| model.places.iter().any(|cell| name(of(cell)) == *phase)).collect()
    };
    let (rows, columns) = (with_some(|cell| &cell.before), with_some(|cell| &cell.after));
    let heads: Vec<String> = columns.iter().map(|column| format!("→ {column}")).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let mut table = Table::new(1, &[&["the same customers"][..], &heads].concat());
    for row in rows {
        let cells: Vec<&Cell> = model.places.iter().filter(|cell| name(&cell.before) == row).collect();
        let mut texts = vec![row.to_owned()];
        texts.extend(columns.iter().map(|column| {
            let found = cells.iter().find(|cell| name(&cell.after) == *column);
            number(found.map_or(0, |cell| cell.customers))
        }));
        let elsewhere = cells.iter().filter(|cell| cell.before != cell.after && !cell.examples.is_empty());
        let notes = elsewhere.map(|cell| format!("to {}: {}", name(&cell.after), some(&cell.examples, cell.customers)));
        table.row(texts, notes.collect::<Vec<_>>().join("; "));
    }
    table
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { application, partitions, customers, .. } = self;
        if *partitions == 0 {
            return writeln!(f, "application {application}: there is no state yet, so nobody is affected");
        }
        writeln!(f, "application {application}: {customers} customers in {partitions} partitions, as committed")?;
        if self.forgotten_at_once > 0 {
            writeln!(f, "customers who would be forgotten at once: {}", self.forgotten_at_once)?;
        }
        self.models.iter().try_for_each(|model| write!(f, "\n{model}"))?;
        self.models_gone.iter().try_for_each(|model| writeln!(f, "\nmodel {model}: gone, and its state with it"))
    }
}

impl fmt::Display for ModelStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fate == Fate::New {
            return writeln!(f, "model {}: new, everybody begins as `new` in it", self.model);
        }
        writeln!(f, "model {}:\n", self.model)?;
        let mut phases = Table::new(1, &["customers", "now", "after"]);
        for phase in &self.phases {
            let note = match (&phase.moved, phase.now, phase.after) {
                (Some(home), ..) => format!("moved to {home}"),
                (None, Some(1..), None) => "gone: nobody would know where they are".to_owned(),
                (None, _, None) => "gone, and nobody is in it".to_owned(),
                _ => String::new(),
            };
            phases.row(vec![phase.phase.clone(), count(phase.now), count(phase.after)], note);
        }
        write!(f, "{phases}")?;
        let counters = &self.counters;
        let fates = [
            ("carry on", &counters.carry_on),
            ("begin anew", &counters.begin_anew),
            ("are dropped", &counters.dropped),
            ("are new", &counters.new),
        ];
        let fates = fates.iter().filter(|(_, names)| !names.is_empty());
        let fates: Vec<String> = fates.map(|(fate, names)| format!("{fate}: {}", names.join(", "))).collect();
        if !fates.is_empty() {
            writeln!(f, "\n  counters that {}", fates.join("; that "))?;
        }
        if self.signals_dropped > 0 {
            writeln!(f, "\n  signals that wait and would be dropped: {}", self.signals_dropped)?;
        }
        let mut moves = Table::new(3, &["at once, by timers", "", "by rule", "customers"]);
        for row in &self.at_once {
            let cells = vec![row.from.clone(), format!("→ {}", row.to), row.rule.clone(), row.customers.to_string()];
            moves.row(cells, if row.examples.is_empty() { String::new() } else { some(&row.examples, row.customers) });
        }
        let mut signals = Table::new(1, &["signals at once", "customers"]);
        for row in &self.signals_at_once {
            signals.row(vec![row.signal.clone(), row.customers.to_string()], String::new());
        }
        [moves, signals].iter().filter(|table| !table.is_empty()).try_for_each(|table| write!(f, "\n{table}"))
    }
}
