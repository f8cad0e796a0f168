//! Bytes to event, by format: the job's three on its sample, then every format on its fixtures, by the byte.

use std::hint::black_box;

use criterion::{BenchmarkId, Throughput};
use klantreis::formats::RawRecord;

use crate::load::{self, INPUTS, Sample};
use crate::measure::Bench;

pub fn bench(criterion: &mut Bench) {
    let set = load::models();
    let sample = Sample::load();
    let mut group = criterion.benchmark_group("decode");
    for (input, (mut decoder, (_, format))) in load::decoders(&set).into_iter().zip(INPUTS).enumerate() {
        let values = sample.values(input);
        let bytes = values.iter().map(|value| value.len()).sum::<usize>() / values.len();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::from_parameter(format), |bencher| {
            let mut values = values.iter().cycle();
            bencher.iter(|| {
                let record =
                    RawRecord { value: values.next().copied(), timestamp: load::START, ..RawRecord::default() };
                black_box(decoder.decode(&record).expect("the sample is sound"));
            });
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("decode fixtures");
    for mut fixtures in load::fixtures(&set) {
        group.throughput(Throughput::Bytes(fixtures.bytes()));
        group.bench_function(BenchmarkId::from_parameter(fixtures.format), |bencher| {
            let mut values = fixtures.values.iter().cycle();
            bencher.iter(|| {
                let value = values.next().expect("every format has fixtures");
                black_box(fixtures.decoder.decode(&load::record(value)).is_ok());
            });
        });
    }
}
