//! The lower half: a row for each transition and each signal, under the columns of the phases.

use super::canvas::{Canvas, HEAD, Ink};
use super::columns::{Columns, MARGIN};
use super::road::weight;
use super::text::{self, Run};
use crate::journey::graph::Drawing;
use crate::journey::graph::drawing::{Arrow, Bell, Place, column};
use crate::journey::graph::label::Label;
use crate::journey::grouped;

const SIZE: f32 = 12.0;
const LINE: f32 = 15.0;

/// Draws them from `top` on; returns where they end.
pub(super) fn draw(drawing: &Drawing, columns: &Columns, top: f32, canvas: &mut Canvas) -> f32 {
    let captions = drawing.language.captions();
    let rows = Rows { drawing, columns };
    let mut y = rows.section(captions.transitions, top + 20.0, canvas, |canvas, y| {
        let most = drawing.arrows.iter().filter_map(Arrow::count).max();
        drawing.arrows.iter().fold(y, |y, arrow| rows.transition(arrow, most, y, canvas))
    });
    if !drawing.signals.is_empty() {
        y = rows.section(captions.signals, y + 24.0, canvas, |canvas, y| {
            drawing.signals.iter().fold(y, |y, signal| rows.signal(signal, y, canvas))
        });
    }
    y
}

struct Rows<'a> {
    drawing: &'a Drawing,
    columns: &'a Columns,
}

impl Rows<'_> {
    /// A heading, the columns' names, and rows over thin lines that hang from them.
    fn section(&self, heading: &str, y: f32, canvas: &mut Canvas, rows: impl FnOnce(&mut Canvas, f32) -> f32) -> f32 {
        canvas.text("heading", MARGIN, y, heading);
        let mut over = Canvas::default();
        let top = y + 22.0;
        for column in &self.columns.columns {
            over.text("top", column.x, top, &column.name);
        }
        let end = rows(&mut over, top + 8.0);
        for column in &self.columns.columns {
            canvas.life(column.x, top + 6.0, end);
        }
        canvas.append(over);
        end
    }

    fn transition(&self, arrow: &Arrow, most: Option<u64>, y: f32, canvas: &mut Canvas) -> f32 {
        let to = column(Some(arrow.to));
        let (head, ink) = (self.x(to), Ink::of(arrow.is_timer()));
        let from: Vec<usize> = arrow.tails.iter().map(|tail| column(tail.from)).collect();
        let count = arrow.count().filter(|_| from.len() > 1);
        let (left, _) = self.extent(from.iter().copied().chain([to]));
        let y = self.label(&arrow.id, &arrow.label, count, left, y, canvas) + 7.0;
        let stays = from.contains(&to);
        // Heads end before the line of the phase, or before the dot that stands on it.
        let off = if stays { 5.0 } else { 1.0 };
        for toward in [1.0, -1.0] {
            let side = arrow.tails.iter().map(|tail| (self.x(column(tail.from)), tail.count));
            let mut side: Vec<_> = side.filter(|(x, _)| (head - x) * toward > 0.0).collect();
            side.sort_by(|(one, _), (other, _)| (one * toward).total_cmp(&(other * toward)));
            let mut carried = Some(0);
            for (index, (x, count)) in side.iter().enumerate() {
                carried = carried.zip(*count).map(|(carried, count)| carried + count);
                let weight = weight(carried, most);
                let end = match side.get(index + 1) {
                    Some((next, _)) => *next,
                    None => {
                        canvas.arrowhead(ink, head - toward * off, y, (toward, 0.0), weight);
                        head - toward * (HEAD + off)
                    }
                };
                canvas.line(ink, weight, &format!("M{x:.1} {y:.1}H{end:.1}"));
            }
        }
        if let Some(tail) = arrow.tails.iter().find(|tail| tail.from == Some(arrow.to)) {
            let weight = weight(tail.count, most);
            canvas.line(ink, weight, &format!("M{head:.1} {y:.1}c26 -12 26 18 {:.1} 8", HEAD + 1.0));
            canvas.arrowhead(ink, head + 1.0, y + 8.0, (-1.0, 0.0), weight);
        }
        for (tail, from) in arrow.tails.iter().zip(&from) {
            canvas.dot(ink, self.x(*from), y, *from == 0);
            if let Some(count) = tail.count {
                canvas.count(self.x(*from), y + 15.0, &grouped(count));
            }
        }
        y + if self.drawing.counts.is_some() || stays { 21.0 } else { 9.0 }
    }

    fn signal(&self, signal: &Bell, y: f32, canvas: &mut Canvas) -> f32 {
        let all = || (0..self.columns.columns.len()).collect::<Vec<_>>();
        let (left_at, told_at) = match &signal.at {
            Place::Anywhere => (Vec::new(), all()),
            Place::In(phases) => (Vec::new(), phases.iter().map(|phase| column(*phase)).collect()),
            Place::Between(left, entered) => (
                left.iter().map(|phase| column(*phase)).collect(),
                entered.iter().map(|phase| column(Some(*phase))).collect(),
            ),
        };
        let (left, right) = self.extent(left_at.iter().chain(&told_at).copied());
        let y = self.label(&signal.id, &signal.label, None, left, y, canvas) + 7.0;
        if right > left {
            canvas.line(Ink::Signal, 1.2, &format!("M{left:.1} {y:.1}H{right:.1}"));
        }
        for at in left_at {
            canvas.diamond(self.x(at), y, false);
        }
        for at in told_at {
            canvas.diamond(self.x(at), y, true);
        }
        y + 9.0
    }

    /// The label of a row, over its line and broken where the picture ends; returns the lower end of it.
    fn label(&self, id: &str, label: &Label, count: Option<u64>, left: f32, y: f32, canvas: &mut Canvas) -> f32 {
        let run = |text: String, class| Run { text, class };
        let mut runs = vec![run(format!("{id}  "), "id"), run(super::trigger(label), "")];
        if let Some(when) = &label.when {
            runs.push(run(format!(" [{when}]"), "when"));
        }
        if let Some(count) = count {
            runs.push(run(format!("  {}", grouped(count)), "id"));
        }
        let most = self.columns.width - 2.0 * MARGIN;
        let lines = text::lines(&runs, SIZE, most);
        let widest = lines.iter().map(|line| line.iter().map(|run| text::width(&run.text, SIZE)).sum());
        let widest = widest.fold(0.0, f32::max);
        // At the left end of the line, unless it would leave the picture.
        let x = left.min(self.columns.width - MARGIN - widest).max(MARGIN);
        let mut baseline = y + LINE;
        for line in &lines {
            canvas.runs(x, baseline, line);
            baseline += LINE;
        }
        baseline - LINE
    }

    fn x(&self, column: usize) -> f32 {
        self.columns.columns[column].x
    }

    /// From the first to the last of these columns.
    fn extent(&self, columns: impl Iterator<Item = usize>) -> (f32, f32) {
        columns.map(|column| self.x(column)).fold((f32::MAX, f32::MIN), |(left, right), x| (left.min(x), right.max(x)))
    }
}
