//! docs/findings.md has a section for each code and no other, and its examples are findings of that code.

use std::path::Path;

use klantreis::journey::{CheckedModel, Code, run_scenarios, untested};

#[path = "support/program.rs"]
mod program;

use program::klantreis;

/// The sections of the page: the code in the heading, the word above it, and the text.
fn sections() -> Vec<(String, String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings.md");
    let page = std::fs::read_to_string(path).expect("the page is there");
    let mut sections = Vec::new();
    for part in page.split("\n## ").skip(1) {
        let (title, rest) = part.split_once('\n').expect("a heading ends");
        for section in rest.split("\n### ").skip(1) {
            let (code, text) = section.split_once('\n').expect("a heading ends");
            sections.push((code.trim_matches('`').to_owned(), title.to_owned(), text.to_owned()));
        }
    }
    sections
}

#[test]
fn every_code_has_its_section_and_its_line_above_and_there_is_no_other() {
    let found: Vec<(String, String)> = sections().into_iter().map(|(code, title, _)| (code, title)).collect();
    let title = |code: Code| if code.is_error() { "Errors" } else { "Warnings" };
    let expected: Vec<_> = Code::ALL.map(|code| (code.word().to_owned(), title(code).to_owned())).into();
    assert_eq!(found, expected);
    let page = include_str!("../docs/findings.md");
    let rows: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| [`")?.split('`').next()).collect();
    assert_eq!(rows, Code::ALL.map(Code::word));
    for code in Code::ALL {
        assert!(page.contains(&format!("| [`{code}`](#{code}) |")), "{code}");
        assert_eq!(code.word().parse(), Ok(code));
    }
}

#[test]
fn the_examples_are_findings_of_their_code_and_of_no_other() {
    for (code, _, text) in sections() {
        let example = text.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next());
        let example = example.unwrap_or_else(|| panic!("{code} has no example"));
        let found: Vec<String> = if example.starts_with("model:") {
            match CheckedModel::parse("shop.yaml", example) {
                Ok(checked) => {
                    let untested = untested(&checked, &run_scenarios(&checked));
                    checked.warnings.iter().chain(&untested).map(|problem| problem.code.to_string()).collect()
                }
                Err(errors) => errors.problems.iter().map(|problem| problem.code.to_string()).collect(),
            }
        } else {
            of_configuration(example)
        };
        // Little is fed by one input, which is no mistake of the example for what nobody hears.
        assert!(found.contains(&code), "{code}: {found:?}");
        assert!(found.iter().all(|other| *other == code || *other == "never-fed"), "{code}: {found:?}");
    }
}

fn of_configuration(text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("shop.yaml");
    std::fs::write(&file, text).expect("a temporary folder can be written to");
    let output = klantreis(&["check", "-c", &file.display().to_string()]);
    let out = String::from_utf8(output.stdout).expect("UTF-8");
    let codes = out.lines().filter(|line| line.starts_with("warning: "));
    codes.filter_map(|line| Some(line.rsplit_once('[')?.1.trim_end_matches(']').to_owned())).collect()
}
