//! CSV lines in one canonical form.
//!
//! A cell is quoted where it must be and nowhere else: it holds the delimiter, a quote, CR or LF, or it is text that
//! would be read as missing. Lines end with LF. There is no byte order mark. So the spelling tells nothing of the source.
//!
//! A table of one column never has an empty line, which most readers skip: where the missing value is spelled as empty
//! text, its line is `""` too. The row then survives; whether it is missing or empty is up to the reader.
//!
//! While a line waits, cells of 32 lower-case hex digits, as tokens are, wait as the sixteen bytes that they say ([`unpack`] writes
//! them out): rows of tokens need a quarter less memory.

use super::format::Layout;
use super::scatter::Laid;
use crate::error::{Error, ErrorKind, Result};
use crate::lanes;
use crate::value::{Column, Span, Text};
use std::borrow::Cow;

/// Writes the lines of a layout.
pub(super) struct CsvEncoder {
    delimiter: u8,
    null: Vec<u8>,
    /// Space for a line that is quoted.
    line: Vec<u8>,
}

/// The lines of one batch.
pub(super) struct CsvLines<'e, 'c> {
    encoder: &'e mut CsvEncoder,
    columns: Vec<Cells<'c>>,
    /// Whether lines must be looked through for what needs quotes.
    look: bool,
    /// Whether a cell may be missing, or be spelled like what is.
    gaps: bool,
}

/// The cells of a column.
#[derive(Clone, Copy)]
struct Cells<'c> {
    bytes: &'c [u8],
    spans: &'c [Span],
    /// Whether its cells may be packed: all are as long as a token.
    tokens: bool,
}

/// Stands before the bytes of a packed cell, and at the end of a line that has some, behind their number. UTF-8 never has this byte.
const PACKED: u8 = 0xff;
/// Bytes of a packed cell without the mark, and of the cell.
const BYTES: usize = 16;
const DIGITS: usize = 2 * BYTES;

/// Copies are made in blocks of this size, past the end of a short cell: what lies there is written over by the next
/// cell, and does not count behind the line.
const BLOCK: usize = 32;

impl CsvEncoder {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { delimiter: layout.delimiter, null: layout.null.clone(), line: Vec::new() }
    }

    /// The lines of a batch; `texts` are its columns as text.
    pub(super) fn lines<'e, 'c>(
        &'e mut self,
        columns: &[Column<'_>],
        texts: &'c [Cow<'c, Text<'c>>],
    ) -> CsvLines<'e, 'c> {
        // Text columns that are promised plain need no look, if what they avoid is all that we would quote. Of other types there are
        // digits, letters, '-', '+', ':', '.': a comma is never among them.
        let plain = |column: &Column<'_>| if let Column::Text(text) = column { text.plain() } else { true };
        let look = self.delimiter != b',' || !columns.iter().all(plain);
        let null = u32::try_from(self.null.len()).unwrap_or(u32::MAX);
        let like_null = |span: &Span| span.is_null() | (span.width() == null);
        // without a branch for each it becomes vector code
        let gaps = texts.iter().any(|text| text.spans().iter().fold(false, |any, span| any | like_null(span)));
        let cells = |(place, text): (usize, &'c Cow<'c, Text<'c>>)| {
            let long = |span: &Span| span.is_null() | (span.width() as usize == DIGITS);
            // bytes that were packed would be taken for what needs quotes; and their number is a byte
            let tokens =
                !look && place < usize::from(u8::MAX) && text.spans().iter().fold(true, |all, span| all & long(span));
            Cells { bytes: text.bytes(), spans: text.spans(), tokens }
        };
        let columns = texts.iter().enumerate().map(cells).collect();
        CsvLines { encoder: self, columns, look, gaps }
    }
}

impl CsvLines<'_, '_> {
    /// Puts the line of a row down.
    ///
    /// The cells are first put down unquoted. Delimiters, quotes and line ends of the whole line are then counted at once:
    /// as many as stand between the cells means that no cell holds one. Only else is the line written again with quotes.
    #[inline]
    pub(super) fn lay(&mut self, row: usize, line: &mut [u8]) -> Laid {
        let (end, packed) = match if self.gaps { None } else { self.blocks(row, line) } {
            Some(laid) => laid,
            None => match self.cells(row, line) {
                Ok(Some(laid)) => laid,
                Ok(None) => return self.quoted(row, line),
                Err(needed) => return Laid::Short(needed),
            },
        };
        if packed > 0 {
            // there is a block of room behind the last cell
            line[end - 1] = packed;
            line[end] = PACKED;
            return Laid::Ends(end + 1);
        }
        if self.columns.len() == 1 && end == 1 {
            return Laid::copy(b"\"\"\n", line);
        }
        if self.look && specials(line, end, self.encoder.delimiter) != self.columns.len() {
            return self.quoted(row, line);
        }
        line[end - 1] = b'\n';
        Laid::Ends(end)
    }

    /// Puts the cells of a row down, each with a delimiter behind it, in whole blocks, and tells where they end and how many are packed; at
    /// least a block of room is left. None where there is a longer cell, or no block of bytes behind a cell or in the line.
    #[inline]
    fn blocks(&self, row: usize, line: &mut [u8]) -> Option<(usize, u8)> {
        let (mut end, mut packed) = (0, 0);
        for column in &self.columns {
            let span = column.spans[row];
            let length = span.width() as usize;
            let from = column.bytes.get(span.start()..)?.first_chunk::<BLOCK>()?;
            let to = line.get_mut(end..)?.first_chunk_mut::<{ 2 * BLOCK + 1 }>()?;
            if length > BLOCK {
                return None;
            }
            if column.tokens
                && let Some(bytes) = lanes::bytes_of_hex(from)
            {
                to[0] = PACKED;
                to[1..=BYTES].copy_from_slice(&bytes);
                to[BYTES + 1] = self.encoder.delimiter;
                end += BYTES + 2;
                packed += 1;
                continue;
            }
            to[..BLOCK].copy_from_slice(from);
            to[length] = self.encoder.delimiter;
            end += length + 1;
        }
        Some((end, packed))
    }

