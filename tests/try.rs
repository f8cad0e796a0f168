//! `try` and `detect` from outside: what they say of files and topics, on which stream, and with which exit code.
#![allow(missing_docs, clippy::unwrap_used)]

// Its loader and what it reads are for the tests of the formats.
#[allow(dead_code)]
#[path = "formats/cases.rs"]
mod cases;
#[path = "support/program.rs"]
mod program;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cases::same;
use flate2::Compression;
use flate2::write::GzEncoder;
use klantreis::formats::FORMATS;
use klantreis::kafka::mock::{MockBroker, PlainProducer};
use program::klantreis_with;
use serde_json::Value;
use tempfile::TempDir;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// Runs `try`, checks the exit code, and gives what stands on standard output and standard error.
#[track_caller]
fn tried(arguments: &[&str], stdin: &str, exit: i32) -> (String, String) {
    let ended = klantreis_with(&[&["try"], arguments].concat(), stdin.as_bytes());
    assert_eq!(ended.exit, exit, "{arguments:?}\n{}\n{}", ended.out, ended.err);
    (ended.out, ended.err)
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

fn write(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

fn call(id: &str, user: &str, event: &str, more: &str) -> String {
    format!(
        r#"{{"type":"track","event":"{event}","userId":{user},"anonymousId":"a-1","messageId":"{id}","timestamp":"2025-01-03T10:00:00.000Z"{more}}}"#
    ) + "\n"
}

/// Six calls: a purchase, its repeat, one without a word for it, a bot, nobody's, and one with a broken time.
fn calls() -> String {
    let order = r#","properties":{"total":12.5,"currency":"EUR","order_id":"o-1"}"#;
    let bot = r#","context":{"userAgent":"examplebot/1.0 (crawler)"}"#;
    call("m-1", "\"c-1001\"", "Order Completed", order)
        + &call("m-1", "\"c-1001\"", "Order Completed", order)
        + &call("m-2", "\"c-1002\"", "Quote Requested", "")
        + &call("m-3", "\"c-1002\"", "Product Viewed", bot)
        + &call("m-4", "null", "Product Viewed", "")
        + &call("m-5", "\"c-1001\"", "Product Viewed", "").replace("2025-01-03T10", "yesterday")
}

#[test]
fn each_record_is_told_and_then_all_of_them_together() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(&folder, "calls.ndjson", calls());
    let (out, err) = tried(&["--format", "segment", &file], "", 1);
    assert_eq!(err, "2 of 6 records were rejected\n");
    let lines: Vec<&str> = out.lines().collect();
    let line = |number: usize, text: &str| assert_eq!(lines[number - 1], format!("{file}:{number}  {text}"));
    line(1, "purchased  c-1001  2025-01-03T10:00:00.000Z  12.5 EUR  id m-1  order_id=o-1");
    line(3, "unmapped  \"Quote Requested\"  c-1002  2025-01-03T10:00:00.000Z");
    line(4, "dropped  bot");
    line(5, "rejected  no_customer: no customer: /userId is missing, empty or not a text");
    assert!(
        lines[5].contains("rejected  bad_time: ") && lines[5].contains("/timestamp is \"yesterday"),
        "{}",
        lines[5]
    );
    has(
        &out,
        &[
            "format segment\n6 records: 2 events, 1 dropped, 1 unmapped, 2 rejected\n",
            "kinds        purchased 2\n",
            "dropped      bot 1\n",
            "unmapped     \"Quote Requested\" 1\n",
            "customers    3 of 4 records have one (75 %), 2 different\n",
            "identifiers  user_id 3 (2 different), anonymous_id 4 (1 different)\n",
            "value        25.00 EUR in 2 events\n",
            "time         2025-01-03T10:00:00.000Z to 2025-01-03T10:00:00.000Z\n",
            &format!(
                "ids          2 of 2 events have one, 1 repeat within a customer (the first is {file}:2, of {file}:1)\n"
            ),
            "- 1 of 4 records have no user_id, but anonymous_id: write customer: [user_id, anonymous_id]\n",
            "    kinds:\n      Quote Requested: quoted   # came 1 time\n",
        ],
    );
}

#[test]
fn what_an_input_says_can_be_said_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(&folder, "calls.ndjson", calls());
    let customer = ["--format", "segment", "--customer", "user_id,anonymous_id", "--limit", "5"];
    let (out, err) = tried(&[&customer, &["--summary", &file][..]].concat(), "", 0);
    assert_eq!(err, "");
    has(&out, &["format segment\n5 records: 3 events", "4 of 4 records have one (100 %), 3 different"]);
    assert!(!out.contains("write customer:"), "{out}");

    let wrapped = r#"{"specversion":"1.0","type":"x","source":"/x","id":"1","data":"#.to_owned()
        + calls().lines().next().unwrap()
        + "}";
    let (out, _) = tried(&["--format", "segment", "--unwrap", "cloudevents", "--summary", "-"], &wrapped, 0);
    has(&out, &["1 record: 1 event\n"]);
}

