//! Benches by criterion, one file per stage. `cargo bench` runs all; `cargo bench -- token` one group.

#![allow(
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    unreachable_pub,
    missing_docs,
    reason = "benches are read by few and run by hand"
)]

mod group;
mod read;
mod sample;
mod search;
mod solve;
mod token;
mod transform;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    read::bench,
    sample::bench,
    token::bench,
    transform::bench,
    group::bench,
    search::bench,
    solve::bench
);
criterion_main!(benches);
