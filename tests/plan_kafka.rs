//! `plan` beside a running service: what it says of the committed state is what the service shows, what it foretells of a
//! changed model comes true, and the service notices nothing.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use support::traffic::{INPUTS, Wanted, traffic};
use support::{Broker, Feed, Isolation, Job, Progress, Setup, until};

const FORMATS: [&str; 3] = ["segment", "sendgrid", "square"];

/// Configurations of the same application with other models, and what the program says to them.
struct Change<'j> {
    job: &'j Job<'j>,
    folder: tempfile::TempDir,
}

impl Change<'_> {
    /// Writes a configuration with this model, which is a file's text, or a built-in one's name.
    fn config(&self, name: &str, model: &str) -> String {
        let write = |name: String, text: &str| {
            let path = self.folder.path().join(name);
            std::fs::write(&path, text).expect("a temporary folder can be written to");
            path.display().to_string()
        };
        let model = if model.contains('\n') { write(format!("{name}-model.yaml"), model) } else { model.to_owned() };
        let inputs: String = (0..INPUTS.len())
            .map(|input| {
                format!(
                    "  - {{ name: {}, topic: {}, format: {} }}\n",
                    INPUTS[input],
                    self.job.input(input),
                    FORMATS[input]
                )
            })
            .collect();
        let text = format!(
            "application: {}\nkafka: {{ brokers: \"{}\", instance: planner }}\ninputs:\n{inputs}models: [{model}]\n\
             workers: 1\nhttp: {{ listen: off }}\n",
            self.job.application,
            self.job.broker.address(),
        );
        write(format!("{name}.yaml"), &text)
    }

    fn plan(&self, config: &str) -> (Option<i32>, Value, String) {
        let output = run(&["--log-level", "warn", "plan", "-c", config, "--format", "json"]);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|problem| panic!("{problem}: {err}"));
        (output.status.code(), answer, err)
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(Path::new(env!("CARGO_BIN_EXE_klantreis"))).args(arguments).output().expect("the program starts")
}

/// Customers by phase, as the service or a plan says it; `now` is the field's name.
fn phases(model: &Value, field: &str) -> BTreeMap<String, u64> {
    let phases = model["phases"].as_array().expect("there are phases").iter();
    phases.filter_map(|one| Some((one["phase"].as_str()?.to_owned(), one[field].as_u64()?))).collect()
}

