//! Benches by criterion, one file per stage. `cargo bench` runs all; `cargo bench -- token` one group.

mod read;
mod token;
mod transform;

use criterion::{criterion_group, criterion_main};

criterion_group!(benches, read::bench, token::bench, transform::bench);
criterion_main!(benches);
