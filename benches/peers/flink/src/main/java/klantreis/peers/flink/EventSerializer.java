package klantreis.peers.flink;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** By hand: Flink's serializer for plain objects uses reflection for every field. */
public final class EventSerializer extends TypeSerializerSingleton<Event> {
    static final EventSerializer INSTANCE = new EventSerializer();

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public Event createInstance() {
        return new Event();
    }

    @Override
    public Event copy(Event from) {
        return from;
    }

    @Override
    public Event copy(Event from, Event reuse) {
        return from;
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public void serialize(Event event, DataOutputView out) throws IOException {
        writeText(event.customer, out);
        out.writeLong(event.time);
        out.writeByte(event.kind.ordinal());
        out.writeByte(event.source);
        out.writeLong(event.offset);
        writeText(event.id, out);
    }

    @Override
    public Event deserialize(DataInputView in) throws IOException {
        Event event = new Event();
        event.customer = readText(in);
        event.time = in.readLong();
        event.kind = Kind.ALL[in.readByte()];
        event.source = in.readByte();
        event.offset = in.readLong();
        event.id = readText(in);
        return event;
    }

    /** In one piece, where Flink's own format goes character by character. */
    private static void writeText(String text, DataOutputView out) throws IOException {
        if (text == null) {
            out.writeShort(-1);
            return;
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > Short.MAX_VALUE) {
            throw new IOException("an id of " + bytes.length + " bytes");
        }
        out.writeShort(bytes.length);
        out.write(bytes);
    }

    private static String readText(DataInputView in) throws IOException {
        int length = in.readShort();
        if (length < 0) {
            return null;
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public Event deserialize(Event reuse, DataInputView in) throws IOException {
        return deserialize(in);
    }

    @Override
    public void copy(DataInputView in, DataOutputView out) throws IOException {
        serialize(deserialize(in), out);
    }

    @Override
    public TypeSerializerSnapshot<Event> snapshotConfiguration() {
        return new Snapshot();
    }

    /** What a checkpoint keeps of the serializer. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Event> {
        public Snapshot() {
            super(() -> INSTANCE);
        }
    }
}
