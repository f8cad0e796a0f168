//! SendGrid: one object of the event webhook a record, the customer in the unique argument `customer_id`.
//!
//! Unique arguments stand beside SendGrid's own fields, and so do attributes.

use super::json::{JsonFormat, KindRule, Test, TimeAt, ValueAt};

pub(super) const FORMAT: JsonFormat = JsonFormat {
    customer: &["customer_id"],
    time: TimeAt::Seconds(&["timestamp"]),
    id: &["sg_event_id"],
    value: ValueAt::Nowhere,
    attributes: &[],
    kinds: &[
        KindRule { kind: "mail_delivered", when: &[(&["event"], Test::Is("delivered"))] },
        KindRule { kind: "mail_opened", when: &[(&["event"], Test::Is("open"))] },
        KindRule { kind: "mail_clicked", when: &[(&["event"], Test::Is("click"))] },
        KindRule { kind: "mail_bounced", when: &[(&["event"], Test::Is("bounce"))] },
    ],
};
