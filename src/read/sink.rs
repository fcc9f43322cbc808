//! Where the rows of a shard go: the caller, or the list of what is wrong with them.

use crate::error::{Error, ErrorKind, MANY, Result};
use crate::value::Batch;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;

/// Cells of a batch, about: their bytes and spans, and what operators make of them, stay in a second cache that two threads share.
/// Four times as many took a quarter longer from cells to waiting rows.
const BATCH_CELLS: usize = 1 << 13;

/// Rows of a batch of so many columns, at most.
pub(super) fn batch_rows(columns: usize) -> usize {
    (BATCH_CELLS / columns.max(1)).clamp(256, 4096)
}

/// Takes batches until the first finding; from then on the shard is read only for further findings.
pub(super) struct Sink<'a> {
    each: &'a mut dyn FnMut(Batch<'_>) -> Result<()>,
    /// What is wrong.
    pub(super) findings: Findings,
    /// Rows left out.
    pub(super) rejected: u64,
    /// Rows delivered.
    pub(super) rows: u64,
    /// Nothing is delivered: the shard is known to be bad, and read to find where.
    pub(super) muted: bool,
}

impl<'a> Sink<'a> {
    pub(super) fn new(each: &'a mut dyn FnMut(Batch<'_>) -> Result<()>) -> Self {
        Self { each, findings: Findings(Vec::new()), rejected: 0, rows: 0, muted: false }
    }
    pub(super) fn give(&mut self, batch: Batch<'_>) -> Result<()> {
        if self.muted || batch.rows == 0 {
            return Ok(());
        }
        self.rows += batch.rows as u64;
        (self.each)(batch)
    }
}

/// Data errors of a shard, at most [`MANY`].
pub(super) struct Findings(Vec<Error>);

impl Findings {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Whether enough was found to tell.
    pub(super) fn full(&self) -> bool {
        self.0.len() >= MANY
    }
    /// Adds a finding; `row` is of the shard, from 1.
    pub(super) fn push(&mut self, row: u64, column: Option<&str>, kind: ErrorKind) {
        if self.full() {
            return;
        }
        let error = Error::new(kind).at_row(row);
        self.0.push(match column {
            Some(column) => error.in_column(column),
            None => error,
        });
    }
    /// Forgets what was found behind a row.
    pub(super) fn drop_behind(&mut self, row: u64) {
        self.0.retain(|error| error.place().row.is_none_or(|found| found <= row));
        // One more must fit, whatever was found before it.
        self.0.truncate(MANY - 1);
    }
    /// All of them as one error, in row order.
    pub(super) fn into_result(mut self, file: &Path) -> Result<()> {
        self.0.sort_by_key(|error| error.place().row);
        let all = self.0.into_iter().map(|error| error.in_file(file)).collect();
        Error::gather(all).map_or(Ok(()), |error| Err(error.in_file(file)))
    }
}

/// A fast seeded hash of a shard's bytes: the same in both passes, worth nothing to anybody else.
/// Nothing is hashed where nobody asks.
pub(super) struct Fingerprint(Option<foldhash::fast::FoldHasher<'static>>);

impl Fingerprint {
    pub(super) fn new(seed: &foldhash::fast::SeedableRandomState, asked: bool) -> Self {
        Self(asked.then(|| seed.build_hasher()))
    }
    pub(super) fn add(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.0 {
            hasher.write(bytes);
        }
    }
    pub(super) fn finish(self) -> u64 {
        self.0.map_or(0, |hasher| hasher.finish())
    }
}
