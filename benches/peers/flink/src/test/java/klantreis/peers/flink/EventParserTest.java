package klantreis.peers.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import klantreis.peers.flink.EventParser.MalformedEventException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventParserTest {
    private static final long NEW_YEAR = 1_735_689_600_000L;
    private static final String CLICK = """
            {"context":{"page":{"path":"/help/x"},"type":"x","userId":"x"},"event":"Product Viewed","messageId":"m1",
             "properties":{"path":"/p/1","products":[{"path":"/help"}]},"timestamp":"2025-01-01T00:00:00.000Z",
             "type":"track","userId":"c00000001"}""";
    private static final String MAIL = """
            {"timestamp":1735689600,"event":"open","category":["a"],"sg_event_id":"s1","customer_id":"c00000001"}""";
    private static final String PAYMENT = """
            {"type":"payment.updated","event_id":"e1","created_at":"2025-01-01T00:00:00.000Z","data":{"type":"payment",
             "object":{"payment":{"card_details":{"status":"CAPTURED"},"created_at":"2024-12-31T00:00:00.000Z",
             "customer_id":"c00000001","status":"COMPLETED"},"x":[{}]},"y":{}}}""";

    @Test
    void readsTheThreeServices() throws MalformedEventException {
        check(Source.CLICKS, CLICK, Kind.PRODUCT_VIEWED, "m1");
        check(Source.MAIL, MAIL, Kind.MAIL_OPENED, "s1");
        check(Source.POS, PAYMENT, Kind.PURCHASED, "e1");
    }

    @Test
    void tellsHelpPagesByThePathOfTheProperties() throws MalformedEventException {
        String page = CLICK.replace("\"track\"", "\"page\"");
        check(Source.CLICKS, page, Kind.PAGE_VIEWED, "m1");
        check(Source.CLICKS, page.replace("/p/1", "/helpdesk"), Kind.HELP_VIEWED, "m1");
        check(Source.CLICKS, page.replace("\"/p/1\"", "null"), Kind.PAGE_VIEWED, "m1");
    }

    @Test
    void ignoresWhatTheModelDoesNotKnow() throws MalformedEventException {
        assertNull(parse(Source.CLICKS, CLICK.replace("Product Viewed", "Coupon Entered")));
        assertNull(parse(Source.POS, PAYMENT.replace("COMPLETED", "APPROVED")));
    }

    @ParameterizedTest
    @CsvSource({"CLICKS", "MAIL", "POS"})
    void everyTruncationIsMalformed(Source source) {
        String record = text(source);
        for (int length = 0; length < record.length(); length++) {
            String part = record.substring(0, length);
            assertThrows(MalformedEventException.class, () -> parse(source, part));
        }
    }

    @Test
    void namesWhatIsMissing() {
        assertReason("no customer", Source.CLICKS, CLICK.replace(",\n \"type\":\"track\",\"userId\"", ",\"user\""));
        assertReason("no customer", Source.MAIL, MAIL.replace("\"c00000001\"", "7"));
        assertReason("no customer", Source.POS, PAYMENT.replace("\"customer_id\"", "\"id\""));
        assertReason("no time", Source.CLICKS, CLICK.replace("01-01T", "02-30T"));
        assertReason("no time", Source.MAIL, MAIL.replace("1735689600", "\"now\""));
        assertReason("no time", Source.POS, PAYMENT.replace("\"created_at\":\"2025", "\"made_at\":\"2025"));
        assertReason("invalid JSON", Source.MAIL, MAIL + "}");
        assertReason("more than one JSON value", Source.MAIL, MAIL + "1");
        assertReason("not a JSON object", Source.MAIL, "[]");
    }

    private static void check(Source source, String record, Kind kind, String id) throws MalformedEventException {
        Event event = parse(source, record);
        assertEquals("c00000001", event.customer);
        assertEquals(NEW_YEAR, event.time);
        assertEquals(kind, event.kind);
        assertEquals(id, event.id);
    }

    private static void assertReason(String reason, Source source, String record) {
        Exception problem = assertThrows(MalformedEventException.class, () -> parse(source, record));
        assertEquals(reason, problem.getMessage());
    }

    private static String text(Source source) {
        return switch (source) {
            case CLICKS -> CLICK;
            case MAIL -> MAIL;
            case POS -> PAYMENT;
        };
    }

    private static Event parse(Source source, String text) throws MalformedEventException {
        RawRecord record = new RawRecord();
        record.source = (byte) source.ordinal();
        record.value = text.getBytes(StandardCharsets.UTF_8);
        return new EventParser().parse(record);
    }
}
