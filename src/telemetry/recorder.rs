//! A recorder that knows the catalog: the only place where series are made.

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::catalog::{self, Kind, Metric};

const METADATA: Metadata<'static> = Metadata::new("klantreis", Level::INFO, None);

/// A set of series, local to its owner: nothing is global, so several can live side by side.
pub(super) struct Series {
    recorder: PrometheusRecorder,
}

impl Series {
    /// No series yet, but every metric described and every histogram with its own buckets (without buckets the exporter
    /// would make summaries of them).
    pub(super) fn new() -> Self {
        let mut builder = PrometheusBuilder::new();
        for metric in catalog::ALL {
            if let Kind::Histogram(bounds) = metric.kind {
                builder = builder
                    .set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)
                    .expect("every histogram of the catalog has bounds");
            }
        }
        let recorder = builder.build_recorder();
        for metric in catalog::ALL {
            let name = KeyName::from_const_str(metric.name);
            match metric.kind {
                Kind::Counter | Kind::SecondsCounter => recorder.describe_counter(name, None, metric.help.into()),
                Kind::Gauge => recorder.describe_gauge(name, None, metric.help.into()),
                Kind::Histogram(_) => recorder.describe_histogram(name, None, metric.help.into()),
            }
        }
        Self { recorder }
    }

    /// The exporter's own handle, for rendering and upkeep.
    pub(super) fn handle(&self) -> PrometheusHandle {
        self.recorder.handle()
    }

    /// A counter with these label values, in the order of the metric's labels. It shows from now on, at zero.
    pub(super) fn counter(&self, metric: &Metric, values: &[&str]) -> Counter {
        debug_assert_eq!(metric.kind, Kind::Counter, "{}", metric.name);
        self.recorder.register_counter(&key(metric, values), &METADATA)
    }

    /// A gauge with these label values.
    pub(super) fn gauge(&self, metric: &Metric, values: &[&str]) -> Gauge {
        debug_assert_eq!(metric.kind, Kind::Gauge, "{}", metric.name);
        self.recorder.register_gauge(&key(metric, values), &METADATA)
    }

    /// A histogram with these label values.
    pub(super) fn histogram(&self, metric: &Metric, values: &[&str]) -> Histogram {
        debug_assert!(matches!(metric.kind, Kind::Histogram(_)), "{}", metric.name);
        self.recorder.register_histogram(&key(metric, values), &METADATA)
    }
}

fn key(metric: &Metric, values: &[&str]) -> Key {
    debug_assert_eq!(metric.labels.len(), values.len(), "{}", metric.name);
    let labels: Vec<Label> =
        metric.labels.iter().zip(values).map(|(label, value)| Label::new(*label, (*value).to_owned())).collect();
    Key::from_parts(metric.name, labels)
}
