//! The search for marks of the source: bytes a second of one worker, in pieces that lie in the second cache.

use criterion::{Criterion, Throughput};
use outis::anatomy::{Needles, Sight as _};
use std::fmt::Write as _;

/// Marks of a column.
const MARKS: u64 = 64;
/// Bytes of a piece, as the gate reads them.
const PIECE: usize = 128 << 10;

/// Raw values of three columns: resident IDs, phones, addresses.
fn marks() -> Vec<Vec<u8>> {
    let each = |mark: u64| {
        let draw = mark.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let id = format!("{:06}19{:02}0{}1{}{:04}", draw % 659_000, mark % 99, 1 + mark % 9, mark % 9, draw % 9973);
        let phone = format!("13{:09}", draw % 999_999_999);
        [id, phone, format!("person.{:x}{mark}@example.com", draw % 0xFFFF)].map(String::into_bytes)
    };
    (0..MARKS).flat_map(each).collect()
}

/// What a release of such records may look like: two tokens, a masked address, and short values.
fn release() -> String {
    let mut text = String::new();
    let mut state: u64 = 1;
    while text.len() < 16 * PIECE {
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state ^ state >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD)
        };
        write!(text, "{:016x}{:016x},{:016x}{:016x},", draw(), draw(), draw(), draw()).expect("a string takes all");
        let (year, place, amount) = (1940 + draw() % 80, draw() % 900, draw() % 99_999);
        writeln!(text, "l***@example.com,F,{year},{place:03}***,{}.{:02},M17.9", amount / 100, amount % 100)
            .expect("a string takes all");
    }
    text
}

/// Benchmarks of `outis::anatomy::Needles`.
pub fn bench(criterion: &mut Criterion) {
    let (marks, text) = (marks(), release());
    let mut group = criterion.benchmark_group("search");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(text.len() as u64));
    let ways = [
        ("in text", Needles::in_utf8(&marks)),
        ("in text, portably", Needles::in_utf8(&marks).portable()),
        ("in any bytes", Needles::new(&marks)),
        ("in any bytes, portably", Needles::new(&marks).portable()),
    ];
    for (name, needles) in &ways {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let mut search = needles.search();
                text.as_bytes().chunks(PIECE).for_each(|piece| search.bytes(piece));
                search.found().len()
            });
        });
    }
    group.finish();
}
