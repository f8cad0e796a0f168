package klantreis.peers.flink;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;

/** What the application asks of the broker besides reading and writing records. */
final class Broker implements AutoCloseable {
    private final Admin admin;
    private final Settings settings;
    private final Set<String> outputs;

    Broker(Settings settings) {
        this.settings = settings;
        outputs = Set.of(settings.transitions(), settings.deadLetters());
        admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrap()));
    }

    @Override
    public void close() {
        admin.close();
    }

    /** Returns when the output topics are gone. */
    void deleteOutputs() throws ExecutionException, InterruptedException {
        admin.deleteTopics(existingOutputs()).all().get();
        while (!existingOutputs().isEmpty()) {
            Thread.sleep(50);
        }
    }

    /** Creates the output topics that do not exist, with as many partitions as the input. */
    void createOutputs() throws ExecutionException, InterruptedException {
        List<String> existing = existingOutputs();
        int partitions = partitions(settings.inputs().subList(0, 1)).size();
        // Output carries event time, which may be far in the past: retention by time would delete it.
        Map<String, String> keep = Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1");
        admin.createTopics(outputs.stream()
                        .filter(name -> !existing.contains(name))
                        .map(name -> new NewTopic(name, partitions, (short) 1).configs(keep))
                        .toList())
                .all()
                .get();
    }

    long inputRecords() throws ExecutionException, InterruptedException {
        List<TopicPartition> inputs = partitions(settings.inputs());
        return offsets(inputs, OffsetSpec.latest()) - offsets(inputs, OffsetSpec.earliest());
    }

    private List<String> existingOutputs() throws ExecutionException, InterruptedException {
        return admin.listTopics().names().get().stream().filter(outputs::contains).toList();
    }

    private List<TopicPartition> partitions(Collection<String> topics)
            throws ExecutionException, InterruptedException {
        List<TopicPartition> partitions = new ArrayList<>();
        for (TopicDescription topic : admin.describeTopics(topics).allTopicNames().get().values()) {
            topic.partitions().forEach(info -> partitions.add(new TopicPartition(topic.name(), info.partition())));
        }
        return partitions;
    }

    /** The sum of the offsets that stand at this place of the partitions. */
    private long offsets(List<TopicPartition> partitions, OffsetSpec place)
            throws ExecutionException, InterruptedException {
        Map<TopicPartition, OffsetSpec> request = new HashMap<>();
        partitions.forEach(partition -> request.put(partition, place));
        return admin.listOffsets(request).all().get().values().stream()
                .mapToLong(ListOffsetsResultInfo::offset)
                .sum();
    }
}
