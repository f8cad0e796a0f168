//! The arguments, and the help that explains them.

mod model;
mod records;
mod trial;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};

use super::Exit;
use crate::journey::Code;
use crate::telemetry::log::LogFormat;

pub use model::{GraphArgs, GraphFormat, ModelCommand};
pub use records::{AnswerFormat, ExplainArgs, PlanArgs, RecordArgs, ReplayArgs, ReplayInput};
pub use trial::{DetectArgs, SampleArgs, TryArgs};

/// Follows every customer of a company through a customer journey, live: Kafka in, phase transitions out, exactly once.
#[derive(Debug, Parser)]
#[command(name = "klantreis", version, max_term_width = 110, after_help = after_help())]
pub struct Args {
    /// How it logs.
    #[command(flatten)]
    pub log: LogArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

fn after_help() -> String {
    format!(
        "Examples:
  klantreis demo                        see it work, without a broker
  klantreis check -c klantreis.yaml     look the configuration and its models over
  klantreis run -c klantreis.yaml       follow the customers

{}",
        Exit::HELP
    )
}

/// How it logs; to standard error, always.
#[derive(Debug, clap::Args)]
pub struct LogArgs {
    /// How log lines are written, for people or as JSON
    #[arg(long, global = true, default_value = "text", value_name = "FORMAT", value_parser = log_format())]
    pub log_format: LogFormat,
    /// What is logged: error, warn, info, debug or trace, or by module, such as `info,klantreis::kafka=debug`
    /// [default: what KLANTREIS_LOG says, else info; demo: warn]
    #[arg(long, global = true, value_name = "LEVEL", verbatim_doc_comment)]
    pub log_level: Option<String>,
}

fn log_format() -> impl TypedValueParser<Value = LogFormat> {
    PossibleValuesParser::new(["text", "json"])
        .map(|name| if name == "json" { LogFormat::Json } else { LogFormat::Text })
}

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Follow the customers: read the inputs from Kafka, write their transitions
    Run(RunArgs),
    /// See it work: a synthetic web shop on a broker inside the process
    Demo(DemoArgs),
    /// Run files through formats and models, without Kafka
    Replay(ReplayArgs),
    /// See what a changed configuration or model would change, without changing anything
    Plan(PlanArgs),
    /// See why a customer is still in its phase: each way out, and what is missing for it
    Explain(ExplainArgs),
    /// Try a format out: what becomes of each record of a file or topic
    Try(TryArgs),
    /// Find out which format a file or topic has, and what to write for it
    Detect(DetectArgs),
    /// Check the configuration and its models, without connecting to anything
    #[command(
        after_help = "Examples:\n  klantreis check -c klantreis.yaml\n  KAFKA=broker:9092 klantreis check -c deploy/examples/job.yaml\n  \
                      klantreis check -c klantreis.yaml --deny\n  klantreis check -c klantreis.yaml --deny=dead-end,never-fed"
    )]
    Check(CheckArgs),
    /// Look at models and test them
    #[command(subcommand)]
    Model(ModelCommand),
    /// Create or check the topics in Kafka
    #[command(subcommand)]
    Topics(TopicsCommand),
}

/// What is checked, and how strictly.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// See [`ConfigArgs`].
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Take warnings for errors: all, or those of these codes, such as --deny=dead-end,never-fed
    #[arg(long, value_name = "CODE", num_args = 0.., require_equals = true, value_delimiter = ',', hide_possible_values = true)]
    #[arg(default_missing_value = "all", value_parser = denied())]
    pub deny: Option<Vec<Denied>>,
}

/// Warnings that are taken for errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// All.
    All,
    /// Those of this code.
    Only(Code),
}

fn denied() -> impl TypedValueParser<Value = Denied> {
    let warnings = Code::ALL.into_iter().filter(|code| !code.is_error()).map(Code::word);
    PossibleValuesParser::new(std::iter::once("all").chain(warnings))
        .map(|word| word.parse().map_or(Denied::All, Denied::Only))
}

/// The configuration file.
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// The configuration file
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  klantreis run -c klantreis.yaml
  klantreis run -c klantreis.yaml --log-format json
  klantreis run -c backfill.yaml --exit-when-caught-up > figures.json")]
pub struct RunArgs {
    /// The configuration file
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// End when all input there is has been handled and committed, and print one JSON line of figures
    #[arg(long)]
    pub exit_when_caught_up: bool,
    /// Go on where the state says, though the consumer group's offsets differ or have expired
    #[arg(long)]
    pub adopt_state: bool,
}

/// Arguments of `demo`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  klantreis demo
  klantreis demo --seconds 30 --rate 2000
  klantreis demo --listen 127.0.0.1:8080 --customers 50000

All of it is one process: a mock of a broker, a shop that makes up its customers, and the service.
Nothing is kept: the mock cannot restore state, so when the demo ends everything is gone.")]
pub struct DemoArgs {
    /// End after this many seconds [default: on Ctrl-C]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: Option<u64>,
    /// Where the page is served [default: 127.0.0.1:9464, or a free port if that is taken]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// About how many events a second
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub rate: u32,
    /// How many customers the shop has
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub customers: u32,
    /// Another seed makes other customers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
}

/// What can be done with topics.
#[derive(Debug, Subcommand)]
pub enum TopicsCommand {
    /// Create the topics that are written and not there yet
    #[command(after_help = "Examples:\n  klantreis topics create -c klantreis.yaml")]
    Create(ConfigArgs),
    /// Check partitions and settings of all topics
    #[command(after_help = "Examples:\n  klantreis topics check -c klantreis.yaml")]
    Check(ConfigArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        Args::command().debug_assert();
    }
}
