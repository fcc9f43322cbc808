//! Reading: bytes and rows a second of one worker, from a file in the page cache.

use criterion::{Criterion, Throughput};
use outis::read::{Options, Scratch, Source};
use std::fmt::Write as _;
use std::hint::black_box;
use std::io::Write as _;

const ROWS: u64 = 200_000;

/// Made-up records of nine columns and about ninety bytes; `quoted` puts every cell in quotes.
fn sample(quoted: bool) -> String {
    let mut text = "id_no,name,phone,birth,postcode,city,diagnosis,income,visited\n".to_owned();
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    for row in 0..ROWS {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = |most: u64, shift: u32| (state >> shift) % most;
        let cells = [
            format!("{:06}19{:02}0{}1{}{:04}", draw(659_000, 20), draw(99, 7), 1 + draw(9, 9), draw(9, 11), row % 9973),
            format!("person {:x}", draw(0xFFFF, 13)),
            format!("1{:010}", draw(9_999_999_999, 3)),
            format!("19{:02}-0{}-1{}", draw(99, 7), 1 + draw(9, 9), draw(9, 11)),
            format!("{:06}", draw(899_999, 17)),
            ["Beijing", "Shanghai", "Xi'an", "Chengdu"][usize::try_from(draw(4, 40)).unwrap_or(0)].to_owned(),
            format!("{}{:02}", char::from(b'A' + u8::try_from(draw(26, 30)).unwrap_or(0)), draw(99, 34)),
            format!("{}.{:02}", draw(90_000, 22), draw(99, 5)),
            format!("2025-0{}-1{}", 1 + draw(9, 44), draw(9, 48)),
        ];
        for (place, cell) in cells.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let quote = if quoted { "\"" } else { "" };
            write!(text, "{comma}{quote}{cell}{quote}").expect("a string takes all");
        }
        text.push('\n');
    }
    text
}

fn pass(source: &Source, scratch: &mut Scratch) -> u64 {
    let pass = source.pass().expect("the file is there");
    let mut rows = 0;
    while let Some(shard) = pass.next().expect("the file can be read") {
        let count = shard.read(scratch, &mut |batch| {
            black_box(&batch.columns);
            Ok(())
        });
        rows += count.expect("the file is well formed").rows;
    }
    rows
}

/// Benchmarks of `outis::read`.
pub fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    group.sample_size(20);
    let null = vec![Vec::new(), b"NA".to_vec()];
    for (name, quoted) in [("csv", false), ("csv-quoted", true)] {
        let text = sample(quoted);
        let mut file = tempfile::Builder::new().suffix(".csv").tempfile().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("room for a temporary file");
        let keep = outis::profile::StrayQuotes::Keep;
        for (mode, stray_quotes) in [("strict", Options::default().stray_quotes), ("keep", keep)] {
            let options = Options { null: null.clone(), stray_quotes, ..Options::default() };
            let source = Source::open(&[file.path().to_path_buf()], options).expect("well formed");
            let mut scratch = Scratch::default();
            assert_eq!(pass(&source, &mut scratch), ROWS);
            for (unit, throughput) in
                [("bytes", Throughput::Bytes(text.len() as u64)), ("rows", Throughput::Elements(ROWS))]
            {
                group.throughput(throughput);
                group.bench_function(format!("{name}/{mode}/{unit}"), |bencher| {
                    bencher.iter(|| pass(&source, &mut scratch));
                });
            }
        }
    }
    group.finish();
}
