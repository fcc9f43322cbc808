//! What a file is made of: every byte of a data file has a purpose, or is named as one that has none.
//!
//! Responsible for: walking Parquet, Arrow IPC, gzip, Zstandard, CSV and NDJSON files byte by byte, with readers that share
//! no code with `read` and `write`, and telling what in them is more than the rows ([`Oddity`]): statistics, metadata, bytes under
//! missing cells, dictionary entries that no cell uses, gaps. Given: a path that may hold anything. It never panics, never
//! keeps more than one page or buffer in memory, never interprets a cell, and tells counts, never content.
//!
//! The unpacked bytes go to a [`Sight`], so that whoever looks for a text sees inside compression.

mod arrow;
mod bytes;
mod csv;
mod flat;
mod ndjson;
mod needles;
mod packed;
mod parquet;
mod side_by_side;
mod thrift;

pub use arrow::examine_arrow;
pub use bytes::Bytes;
pub use needles::{Needles, Search, shortest_face};
pub use parquet::examine_parquet;
pub use side_by_side::examine_side_by_side;

use crate::error::{Error, ErrorKind, Result};
use bytes::Pieces;
use packed::Text;
use std::collections::BTreeMap;
use std::path::Path;

/// What may stand in a file beside its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// Bytes that no part of the format accounts for.
    UnexplainedBytes,
    /// Metadata that the rows do not need: keys and values, comments, paths, fields that the format leaves open.
    Metadata,
    /// The name of the writing program.
    WriterName,
    /// Least and greatest values, counts of nulls or of distinct values, of a page or a column.
    Statistics,
    /// An index of pages.
    PageIndex,
    /// A bloom filter: it answers whether a value is there.
    BloomFilter,
    /// A declared order of rows.
    SortOrder,
    /// A dictionary where the format needs none, or an entry of one that no cell uses.
    UnusedDictionaryEntry,
    /// Bytes of a value where the cell is missing.
    BytesUnderNull,
    /// Padding that is not zero.
    Padding,
    /// Groups of rows of unequal sizes: they may be the batches of the source.
    UnevenGroups,
    /// A coding that this reader does not know: nothing can be said of what it holds.
    Opaque,
    /// A name, time, system or comment in the header of a compressed file.
    PackedHeader,
    /// More than one compressed member or frame, or bytes behind the last.
    PackedMembers,
    /// A byte order mark.
    ByteOrderMark,
    /// Line ends other than one LF after each line, or empty lines.
    LineEnds,
    /// Quotes where none are needed, or a spelling that is not the canonical one.
    Spelling,
}

impl Oddity {
    /// In words, for verdicts and reports.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::UnexplainedBytes => "bytes without a purpose",
            Self::Metadata => "metadata",
            Self::WriterName => "name of the writing program",
            Self::Statistics => "statistics of values",
            Self::PageIndex => "page index",
            Self::BloomFilter => "bloom filter",
            Self::SortOrder => "declared sort order",
            Self::UnusedDictionaryEntry => "dictionary entries without a cell",
            Self::BytesUnderNull => "bytes under missing cells",
            Self::Padding => "padding that is not zero",
            Self::UnevenGroups => "row groups of unequal sizes",
            Self::Opaque => "coding that cannot be looked into",
            Self::PackedHeader => "name, time or system in a compressed file",
            Self::PackedMembers => "more than one compressed member, or bytes behind it",
            Self::ByteOrderMark => "byte order mark",
            Self::LineEnds => "line ends that are not one LF each",
            Self::Spelling => "spelling that is not canonical",
        }
    }
}

/// What was found in one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Anatomy {
    /// How often each oddity was met; bytes are counted where bytes are the oddity.
    pub oddities: BTreeMap<Oddity, u64>,
    /// Rows of each row group or record batch, in file order; empty for text.
    pub groups: Vec<u64>,
}

