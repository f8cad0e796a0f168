//! The arguments, and the help that explains them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand};

use super::Exit;
use crate::journey::{Code, Language, Span};
use crate::telemetry::log::LogFormat;

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

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  klantreis replay -c klantreis.yaml --input events.ndjson > transitions.ndjson
  zcat events.ndjson.gz | klantreis replay -c klantreis.yaml --input -
  klantreis replay -c klantreis.yaml --input pos=baskets.csv.gz --input mail=mailings.csv --sort --output out.ndjson

A file that names no input is NDJSON of {\"topic\",\"timestamp\",\"key\",\"value\"}, whose topic picks the input.
A file that names one holds that input's records, one a line: JSON or CSV, told by its name or its first byte.
What is gzipped is unpacked, whatever its name.")]
pub struct ReplayArgs {
    /// The configuration file; what it says about Kafka is not used
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// A file of records, or - for standard input; NAME= says which input it belongs to
    #[arg(short, long, value_name = "[NAME=]FILE", required = true)]
    pub input: Vec<ReplayInput>,
    /// Where transitions go, as NDJSON [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Where signals go, as NDJSON [default: they are only counted]
    #[arg(long, value_name = "FILE")]
    pub signals: Option<PathBuf>,
    /// Where transitions and signals of shadows go, as NDJSON [default: nowhere]
    #[arg(long, value_name = "FILE")]
    pub shadow: Option<PathBuf>,
    /// Where records go that cannot be used, as NDJSON with the reason [default: they are only counted]
    #[arg(long, value_name = "FILE")]
    pub dead_letters: Option<PathBuf>,
    /// How far records may be out of order
    #[arg(long, value_name = "SPAN", default_value = "2s")]
    pub window: Span,
    /// Read everything first and sort it, whatever memory that takes
    #[arg(long, conflicts_with = "window")]
    pub sort: bool,
}

/// Files of records, for commands that look at what a replay comes to.
#[derive(Debug, clap::Args)]
pub struct RecordArgs {
    /// A file of records, or - for standard input; NAME= says which input it belongs to
    #[arg(short, long, value_name = "[NAME=]FILE")]
    pub input: Vec<ReplayInput>,
    /// How far records may be out of order
    #[arg(long, value_name = "SPAN", default_value = "2s")]
    pub window: Span,
    /// Read everything first and sort it, whatever memory that takes
    #[arg(long, conflicts_with = "window")]
    pub sort: bool,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum AnswerFormat {
    /// For people
    Text,
    /// One JSON object
    Json,
}

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  klantreis plan -c new.yaml
  klantreis plan -c new.yaml --against klantreis.yaml --input events.ndjson.gz
  klantreis plan -c new.yaml --against klantreis.yaml --input pos=baskets.csv.gz --sort --format json

Without --input the committed state of the application is read from Kafka, beside the service that runs: who would be
where, what carries on, what would be due at once; code 4 if somebody would be in no phase.
With --input the records are run through both configurations, and customers, transitions and signals are compared.")]
pub struct PlanArgs {
    /// The configuration file as it would be
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// The configuration file as it is
    #[arg(long, value_name = "FILE", requires = "input")]
    pub against: Option<PathBuf>,
    /// See [`RecordArgs`].
    #[command(flatten)]
    pub records: RecordArgs,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: AnswerFormat,
    /// How many customers a row names at most
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub examples: usize,
}

/// Arguments of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  klantreis explain c42 -c klantreis.yaml
  klantreis explain c42 --url http://10.0.0.7:9464 --token-file /run/secrets/klantreis
  klantreis explain 33 -c klantreis.yaml --input pos=baskets.csv.gz --sort --until 2017-04-10T00:00:00Z

The running service is asked where the configuration says that it listens, or at --url. With --input the records are run
through the configuration instead, and the customer is explained as it is at their end, or at --until.")]
pub struct ExplainArgs {
    /// The customer's id, as it is in the records
    #[arg(value_name = "CUSTOMER")]
    pub customer: String,
    /// The configuration file
    #[arg(short, long, value_name = "FILE", required_unless_present = "url")]
    pub config: Option<PathBuf>,
    /// Where the service answers
    #[arg(long, value_name = "URL", conflicts_with = "input")]
    pub url: Option<String>,
    /// The file that holds the service's token [default: what the configuration says]
    #[arg(long, value_name = "FILE", conflicts_with = "input")]
    pub token_file: Option<PathBuf>,
    /// See [`RecordArgs`].
    #[command(flatten)]
    pub records: RecordArgs,
    /// Where the replay ends, a time such as 2025-01-31T00:00:00Z [default: with the last record]
    #[arg(long, value_name = "TIME", requires = "input")]
    pub until: Option<jiff::Timestamp>,
    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: AnswerFormat,
}

/// A file to replay, and the input it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayInput {
    /// The input's name; `None`: each record's topic says it.
    pub name: Option<String>,
    /// The file; `None`: standard input.
    pub file: Option<PathBuf>,
}

impl FromStr for ReplayInput {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A path may well hold a `=`; a name holds no `/`.
        let (name, file) = match text.split_once('=') {
            Some((name, file)) if !name.contains('/') => (Some(name), file),
            _ => (None, text),
        };
        if name == Some("") || file.is_empty() {
            return Err("write FILE, - or NAME=FILE".to_owned());
        }
        Ok(Self { name: name.map(str::to_owned), file: (file != "-").then(|| PathBuf::from(file)) })
    }
}

