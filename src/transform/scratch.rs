//! Room that an operator uses again from batch to batch, one for each worker.

use crate::value::{Span, Text};

/// Buffers and the memory of repeated cells. Nothing in it outlives a batch but room.
#[derive(Default)]
pub struct Scratch {
    pub(super) memo: Memo,
    /// Canonical forms, one after the other.
    pub(super) bytes: Vec<u8>,
    /// Where each canonical form lies: in `bytes`, or else in the column itself.
    pub(super) messages: Vec<(bool, Span)>,
    pub(super) tags: Vec<[u8; 32]>,
    /// For each row, its message.
    pub(super) slots: Vec<u32>,
}

/// No message: the cell is null.
pub(super) const NO_SLOT: u32 = u32::MAX;

impl Scratch {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

const SLOTS_LOG: u32 = 11;
/// Rows after which a memory that found little stops looking for the rest of the batch.
const TRIAL: u32 = 2048;
/// Rows that tell whether a batch repeats its cells.
const ENOUGH: u32 = 256;
/// Most batches that are left alone after one in which little was found: as many as were tried in vain before, and no more than this.
const MOST_LEFT: u32 = 32;

/// Finds an earlier row of the batch with the same cell: a direct-mapped table of row numbers.
#[derive(Default)]
pub(super) struct Memo {
    rows: Vec<u32>,
    probes: u32,
    hits: u32,
    /// Batches in a row in which little was found.
    vain: u32,
    /// Batches that are still left alone, and whether this one is.
    left: u32,
    resting: bool,
}

impl Memo {
    /// Forgets the batch before.
    pub(super) fn begin(&mut self) {
        self.resting = self.left > 0;
        if self.resting {
            self.left -= 1;
            return;
        }
        if self.probes >= ENOUGH && self.found_little() {
            self.vain = (self.vain + 1).min(MOST_LEFT);
            self.left = self.vain - 1;
        } else {
            self.vain = 0;
        }
        self.rows.clear();
        self.rows.resize(1 << SLOTS_LOG, 0);
        self.probes = 0;
        self.hits = 0;
    }

    /// An earlier row of `text` with this cell, if one is remembered; remembers this row if not.
    #[inline]
    pub(super) fn earlier(&mut self, text: &Text<'_>, row: usize, cell: &[u8]) -> Option<usize> {
        // Mostly distinct cells: looking costs more than it saves.
        if self.resting || (self.probes >= TRIAL && self.found_little()) {
            return None;
        }
        self.probes += 1;
        let slot = &mut self.rows[slot_of(cell)];
        let seen = (*slot as usize).checked_sub(1);
        if let Some(seen) = seen
            && text.get(seen) == Some(cell)
        {
            self.hits += 1;
            return Some(seen);
        }
        *slot = u32::try_from(row + 1).unwrap_or(0);
        None
    }

    /// Whether this batch is left alone: its cells are mostly distinct, as those before were.
    #[inline]
    pub(super) fn rests(&self) -> bool {
        self.resting
    }

    #[inline]
    fn found_little(&self) -> bool {
        self.hits < self.probes / 8
    }

    /// Does not find this cell again, because every row of it must be looked at.
    #[cold]
    pub(super) fn forget(&mut self, cell: &[u8]) {
        if let Some(slot) = self.rows.get_mut(slot_of(cell)) {
            *slot = 0;
        }
    }
}

/// Mixes the ends and the length of a cell; only speed hangs on it, equality is checked.
#[inline]
fn slot_of(cell: &[u8]) -> usize {
    let (first, last) = if let (Some(first), Some(last)) = (cell.first_chunk::<8>(), cell.last_chunk::<8>()) {
        (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
    } else if let (Some(first), Some(last)) = (cell.first_chunk::<4>(), cell.last_chunk::<4>()) {
        (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
    } else {
        (cell.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)), 0)
    };
    let mixed = (first ^ last.rotate_left(29) ^ cell.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    usize::try_from(mixed >> (64 - SLOTS_LOG)).expect("a few bits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextBuilder;

    #[test]
    fn an_earlier_row_holds_the_same_cell() {
        let mut builder = TextBuilder::default();
        for row in 0..9000_u32 {
            match row % 7 {
                0 => builder.push_null(),
                _ => builder.push((row % 300).to_string().as_bytes()),
            }
        }
        let text = builder.finish(true);
        let mut memo = Memo::default();
        for _ in 0..2 {
            memo.begin();
            let mut found = 0;
            for row in 0..text.len() {
                let Some(cell) = text.get(row) else { continue };
                if let Some(earlier) = memo.earlier(&text, row, cell) {
                    assert!(earlier < row && text.get(earlier) == Some(cell));
                    found += 1;
                }
            }
            assert!(found > 6000, "{found}");
        }
    }

    #[test]
    fn a_batch_after_a_rest_remembers_nothing_of_those_before() {
        let distinct = |rows: u32| {
            let mut builder = TextBuilder::default();
            (0..rows).for_each(|row| builder.push(row.to_string().as_bytes()));
            builder.finish(true)
        };
        let (long, short) = (distinct(900), distinct(30));
        let mut memo = Memo::default();
        for batch in 0..40 {
            let text = if batch % 3 == 2 { &short } else { &long };
            memo.begin();
            assert!((0..text.len()).all(|row| memo.earlier(text, row, text.get(row).unwrap()).is_none()), "{batch}");
        }
    }

    #[test]
    fn distinct_cells_stop_the_search() {
        let mut builder = TextBuilder::default();
        (0..5000_u32).for_each(|row| builder.push(row.to_string().as_bytes()));
        let text = builder.finish(true);
        let mut memo = Memo::default();
        let mut looked = Vec::new();
        for _ in 0..9 {
            memo.begin();
            let before = if memo.resting { memo.probes } else { 0 };
            assert!((0..5000).all(|row| memo.earlier(&text, row, text.get(row).unwrap()).is_none()));
            looked.push(memo.probes - before);
        }
        // after each vain trial a longer rest
        assert_eq!(looked, [TRIAL, TRIAL, TRIAL, 0, TRIAL, 0, 0, TRIAL, 0]);
    }
}
