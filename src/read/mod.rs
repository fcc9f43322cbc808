//! Files in, batches of columns out, shard by shard on all cores.
//!
//! Responsible for: finding the input files, knowing their columns, cutting them into shards, and turning a shard into
//! batches ([`Source`], [`Pass`], [`Shard`]). Given: paths and [`Options`]. It never keeps a whole file in memory, never
//! says what a cell means, never changes a cell, never touches the network, and no error of it holds a cell.
//!
//! A shard is a canonical unit: a byte range of a file cut at record ends, or a row group of a columnar file. The cuts
//! depend on the input and the options only, so any number of threads sees the same shards with the same numbers.
//!
//! An error in a shard is meant for the earliest such shard: behind a quote that stands where none may stand, the cuts have
//! no meaning, so a caller that reads ahead tells the error of the lowest shard number.

mod columnar;
mod csv;
mod cut;
mod encoding;
mod expand;
mod format;
mod header;
mod input;
mod json_line;
mod ndjson;
mod options;
mod pass;
mod quoted;
mod scan;
mod shard;
mod sink;
mod source;
mod stream;
#[cfg(test)]
mod tests;

pub use expand::expand;
pub use format::Format;
pub use options::{Encoding, Options, SHARD_BYTES};
pub use pass::Pass;
pub use shard::{Scratch, Shard, ShardCount};
pub use source::Source;

/// Whether a path stands for standard input.
fn is_stdin(path: &std::path::Path) -> bool {
    path.as_os_str() == "-"
}
