//! What the demo shows, as lines of text: pure, so that it can be read in a test.

use jiff::Timestamp;

use crate::journey::grouped;

/// Customers in one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PhaseCount {
    pub name: String,
    pub customers: u64,
}

/// A transition, as short as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Move {
    pub customer: String,
    pub from: Option<String>,
    pub to: String,
    pub cause: String,
    pub at: i64,
}

/// How the shop stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Picture {
    /// The time in the shop.
    pub at: i64,
    pub phases: Vec<PhaseCount>,
    /// The last moves, oldest first.
    pub moves: Vec<Move>,
    pub events: u64,
    pub events_per_second: f64,
    pub transitions: u64,
}

/// Width of a full bar.
const BAR: usize = 40;

impl Picture {
    /// All of it, for a screen.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("It is {} in the shop.", day(self.at)), String::new()];
        let most = self.phases.iter().map(|phase| phase.customers).max().unwrap_or(0).max(1);
        let width = self.phases.iter().map(|phase| phase.name.chars().count()).max().unwrap_or(0);
        for PhaseCount { name, customers } in &self.phases {
            lines.push(format!("  {name:<width$} {} {}", bar(*customers, most), grouped(*customers)));
        }
        lines.push(String::new());
        lines.push(format!("  {}", self.figures()));
        lines.push(String::new());
        lines.extend(self.moves.iter().map(Move::line));
        lines
    }

    /// The figures in one line.
    pub(super) fn figures(&self) -> String {
        let customers = self.phases.iter().map(|phase| phase.customers).sum();
        format!(
            "{} events ({} a second), {} transitions, {} customers",
            grouped(self.events),
            grouped(self.events_per_second.round() as u64),
            grouped(self.transitions),
            grouped(customers),
        )
    }

    /// All of it in one line, where there is no screen.
    pub(super) fn line(&self) -> String {
        let phases: Vec<String> =
            self.phases.iter().map(|phase| format!("{} {}", phase.name, grouped(phase.customers))).collect();
        format!("{}: {}; {}", day(self.at), self.figures(), phases.join(", "))
    }
}

impl Move {
    fn line(&self) -> String {
        let from = self.from.as_deref().unwrap_or("new");
        let way = format!("{from} → {}", self.to);
        format!("  {:<18} {way:<26} {:<18} {}", self.customer, self.cause, day(self.at))
    }
}

/// A bar in eighths of a character.
fn bar(part: u64, whole: u64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let mut eighths = (part as f64 / whole as f64 * (BAR * 8) as f64).round() as usize;
    if part > 0 {
        eighths = eighths.max(1);
    }
    let text = format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8]);
    format!("{text:<BAR$}")
}

fn day(at: i64) -> String {
    Timestamp::from_millisecond(at)
        .map_or_else(|_| "an impossible day".to_owned(), |time| time.strftime("%-d %B %Y").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Picture {
        let phase = |name: &str, customers| PhaseCount { name: name.to_owned(), customers };
        Picture {
            at: 1_741_784_400_000,
            phases: vec![phase("Oriëntatie", 1200), phase("Aankoop", 1), phase("Vertrokken", 0)],
            moves: vec![Move {
                customer: "sanne-00042".to_owned(),
                from: None,
                to: "orientatie".to_owned(),
                cause: "page_viewed".to_owned(),
                at: 1_741_784_400_000,
            }],
            events: 14_820,
            events_per_second: 401.6,
            transitions: 3_204,
        }
    }

    #[test]
    fn the_screen_shows_phases_as_bars_figures_and_the_last_moves() {
        let expected = [
            "It is 12 March 2025 in the shop.",
            "",
            "  Oriëntatie ████████████████████████████████████████ 1,200",
            "  Aankoop    ▏                                        1",
            "  Vertrokken                                          0",
            "",
            "  14,820 events (402 a second), 3,204 transitions, 1,201 customers",
            "",
            "  sanne-00042        new → orientatie           page_viewed        12 March 2025",
        ];
        assert_eq!(picture().lines(), expected);
    }

    #[test]
    fn without_a_screen_it_is_one_line() {
        let expected = "12 March 2025: 14,820 events (402 a second), 3,204 transitions, 1,201 customers; \
                        Oriëntatie 1,200, Aankoop 1, Vertrokken 0";
        assert_eq!(picture().line(), expected);
    }

    #[test]
    fn an_empty_shop_can_be_shown() {
        assert_eq!(Picture::default().figures(), "0 events (0 a second), 0 transitions, 0 customers");
        assert_eq!(Picture::default().lines().len(), 5);
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
