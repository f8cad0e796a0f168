//! The upper half: phases in a row, steps between neighbours, and tracks for whatever skips, returns or lapses.

use super::canvas::{Canvas, HEAD, Ink};
use super::columns::{Column, Columns};
use super::tracks::{self, Port, Track, is_step};
use crate::journey::graph::Drawing;
use crate::journey::graph::drawing::Edge;
use crate::journey::grouped;

/// Where the first track is off the boxes, and how far apart tracks are; with numbers they need more room.
const FIRST: f32 = 24.0;
const APART: f32 = 15.0;
const APART_COUNTED: f32 = 20.0;
const CORNER: f32 = 9.0;
const TOP: f32 = 48.0;
const NEW_HEIGHT: f32 = 30.0;

struct Road<'a> {
    columns: &'a Columns,
    /// Middle of the boxes.
    y: f32,
    apart: f32,
    /// The most that any line carries, if it was counted.
    most: Option<u64>,
}

/// Draws it; returns where it ends.
pub(super) fn draw(drawing: &Drawing, columns: &Columns, canvas: &mut Canvas) -> f32 {
    let edges = drawing.edges();
    let tracks = tracks::tracks(&edges);
    let apart = if drawing.counts.is_some() { APART_COUNTED } else { APART };
    let depth = |is_above: bool| {
        let levels = tracks.iter().filter(|track| track.is_above == is_above).map(|track| track.level);
        levels.max().map_or(6.0, |levels| FIRST + apart * (levels - 1) as f32 + 12.0)
    };
    let y = TOP + depth(true) + columns.height / 2.0;
    let heaviest = |track: &Track| track.tails.iter().map(|tail| tail.count).sum::<Option<u64>>();
    let steps = edges.iter().filter(|edge| is_step(edge)).map(|edge| edge.count);
    let most = steps.chain(tracks.iter().map(heaviest)).flatten().max();
    let road = Road { columns, y, apart, most };
    let ports = tracks::ports(&tracks, |column| columns.columns[column].half);
    for (index, track) in tracks.iter().enumerate() {
        let x =
            |column: usize, is_head: bool| columns.columns[column].x + ports[&Port { column, track: index, is_head }];
        road.track(track, x, canvas);
    }
    for edge in edges.iter().filter(|edge| is_step(edge)) {
        let has_twin = edges.iter().any(|other| (other.from, other.to) == (edge.from, edge.to) && other != edge);
        road.step(edge, has_twin, canvas);
    }
    for (index, column) in columns.columns.iter().enumerate() {
        road.phase(index == 0, column, canvas);
    }
    y + columns.height / 2.0 + depth(false)
}

impl Road<'_> {
    fn weight(&self, count: Option<u64>) -> f32 {
        weight(count, self.most)
    }

    /// A straight arrow to the next phase; of two the timer's runs below.
    fn step(&self, edge: &Edge, has_twin: bool, canvas: &mut Canvas) {
        let (from, to) = (&self.columns.columns[edge.from], &self.columns.columns[edge.to]);
        let (left, right) = (from.x + from.half + 2.0, to.x - to.half - 2.0);
        let aside = match (has_twin, edge.is_timer) {
            (false, _) => 0.0,
            (true, false) => -8.0,
            (true, true) => 8.0,
        };
        let y = self.y + aside;
        let (ink, weight) = (Ink::of(edge.is_timer), self.weight(edge.count));
        canvas.line(ink, weight, &format!("M{left:.1} {y:.1}H{:.1}", right - HEAD));
        canvas.arrowhead(ink, right, y, (1.0, 0.0), weight);
        if let Some(count) = edge.count {
            let below = has_twin && edge.is_timer;
            canvas.count((left + right) / 2.0, if below { y + 15.0 } else { y - 7.0 }, &grouped(count));
        }
    }

    /// Each tail goes out of its phase to the track and along it to where the next one joins.
    fn track(&self, track: &Track, x: impl Fn(usize, bool) -> f32, canvas: &mut Canvas) {
        let outward = if track.is_above { -1.0 } else { 1.0 };
        let edge = self.y + outward * self.columns.height / 2.0;
        let run = edge + outward * (FIRST + self.apart * (track.level - 1) as f32);
        let ink = Ink::of(track.is_timer);
        let head = x(track.to, true);
        let mut carried = track.tails.first().and_then(|tail| tail.count.map(|_| 0));
        for (index, tail) in track.tails.iter().enumerate() {
            let start = x(tail.from, false);
            let toward = if head > start { 1.0 } else { -1.0 };
            let corner = CORNER.min((head - start).abs() / 2.0);
            let (bent, turned) = (run - outward * corner, start + toward * corner);
            // A new customer's box is lower than the others.
            let edge = if tail.from == 0 { self.y + outward * NEW_HEIGHT / 2.0 } else { edge };
            let begin = edge + outward * 2.0;
            let stub = format!("M{start:.1} {begin:.1}V{bent:.1}Q{start:.1} {run:.1} {turned:.1} {run:.1}");
            canvas.line(ink, self.weight(tail.count), &stub);
            carried = carried.zip(tail.count).map(|(carried, count)| carried + count);
            let weight = self.weight(carried);
            let along = match track.tails.get(index + 1) {
                Some(next) => format!("M{turned:.1} {run:.1}H{:.1}", x(next.from, false) + toward * corner),
                None => {
                    let end = self.y + outward * (self.columns.height / 2.0 + 2.0);
                    canvas.arrowhead(ink, head, end, (0.0, -outward), weight);
                    let stop = end + outward * HEAD;
                    let last = head - toward * corner;
                    format!("M{turned:.1} {run:.1}H{last:.1}Q{head:.1} {run:.1} {head:.1} {bent:.1}V{stop:.1}")
                }
            };
            canvas.line(ink, weight, &along);
            if let Some(count) = tail.count {
                canvas.count(start, run - outward * 13.0 + 4.0, &grouped(count));
            }
        }
    }

    fn phase(&self, is_new: bool, column: &Column, canvas: &mut Canvas) {
        let (x, y) = (column.x, self.y);
        if is_new {
            canvas.rounded("new", x, y, (2.0 * column.half, NEW_HEIGHT), NEW_HEIGHT / 2.0);
            return canvas.text("name", x, y + 4.0, &column.name);
        }
        let size = (2.0 * column.half, self.columns.height);
        canvas.rounded("box", x, y, size, 9.0);
        if column.is_final {
            canvas.rounded("inner", x, y, (size.0 - 7.0, size.1 - 7.0), 6.0);
        }
        let mut baseline = y - 7.0 * column.title.len() as f32 + 4.0;
        canvas.text("name", x, baseline, &column.name);
        for line in &column.title {
            baseline += 15.0;
            canvas.text("title", x, baseline, line);
        }
    }
}

/// How thick a line is that carries so much of the most there is. The square root lets the thin ones be seen.
pub(super) fn weight(count: Option<u64>, most: Option<u64>) -> f32 {
    match (count, most) {
        (Some(count), Some(most)) if most > 0 => 0.9 + (count as f32 / most as f32).sqrt() * 3.6,
        (Some(_), _) => 0.9,
        (None, _) => 1.5,
    }
}
