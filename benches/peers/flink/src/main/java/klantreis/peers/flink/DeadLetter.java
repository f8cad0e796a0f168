package klantreis.peers.flink;

/** A record that is no event, as it was, and why. */
public class DeadLetter {
    public byte[] key;
    public byte[] value;
    public String reason;
    public String topic;
    public int partition;
    public long offset;
}
