//! The program under test, run from outside. Tests that need nothing else of the support name this file alone, by its path.
// Each test uses a part of this.
#![allow(dead_code)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs the program to its end, in the project's folder and with nothing in its environment that could change what it says.
pub fn klantreis(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_klantreis"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// How a run ended.
pub struct Ended {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

/// The same with something on its standard input; it must end by itself, and write text.
pub fn klantreis_with(arguments: &[&str], stdin: &[u8]) -> Ended {
    let mut process = Command::new(env!("CARGO_BIN_EXE_klantreis"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = process.stdin.take().expect("it was asked for");
    let stdin = stdin.to_vec();
    // A process that ends early does not read its input; what it says is checked instead.
    let feeder = std::thread::spawn(move || input.write_all(&stdin).is_ok());
    let output = process.wait_with_output().expect("it ends");
    feeder.join().expect("the feeder ends");
    let text = |bytes| String::from_utf8(bytes).expect("what is written is text");
    Ended {
        exit: output.status.code().expect("it ended by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}