/// What can be done with models.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// List the models that are built in
    List,
    /// Print a model as YAML
    #[command(after_help = "Examples:\n  klantreis model show think5 > own.yaml")]
    Show {
        /// The name of a built-in model, or a file
        #[arg(value_name = "NAME|FILE")]
        model: String,
    },
    /// Draw a model: as Mermaid, for Graphviz, or as a finished SVG
    Graph(GraphArgs),
    /// Describe a model on a page of Markdown, beside its picture
    #[command(
        after_help = "Examples:\n  klantreis model page ./own.yaml > own.md\n  klantreis model graph ./own.yaml --format svg > own.svg\n\n\
                      The page shows the picture as <model>.svg, in the same folder."
    )]
    Page {
        /// The name of a built-in model, or a file [default: none, and a page that leads to those of the built-in models]
        #[arg(value_name = "NAME|FILE", verbatim_doc_comment)]
        model: Option<String>,
    },
    /// Run the scenarios that models carry
    #[command(after_help = "Examples:\n  klantreis model test think5\n  klantreis model test models/*.yaml")]
    Test {
        /// Names of built-in models, or files
        #[arg(value_name = "NAME|FILE", required = true)]
        models: Vec<String>,
    },
}

/// Arguments of `model graph`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  klantreis model graph think5
  klantreis model graph think5 --format svg > think5.svg
  klantreis model graph think5 --format dot | dot -Tpdf > think5.pdf
  klantreis replay -c klantreis.yaml --input events.ndjson | klantreis model graph think5 --format svg --counts - > think5.svg
  klantreis model graph ./own.yaml --counts http://127.0.0.1:9464/metrics")]
pub struct GraphArgs {
    /// The name of a built-in model, or a file
    #[arg(value_name = "NAME|FILE")]
    pub model: String,
    /// What it is written as
    #[arg(long, default_value = "mermaid", value_name = "FORMAT", value_parser = graph_format())]
    pub format: GraphFormat,
    /// In which language phases are named beside their short names; Mermaid has the short names alone
    #[arg(long, default_value = "en", value_name = "LANGUAGE", value_parser = language())]
    pub language: Language,
    /// Say at each arrow how often it was taken: transitions as `replay` writes them (- is standard input), or the metrics
    /// of a running service, as http://HOST:PORT/metrics
    #[arg(long, value_name = "FILE|URL")]
    pub counts: Option<String>,
    /// A file with the token that the service asks for
    #[arg(long, value_name = "FILE", requires = "counts")]
    pub token_file: Option<PathBuf>,
}

/// What a model is drawn as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphFormat {
    /// A state diagram in Mermaid's language.
    Mermaid,
    /// A graph in Graphviz' language.
    Dot,
    /// A finished picture.
    Svg,
}

fn graph_format() -> impl TypedValueParser<Value = GraphFormat> {
    PossibleValuesParser::new(["mermaid", "dot", "svg"]).map(|name| match name.as_str() {
        "dot" => GraphFormat::Dot,
        "svg" => GraphFormat::Svg,
        _ => GraphFormat::Mermaid,
    })
}

fn language() -> impl TypedValueParser<Value = Language> {
    PossibleValuesParser::new(["nl", "en"]).map(|name| if name == "nl" { Language::Nl } else { Language::En })
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

    #[test]
    fn a_file_to_replay_may_name_its_input() {
        let check = |text: &str, expected: Option<(Option<&str>, Option<&str>)>| {
            let read = text.parse::<ReplayInput>().ok();
            let expected = expected
                .map(|(name, file)| ReplayInput { name: name.map(str::to_owned), file: file.map(PathBuf::from) });
            assert_eq!(read, expected, "{text}");
        };
        check("a.ndjson", Some((None, Some("a.ndjson"))));
        check("-", Some((None, None)));
        check("pos=baskets.csv.gz", Some((Some("pos"), Some("baskets.csv.gz"))));
        check("pos=-", Some((Some("pos"), None)));
        check("./a=b.csv", Some((None, Some("./a=b.csv"))));
        check("pos=/tmp/x=y", Some((Some("pos"), Some("/tmp/x=y"))));
        check("pos=", None);
        check("=a", None);
        check("", None);
    }
}
