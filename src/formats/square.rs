//! Square: one `payment.updated` notification a record.
//!
//! The time is the notification's, not the payment's. The money is the total with tip, in the currency's smallest unit.
//! Attributes are those of the payment.

use super::json::{JsonFormat, KindRule, Path, Test, TimeAt, ValueAt};

const STATUS: Path = &["data", "object", "payment", "status"];

pub(super) const FORMAT: JsonFormat = JsonFormat {
    customer: &["data", "object", "payment", "customer_id"],
    time: TimeAt::Rfc3339(&["created_at"]),
    id: &["event_id"],
    value: ValueAt::Minor {
        amount: &["data", "object", "payment", "total_money", "amount"],
        currency: &["data", "object", "payment", "total_money", "currency"],
    },
    attributes: &["data", "object", "payment"],
    kinds: &[KindRule {
        kind: "purchased",
        when: &[(&["type"], Test::Is("payment.updated")), (STATUS, Test::Is("COMPLETED"))],
    }],
};
