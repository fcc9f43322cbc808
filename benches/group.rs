//! Rows to classes: the survey's hot path stage by stage, and finding the class of a row again.
//!
//! The rows are those of `outis sample --shape quasi9`, cells lying as the CSV reader leaves them: row by row in one buffer.

use criterion::{BatchSize, Criterion, Throughput};
use outis::error::Result;
use outis::group::{ClassTable, ClassifierScratch, Overflow, Shape, TableBuilder, merge, merge_with};
use outis::sample::{SampleOptions, SampleShape, write_csv_rows};
use outis::value::{Span, Text};
use std::hint::black_box;

/// The quasi-identifiers of a sample; the last column is the income.
const COLUMNS: usize = 9;
/// Rows that the CSV reader hands over at once.
const BATCH: u64 = 910;

/// Batches of `rows` made-up rows, the same every time.
pub fn batches(rows: u64) -> Vec<Vec<Text<'static>>> {
    let options = SampleOptions { rows, seed: 1, shape: SampleShape::Quasi9 };
    let batch = |from: u64| {
        let mut text = Vec::new();
        write_csv_rows(&options, from..from + BATCH, &mut text);
        let mut spans = vec![Vec::new(); COLUMNS + 1];
        let (mut start, mut column) = (0, 0);
        for (at, byte) in text.iter().enumerate() {
            if matches!(byte, b',' | b'\n') {
                spans[column].push(Span::new(start as u32, (at - start) as u32));
                (start, column) = (at + 1, if *byte == b'\n' { 0 } else { column + 1 });
            }
        }
        // one buffer for all columns, as the reader has it
        let text: &'static [u8] = text.leak();
        spans.into_iter().take(COLUMNS).map(|spans| Text::new(text, spans, true)).collect()
    };
    (0..rows).step_by(BATCH as usize).map(batch).collect()
}

const SHAPE: Shape = Shape { quasi: COLUMNS, sensitive: 0, subject: false };

/// The class table of the batches, by so many workers on threads of their own.
pub fn table(batches: &[Vec<Text<'static>>], threads: usize) -> ClassTable {
    let builders = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let mut builder = TableBuilder::new(SHAPE);
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

/// Memory in the place of a file.
#[derive(Default)]
struct Elsewhere(std::sync::Mutex<Vec<u8>>);

impl Overflow for Elsewhere {
    fn put(&self, bytes: &mut [u8]) -> Result<u64> {
        let mut all = self.0.lock().expect("no panic");
        all.extend_from_slice(bytes);
        Ok((all.len() - bytes.len()) as u64)
    }
    fn get(&self, at: u64, bytes: &mut [u8]) -> Result<()> {
        let all = self.0.lock().expect("no panic");
        bytes.copy_from_slice(&all[at as usize..][..bytes.len()]);
        Ok(())
    }
}

/// All benches of this stage.
pub fn bench(c: &mut Criterion) {
    const ROWS: u64 = 1_000_000;
    let data = batches(ROWS);
    let mut group = c.benchmark_group("group");
    group.throughput(Throughput::Elements(ROWS)).sample_size(10);
    // A column alone has few tuples: nearly all of it is the look-up of cells.
    group.bench_function("encode 1 M rows, 9 columns one by one", |b| {
        b.iter(|| {
            let mut builders: Vec<TableBuilder> =
                (0..COLUMNS).map(|_| TableBuilder::new(Shape { quasi: 1, ..SHAPE })).collect();
            for batch in &data {
                builders.iter_mut().zip(batch).for_each(|(builder, cells)| builder.add(&[cells], &[], None));
            }
            black_box(builders.len())
        });
    });
    let add = || {
        let mut builder = TableBuilder::new(SHAPE);
        data.iter().for_each(|batch| builder.add(&batch.iter().collect::<Vec<_>>(), &[], None));
        builder
    };
    group.bench_function("encode and count 1 M rows, 9 columns", |b| b.iter(|| black_box(add().tuples())));
    group.bench_function("merge of one share, 1 M rows", |b| {
        b.iter_batched(add, |builder| black_box(merge(vec![builder], 1).len()), BatchSize::LargeInput);
    });
    let elsewhere = Elsewhere::default();
    group.bench_function("counts of 1 M rows elsewhere and back", |b| {
        let spilled = || {
            elsewhere.0.lock().expect("no panic").clear();
            add()
        };
        let back = |mut builder: TableBuilder| {
            builder.spill(&elsewhere).expect("memory holds it");
            merge_with(vec![builder], 1, Some((&elsewhere, u64::MAX))).expect("it was put there").len()
        };
        b.iter_batched(spilled, |builder| black_box(back(builder)), BatchSize::PerIteration);
    });
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
