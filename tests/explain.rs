//! `explain` over a replay: where a household stands at a time, and what is missing for each way out.

use serde_json::Value;

#[path = "support/program.rs"]
mod program;

use program::klantreis;

const CONFIG: &str = "deploy/examples/completejourney.yaml";
const BASKETS: &str = "pos=tests/fixtures/completejourney/baskets.csv.gz";
const MAILINGS: &str = "mail=tests/fixtures/completejourney/campaign_mailings.csv.gz";

fn explain(arguments: &[&str]) -> (Option<i32>, String, String) {
    let files = ["--sort", "--input", BASKETS, "--input", MAILINGS];
    let output = klantreis(&[&["explain", "-c", CONFIG], &files[..], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_household_is_explained_as_it_was_at_a_time() {
    let at = |until: &str| {
        let (exit, out, err) = explain(&["33", "--until", until]);
        assert_eq!((exit, err.as_str()), (Some(0), ""));
        out
    };
    // Lapsed at 00:19:19 after four weeks without a basket.
    assert_eq!(
        at("2017-04-06T00:19:18Z"),
        "\
customer 33

household: vast since 2017-01-23T04:21:27.000Z
  → grote_mand  large             an event: purchased, spent 123.59 of 600
  → verslapt    unanswered        an event: mail_delivered, if baskets == 0
  → verslapt    unanswered-later  its condition did not hold when its time had come; the next event sets it anew
  → verslapt    lapse             timer due at 2017-04-06T00:19:19.000Z
"
    );
    assert_eq!(
        at("2017-04-06T00:19:19Z"),
        "\
customer 33

household: verslapt since 2017-04-06T00:19:19.000Z
  → terug    return  an event: purchased or mail_clicked
  → slapend  asleep  timer due at 2017-06-05T00:19:19.000Z
"
    );
}

#[test]
fn at_the_end_it_is_where_the_replay_left_it() {
    let (exit, out, _) = explain(&["33", "--format", "json"]);
    let answer: Value = serde_json::from_str(&out).expect("it is JSON");
    let model = &answer["models"][0];
    assert_eq!((exit, &answer["customer"], &model["model"]), (Some(0), &"33".into(), &"household".into()));
    assert_eq!((&model["phase"], &model["since"]), (&"vast".into(), &"2018-01-01T05:33:46.000Z".into()));
    let ways: Vec<_> = model["ways"].as_array().expect("ways").iter().filter_map(|way| way["rule"].as_str()).collect();
    assert_eq!(ways, ["large", "unanswered", "unanswered-later", "lapse"]);
}

#[test]
fn who_is_not_in_the_files_is_unknown_and_before_the_first_record_everybody_is() {
    let (exit, out, err) = explain(&["nobody"]);
    assert_eq!((exit, out.as_str()), (Some(1), ""));
    assert!(err.starts_with("unknown customer: nothing of \"nobody\" in "), "{err}");
    let (exit, _, err) = explain(&["33", "--until", "2016-01-01T00:00:00Z"]);
    assert_eq!(
        (exit, err.as_str()),
        (Some(1), "unknown customer: nothing of \"33\" in 0 records, or forgotten since\n")
    );
}
