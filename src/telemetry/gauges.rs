//! How things stand at the moment of a scrape. Nothing is remembered from one scrape to the next.

use super::catalog::{self, Metric, NEW};
use super::recorder::Series;
use super::{Facts, Names};
use crate::engine::view::{Overview, PartitionView};
use crate::process;

/// All gauges in Prometheus' text format; `now` in epoch milliseconds.
pub(super) fn render(names: &Names, facts: &Facts, overview: &Overview, now: i64) -> String {
    let series = Series::new();
    set_process(&series, facts, overview);
    set_customers(&series, names, &overview.partitions);
    set_shadows(&series, names, &overview.partitions);
    if let Some(ingest) = &overview.ingest {
        series.gauge(&catalog::INGEST_LEAD, &[]).set(f64::from(u8::from(ingest.leads == Some(true))));
    }
    for place in overview.ingest.iter().flat_map(|ingest| &ingest.places) {
        if let (Some(records), Some(input)) = (place.lag, names.inputs.get(place.input)) {
            series.gauge(&catalog::LAG, &[input, &place.partition.to_string()]).set(records as f64);
        }
    }
    for partition in &overview.partitions {
        set_partition(&series, names, partition, now);
    }
    set_waits(&series, names, overview, now);
    series.handle().render()
}

fn set_process(series: &Series, facts: &Facts, overview: &Overview) {
    let set = |metric: &Metric, value: f64| series.gauge(metric, &[]).set(value);
    let partitions = &overview.partitions;
    series.gauge(&catalog::BUILD_INFO, &[&facts.version, &facts.guarantee]).set(1.0);
    set(&catalog::READY, f64::from(u8::from(overview.ready)));
    set(&catalog::STORE_CUSTOMERS, partitions.iter().map(|p| p.customers).sum::<u64>() as f64);
    set(&catalog::STORE_BYTES, partitions.iter().map(|p| p.bytes).sum::<u64>() as f64);
    if let Some(bytes) = process::resident_bytes() {
        set(&catalog::PROCESS_RESIDENT, bytes as f64);
    }
    if let Some(bytes) = facts.memory_limit {
        set(&catalog::MEMORY_LIMIT, bytes as f64);
    }
    let restoring = partitions.iter().filter(|p| p.restoring.is_some()).count();
    series.gauge(&catalog::PARTITIONS, &["restoring"]).set(restoring as f64);
    series.gauge(&catalog::PARTITIONS, &["ready"]).set((partitions.len() - restoring) as f64);
}

fn set_customers(series: &Series, names: &Names, partitions: &[PartitionView]) {
    for (model, names) in names.models.iter().enumerate() {
        let in_phase =
            |phase: usize| -> u64 { partitions.iter().filter_map(|p| p.phases.get(model)?.get(phase)).sum() };
        for (index, phase) in names.phases.iter().map(String::as_str).chain([NEW]).enumerate() {
            series.gauge(&catalog::CUSTOMERS, &[&names.name, phase]).set(in_phase(index) as f64);
        }
    }
}

fn set_shadows(series: &Series, names: &Names, partitions: &[PartitionView]) {
    for (index, pair) in names.pairs.iter().enumerate() {
        let [beside, shadow] = [pair.beside, pair.shadow].map(|model| &names.models[usize::from(model)]);
        let mut cell = 0;
        for phase in beside.phases.iter().map(String::as_str).chain([NEW]) {
            for shadow_phase in shadow.phases.iter().map(String::as_str).chain([NEW]) {
                let count: u64 = partitions.iter().filter_map(|p| p.pairs.get(index)?.get(cell)).sum();
                cell += 1;
                let labels = [shadow.name.as_str(), beside.name.as_str(), phase, shadow_phase];
                series.gauge(&catalog::SHADOW_CUSTOMERS, &labels).set(count as f64);
            }
        }
    }
}

fn set_waits(series: &Series, names: &Names, overview: &Overview, now: i64) {
    for (index, input) in names.inputs.iter().enumerate() {
        let of_input = overview.waiting_records().filter(|record| record.input == index);
        let longest = of_input.map(|record| now.saturating_sub(record.since)).max().unwrap_or(0).max(0);
        series.gauge(&catalog::SCHEMA_WAIT, &[input]).set(longest as f64 / 1e3);
    }
}

fn set_partition(series: &Series, names: &Names, view: &PartitionView, now: i64) {
    let partition = view.partition.to_string();
    series.gauge(&catalog::RESTORE_PROGRESS, &[&partition]).set(view.restoring.unwrap_or(1.0));
    if let Some(watermark) = view.watermark {
        series.gauge(&catalog::WATERMARK, &[&partition]).set(watermark as f64 / 1e3);
        series.gauge(&catalog::WATERMARK_DELAY, &[&partition]).set(now.saturating_sub(watermark) as f64 / 1e3);
    }
    for (input, lag) in names.inputs.iter().skip(names.reads_from).zip(&view.lag) {
        if let Some(records) = *lag {
            series.gauge(&catalog::LAG, &[input, &partition]).set(records as f64);
        }
    }
}
