package klantreis.peers.flink;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The directory in which checkpoints outlive the process. */
record Checkpoints(Path directory) {
    /** The newest complete checkpoint, as Flink names it: {@code _metadata} is written last. */
    Optional<String> newest() throws IOException {
        if (!Files.exists(directory)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.endsWith("_metadata"))
                    .max(Comparator.comparingLong(file -> file.toFile().lastModified()))
                    .map(file -> file.getParent().toUri().toString());
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Empties the directory, which itself may be a mount point. */
    void delete() throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        List<Path> deepestFirst;
        try (Stream<Path> walk = Files.walk(directory)) {
            deepestFirst = walk.filter(file -> !file.equals(directory)).sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : deepestFirst) {
            Files.delete(file);
        }
    }
}
