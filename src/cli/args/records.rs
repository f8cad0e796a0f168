//! Arguments of the commands that read records from files: `replay`, `plan`, `explain`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::journey::Span;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  klantreis replay -c klantreis.yaml --input events.ndjson > transitions.ndjson
  zcat events.ndjson.gz | klantreis replay -c klantreis.yaml --input -
  klantreis replay -c klantreis.yaml --input pos=baskets.csv.gz --input mail=mailings.csv --sort --output out.ndjson

A file that names no input is NDJSON of {\"topic\",\"timestamp\",\"key\",\"value\"}, whose topic picks the input; a value that
is no text stands in \"value_hex\", two digits a byte. Schemas of Avro and Protobuf come from the configuration's registry.
A file that names one holds that input's records: one a line, rows of CSV, JSON documents, or one document such as XML;
told by its name and its first bytes. What is gzipped is unpacked, whatever its name.")]
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

#[cfg(test)]
mod tests {
    use super::*;

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
