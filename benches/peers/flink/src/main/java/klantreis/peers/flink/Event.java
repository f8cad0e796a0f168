package klantreis.peers.flink;

import org.apache.flink.api.common.typeinfo.TypeInfo;

/** One parsed event. Never changed afterwards: state keeps it without a copy. */
@TypeInfo(EventTypeInfo.Factory.class)
public final class Event implements Comparable<Event> {
    public String customer;
    public long time;
    public Kind kind;
    /** {@code null} when the record carries none. */
    public String id;
    /** The topic's rank. */
    public byte source;
    public long offset;

    /** The order in which one customer's events are handled. */
    @Override
    public int compareTo(Event other) {
        int order = Long.compare(time, other.time);
        if (order == 0) {
            order = Byte.compare(source, other.source);
        }
        return order != 0 ? order : Long.compare(offset, other.offset);
    }
}
