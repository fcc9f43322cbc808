//! The text column that an operator writes.

use crate::value::{Column, Span, Text};

/// Cells in order, over one buffer; equal cells may share their bytes.
pub(super) struct Output {
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Output {
    /// Room for `rows` cells and `bytes` bytes.
    pub(super) fn new(rows: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), spans: Vec::with_capacity(rows) }
    }

    #[inline]
    pub(super) fn null(&mut self) {
        self.spans.push(Span::NULL);
    }

    /// Appends the cell that `write` adds to the buffer; it must only append, and append UTF-8.
    #[inline]
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.close(start);
    }

    /// The same, where there may be no cell: nothing may be appended to the buffer then, and the cell is null.
    #[inline]
    pub(super) fn try_push<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let start = self.bytes.len();
        let result = write(&mut self.bytes);
        match result {
            Ok(()) => self.close(start),
            Err(_) => self.null(),
        }
        result
    }

    /// Appends the cell of an earlier row again.
    #[inline]
    pub(super) fn again(&mut self, row: usize) {
        self.spans.push(self.spans[row]);
    }

    /// The column; `plain` as in [`Text::new`].
    pub(super) fn finish<'a>(self, plain: bool) -> Column<'a> {
        Column::Text(Text::new(self.bytes, self.spans, plain))
    }

    #[inline]
    fn close(&mut self, start: usize) {
        let end = u32::try_from(self.bytes.len()).expect("a batch is far below 4 GiB");
        #[expect(clippy::cast_possible_truncation, reason = "the start is not above the end")]
        let start = start as u32;
        self.spans.push(Span::new(start, end - start));
    }
}

/// Bytes that are copied at once.
pub(super) const BLOCK: usize = 32;

/// A block of a buffer from a place on; none where it ends before.
#[inline]
pub(super) fn block(buffer: &[u8], start: usize) -> Option<&[u8; BLOCK]> {
    buffer.get(start..)?.first_chunk()
}

/// Appends the first bytes of a block. All of it is copied and then cut, because a copy of unknown size is a call.
#[inline]
pub(super) fn append(bytes: &mut Vec<u8>, block: &[u8; BLOCK], count: usize) {
    let end = bytes.len() + count.min(BLOCK);
    bytes.extend_from_slice(block);
    bytes.truncate(end);
}

/// First `count` characters of a cell: where they end, in bytes.
#[inline]
pub(super) fn first_characters(cell: &[u8], count: usize) -> usize {
    if cell.len() <= count {
        return cell.len();
    }
    if cell[..count].is_ascii() && is_boundary(cell, count) {
        return count;
    }
    boundaries(cell).nth(count).unwrap_or(cell.len())
}

/// Last `count` characters of a cell: where they start, in bytes.
#[inline]
pub(super) fn last_characters(cell: &[u8], count: usize) -> usize {
    let Some(start) = cell.len().checked_sub(count) else { return 0 };
    if cell[start..].is_ascii() {
        return start;
    }
    match count.checked_sub(1) {
        Some(before) => boundaries(cell).nth_back(before).unwrap_or(0),
        None => cell.len(),
    }
}

/// Number of characters; the cell is UTF-8.
#[inline]
pub(super) fn characters(cell: &[u8]) -> usize {
    if cell.is_ascii() { cell.len() } else { boundaries(cell).count() }
}

/// Where the characters start: at every byte that does not go on with one.
fn boundaries(cell: &[u8]) -> impl DoubleEndedIterator<Item = usize> {
    (0..cell.len()).filter(|at| is_boundary(cell, *at))
}

#[inline]
fn is_boundary(cell: &[u8], at: usize) -> bool {
    cell[at] & 0xC0 != 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn characters_are_those_of_the_language(text in "[a-c海é🦀]{0,9}", count in 0_usize..12) {
            let all: Vec<char> = text.chars().collect();
            let first: String = all.iter().take(count).collect();
            let last: String = all.iter().skip(all.len().saturating_sub(count)).collect();
            prop_assert_eq!(&text[..first_characters(text.as_bytes(), count)], first);
            prop_assert_eq!(&text[last_characters(text.as_bytes(), count)..], last);
            prop_assert_eq!(characters(text.as_bytes()), all.len());
        }
    }
}
