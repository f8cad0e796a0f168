//! klantreis: parse the arguments, do what they say, end with the code that says how it went.

use std::process::ExitCode;

use clap::Parser;
use klantreis::cli::{self, Args};

/// Also librdkafka's allocator: the `override` feature replaces the one of C.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit.into()
        }
    }
}
