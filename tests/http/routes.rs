//! Every route and every status.

use klantreis::engine::view::{IngestView, Overview, PlaceView, WaitingRecord};
use serde_json::{Value, json};

use crate::client::{Exchange, get};
use crate::fake::{Window, partition, ready, restoring};

#[test]
fn a_customer_is_told_with_every_model_in_rfc_3339_and_whole_numbers_whole() {
    let window = Window::open(None);
    let answer = get(window.all, "/v1/customers/c1");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let expected = concat!(
        r#"{"customer":"c1","partition":0,"committed":true,"variant":"control","models":["#,
        r#"{"model":"think5","phase":"afweging","since":"2025-01-03T10:00:00.000Z","last":"2025-01-03T10:00:01.500Z","#,
        r#""first_seen":"2025-01-02T10:00:00.000Z","seq":2,"counters":{"views":3,"spent":12.5,"apples":-1},"#,
        r#""next_timer":{"due":"2025-02-02T10:00:00.000Z","rule":"gone"},"#,
        r#""awaited":[{"due":"2025-01-03T11:00:00.000Z","signal":"cart_abandoned"}]},"#,
        r#"{"model":"club","phase":null,"since":null,"last":null,"first_seen":null,"seq":0,"counters":{},"next_timer":null}]}"#,
    );
    assert_eq!(answer.body, expected);
}

#[test]
fn ids_are_decoded_from_percent_signs() {
    let window = Window::open(None);
    for (path, id) in [
        ("c1", "c1"),
        ("%63%31", "c1"),
        ("c%2F1", "c/1"),
        ("c%2f1", "c/1"),
        ("zo%C3%AB%20%26%20%E5%AE%A2%E6%88%B7%3F%23%25", "zoë & 客户?#%"),
        ("%20", " "),
    ] {
        let answer = get(window.all, &format!("/v1/customers/{path}"));
        assert_eq!((answer.status, &answer.json()["customer"]), (200, &json!(id)), "{path}");
    }
}

#[test]
fn whoever_cannot_be_shown_is_told_apart() {
    let window = Window::open(None);
    for (id, status, expected) in [
        ("nobody", 404, json!({"error": "unknown customer", "partition": 0})),
        ("elsewhere", 421, json!({"error": "partition 3, not here", "partition": 3})),
        ("restoring", 503, json!({"error": "partition 1 is being restored", "partition": 1})),
        ("%FF", 400, json!({"error": "the customer's id is not UTF-8 once the percent signs are decoded"})),
    ] {
        let answer = get(window.all, &format!("/v1/customers/{id}"));
        let mut body = answer.json();
        body.as_object_mut().expect("an object").remove("hint");
        assert_eq!((answer.status, body), (status, expected), "{id}");
        assert_eq!(answer.header("retry-after").is_some(), status == 503, "{id}");
    }
}

#[test]
fn a_customer_is_explained_by_each_way_out_of_its_phase() {
    let window = Window::open(None);
    let answer = get(window.all, "/v1/customers/c1/explain");
    assert_eq!(
        (answer.status, answer.json()),
        (
            200,
            json!({"customer": "c1", "partition": 0, "committed": true, "variant": "control", "models": [
                {"model": "think5", "phase": "afweging", "since": "2025-01-03T10:00:00.000Z", "ways": [
                    {"to": "aankoop", "rule": "interest", "missing": "an event: product_viewed, if …",
                     "on": ["product_viewed"], "when": "views >= 3 && event.value > 0.5",
                     "values": {"views": 2, "event.value": null, "spent": 0.25}},
                    {"to": "vertrokken", "rule": "gone", "missing": "time", "due": "2025-01-03T10:00:00.000Z"},
                ], "awaited": [{"due": "2025-01-03T11:00:00.000Z", "signal": "cart_abandoned"}]},
                {"model": "club", "phase": null, "since": null, "ways": []},
            ]})
        )
    );
    assert_eq!(get(window.all, "/v1/customers/nobody/explain").status, 404);
}

#[test]
fn models_tell_what_their_phases_mean() {
    let window = Window::open(None);
    let answer = get(window.all, "/v1/models");
    assert_eq!(
        (answer.status, answer.json()),
        (
            200,
            json!({"models": [
                {"model": "think5", "version": 3, "hash": "00000000000000ff", "signals": ["cart_abandoned"], "phases": [
                    {"phase": "orientatie", "name": {"nl": "Oriëntatie", "en": "Orientation"}, "final": false, "touchpoints": ["page_viewed"],
                     "needs": {"nl": ["wat Oriëntatie vraagt"], "en": ["wat Orientation vraagt"]}},
                    {"phase": "afweging", "name": {"nl": "Afweging"}, "final": true, "touchpoints": [],
                     "needs": {"nl": ["wat Afweging vraagt"]}},
                ]},
                {"model": "club", "version": 0, "hash": "", "applies_to": "event.club", "signals": [], "phases": []},
                {"model": "think5 (shadow)", "version": 4, "hash": "", "signals": [], "phases": [
                    {"phase": "orientatie", "name": {}, "needs": {}, "touchpoints": ["page_viewed"], "final": false},
                    {"phase": "afweging", "name": {}, "needs": {}, "touchpoints": [], "final": true},
                ]},
            ]})
        )
    );
}

