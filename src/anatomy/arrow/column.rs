//! The buffers of one column: which bits are missing cells, and what lies under them.

use crate::anatomy::{Anatomy, Oddity};

/// How the cells of a column lie in buffers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No buffer.
    Null,
    /// A bit a cell.
    Bits,
    /// So many bytes a cell.
    Fixed(usize),
    /// Offsets of so many bytes, then text.
    Text(usize),
    /// Views of sixteen bytes, then any number of buffers.
    View,
    /// Something nested, or not known here.
    Unknown,
}

impl Kind {
    /// Buffers, those that views add left out.
    pub(super) fn buffers(self) -> usize {
        match self {
            Self::Null | Self::Unknown => 0,
            Self::Bits | Self::Fixed(_) | Self::View => 2,
            Self::Text(_) => 3,
        }
    }
}

/// Looks through the buffers of a column; `None` where they do not hold so many cells.
pub(super) fn check(kind: Kind, rows: u64, missing: i64, buffers: &[Vec<u8>], anatomy: &mut Anatomy) -> Option<()> {
    let rows = usize::try_from(rows).ok()?;
    if matches!(kind, Kind::Null | Kind::Unknown) {
        return Some(());
    }
    let validity = &buffers[0];
    let validity = if validity.is_empty() {
        None
    } else {
        let (_, rest) = validity.split_at_checked(rows.div_ceil(8))?;
        tail(rest, anatomy);
        Some(&validity[..])
    };
    let present = |row: usize| validity.is_none_or(|bits| bits[row / 8] >> (row % 8) & 1 == 1);
    let found = validity.map_or(0, |_| (0..rows).filter(|row| !present(*row)).count());
    if usize::try_from(missing).ok()? != found {
        return None;
    }
    let nulls = || (0..rows).filter(|_| found > 0).filter(|row| !present(*row));
    match kind {
        Kind::Null | Kind::Unknown => {}
        Kind::Bits => {
            let (bits, rest) = buffers[1].split_at_checked(rows.div_ceil(8))?;
            tail(rest, anatomy);
            let under = nulls().filter(|row| bits[row / 8] >> (row % 8) & 1 == 1).count();
            anatomy.odd(Oddity::BytesUnderNull, under as u64);
            let filling = rows % 8 != 0 && bits.last()? >> (rows % 8) != 0;
            anatomy.odd(Oddity::Padding, u64::from(filling));
        }
        Kind::Fixed(width) => {
            let (cells, rest) = buffers[1].split_at_checked(rows.checked_mul(width)?)?;
            tail(rest, anatomy);
            let under: usize = nulls().map(|row| odd_bytes(&cells[row * width..(row + 1) * width])).sum();
            anatomy.odd(Oddity::BytesUnderNull, under as u64);
        }
        Kind::Text(width) => text(rows, width, &buffers[1], &buffers[2], &mut nulls(), anatomy)?,
        Kind::View => views(rows, &buffers[1], &buffers[2..], &present, anatomy)?,
    }
    Some(())
}

fn text(
    rows: usize,
    width: usize,
    offsets: &[u8],
    cells: &[u8],
    nulls: &mut dyn Iterator<Item = usize>,
    anatomy: &mut Anatomy,
) -> Option<()> {
    if rows == 0 && offsets.is_empty() {
        anatomy.odd(Oddity::UnexplainedBytes, cells.len() as u64);
        return Some(());
    }
    let (offsets, rest) = offsets.split_at_checked((rows + 1).checked_mul(width)?)?;
    tail(rest, anatomy);
    let offset = |place: usize| {
        let bytes = &offsets[place * width..(place + 1) * width];
        usize::try_from(bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))).ok()
    };
    let (mut before, first) = (offset(0)?, offset(0)?);
    for row in 1..=rows {
        let next = offset(row)?;
        if next < before {
            return None;
        }
        before = next;
    }
    let rest = cells.get(before..)?;
    // bytes in front of the first cell belong to nobody; those behind the last may be padding
    anatomy.odd(Oddity::UnexplainedBytes, first as u64);
    tail(rest, anatomy);
    let mut under = 0;
    for row in nulls {
        under += offset(row + 1)? - offset(row)?;
    }
    anatomy.odd(Oddity::BytesUnderNull, under as u64);
    Some(())
}

/// Views: up to twelve bytes stand in the view itself, longer cells in a buffer.
fn views(
    rows: usize,
    views: &[u8],
    buffers: &[Vec<u8>],
    present: &dyn Fn(usize) -> bool,
    anatomy: &mut Anatomy,
) -> Option<()> {
    let (cells, rest) = views.split_at_checked(rows.checked_mul(16)?)?;
    tail(rest, anatomy);
    let mut used: Vec<(usize, usize, usize)> = Vec::new();
    let (mut under, mut filling) = (0, 0);
    for (row, view) in cells.as_chunks::<16>().0.iter().enumerate() {
        if !present(row) {
            under += odd_bytes(view);
            continue;
        }
        let number = |at: usize| usize::try_from(u32::from_le_bytes(*view[at..].first_chunk()?)).ok();
        let length = number(0)?;
        if length <= 12 {
            filling += odd_bytes(&view[4 + length..]);
        } else {
            used.push((number(8)?, number(12)?, number(12)?.checked_add(length)?));
        }
    }
    anatomy.odd(Oddity::BytesUnderNull, under as u64);
    anatomy.odd(Oddity::Padding, filling as u64);
    used.sort_unstable();
    for (number, buffer) in buffers.iter().enumerate() {
        let mut at = 0;
        for (_, start, end) in used.iter().filter(|(of, ..)| *of == number) {
            anatomy.odd(Oddity::UnexplainedBytes, start.saturating_sub(at) as u64);
            at = at.max(*end);
        }
        tail(buffer.get(at..)?, anatomy);
    }
    used.last().is_none_or(|(number, ..)| *number < buffers.len()).then_some(())
}

/// What stands behind the cells: padding, of less than a block of 64 bytes and all zeros, or it belongs to nobody.
fn tail(rest: &[u8], anatomy: &mut Anatomy) {
    let odd = odd_bytes(rest);
    if odd > 0 || rest.len() >= 64 {
        anatomy.odd(Oddity::UnexplainedBytes, rest.len() as u64);
    }
}

fn odd_bytes(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte != 0).count()
}
