//! Segment: one `track` or `page` call a record, as the tracking API delivers it.
//!
//! The money of an order is its `total` (what the customer pays, shipping and tax included), else its `revenue`, else
//! the event's `value`. Attributes are those of `properties`.

use super::json::{JsonFormat, KindRule, Test, TimeAt, ValueAt};

pub(super) const FORMAT: JsonFormat = JsonFormat {
    customer: &["userId"],
    time: TimeAt::Rfc3339(&["timestamp"]),
    id: &["messageId"],
    value: ValueAt::Units(&[&["properties", "total"], &["properties", "revenue"], &["properties", "value"]]),
    attributes: &["properties"],
    kinds: &[
        KindRule {
            kind: "help_viewed",
            when: &[(&["type"], Test::Is("page")), (&["properties", "path"], Test::StartsWith("/help"))],
        },
        KindRule { kind: "page_viewed", when: &[(&["type"], Test::Is("page"))] },
        KindRule {
            kind: "product_viewed",
            when: &[(&["type"], Test::Is("track")), (&["event"], Test::Is("Product Viewed"))],
        },
        KindRule {
            kind: "cart_added",
            when: &[(&["type"], Test::Is("track")), (&["event"], Test::Is("Product Added"))],
        },
        KindRule {
            kind: "checkout_started",
            when: &[(&["type"], Test::Is("track")), (&["event"], Test::Is("Checkout Started"))],
        },
        KindRule {
            kind: "purchased",
            when: &[(&["type"], Test::Is("track")), (&["event"], Test::Is("Order Completed"))],
        },
        KindRule {
            kind: "reviewed",
            when: &[(&["type"], Test::Is("track")), (&["event"], Test::Is("Product Reviewed"))],
        },
    ],
};
