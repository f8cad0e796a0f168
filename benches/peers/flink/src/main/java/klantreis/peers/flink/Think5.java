package klantreis.peers.flink;

/** The customer journey model. */
final class Think5 {
    private static final long DAY_MS = 86_400_000L;
    private static final long SETTLING_MS = 2 * DAY_MS;
    private static final long TRIAL_MS = 7 * DAY_MS;
    private static final long ABSENCE_MS = 30 * DAY_MS;
    private static final int INTERESTED_VIEWS = 3;
    private static final long NEVER = Long.MAX_VALUE;
    private static final String TIMER = "timer";

    /** Takes the transitions in the order they happen; {@code eventId} is {@code null} for a timer. */
    interface Transitions {
        void accept(int seq, Phase from, Phase to, long at, String cause, String eventId);
    }

    private Think5() {
    }

    /** Brings the journey up to date with one event. Timers fire here, with their customer's next event. */
    static void handle(Journey journey, Event event, Transitions out) {
        for (long due = due(journey); due <= event.time; due = due(journey)) {
            enter(journey, afterTimer(journey.phase), due, TIMER, null, out);
        }
        journey.last = event.time;
        if (event.kind == Kind.PRODUCT_VIEWED) {
            journey.views++;
        }
        Phase to = next(journey, event.kind);
        if (to != null) {
            enter(journey, to, event.time, event.kind.label, event.id, out);
        }
    }

    private static long due(Journey journey) {
        return switch (journey.phase) {
            case AANKOOP -> journey.since + SETTLING_MS;
            case GEBRUIK -> journey.since + TRIAL_MS;
            case ORIENTATIE, AFWEGING -> journey.last + ABSENCE_MS;
            case NEW, EVALUATIE, VERTROKKEN -> NEVER;
        };
    }

    private static Phase afterTimer(Phase phase) {
        return switch (phase) {
            case AANKOOP -> Phase.GEBRUIK;
            case GEBRUIK -> Phase.EVALUATIE;
            case ORIENTATIE, AFWEGING -> Phase.VERTROKKEN;
            case NEW, EVALUATIE, VERTROKKEN -> throw new IllegalStateException("no timer in " + phase);
        };
    }

    /** The phase to enter, or {@code null} to stay. */
    private static Phase next(Journey journey, Kind kind) {
        Phase phase = journey.phase;
        if (kind == Kind.PURCHASED) {
            return phase == Phase.AANKOOP ? null : Phase.AANKOOP;
        }
        return switch (phase) {
            case NEW, VERTROKKEN -> Phase.ORIENTATIE;
            case ORIENTATIE -> switch (kind) {
                case PRODUCT_VIEWED -> journey.views >= INTERESTED_VIEWS ? Phase.AFWEGING : null;
                case CART_ADDED, CHECKOUT_STARTED, MAIL_CLICKED -> Phase.AFWEGING;
                default -> null;
            };
            case AFWEGING -> null;
            case AANKOOP -> switch (kind) {
                case HELP_VIEWED, MAIL_OPENED, MAIL_CLICKED -> Phase.GEBRUIK;
                default -> null;
            };
            case GEBRUIK -> kind == Kind.REVIEWED ? Phase.EVALUATIE : null;
            case EVALUATIE -> kind == Kind.PRODUCT_VIEWED && journey.views >= INTERESTED_VIEWS
                    ? Phase.ORIENTATIE
                    : null;
        };
    }

    private static void enter(Journey journey, Phase to, long at, String cause, String eventId, Transitions out) {
        Phase from = journey.phase;
        journey.phase = to;
        journey.since = at;
        journey.views = 0;
        journey.seq++;
        out.accept(journey.seq, from, to, at, cause, eventId);
    }
}
