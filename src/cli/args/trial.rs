//! Arguments of the commands that look at records of which nothing is known yet: `try`, `detect`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use crate::config::SchemaRegistryConfig;
use crate::formats::{BUILT_WITHOUT_REGISTRY, FORMATS, TimeSource, Wrapper};

/// Where records come from: files, or a topic.
#[derive(Debug, clap::Args)]
pub struct SampleArgs {
    /// Files of records, folders of them, or - for standard input
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// A topic to read instead, in no group and without committing; of files whose lines name their topics, only those lines
    #[arg(long, value_name = "TOPIC")]
    pub topic: Option<String>,
    /// Where the topic is [default: what the configuration says]
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "config")]
    pub brokers: Option<String>,
    /// Where the schemas of records in Avro or Protobuf are [default: what the configuration says]
    #[arg(long, value_name = "URL", value_parser = registry)]
    pub schema_registry: Option<SchemaRegistryConfig>,
    /// The configuration file: says how the brokers are reached, and unless a format is named, what the input is
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Read so many records before the end of the topic [default: 100; detect: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000), conflicts_with = "files")]
    pub last: Option<u64>,
    /// Read the topic from its beginning, to the end it has now
    #[arg(long, conflicts_with_all = ["last", "files"])]
    pub from_beginning: bool,
    /// Read at most so many records [default: all; detect: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
}

/// Arguments of `try`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  klantreis try --format segment events.ndjson
  klantreis try --format ga4 --customer user_id,anonymous_id --summary export.json.gz
  klantreis try --mapping mapping.yaml baskets.csv
  klantreis try --format shopify --topic shop.webhooks --brokers 127.0.0.1:9092 --last 20
  klantreis try -c klantreis.yaml --input clicks
  klantreis try --mapping orders.yaml --topic orders --brokers 127.0.0.1:9092 --schema-registry http://127.0.0.1:8081
  kcat -C -b 127.0.0.1:9092 -t clicks -e | klantreis try --format segment --json - > events.ndjson

A file is NDJSON, JSON documents, rows of CSV, tab-separated lines, forms a line, XML, or lines of
{\"topic\",\"timestamp\",\"key\",\"value\",\"headers\"}, told by its name and its first bytes; what is gzipped is unpacked.
Code 0 if every record could be read, 1 if one was rejected or there was none.")]
pub struct TryArgs {
    /// See [`SampleArgs`].
    #[command(flatten)]
    pub samples: SampleArgs,
    /// The format of the records
    #[arg(long, value_name = "FORMAT", value_parser = formats(), hide_possible_values = true)]
    pub format: Option<String>,
    /// A file with a mapping, or with an input as `detect` proposes it
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub mapping: Option<PathBuf>,
    /// The input of the configuration, or of the file of --mapping [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub input: Option<String>,
    /// The types of identifiers that make the customer, in order of preference
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub customer: Vec<String>,
    /// The zone of times that are written without one, such as Europe/Amsterdam
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// What is around the records: sns, cloudevents, registry, avro, protobuf, debezium, form=FIELD or text=/PLACE
    #[arg(long, value_name = "WRAPPER", value_delimiter = ',', value_parser = wrapper)]
    pub unwrap: Vec<Wrapper>,
    /// Whose time counts, the event's or the record's [default: event]
    #[arg(long, value_name = "WHOSE", value_parser = time_source())]
    pub time: Option<TimeSource>,
    /// Write events as NDJSON, and the summary to standard error
    #[arg(long)]
    pub json: bool,
    /// Only the summary
    #[arg(long, conflicts_with = "json")]
    pub summary: bool,
}

/// Arguments of `detect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  klantreis detect events.ndjson.gz > input.yaml
  klantreis detect exports/
  klantreis detect --topic shop.webhooks --brokers 127.0.0.1:9092
  klantreis detect -c klantreis.yaml --topic shop.webhooks
  klantreis detect --topic orders --brokers 127.0.0.1:9092 --schema-registry http://127.0.0.1:8081

What is printed are `inputs` for a configuration, with the reasons as comments; `klantreis try --mapping` takes them, too.
Code 0 if a format or a mapping could be proposed, 1 if nothing could be read.")]
pub struct DetectArgs {
    /// See [`SampleArgs`].
    #[command(flatten)]
    pub samples: SampleArgs,
    /// The zone of times that are written without one, such as Europe/Amsterdam
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
}

fn formats() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(FORMATS.iter().map(|format| format.name))
}

fn time_source() -> impl TypedValueParser<Value = TimeSource> {
    PossibleValuesParser::new(["event", "record"])
        .map(|word| if word == "record" { TimeSource::Record } else { TimeSource::Event })
}

/// Reads where a registry is, if it can be asked at all.
fn registry(text: &str) -> Result<SchemaRegistryConfig, String> {
    if cfg!(not(feature = "registry")) {
        return Err(format!("no registry is asked by {}", BUILT_WITHOUT_REGISTRY));
    }
    SchemaRegistryConfig::at(text)
}

/// Reads a wrapper as it is written in a configuration, but with `=` in the place of a mapping.
fn wrapper(text: &str) -> Result<Wrapper, String> {
    match text.split_once('=') {
        Some(("form", field)) if !field.is_empty() => Ok(Wrapper::Form(field.to_owned())),
        Some(("text", place)) if !place.is_empty() => Ok(Wrapper::Text(place.to_owned())),
        Some(_) => Err("write form=FIELD or text=/PLACE".to_owned()),
        None => Wrapper::deserialize(IntoDeserializer::<Error>::into_deserializer(text)).map_err(|error| {
            let error = error.to_string();
            let what = error.split(';').next().unwrap_or(&error);
            format!("{what}; write sns, cloudevents, registry, avro, protobuf, debezium, form=FIELD or text=/PLACE")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapper_is_written_in_one_word() {
        let check = |text: &str, expected: Result<Wrapper, &str>| match (wrapper(text), expected) {
            (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{text}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
            (read, _) => panic!("{text}: {read:?}"),
        };
        check("sns", Ok(Wrapper::Sns));
        check("debezium", Ok(Wrapper::Debezium));
        check("form=payload", Ok(Wrapper::Form("payload".into())));
        check("text=/a/b", Ok(Wrapper::Text("/a/b".into())));
        check("avro=x", Err("form=FIELD"));
        check("form=", Err("form=FIELD"));
        check("snss", Err("there is no wrapper `snss`; write sns"));
    }
}
