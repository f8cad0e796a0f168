package klantreis.peers.flink;

import java.util.Locale;

/** The input topics, in the order in which they go when event times are equal. */
enum Source {
    CLICKS,
    MAIL,
    POS;

    static final Source[] ALL = values();

    String topic(String prefix) {
        return prefix + name().toLowerCase(Locale.ROOT);
    }
}
