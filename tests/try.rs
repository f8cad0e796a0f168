//! `try` and `detect` from outside: what they say of files and topics, on which stream, and with which exit code.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

struct Ended {
    exit: i32,
    out: String,
    err: String,
}

fn run(arguments: &[&str], stdin: &[u8]) -> Ended {
    let mut process = Command::new(env!("CARGO_BIN_EXE_klantreis"))
        .args(arguments)
        .current_dir(FOLDER)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    // A process that ends early does not read its input; what it says is checked instead.
    let feeder = std::thread::spawn(move || input.write_all(&stdin).is_ok());
    let output = process.wait_with_output().unwrap();
    feeder.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { exit: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs `try`, checks the exit code, and gives what stands on standard output and standard error.
#[track_caller]
fn tried(arguments: &[&str], stdin: &str, exit: i32) -> (String, String) {
    let ended = run(&[&["try"], arguments].concat(), stdin.as_bytes());
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

    let topic = r#"{"topic":"shop","value":"{\"id\":1}","headers":{"X-Shopify-Topic":"nothing/known"}}"#;
    let (out, _) = tried(&["--format", "shopify", "-"], topic, 1);
    has(&out, &["-:1  "]);
}

#[test]
fn every_fixture_of_every_format_says_what_is_written_beside_it() {
    for format in fixtures() {
        for (file, expected) in plain_cases(&format) {
            let name = format!("{}: {}", format.display(), file.display());
            let format = format.file_name().unwrap().to_str().unwrap();
            let zone = if format == "poslog" { &["--zone", "Europe/Amsterdam"][..] } else { &[] };
            let ended = run(&[&["try", "--format", format, "--json", file.to_str().unwrap()], zone].concat(), b"");
            if ended.err.contains("there is no format") || ended.err.contains("invalid value") {
                continue;
            }
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

/// Whether two lines say the same: numbers count by their value.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
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
    all.into_iter().filter(|path| path.is_dir() && !path.ends_with("wrappers")).collect()
}

/// The cases that need nothing beside the bytes: the file, and what is expected of it. Of each format the first ten.
fn plain_cases(format: &Path) -> Vec<(PathBuf, Vec<Value>)> {
    let files = entries(format).into_iter().filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        let is_beside = [".expected", ".yaml", ".md"].iter().any(|ending| name.ends_with(ending));
        !is_beside && !path.with_extension("input.yaml").exists() && path.with_extension("expected").exists()
    });
    let cases = files.map(|path| {
        let expected = std::fs::read_to_string(path.with_extension("expected")).unwrap();
        let expected = expected.lines().filter(|line| !line.trim().is_empty());
        let expected = expected.map(|line| serde_json::from_str(line).unwrap()).collect();
        (path, expected)
    });
    cases.take(10).collect()
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
            "1 event have no kind: add what they are to `kind` in the mapping",
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
