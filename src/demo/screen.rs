//! Puts pictures on the terminal, one over the other; where there is none, now and then a line.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::picture::Picture;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Standard output.
pub(super) struct Screen {
    lines: Vec<ProgressBar>,
    terminal: MultiProgress,
    next_line: Instant,
    colours: bool,
}

impl Screen {
    /// Whether pictures move or lines are written shows at once; `now` is the first moment a line may be written.
    pub(super) fn new(now: Instant) -> Self {
        let terminal = MultiProgress::with_draw_target(ProgressDrawTarget::stdout_with_hz(10));
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { lines: Vec::new(), terminal, next_line: now + LINE_EVERY, colours }
    }

    /// Shows a picture.
    pub(super) fn show(&mut self, picture: &Picture, now: Instant) {
        if self.terminal.is_hidden() {
            if now >= self.next_line {
                self.next_line = now + LINE_EVERY;
                // Nobody reads it any more: not a reason to end.
                let _ = writeln!(std::io::stdout(), "{}", picture.line());
            }
            return;
        }
        let lines = picture.lines();
        while self.lines.len() < lines.len() {
            let style = ProgressStyle::with_template("{wide_msg}").expect("the template in the code is one");
            self.lines.push(self.terminal.add(ProgressBar::no_length().with_style(style)));
        }
        for (index, bar) in self.lines.iter().enumerate() {
            bar.set_message(lines.get(index).map(|line| self.paint(line, index)).unwrap_or_default());
        }
    }

    /// Gives the bars of a line a colour, one for each line of the screen.
    fn paint(&self, line: &str, index: usize) -> String {
        const COLOURS: [u8; 6] = [38, 75, 208, 78, 176, 244];
        let is_bar = |c: char| ('█'..='▏').contains(&c);
        match (self.colours, line.find(is_bar), line.rfind(is_bar)) {
            (true, Some(begin), Some(last)) => {
                let end = last + line[last..].chars().next().map_or(0, char::len_utf8);
                let colour = COLOURS[index % COLOURS.len()];
                format!("{}\x1b[38;5;{colour}m{}\x1b[0m{}", &line[..begin], &line[begin..end], &line[end..])
            }
            _ => line.to_owned(),
        }
    }

    /// Leaves the last picture standing.
    pub(super) fn finish(self) {
        for bar in &self.lines {
            bar.abandon();
        }
    }
}
