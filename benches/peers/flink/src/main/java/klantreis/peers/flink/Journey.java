package klantreis.peers.flink;

import java.util.ArrayList;

/** What is known about one customer, with the events that wait for the watermark. */
public final class Journey {
    Phase phase = Phase.NEW;
    /** Event time of entering the phase. */
    long since;
    /** Event time of the last event. */
    long last;
    /** Product views in this visit of the phase. */
    int views;
    /** Transitions so far. */
    int seq;

    /** Events that are read and not handled yet, in no order; {@code null} for none. */
    ArrayList<Event> pending;
    /** When the earliest timer that is set will look at them. */
    long flushAt = Long.MAX_VALUE;
}
