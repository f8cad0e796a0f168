package klantreis.peers.flink;

/** One record as it was read. The source fills it anew for every record, so nobody may keep it. */
public class RawRecord {
    public byte source;
    public int partition;
    public long offset;
    public byte[] key;
    public byte[] value;
}
