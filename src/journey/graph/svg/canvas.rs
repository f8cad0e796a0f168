//! The elements of a picture, as text.

use std::fmt::Write as _;

use super::text::{Run, escape};

/// What a line stands for, and so its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Event,
    Timer,
    Signal,
}

/// How long an arrow's head is, in pixels.
pub(super) const HEAD: f32 = 7.0;

/// Elements, in the order in which they are painted.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    elements: String,
    /// What is painted over everything else.
    over: String,
}

impl Ink {
    pub(super) fn of(is_timer: bool) -> Self {
        if is_timer { Self::Timer } else { Self::Event }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Timer => "timer",
            Self::Signal => "signal",
        }
    }
}

// Writing to a text cannot fail.
impl Canvas {
    pub(super) fn into_elements(self) -> String {
        self.elements + &self.over
    }

    /// Paints what another canvas has over this.
    pub(super) fn append(&mut self, other: Self) {
        self.elements += &other.elements;
        self.over += &other.over;
    }

    pub(super) fn text(&mut self, class: &str, x: f32, y: f32, text: &str) {
        let _ = writeln!(self.elements, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escape(text));
    }

    /// A line of text in several styles.
    pub(super) fn runs(&mut self, x: f32, y: f32, runs: &[Run]) {
        let _ = write!(self.elements, "<text class=\"label\" x=\"{x:.1}\" y=\"{y:.1}\" xml:space=\"preserve\">");
        for Run { text, class } in runs {
            let _ = match *class {
                "" => write!(self.elements, "{}", escape(text)),
                class => write!(self.elements, "<tspan class=\"{class}\">{}</tspan>", escape(text)),
            };
        }
        self.elements.push_str("</text>\n");
    }

    /// A number at a line, over all lines.
    pub(super) fn count(&mut self, x: f32, y: f32, count: &str) {
        let _ = writeln!(self.over, "<text class=\"count\" x=\"{x:.1}\" y=\"{y:.1}\">{count}</text>");
    }

    /// A line along a path; timers are dotted.
    pub(super) fn line(&mut self, ink: Ink, weight: f32, path: &str) {
        let dots = match ink {
            Ink::Timer => format!(" stroke-dasharray=\"0.1 {:.1}\"", 2.4 + weight * 1.4),
            Ink::Event | Ink::Signal => String::new(),
        };
        // Dots are as wide as they are high, and so look thinner than a line.
        let weight = if ink == Ink::Timer { weight + 0.8 } else { weight };
        let class = ink.class();
        let _ =
            writeln!(self.elements, "<path class=\"line {class}\" stroke-width=\"{weight:.1}\"{dots} d=\"{path}\"/>");
    }

    pub(super) fn life(&mut self, x: f32, from: f32, to: f32) {
        let _ = writeln!(self.elements, "<path class=\"life\" d=\"M{x:.1} {from:.1}V{to:.1}\"/>");
    }

    /// The head of an arrow that points from where `toward` says to a point.
    pub(super) fn arrowhead(&mut self, ink: Ink, x: f32, y: f32, toward: (f32, f32), weight: f32) {
        let half = 2.6 + weight * 0.7;
        let (dx, dy) = toward;
        let (back_x, back_y) = (x - dx * HEAD, y - dy * HEAD);
        let _ = writeln!(
            self.elements,
            "<path class=\"{}-head\" d=\"M{x:.1} {y:.1}L{:.1} {:.1}L{:.1} {:.1}Z\"/>",
            ink.class(),
            back_x + dy * half,
            back_y + dx * half,
            back_x - dy * half,
            back_y - dx * half,
        );
    }

    /// Where a transition begins.
    pub(super) fn dot(&mut self, ink: Ink, x: f32, y: f32, is_hollow: bool) {
        let class = ink.class();
        let class = if is_hollow { format!("hollow {class}") } else { format!("{class}-head") };
        let _ = writeln!(self.elements, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.6\"/>");
    }

    /// Where a signal arises.
    pub(super) fn diamond(&mut self, x: f32, y: f32, is_filled: bool) {
        let class = if is_filled { "signal-head" } else { "hollow signal" };
        let path = format!("M{:.1} {y:.1}l5 -5l5 5l-5 5Z", x - 5.0);
        let _ = writeln!(self.elements, "<path class=\"{class}\" d=\"{path}\"/>");
    }

    /// A box around a middle.
    pub(super) fn rounded(&mut self, class: &str, x: f32, y: f32, (width, height): (f32, f32), radius: f32) {
        let _ = writeln!(
            self.elements,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{radius:.0}\"/>",
            x - width / 2.0,
            y - height / 2.0,
        );
    }
}
