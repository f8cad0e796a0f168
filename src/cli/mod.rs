//! The command line: what can be asked for, how it is logged, and what the process answers with when it ends.
//!
//! Owns arguments, exit codes and the short commands that need no engine (`check`, `model`). Its invariant: what goes to
//! standard output is the answer, everything else goes to standard error, so that output can always be piped on.
//!
//! Not here: what the long commands do; they are one call each.

mod args;
mod check;
mod counts;
mod demo;
mod detect;
mod exit;
mod explain;
mod fetch;
mod findings;
mod graph;
mod model;
mod plan;
mod replay;
mod run;
mod samples;
mod service;
mod topics;
mod try_out;

pub use args::{
    AnswerFormat, Args, Command, DemoArgs, DetectArgs, ExplainArgs, GraphArgs, GraphFormat, LogArgs, ModelCommand,
    PlanArgs, RecordArgs, ReplayArgs, ReplayInput, RunArgs, SampleArgs, TopicsCommand, TryArgs,
};
pub use exit::{Exit, Failure};
pub use run::run;
