//! The model `think5` once more, from its tables alone and as plainly as can be: what the service must come to.

use std::collections::BTreeMap;

const MINUTE: i64 = 60 * 1000;
const DAY: i64 = 24 * 60 * MINUTE;

/// What an event is to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    PageViewed,
    HelpViewed,
    ProductViewed,
    CartAdded,
    CheckoutStarted,
    Purchased,
    Reviewed,
    MailDelivered,
    MailOpened,
    MailClicked,
    MailBounced,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::PageViewed => "page_viewed",
            Kind::HelpViewed => "help_viewed",
            Kind::ProductViewed => "product_viewed",
            Kind::CartAdded => "cart_added",
            Kind::CheckoutStarted => "checkout_started",
            Kind::Purchased => "purchased",
            Kind::Reviewed => "reviewed",
            Kind::MailDelivered => "mail_delivered",
            Kind::MailOpened => "mail_opened",
            Kind::MailClicked => "mail_clicked",
            Kind::MailBounced => "mail_bounced",
        }
    }
}

/// A transition, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub seq: u64,
    pub from: Option<String>,
    pub to: String,
    pub at: i64,
    pub cause: String,
    pub event_id: Option<String>,
}

/// A signal, as far as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub seq: u64,
    pub signal: String,
    pub phase: Option<String>,
    pub at: i64,
    pub cause: String,
    pub event_id: Option<String>,
}

/// A customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customer {
    pub phase: Option<&'static str>,
    pub since: i64,
    pub last: i64,
    pub views: u64,
    /// Everything that happened; its length is the customer's `seq`.
    pub moves: Vec<Move>,
    /// Everything that was told beside.
    pub told: Vec<Told>,
    /// What waits: when it is due, by signal.
    pub awaited: BTreeMap<&'static str, i64>,
}

impl Customer {
    /// When the timer is due, and where it leads.
    pub fn timer(&self) -> Option<(i64, &'static str)> {
        match self.phase? {
            "aankoop" => Some((self.since + 2 * DAY, "gebruik")),
            "gebruik" => Some((self.since + 7 * DAY, "evaluatie")),
            "orientatie" | "afweging" => Some((self.last + 30 * DAY, "vertrokken")),
            _ => None,
        }
    }

    /// The signal that waits for the earliest time.
    fn next_signal(&self) -> Option<(i64, &'static str)> {
        self.awaited.iter().map(|(signal, due)| (*due, *signal)).min()
    }

    /// When something happens next by itself.
    fn due(&self) -> Option<i64> {
        let (timer, signal) = (self.timer().map(|(due, _)| due), self.next_signal().map(|(due, _)| due));
        timer.into_iter().chain(signal).min()
    }

    /// Lets that happen, whatever the time is; whether there was anything. A signal comes before a timer of the same time.
    pub fn fire(&mut self) -> bool {
        match (self.timer(), self.next_signal()) {
            (None, None) => return false,
            (Some((due, to)), signal) if signal.is_none_or(|(at, _)| due < at) => self.enter(to, due, "timer", None),
            (_, Some((due, signal))) => {
                self.awaited.remove(signal);
                self.tell(signal, due, "timer", None);
            }
            (Some(_), None) => unreachable!("a timer without a signal was fired"),
        }
        true
    }

    fn tell(&mut self, signal: &str, at: i64, cause: &str, event_id: Option<&str>) {
        self.told.push(Told {
            seq: self.told.len() as u64 + 1,
            signal: signal.to_owned(),
            phase: self.phase.map(str::to_owned),
            at,
            cause: cause.to_owned(),
            event_id: event_id.map(str::to_owned),
        });
    }

    /// Who goes on to the checkout has not abandoned the cart, who buys neither; if it was not before.
    fn call_off(&mut self, kind: Kind, at: i64) {
        let mut call_off = |signal, span| {
            if self.awaited.get(signal).is_some_and(|due| due - span <= at) {
                self.awaited.remove(signal);
            }
        };
        if matches!(kind, Kind::CheckoutStarted | Kind::Purchased) {
            call_off("cart_abandoned", 60 * MINUTE);
        }
        if kind == Kind::Purchased {
            call_off("checkout_abandoned", 30 * MINUTE);
        }
    }

    fn signal(&mut self, kind: Kind, at: i64, bought_before: bool, event_id: &str) {
        let waits = match kind {
            Kind::CartAdded => Some(("cart_abandoned", 60 * MINUTE)),
            Kind::CheckoutStarted => Some(("checkout_abandoned", 30 * MINUTE)),
            Kind::Purchased => Some(("evaluation_due", 7 * DAY)),
            _ => None,
        };
        if let Some((signal, span)) = waits {
            let due = self.awaited.entry(signal).or_insert(i64::MIN);
            *due = (*due).max(at + span);
        }
        match kind {
            Kind::Reviewed if bought_before => self.tell("review_reward", at, kind.name(), Some(event_id)),
            Kind::Purchased if bought_before => self.tell("repeat_purchase", at, kind.name(), Some(event_id)),
            _ => {}
        }
    }

    fn enter(&mut self, to: &'static str, at: i64, cause: &str, event_id: Option<&str>) {
        self.moves.push(Move {
            seq: self.moves.len() as u64 + 1,
            from: self.phase.map(str::to_owned),
            to: to.to_owned(),
            at,
            cause: cause.to_owned(),
            event_id: event_id.map(str::to_owned),
        });
        (self.phase, self.since, self.views) = (Some(to), at, 0);
    }

    fn rule(&self, kind: Kind) -> Option<&'static str> {
        use Kind::*;
        match (self.phase, kind) {
            (None, Purchased) => Some("aankoop"),
            (None, _) => Some("orientatie"),
            (Some("orientatie"), ProductViewed) if self.views >= 3 => Some("afweging"),
            (Some("orientatie"), CartAdded | CheckoutStarted | MailClicked) => Some("afweging"),
            (Some("orientatie" | "afweging" | "gebruik" | "evaluatie" | "vertrokken"), Purchased) => Some("aankoop"),
            (Some("aankoop"), HelpViewed | MailOpened | MailClicked) => Some("gebruik"),
            (Some("gebruik"), Reviewed) => Some("evaluatie"),
            (Some("evaluatie"), ProductViewed) if self.views >= 3 => Some("orientatie"),
            (Some("vertrokken"), _) => Some("orientatie"),
            _ => None,
        }
    }

    /// An event happens to the customer.
    pub fn handle(&mut self, at: i64, kind: Kind, event_id: &str) {
        while self.due().is_some_and(|due| due <= at) {
            self.fire();
        }
        self.last = self.last.max(at);
        self.views += u64::from(kind == Kind::ProductViewed);
        self.call_off(kind, at);
        let bought_before = matches!(self.phase, Some("aankoop" | "gebruik" | "evaluatie"));
        if let Some(to) = self.rule(kind) {
            self.enter(to, at, kind.name(), Some(event_id));
        }
        self.signal(kind, at, bought_before, event_id);
    }
}

/// All customers.
#[derive(Debug, Clone, Default)]
pub struct Think5 {
    pub customers: BTreeMap<String, Customer>,
}

impl Think5 {
    /// An event happens to a customer.
    pub fn handle(&mut self, customer: &str, at: i64, kind: Kind, event_id: &str) {
        self.customers.entry(customer.to_owned()).or_default().handle(at, kind, event_id);
    }
}