#[test]
fn a_shadow_is_compared_phase_by_phase_over_the_partitions_here() {
    let window = Window::open(None);
    let answer = get(window.all, "/v1/shadow");
    let cell = |phase: Option<&str>, shadow_phase: Option<&str>, customers: u64| json!({"phase": phase, "shadow_phase": shadow_phase, "customers": customers});
    assert_eq!(
        (answer.status, answer.json()),
        (
            200,
            json!({"shadows": [{
                "shadow": "think5 (shadow)", "version": 4, "hash": "", "model": "think5", "customers": 20, "alike": 18,
                "matrix": [
                    cell(Some("orientatie"), Some("orientatie"), 10),
                    cell(Some("orientatie"), Some("afweging"), 2),
                    cell(Some("afweging"), Some("afweging"), 6),
                    cell(None, None, 2),
                ],
            }]})
        )
    );
}

#[test]
fn status_tells_partitions_inputs_and_customers_by_phase_in_order() {
    let window = Window::open(None);
    let mut body = get(window.all, "/v1/status").json();
    assert!(body["uptime_seconds"].is_u64());
    body.as_object_mut().expect("an object").remove("uptime_seconds");
    let partition = |number: i32| {
        json!({
            "partition": number, "worker": 0, "state": "ready", "restored": 1.0, "customers": 10, "bytes": 1000, "epoch": 7,
            "watermark": "2025-01-03T10:00:00.000Z",
            "inputs": [{"input": "clicks", "position": 100, "lag": 4}, {"input": "pos", "position": 20, "lag": 0}],
        })
    };
    let expected = json!({
        "application": "shop", "version": "0.1.0", "guarantee": "exactly_once", "ready": true, "troubles": [],
        "partition_count": 8, "customers": 20, "store_bytes": 2000, "lag": 8, "watermark": "2025-01-03T10:00:00.000Z",
        "models": [
            {"model": "think5", "new": 2, "phases": [
                {"phase": "orientatie", "name": {"nl": "Oriëntatie", "en": "Orientation"}, "customers": 12},
                {"phase": "afweging", "name": {"nl": "Afweging"}, "customers": 6},
            ]},
            {"model": "club", "new": 20, "phases": []},
        ],
        "partitions": [partition(0), partition(2)],
    });
    assert_eq!(body, expected);
}

#[test]
fn status_does_not_claim_what_is_not_known() {
    let window = Window::open(None);
    window.say(restoring());
    let body = get(window.all, "/v1/status").json();
    assert_eq!((&body["ready"], &body["lag"], &body["watermark"]), (&json!(false), &Value::Null, &Value::Null));
    assert_eq!(
        (&body["partitions"][1]["state"], &body["partitions"][1]["restored"]),
        (&json!("restoring"), &json!(0.25))
    );

    window.say(Overview::default());
    let body = get(window.all, "/v1/status").json();
    assert_eq!((&body["partitions"], &body["watermark"]), (&json!([]), &Value::Null));
}

#[test]
fn ready_means_what_the_engine_says_and_else_the_reasons_stand_there() {
    let troubled = |overview: Overview, trouble: &str| Overview { troubles: vec![trouble.to_owned()], ..overview };
    let window = Window::open(None);
    for (overview, status, body) in [
        (ready(), 200, "ready\n"),
        (troubled(ready(), "memory at 93 % of its limit"), 200, "ready\nwarning: memory at 93 % of its limit\n"),
        (restoring(), 503, "partition 1 is being restored (25 %)\n"),
        (troubled(restoring(), "broker away"), 503, "broker away\npartition 1 is being restored (25 %)\n"),
        (Overview::default(), 503, "waiting for the group to hand out partitions\n"),
    ] {
        window.say(overview);
        for address in [window.all, window.probes] {
            let answer = get(address, "/readyz");
            assert_eq!((answer.status, answer.body.as_str()), (status, body));
        }
    }
}

#[test]
fn alive_until_something_died_whether_ready_or_not() {
    let window = Window::open(None);
    window.say(restoring());
    assert_eq!(get(window.probes, "/livez").status, 200);
    window.dead.lock().expect("nobody panicked").push("worker 1 died: a panic".to_owned());
    let answer = get(window.probes, "/livez");
    assert_eq!((answer.status, answer.body.as_str()), (503, "worker 1 died: a panic\n"));
}