    /// The same of any row, cell by cell. None where a cell is spelled like the missing value; the room that is needed where there is
    /// too little.
    #[inline(never)]
    fn cells(&self, row: usize, line: &mut [u8]) -> std::result::Result<Option<(usize, u8)>, usize> {
        let null = &self.encoder.null;
        let cell = |column: &Cells<'_>| column.spans[row].get(column.bytes).unwrap_or(null).len() + 1;
        let needed = self.columns.iter().map(cell).sum::<usize>() + 2 * BLOCK + 1;
        if line.len() < needed {
            return Err(needed);
        }
        let (mut end, mut packed) = (0, 0);
        for column in &self.columns {
            let cell = match column.spans[row].get(column.bytes) {
                None => null,
                Some(cell) if cell == null => return Ok(None),
                Some(cell) => cell,
            };
            let digits = cell.first_chunk::<DIGITS>().filter(|_| column.tokens && cell.len() == DIGITS);
            if let Some(bytes) = digits.and_then(lanes::bytes_of_hex) {
                line[end] = PACKED;
                line[end + 1..][..BYTES].copy_from_slice(&bytes);
                end += BYTES + 2;
                packed += 1;
            } else {
                line[end..end + cell.len()].copy_from_slice(cell);
                end += cell.len() + 1;
            }
            line[end - 1] = self.encoder.delimiter;
        }
        Ok(Some((end, packed)))
    }

    /// The same with quotes where they are needed.
    #[cold]
    fn quoted(&mut self, row: usize, room: &mut [u8]) -> Laid {
        let CsvEncoder { delimiter, null, line } = &mut *self.encoder;
        line.clear();
        for (place, column) in self.columns.iter().enumerate() {
            if place > 0 {
                line.push(*delimiter);
            }
            match column.spans[row].get(column.bytes) {
                None => line.extend_from_slice(null),
                Some(cell) if cell == null => quote(cell, line),
                Some(cell) => quote_if_needed(cell, *delimiter, line),
            }
        }
        line.push(b'\n');
        Laid::copy(line, room)
    }
}

/// Appends the final line of one that waited.
///
/// # Errors
/// Where it is none.
#[inline]
pub(super) fn unpack(waiting: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let [rest @ .., packed, PACKED] = waiting else {
        out.extend_from_slice(waiting);
        return Ok(());
    };
    let torn = || Error::new(ErrorKind::Internal("a waiting line is torn"));
    let mut rest = rest;
    for _ in 0..*packed {
        // tokens often stand first, or one behind the other
        let at = match rest {
            [PACKED, ..] => 0,
            [_, PACKED, ..] => 1,
            _ => memchr::memchr(PACKED, rest).ok_or_else(torn)?,
        };
        let (before, cell) = rest.split_at(at);
        match before {
            [] => {}
            [delimiter] => out.push(*delimiter),
            before => out.extend_from_slice(before),
        }
        let (bytes, behind) = cell[1..].split_first_chunk::<BYTES>().ok_or_else(torn)?;
        out.extend_from_slice(&lanes::hex(bytes));
        rest = behind;
    }
    out.extend_from_slice(rest);
    out.push(b'\n');
    Ok(())
}

/// How many bytes of a line would need quoting; clears the block behind its end, for which there must be room.
#[inline]
fn specials(line: &mut [u8], end: usize, delimiter: u8) -> usize {
    if let Some(behind) = line[end..].first_chunk_mut::<BLOCK>() {
        *behind = [0; BLOCK];
    }
    let (blocks, _) = line[..end.next_multiple_of(BLOCK)].as_chunks::<BLOCK>();
    let mut count = 0;
    // So few blocks at a time that a byte can count them; the compiler makes vector code of this.
    for blocks in blocks.chunks(255) {
        let mut found = [0_u8; BLOCK];
        for block in blocks {
            for place in 0..BLOCK {
                found[place] = found[place].wrapping_add(u8::from(is_special(block[place], delimiter)));
            }
        }
        count += found.iter().map(|found| u32::from(*found)).fold(0, u32::wrapping_add) as usize;
    }
    count
}

#[inline]
#[expect(clippy::needless_bitwise_bool, reason = "without branches it becomes vector code")]
fn is_special(byte: u8, delimiter: u8) -> bool {
    (byte == delimiter) | (byte == b'"') | (byte == b'\n') | (byte == b'\r')
}

/// Appends the header line of a layout.
pub(super) fn write_header(layout: &Layout, out: &mut Vec<u8>) {
    for (place, field) in layout.schema.fields().iter().enumerate() {
        if place > 0 {
            out.push(layout.delimiter);
        }
        if field.name.is_empty() && layout.schema.len() == 1 {
            out.extend_from_slice(b"\"\"");
        }
        quote_if_needed(field.name.as_bytes(), layout.delimiter, out);
    }
    out.push(b'\n');
}

fn quote_if_needed(cell: &[u8], delimiter: u8, out: &mut Vec<u8>) {
    if cell.iter().any(|byte| is_special(*byte, delimiter)) {
        quote(cell, out);
    } else {
        out.extend_from_slice(cell);
    }
}

fn quote(cell: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in cell {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}
