//! Rows under each other: texts to the left, numbers to the right.

use std::fmt;

/// A table. What stands behind the last column of a row is a note, as long as it likes.
pub(super) struct Table {
    /// So many columns are texts; the others are numbers.
    texts: usize,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    /// A table with these heads, of which so many stand over texts.
    pub(super) fn new(texts: usize, heads: &[&str]) -> Self {
        let heads = heads.iter().map(|head| (*head).to_owned()).collect();
        Self { texts, rows: vec![heads], notes: vec![String::new()] }
    }

    /// Adds a row, with a note.
    pub(super) fn row(&mut self, cells: Vec<String>, note: String) {
        self.rows.push(cells);
        self.notes.push(note);
    }

    /// Whether there are only heads.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows[0].len();
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (row, note) in self.rows.iter().zip(&self.notes) {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let pad = " ".repeat(width - cell.chars().count());
                line += "  ";
                line += &if column < self.texts { format!("{cell}{pad}") } else { format!("{pad}{cell}") };
            }
            if !note.is_empty() {
                line += &format!("  {note}");
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A number as a cell: nothing for none.
pub(super) fn number(count: u64) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}
