//! The program under test, run from outside. Tests that need nothing else of the support name this file alone, by its path.

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
