//! What a scrape shows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::catalog::{self, Kind};
use super::{Facts, ModelNames, Names, Telemetry};
use crate::engine::ports::Committed;
use crate::engine::tally::{InputTally, Tally};
use crate::engine::view::{IngestView, Overview, PartitionView, PlaceView, WaitingRecord};
use crate::journey::{Cause, KindId, Pair, Reject};

const NOW: i64 = 1_767_225_600_000;

fn names() -> Names {
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Names {
        inputs: text(&["clicks", "pos"]),
        reads_from: 0,
        models: vec![ModelNames {
            name: "think5".to_owned(),
            phases: text(&["orientatie", "aankoop"]),
            moves: vec![(Some(1), 0, Cause::Timer)],
            signals: text(&["cart_abandoned"]),
        }],
        pairs: vec![Pair { shadow: 0, beside: 0 }],
        variants: text(&["control", "short-form", "other"]),
        kinds: text(&["page_viewed", "purchased"]),
    }
}

fn telemetry() -> Telemetry {
    let facts =
        Facts { version: "0.1.0".to_owned(), guarantee: "exactly_once".to_owned(), memory_limit: Some(8 << 30) };
    Telemetry::start(names(), facts).expect("a thread can be started")
}

fn partition(partition: i32) -> PartitionView {
    PartitionView {
        partition,
        worker: 0,
        restoring: None,
        customers: 10,
        bytes: 1000,
        phases: vec![vec![6, 3, 1]],
        pairs: vec![vec![5, 1, 0, 0, 3, 0, 0, 0, 1]],
        epoch: 7,
        watermark: Some(NOW - 61_500),
        positions: vec![5, 6],
        lag: vec![Some(4), None],
        waiting_record: None,
    }
}

fn overview() -> Overview {
    let restoring = PartitionView { restoring: Some(0.25), watermark: None, lag: vec![None, None], ..partition(1) };
    Overview {
        partitions: vec![partition(0), restoring],
        ingest: None,
        partition_count: 8,
        ready: false,
        troubles: vec![],
    }
}

fn tally() -> Tally {
    let mut tally = Tally {
        inputs: vec![
            InputTally { applied: 5, late: 2, duplicate: 1, ignored: 3, future: 1, ..InputTally::default() },
            InputTally::default(),
        ],
        dwells: vec![(0, 0, 60.0), (0, 0, 61.0)],
        forgotten: 4,
        state_bytes: 512,
        delays: vec![0.02],
        busy: 0.25,
        waited: 0.0625,
        duration: 0.1,
        ..Tally::default()
    };
    tally.inputs[1].rejected[Reject::NotAnObject.index()] = 9;
    tally.transitions.insert((0, None, 0, Cause::Event(KindId(0))), 3);
    tally.transitions.insert((0, Some(0), 1, Cause::Event(KindId(1))), 2);
    tally.variants.insert((0, Some(1), 0, 1), 2);
    for (cell, input) in [(0, 1), (2, 0), (2, 0)] {
        tally.touch(cell, input);
    }
    tally
}

/// One family of an exposition: type, help, and samples by name and labels.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    help: String,
    samples: BTreeMap<String, f64>,
}

/// Reads the text format strictly: help, type, then the family's samples, each once, and nothing else.
fn parse(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("help has a text");
            assert!(!families.contains_key(name), "{name} comes twice");
            current = name.to_owned();
            families.insert(current.clone(), Family { help: help.to_owned(), ..Family::default() });
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type has a name");
            assert_eq!(name, current, "type without help before it");
            families.get_mut(name).expect("just made").kind = kind.to_owned();
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
            let name = series.split('{').next().expect("split gives at least one part");
            let family = families.get_mut(&current).expect("samples follow their type");
            let ending = name.strip_prefix(current.as_str()).unwrap_or_else(|| panic!("{name} under {current}"));
            let endings: &[&str] = if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(endings.contains(&ending), "{line}");
            let again = family.samples.insert(series.to_owned(), value.parse().expect("values are numbers"));
            assert!(again.is_none(), "{series} comes twice");
        }
    }
    families
}

fn scrape(telemetry: &Telemetry, overview: &Overview) -> BTreeMap<String, f64> {
    parse(&telemetry.render(overview, NOW)).into_values().flat_map(|family| family.samples).collect()
}

fn check(samples: &BTreeMap<String, f64>, expected: &[(&str, f64)]) {
    for (series, value) in expected {
        let series = format!("klantreis_{series}");
        assert_eq!(samples.get(&series), Some(value), "{series} in {samples:#?}");
    }
}

