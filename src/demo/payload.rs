//! The JSON of what happens in the shop, as the services behind it would send it.

use std::fmt::Write;

use jiff::Timestamp;

use super::goods::{self, HELP_PAGES, PAGES, PRODUCTS, Product};
use super::random::mix;
use super::story::{Act, Checkout, Moment};

/// The inputs of the demo, in the order of their configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// What happens on the site, as Segment calls.
    Clicks,
    /// What happens to mail, as SendGrid events.
    Mail,
    /// What happens at the till, as Square notifications.
    Pos,
}

impl Channel {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Clicks, Self::Mail, Self::Pos];

    /// The name of input and topic.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clicks => "clicks",
            Self::Mail => "mail",
            Self::Pos => "pos",
        }
    }

    /// The format its records have.
    pub fn format(self) -> &'static str {
        match self {
            Self::Clicks => "segment",
            Self::Mail => "sendgrid",
            Self::Pos => "square",
        }
    }
}

/// A record as it goes to Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopRecord {
    /// Where it belongs.
    pub channel: Channel,
    /// The customer's id, the record's key.
    pub customer: String,
    /// When it happened in the shop, in epoch milliseconds; the record's timestamp.
    pub at: i64,
    /// JSON.
    pub value: String,
}

/// Writes a moment down. `id` is a number that no other moment has.
pub(super) fn record(customer: u32, moment: &Moment, id: u64) -> ShopRecord {
    let pen = Pen {
        customer: goods::customer(customer),
        person: mix(u64::from(customer) + 1),
        checkout: Checkout::of(customer).label(),
        product: &PRODUCTS[moment.product],
        id,
        at: moment.at,
    };
    let (channel, value) = match moment.act {
        Act::ViewPage => (Channel::Clicks, pen.page(PAGES[pen.pick(PAGES.len())])),
        Act::ViewHelp => (Channel::Clicks, pen.page(HELP_PAGES[pen.pick(HELP_PAGES.len())])),
        Act::ViewProduct => (Channel::Clicks, pen.track("Product Viewed", &pen.one_product())),
        Act::AddToCart => {
            (Channel::Clicks, pen.track("Product Added", &format!("{},\"quantity\":1", pen.one_product())))
        }
        Act::StartCheckout => (Channel::Clicks, pen.track("Checkout Started", &pen.order())),
        Act::Order => (Channel::Clicks, pen.track("Order Completed", &pen.order())),
        Act::Review => (Channel::Clicks, pen.track("Product Reviewed", &pen.review())),
        Act::MailDelivered => (Channel::Mail, pen.mail("delivered", "\"response\":\"250 OK\",\"tls\":1")),
        Act::MailOpened => (Channel::Mail, pen.mail("open", &format!("\"useragent\":\"{}\"", pen.agent()))),
        Act::MailClicked => (Channel::Mail, pen.mail("click", &format!("\"url\":\"{}\"", pen.product_url()))),
        Act::MailBounced => {
            (Channel::Mail, pen.mail("bounce", "\"reason\":\"550 no such mailbox\",\"status\":\"5.1.1\""))
        }
        Act::TillApproved => (Channel::Pos, pen.payment("APPROVED")),
        Act::TillPaid => (Channel::Pos, pen.payment("COMPLETED")),
    };
    ShopRecord { channel, customer: pen.customer, at: moment.at, value }
}

const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Linux; Android 15) Chrome/138.0 Mobile",
    "Mozilla/5.0 (iPhone; iOS 18) Safari/605.1",
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0) Edg/138.0",
];

struct Pen<'a> {
    customer: String,
    /// A number that belongs to the customer for good.
    person: u64,
    /// The form of the checkout that the customer is shown.
    checkout: &'static str,
    product: &'a Product,
    id: u64,
    at: i64,
}