/// The feature `registry` has tests of its own.
#[cfg(not(feature = "registry"))]
#[test]
fn a_program_that_was_built_without_them_says_so_of_avro_and_of_registries() {
    let check = |arguments: &[&str], what: &str| {
        let how = "this program, which was built without the feature `registry`; build it with `cargo build --release --features \
                   registry`, or take the image, which has it";
        let (_, err) = tried(arguments, "{}\n", 2);
        has(&err, &[&format!("{what} {how}")]);
    };
    check(&["--format", "segment", "--unwrap", "avro", "-"], "Avro is not read by");
    check(&["--format", "segment", "--schema-registry", "http://registry:8081", "-"], "no registry is asked by");
}

#[test]
fn events_are_written_as_json_with_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let first = write(&folder, "a.ndjson", calls());
    let (out, err) = tried(&["--format", "segment", "--json", &first], "", 1);
    let lines: Vec<&str> = out.lines().collect();
    let expected = r#"{"line":1,"customer":"c-1001","kind":"purchased","at":"2025-01-03T10:00:00.000Z","id":"m-1","value":12.5,"currency":"EUR","identifiers":{"user_id":"c-1001","anonymous_id":"a-1"},"attributes":{"order_id":"o-1"}}"#;
    assert_eq!(lines[0], expected);
    assert_eq!(lines[2], r#"{"line":3,"unmapped":"Quote Requested"}"#);
    assert_eq!(lines[3], r#"{"line":4,"dropped":"bot"}"#);
    has(lines[4], &[r#"{"line":5,"rejected":"no_customer","message":"no customer: /userId "#]);
    has(&err, &["6 records: 2 events", "what could be better"]);

    let second = write(&folder, "b.json", "{\n\"type\":\"track\"}\n");
    let (out, _) = tried(&["--format", "segment", "--json", &first, &second], "", 1);
    let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["file"], &last["line"]), (&Value::from(second), &Value::from(1)));
}

#[test]
fn files_of_all_forms_are_read_and_so_is_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let one = calls().lines().next().unwrap().to_owned();
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(one.as_bytes()).unwrap();
    let packed = write(&folder, "a.gz", packed.finish().unwrap());
    let (out, _) = tried(&["--format", "segment", "--summary", "-", &packed], &one, 0);
    has(&out, &["2 records: 2 events"]);

    let value = serde_json::to_string(&one).unwrap();
    let lines = format!(
        "{{\"topic\":\"clicks\",\"timestamp\":1735898400000,\"key\":\"c-1001\",\"value\":{value}}}\n{{\"topic\":\"mail\",\"value\":\"{{}}\"}}\n"
    );
    let (out, _) = tried(&["--format", "segment", "--summary", "--topic", "clicks", "-"], &lines, 0);
    has(&out, &["1 record: 1 event", "records of other topics were passed by: mail 1\n"]);

    let inner = TempDir::with_prefix_in("inner", folder.path()).unwrap();
    write(&inner, "one.json", &one);
    write(&inner, "two.json", &one);
    write(&inner, ".hidden", "x");
    let (out, _) = tried(&["--format", "segment", "--summary", inner.path().to_str().unwrap()], "", 0);
    has(&out, &["2 records: 2 events"]);

    let mapping = "customer: $header.x-user\ntime: { from: $timestamp, format: epoch_ms }\nkind: purchased\n";
    let mapping = write(&folder, "m.yaml", mapping);
    let line = r#"{"topic":"shop","timestamp":1735898400000,"value":"{}","headers":{"X-User":"c-1"}}"#;
    has(&tried(&["--mapping", &mapping, "-"], line, 0).0, &["-:1  purchased  c-1  2025-01-03T10:00:00.000Z\n"]);
}