#[test]
fn every_metric_of_the_catalog_is_shown_with_its_type_and_help_and_no_other() {
    let telemetry = telemetry();
    let everything = Overview { ingest: Some(IngestView::default()), ..overview() };
    let families = parse(&telemetry.render(&everything, NOW));
    let shown: BTreeSet<&str> = families.keys().map(String::as_str).collect();
    assert_eq!(shown, catalog::ALL.iter().map(|metric| metric.name).collect());
    for metric in catalog::ALL {
        let kind = match metric.kind {
            Kind::Counter | Kind::SecondsCounter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let family = &families[metric.name];
        assert_eq!((family.kind.as_str(), family.help.as_str()), (kind, metric.help));
        assert!(!family.samples.is_empty(), "{}", metric.name);
    }
}

#[test]
fn series_with_known_labels_start_at_zero() {
    let samples = scrape(&telemetry(), &Overview::default());
    for input in ["clicks", "pos"] {
        for outcome in catalog::OUTCOMES {
            check(&samples, &[(&format!("records_total{{input=\"{input}\",outcome=\"{outcome}\"}}"), 0.0)]);
        }
        for reason in Reject::REASONS {
            check(&samples, &[(&format!("rejects_total{{input=\"{input}\",reason=\"{reason}\"}}"), 0.0)]);
        }
    }
    check(
        &samples,
        &[
            (r#"transitions_total{model="think5",from="aankoop",to="orientatie",cause="timer"}"#, 0.0),
            (r#"time_in_phase_seconds_count{model="think5",phase="aankoop"}"#, 0.0),
            (r#"customers{model="think5",phase="new"}"#, 0.0),
            ("commit_failures_total", 0.0),
        ],
    );
}

#[test]
fn an_epoch_is_counted_as_often_as_it_is_told() {
    let telemetry = telemetry();
    telemetry.count_epoch(&tally());
    telemetry.count_epoch(&tally());
    check(
        &scrape(&telemetry, &overview()),
        &[
            (r#"records_total{input="clicks",outcome="applied"}"#, 10.0),
            (r#"records_total{input="clicks",outcome="late"}"#, 4.0),
            (r#"records_total{input="clicks",outcome="duplicate"}"#, 2.0),
            (r#"records_total{input="clicks",outcome="ignored"}"#, 6.0),
            (r#"records_total{input="clicks",outcome="rejected"}"#, 0.0),
            (r#"records_total{input="pos",outcome="rejected"}"#, 18.0),
            (r#"rejects_total{input="pos",reason="not_an_object"}"#, 18.0),
            (r#"future_events_total{input="clicks"}"#, 2.0),
            (r#"transitions_total{model="think5",from="new",to="orientatie",cause="page_viewed"}"#, 6.0),
            (r#"transitions_total{model="think5",from="orientatie",to="aankoop",cause="purchased"}"#, 4.0),
            (r#"time_in_phase_seconds_bucket{model="think5",phase="orientatie",le="60"}"#, 2.0),
            (r#"time_in_phase_seconds_bucket{model="think5",phase="orientatie",le="600"}"#, 4.0),
            (r#"time_in_phase_seconds_bucket{model="think5",phase="orientatie",le="+Inf"}"#, 4.0),
            (r#"time_in_phase_seconds_sum{model="think5",phase="orientatie"}"#, 242.0),
            (r#"touchpoints_total{model="think5",phase="new",channel="pos"}"#, 2.0),
            (r#"touchpoints_total{model="think5",phase="aankoop",channel="clicks"}"#, 4.0),
            (r#"touchpoints_total{model="think5",phase="aankoop",channel="pos"}"#, 0.0),
            (r#"variant_transitions_total{model="think5",from="aankoop",to="orientatie",variant="short-form"}"#, 4.0),
            (r#"variant_transitions_total{model="think5",from="aankoop",to="orientatie",variant="other"}"#, 0.0),
            ("forgotten_total", 8.0),
            ("state_bytes_total", 1024.0),
            ("worker_busy_seconds_total", 0.5),
            ("worker_waited_seconds_total", 0.125),
            ("epoch_duration_seconds_count", 2.0),
            ("event_delay_seconds_count", 2.0),
        ],
    );
}

#[test]
fn commits_are_timed_and_failures_counted() {
    let telemetry = telemetry();
    telemetry.count_commit(&Committed::Done { deltas: vec![], took: Duration::from_millis(25) });
    telemetry.count_commit(&Committed::Failed("broker away".to_owned()));
    telemetry.count_commit(&Committed::Fenced("newer producer".to_owned()));
    check(
        &scrape(&telemetry, &overview()),
        &[
            (r#"commit_duration_seconds_bucket{le="0.01"}"#, 0.0),
            (r#"commit_duration_seconds_bucket{le="0.025"}"#, 1.0),
            ("commit_duration_seconds_count", 1.0),
            ("commit_failures_total", 2.0),
        ],
    );
}

#[test]
fn gauges_show_the_engine_as_it_is() {
    let samples = scrape(&telemetry(), &overview());
    check(
        &samples,
        &[
            (r#"shadow_customers{shadow="think5",model="think5",phase="orientatie",shadow_phase="aankoop"}"#, 2.0),
            (r#"shadow_customers{shadow="think5",model="think5",phase="new",shadow_phase="new"}"#, 2.0),
            (r#"shadow_customers{shadow="think5",model="think5",phase="aankoop",shadow_phase="new"}"#, 0.0),
            (r#"customers{model="think5",phase="orientatie"}"#, 12.0),
            (r#"customers{model="think5",phase="new"}"#, 2.0),
            (r#"partitions{state="ready"}"#, 1.0),
            (r#"partitions{state="restoring"}"#, 1.0),
            (r#"restore_progress_ratio{partition="0"}"#, 1.0),
            (r#"restore_progress_ratio{partition="1"}"#, 0.25),
            (r#"lag_records{input="clicks",partition="0"}"#, 4.0),
            (r#"watermark_timestamp_seconds{partition="0"}"#, (NOW - 61_500) as f64 / 1e3),
            (r#"watermark_delay_seconds{partition="0"}"#, 61.5),
            ("store_customers", 20.0),
            ("store_bytes", 2000.0),
            ("memory_limit_bytes", (8_u64 << 30) as f64),
            ("ready", 0.0),
            (r#"build_info{version="0.1.0",guarantee="exactly_once"}"#, 1.0),
        ],
    );
    assert!(samples["klantreis_process_resident_bytes"] > 1e6);
}

#[test]
fn what_is_unknown_has_no_line() {
    let samples = scrape(&telemetry(), &overview());
    for series in [r#"lag_records{input="pos",partition="0"}"#, r#"watermark_delay_seconds{partition="1"}"#] {
        assert_eq!(samples.get(&format!("klantreis_{series}")), None);
    }
}

#[test]
fn a_partition_that_left_leaves_no_line_behind() {
    let telemetry = telemetry();
    let of_partitions = |overview: &Overview| {
        scrape(&telemetry, overview).into_keys().filter(|series| series.contains("partition=\"")).count()
    };
    assert!(of_partitions(&overview()) > 0);
    assert_eq!(of_partitions(&Overview::default()), 0);
}

#[test]
fn odd_names_are_escaped_and_do_not_break_the_lines() {
    let names = Names { inputs: vec!["a \"b\"\\c\nd".to_owned()], ..Names::default() };
    let telemetry = Telemetry::start(names, Facts::default()).expect("a thread can be started");
    check(&scrape(&telemetry, &overview()), &[(r#"future_events_total{input="a \"b\"\\c\nd"}"#, 0.0)]);
}

/// For the checks of the deployment, which name promtool among their tools.
#[cfg(feature = "deploy-tests")]
#[test]
fn promtool_finds_nothing_to_say() {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    let telemetry = telemetry();
    telemetry.count_epoch(&tally());
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool can be started; it comes with the package `prometheus`");
    let mut input = promtool.stdin.take().expect("stdin is piped");
    input.write_all(telemetry.render(&overview(), NOW).as_bytes()).expect("promtool reads");
    drop(input);
    let output = promtool.wait_with_output().expect("promtool ends");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn of_the_records_of_an_input_that_wait_for_a_schema_the_one_that_has_waited_longest_counts() {
    let record = |input, waited| WaitingRecord { input, partition: 0, offset: 7, since: NOW - waited };
    let mut overview = overview();
    check(&scrape(&telemetry(), &overview), &[(r#"schema_wait_seconds{input="clicks"}"#, 0.0)]);
    overview.partitions[0].waiting_record = Some(record(0, 1_500));
    overview.partitions[1].waiting_record = Some(record(0, 61_500));
    overview.ingest = Some(IngestView { waiting_record: Some(record(1, 2_000)), ..IngestView::default() });
    let expected = [(r#"schema_wait_seconds{input="clicks"}"#, 61.5), (r#"schema_wait_seconds{input="pos"}"#, 2.0)];
    check(&scrape(&telemetry(), &overview), &expected);
    overview.partitions[1].waiting_record = None;
    overview.partitions[0].waiting_record = Some(record(0, -200));
    let expected = [(r#"schema_wait_seconds{input="clicks"}"#, 0.0)];
    check(&scrape(&telemetry(), &overview), &expected);
}

#[test]
fn where_events_are_keyed_anew_the_ingest_tells_what_waits_in_the_inputs_and_workers_what_waits_in_the_events() {
    let mut names = names();
    names.inputs.push("events".to_owned());
    names.reads_from = names.inputs.len() - 1;
    let telemetry = Telemetry::start(names, Facts::default()).expect("a thread can be started");
    let place = |input, partition, lag| PlaceView { input, partition, position: lag, lag };
    let ingest =
        |leads, lag| IngestView { leads, places: vec![place(0, 0, lag), place(1, 5, lag)], ..IngestView::default() };
    let mut overview = overview();
    overview.partitions[0].lag = vec![Some(9)];
    overview.ingest = Some(ingest(Some(true), Some(3)));
    let samples = scrape(&telemetry, &overview);
    check(
        &samples,
        &[
            ("ingest_lead", 1.0),
            (r#"lag_records{input="clicks",partition="0"}"#, 3.0),
            (r#"lag_records{input="pos",partition="5"}"#, 3.0),
            (r#"lag_records{input="events",partition="0"}"#, 9.0),
        ],
    );
    overview.ingest = Some(ingest(Some(false), None));
    let samples = scrape(&telemetry, &overview);
    check(&samples, &[("ingest_lead", 0.0)]);
    assert_eq!(
        samples.get(r#"klantreis_lag_records{input="clicks",partition="0"}"#),
        None,
        "who stands by does not know"
    );
}
