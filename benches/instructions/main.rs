//! How many instructions each step of an event takes, compared with the counts on record: `make bench-instructions`.
//!
//! Time says little on a machine that others use, too; instructions are the same from run to run. This program starts itself
//! once for each step under Valgrind, which counts, and fails if a step is not what `recorded.tsv` says. Valgrind's processor
//! has AVX2 and no AVX-512, so the counts are those of the code for AVX2.
#![allow(missing_docs)]

#[path = "../load/mod.rs"]
mod load;

mod record;
mod steps;

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

use anyhow::{Context as _, bail, ensure};
use record::{Count, Record};
use steps::STEPS;

/// The allocator of the service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions/recorded.tsv");

fn main() -> ExitCode {
    let Err(error) = run() else { return ExitCode::SUCCESS };
    // Without a backtrace, wherever it is run: what is wrong is told by the text.
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

fn run() -> anyhow::Result<()> {
    // What `cargo bench` says to every benchmark is of no interest.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [] => guard(),
        ["--record"] => write_record(),
        ["--step", name] => {
            let (_, step) = STEPS.iter().find(|(other, _)| *other == name).context("no step is called so")?;
            println!("{}", step());
            Ok(())
        }
        _ => bail!("neither nothing, --record, nor --step NAME: {arguments:?}"),
    }
}

fn guard() -> anyhow::Result<()> {
    record::check_compare()?;
    let record = read_record()?;
    let counts = counts()?;
    print_table(&counts, Some(&record));
    let compiler = compiler()?;
    if compiler != record.compiler {
        println!("\nThe record was made with another compiler, {}; this is {compiler}.", record.compiler);
    }
    let wrong = record::compare(&counts, &record);
    ensure!(wrong.is_empty(), "not what is on record:\n{}", wrong.join("\n"));
    Ok(())
}

fn write_record() -> anyhow::Result<()> {
    record::check_compare()?;
    let counts = counts()?;
    print_table(&counts, read_record().ok().as_ref());
    std::fs::write(RECORD, Record { compiler: compiler()?, counts }.write())
        .with_context(|| format!("writing {RECORD}"))
}

fn read_record() -> anyhow::Result<Record> {
    let text = std::fs::read_to_string(RECORD).with_context(|| format!("reading {RECORD}"))?;
    Record::parse(&text).with_context(|| format!("{RECORD} is no record"))
}

fn print_table(counts: &[Count], record: Option<&Record>) {
    println!("| step | instructions per operation | on record | difference |");
    println!("|---|--:|--:|--:|");
    for (name, count) in counts {
        match record.and_then(|record| record.of(name)) {
            Some(recorded) => {
                // The record has one decimal, so what differs after it is no difference: plus zero, never minus.
                let percent = (record::difference(*count, recorded) * 10.0).round() / 10.0 + 0.0;
                println!("| {name} | {count:.1} | {recorded:.1} | {percent:+.1} % |");
            }
            None => println!("| {name} | {count:.1} | | |"),
        }
    }
}

fn counts() -> anyhow::Result<Vec<Count>> {
    let folder = tempfile::tempdir().context("a folder for Valgrind's files")?;
    let count = |name| count(name, folder.path()).with_context(|| format!("counting the instructions of {name}"));
    STEPS.iter().map(|(name, _)| Ok(((*name).to_owned(), count(name)?))).collect()
}

/// Instructions per operation of a step.
fn count(name: &str, folder: &Path) -> anyhow::Result<f64> {
    let file = folder.join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured"])
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(std::env::current_exe().context("finding this program")?)
        .args(["--step", name]);
    let operations: u64 = said(&mut valgrind, "apt-get install valgrind")?.parse().context("how many operations")?;
    let text = std::fs::read_to_string(&file).context("what Valgrind has counted")?;
    std::fs::remove_file(&file).context("taking away what Valgrind has counted")?;
    let total = |mark| text.lines().find_map(|line| line.strip_prefix(mark));
    let total = total("totals:").or_else(|| total("summary:")).context("Valgrind's file holds no sum")?;
    let total: u64 = total.trim().parse().with_context(|| format!("the sum of Valgrind's file: {total:?}"))?;
    ensure!(total > 0 && operations > 0, "{total} instructions for {operations} operations: nothing was counted");
    Ok(total as f64 / operations as f64)
}

fn compiler() -> anyhow::Result<String> {
    let name = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    said(Command::new(name).arg("--version"), "see https://rustup.rs")
}

/// What a program prints; `missing` says where it can be had.
fn said(command: &mut Command, missing: &str) -> anyhow::Result<String> {
    let Output { status, stdout, stderr } = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow::anyhow!("{:?} is not installed here: {missing}", command.get_program()),
        _ => anyhow::Error::new(error).context(format!("starting {:?}", command.get_program())),
    })?;
    ensure!(status.success(), "{:?}: {status}\n{}", command.get_program(), String::from_utf8_lossy(&stderr).trim());
    Ok(String::from_utf8(stdout).context("what was printed is no text")?.trim().to_owned())
}
