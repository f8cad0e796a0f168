package klantreis.peers.flink;

import java.time.Duration;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** One source with the parser chained to it, the journeys by customer, two sinks. */
final class JourneyPipeline {
    /** Event time that a partition may run ahead of the slowest one. */
    private static final Duration DRIFT = Duration.ofDays(3);
    private static final Duration DRIFT_CHECK = Duration.ofMillis(50);

    private JourneyPipeline() {
    }

    static void build(StreamExecutionEnvironment environment, Settings settings) {
        SingleOutputStreamOperator<Event> events = environment
                .fromSource(source(settings), watermarks(), "topics").uid("topics")
                .process(new ParseFunction(settings.prefix())).uid("parse").name("parse");

        events.getSideOutput(ParseFunction.DEAD)
                .sinkTo(sink(settings, new DeadLetterWriter(settings.deadLetters())))
                .uid("dead-letters").name("dead-letters");

        events.keyBy(event -> event.customer)
                .process(new JourneyFunction()).uid("journey").name("journey")
                .sinkTo(sink(settings, new TransitionWriter(settings.transitions())))
                .uid("transitions").name("transitions");
    }

    /** One source for the three topics: each of their partitions has a watermark of its own. */
    private static BoundedKafkaSource<RawRecord> source(Settings settings) {
        RawRecordReader reader = new RawRecordReader(settings.prefix());
        Properties consumer = new Properties();
        consumer.setProperty(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrap());
        consumer.setProperty(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
        consumer.setProperty(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName());
        consumer.setProperty(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
        consumer.setProperty(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        consumer.setProperty(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "2000");
        consumer.setProperty("client.id.prefix", "flink-peer");
        // Offsets are in the checkpoints; in Kafka they would be for onlookers only.
        consumer.setProperty("commit.offsets.on.checkpoint", "false");
        KafkaSource<RawRecord> source = KafkaSource.<RawRecord>builder()
                .setProperties(consumer)
                .setTopics(settings.inputs())
                .setStartingOffsets(OffsetsInitializer.earliest())
                .setBounded(OffsetsInitializer.latest())
                .setDeserializer(reader)
                .build();
        return new BoundedKafkaSource<>(source, reader, consumer);
    }

    /** Record timestamps are event times, and a partition holds them in order. */
    private static WatermarkStrategy<RawRecord> watermarks() {
        // Without a limit to the drift the two small topics are read to their end early, and wait in the state.
        return WatermarkStrategy.<RawRecord>forMonotonousTimestamps()
                .withWatermarkAlignment("topics", DRIFT, DRIFT_CHECK);
    }

    private static <T> KafkaSink<T> sink(Settings settings, TopicWriter<T> writer) {
        Properties producer = new Properties();
        producer.setProperty(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        producer.setProperty(ProducerConfig.LINGER_MS_CONFIG, "20");
        producer.setProperty(ProducerConfig.BATCH_SIZE_CONFIG, Integer.toString(128 << 10));
        // The connector asks for an hour, a broker allows a quarter of one.
        producer.setProperty(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, "600000");
        return KafkaSink.<T>builder()
                .setBootstrapServers(settings.bootstrap())
                .setKafkaProducerConfig(producer)
                .setRecordSerializer(writer)
                .setDeliveryGuarantee(
                        settings.exactlyOnce() ? DeliveryGuarantee.EXACTLY_ONCE : DeliveryGuarantee.AT_LEAST_ONCE)
                .setTransactionalIdPrefix("flink-peer-" + writer.topic)
                // Ids are used again; the other strategy makes a new one, and a new producer, for every checkpoint.
                .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
                .build();
    }
}
