//! Arguments of `model`.

use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::journey::Language;

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
