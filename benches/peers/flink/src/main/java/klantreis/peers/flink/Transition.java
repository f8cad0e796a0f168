package klantreis.peers.flink;

/** One change of phase. */
public class Transition {
    public String customer;
    public int seq;
    /** {@code null} for a new customer. */
    public String from;
    public String to;
    public long at;
    public String cause;
    /** {@code null} for a timer. */
    public String eventId;
}
