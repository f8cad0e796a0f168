package klantreis.peers.generator;

/**
 * What a record looks like: the JSON of each shape with slots for what differs. Fields stand in the order the services
 * send them in, so a reader meets what it needs spread over the record and between look-alikes (a payment has its own
 * {@code created_at} and its card a {@code status}). A lean record has the fields that a reader of journeys needs and
 * no others; a padded one has a text more, in a field of the service that says nothing about the journey.
 */
record Layout(boolean lean, boolean padded) {
    // Segment: a call to the tracking API as it is delivered, keys in alphabetical order.
    private static final String CLICK = """
            {"context":{"ip":"${IP}","library":{"name":"analytics.js","version":"2.1.0"},"locale":"${LOCALE}",
            "page":{"path":"${PATH}","referrer":"${REFERRER}",@PAD@"title":"${TITLE}","url":"https://shop.example${PATH}"},
            "userAgent":"${AGENT}"},@EVENT@"integrations":{},"messageId":"ajs-${EVENT_ID}",
            "originalTimestamp":"${TIME}","properties":{@PROPERTIES@},
            "receivedAt":"${RECEIVED_AT}","sentAt":"${SENT_AT}","timestamp":"${TIME}","type":"@TYPE@",
            "userId":"${CUSTOMER}"}
            """;
    private static final String LEAN_CLICK = """
            {@PAD@@EVENT@"messageId":"ajs-${EVENT_ID}","properties":{@PROPERTIES@},
            "timestamp":"${TIME}","type":"@TYPE@",
            "userId":"${CUSTOMER}"}
            """;
    private static final String CLICK_PAD = """
            "search":"${PAD}",""";
    private static final String LEAN_CLICK_PAD = """
            "context":{"page":{"search":"${PAD}"}},""";
    private static final String CLICK_CUSTOMER = """
            ,
            "userId":"${CUSTOMER}"}
            """;
    private static final String CLICK_TIME = """
            "timestamp":"${TIME}",""";

    // SendGrid: one object of the event webhook; custom arguments stand at the top level.
    private static final String MAIL = """
            {"email":"${CUSTOMER}@mail.example","timestamp":${SECONDS},"smtp-id":"<${ID}@ismtpd-7>",
            "event":"@EVENT@","category":["journey","${CATEGORY}"],"sg_event_id":"${EVENT_ID}",
            "sg_message_id":"${ID}.recvd-6f9b-q7x2d-1-5F0A",@DETAILS@@PAD@
            "ip":"${IP}","customer_id":"${CUSTOMER}"}
            """;
    private static final String LEAN_MAIL = """
            {"email":"${CUSTOMER}@mail.example","timestamp":${SECONDS},"event":"@EVENT@",
            @PAD@"sg_event_id":"${EVENT_ID}","customer_id":"${CUSTOMER}"}
            """;
    private static final String MAIL_PAD = """
            "subject":"${PAD}",""";
    private static final String MAIL_CUSTOMER = """
            ,"customer_id":"${CUSTOMER}"}
            """;
    private static final String MAIL_TIME = """
            "timestamp":${SECONDS},""";

    // Square: a payment.updated notification.
    private static final String PAYMENT = """
            {"merchant_id":"6SSW7HV8K2ST5","type":"payment.updated","event_id":"${EVENT_ID}",
            "created_at":"${TIME}","data":{"type":"payment","object":{"payment":{
            "amount_money":{"amount":${AMOUNT},"currency":"EUR"},
            "card_details":{"card":{"last_4":"${LAST4}"},"status":"CAPTURED"},
            "created_at":"${SENT_AT}","customer_id":"${CUSTOMER}","id":"${ID}","location_id":"L8GWD5R9",
            @PAD@"order_id":"${ORDER_ID}","status":"@STATUS@",
            "total_money":{"amount":${AMOUNT},"currency":"EUR"},"version":3}}}}
            """;
    private static final String LEAN_PAYMENT = """
            {"type":"payment.updated","event_id":"${EVENT_ID}",
            "created_at":"${TIME}","data":{"object":{"payment":{
            "customer_id":"${CUSTOMER}",@PAD@"status":"@STATUS@",
            "total_money":{"amount":${AMOUNT},"currency":"EUR"}}}}}
            """;
    private static final String PAYMENT_PAD = """
            "note":"${PAD}",""";
    private static final String PAYMENT_CUSTOMER = """
            "customer_id":"${CUSTOMER}",""";
    private static final String PAYMENT_TIME = """
            "created_at":"${TIME}",""";