#[test]
fn metrics_are_in_the_text_format() {
    let window = Window::open(None);
    for address in [window.all, window.probes] {
        let answer = get(address, "/metrics");
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("text/plain; version=0.0.4; charset=utf-8"))
        );
        assert!(answer.body.ends_with("klantreis_ready 1\n"), "{answer:?}");
    }
}

#[test]
fn the_address_for_metrics_has_nothing_else() {
    let window = Window::open(None);
    for path in ["/", "/v1/status", "/v1/customers/c1", "/v1/live", "/page.js"] {
        let answer = get(window.probes, path);
        assert_eq!((answer.status, &answer.json()["error"]), (404, &json!(format!("no such path: {path}"))));
    }
}

#[test]
fn a_path_that_is_not_there_says_which_are() {
    let window = Window::open(None);
    for path in ["/nope", "/v1/nope", "/v1/customers/", "/v1/customers/c/1", "/v1/", "/%76%31/status", "//v1/status"] {
        let answer = get(window.all, path);
        let body = answer.json();
        assert_eq!((answer.status, &body["error"]), (404, &json!(format!("no such path: {path}"))));
        assert!(body["hint"].as_str().is_some_and(|hint| hint.contains("/v1/customers/{id}")), "{body}");
    }
}

#[test]
fn it_only_reads() {
    let window = Window::open(None);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for path in ["/v1/status", "/v1/customers/c1", "/metrics", "/"] {
            let answer = Exchange::begin(window.all, method, path, &["Content-Length: 0"]).finish();
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD")), "{method} {path}");
            assert!(answer.body.contains("only reads"), "{answer:?}");
        }
    }
}

#[test]
fn every_answer_keeps_browsers_careful() {
    let window = Window::open(None);
    for path in ["/", "/page.js", "/metrics", "/v1/status", "/v1/customers/nobody", "/nope"] {
        let answer = get(window.all, path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}: {policy}");
    }
}

#[test]
fn a_request_too_long_is_refused_and_the_next_one_answered() {
    let window = Window::open(None);
    let long = "x".repeat(100_000);
    let answer = get(window.all, &format!("/v1/customers/{long}"));
    assert!([414, 431].contains(&answer.status), "{}", answer.status);
    assert_eq!(get(window.all, "/livez").status, 200);
}

#[test]
fn many_partitions_are_many_lines_and_not_a_failure() {
    let window = Window::open(None);
    window.say(Overview { partitions: (0..500).map(partition).collect(), partition_count: 500, ..ready() });
    assert_eq!(get(window.all, "/v1/status").json()["partitions"].as_array().map(Vec::len), Some(500));
}

#[test]
fn a_record_that_waits_for_its_schema_is_named_with_where_it_is_and_since_when() {
    let window = Window::open(None);
    assert_eq!(get(window.all, "/v1/status").json()["partitions"][0].get("waiting_record"), None);
    let record = WaitingRecord { input: 1, partition: 2, offset: 20, since: 1_735_898_400_000 };
    let told = json!({ "input": "pos", "partition": 2, "offset": 20, "since": "2025-01-03T10:00:00.000Z" });
    let mut overview = ready();
    overview.partitions[1].waiting_record = Some(record);
    overview.ingest = Some(IngestView { waiting_record: Some(record), ..IngestView::default() });
    window.say(overview);
    let body = get(window.all, "/v1/status").json();
    assert_eq!(body["partitions"][0].get("waiting_record"), None);
    assert_eq!((&body["partitions"][1]["waiting_record"], &body["ingest"]["waiting_record"]), (&told, &told));
}

#[test]
fn the_status_tells_of_the_ingest_where_there_is_one() {
    let window = Window::open(None);
    assert_eq!(get(window.all, "/v1/status").json().get("ingest"), None);
    let place = |input, partition, lag| PlaceView { input, partition, position: Some(7), lag };
    let places = vec![place(0, 0, Some(3)), place(1, 2, Some(4))];
    let lead = IngestView { leads: Some(true), time: Some(1_735_898_400_000), places, waiting_record: None };
    window.say(Overview { ingest: Some(lead.clone()), ..ready() });
    assert_eq!(
        get(window.all, "/v1/status").json()["ingest"],
        json!({
            "state": "lead",
            "lag": 7,
            "time": "2025-01-03T10:00:00.000Z",
            "inputs": [
                { "input": "clicks", "partition": 0, "position": 7, "lag": 3 },
                { "input": "pos", "partition": 2, "position": 7, "lag": 4 },
            ],
        })
    );
    for (leads, state) in [(Some(false), "standby"), (None, "joining")] {
        let places = vec![PlaceView { position: None, lag: None, ..place(0, 0, None) }];
        window.say(Overview { ingest: Some(IngestView { leads, places, ..IngestView::default() }), ..ready() });
        let told = &get(window.all, "/v1/status").json()["ingest"];
        assert_eq!((&told["state"], &told["lag"], &told["time"]), (&json!(state), &Value::Null, &Value::Null));
    }
}