#[test]
fn every_fixture_of_every_format_says_what_is_written_beside_it() {
    for format in fixtures() {
        for (file, expected) in plain_cases(&format).into_iter().take(10) {
            let name = format!("{}: {}", format.display(), file.display());
            let format = format.file_name().unwrap().to_str().unwrap();
            let zone = if format == "poslog" { &["--zone", "Europe/Amsterdam"][..] } else { &[] };
            let ended =
                klantreis_with(&[&["try", "--format", format, "--json", file.to_str().unwrap()], zone].concat(), b"");
            let read: Vec<Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let read = read.into_iter().map(|mut line| {
                let line_map = line.as_object_mut().unwrap();
                line_map.remove("line");
                line_map.remove("message");
                line
            });
            let read: Vec<Value> = read.filter(|line| line.get("ignored").is_none()).collect();
            assert_eq!(read.len(), expected.len(), "{name}\n{}\n{}", ended.out, ended.err);
            for (read, expected) in read.iter().zip(&expected) {
                assert!(same(read, expected), "{name}\n{read}\n{expected}");
            }
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

/// The folders of fixtures that are named after a format.
fn fixtures() -> Vec<PathBuf> {
    let all = entries(&Path::new(FOLDER).join("tests/fixtures/formats"));
    let is_format = |path: &Path| FORMATS.iter().any(|format| path.ends_with(format.name));
    all.into_iter().filter(|path| path.is_dir() && is_format(path)).collect()
}

/// The bytes of all cases of a format.
fn cases(format: &Path) -> Vec<PathBuf> {
    let files = entries(format).into_iter().filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        ![".expected", ".yaml", ".md"].iter().any(|ending| name.ends_with(ending))
    });
    files.collect()
}

/// The cases that need nothing beside the bytes: the file, and what is expected of it.
fn plain_cases(format: &Path) -> Vec<(PathBuf, Vec<Value>)> {
    let files = cases(format)
        .into_iter()
        .filter(|path| !path.with_extension("input.yaml").exists() && path.with_extension("expected").exists());
    let cases = files.map(|path| {
        let expected = std::fs::read_to_string(path.with_extension("expected")).unwrap();
        let expected = expected.lines().filter(|line| !line.trim().is_empty());
        let expected = expected.map(|line| serde_json::from_str(line).unwrap()).collect();
        (path, expected)
    });
    cases.collect()
}

const MAPPING: &str = "\
customer: { from: CustomerID, number_as_text: true }
time: { from: InvoiceDate, format: '%Y-%m-%d %H:%M', zone: Europe/London }
kind: { from: Sort, table: { S: purchased } }
value: { from: Quantity, times: [UnitPrice] }
id: [InvoiceNo]
";

const ROWS: &str = "\
InvoiceNo,CustomerID,InvoiceDate,Sort,Quantity,UnitPrice
1,17850.0,2010-12-01 08:26,S,6,2.55
2,,2010-12-01 08:28,S,1,1
3,17851.0,2010-12-01 08:29,X,1,1
4,17851.0,2010-12-01
";

#[test]
fn a_mapping_is_tried_on_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (mapping, rows) = (write(&folder, "m.yaml", MAPPING), write(&folder, "rows.csv", ROWS));
    let (out, _) = tried(&["--mapping", &mapping, &rows], "", 1);
    has(
        &out,
        &[
            ":2  purchased  17850  2010-12-01T08:26:00.000Z  15.3  id 1\n",
            ":3  rejected  no_customer: no customer: CustomerID ",
            ":4  unmapped  \"\"  17851 ",
            ":5  rejected  malformed: ",
            "15.30 no currency in 1 event",
            "1 of the events have no kind: add what they are to `kind` in the mapping",
        ],
    );
}

