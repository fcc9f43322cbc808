//! What the run keeps of the source for the gate, bounded and in memory only: sampled rows and distinct values.
//!
//! Cells here are raw: nothing has `Debug`, and all of it is dropped when the gate has judged.

/// What the run kept.
#[derive(Default)]
pub struct Aside {
    /// Sampled rows, in the order of the source.
    pub rows: Vec<SampledRow>,
    /// By source column of the policy: a sample of its distinct values, where it names persons directly.
    pub direct: Vec<Option<DistinctSample>>,
    /// Rows that the source had.
    pub rows_seen: u64,
}

/// One sampled row of the source.
pub struct SampledRow {
    /// Place in the source, over all inputs, rejected rows not counted.
    pub position: u64,
    /// What became of it.
    pub fate: Fate,
    /// Raw cells as text, one for each source column of the policy.
    pub raw: Cells,
    /// The cells that it should have in the release, one for each released column; none (and so null) where the column's
    /// values are permuted among the rows.
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
    /// Appends a cell.
    pub fn push(&mut self, cell: Option<&[u8]>) {
        self.bytes.extend_from_slice(cell.unwrap_or_default());
        let end = u32::try_from(self.bytes.len()).expect("a row is far below 4 GiB");
        self.ends.push((end, cell.is_none()));
    }
    /// A cell; none is null.
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

/// Distinct values of a column, or an even share of them: all whose keyed mark ends in `halvings` zeros.
pub struct DistinctSample {
    /// The values, sorted.
    pub values: Vec<Vec<u8>>,
    /// How often the share was halved to stay in its bounds: 1 in 2^halvings distinct values is here.
    pub halvings: u32,
}
