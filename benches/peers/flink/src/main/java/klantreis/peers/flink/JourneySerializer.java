package klantreis.peers.flink;

import java.io.IOException;
import java.util.ArrayList;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Writes the state of one customer into checkpoints. */
public final class JourneySerializer extends TypeSerializerSingleton<Journey> {
    static final JourneySerializer INSTANCE = new JourneySerializer();
    /** A bit beside the phase: events wait for the watermark. */
    private static final int WAITING = 0x40;

    @Override
    public boolean isImmutableType() {
        return false;
    }

    @Override
    public Journey createInstance() {
        return new Journey();
    }

    /** What the backend calls to change a customer whom a checkpoint still has to write. */
    @Override
    public Journey copy(Journey from) {
        Journey to = new Journey();
        to.phase = from.phase;
        to.since = from.since;
        to.last = from.last;
        to.views = from.views;
        to.seq = from.seq;
        to.pending = from.pending == null ? null : new ArrayList<>(from.pending);
        to.flushAt = from.flushAt;
        return to;
    }

    @Override
    public Journey copy(Journey from, Journey reuse) {
        return copy(from);
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public void serialize(Journey journey, DataOutputView out) throws IOException {
        int waiting = journey.pending == null ? 0 : journey.pending.size();
        // Few large fields: every checkpoint writes every customer.
        out.writeByte(journey.phase.ordinal() | (waiting > 0 ? WAITING : 0));
        out.writeLong(journey.since);
        out.writeLong(journey.last);
        out.writeLong((long) journey.views << 32 | journey.seq);
        if (waiting > 0) {
            out.writeLong(journey.flushAt);
            out.writeInt(waiting);
            for (Event event : journey.pending) {
                EventSerializer.INSTANCE.serialize(event, out);
            }
        }
    }

    @Override
    public Journey deserialize(DataInputView in) throws IOException {
        Journey journey = new Journey();
        int head = in.readByte();
        journey.phase = Phase.ALL[head & ~WAITING];
        journey.since = in.readLong();
        journey.last = in.readLong();
        long counts = in.readLong();
        journey.views = (int) (counts >>> 32);
        journey.seq = (int) counts;
        if ((head & WAITING) != 0) {
            journey.flushAt = in.readLong();
            int waiting = in.readInt();
            journey.pending = new ArrayList<>(waiting);
            for (int i = 0; i < waiting; i++) {
                journey.pending.add(EventSerializer.INSTANCE.deserialize(in));
            }
        }
        return journey;
    }

    @Override
    public Journey deserialize(Journey reuse, DataInputView in) throws IOException {
        return deserialize(in);
    }

    @Override
    public void copy(DataInputView in, DataOutputView out) throws IOException {
        serialize(deserialize(in), out);
    }

    @Override
    public TypeSerializerSnapshot<Journey> snapshotConfiguration() {
        return new Snapshot();
    }

    /** What a checkpoint keeps of the serializer. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Journey> {
        public Snapshot() {
            super(() -> INSTANCE);
        }
    }
}
