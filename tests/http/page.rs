//! The live page.

use crate::client::get;
use crate::fake::Window;

const FILES: [(&str, &str); 4] = [
    ("/", "text/html; charset=utf-8"),
    ("/page.css", "text/css; charset=utf-8"),
    ("/page.js", "text/javascript; charset=utf-8"),
    ("/icon.svg", "image/svg+xml"),
];

#[test]
fn the_page_and_its_parts_are_served_with_their_types() {
    let window = Window::open(None);
    for (path, kind) in FILES {
        let answer = get(window.all, path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{path}");
        assert!(answer.body.len() > 100, "{path}");
    }
}

#[test]
fn nothing_comes_from_elsewhere() {
    let window = Window::open(None);
    for (path, _) in FILES {
        // The name of the SVG language is written like an address, and is none.
        let body = get(window.all, path).body.replace("http://www.w3.org/2000/svg", "");
        for outside in ["http://", "https://", "\"//", "'//", "(//", "@import", "url("] {
            assert!(!body.contains(outside), "{path} has {outside}");
        }
    }
}

#[test]
fn nothing_is_inline_that_the_content_policy_forbids() {
    let window = Window::open(None);
    let html = get(window.all, "/").body;
    for inline in [" style=", "<style", " onclick=", " onload=", "javascript:"] {
        assert!(!html.contains(inline), "{inline}");
    }
    assert!(html.matches("<script").count() == html.matches("src=\"page.js\"></script>").count());
}

#[test]
fn every_file_and_every_element_the_page_names_is_there() {
    let window = Window::open(None);
    let html = get(window.all, "/").body;
    for reference in html.split(['"']).filter(|word| word.starts_with("page.") || word.starts_with("icon.")) {
        assert_eq!(get(window.all, &format!("/{reference}")).status, 200, "{reference}");
    }
    let script = get(window.all, "/page.js").body;
    let mut named = 0;
    for id in script.split("$(\"").skip(1).filter_map(|rest| rest.split_once("\")").map(|(id, _)| id)) {
        named += 1;
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(named > 10, "the script names its elements");
}

#[test]
fn the_script_never_writes_data_as_markup() {
    let window = Window::open(None);
    let script = get(window.all, "/page.js").body;
    for risky in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
        assert!(!script.contains(risky), "{risky}");
    }
}
