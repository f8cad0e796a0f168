//! `klantreis demo`.

use super::{DemoArgs, Exit, Failure};
use crate::demo::{self, DemoError, DemoSettings};

/// Shows the demo.
///
/// # Errors
/// If a part of it fails.
pub fn run(args: &DemoArgs) -> Result<(), Failure> {
    let DemoArgs { seconds, listen, rate, customers, seed } = *args;
    demo::run(&DemoSettings { seconds, listen, rate, customers, seed }).map_err(|error| match error {
        DemoError::Service(error) => error.into(),
        other => Failure::new(Exit::Failure, other.to_string()),
    })
}
