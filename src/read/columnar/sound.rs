//! Sizes that a record batch claims, held against what is there.
//!
//! The decoder makes room for as much as a batch says; a broken number would end the process for want of memory, which
//! no caller can catch.

use super::flat::Table;

/// The most rows of a group.
pub(super) const MOST_ROWS: u64 = u32::MAX as u64;

/// No buffer of a batch is longer than this when it is unpacked.
const MOST_BYTES: u64 = 1 << 32;

/// Zstandard says at most 128 KiB with four bytes.
const MOST_RATIO: u64 = 1 << 15;

/// Whether the message of a batch of plain columns says nothing that its body cannot hold.
pub(super) fn is_sound(message: &[u8], body: &[u8]) -> bool {
    checked(message, body).is_some()
}

fn checked(message: &[u8], body: &[u8]) -> Option<()> {
    let batch = Table::root(message)?.table(2)?;
    let rows = batch.long(0)?;
    if u64::try_from(rows).ok()? > MOST_ROWS {
        return None;
    }
    // Columns are not nested, so each has as many cells as there are rows.
    for (cells, nulls) in batch.pairs(1)? {
        if cells != rows || !(0..=rows).contains(&nulls) {
            return None;
        }
    }
    let packed = batch.field(3).is_some();
    for (start, length) in batch.pairs(2)? {
        let bytes = body.get(usize::try_from(start).ok()?..)?.get(..usize::try_from(length).ok()?)?;
        if packed && !bytes.is_empty() {
            let unpacked = i64::from_le_bytes(*bytes.first_chunk()?);
            let most = MOST_BYTES.min(bytes.len() as u64 * MOST_RATIO);
            if unpacked != -1 && u64::try_from(unpacked).ok()? > most {
                return None;
            }
        }
    }
    Some(())
}
