package klantreis.peers.flink;

import java.io.IOException;
import java.time.Duration;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Runs the job on the records that are in the input topics now, reports on it and exits. */
public final class FlinkApp {
    private FlinkApp() {
    }

    public static void main(String[] args) throws Exception {
        Settings settings;
        try {
            settings = Settings.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.println(Settings.USAGE);
            System.exit(2);
            return;
        }
        Checkpoints checkpoints = new Checkpoints(settings.checkpointDir());
        try (Broker broker = new Broker(settings)) {
            if (settings.reset()) {
                checkpoints.delete();
                broker.deleteOutputs();
            }
            broker.createOutputs();
            Progress.expect(broker.inputRecords());
        }
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(
                settings.threads(), configuration(settings, checkpoints));
        JourneyPipeline.build(environment, settings);
        // Returns after the last checkpoint, with which the sinks commit.
        System.out.println(Progress.report(settings, environment.execute("think5")));
    }

    private static Configuration configuration(Settings settings, Checkpoints checkpoints) throws IOException {
        Configuration config = new Configuration();
        config.set(PipelineOptions.OBJECT_REUSE, true);
        // Fail rather than write anything with reflection and Kryo.
        config.set(PipelineOptions.GENERIC_TYPES, false);
        // A restart would hide a failure in the figures.
        config.set(RestartStrategyOptions.RESTART_STRATEGY, "none");

        config.set(StateBackendOptions.STATE_BACKEND, "hashmap");
        config.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofMillis(settings.checkpointMs()));
        // At least once too: then some output comes twice after a failure, but no event counts twice in the state.
        config.set(CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
        config.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        config.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, settings.checkpointDir().toUri().toString());
        config.set(CheckpointingOptions.FS_WRITE_BUFFER_SIZE, 64 << 10);
        config.set(
                CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
                ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
        checkpoints.newest().ifPresent(path -> config.set(StateRecoveryOptions.SAVEPOINT_PATH, path));
        return config;
    }
}
