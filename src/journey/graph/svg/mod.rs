//! A finished picture, self-contained: the road of the phases above, with a line for each way from one to another; below, under the same
//! columns, a row for each transition and signal, with its label. So labels have room whatever the model, and a transition out of many
//! phases is one line.
//!
//! `text` measures and breaks; `tracks` finds where lines run; `columns` where phases stand; `road` and `rows` are the two halves;
//! `canvas` writes the elements.

mod canvas;
mod columns;
mod road;
mod rows;
mod text;
mod tracks;

use super::Drawing;
use super::label::{Label, Sort};
use canvas::{Canvas, Ink};
use columns::Columns;
use text::escape;

const STYLE: &str = include_str!("style.css");

impl Drawing {
    /// The picture as SVG. It needs no font, script or stylesheet of anybody's, and is dark where its reader prefers that.
    pub fn svg(&self) -> String {
        let columns = Columns::of(self);
        let mut canvas = Canvas::default();
        let road_end = road::draw(self, &columns, &mut canvas);
        let height = rows::draw(self, &columns, road_end, &mut canvas) + 14.0;
        let width = columns.width;
        let id = escape(&self.name);
        self.head(width, &mut canvas);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" \
             role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n<title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{}</desc>\n\
             <style>\n{STYLE}</style>\n<rect class=\"page\" width=\"100%\" height=\"100%\" rx=\"8\"/>\n{}</svg>\n",
            escape(&format!("{}: phases, transitions and signals", self.name)),
            escape(&self.in_words()),
            canvas.into_elements(),
        )
    }

    /// The model's name and what the lines mean.
    fn head(&self, width: f32, canvas: &mut Canvas) {
        let captions = self.language.captions();
        let version = format!("{} {}", captions.version, self.version);
        canvas.text("model", 20.0, 30.0, &self.name);
        canvas.text("heading", 30.0 + text::width(&self.name, 18.0), 30.0, &version);
        let mut end = width - 20.0;
        let mut entry = |canvas: &mut Canvas, what: &str, ink: Ink| {
            let begin = end - text::width(what, 11.0);
            canvas.text("heading", begin, 30.0, what);
            if ink == Ink::Signal {
                canvas.diamond(begin - 12.0, 26.0, true);
                end = begin - 34.0;
            } else {
                canvas.line(ink, 1.6, &format!("M{:.1} 26H{:.1}", begin - 30.0, begin - 12.0));
                canvas.arrowhead(ink, begin - 6.0, 26.0, (1.0, 0.0), 1.6);
                end = begin - 48.0;
            }
        };
        if !self.signals.is_empty() {
            entry(canvas, captions.signal, Ink::Signal);
        }
        entry(canvas, captions.timer, Ink::Timer);
        entry(canvas, captions.event, Ink::Event);
    }

    /// The picture for whoever does not see it.
    fn in_words(&self) -> String {
        let names: Vec<&str> = self.phases.iter().map(|phase| phase.name.as_str()).collect();
        let mut words = format!("Phases in order: {}.", names.join(", "));
        for arrow in &self.arrows {
            let from: Vec<&str> =
                arrow.tails.iter().map(|tail| self.column_name(super::drawing::column(tail.from))).collect();
            let to = self.column_name(super::drawing::column(Some(arrow.to)));
            let count = arrow.count().map(|count| format!(", {count} times")).unwrap_or_default();
            let label = plain(&arrow.label);
            words += &format!(" {}: from {} to {to}, {label}{count}.", arrow.id, from.join(" or "));
        }
        for signal in &self.signals {
            words += &format!(" Signal {}: {}.", signal.id, plain(&signal.label));
        }
        words
    }
}

/// What sets something off, with its sort in a word.
fn trigger(label: &Label) -> String {
    match label.sort {
        Sort::Event => label.text.clone(),
        Sort::After => format!("after {}", label.text),
        Sort::Idle => format!("idle {}", label.text),
    }
}

fn plain(label: &Label) -> String {
    let when = label.when.as_ref().map(|when| format!(" when {when}")).unwrap_or_default();
    format!("{}{when}", trigger(label))
}
