//! The map in ARCHITECTURE.md and the code agree: who may use whom, and that what the map names is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(ROOT).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All Rust files below a folder.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the project can be listed") {
        let path = entry.expect("an entry of a folder can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// Files that exist for tests alone.
fn is_for_tests(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name == "tests.rs" || name.ends_with("_tests.rs") || name == "simulation.rs"
}

/// What a file says outside of its tests and comments.
fn code(path: &Path) -> String {
    let text = read(path);
    let text = text.split("\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The code of a layer, file by file.
fn layer(name: &str) -> Vec<(PathBuf, String)> {
    let source = Path::new(ROOT).join("src");
    let file = source.join(format!("{name}.rs"));
    let files = if file.exists() { vec![file] } else { rust_files(&source.join(name)) };
    files.into_iter().filter(|path| !is_for_tests(path)).map(|path| (path.clone(), code(&path))).collect()
}

/// The layers in the map's table, with those that each may use; `None`: all.
fn allowed() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let map = read("ARCHITECTURE.md");
    let table = map.split("| layer | may use |").nth(1).expect("the map has a table of layers");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let may_use = if cells[2].starts_with("all") { None } else { Some(names(cells[2])) };
        (names(cells[1]).into_iter().next().expect("a row names its layer"), may_use)
    })
    .collect()
}

#[test]
fn every_layer_uses_only_those_it_may() {
    let allowed = allowed();
    let library = read("src/lib.rs");
    let modules: BTreeSet<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(modules, allowed.keys().map(String::as_str).collect(), "the map has a row for every layer and no other");
    for (name, may_use) in &allowed {
        let Some(may_use) = may_use else { continue };
        for (path, code) in layer(name) {
            assert!(!code.contains("crate::{"), "{}: name one layer a line, so that this is seen", path.display());
            for part in code.split("crate::").skip(1) {
                let used: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let fits = used == *name || !modules.contains(used.as_str()) || may_use.contains(&used);
                assert!(fits, "{}: `{name}` may not use `{used}`", path.display());
            }
        }
    }
}

#[test]
fn only_the_kafka_layer_speaks_to_librdkafka_and_only_the_store_keeps_customers() {
    for file in rust_files(&Path::new(ROOT).join("src")) {
        let code = code(&file);
        let place = file.strip_prefix(ROOT).expect("it is below the root").display().to_string();
        let is_kafka = place.starts_with("src/kafka/") || is_for_tests(&file);
        assert!(is_kafka || !code.contains("rdkafka::"), "{place} speaks to librdkafka");
        assert!(place == "src/engine/store.rs" || !code.contains("DashMap"), "{place} uses DashMap");
    }
}

#[test]
fn journey_and_formats_know_no_clock_no_kafka_and_no_thread() {
    let foreign = [
        "SystemTime",
        "Instant::",
        "Timestamp::now",
        "Zoned::now",
        "std::thread",
        "tokio",
        "metrics::",
        "Mutex",
        "RwLock",
        " rand::",
        "env::var",
    ];
    for name in ["journey", "formats"] {
        for (path, code) in layer(name) {
            let found: Vec<_> = foreign.iter().filter(|word| code.contains(**word)).collect();
            assert!(found.is_empty(), "{} has {found:?}", path.display());
        }
    }
}

/// A file longer than this holds more than one thing.
const LINES_MAX: usize = 450;

#[test]
fn files_are_short_and_nothing_is_put_off() {
    for file in ["src", "tests"].iter().flat_map(|folder| rust_files(&Path::new(ROOT).join(folder))) {
        let place = file.strip_prefix(ROOT).expect("it is below the root").display().to_string();
        let text = read(&file);
        // Tests may go on: they are data.
        let lines = code(&file).lines().count();
        assert!(place.starts_with("tests/") || is_for_tests(&file) || lines <= LINES_MAX, "{place}: {lines} lines");
        for word in
            [concat!("#[ign", "ore"), concat!("tod", "o!("), concat!("unimple", "mented!("), concat!("dbg", "!(")]
        {
            assert!(!text.contains(word), "{place} has {word}");
        }
    }
}

#[test]
fn only_commands_print_and_nothing_is_unwrapped() {
    for file in rust_files(&Path::new(ROOT).join("src")) {
        if is_for_tests(&file) {
            continue;
        }
        let place = file.strip_prefix(ROOT).expect("it is below the root").display().to_string();
        let code = code(&file);
        let prints =
            ["src/cli/", "src/replay/", "src/demo/", "src/main.rs"].iter().any(|start| place.starts_with(start));
        let words = ["println!(", "eprintln!(", "print!("];
        assert!(prints || !words.iter().any(|word| code.contains(word)), "{place} prints; write to the log");
        assert!(!code.contains(".unwrap()"), "{place} unwraps; an `expect` states the invariant");
    }
}

#[test]
fn every_test_and_file_the_map_names_is_there() {
    let map = read("ARCHITECTURE.md");
    let mut tests = BTreeSet::new();
    for file in ["src", "tests"].iter().flat_map(|folder| rust_files(&Path::new(ROOT).join(folder))) {
        let text = read(&file);
        tests.extend(
            text.split("fn ")
                .skip(1)
                .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()),
        );
    }
    for word in map.split('`').skip(1).step_by(2) {
        if word.starts_with("src/") || word.starts_with("tests/") {
            assert!(Path::new(ROOT).join(word).exists(), "the map names {word}, which is not there");
        } else if word.matches('_').count() >= 3
            && word.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        {
            assert!(tests.contains(word), "the map names the test {word}, which is not there");
        }
    }
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let mut documents = vec!["README.md".to_owned(), "ARCHITECTURE.md".to_owned(), "CHANGELOG.md".to_owned()];
    for entry in fs::read_dir(Path::new(ROOT).join("docs")).expect("there are documents") {
        let name = entry.expect("an entry of a folder can be read").file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            documents.push(format!("docs/{name}"));
        }
    }
    for document in documents {
        let text = read(&document);
        let folder = Path::new(ROOT).join(&document).parent().expect("a file is in a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            let is_elsewhere = file.contains("://") || file.is_empty();
            assert!(is_elsewhere || folder.join(file).exists(), "{document} links to {link}, which is not there");
        }
    }
}

#[test]
fn the_readme_has_a_row_for_every_key_of_the_configuration() {
    let readme = read("README.md");
    let table = readme.split("| key | type, range |").nth(1).expect("the README has a table of keys");
    let table: String = table.lines().skip(1).take_while(|line| line.starts_with('|')).collect();
    let mut section = String::new();
    for line in read("deploy/examples/klantreis.yaml").lines() {
        let keys = line.trim_start().trim_start_matches("# ").trim_start_matches("- ");
        let Some((key, rest)) = keys.split_once(':') else { continue };
        let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if !is_key || line.starts_with("# `") {
            continue;
        }
        let indented = line.starts_with(' ');
        if !indented {
            section = key.to_owned();
        }
        let inner = rest.trim_start().strip_prefix('{').and_then(|rest| rest.split(':').next()).map(str::trim);
        let named = match (indented, inner) {
            (true, _) if section == "inputs" => format!("`inputs[].{key}`"),
            (true, _) => format!("`{section}.{key}`"),
            (false, Some(inner)) if !inner.is_empty() => format!("`{section}.{inner}`"),
            (false, _) => format!("`{section}"),
        };
        assert!(table.contains(&named), "the table of the README has no {named}");
    }
}
