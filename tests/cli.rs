//! The command line from outside: what is answered, on which stream, and with which exit code.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

#[path = "support/program.rs"]
mod program;

use program::klantreis;

/// Checks the exit code and gives what stands on standard output and standard error.
#[track_caller]
fn check(arguments: &[&str], exit: i32) -> (String, String) {
    let output = klantreis(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}\n{out}\n{err}");
    (out, err)
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("a temporary folder can be written to");
    path.display().to_string()
}

const CONFIG: &str = "\
application: shop
kafka: { brokers: \"127.0.0.1:1\" }
inputs: [{ name: pos, topic: pos, format: square }]
models: [think5]
";

#[test]
fn help_explains_commands_and_exit_codes_and_every_command_has_examples() {
    let (out, err) = check(&["--help"], 0);
    assert_eq!(err, "");
    for part in [
        "run ",
        "demo ",
        "replay ",
        "plan ",
        "explain ",
        "try ",
        "check ",
        "model ",
        "topics ",
        "Exit codes:",
        "3  fenced",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    let commands: [&[&str]; 14] = [
        &["run"],
        &["demo"],
        &["replay"],
        &["plan"],
        &["explain"],
        &["try"],
        &["detect"],
        &["check"],
        &["model", "show"],
        &["model", "graph"],
        &["model", "page"],
        &["model", "test"],
        &["topics", "create"],
        &["topics", "check"],
    ];
    for command in commands {
        let (out, _) = check(&[command, &["--help"]].concat(), 0);
        assert!(
            out.contains(&format!("Examples:\n  klantreis {}", command.join(" "))) || out.contains("| klantreis"),
            "{out}"
        );
    }
}

#[test]
fn the_version_is_the_packages() {
    assert_eq!(check(&["--version"], 0).0, format!("klantreis {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_code_two() {
    for arguments in [
        &["fly"][..],
        &["run"],
        &["check", "--config"],
        &["demo", "--seconds", "0"],
        &["demo", "--customers", "many"],
        &["replay", "-c", "x.yaml"],
        &["replay", "-c", "x.yaml", "--input", "="],
        &["replay", "-c", "x.yaml", "--input", "a", "--window", "soon"],
        &["plan", "-c", "x.yaml", "--against", "y.yaml"],
        &["explain", "-c", "x.yaml"],
        &["explain", "c1"],
        &["explain", "c1", "--url", "http://127.0.0.1:1", "--input", "a"],
        &["explain", "c1", "-c", "x.yaml", "--until", "2025-01-01T00:00:00Z"],
        &["explain", "c1", "-c", "x.yaml", "--input", "a", "--until", "soon"],
        &["--log-format", "xml", "model", "list"],
    ] {
        let (out, err) = check(arguments, 2);
        assert_eq!(out, "");
        assert!(err.starts_with("error: "), "{err}");
    }
    let (_, err) = check(&["--log-level", "loud", "model", "list"], 2);
    assert!(err.contains("\"loud\"") && err.contains("write error, warn, info, debug or trace"), "{err}");
}

#[test]
fn check_says_what_it_found_and_warns_of_what_is_probably_not_meant() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (out, err) = check(&["check", "-c", &write(folder.path(), "shop.yaml", CONFIG)], 0);
    assert_eq!(err, "");
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[0].starts_with("application shop: exactly once, a commit every 100ms, "), "{out}");
    assert_eq!(lines[1], "input pos: topic pos, format square");
    assert!(
        lines[2].starts_with("model think5 version 1: 6 phases, 12 transitions, 5 signals, 1 counter, 11 kinds, "),
        "{out}"
    );
    let bounced = "no input can yield `mail_bounced`; let one yield it, or leave the kind out [never-fed]";
    assert!(lines.iter().any(|line| line.starts_with("warning: think5:") && line.ends_with(bounced)), "{out}");
    assert!(!out.contains("yield `purchased`"), "{out}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("docs/findings.md")).count(), 1, "{out}");
    assert_eq!(lines.last(), Some(&"ok"));
}

#[test]
fn check_reports_every_mistake_with_its_place_and_ends_with_code_two() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = write(folder.path(), "shop.yaml", &CONFIG.replace("square", "sqare").replace("think5", "think6"));
    let (out, err) = check(&["check", "-c", &file], 2);
    assert_eq!(out, "");
    let expected = [
        format!("{file}:3:43: there is no format `sqare`; did you mean `square`?"),
        format!(
            "{file}:4:10: there is no built-in model think6; write think5, awareness5, see-think-do-care, retention5, decision3 or store-pos, or the path of a file, such as ./think6.yaml"
        ),
    ];
    assert_eq!(err.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn the_examples_and_their_models_are_sound() {
    for name in ["klantreis", "job", "completejourney", "online-retail"] {
        let (out, _) = check(&["check", "-c", &format!("deploy/examples/{name}.yaml")], 0);
        assert!(out.ends_with("\nok\n") && !out.contains("warning"), "{out}");
    }
    for name in ["completejourney-built-in", "online-retail-built-in"] {
        // Built-in models listen to more than a shop has; what is yielded, one of them listens to.
        let (out, _) = check(&["check", "-c", &format!("deploy/examples/{name}.yaml")], 0);
        assert!(out.ends_with("\nok\n") && !out.contains("but no model listens"), "{out}");
    }
    check(&["model", "test", "deploy/examples/household.yaml", "deploy/examples/wholesale.yaml"], 0);
}

#[test]
fn check_knows_librdkafkas_properties() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = CONFIG.replace("\" }", "\", consumer: { fetch.min.bites: 5 } }");
    let (_, err) = check(&["check", "-c", &write(folder.path(), "shop.yaml", &config)], 2);
    assert!(err.contains("shop.yaml: kafka.consumer: ") && err.contains("fetch.min.bites"), "{err}");
}

#[test]
fn check_reports_the_mistakes_of_model_files_with_their_places() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let model = write(folder.path(), "own.yaml", "model: own\nversion: 1\nphazes: {}\n");
    let file = write(folder.path(), "shop.yaml", &CONFIG.replace("think5", "own.yaml"));
    let (_, err) = check(&["check", "-c", &file], 2);
    let (last, lines) =
        err.lines().collect::<Vec<_>>().split_last().map(|(last, rest)| (*last, rest.to_vec())).expect("lines");
    assert!(lines.iter().all(|line| line.starts_with(&format!("{model}:"))), "{err}");
    assert!(last.starts_with("docs/findings.md says what each [code] means"), "{err}");
    assert!(err.contains(":3:1: ") && err.contains("phazes"), "{err}");
}

#[test]
fn a_configuration_that_is_not_there_says_so() {
    let (_, err) = check(&["run", "-c", "nowhere.yaml"], 2);
    assert_eq!(
        err,
        "nowhere.yaml: cannot be read: No such file or directory (os error 2); name a configuration file that exists with -c\n"
    );
}

#[test]
fn the_environment_reaches_the_configuration() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = write(folder.path(), "shop.yaml", &CONFIG.replace("application: shop", "application: \"${SHOP}\""));
    let (_, err) = check(&["check", "-c", &file], 2);
    assert_eq!(
        err,
        format!("{file}:1:14: the environment variable SHOP is not set; set it, or write ${{SHOP:-default}}\n")
    );
    let output = Command::new(env!("CARGO_BIN_EXE_klantreis"))
        .args(["check", "-c", &file])
        .env("SHOP", "klompenhuis")
        .output()
        .expect("the program starts");
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(out.starts_with("application klompenhuis: "), "{out}");
}

#[test]
fn models_are_listed_shown_and_drawn() {
    assert!(check(&["model", "list"], 0).0.lines().any(|line| line.starts_with("think5\tversion 1\torientatie → ")));
    let (shown, _) = check(&["model", "show", "think5"], 0);
    assert!(shown.contains("\nmodel: think5\n"), "{shown}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (drawn, _) = check(&["model", "graph", &write(folder.path(), "own.yaml", &shown)], 0);
    assert!(drawn.starts_with("stateDiagram-v2\n"), "{drawn}");
    assert_eq!(drawn, check(&["model", "graph", "think5"], 0).0);
    let (dot, _) = check(&["model", "graph", "think5", "--format", "dot"], 0);
    assert!(dot.starts_with("digraph \"think5\" {\n") && dot.contains("Orientation"), "{dot}");
    let (svg, _) = check(&["model", "graph", "think5", "--format", "svg", "--language", "nl"], 0);
    assert!(svg.starts_with("<svg ") && svg.contains("Overgangen") && !svg.contains("Orientation"), "{svg}");
    let (page, _) = check(&["model", "page", "think5"], 0);
    assert!(page.starts_with("# think5\n") && page.contains("](think5.svg)"), "{page}");
    let (index, _) = check(&["model", "page"], 0);
    assert!(index.contains("[store-pos](store-pos.md)"), "{index}");
    for command in ["show", "graph", "page", "test"] {
        let (_, err) = check(&["model", command, "think6"], 2);
        assert_eq!(
            err,
            "there is no built-in model think6; write think5, awareness5, see-think-do-care, retention5, decision3 or store-pos, or the path of a file, such as ./think6.yaml\n"
        );
    }
}

const TRANSITIONS: &str = r#"{"id":"1","model":"think5","version":1,"seq":1,"from":null,"to":"aankoop","cause":"purchased","rule":"first-purchase"}
{"id":"2","model":"think5","version":1,"seq":2,"from":"aankoop","to":"gebruik","cause":"timer","rule":"in-use"}

{"specversion":"1.0","data":{"model":"think5","seq":1,"from":null,"to":"aankoop","cause":"purchased","rule":"first-purchase"}}
{"id":"4","model":"awareness5","version":1,"seq":1,"from":null,"to":"adoption","cause":"purchased","rule":"bought-at-once"}
{"id":"5","model":"think5","version":1,"seq":3,"from":"gebruik","to":"aankoop","cause":"reviewed","rule":"review"}
"#;

#[test]
fn a_model_is_drawn_with_the_transitions_there_were_and_what_does_not_fit_is_told() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = write(folder.path(), "transitions.ndjson", TRANSITIONS);
    let (drawn, err) = check(&["model", "graph", "think5", "--counts", &file], 0);
    for line in ["[*] --> p2: purchased (2)", "p2 --> p3: ⏱ 2d (1)", "[*] --> p0: any (0)"] {
        assert!(drawn.contains(&format!("    {line}\n")), "{line} in {drawn}");
    }
    assert_eq!(
        err,
        "counts: 1 of gebruik → aankoop by the rule review: think5 version 1 has no such transition\n\
         counts: transitions of other models are not drawn: 1 of awareness5\n"
    );
    let (_, err) = check(&["model", "graph", "retention5", "--counts", &file, "--format", "svg"], 0);
    assert!(err.starts_with("counts: there is no transition of retention5\n"), "{err}");

    let mut child = Command::new(env!("CARGO_BIN_EXE_klantreis"))
        .args(["model", "graph", "awareness5", "--counts", "-", "--format", "svg"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(TRANSITIONS.as_bytes()).expect("it reads");
    let drawn = String::from_utf8(child.wait_with_output().expect("it ends").stdout).expect("UTF-8");
    assert!(drawn.contains(">1</text>"), "{drawn}");
}

#[test]
fn counts_that_cannot_be_read_are_told_with_their_place() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| write(folder.path(), name, text);
    let graph = |counts: &str| check(&["model", "graph", "think5", "--counts", counts], 2);
    let (out, err) = graph("nowhere.ndjson");
    assert_eq!(out, "");
    assert!(err.starts_with("nowhere.ndjson: cannot be read: ") && err.contains("http://HOST:PORT/metrics"), "{err}");
    let broken = write("broken.ndjson", &TRANSITIONS.replace("{\"id\":\"4\"", "{\"id\":4\""));
    let (_, err) = graph(&broken);
    assert!(err.starts_with(&format!("{broken}:5: this is no transition: ")), "{err}");
    assert!(err.ends_with("; write transitions as `klantreis replay` does, one a line\n"), "{err}");
    let signals = write("signals.ndjson", "{\"model\":\"think5\",\"signal\":\"vip\",\"phase\":\"aankoop\"}\n");
    let (_, err) = graph(&signals);
    assert!(err.starts_with(&format!("{signals}:1: this is no transition: missing field `to`")), "{err}");
    assert!(graph("https://127.0.0.1/metrics").1.contains("only http:// can be read"));
    let (_, err) = check(&["model", "graph", "think5", "--format", "png"], 2);
    assert!(err.contains("'png'") && err.contains("mermaid, dot, svg"), "{err}");
    let (_, err) = check(&["model", "graph", "think5", "--language", "fr"], 2);
    assert!(err.contains("'fr'") && err.contains("nl, en"), "{err}");
    let (_, err) = check(&["model", "graph", "think5", "--token-file", &broken], 2);
    assert!(err.contains("--counts <FILE|URL>"), "{err}");
}

/// Answers one request after another, and gives what was asked.
fn serve(answers: Vec<(&'static str, String)>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}/metrics", listener.local_addr().expect("it has an address"));
    let asked = std::thread::spawn(move || {
        let answers = answers.into_iter().map(|(status, body)| {
            let (mut connection, _) = listener.accept().expect("somebody asks");
            let lines = BufReader::new(&connection).lines().map(|line| line.expect("UTF-8"));
            let request: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            write!(
                connection,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .expect("it listens");
            request.join("\n").to_lowercase()
        });
        answers.collect()
    });
    (address, asked)
}

#[test]
fn the_metrics_of_a_service_say_how_often_each_arrow_was_taken() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let token = write(folder.path(), "token", "secret\n");
    let page = r#"# TYPE klantreis_transitions_total counter
klantreis_transitions_total{model="think5",from="new",to="aankoop",cause="purchased"} 1200
klantreis_transitions_total{model="think5",from="gebruik",to="evaluatie",cause="timer"} 30
klantreis_transitions_total{model="think5",from="gebruik",to="evaluatie",cause="odd \"kind\"}"} 2
klantreis_transitions_total{model="see-think-do-care",from="new",to="see",cause="timer"} 0
klantreis_ready 1
"#;
    let answer = |status, body: &str| (status, body.to_owned());
    let (url, asked) = serve(vec![
        answer("200 OK", page),
        answer("401 Unauthorized", ""),
        answer("404 Not Found", ""),
        answer("200 OK", "up 1\n"),
        answer("200 OK", "klantreis_transitions_total{model=\"think5\"} 1\n"),
    ]);
    let (drawn, err) = check(&["model", "graph", "think5", "--counts", &url, "--token-file", &token], 0);
    for line in ["[*] --> p2: purchased (1,200)", "p3 --> p4: ⏱ 7d (30)", "p3 --> p4: reviewed (0)"] {
        assert!(drawn.contains(&format!("    {line}\n")), "{line} in {drawn}");
    }
    let expected = "counts: 2 of gebruik → evaluatie by odd \"kind\"}: think5 version 1 has no such transition\n";
    assert_eq!(err, expected);
    let graph = |exit| check(&["model", "graph", "think5", "--counts", &url], exit).1;
    assert!(graph(2).contains("answered with status 401"));
    assert!(graph(1).contains("answered with status 404"));
    assert!(graph(2).contains("there are no metrics of klantreis"));
    assert!(graph(1).contains(":1: not a count of transitions: "));
    let asked = asked.join().expect("it served");
    assert!(asked[0].contains("authorization: bearer secret"), "{asked:?}");
    assert!(!asked[1].contains("authorization"), "{asked:?}");
    assert!(graph(1).starts_with(&url), "nobody is there any more");
}

#[test]
fn the_scenarios_of_the_built_in_models_hold() {
    let names = ["think5", "awareness5", "see-think-do-care", "retention5", "decision3", "store-pos"];
    let (out, _) = check(&[&["model", "test"], &names[..]].concat(), 0);
    for name in names {
        let begins = format!("{name}: all ");
        assert!(out.lines().any(|line| line.starts_with(&begins) && line.ends_with(" scenarios hold")), "{out}");
    }
}

#[test]
fn a_scenario_that_does_not_hold_is_shown_and_ends_with_code_two() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (shown, _) = check(&["model", "show", "think5"], 0);
    let broken = shown.replacen("after: 2d }", "after: 3d }", 1);
    assert_ne!(shown, broken);
    let file = write(folder.path(), "slow.yaml", &broken);
    let (out, err) = check(&["model", "test", "think5", &file], 2);
    assert!(out.contains(&format!("FAILED  {file}: ")), "{out}");
    assert!(out.contains("think5: all "), "{out}");
    assert!(err.starts_with(&format!("{file}: ")) && err.ends_with(" scenarios do not hold\n"), "{err}");
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_klantreis"))
        .args(["model", "show", "think5"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_demo_follows_its_shop_serves_its_page_and_ends_by_itself() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_klantreis"))
        .args(["demo", "--seconds", "4", "--listen", "127.0.0.1:0"])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines().map(|line| line.expect("UTF-8"));
    let page = lines.find_map(|line| Some(line.strip_prefix("Page:  http://")?.strip_suffix('/')?.to_owned()));
    let page = page.expect("the page's address is printed");
    let mut connection = TcpStream::connect(&page).expect("the page is served");
    connection.write_all(b"GET / HTTP/1.1\r\nhost: demo\r\nconnection: close\r\n\r\n").expect("it listens");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // Until the first transitions are committed there are none; then the metrics are those that a drawing reads.
    let counts = format!("http://{page}/metrics");
    let told = || check(&["model", "graph", "think5", "--counts", &counts], 0).1;
    let told = std::iter::repeat_with(told).find(|told| !told.contains("there is no transition of think5\n"));
    let told = told.expect("there are some in the end");
    assert!(told.lines().all(|line| line.starts_with("counts: transitions of other models are not drawn: ")), "{told}");

    let rest: Vec<String> = lines.collect();
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{rest:?}\n{err}");
    assert_eq!(err, "");
    let last = rest.last().expect("it says how it went");
    assert!(last.starts_with("The shop is closed. In ") && last.contains("; 0 dead letters."), "{last}");
    let figure = |unit: &str| -> u64 {
        let plain = last.replace(',', "");
        let before = plain.split(unit).next().expect("a first part");
        before.rsplit(' ').next().and_then(|word| word.parse().ok()).expect(unit)
    };
    assert!(figure(" events") > 0, "{last}");
    assert!(figure(" transitions") > 0, "{last}");
    assert!(figure(" customers") > 0, "{last}");
}

#[test]
fn the_demo_says_when_its_address_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it has an address").to_string();
    let (_, err) = check(&["demo", "--listen", &address], 2);
    assert!(err.starts_with(&format!("cannot listen on {address}")), "{err}");
}

#[test]
fn warnings_can_be_denied() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = write(folder.path(), "shop.yaml", CONFIG);
    let (out, err) = check(&["check", "-c", &file, "--deny"], 2);
    let warnings = out.lines().filter(|line| line.starts_with("warning: ")).count();
    assert!(warnings > 1 && !out.ends_with("ok\n"), "{out}");
    assert_eq!(err, format!("{warnings} warnings denied; mend what they say, or check without --deny\n"));
    check(&["check", "-c", "deploy/examples/klantreis.yaml", "--deny"], 0);
    let (out, _) = check(&["check", "-c", &file, "--deny=dead-end,untested"], 0);
    assert!(out.contains("[never-fed]") && out.ends_with("\nok\n"), "{out}");
    let (_, err) = check(&["check", "-c", &file, "--deny=dead-end,never-fed"], 2);
    assert_eq!(err, format!("{warnings} warnings denied; mend what they say, or check without --deny\n"));
    let (_, err) = check(&["check", "-c", &file, "--deny=never-wins"], 2);
    assert!(err.contains("always-holds, dead-end, unused"), "{err}");
}

#[test]
fn what_no_scenario_comes_to_is_noted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (shown, _) = check(&["model", "show", "think5"], 0);
    let start = shown.find("  - name: a cart that is left").expect("the scenarios of signals are last");
    let file = write(folder.path(), "own.yaml", &shown[..start]);
    let (out, _) = check(&["model", "test", &file], 0);
    assert!(out.contains("no scenario comes to the signal `cart_abandoned`; add one that does [untested]\n"), "{out}");
    assert!(!out.contains("the transition"), "{out}");
}

#[test]
fn an_experiment_that_no_input_tells_of_is_a_warning() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mapping = "{ customer: who, time: when, kind: purchased, attributes: { shown: variant } }";
    let text = |attribute: &str| {
        format!(
            "application: shop
kafka: {{ brokers: \"127.0.0.1:9092\" }}
inputs: [{{ name: pos, topic: pos, format: mapping, mapping: {mapping} }}]
models: [think5]
variants: {{ attribute: {attribute}, values: [a] }}
"
        )
    };
    let said = |attribute: &str| {
        let file = write(folder.path(), "shop.yaml", &text(attribute));
        check(&["check", "-c", &file], 0).0
    };
    let warning = "shop.yaml:5:24: no input can yield the attribute `showed`, so nobody is shown a variant; say in the `mapping` of one \
                   where it stands, or leave `variants` out [never-fed]";
    assert!(said("showed").contains(warning), "{}", said("showed"));
    assert!(!said("shown").contains("nobody is shown"), "{}", said("shown"));
}