    private static final String PAGE_PROPERTIES = """
            "path":"${PATH}\"""";
    private static final String PRODUCT_PROPERTIES = """
            "price":${PRICE},"product_id":"${PRODUCT_ID}\"""";
    private static final String ORDER_PROPERTIES = """
            "order_id":"${ORDER_ID}",
            "products":[{"price":${PRICE},"product_id":"${PRODUCT_ID}","quantity":${QUANTITY}}],"total":${PRICE}""";
    private static final String LEAN_ORDER_PROPERTIES = """
            "total":${PRICE}""";
    private static final String USER_AGENT = """
            "useragent":"${AGENT}",""";

    String good(Shape shape) {
        return switch (shape) {
            case PAGE, HELP_PAGE -> click("", "page", PAGE_PROPERTIES);
            case PRODUCT_VIEWED -> track("Product Viewed", PRODUCT_PROPERTIES);
            case PRODUCT_ADDED -> track("Product Added", PRODUCT_PROPERTIES + ",\"quantity\":${QUANTITY}");
            case CHECKOUT_STARTED -> track("Checkout Started", lean ? LEAN_ORDER_PROPERTIES : ORDER_PROPERTIES);
            case ORDER_COMPLETED -> track("Order Completed", lean ? LEAN_ORDER_PROPERTIES : ORDER_PROPERTIES);
            case PRODUCT_REVIEWED -> track("Product Reviewed", PRODUCT_PROPERTIES + ",\"rating\":${RATING}");
            case MAIL_DELIVERED -> mail("delivered", "\"response\":\"250 2.0.0 OK\",\"tls\":1,");
            case MAIL_OPENED -> mail("open", USER_AGENT);
            case MAIL_CLICKED -> mail("click", USER_AGENT + "\"url\":\"https://shop.example/p/${PRODUCT_ID}\",");
            case MAIL_BOUNCED -> mail("bounce",
                    "\"reason\":\"550 5.1.1 no such user\",\"status\":\"5.1.1\",\"type\":\"bounce\",");
            case PAYMENT_COMPLETED -> payment("COMPLETED");
            case PAYMENT_PENDING -> payment("APPROVED");
        };
    }

    String withoutCustomer(Shape shape) {
        return without(good(shape), switch (shape.topic) {
            case CLICKS -> CLICK_CUSTOMER;
            case MAIL -> MAIL_CUSTOMER;
            case POS -> PAYMENT_CUSTOMER;
        });
    }

    String withoutTime(Shape shape) {
        return without(good(shape), switch (shape.topic) {
            case CLICKS -> CLICK_TIME;
            case MAIL -> MAIL_TIME;
            case POS -> PAYMENT_TIME;
        });
    }

    private String track(String event, String properties) {
        return click("\"event\":\"" + event + "\",", "track", properties);
    }

    private String click(String event, String type, String properties) {
        String pad = lean ? LEAN_CLICK_PAD : CLICK_PAD;
        return (lean ? LEAN_CLICK : CLICK).replace("@EVENT@", event).replace("@TYPE@", type)
                .replace("@PROPERTIES@", properties).replace("@PAD@", padded ? pad : "");
    }

    private String mail(String event, String details) {
        return (lean ? LEAN_MAIL : MAIL).replace("@EVENT@", event).replace("@DETAILS@", details)
                .replace("@PAD@", padded ? MAIL_PAD : "");
    }

    private String payment(String status) {
        return (lean ? LEAN_PAYMENT : PAYMENT).replace("@STATUS@", status)
                .replace("@PAD@", padded ? PAYMENT_PAD : "");
    }

    private static String without(String good, String field) {
        // A field that closes the record leaves the closing brace behind.
        String left = field.endsWith("}\n") ? "}\n" : "";
        String bad = good.replace(field, left);
        if (bad.equals(good)) {
            throw new IllegalStateException("no such field: " + field);
        }
        return bad;
    }
}
