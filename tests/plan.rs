//! `plan` from outside: what a changed model would change, over records that are run through both.

use std::path::Path;

use serde_json::{Value, json};

#[path = "support/program.rs"]
mod program;

use program::klantreis;

const CONFIG: &str = r#"
application: shop
kafka: { brokers: "127.0.0.1:1" }
inputs:
  - name: till
    topic: till
    format: mapping
    mapping:
      customer: card
      time: { from: at, format: "%Y-%m-%d", zone: UTC }
      kind: purchased
models: [./MODEL.yaml]
"#;

const MODEL: &str = "\
model: shop
version: 1
kinds: [purchased]
phases: { koper: {}, vaste: {}, weg: {} }
counters: { baskets: { on: purchased, window: ever } }
transitions:
  - { id: first, from: [new, weg], to: koper, on: purchased }
  - { id: habit, from: koper, to: vaste, on: purchased, when: baskets >= 2 }
  - { id: lost, from: [koper, vaste], to: weg, idle: 30d }
signals:
  - { id: thanks, on: purchased, when: baskets == 2 }
";

/// One customer buys once, one twice, one three times, one twice long ago; somebody's last purchase ends time.
const BASKETS: &str = "\
card,at
once,2025-03-01
twice,2025-03-01
twice,2025-03-02
three,2025-03-01
three,2025-03-02
three,2025-03-03
old,2025-01-01
old,2025-01-02
end,2025-03-20
";

/// Files of a change, in a folder of their own.
struct Change {
    folder: tempfile::TempDir,
}

impl Change {
    fn new(before: &str, after: &str, baskets: &str) -> Self {
        let change = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        for (name, model) in [("before", before), ("after", after)] {
            change.write(&format!("{name}-model.yaml"), model);
            change.write(&format!("{name}.yaml"), &CONFIG.replace("MODEL", &format!("{name}-model")));
        }
        change.write("baskets.csv", baskets);
        change
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(Path::new(&self.path(name)), text).expect("a temporary folder can be written to");
    }

