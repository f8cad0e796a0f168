package klantreis.peers.flink;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Writes transitions as JSON with the customer as key; Kafka's default partitioner spreads them. */
final class TransitionWriter extends TopicWriter<Transition> {
    private transient JsonFactory json;
    private transient ByteArrayOutputStream bytes;

    TransitionWriter(String topic) {
        super(topic);
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(Transition transition, KafkaSinkContext context, Long timestamp) {
        if (json == null) {
            json = new JsonFactory();
            bytes = new ByteArrayOutputStream(512);
        }
        bytes.reset();
        try (JsonGenerator out = json.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("customer", transition.customer);
            out.writeNumberField("seq", transition.seq);
            out.writeStringField("from", transition.from);
            out.writeStringField("to", transition.to);
            out.writeNumberField("at", transition.at);
            out.writeStringField("cause", transition.cause);
            out.writeStringField("event_id", transition.eventId);
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // there is no I/O in writing to memory
        }
        byte[] key = transition.customer.getBytes(StandardCharsets.UTF_8);
        return new ProducerRecord<>(topic, null, transition.at, key, bytes.toByteArray());
    }
}
