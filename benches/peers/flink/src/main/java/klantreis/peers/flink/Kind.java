package klantreis.peers.flink;

import java.util.Locale;

/** What an event means to the model, whatever service it came from. */
enum Kind {
    PAGE_VIEWED,
    HELP_VIEWED,
    PRODUCT_VIEWED,
    CART_ADDED,
    CHECKOUT_STARTED,
    PURCHASED,
    REVIEWED,
    MAIL_DELIVERED,
    MAIL_OPENED,
    MAIL_CLICKED,
    MAIL_BOUNCED;

    static final Kind[] ALL = values();

    /** As it stands in the output. */
    final String label = name().toLowerCase(Locale.ROOT);
}
