package klantreis.peers.flink;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Writes dead letters with their own key and bytes; headers say why and where they come from. */
final class DeadLetterWriter extends TopicWriter<DeadLetter> {
    DeadLetterWriter(String topic) {
        super(topic);
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(DeadLetter letter, KafkaSinkContext context, Long timestamp) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, letter.key, letter.value);
        header(record, "reason", letter.reason);
        header(record, "topic", letter.topic);
        header(record, "partition", Integer.toString(letter.partition));
        header(record, "offset", Long.toString(letter.offset));
        return record;
    }

    private static void header(ProducerRecord<?, ?> record, String name, String value) {
        record.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
    }
}
