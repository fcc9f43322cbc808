//! Rows to classes: the survey's hot path, and finding the class of a row again.

use criterion::{Criterion, Throughput};
use outis::group::{ClassTable, ClassifierScratch, Shape, TableBuilder, merge};
use outis::value::{Text, TextBuilder};
use std::hint::black_box;

/// Nine columns of realistic skew: distinct values, and how strongly the first ones are preferred.
const COLUMNS: [(u32, f64); 9] =
    [(2, 1.0), (90, 1.5), (340, 6.0), (7, 4.0), (16, 2.0), (41, 12.0), (8, 4.0), (14, 2.0), (2, 2.0)];

/// Batches of `rows` made-up rows, the same every time.
pub fn batches(rows: usize) -> Vec<Vec<Text<'static>>> {
    const BATCH: usize = 32_768;
    let mut state = 42_u64;
    let mut draw = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (state ^ (state >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    };
    // Columns hang together: a row repeats one of the `rows / 4` kinds of person, the first ones more often.
    let kinds: Vec<[u32; 9]> = (0..rows / 4 + 1)
        .map(|_| COLUMNS.map(|(distinct, skew)| (draw().powf(skew) * f64::from(distinct)) as u32))
        .collect();
    (0..rows.div_ceil(BATCH))
        .map(|batch| {
            let length = BATCH.min(rows - batch * BATCH);
            let chosen: Vec<usize> = (0..length).map(|_| (draw().powf(2.0) * kinds.len() as f64) as usize).collect();
            (0..COLUMNS.len())
                .map(|at| {
                    let mut cells = TextBuilder::with_capacity(length, 8);
                    for &kind in &chosen {
                        let code = kinds[kind][at];
                        let text = if at % 2 == 0 { format!("value-{code}") } else { format!("{code}") };
                        cells.push(text.as_bytes());
                    }
                    cells.finish(true)
                })
                .collect()
        })
        .collect()
}

/// The class table of the batches, by so many workers on threads of their own.
pub fn table(batches: &[Vec<Text<'static>>], threads: usize) -> ClassTable {
    let shape = Shape { quasi: COLUMNS.len(), sensitive: 0, subject: false };
    let builders = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let mut builder = TableBuilder::new(shape);
                    for batch in batches.iter().skip(worker).step_by(threads) {
                        builder.add(&batch.iter().collect::<Vec<_>>(), &[], None);
                    }
                    builder
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    });
    merge(builders, threads)
}

/// All benches of this stage.
pub fn bench(c: &mut Criterion) {
    const ROWS: usize = 1_000_000;
    let data = batches(ROWS);
    let mut group = c.benchmark_group("group");
    group.throughput(Throughput::Elements(ROWS as u64)).sample_size(10);
    for threads in [1, 2] {
        group.bench_function(format!("survey of 1 M rows, 9 columns, {threads} threads"), |b| {
            b.iter(|| black_box(table(&data, threads).len()));
        });
    }
    let classifier = table(&data, 2).classifier();
    let (mut scratch, mut out) = (ClassifierScratch::default(), Vec::new());
    group.bench_function("class of 1 M rows, 1 thread", |b| {
        b.iter(|| {
            for batch in &data {
                out.clear();
                classifier.class_of(&batch.iter().collect::<Vec<_>>(), &mut scratch, &mut out);
            }
            black_box(out.len())
        });
    });
    group.finish();
}
