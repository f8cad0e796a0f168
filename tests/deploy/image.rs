//! The Dockerfile, read as instructions and held to the rules of the house.

use std::path::{Component, Path};

use crate::files::{path, text};

const FILE: &str = "deploy/Dockerfile";

/// One instruction: its name, and the rest with continued lines joined.
struct Instruction {
    name: String,
    rest: String,
}

fn instructions() -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut open = String::new();
    for line in text(FILE).lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty()) {
        match line.trim_end().strip_suffix('\\') {
            Some(part) => open.push_str(part),
            None => {
                open.push_str(line);
                let (name, rest) = open.trim().split_once(char::is_whitespace).expect("an instruction has arguments");
                found.push(Instruction { name: name.to_owned(), rest: rest.trim().to_owned() });
                open.clear();
            }
        }
    }
    assert!(open.is_empty(), "the last instruction is not finished");
    found
}

fn last<'a>(all: &'a [Instruction], name: &str) -> &'a str {
    &all.iter().rfind(|i| i.name == name).unwrap_or_else(|| panic!("no {name}")).rest
}

/// The instructions of the final stage.
fn final_stage() -> Vec<Instruction> {
    let all = instructions();
    let begin = all.iter().rposition(|i| i.name == "FROM").expect("a stage");
    all.into_iter().skip(begin).collect()
}

/// What `COPY` takes from the build's context, without what comes from another stage.
fn copied() -> Vec<String> {
    let copies = instructions().into_iter().filter(|i| i.name == "COPY" && !i.rest.contains("--from="));
    let words = copies.flat_map(|copy| {
        let mut words: Vec<String> =
            copy.rest.split_whitespace().filter(|word| !word.starts_with("--")).map(str::to_owned).collect();
        words.pop().expect("a COPY has a destination");
        words
    });
    words.collect()
}

#[test]
fn instructions_are_known_and_base_images_are_pinned_by_tag() {
    const KNOWN: [&str; 11] =
        ["FROM", "WORKDIR", "ENV", "COPY", "RUN", "ARG", "LABEL", "USER", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT"];
    for instruction in instructions() {
        let Instruction { name, rest } = instruction;
        assert!(KNOWN.contains(&name.as_str()) || name == "CMD", "{name}");
        if name == "FROM" {
            let image = rest.split_whitespace().next().expect("FROM names an image");
            let (_, tag) = image.rsplit_once(':').unwrap_or_else(|| panic!("{image} has no tag"));
            assert_ne!(tag, "latest", "{image}");
        }
    }
}

#[test]
fn the_builder_has_the_rust_version_that_the_manifest_asks_for() {
    let first = instructions().into_iter().find(|i| i.name == "FROM").expect("a stage").rest;
    let wanted = env!("CARGO_PKG_RUST_VERSION");
    assert!(first.starts_with(&format!("rust:{wanted}-")), "{first}, and Cargo.toml asks for {wanted}");
}

#[test]
fn the_final_image_is_distroless_and_does_not_run_as_root() {
    let stage = final_stage();
    assert!(stage[0].rest.starts_with("gcr.io/distroless/cc-debian12:nonroot"), "{}", stage[0].rest);
    let (user, _) = last(&stage, "USER").split_once(':').expect("user and group");
    assert!(user.parse::<u32>().is_ok_and(|id| id != 0), "{user}: by number, and not root");
    assert!(stage.iter().all(|i| i.name != "RUN"), "there is no shell to run anything");
}

#[test]
fn the_entry_point_and_command_are_lists_because_there_is_no_shell() {
    let stage = final_stage();
    let list = |name| -> Vec<String> { serde_json::from_str(last(&stage, name)).expect("a list in JSON") };
    assert_eq!(list("ENTRYPOINT"), ["/usr/local/bin/klantreis"]);
    assert_eq!(list("CMD"), ["run", "-c", "/etc/klantreis/klantreis.yaml"]);
    assert_eq!(last(&stage, "EXPOSE"), "9464 9465");
    assert_eq!(last(&stage, "ARG"), concat!("VERSION=", env!("CARGO_PKG_VERSION")));
}

#[test]
fn everything_that_is_copied_is_there_and_in_the_context() {
    let ignore = text(".dockerignore");
    assert!(ignore.lines().any(|line| line == "*"), "everything is left out unless it is named");
    for source in copied() {
        assert!(path(&source).exists(), "{source} is not there");
        assert!(ignore.lines().any(|line| line == format!("!{source}")), "{source} is left out by .dockerignore");
    }
}

#[test]
fn everything_that_the_build_includes_is_copied() {
    let copied = copied();
    for file in sources(&path("src")) {
        let code = std::fs::read_to_string(&file).expect("a source file is text");
        for macro_name in ["include_str!(\"", "include_bytes!(\""] {
            for (at, _) in code.match_indices(macro_name) {
                let rest = &code[at + macro_name.len()..];
                let (included, _) = rest.split_once('"').expect("a string ends");
                let target = normal(&file.parent().expect("a file is in a folder").join(included));
                let within = copied.iter().any(|source| target.starts_with(normal(&path(source))));
                assert!(within, "{} includes {included}, which the image's build does not have", file.display());
            }
        }
    }
}

#[test]
fn the_manifest_of_the_image_builds_without_tests_and_benches() {
    let run = instructions().into_iter().find(|i| i.name == "RUN").expect("a step that builds").rest;
    let (_, script) = run.split_once("awk '").expect("awk drops sections of the manifest");
    let (script, _) = script.split_once('\'').expect("the script ends");
    let output = std::process::Command::new("awk")
        .args([script, "Cargo.toml"])
        .current_dir(path("."))
        .output()
        .expect("awk runs wherever a C compiler does");
    let kept = String::from_utf8(output.stdout).expect("text");
    let original = text("Cargo.toml");
    for section in original.lines().filter(|line| line.starts_with('[')) {
        let dropped = section == "[[test]]" || section == "[[bench]]";
        assert_eq!(!kept.lines().any(|line| line == section), dropped, "{section}");
    }
    assert!(original.contains("[[test]]"), "else the check checks nothing");
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The path without `.` and `..`, also if it does not exist.
fn normal(path: &Path) -> std::path::PathBuf {
    let mut normal = std::path::PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}
