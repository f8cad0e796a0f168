//! `klantreis explain` asks the interface.

use serde_json::Value;

use crate::client::get;
use crate::fake::Window;
use crate::program::klantreis;

/// The exit code, standard output and standard error of `explain`, asked at a window.
fn explain(window: &Window, arguments: &[&str]) -> (Option<i32>, String, String) {
    let url = format!("http://{}/", window.all);
    let output = klantreis(&[&["explain", "--url", &url], arguments].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr).replace(&url, "SERVICE/"))
}

#[test]
fn people_read_what_is_missing_for_each_way_out() {
    let window = Window::open(None);
    let (exit, out, err) = explain(&window, &["c1"]);
    assert_eq!((exit, err.as_str()), (Some(0), ""));
    assert_eq!(
        out,
        "\
customer c1, shown the variant control

think5: afweging since 2025-01-03T10:00:00.000Z
  → aankoop     interest  an event: product_viewed, if …
  → vertrokken  gone      timer due at 2025-01-03T10:00:00.000Z
  signal cart_abandoned waits until 2025-01-03T11:00:00.000Z

club: new, in no phase yet
  no transition leads out of it
"
    );
    for strange in ["c/1", "zoë & 客户?#%", " "] {
        let (exit, out, _) = explain(&window, &[strange]);
        assert!(exit == Some(0) && out.starts_with(&format!("customer {strange}, shown")), "{strange}: {out}");
    }
}

#[test]
fn json_is_what_the_interface_answers() {
    let window = Window::open(None);
    let (exit, out, _) = explain(&window, &["c1", "--format", "json"]);
    let answer: Value = serde_json::from_str(&out).expect("it is JSON");
    assert_eq!((exit, answer), (Some(0), get(window.all, "/v1/customers/c1/explain").json()));
}

#[test]
fn what_the_service_says_instead_is_passed_on_with_a_code() {
    let window = Window::open(None);
    let check = |customer: &str, exit: i32, said: &str| {
        assert_eq!(explain(&window, &[customer]), (Some(exit), String::new(), format!("{said}\n")));
    };
    check("nobody", 1, "SERVICE/v1/customers/nobody/explain: unknown customer");
    check("restoring", 1, "SERVICE/v1/customers/restoring/explain: partition 1 is being restored");
    check(
        "elsewhere",
        2,
        "SERVICE/v1/customers/elsewhere/explain: partition 3, not here; ask the other processes of this application; \
         /v1/status says which partitions a process has",
    );
}

#[test]
fn a_token_is_shown_from_a_file() {
    let window = Window::open(Some("s3cret"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("token");
    let file = file.to_str().expect("a plain path");
    let (exit, _, err) = explain(&window, &["c1"]);
    assert!(exit == Some(2) && err.contains("http.token_file"), "{err}");
    std::fs::write(file, "s3cret\n").expect("a temporary folder can be written to");
    assert_eq!(explain(&window, &["c1", "--token-file", file]).0, Some(0));
    let (exit, _, err) = explain(&window, &["c1", "--token-file", "nowhere"]);
    assert!(exit == Some(2) && err.starts_with("--token-file nowhere: "), "{err}");
}

#[test]
fn nobody_who_answers_is_told_with_the_address() {
    for url in ["https://127.0.0.1:1", "127.0.0.1:1"] {
        let output = klantreis(&["explain", "c1", "--url", url]);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && err.contains("write http://HOST:PORT"), "{err}");
    }
    let output = klantreis(&["explain", "c1", "--url", "http://127.0.0.1:1"]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.starts_with("http://127.0.0.1:1/v1/customers/c1/explain: "), "{err}");
}
