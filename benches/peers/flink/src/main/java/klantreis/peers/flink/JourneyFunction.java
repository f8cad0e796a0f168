package klantreis.peers.flink;

import java.util.ArrayList;
import java.util.Collections;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.TimerService;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Keeps the journey of each customer. An event waits in its customer's state until the watermark has passed it: only
 * then has every topic been read up to its time.
 */
final class JourneyFunction extends KeyedProcessFunction<String, Event, Transition>
        implements CheckpointListener, Think5.Transitions {
    static final String TRANSITIONS = "transitions";

    private final LongCounter transitions = new LongCounter();
    private transient ValueState<Journey> journeys;

    // Whose event is being handled, and where its transitions go.
    private transient String customer;
    private transient Collector<Transition> out;

    @Override
    public void open(OpenContext context) {
        journeys = getRuntimeContext().getState(new ValueStateDescriptor<>("journey", JourneySerializer.INSTANCE));
        getRuntimeContext().addAccumulator(TRANSITIONS, transitions);
    }

    @Override
    public void processElement(Event event, Context context, Collector<Transition> collector) throws Exception {
        Journey journey = journeys.value();
        if (journey == null) {
            journey = new Journey();
        }
        if (event.time <= context.timerService().currentWatermark()) {
            // All that was before it has been handled.
            customer = event.customer;
            out = collector;
            Think5.handle(journey, event, this);
        } else {
            hold(journey, event, context.timerService());
        }
        journeys.update(journey);
    }

    private static void hold(Journey journey, Event event, TimerService timers) {
        if (journey.pending == null) {
            journey.pending = new ArrayList<>(2);
        }
        journey.pending.add(event);
        // One timer a customer, at the earliest event: it takes along all that is due.
        if (event.time < journey.flushAt) {
            journey.flushAt = event.time;
            timers.registerEventTimeTimer(event.time);
        }
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<Transition> collector) throws Exception {
        Journey journey = journeys.value();
        ArrayList<Event> pending = journey.pending;
        long watermark = context.timerService().currentWatermark();
        if (pending == null || journey.flushAt > watermark) {
            return; // an earlier timer of the same watermark took everything
        }
        customer = context.getCurrentKey();
        out = collector;
        Collections.sort(pending);
        int done = 0;
        while (done < pending.size() && pending.get(done).time <= watermark) {
            Think5.handle(journey, pending.get(done++), this);
        }
        if (done == pending.size()) {
            journey.pending = null;
            journey.flushAt = Long.MAX_VALUE;
        } else {
            pending.subList(0, done).clear();
            journey.flushAt = pending.get(0).time;
            context.timerService().registerEventTimeTimer(journey.flushAt);
        }
        journeys.update(journey);
    }

    @Override
    public void accept(int seq, Phase from, Phase to, long at, String cause, String eventId) {
        Transition transition = new Transition();
        transition.customer = customer;
        transition.seq = seq;
        transition.from = from.label;
        transition.to = to.label;
        transition.at = at;
        transition.cause = cause;
        transition.eventId = eventId;
        transitions.add(1);
        out.collect(transition);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
        if (getRuntimeContext().getTaskInfo().getIndexOfThisSubtask() == 0) {
            Progress.checkpointCompleted();
        }
    }
}