impl Anatomy {
    /// Notes an oddity.
    fn odd(&mut self, oddity: Oddity, times: u64) {
        if times > 0 {
            let count = self.oddities.entry(oddity).or_default();
            *count = count.saturating_add(times);
        }
    }
    /// Groups must all be of one size, but for the last, which may be smaller.
    fn check_groups(&mut self) {
        if let Some((last, before)) = self.groups.split_last() {
            let size = before.first().unwrap_or(last);
            let uneven = before.iter().filter(|rows| *rows != size).count() as u64 + u64::from(last > size);
            self.odd(Oddity::UnevenGroups, uneven);
        }
    }
}

/// Somebody who looks at the unpacked bytes of a file.
pub trait Sight {
    /// Some bytes; they follow those of the call before.
    fn bytes(&mut self, bytes: &[u8]);
    /// What comes next does not follow what came before.
    fn cut(&mut self) {}
}

/// Looks at nothing.
pub struct Blind;

impl Sight for Blind {
    fn bytes(&mut self, _: &[u8]) {}
}

/// What a data file should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// CSV with this delimiter and this text for missing cells.
    Csv {
        /// Between cells.
        delimiter: u8,
        /// The text of a missing cell.
        null: Vec<u8>,
        /// How the file is packed.
        packing: Packing,
    },
    /// One JSON object a line, with these keys in this order.
    Ndjson {
        /// The keys.
        keys: Vec<String>,
        /// How the file is packed.
        packing: Packing,
    },
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, the file format.
    Arrow,
}

impl Expected {
    /// Whether it is text as it lies there.
    #[must_use]
    pub fn is_plain_text(&self) -> bool {
        matches!(self, Self::Csv { packing: Packing::None, .. } | Self::Ndjson { packing: Packing::None, .. })
    }
}

/// How a text file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
}

/// Walks a file and tells what in it is more than its rows.
///
/// # Errors
/// [`ErrorKind::Io`]; [`ErrorKind::NotOfFormat`] where the file is not what is expected.
pub fn examine(path: &Path, expected: &Expected, sight: &mut dyn Sight) -> Result<Anatomy> {
    let bytes = Bytes::open(path)?;
    walk(&mut Pieces::of(&bytes, &mut |_| {}), expected, sight).map_err(|error| error.in_file(path))
}

/// The same, and `own` is given the file's own bytes, packed as they are, each once and in order, whatever the walk finds. Text is read
/// once for both. A walk through a columnar file goes to and fro, so there `own` has a reading of its own behind it.
///
/// # Errors
/// [`ErrorKind::Io`] where the file cannot be read; the walk's own errors stand inside.
pub fn examine_and_read(
    path: &Path,
    expected: &Expected,
    sight: &mut dyn Sight,
    own: &mut dyn FnMut(&[u8]),
) -> Result<Result<Anatomy>> {
    let bytes = Bytes::open(path)?;
    let mut pieces = Pieces::of(&bytes, own);
    let found = walk(&mut pieces, expected, sight);
    pieces.rest().map_err(|error| error.in_file(path))?;
    Ok(found.map_err(|error| error.in_file(path)))
}

fn walk(pieces: &mut Pieces<'_>, expected: &Expected, sight: &mut dyn Sight) -> Result<Anatomy> {
    match expected {
        Expected::Parquet => examine_parquet(pieces.file(), sight),
        Expected::Arrow => examine_arrow(pieces.file(), sight),
        Expected::Csv { .. } | Expected::Ndjson { .. } => {
            let (packing, mut text) = text_of(expected).ok_or(ErrorKind::Internal("text that is none"))?;
            packed::examine(pieces, packing, &mut *text, sight)
        }
    }
}

/// How a text file is packed, and what looks through the text; none for columnar files.
fn text_of(expected: &Expected) -> Option<(Packing, Box<dyn Text>)> {
    match expected {
        Expected::Parquet | Expected::Arrow => None,
        Expected::Csv { delimiter, null, packing } => Some((*packing, Box::new(csv::Canonical::new(*delimiter, null)))),
        Expected::Ndjson { keys, packing } => Some((*packing, Box::new(ndjson::Canonical::new(keys)))),
    }
}

/// A file that is not what it should be.
fn broken(format: &'static str) -> Error {
    ErrorKind::NotOfFormat(format).into()
}

#[cfg(test)]
mod tests;