#[test]
fn an_input_of_a_configuration_is_tried_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let config = "application: shop\nkafka: { brokers: \"127.0.0.1:9\" }\nmodels: [decision3]\ninputs:\n  - { name: clicks, topic: clicks, format: segment }\n  - { name: pos, topic: pos, format: square }\n";
    let config = write(&folder, "shop.yaml", config);
    let screen = r#"{"type":"screen","userId":"c-1","messageId":"m","timestamp":"2025-01-03T10:00:00Z"}"#;
    let (out, _) = tried(&["-c", &config, "--input", "clicks", "--summary", "-"], screen, 0);
    has(&out, &["format segment\n", "no model of the configuration listens to screen_viewed"]);
    let (_, err) = tried(&["-c", &config, "-"], screen, 2);
    has(&err, &["has 2 inputs; say which input with --input: clicks, pos"]);
    let (_, err) = tried(&["-c", &config, "--input", "click", "-"], screen, 2);
    has(&err, &["there is no input `click`; say which"]);
}

#[test]
fn what_makes_no_sense_ends_with_code_two_and_says_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = write(&folder, "wrong.yaml", "customer: a\nkind: b\ntme: c\n");
    let missing = write(&folder, "missing.yaml", "customer: a\nkind: b\n");
    let check = |arguments: &[&str], expected: &str| {
        let (out, err) = tried(arguments, "", 2);
        assert_eq!(out, "", "{arguments:?}");
        assert!(err.contains(expected), "{arguments:?}: {err}");
    };
    check(&["-"], "no format is named; say which with --format");
    check(&["--format", "segment"], "nothing is named to be read; name a FILE, - for standard input, or a topic");
    check(&["--format", "segmnt", "-"], "segment");
    check(&["--format", "segment", "--topic", "clicks"], "--brokers HOST:PORT");
    check(&["--format", "segment", "-", "-"], "named twice");
    check(&["--format", "segment", "/nowhere/a.json"], "/nowhere/a.json cannot be opened");
    check(
        &["--format", "segment", "--customer", "card_id", "-"],
        "there is no identifier `card_id`; there are user_id",
    );
    check(&["--format", "segment", "--unwrap", "snss", "-"], "write sns, cloudevents, registry");
    check(&["--format", "mapping", "-"], "--mapping");
    check(&["--format", "segment", "--input", "a", "-"], "name that with -c");
    check(&["--format", "poslog", "-"], "--zone Europe/Amsterdam");
    check(&["--mapping", &wrong, "-"], "unknown field `tme`");
    check(&["--mapping", &missing, "-"], "the mapping has no `time`");
    check(&["--mapping", "/nowhere.yaml", "-"], "--mapping /nowhere.yaml: ");
    check(&["--format", "segment", "--last", "0", "--topic", "x", "--brokers", "y"], "--last");
    check(&["-c", "deploy/examples/klantreis.yaml", "--input", "clicks", "--zone", "UTC", "-"], "write them there");
    let (_, err) = tried(&["--format", "segment", "-"], "", 1);
    assert_eq!(err, "there was no record to try\n");
}

/// Runs `detect`, checks the exit code, and gives what stands on standard output.
#[track_caller]
fn detected(arguments: &[&str], stdin: &[u8], exit: i32) -> String {
    let ended = klantreis_with(&[&["detect"], arguments].concat(), stdin);
    assert_eq!(ended.exit, exit, "{arguments:?}\n{}\n{}", ended.out, ended.err);
    ended.out
}

/// What was printed, as an input that can be tried.
#[track_caller]
fn tried_as_proposed(folder: &TempDir, proposal: &str, records: &str, exit: i32) -> String {
    let input = write(folder, "input.yaml", proposal);
    tried(&["--mapping", &input, records], "", exit).0
}

