//! Whole sources, as files.
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::*;
use crate::config::{InputConfig, Start};
use crate::formats::{FormatSpec, TimeSource};

const T: i64 = 1_735_689_600_000;

/// A folder of sources.
struct Sources {
    folder: TempDir,
    sources: Vec<Source>,
}

impl Sources {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), sources: Vec::new() }
    }

    fn file(mut self, name: &str, bytes: impl AsRef<[u8]>, input: Option<usize>) -> Self {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        self.sources.push(Source { place: Place::File(path), input });
        self
    }

    fn lines(self, name: &str, lines: &[(i64, &str)]) -> Self {
        let lines: String = lines.iter().map(|(time, topic)| line(*time, topic)).collect();
        self.file(name, lines, None)
    }

    fn open(self, window_ms: Option<i64>) -> Result<(Records, TempDir), ReplayError> {
        let order = Order { window_ms, latest_ms: T + 1_000_000 };
        Records::open(self.sources, &inputs(), None, order).map(|records| (records, self.folder))
    }

    fn items(self, window_ms: Option<i64>) -> Vec<Item> {
        let (mut records, _folder) = self.open(window_ms).unwrap();
        let mut items = Vec::new();
        while let Some(item) = records.read().unwrap() {
            items.push(item);
        }
        items
    }

    /// Each item as (source, line, time after T, "late", or what it is).
    fn check(self, window_ms: Option<i64>, expected: &[(usize, u64, i64, &str)]) {
        let items = self.items(window_ms);
        let items = items.iter().map(|item| {
            let what = match &item.content {
                Content::Unreadable { reject, .. } => reject.reason(),
                Content::Record(_) if item.late => "late",
                Content::Record(_) => "",
            };
            (item.source, item.line, item.time - T, what)
        });
        assert_eq!(items.collect::<Vec<_>>(), expected);
    }
}

/// A line of the envelope form at T + `time`.
fn line(time: i64, topic: &str) -> String {
    format!("{{\"topic\":\"{topic}\",\"timestamp\":{},\"key\":\"c1\",\"value\":\"{{}}\"}}\n", T + time)
}

