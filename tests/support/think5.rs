//! The model `think5` once more, from its tables alone and as plainly as can be: what the service must come to.

use std::collections::BTreeMap;

const DAY: i64 = 24 * 60 * 60 * 1000;

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

/// A customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Customer {
    pub phase: Option<&'static str>,
    pub since: i64,
    pub last: i64,
    pub views: u64,
    /// Everything that happened; its length is the customer's `seq`.
    pub moves: Vec<Move>,
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

    /// Fires the timer, whatever the time is; whether there was one.
    pub fn fire(&mut self) -> bool {
        let Some((due, to)) = self.timer() else { return false };
        self.enter(to, due, "timer", None);
        true
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
        while self.timer().is_some_and(|(due, _)| due <= at) {
            self.fire();
        }
        self.last = self.last.max(at);
        self.views += u64::from(kind == Kind::ProductViewed);
        if let Some(to) = self.rule(kind) {
            self.enter(to, at, kind.name(), Some(event_id));
        }
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
