package klantreis.peers.flink;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/**
 * Reads the records of the three services with a streaming parser that steps over what the model does not need.
 * A record is read to its end all the same: only then is it known to be valid JSON.
 */
final class EventParser {
    /** The record is a dead letter, for this reason. */
    static final class MalformedEventException extends Exception {
        MalformedEventException(String reason) {
            super(reason, null, false, false);
        }
    }

    private static final String[] PATH_TO_PAYMENT = {"object", "payment"};

    private final JsonFactory json = new JsonFactory();

    // What the record at hand says; a parser belongs to one task.
    private String customer;
    private String id;
    private long time;
    private Kind kind;

    /** The event, or {@code null} when the record says nothing the model knows. */
    Event parse(RawRecord record) throws MalformedEventException {
        customer = null;
        id = null;
        time = Rfc3339.INVALID;
        kind = null;
        read(record);
        if (customer == null || customer.isEmpty()) {
            throw new MalformedEventException("no customer");
        }
        if (time == Rfc3339.INVALID) {
            throw new MalformedEventException("no time");
        }
        if (kind == null) {
            return null;
        }
        Event event = new Event();
        event.customer = customer;
        event.time = time;
        event.kind = kind;
        event.id = id;
        event.source = record.source;
        event.offset = record.offset;
        return event;
    }

    private void read(RawRecord record) throws MalformedEventException {
        if (record.value == null) {
            throw new MalformedEventException("no value");
        }
        try (JsonParser in = json.createParser(record.value)) {
            if (in.nextToken() != JsonToken.START_OBJECT) {
                throw new MalformedEventException("not a JSON object");
            }
            switch (Source.ALL[record.source]) {
                case CLICKS -> readClick(in);
                case MAIL -> readMail(in);
                case POS -> readPayment(in);
            }
            if (in.nextToken() != null) {
                throw new MalformedEventException("more than one JSON value");
            }
        } catch (JsonProcessingException e) {
            throw new MalformedEventException("invalid JSON");
        } catch (IOException e) {
            // A number out of range, for one: there is no I/O in reading an array.
            throw new MalformedEventException("invalid JSON: " + e.getMessage());
        }
    }

    /** A Segment call. */
    private void readClick(JsonParser in) throws IOException {
        String type = null;
        String tracked = null;
        boolean help = false;
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String field = in.currentName();
            JsonToken value = in.nextToken();
            switch (field) {
                case "type" -> type = text(in, value);
                case "event" -> tracked = text(in, value);
                case "userId" -> customer = text(in, value);
                case "messageId" -> id = text(in, value);
                case "timestamp" -> time = Rfc3339.parse(text(in, value));
                case "properties" -> help = readsOfHelp(in, value);
                default -> in.skipChildren();
            }
        }
        if ("page".equals(type)) {
            kind = help ? Kind.HELP_VIEWED : Kind.PAGE_VIEWED;
        } else if ("track".equals(type) && tracked != null) {
            kind = switch (tracked) {
                case "Product Viewed" -> Kind.PRODUCT_VIEWED;
                case "Product Added" -> Kind.CART_ADDED;
                case "Checkout Started" -> Kind.CHECKOUT_STARTED;
                case "Order Completed" -> Kind.PURCHASED;
                case "Product Reviewed" -> Kind.REVIEWED;
                default -> null;
            };
        }
    }

    /** Whether the properties name a help page. */
    private static boolean readsOfHelp(JsonParser in, JsonToken properties) throws IOException {
        if (properties != JsonToken.START_OBJECT) {
            in.skipChildren();
            return false;
        }
        String path = null;
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String field = in.currentName();
            JsonToken value = in.nextToken();
            if (field.equals("path")) {
                path = text(in, value);
            } else {
                in.skipChildren();
            }
        }
        return path != null && path.startsWith("/help");
    }

    /** A SendGrid event webhook object. */
    private void readMail(JsonParser in) throws IOException {
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String field = in.currentName();
            JsonToken value = in.nextToken();
            switch (field) {
                case "event" -> kind = mailKind(text(in, value));
                case "customer_id" -> customer = text(in, value);
                case "sg_event_id" -> id = text(in, value);
                case "timestamp" -> {
                    if (value == JsonToken.VALUE_NUMBER_INT) {
                        time = in.getLongValue() * 1000;
                    } else {
                        in.skipChildren();
                    }
                }
                default -> in.skipChildren();
            }
        }
    }

    private static Kind mailKind(String event) {
        if (event == null) {
            return null;
        }
        return switch (event) {
            case "delivered" -> Kind.MAIL_DELIVERED;
            case "open" -> Kind.MAIL_OPENED;
            case "click" -> Kind.MAIL_CLICKED;
            case "bounce" -> Kind.MAIL_BOUNCED;
            default -> null;
        };
    }

    /** A Square payment notification. */
    private void readPayment(JsonParser in) throws IOException {
        boolean updated = false;
        boolean completed = false;
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String field = in.currentName();
            JsonToken value = in.nextToken();
            switch (field) {
                case "type" -> updated = "payment.updated".equals(text(in, value));
                case "event_id" -> id = text(in, value);
                case "created_at" -> time = Rfc3339.parse(text(in, value));
                case "data" -> completed = readsOfCompletion(in, 0);
                default -> in.skipChildren();
            }
        }
        if (updated && completed) {
            kind = Kind.PURCHASED;
        }
    }

    /** Goes down to {@code data.object.payment}, {@code depth} steps of it done; whether the payment is completed. */
    private boolean readsOfCompletion(JsonParser in, int depth) throws IOException {
        if (in.currentToken() != JsonToken.START_OBJECT) {
            in.skipChildren();
            return false;
        }
        boolean completed = false;
        while (in.nextToken() != JsonToken.END_OBJECT) {
            String field = in.currentName();
            JsonToken value = in.nextToken();
            if (depth < PATH_TO_PAYMENT.length) {
                if (field.equals(PATH_TO_PAYMENT[depth])) {
                    completed = readsOfCompletion(in, depth + 1);
                } else {
                    in.skipChildren();
                }
            } else if (field.equals("status")) {
                completed = "COMPLETED".equals(text(in, value));
            } else if (field.equals("customer_id")) {
                customer = text(in, value);
            } else {
                in.skipChildren();
            }
        }
        return completed;
    }

    /** The text of a string; {@code null} for anything else, which is stepped over. */
    private static String text(JsonParser in, JsonToken value) throws IOException {
        if (value == JsonToken.VALUE_STRING) {
            return in.getText();
        }
        in.skipChildren();
        return null;
    }
}
