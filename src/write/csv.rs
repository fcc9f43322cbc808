//! CSV lines in one canonical form.
//!
//! A cell is quoted where it must be and nowhere else: it holds the delimiter, a quote, CR or LF, or it is text that
//! would be read as missing. Lines end with LF. There is no byte order mark. So the spelling tells nothing of the source.
//!
//! A table of one column never has an empty line, which most readers skip: where the missing value is spelled as empty
//! text, its line is `""` too. The row then survives; whether it is missing or empty is up to the reader.

use super::format::Layout;
use crate::value::Column;

/// Writes the lines of a layout.
pub(super) struct CsvEncoder {
    delimiter: u8,
    null: Vec<u8>,
    /// Room that is made for the next line: that of the last with some to spare.
    room: usize,
    /// Space for a cell that is not text.
    cell: Vec<u8>,
}

/// Copies are made in blocks of this size, past the end of a short cell: what lies there is written over by the next
/// cell, and never leaves the line.
const BLOCK: usize = 32;

/// What became of an attempt to put a row down without quotes.
enum Laid {
    /// It ends here; whether it must be looked through.
    Plain { end: usize, look: bool },
    /// A cell is spelled like the missing value.
    LikeNull,
    /// The line is too short: this much is needed at least.
    Short(usize),
}

impl CsvEncoder {
    pub(super) fn new(layout: &Layout) -> Self {
        Self { delimiter: layout.delimiter, null: layout.null.clone(), room: 1024, cell: Vec::new() }
    }

    /// Appends the line of a row.
    ///
    /// The cells are first put down unquoted. Delimiters, quotes and line ends of the whole line are then counted at once:
    /// as many as stand between the cells means that no cell holds one. Only else is the line written again with quotes.
    #[inline]
    pub(super) fn encode(&mut self, columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) {
        let start = out.len();
        let (end, look) = loop {
            out.resize(start + self.room, 0);
            match self.lay(columns, row, &mut out[start..]) {
                Laid::Plain { end, look } => break (end, look),
                Laid::Short(length) => self.room = length * 2,
                Laid::LikeNull => {
                    out.truncate(start);
                    return self.encode_quoted(columns, row, out);
                }
            }
        };
        self.room = (end + 4 * BLOCK).max(self.room - self.room / 8);
        if columns.len() == 1 && end == 1 {
            out.truncate(start);
            return out.extend_from_slice(b"\"\"\n");
        }
        if look && specials(&mut out[start..], end, self.delimiter) != columns.len() {
            out.truncate(start);
            return self.encode_quoted(columns, row, out);
        }
        out.truncate(start + end);
        if let Some(last) = out.last_mut() {
            *last = b'\n';
        }
    }

    /// Puts the cells of a row down, each with a delimiter behind it, and leaves two blocks of room at the end.
    #[inline]
    fn lay(&mut self, columns: &[Column<'_>], row: usize, line: &mut [u8]) -> Laid {
        let Self { delimiter, null, cell: scratch, .. } = self;
        let mut end = 0;
        // Text columns that are promised plain need no look, if what they avoid is all that we would quote.
        let mut look = *delimiter != b',';
        for column in columns {
            let (buffer, cell): (&[u8], &[u8]) = if let Column::Text(text) = column {
                let bytes = text.bytes();
                match text.spans()[row].get(bytes) {
                    None => (&[], null),
                    Some(cell) if cell.len() == null.len() && cell == null => return Laid::LikeNull,
                    Some(cell) => {
                        look |= !text.plain();
                        (bytes, cell)
                    }
                }
            } else {
                // Digits, letters, '-', '+', ':', '.': a comma is never among them.
                scratch.clear();
                match column.write_text(row, scratch) {
                    false => (&[], null),
                    true if scratch == null => return Laid::LikeNull,
                    true => (&[], scratch),
                }
            };
            let next = end + cell.len();
            let Some(room) = line.get_mut(end..next + 2 * BLOCK) else {
                return Laid::Short(next + 2 * BLOCK);
            };
            copy_cell(buffer, cell, room);
            line[next] = *delimiter;
            end = next + 1;
        }
        Laid::Plain { end, look }
    }

    /// The same with quotes where they are needed.
    #[cold]
    fn encode_quoted(&mut self, columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) {
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                out.push(self.delimiter);
            }
            self.cell.clear();
            if !column.write_text(row, &mut self.cell) {
                out.extend_from_slice(&self.null);
            } else if self.cell == self.null {
                quote(&self.cell, out);
            } else {
                quote_if_needed(&self.cell, self.delimiter, out);
            }
        }
        out.push(b'\n');
    }
}

/// Copies a cell, which may lie in a buffer, to the front of a room that is at least a block longer.
#[inline]
fn copy_cell(buffer: &[u8], cell: &[u8], room: &mut [u8]) {
    if cell.len() <= BLOCK {
        // Where the buffer goes on behind the cell, a whole block is copied: that is a few instructions, not a call.
        let start = cell.as_ptr().addr().wrapping_sub(buffer.as_ptr().addr());
        let block = buffer.get(start..).and_then(<[u8]>::first_chunk::<BLOCK>);
        if let (Some(from), Some(to)) = (block, room.first_chunk_mut::<BLOCK>()) {
            *to = *from;
            return;
        }
    }
    room[..cell.len()].copy_from_slice(cell);
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