    fn plan(&self, more: &[&str]) -> String {
        let (after, before) = (self.path("after.yaml"), self.path("before.yaml"));
        let input = format!("till={}", self.path("baskets.csv"));
        let arguments = ["plan", "-c", &after, "--against", &before, "--sort", "--input", &input];
        let output = klantreis(&[&arguments, more].concat());
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// What is said of its only model.
    fn model(&self) -> Value {
        let mut answer: Value = serde_json::from_str(&self.plan(&["--format", "json"])).expect("it is JSON");
        let models = answer["models"].as_array_mut().expect("there are models");
        assert_eq!(models.len(), 1);
        models.remove(0)
    }
}

#[test]
fn a_higher_bound_shows_who_would_be_elsewhere_and_what_would_not_be_told() {
    let after = MODEL.replace("version: 1", "version: 2").replace("baskets >= 2", "baskets >= 3");
    let model = Change::new(MODEL, &after, BASKETS).model();
    assert_eq!(
        (&model["fate"], &model["version_before"], &model["version_after"]),
        (&json!("changed"), &json!(1), &json!(2))
    );
    let phase = |phase: &str, before, after| json!({ "phase": phase, "before": before, "after": after });
    assert_eq!(
        model["phases"],
        json!([phase("new", 0, 0), phase("koper", 2, 3), phase("vaste", 2, 1), phase("weg", 1, 1)])
    );
    let cell = |before: &str, after: &str, examples: &[&str]| json!({ "before": before, "after": after, "customers": examples.len(), "examples": examples });
    let expected = json!([
        cell("koper", "koper", &["end", "once"]),
        cell("vaste", "koper", &["twice"]),
        cell("vaste", "vaste", &["three"]),
        cell("weg", "weg", &["old"]),
    ]);
    assert_eq!(model["places"], expected);
    let row = |(from, to, rule): (&str, &str, &str), counts: [u64; 4], gained: &[&str], lost: &[&str]| {
        let [before, after, more, less] = counts;
        json!({ "from": from, "to": to, "rule": rule, "before": before, "after": after, "gained": more, "lost": less,
                "gained_by": gained, "lost_by": lost })
    };
    let expected = json!([
        row(("new", "koper", "first"), [5, 5, 0, 0], &[], &[]),
        // Of three customers two do not come to it, and one a basket later.
        row(("koper", "vaste", "habit"), [3, 1, 1, 3], &["three"], &["old", "twice", "three"]),
        row(("koper", "weg", "lost"), [0, 1, 1, 0], &["old"], &[]),
        row(("vaste", "weg", "lost"), [1, 0, 0, 1], &[], &["old"]),
    ]);
    assert_eq!(model["transitions"], expected);
    let thanks =
        json!({ "signal": "thanks", "before": 3, "after": 3, "gained": 0, "lost": 0, "gained_by": [], "lost_by": [] });
    assert_eq!(model["signals"], json!([thanks]));
}

#[test]
fn people_read_it_as_tables() {
    let after = MODEL.replace("version: 1", "version: 2").replace("baskets >= 2", "baskets >= 3");
    let change = Change::new(MODEL, &after.replace("when: baskets == 2", "when: baskets == 1"), BASKETS);
    assert_eq!(
        change.plan(&["--examples", "1"]),
        "\
9 records; customers in the end: 5 before, 5 after

model shop: version 1 before, version 2 after

  customers  before  after
  new             0      0
  koper           2      3
  vaste           2      1
  weg             1      1

  the same customers  → koper  → vaste  → weg
  koper                     2
  vaste                     1        1         to koper: twice
  weg                                       1

  transitions           by rule  before  after  gained  lost
  new          → koper  first         5      5
  koper        → vaste  habit         3      1       1     3  gained: three; lost: old, …
  koper        → weg    lost          0      1       1        gained: old
  vaste        → weg    lost          1      0             1  lost: old

  signals  before  after  gained  lost
  thanks        3      5       5     3  gained: old, …; lost: old, …
"
    );
}

#[test]
fn a_renaming_with_moved_changes_nothing_and_without_it_everything() {
    let renamed = MODEL.replace("vaste", "stam").replace("version: 1", "version: 1\nmoved: { vaste: stam }");
    let model = Change::new(MODEL, &renamed, BASKETS).model();
    let rows = model["transitions"].as_array().expect("there are transitions");
    assert!(rows.iter().all(|row| row["gained"] == 0 && row["lost"] == 0 && row["from"] != "vaste"), "{rows:?}");
    let moved = json!({ "before": "vaste", "after": "stam", "customers": 2, "examples": ["three", "twice"] });
    assert!(model["places"].as_array().expect("a matrix").contains(&moved), "{model}");
    let phases = json!([
        { "phase": "new", "before": 0, "after": 0 },
        { "phase": "koper", "before": 2, "after": 2 },
        { "phase": "stam", "before": null, "after": 2 },
        { "phase": "weg", "before": 1, "after": 1 },
        { "phase": "vaste", "before": 2, "after": null },
    ]);
    assert_eq!(model["phases"], phases);

    let model = Change::new(MODEL, &renamed.replace("moved: { vaste: stam }", ""), BASKETS).model();
    let lost = model["transitions"].as_array().expect("there are transitions").iter().map(|row| row["lost"].as_u64());
    assert_eq!(lost.sum::<Option<u64>>(), Some(4), "three that entered it, one that left it");
}

#[test]
fn what_stays_the_same_is_told_in_one_line() {
    let change = Change::new(MODEL, &format!("# A comment.\n{MODEL}"), BASKETS);
    assert_eq!(change.model()["fate"], "same");
    let expected = "model shop: version 1, which means the same\n  \
                    every customer ends where it did, and nothing is told that was not told before\n";
    assert!(change.plan(&[]).ends_with(expected));
}

#[test]
fn models_that_come_and_go_are_told_apart_and_customers_who_are_forgotten_sooner_are_missed() {
    let model = Change::new(MODEL, &MODEL.replace("weg: {}", "weg: { forget_after: 40d }"), BASKETS).model();
    let gone = json!({ "before": "weg", "after": null, "customers": 1, "examples": ["old"] });
    assert!(model["places"].as_array().expect("a matrix").contains(&gone), "{model}");

    let change = Change::new(MODEL, &MODEL.replace("model: shop", "model: store"), BASKETS);
    let text = change.plan(&[]);
    assert!(
        text.contains("\nmodel store: new, version 1\n") && text.contains("\nmodel shop: gone, was version 1\n"),
        "{text}"
    );
    assert!(
        text.contains("\n  koper           –      2\n") && text.contains("\n  koper           2      –\n"),
        "{text}"
    );
    assert!(!text.contains("the same customers"), "{text}");
}

#[test]
fn a_year_of_households_is_held_against_a_lower_bound() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let read = |name: &str| std::fs::read_to_string(name).expect("the example is there");
    let write = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a temporary folder can be written to");
        path.display().to_string()
    };
    write("household.yaml", read("deploy/examples/household.yaml").replace("spent >= 600", "spent >= 500"));
    let after = write("after.yaml", read("deploy/examples/completejourney.yaml"));
    let baskets = "pos=tests/fixtures/completejourney/baskets.csv.gz";
    let against = "deploy/examples/completejourney.yaml";
    let output =
        klantreis(&["plan", "-c", &after, "--against", against, "--sort", "--input", baskets, "--format", "json"]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let rows = answer["models"][0]["transitions"].as_array().expect("there are transitions");
    let sum = |field: &str| rows.iter().filter_map(|row| row[field].as_u64()).sum::<u64>();
    assert_eq!(
        sum("before") + sum("gained"),
        sum("after") + sum("lost"),
        "what is gained and lost makes the difference"
    );
    let large = rows.iter().find(|row| row["rule"] == "large").expect("there are large baskets");
    assert!(
        large["after"].as_u64() > large["before"].as_u64() && large["gained_by"].as_array().map(Vec::len) == Some(3),
        "{large}"
    );
}

#[test]
fn what_cannot_be_compared_is_refused_with_what_to_write() {
    let change = Change::new(MODEL, MODEL, BASKETS);
    let (after, before) = (change.path("after.yaml"), change.path("before.yaml"));
    let input = format!("till={}", change.path("baskets.csv"));
    let check = |arguments: &[&str], expected: &str| {
        let output = klantreis(&[&["plan"], arguments].concat());
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{err}");
        assert!(err.contains(expected), "{err:?} does not say {expected:?}");
    };
    check(&["-c", &after, "--input", &input], "--against FILE is missing");
    check(&["-c", &after, "--against", &before], "--input <[NAME=]FILE>");
    check(&["-c", &after, "--against", &before, "--input", "till=-"], "cannot be read twice");
    check(&["-c", &after, "--against", &before, "--input", "tills=x.csv"], "there is no input `tills`; there are till");
    check(&["-c", "nowhere.yaml", "--against", &before, "--input", &input], "nowhere.yaml: cannot be read");
}