impl Pen<'_> {
    fn pick(&self, choices: usize) -> usize {
        (mix(self.id) % choices as u64) as usize
    }

    fn agent(&self) -> &'static str {
        AGENTS[(self.person % AGENTS.len() as u64) as usize]
    }

    /// A time this long after the moment, in RFC 3339.
    fn time(&self, after_ms: i64) -> String {
        let time = Timestamp::from_millisecond(self.at + after_ms).expect("the shop lives between 1990 and 2100");
        format!("{time:.3}")
    }

    fn price(&self) -> String {
        format!("{}.{:02}", self.product.price / 100, self.product.price % 100)
    }

    fn product_url(&self) -> String {
        format!("https://www.klompenhuis.example/p/{}", self.product.number)
    }

    fn one_product(&self) -> String {
        let Product { name, number, department, .. } = self.product;
        format!(
            "\"product_id\":\"{number}\",\"name\":\"{name}\",\"category\":\"{department}\",\"price\":{},\"currency\":\"EUR\"",
            self.price()
        )
    }

    fn order(&self) -> String {
        let (order, price) = (mix(self.id ^ 0x0DE5) >> 24, self.price());
        format!(
            "\"order_id\":\"{order:010x}\",\"total\":{price},\"currency\":\"EUR\",\"products\":[{{{},\"quantity\":1}}]",
            self.one_product()
        )
    }

    fn review(&self) -> String {
        let rating = 5 - self.pick(20) / 8;
        format!("{},\"rating\":{rating}", self.one_product())
    }

    fn page(&self, path: &str) -> String {
        let properties = format!("\"path\":\"{path}\",\"url\":\"https://www.klompenhuis.example{path}\"");
        self.segment("page", "\"name\":\"Pagina\"", path, &properties)
    }

    fn track(&self, event: &str, properties: &str) -> String {
        let path = format!("/p/{}", self.product.number);
        self.segment("track", &format!("\"event\":\"{event}\""), &path, properties)
    }

    /// A call of Segment's tracking API.
    fn segment(&self, kind: &str, name: &str, path: &str, properties: &str) -> String {
        let [a, b, c, _] = (self.person as u32).to_be_bytes();
        let mut text = String::with_capacity(700);
        write!(
            text,
            "{{\"type\":\"{kind}\",{name},\"userId\":\"{}\",\"messageId\":\"web-{:016x}\",\"timestamp\":\"{}\",\
             \"context\":{{\"ip\":\"10.{a}.{b}.{c}\",\"locale\":\"nl-NL\",\"userAgent\":\"{}\",\
             \"page\":{{\"path\":\"{path}\",\"title\":\"Het Klompenhuis\"}},\
             \"library\":{{\"name\":\"analytics.js\",\"version\":\"4.2.0\"}}}},\
             \"properties\":{{{properties},\"checkout\":\"{}\"}},\"sentAt\":\"{}\",\"receivedAt\":\"{}\"}}",
            self.customer,
            self.id,
            self.time(0),
            self.agent(),
            self.checkout,
            self.time(40),
            self.time(95),
        )
        .expect("a String takes everything");
        text
    }

    /// An object of SendGrid's event webhook. Its clock knows whole seconds only.
    fn mail(&self, event: &str, details: &str) -> String {
        format!(
            "{{\"event\":\"{event}\",\"email\":\"{0}@post.example\",\"timestamp\":{1},\"sg_event_id\":\"mail-{2:016x}\",\
             \"sg_message_id\":\"{3:016x}.filter-04\",\"category\":[\"nieuwsbrief\"],\"customer_id\":\"{0}\",{details}}}",
            self.customer,
            self.at.div_euclid(1000),
            self.id,
            mix(self.id),
        )
    }

    /// A payment notification of Square.
    fn payment(&self, status: &str) -> String {
        let payment = mix(self.person ^ u64::from(self.product.number));
        format!(
            "{{\"merchant_id\":\"KLOMPENHUIS01\",\"type\":\"payment.updated\",\"event_id\":\"till-{id:016x}\",\"created_at\":\"{at}\",\
             \"data\":{{\"type\":\"payment\",\"id\":\"{payment:016x}\",\"object\":{{\"payment\":{{\"id\":\"{payment:016x}\",\
             \"status\":\"{status}\",\"customer_id\":\"{customer}\",\"amount_money\":{{\"amount\":{price},\"currency\":\"EUR\"}},\
             \"total_money\":{{\"amount\":{price},\"currency\":\"EUR\"}},\"location_id\":\"UTRECHT\",\"created_at\":\"{begun}\"}}}}}}}}",
            id = self.id,
            at = self.time(0),
            price = self.product.price,
            customer = self.customer,
            begun = self.time(-1500),
        )
    }
}