/// Three inputs, all read by a mapping of days.
fn inputs() -> [InputConfig; 3] {
    let days = "{ customer: who, time: { from: day, format: '%Y-%m-%d', zone: UTC }, kind: purchased }";
    ["clicks", "mail", "pos"].map(|name| InputConfig {
        name: name.to_owned(),
        name_at: crate::yaml::Place::START,
        topic: name.to_owned(),
        format: FormatSpec::new("mapping", Some(serde_saphyr::from_str(days).unwrap())).unwrap(),
        time: TimeSource::Event,
        start: Start::Earliest,
    })
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn lines_within_the_window_are_put_in_order_ties_by_input_then_line() {
    let lines = [(0, "pos"), (0, "mail"), (0, "clicks"), (500, "clicks"), (300, "clicks"), (300, "clicks")];
    Sources::new().lines("a.ndjson", &lines).check(
        Some(2000),
        &[(0, 3, 0, ""), (0, 2, 0, ""), (0, 1, 0, ""), (0, 5, 300, ""), (0, 6, 300, ""), (0, 4, 500, "")],
    );
}

#[test]
fn a_line_is_late_exactly_when_something_later_is_gone() {
    let check = |times: [i64; 3], expected: &[(usize, u64, i64, &str)]| {
        Sources::new().lines("a.ndjson", &times.map(|time| (time, "clicks"))).check(Some(2000), expected);
    };
    check([1000, 3000, 999], &[(0, 3, 999, ""), (0, 1, 1000, ""), (0, 2, 3000, "")]);
    check([1000, 3001, 1000], &[(0, 1, 1000, ""), (0, 3, 1000, ""), (0, 2, 3001, "")]);
    check([1000, 3001, 999], &[(0, 1, 1000, ""), (0, 3, 999, "late"), (0, 2, 3001, "")]);
}

#[test]
fn sorting_reads_everything_first() {
    Sources::new()
        .lines("a.ndjson", &[(900_000, "clicks"), (5, "clicks"), (0, "clicks")])
        .check(None, &[(0, 3, 0, ""), (0, 2, 5, ""), (0, 1, 900_000, "")]);
}

#[test]
fn several_sources_are_read_as_one() {
    Sources::new()
        .lines("a.ndjson", &[(0, "mail"), (10_000, "mail"), (20_000, "mail")])
        .lines("b.ndjson", &[(0, "clicks"), (9_999, "mail"), (10_000, "mail"), (30_000, "clicks")])
        .check(
            Some(2000),
            &[
                (1, 1, 0, ""),
                (0, 1, 0, ""),
                (1, 2, 9_999, ""),
                (0, 2, 10_000, ""),
                (1, 3, 10_000, ""),
                (0, 3, 20_000, ""),
                (1, 4, 30_000, ""),
            ],
        );
}

#[test]
fn what_cannot_be_read_keeps_its_place() {
    let text = format!("{}hello\n\n{}[]\n{}", line(0, "clicks"), line(5, "other"), line(10, "clicks"));
    Sources::new().file("a.ndjson", text, None).check(
        Some(2000),
        &[(0, 1, 0, ""), (0, 2, 0, "malformed"), (0, 4, 0, "bad_field"), (0, 5, 0, "malformed"), (0, 6, 10, "")],
    );
}

#[test]
fn a_record_without_a_believable_time_has_its_events_or_else_that_of_the_line_before() {
    let event = r#"{\"who\":\"c1\",\"day\":\"2025-01-01\"}"#;
    let text = format!("{{\"topic\":\"clicks\",\"value\":\"{event}\"}}\n");
    Sources::new().file("a.ndjson", text, None).check(None, &[(0, 1, 0, "")]);

    let without = "{\"topic\":\"clicks\",\"value\":\"{}\"}\n";
    let absurd = line(i64::MAX / 2, "clicks");
    let ahead = line(9_000_000, "clicks");
    let text = format!("{}{without}{absurd}{ahead}{}", line(7, "clicks"), line(8, "clicks"));
    Sources::new()
        .file("a.ndjson", text, None)
        .check(Some(2_000_000), &[(0, 1, 7, ""), (0, 2, 7, ""), (0, 3, 7, ""), (0, 5, 8, ""), (0, 4, 1_000_000, "")]);
}

#[test]
fn rows_and_values_of_a_named_input_have_the_times_of_their_events() {
    const DAY: i64 = 86_400_000;
    let rows = "who,day\nc1,2024-12-31\n,2025-01-01\nc2\nc3,2025-01-01\n";
    let values = "{\"who\":\"c4\",\"day\":\"2024-12-30\"}\n{\"who\":\"c5\",\"day\":\"2025-01-01\"}\n";
    let items = Sources::new().file("rows.csv", rows, Some(2)).file("values", values, Some(0)).items(None);
    let seen = items.iter().map(|item| match &item.content {
        Content::Record(record) => {
            (record.input, record.timestamp, String::from_utf8(record.value.clone().unwrap()).unwrap())
        }
        Content::Unreadable { bytes, reject } => (99, -1, format!("{} {}", reject.reason(), bytes.len())),
    });
    let seen: Vec<_> = seen.collect();
    let expected = [
        (0, T - 2 * DAY, r#"{"who":"c4","day":"2024-12-30"}"#),
        (2, T - DAY, r#"{"who":"c1","day":"2024-12-31"}"#),
        (2, -1, r#"{"who":"","day":"2025-01-01"}"#),
        (99, -1, "malformed 2"),
        (0, T, r#"{"who":"c5","day":"2025-01-01"}"#),
        (2, T, r#"{"who":"c3","day":"2025-01-01"}"#),
    ];
    assert_eq!(seen, expected.map(|(input, time, value)| (input, time, value.to_owned())));
}

#[test]
fn what_is_gzipped_is_told_by_its_bytes_and_progress_counts_those() {
    let text: String = (0..5000).map(|time| line(time, "clicks")).collect();
    let two_members = [gzipped(&text.as_bytes()[..100_000]), gzipped(&text.as_bytes()[100_000..])].concat();
    for (name, bytes) in
        [("plain.gz", text.clone().into_bytes()), ("packed", gzipped(text.as_bytes())), ("two", two_members)]
    {
        let length = bytes.len() as u64;
        let (mut records, _folder) = Sources::new().file(name, bytes, None).open(Some(2000)).unwrap();
        let mut count = 0;
        while records.read().unwrap().is_some() {
            count += 1;
        }
        assert_eq!((count, records.progress()), (5000, Progress { read: length, total: Some(length) }), "{name}");
    }
}

#[test]
fn an_empty_source_has_no_items() {
    Sources::new().file("a", "", None).file("b", gzipped(b""), None).file("c.csv", "", Some(0)).check(None, &[]);
}

#[test]
fn a_source_that_cannot_be_read_says_which_and_where() {
    let whole = gzipped((0..5000).map(|time| line(time, "clicks")).collect::<String>().as_bytes());
    let (mut records, _folder) = Sources::new().file("cut.gz", &whole[..whole.len() / 2], None).open(Some(10)).unwrap();
    let error = loop {
        match records.read() {
            Ok(item) => assert!(item.is_some(), "the end is not there"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("cut.gz, after line ") && !error.contains("line 0"), "{error}");

    let nowhere = Source { place: Place::File(PathBuf::from("/nowhere/a.ndjson")), input: None };
    let order = Order { window_ms: None, latest_ms: T };
    let error = Records::open([nowhere], &inputs(), None, order).err().unwrap().to_string();
    assert!(error.starts_with("/nowhere/a.ndjson cannot be opened: "), "{error}");

    let error = Sources::new().file("a.csv", "who,day\n", None).open(None).err().unwrap().to_string();
    assert!(error.contains("`--input NAME=") && error.contains("a.csv`"), "{error}");
}
