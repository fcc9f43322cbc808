//! What the run keeps of the source for the gate, bounded and in memory only: sampled rows and distinct values.
//!
//! Cells here are raw: nothing has `Debug`, and all of it is dropped when the gate has judged.

use super::{DistinctSample, Earlier, Population, Shapes};
use std::sync::Arc;

/// What the run kept.
#[derive(Default)]
pub struct Aside {
    /// Sampled rows, in the order of the source: each row of the source had the same chance.
    pub rows: Vec<SampledRow>,
    /// What the values of the columns that name persons look like, all of them; none where nobody looked.
    pub shapes: Option<Arc<Shapes>>,
    /// By source column of the policy: distinct values of those that name persons, where the source can be read once only.
    pub direct: Vec<Option<DistinctSample>>,
    /// By released column of the policy: which values got which tokens, where tokens belong to values. Each entry is a
    /// [`pair`]; they are sampled by token, so that all values of a token that is here are here.
    pub tokens: Vec<Option<DistinctSample>>,
    /// Rows that the source had.
    pub rows_seen: u64,
    /// Earlier releases, where a ledger is given.
    pub earlier: Option<Arc<Earlier>>,
    /// The people that the release is a sample of, where a table of them is given.
    pub population: Option<Population>,
    /// Rows that were sampled for a while: nobody looks at them. To give their memory back takes its time, so it is done with all else.
    pub spare: Vec<Vec<SampledRow>>,
}

/// One sampled row of the source.
pub struct SampledRow {
    /// Place in the source, over all inputs, rejected rows not counted.
    pub position: u64,
    /// What became of it.
    pub fate: Fate,
    /// Raw cells as text, one for each source column of the policy.
    pub raw: Cells,
    /// The cells that it should have in the release, as text, one for each released column; null where the column's
    /// values are permuted among the rows, because then no one belongs to the row.
    pub released: Cells,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is in the release.
    Released,
    /// Suppressed with its class.
    Suppressed,
    /// The sample did not draw it.
    NotDrawn,
}

/// Some cells in one piece of memory.
#[derive(Clone, Default)]
pub struct Cells {
    bytes: Vec<u8>,
    /// End of each cell and whether it is null.
    ends: Vec<(u32, bool)>,
}

impl Cells {
    /// Room for so many cells of usual width.
    #[must_use]
    pub fn with_room(cells: usize) -> Self {
        Self { bytes: Vec::with_capacity(cells * 12), ends: Vec::with_capacity(cells) }
    }
    /// Appends a cell.
    #[inline]
    pub fn push(&mut self, cell: Option<&[u8]>) {
        self.bytes.extend_from_slice(cell.unwrap_or_default());
        let end = u32::try_from(self.bytes.len()).expect("a row is far below 4 GiB");
        self.ends.push((end, cell.is_none()));
    }
    /// Appends the cell that `write` adds, or null where it says `false` and adds nothing.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let there = write(&mut self.bytes);
        let end = u32::try_from(self.bytes.len()).expect("a row is far below 4 GiB");
        self.ends.push((end, !there));
    }
    /// Forgets the cells and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
    /// A cell; none is null.
    ///
    /// # Panics
    /// If there are fewer cells.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&[u8]> {
        let (end, null) = self.ends[at];
        let start = if at == 0 { 0 } else { self.ends[at - 1].0 };
        (!null).then(|| &self.bytes[start as usize..end as usize])
    }
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// A raw value and its token as one entry of a sample.
pub fn pair(raw: &[u8], token: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend(u32::try_from(token.len()).expect("a token is short").to_le_bytes());
    out.extend_from_slice(token);
    out.extend_from_slice(raw);
}

/// Token and raw value of an entry.
///
/// # Panics
/// If [`pair`] did not make it.
#[must_use]
pub fn token_and_raw(entry: &[u8]) -> (&[u8], &[u8]) {
    let (length, rest) = entry.split_first_chunk().expect("an entry starts with a length");
    rest.split_at(u32::from_le_bytes(*length) as usize)
}
