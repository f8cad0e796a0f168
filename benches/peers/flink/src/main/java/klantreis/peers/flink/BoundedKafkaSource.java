package klantreis.peers.flink;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.synchronization.FutureCompletingBlockingQueue;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.KafkaSourceEnumState;
import org.apache.flink.connector.kafka.source.metrics.KafkaSourceReaderMetrics;
import org.apache.flink.connector.kafka.source.reader.KafkaPartitionSplitReader;
import org.apache.flink.connector.kafka.source.reader.KafkaRecordEmitter;
import org.apache.flink.connector.kafka.source.reader.KafkaSourceReader;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.connector.kafka.source.reader.fetcher.KafkaSourceFetcherManager;
import org.apache.flink.connector.kafka.source.split.KafkaPartitionSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * A bounded {@link KafkaSource} without two faults of connector 5.0.0: aligning watermarks pauses partitions that have
 * just been read to their end, which fails the job (FLINK-39728), and a job that goes on from a checkpoint never ends
 * (FLINK-31006). The rest wires the parts as the connector does.
 */
final class BoundedKafkaSource<T>
        implements Source<T, KafkaPartitionSplit, KafkaSourceEnumState>, ResultTypeQueryable<T> {
    private final KafkaSource<T> source;
    private final KafkaRecordDeserializationSchema<T> deserializer;
    private final Properties consumer;

    /** The properties have to be complete, since the source does not give away its own. */
    BoundedKafkaSource(KafkaSource<T> source, KafkaRecordDeserializationSchema<T> deserializer, Properties consumer) {
        this.source = source;
        this.deserializer = deserializer;
        this.consumer = consumer;
    }

    @Override
    public SourceReader<T, KafkaPartitionSplit> createReader(SourceReaderContext context) {
        KafkaSourceReaderMetrics metrics = new KafkaSourceReaderMetrics(context.metricGroup());
        var records = new FutureCompletingBlockingQueue<RecordsWithSplitIds<ConsumerRecord<byte[], byte[]>>>();
        var fetchers = new KafkaSourceFetcherManager(
                records, () -> new SplitReader(consumer, context, metrics), finished -> {});
        Configuration config = new Configuration();
        consumer.stringPropertyNames().forEach(name -> config.setString(name, consumer.getProperty(name)));
        return new KafkaSourceReader<>(
                records, fetchers, new KafkaRecordEmitter<>(deserializer), config, context, metrics);
    }

    /** Does not mind being asked to pause a partition that it has read to its end. */
    private static final class SplitReader extends KafkaPartitionSplitReader {
        SplitReader(Properties consumer, SourceReaderContext context, KafkaSourceReaderMetrics metrics) {
            super(consumer, context, metrics);
        }

        @Override
        public void pauseOrResumeSplits(
                Collection<KafkaPartitionSplit> pause, Collection<KafkaPartitionSplit> resume) {
            resume.forEach(split -> attempt(List.of(), List.of(split)));
            pause.forEach(split -> attempt(List.of(split), List.of()));
        }

        private void attempt(List<KafkaPartitionSplit> pause, List<KafkaPartitionSplit> resume) {
            try {
                super.pauseOrResumeSplits(pause, resume);
            } catch (IllegalStateException finished) {
                // not assigned any more
            }
        }
    }

    @Override
    public Boundedness getBoundedness() {
        return source.getBoundedness();
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> createEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context) {
        return source.createEnumerator(context);
    }

    @Override
    public SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restoreEnumerator(
            SplitEnumeratorContext<KafkaPartitionSplit> context, KafkaSourceEnumState state) throws IOException {
        SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restored = source.restoreEnumerator(context, state);
        boolean complete = state.initialDiscoveryFinished() && state.unassignedSplits().isEmpty();
        return complete ? new CompleteEnumerator(restored, context) : restored;
    }

    /** Has assigned everything, and tells every reader so, which the connector does only when it assigns. */
    private record CompleteEnumerator(
            SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> restored,
            SplitEnumeratorContext<KafkaPartitionSplit> context)
            implements SplitEnumerator<KafkaPartitionSplit, KafkaSourceEnumState> {
        @Override
        public void addReader(int subtask) {
            restored.addReader(subtask);
            context.signalNoMoreSplits(subtask);
        }

        @Override
        public void start() {
            restored.start();
        }

        @Override
        public void handleSplitRequest(int subtask, String host) {
            restored.handleSplitRequest(subtask, host);
        }

        @Override
        public void addSplitsBack(List<KafkaPartitionSplit> splits, int subtask) {
            restored.addSplitsBack(splits, subtask);
        }

        @Override
        public KafkaSourceEnumState snapshotState(long checkpoint) throws Exception {
            return restored.snapshotState(checkpoint);
        }

        @Override
        public void close() throws IOException {
            restored.close();
        }
    }

    @Override
    public SimpleVersionedSerializer<KafkaPartitionSplit> getSplitSerializer() {
        return source.getSplitSerializer();
    }

    @Override
    public SimpleVersionedSerializer<KafkaSourceEnumState> getEnumeratorCheckpointSerializer() {
        return source.getEnumeratorCheckpointSerializer();
    }

    @Override
    public TypeInformation<T> getProducedType() {
        return source.getProducedType();
    }
}
