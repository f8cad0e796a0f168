package klantreis.peers.flink;

import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/** Turns records into events; what the model ignores ends here, and what cannot be read goes aside. */
final class ParseFunction extends ProcessFunction<RawRecord, Event> {
    static final OutputTag<DeadLetter> DEAD = new OutputTag<>("dead-letters") {
    };
    static final String RECORDS = "records";
    static final String IGNORED = "ignored";
    static final String DEAD_LETTERS = "dead_letters";

    private final String prefix;
    private final LongCounter records = new LongCounter();
    private final LongCounter ignored = new LongCounter();
    private final LongCounter deadLetters = new LongCounter();
    private transient EventParser parser;
    private transient Progress.Tally tally;

    ParseFunction(String prefix) {
        this.prefix = prefix;
    }

    @Override
    public void open(OpenContext context) {
        parser = new EventParser();
        tally = new Progress.Tally();
        getRuntimeContext().addAccumulator(RECORDS, records);
        getRuntimeContext().addAccumulator(IGNORED, ignored);
        getRuntimeContext().addAccumulator(DEAD_LETTERS, deadLetters);
    }

    @Override
    public void processElement(RawRecord record, Context context, Collector<Event> out) {
        tally.recordTaken();
        records.add(1);
        try {
            Event event = parser.parse(record);
            if (event == null) {
                ignored.add(1);
            } else {
                out.collect(event);
            }
        } catch (EventParser.MalformedEventException e) {
            deadLetters.add(1);
            context.output(DEAD, deadLetter(record, e.getMessage()));
        }
    }

    private DeadLetter deadLetter(RawRecord record, String reason) {
        DeadLetter letter = new DeadLetter();
        letter.key = record.key;
        letter.value = record.value;
        letter.reason = reason;
        letter.topic = Source.ALL[record.source].topic(prefix);
        letter.partition = record.partition;
        letter.offset = record.offset;
        return letter;
    }
}
