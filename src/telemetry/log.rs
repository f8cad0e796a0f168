//! The log: lines on standard error, for people or as JSON, from a level on.

use std::env;
use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// The environment variable that sets the level if the command line does not.
pub const LOG_VARIABLE: &str = "KLANTREIS_LOG";

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The level or filter makes no sense.
    #[error(
        "log level {given:?} cannot be understood ({why}); write error, warn, info, debug or trace, or levels by part such as \
         info,klantreis::kafka=debug"
    )]
    Level {
        /// What was given.
        given: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is one already.
    #[error("the log is set up already")]
    Twice,
}

/// Begins to log to standard error. `level` is what the command line says; without it [`LOG_VARIABLE`] counts, and
/// without that `info`. `debug` and `trace` alone mean this project's own lines; libraries' lines are had by name.
pub fn init(format: LogFormat, level: Option<&str>) -> Result<(), LogError> {
    let from_environment = env::var(LOG_VARIABLE).ok().filter(|text| !text.trim().is_empty());
    let level = level.or(from_environment.as_deref()).unwrap_or("info");
    let colour = io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    subscriber(format, level, colour, io::stderr)?.try_init().map_err(|_| LogError::Twice)
}

fn subscriber<W>(
    format: LogFormat,
    level: &str,
    colour: bool,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = filter(level)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match format {
        LogFormat::Text => Box::new(lines.with_ansi(colour).finish()),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_current_span(false).finish()),
    })
}

fn filter(level: &str) -> Result<EnvFilter, LogError> {
    let wanted = level.trim().to_ascii_lowercase();
    let directives = match wanted.as_str() {
        "off" | "error" | "warn" | "info" => wanted.clone(),
        "debug" | "trace" => format!("info,klantreis={wanted}"),
        // A lone word would be taken for the name of a part, and a slip such as `inof` would silence everything.
        word if !word.contains(['=', ',', '[']) => return Err(misread(level, "there is no such level")),
        _ => level.trim().to_owned(),
    };
    EnvFilter::builder().parse(directives).map_err(|error| misread(level, &error.to_string()))
}

fn misread(given: &str, why: &str) -> LogError {
    LogError::Level { given: given.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, level: &str) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(format, level, false, move || writer.clone()).expect("the level is fine");
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(target: "klantreis::engine", partition = 3, "restored");
            tracing::debug!(target: "klantreis::engine", "ours in detail");
            tracing::debug!(target: "somebody_else", "theirs in detail");
        });
        let bytes = lines.0.lock().expect("nobody panicked").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn json_is_one_object_a_line_with_the_fields_at_the_top() {
        let text = logged(LogFormat::Json, "info");
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "restored");
        assert_eq!(line["partition"], 3);
    }

    #[test]
    fn a_lone_debug_opens_only_our_own_lines() {
        let text = logged(LogFormat::Text, "DEBUG");
        assert!(text.contains("ours in detail") && !text.contains("theirs"), "{text}");
    }

    #[test]
    fn a_lone_warn_closes_what_is_below() {
        assert_eq!(logged(LogFormat::Text, "warn"), "");
    }

    #[test]
    fn parts_have_levels_of_their_own() {
        let text = logged(LogFormat::Text, "warn,somebody_else=debug");
        assert!(text.contains("theirs") && !text.contains("ours"), "{text}");
    }

    #[test]
    fn a_slip_is_told_with_what_to_write_instead() {
        for slip in ["inof", "klantreis=loud", ""] {
            let error = subscriber(LogFormat::Text, slip, false, io::sink).err().expect("a slip").to_string();
            assert!(error.contains(&format!("{slip:?}")) && error.contains("write error, warn, info"), "{error}");
        }
    }
}
