//! A customer's state for people to read.

/// A customer's state in one model.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ModelState {
    /// The model's name.
    pub model: String,
    /// The phase's name; `None` for a customer who is in none yet.
    pub phase: Option<String>,
    /// When the phase began, in epoch milliseconds.
    pub since: Option<i64>,
    /// When the model's last event was.
    pub last: Option<i64>,
    /// When the model first saw the customer.
    pub first_seen: Option<i64>,
    /// Transitions so far.
    pub seq: u32,
    /// Counters by name, as they stand at `last`.
    pub counters: Vec<(String, f64)>,
    /// The next timer: when it is due (epoch ms) and the id of its rule.
    pub next_timer: Option<(i64, String)>,
}
