//! Made-up records: bytes and rows a second of one worker, as CSV and as columns, without the file.

use criterion::{Criterion, Throughput};
use outis::sample::{SampleOptions, SampleShape, batch, write_csv_rows};
use std::hint::black_box;

/// Rows that are made at once: about as many as `outis sample` writes in one piece.
const ROWS: u64 = 50_000;
/// Rows of a batch, as they are made for columnar files.
const BATCH: u64 = 8192;

/// Benchmarks of `outis::sample`.
pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sample");
    group.sample_size(20);
    for (name, shape) in SampleShape::ALL {
        // a large table, of which other rows are made each time; the options decide which rows are about one person
        let options = SampleOptions { rows: 10_000_000, seed: 1, shape: *shape };
        let range = |turn: &mut u64| {
            let start = *turn * ROWS % (options.rows - ROWS);
            *turn += 1;
            start..start + ROWS
        };
        let mut text = Vec::new();
        write_csv_rows(&options, 0..ROWS, &mut text);
        assert_eq!(text.iter().filter(|byte| **byte == b'\n').count() as u64, ROWS);
        for (unit, throughput) in
            [("bytes", Throughput::Bytes(text.len() as u64)), ("rows", Throughput::Elements(ROWS))]
        {
            group.throughput(throughput);
            group.bench_function(format!("csv/{name}/{unit}"), |bencher| {
                let mut turn = 0;
                bencher.iter(|| {
                    text.clear();
                    write_csv_rows(&options, range(&mut turn), &mut text);
                    black_box(&text);
                });
            });
        }
        group.throughput(Throughput::Elements(BATCH));
        group.bench_function(format!("columns/{name}/rows"), |bencher| {
            let mut turn = 0;
            bencher.iter(|| {
                let start = range(&mut turn).start;
                black_box(batch(&options, start..start + BATCH))
            });
        });
    }
    group.finish();
}
