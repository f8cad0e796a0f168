package klantreis.peers.flink;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.JobExecutionResult;

/**
 * Takes time and CPU at the first record, at a tenth and at nine tenths of them. Static, because the tasks of a local
 * cluster share nothing else with the main method.
 */
final class Progress {
    /** A moment of the run. */
    private record Sample(double wallS, double cpuS) {
        static Sample now() {
            return new Sample(System.nanoTime() / 1e9, SYSTEM.getProcessCpuTime() / 1e9);
        }
    }

    /** Counts the records of one task, and passes them on in steps: a counter that tasks share is dear. */
    static final class Tally {
        private static final int STEP = 64;

        private int count;

        void recordTaken() {
            if (count == 0 && first == null) {
                start();
            }
            if (++count % STEP == 0) {
                taken(STEP);
            }
        }
    }

    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final AtomicLong TAKEN = new AtomicLong();
    private static final AtomicInteger CHECKPOINTS = new AtomicInteger();
    private static long tenth = Long.MAX_VALUE;
    private static long nineTenths = Long.MAX_VALUE;
    private static volatile Sample first;
    private static volatile Sample atTenth;
    private static volatile Sample atNineTenths;

    private Progress() {
    }

    static void expect(long records) {
        tenth = records / 10;
        nineTenths = records - records / 10;
    }

    /** Counted from the first record on, as wall time is. */
    static void checkpointCompleted() {
        if (first != null) {
            CHECKPOINTS.incrementAndGet();
        }
    }

    private static synchronized void start() {
        if (first == null) {
            first = Sample.now();
        }
    }

    private static void taken(int more) {
        long taken = TAKEN.addAndGet(more);
        if (taken >= tenth && taken - more < tenth) {
            atTenth = Sample.now();
        }
        if (taken >= nineTenths && taken - more < nineTenths) {
            atNineTenths = Sample.now();
        }
    }

    /** One line of JSON, to be asked for when the outputs are committed. */
    static String report(Settings settings, JobExecutionResult result) throws IOException {
        Sample end = Sample.now();
        Sample start = first == null ? end : first;
        long records = result.<Long>getAccumulatorResult(ParseFunction.RECORDS);
        double wall = end.wallS - start.wallS;
        return String.format(Locale.ROOT,
                "{\"engine\":\"flink\",\"guarantee\":\"%s\",\"store\":\"memory\",\"threads\":%d,\"events\":%d,"
                        + "\"wall_s\":%.3f,\"events_per_s\":%.0f,\"cpu_s\":%.3f,\"events_per_cpu_s\":%.0f,%s"
                        + "\"peak_rss_mib\":%d,\"transitions\":%d,\"ignored\":%d,\"dead_letters\":%d,"
                        + "\"checkpoint_ms_asked\":%d,\"checkpoints\":%d}",
                settings.exactlyOnce() ? "eos" : "alo", settings.threads(), records, wall, records / wall, end.cpuS,
                records / end.cpuS, middle(), peakRssMib(),
                result.<Long>getAccumulatorResult(JourneyFunction.TRANSITIONS),
                result.<Long>getAccumulatorResult(ParseFunction.IGNORED),
                result.<Long>getAccumulatorResult(ParseFunction.DEAD_LETTERS),
                settings.checkpointMs(), CHECKPOINTS.get());
    }

    /** The figures between a tenth and nine tenths of the records; none when there were hardly any. */
    private static String middle() {
        if (atTenth == null || atNineTenths == null) {
            return "";
        }
        long records = nineTenths - tenth;
        return String.format(Locale.ROOT, "\"events_per_s_mid80\":%.0f,\"events_per_cpu_s_mid80\":%.0f,",
                records / (atNineTenths.wallS - atTenth.wallS), records / (atNineTenths.cpuS - atTenth.cpuS));
    }

    private static long peakRssMib() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 10)
                .findFirst()
                .orElse(0);
    }
}