#[test]
fn every_format_is_known_by_its_fixtures() {
    let mut wrong = Vec::new();
    for fixtures in fixtures() {
        let format = fixtures.file_name().unwrap().to_str().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for file in cases(&fixtures) {
            std::fs::copy(&file, folder.path().join(file.file_name().unwrap())).unwrap();
        }
        let out = detected(&[folder.path().to_str().unwrap()], b"", 0);
        let is_known = out.contains(&format!("    format: {format}\n"));
        if !is_known {
            wrong.push(format!("{format}:\n{out}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_format_is_proposed_with_its_reasons_and_can_be_tried_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let one = |id: &str, user: &str| call(id, user, "Product Viewed", "");
    let calls: String =
        (0..12).map(|number| one(&number.to_string(), if number < 9 { "\"c-1001\"" } else { "null" })).collect();
    let file = write(&folder, "click-stream.ndjson", calls + &call("m", "\"c-1\"", "Quote Requested", ""));
    let out = detected(&[&file], b"", 0);
    has(
        &out,
        &[
            "inputs:\n  # 13 records of ",
            "12 of 13 records (92 %) become events of known kinds, 10 have a customer; rejected: 3 no_customer, such as no customer: /userId",
            "  - name: click_stream\n    topic: click_stream\n    format: segment\n",
            "    # customer: [user_id, anonymous_id]   # 3 of 13 records have no user_id, but anonymous_id\n",
            "    # kinds:   # what the format has no word for; those that are near are guesses\n    #   Quote Requested: quoted   # came 1 time\n",
        ],
    );
    has(&tried_as_proposed(&folder, &out, &file, 1), &["13 records: 9 events, 1 unmapped, 3 rejected\n"]);
}

#[test]
fn what_a_format_leaves_out_knowingly_is_not_proposed_as_a_kind() {
    let payment = |status: &str| {
        format!(
            r#"{{"type":"payment.updated","event_id":"e-{status}","created_at":"2025-01-03T10:00:00Z","data":{{"object":{{"payment":{{"customer_id":"c-1","status":"{status}"}}}}}}}}"#
        ) + "\n"
    };
    let (out, _) = tried(&["--format", "square", "--summary", "-"], &(payment("COMPLETED") + &payment("APPROVED")), 0);
    has(&out, &["2 records: 1 event, 1 unmapped\n"]);
    assert!(!out.contains("kinds:"), "{out}");
}

#[test]
fn what_is_around_the_records_is_found_too() {
    let call = call("m-1", "\"c-1001\"", "Order Completed", r#","properties":{"total":12.5}"#);
    let call = call.trim_end();
    let check = |bytes: &[u8], expected: &str| {
        let out = detected(&["-"], bytes, 0);
        assert!(out.contains(expected), "{expected}: {out}");
    };
    let event = format!(r#"{{"specversion":"1.0","type":"call","source":"/x","id":"1","data":{call}}}"#);
    check(event.as_bytes(), "format: segment\n    unwrap: [cloudevents]\n");
    let framed = [b"\0\0\0\0\x07".as_slice(), event.as_bytes()].concat();
    check(&framed, "format: segment\n    unwrap: [registry, cloudevents]\n");
    let message = serde_json::to_string(call).unwrap();
    let notification = format!(r#"{{"Type":"Notification","TopicArn":"arn:aws:sns:x","Message":{message}}}"#);
    check(notification.as_bytes(), "format: segment\n    unwrap: [sns]\n");
    check(call.as_bytes(), "format: segment\n");
    let row = r#"{"op":"c","before":null,"after":{"order_id":7,"customer_id":"c-1","ordered_at":"2025-01-03T10:00:00Z","status":"paid","total":12.5,"currency":"EUR"}}"#;
    check(
        row.as_bytes(),
        "format: mapping\n    unwrap: [debezium]\n    mapping:\n      identifiers:\n        user_id: customer_id\n",
    );
}

#[test]
fn lines_that_name_their_topics_are_looked_at_topic_by_topic() {
    let mail = r#"{\"event\":\"open\",\"email\":\"one@example.com\",\"timestamp\":1735898400,\"sg_event_id\":\"e\",\"customer_id\":\"c-1\"}"#;
    let value = serde_json::to_string(calls().lines().next().unwrap()).unwrap();
    let lines =
        format!("{{\"topic\":\"shop.clicks\",\"value\":{value}}}\n{{\"topic\":\"shop.mail\",\"value\":\"{mail}\"}}\n");
    let out = detected(&["-"], lines.as_bytes(), 0);
    has(
        &out,
        &[
            "  - name: clicks\n    topic: shop.clicks\n    format: segment\n",
            "  - name: mail\n    topic: shop.mail\n    format: sendgrid\n",
        ],
    );
}

const OWN: &str = "\
order_number,CustomerID,placed,status,bedrag,valuta,sku,qty
o-1,17850.0,13/01/2025 10:00,sale,12.50,EUR,p-1,1
o-2,17851.0,13/01/2025 11:00,refund,3.00,EUR,p-2,2
o-3,17850.0,14/01/2025 12:30,sale,8.25,EUR,p-1,1
o-4,17852.0,15/01/2025 09:15,heartbeat,0.00,EUR,p-3,1
";

#[test]
fn where_no_format_fits_a_first_mapping_is_proposed_that_can_be_tried() {
    let folder = tempfile::tempdir().unwrap();
    let rows = write(&folder, "orders.csv", OWN);
    let out = detected(&[&rows, "--zone", "Europe/Amsterdam"], b"", 0);
    has(
        &out,
        &[
            "no format fits; a first mapping",
            "3 events of known kinds, 1 of none yet, from 4 records",
            "  - name: orders\n    topic: orders\n    format: mapping\n    mapping:\n",
            "        user_id: { from: CustomerID, number_as_text: true }\n",
            "      customer: [user_id]\n",
            "      time: { from: placed, format: \"%d/%m/%Y %H:%M\", zone: Europe/Amsterdam }\n",
            "      name: status\n      kind:\n        from: status\n        table:\n          sale: purchased   # 2 times\n",
            "          heartbeat: null   # 1 times; no kind is near: name one of your own, or leave it out\n",
            "          refund: returned   # 1 times\n",
            "      id: order_number\n",
            "      value: { from: bedrag, currency: valuta }\n",
            "        product_id: sku\n",
            "        quantity: qty\n",
        ],
    );
    let out = tried_as_proposed(&folder, &out, &rows, 0);
    has(
        &out,
        &[
            "4 records: 3 events, 1 unmapped\n",
            "purchased  17850  2025-01-13T09:00:00.000Z  12.5 EUR  id o-1",
            "unmapped     \"heartbeat\" 1",
        ],
    );
}

#[test]
fn a_first_mapping_is_made_of_whatever_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, text: &str, parts: &[&str]| {
        let file = write(&folder, name, text);
        let out = detected(&[&file], b"", 0);
        has(&out, parts);
        tried_as_proposed(&folder, &out, &file, 0);
    };
    let nested = r#"{"visitor":{"cookie":"k-1","mail":"One@Example.com"},"what":{"action":"basket_add"},"ts":1735898400123,"amount_cents":1250}"#;
    let parts = [
        "time: { from: ts, format: epoch_ms }\n",
        "anonymous_id: /visitor/cookie\n",
        "email: { from: /visitor/mail, lower: true }\n",
        "from: /what/action\n        table:\n          basket_add: cart_added ",
        "value: { from: amount_cents, divide_by: 100 }",
        "# id: nothing tells events apart",
    ];
    check("nested.json", nested, &parts);
    let batch = r#"{"shop":"s","member":{"id":"m-1"},"visits":[{"at":"2025-01-03T10:00:00Z","id":"1"},{"at":"2025-01-03T11:00:00Z","id":"2"}]}"#;
    check(
        "batch.json",
        batch,
        &["each: /visits ", "user_id: ^/member/id\n", "time: { from: at, format: rfc3339 }\n", "id: id\n"],
    );
    let array = r#"[{"user":"u-1","time":"2025-01-03T10:00:00Z","type":"page view"}]"#;
    check("array.json", array, &["each: \"\" ", "user_id: user\n", "page view: page_viewed "]);
    let xml = "<sale><customer><id>c-1</id></customer><when>2025-01-03 10:00:00</when><total>12.50</total></sale>";
    check(
        "sale.xml",
        xml,
        &[
            "reads: xml\n",
            "user_id: /customer/id\n",
            "zone: UTC }   # no offset is written",
            "kind: purchased   # nothing says",
        ],
    );
    check(
        "hits.form",
        "uid=u-1&ts=1735898400&action=login\nuid=u-2&ts=1735898401&action=login\n",
        &["reads: form\n", "login: logged_in "],
    );
    check(
        "rows.tsv",
        "u-1\t2025-01-03T10:00:00Z\t\t5\nu-2\t2025-01-03T10:00:00Z\t\t6\n",
        &["reads: tsv\n", "columns: [column_1, column_2, column_3, column_4]", "nothing looks like a customer"],
    );
}

#[test]
fn what_cannot_be_read_at_all_ends_with_code_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(&folder, "x.bin", b"\0\xff\xfe\xfd");
    has(&detected(&[&file], b"", 1), &["nothing in them can be read"]);
    let ended = klantreis_with(&["detect", "-"], b"");
    assert_eq!((ended.exit, ended.err.as_str()), (1, "there was no record to look at\n"));
    assert_eq!(klantreis_with(&["detect"], b"").exit, 2);
}

#[test]
fn a_topic_is_read_without_a_trace_its_last_records_or_all() {
    let broker = MockBroker::start().unwrap();
    broker.create("clicks", 3).unwrap();
    broker.create("empty", 1).unwrap();
    let producer = PlainProducer::new(&broker.brokers()).unwrap();
    for number in 0..30 {
        let value = call(&format!("m-{number}"), &format!("\"c-{number}\""), "Product Viewed", "");
        producer.send("clicks", &format!("c-{number}"), 1_735_898_400_000 + number, value.as_bytes()).unwrap();
    }
    producer.flush(Duration::from_secs(10)).unwrap();
    let brokers = broker.brokers();
    let at = ["--topic", "clicks", "--brokers", &brokers];
    let format = ["--format", "segment"];

    let (out, _) = tried(&[&format, &at[..], &["--last", "5", "--json"]].concat(), "", 0);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&str> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["m-25", "m-26", "m-27", "m-28", "m-29"]);
    assert!(lines.iter().all(|line| line["partition"].is_u64() && line["offset"].is_u64()), "{out}");

    let (out, _) = tried(&[&format, &at[..], &["--from-beginning", "--summary"]].concat(), "", 0);
    has(&out, &["30 records: 30 events\n", "product_viewed 30"]);
    let (out, _) = tried(&[&format, &at[..], &["--from-beginning", "--limit", "7"]].concat(), "", 0);
    has(&out, &["7 records: 7 events\n", "clicks/"]);

    let out = detected(&at, b"", 0);
    has(
        &out,
        &[
            "# 30 records of the topic clicks\n  # segment: sure",
            "  - name: clicks\n    topic: clicks\n    format: segment\n",
        ],
    );

    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "application: shop\nkafka: {{ brokers: \"{brokers}\" }}\nmodels: [decision3]\ninputs: [{{ name: web, topic: clicks, format: segment }}]\n"
    );
    let config = write(&folder, "shop.yaml", config);
    has(&tried(&["-c", &config, "--input", "web", "--summary"], "", 0).0, &["30 records: 30 events\n"]);
    has(
        &tried(&["-c", &config, "--format", "sendgrid", "--topic", "clicks", "--summary"], "", 1).0,
        &["format sendgrid\n30 records: 0 events, 30 rejected\n"],
    );

    let (_, err) = tried(&[&format[..], &["--topic", "empty", "--brokers", &brokers]].concat(), "", 1);
    assert!(err.ends_with("there was no record to try\n"), "{err}");
}