#[test]
fn a_plan_beside_the_running_service_says_what_a_change_would_do_and_disturbs_nothing() {
    let records = traffic(Wanted { seed: 77, events: 6_000, customers: 900, days: 60, apart: 0 });
    let job = Job::new(Broker::shared(), "plan");
    job.fill(&records);
    let setup = Setup::default();
    job.catch_up("one", &setup);
    let mut service = job.start("one", &setup);
    service.wait_until_ready();
    let change = Change { job: &job, folder: tempfile::tempdir().expect("a temporary folder") };
    let status = || service.json("/v1/status");
    let shown = until("quiet", || service.said(), || Some(status()).filter(|status| status["lag"] == 0));
    let mut there = phases(&shown["models"][0], "customers");
    there.insert("new".to_owned(), shown["models"][0]["new"].as_u64().expect("a number"));
    let written = || job.broker.read(&job.topic("state-deltas"), Isolation::ReadUncommitted).len();
    // Whoever has just started says once of each partition that it is theirs.
    let is_still = || {
        let count = written();
        std::thread::sleep(Duration::from_secs(2));
        Some(count).filter(|count| *count == written())
    };
    let before = until("still", || service.said(), is_still);
    let membership = || {
        ["partitions assigned", "partitions revoked", "partitions lost"]
            .map(|news| job.log("one").matches(news).count())
    };
    let joined = membership();

    let (exit, plan, err) = change.plan(&change.config("same", "think5"));
    let model = &plan["models"][0];
    assert_eq!(exit, Some(0), "{err}");
    assert_eq!(phases(model, "now"), there);
    assert_eq!(phases(model, "after"), there);
    assert_eq!((&plan["partitions"], &plan["customers"]), (&6.into(), &shown["customers"]));
    assert_eq!((&model["homeless"], model["at_once"].as_array().map(Vec::len)), (&0.into(), Some(0)), "{model}");

    let think5 = String::from_utf8(run(&["model", "show", "think5"]).stdout).expect("UTF-8");
    let renamed = think5.replace("afweging", "vergelijken");
    let moved = renamed.replacen("version: 1", "version: 2\nmoved: { afweging: vergelijken }", 1);
    let afweging = there["afweging"];
    assert!((50..1_000).contains(&afweging), "{there:?}");
    let (exit, plan, err) = change.plan(&change.config("renamed", &renamed));
    assert_eq!((exit, plan["models"][0]["homeless"].as_u64()), (Some(4), Some(afweging)), "{err}");
    assert!(err.starts_with(&format!("{afweging} customers are in phases")), "{err}");

    let sooner = moved.replacen("idle: 30d", "idle: 5d", 1);
    let (exit, plan, err) = change.plan(&change.config("sooner", &sooner));
    let model = &plan["models"][0];
    assert_eq!((exit, model["homeless"].as_u64()), (Some(0), Some(0)), "{err}");
    assert_eq!(phases(model, "after")["vergelijken"], afweging);
    let leaving: u64 =
        model["at_once"].as_array().expect("rows").iter().filter_map(|row| row["customers"].as_u64()).sum();
    assert!(leaving > 50 && model["at_once"][0]["rule"] == "gone", "{model}");

    assert_eq!(written(), before, "nothing was written meanwhile");
    assert!(service.is_ready());
    assert_eq!(membership(), joined, "the group is as it was");
    assert!(service.stop().success());

    let refused = run(&["run", "-c", &change.config("refused", &renamed)]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("partitions 0, 1, 2, 3, 4, 5: customers are in phases"), "{said}");
    assert!(said.contains(&format!("think5: at least {afweging} in \"afweging\"; put the phases back")), "{said}");

    let config = change.config("moved", &moved);
    let taken = run(&["run", "-c", &config, "--exit-when-caught-up"]);
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    let (exit, plan, _) = change.plan(&config);
    let model = &plan["models"][0];
    assert_eq!((exit, phases(model, "after")["vergelijken"]), (Some(0), afweging), "{model}");
}

#[test]
fn a_plan_is_answered_while_records_flow_and_every_epoch_goes_on() {
    let records = Arc::new(traffic(Wanted { seed: 78, events: 8_000, customers: 300, days: 60, apart: 400 }));
    let job = Job::new(Broker::shared(), "plan-flow");
    let mut service = job.start("one", &Setup { allowed_lateness: "60d", ..Setup::default() });
    service.wait_until_ready();
    let change = Change { job: &job, folder: tempfile::tempdir().expect("a temporary folder") };
    let config = change.config("same", "think5");
    let (progress, feed) = (Progress::of(&job), Feed::start(&job, &records, 400.0));
    let mut before = 0;
    for part in 1..=3 {
        progress.wait_for(records.len() * part / 5, || service.said());
        let (exit, plan, err) = change.plan(&config);
        assert_eq!(exit, Some(0), "{err}");
        let customers = plan["customers"].as_u64().expect("a number");
        assert!(customers >= before && customers > 50, "{customers} after {before}: {err}");
        before = customers;
    }
    assert!(!feed.is_done(), "it was asked while records flowed");
    progress.wait_for(records.len(), || service.said());
    feed.finish();
    let figures = service.json("/v1/status");
    assert_eq!(change.plan(&config).1["customers"], figures["customers"]);
    assert!(!service.said().contains("came to nothing"), "{}", service.said());
    assert!(service.stop().success());
}

#[test]
fn an_application_without_state_has_nobody_to_change_and_gets_no_topics() {
    let job = Job::new(Broker::shared(), "plan-nothing");
    let change = Change { job: &job, folder: tempfile::tempdir().expect("a temporary folder") };
    let config = change.config("first", "think5");
    for _ in 0..2 {
        let output = run(&["--log-level", "warn", "plan", "-c", &config]);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{err}");
        assert_eq!(out, format!("application {}: there is no state yet, so nobody is affected\n", job.application));
    }
}
