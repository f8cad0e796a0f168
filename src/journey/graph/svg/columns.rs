//! Where phases stand: side by side, in the order of the file, a new customer first.

use super::text::{self, Run};
use super::tracks::is_step;
use crate::journey::graph::Drawing;
use crate::journey::graph::drawing::Node;
use crate::journey::grouped;

/// The least a picture is wide, so that labels have room.
const WIDTH_MIN: f32 = 660.0;
/// The most that a title widens its phase.
const TITLE_MAX: f32 = 170.0;
/// Left and right of the picture.
pub(super) const MARGIN: f32 = 20.0;

/// The columns of a picture.
#[derive(Debug)]
pub(super) struct Columns {
    pub columns: Vec<Column>,
    /// How high the phases' boxes are.
    pub height: f32,
    /// How wide the picture is.
    pub width: f32,
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    /// Its middle.
    pub x: f32,
    /// Half the width of its box.
    pub half: f32,
    pub name: String,
    pub title: Vec<String>,
    pub is_final: bool,
}

impl Columns {
    pub(super) fn of(drawing: &Drawing) -> Self {
        let box_width = drawing.phases.iter().map(box_width).fold(94.0, f32::max);
        let counted = drawing.edges().into_iter().filter(is_step).filter_map(|edge| edge.count);
        let gap = counted.map(|count| text::width(&grouped(count), 10.5) + 12.0).fold(28.0, f32::max);
        let mut columns =
            vec![Column { x: MARGIN + 24.0, half: 24.0, name: "new".to_owned(), title: Vec::new(), is_final: false }];
        let mut x = MARGIN + 48.0;
        for Node { name, title, is_final } in &drawing.phases {
            x += gap + box_width;
            let title = title.as_deref().map(|title| broken(title, box_width - 12.0)).unwrap_or_default();
            let middle = x - box_width / 2.0;
            columns.push(Column { x: middle, half: box_width / 2.0, name: name.clone(), title, is_final: *is_final });
        }
        let lines = columns.iter().map(|column| column.title.len()).max().unwrap_or_default();
        let width = (x + MARGIN).max(WIDTH_MIN);
        Self { columns, height: 34.0 + 14.0 * lines as f32, width }
    }
}

fn box_width(Node { name, title, .. }: &Node) -> f32 {
    let word = |text: &str| text.split(' ').map(|word| text::width(word, 11.0)).fold(0.0, f32::max);
    // Long titles stand in about two lines.
    let title = title.as_deref().map_or(0.0, |title| word(title).max(text::width(title, 6.5).min(TITLE_MAX)));
    (text::width(name, 14.0) + 20.0).max(title + 14.0)
}

fn broken(title: &str, most: f32) -> Vec<String> {
    let runs = [Run { text: title.to_owned(), class: "" }];
    let lines = text::lines(&runs, 11.0, most).into_iter();
    lines.map(|line| line.iter().map(|run| run.text.trim_end()).collect()).collect()
}
