package klantreis.peers.flink;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Hands a record's bytes to the operator that parses them: unlike a source, it can send dead letters aside. */
final class RawRecordReader implements KafkaRecordDeserializationSchema<RawRecord> {
    private final String prefix;
    private transient RawRecord record;

    RawRecordReader(String prefix) {
        this.prefix = prefix;
    }

    @Override
    public void deserialize(ConsumerRecord<byte[], byte[]> from, Collector<RawRecord> out) {
        if (record == null) {
            record = new RawRecord();
        }
        record.source = source(from.topic());
        record.partition = from.partition();
        record.offset = from.offset();
        record.key = from.key();
        record.value = from.value();
        out.collect(record);
    }

    /** By the first letter after the prefix, in which the topics differ. */
    private byte source(String topic) {
        Source source = switch (topic.charAt(prefix.length())) {
            case 'c' -> Source.CLICKS;
            case 'm' -> Source.MAIL;
            default -> Source.POS;
        };
        return (byte) source.ordinal();
    }

    @Override
    public TypeInformation<RawRecord> getProducedType() {
        return TypeInformation.of(RawRecord.class);
    }
}
