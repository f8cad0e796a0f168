package klantreis.peers.flink;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The command line of the application. */
record Settings(
        String bootstrap,
        String prefix,
        Path checkpointDir,
        long checkpointMs,
        boolean exactlyOnce,
        int threads,
        boolean reset) {

    static final String USAGE = """
            usage: flink-peer [options]
              --bootstrap HOST:PORT      broker (127.0.0.1:9092)
              --prefix TEXT              put before every topic name (empty)
              --checkpoint-dir DIR       where checkpoints outlive the process (checkpoints)
              --checkpoint-ms N          time asked for between two checkpoints, which are the commits (100)
              --guarantee eos|alo        exactly once or at least once (eos)
              --threads N                parallelism of every operator (2)
              --reset                    start over: deletes checkpoints and output topics of earlier runs; without it
                                         a run goes on from the newest checkpoint""";

    private static final Set<String> FLAGS = Set.of("reset");
    private static final Set<String> NAMES =
            Set.of("bootstrap", "prefix", "checkpoint-dir", "checkpoint-ms", "guarantee", "threads");

    static Settings parse(String[] args) {
        Map<String, String> given = new HashMap<>();
        for (int i = 0; i < args.length; i++) {
            String name = args[i].startsWith("--") ? args[i].substring(2) : "";
            if (FLAGS.contains(name)) {
                given.put(name, "true");
            } else if (NAMES.contains(name) && i + 1 < args.length) {
                given.put(name, args[++i]);
            } else {
                throw new IllegalArgumentException("unknown or incomplete option: " + args[i]);
            }
        }
        String guarantee = given.getOrDefault("guarantee", "eos");
        if (!Set.of("eos", "alo").contains(guarantee)) {
            throw new IllegalArgumentException("--guarantee must be eos or alo");
        }
        return new Settings(
                given.getOrDefault("bootstrap", "127.0.0.1:9092"),
                given.getOrDefault("prefix", ""),
                Path.of(given.getOrDefault("checkpoint-dir", "checkpoints")).toAbsolutePath(),
                Long.parseLong(given.getOrDefault("checkpoint-ms", "100")),
                guarantee.equals("eos"),
                Integer.parseInt(given.getOrDefault("threads", "2")),
                given.containsKey("reset"));
    }

    List<String> inputs() {
        return Arrays.stream(Source.values()).map(source -> source.topic(prefix)).toList();
    }

    String transitions() {
        return prefix + "transitions";
    }

    String deadLetters() {
        return prefix + "dead-letters";
    }
}
