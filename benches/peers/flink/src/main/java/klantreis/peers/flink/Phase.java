package klantreis.peers.flink;

/** Where a customer is in the journey; {@link #NEW} before the first event. */
enum Phase {
    NEW(null),
    ORIENTATIE("orientatie"),
    AFWEGING("afweging"),
    AANKOOP("aankoop"),
    GEBRUIK("gebruik"),
    EVALUATIE("evaluatie"),
    VERTROKKEN("vertrokken");

    static final Phase[] ALL = values();

    /** As it stands in the output. */
    final String label;

    Phase(String label) {
        this.label = label;
    }
}
