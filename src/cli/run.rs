//! Hands each command to the code that does it.

use super::{
    Args, Command, Failure, TopicsCommand, check, demo, detect, explain, model, plan, replay, service, topics, try_out,
};
use crate::telemetry::log;

/// Does what the arguments say.
///
/// # Errors
/// With a message for standard error and the exit code.
pub fn run(args: Args) -> Result<(), Failure> {
    start_log(&args)?;
    if answers_at_once(&args.command) {
        die_of_a_closed_pipe();
    }
    // Not locked: long commands write from threads of their own.
    let out = &mut std::io::stdout();
    match args.command {
        Command::Check(args) => check::run(&args, out),
        Command::Model(command) => model::run(&command, out),
        Command::Run(args) => service::run(&args, out),
        Command::Topics(TopicsCommand::Create(args)) => topics::run(&args.config, true, out),
        Command::Topics(TopicsCommand::Check(args)) => topics::run(&args.config, false, out),
        Command::Replay(args) => replay::run(&args, out),
        Command::Plan(args) => plan::run(&args, out),
        Command::Explain(args) => explain::run(&args, out),
        Command::Detect(args) => detect::run(&args, out),
        Command::Try(args) => try_out::run(&args, out),
        Command::Demo(args) => demo::run(&args),
    }
}

/// The demo draws on the terminal; only what is wrong may come between.
fn start_log(args: &Args) -> Result<(), Failure> {
    let asked = args.log.log_level.is_some() || std::env::var_os(log::LOG_VARIABLE).is_some();
    let quiet = (!asked && matches!(args.command, Command::Demo(_))).then_some("warn");
    Ok(log::init(args.log.log_format, args.log.log_level.as_deref().or(quiet))?)
}

/// Whether a command only prints something, and then ends.
fn answers_at_once(command: &Command) -> bool {
    !matches!(command, Command::Run(_) | Command::Demo(_))
}

/// Lets a reader that went away (`klantreis model show think5 | head -1`) end the process quietly, as it does everywhere
/// else. Not for the service: there a closed connection is an error like any other.
fn die_of_a_closed_pipe() {
    // SAFETY: resetting a signal to its default action touches no memory; no other thread has been started yet.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}
