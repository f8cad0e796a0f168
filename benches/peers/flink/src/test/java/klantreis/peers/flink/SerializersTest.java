package klantreis.peers.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

/** What a run that is never interrupted does not try: reading a checkpoint. */
class SerializersTest {
    @Test
    void aCustomerWithWaitingEventsSurvivesACheckpoint() throws IOException {
        Journey journey = new Journey();
        journey.phase = Phase.VERTROKKEN;
        journey.since = -1;
        journey.last = 1_735_689_600_000L;
        journey.views = 3;
        journey.seq = Integer.MAX_VALUE;
        journey.pending = new ArrayList<>(List.of(event("e1"), event(null)));
        journey.flushAt = 7;

        Journey copy = copy(journey);

        assertEquals(Phase.VERTROKKEN, copy.phase);
        assertEquals(-1, copy.since);
        assertEquals(1_735_689_600_000L, copy.last);
        assertEquals(3, copy.views);
        assertEquals(Integer.MAX_VALUE, copy.seq);
        assertEquals(7, copy.flushAt);
        assertEquals(2, copy.pending.size());
        assertEquals("é1", copy.pending.get(0).customer);
        assertEquals("e1", copy.pending.get(0).id);
        assertEquals(Kind.MAIL_BOUNCED, copy.pending.get(0).kind);
        assertEquals(0, event("e1").compareTo(copy.pending.get(0)));
        assertNull(copy.pending.get(1).id);
    }

    @Test
    void aCustomerWithoutWaitingEventsHasNoTimerAfterACheckpoint() throws IOException {
        Journey copy = copy(new Journey());
        assertEquals(Phase.NEW, copy.phase);
        assertNull(copy.pending);
        assertEquals(Long.MAX_VALUE, copy.flushAt);
    }

    private static Event event(String id) {
        Event event = new Event();
        event.customer = "é1";
        event.time = 8;
        event.kind = Kind.MAIL_BOUNCED;
        event.id = id;
        event.source = 2;
        event.offset = 1L << 40;
        return event;
    }

    private static Journey copy(Journey journey) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        JourneySerializer.INSTANCE.serialize(journey, out);
        return JourneySerializer.INSTANCE.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
    }
}
