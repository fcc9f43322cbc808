//! NDJSON lines in one canonical form: keys in column order, no spaces, only the escapes that JSON demands.
//!
//! Integers, decimals and doubles are numbers, written exactly as text writes them; dates and timestamps are strings.
//! A double that is not finite has no JSON form and is refused.

use super::format::Layout;
use crate::error::{Error, ErrorKind, Result};
use crate::value::Column;

/// Writes the lines of a layout.
pub(super) struct NdjsonEncoder {
    /// For each column what stands before its value: `{"a":` or `,"b":`.
    keys: Vec<Vec<u8>>,
    names: Vec<String>,
}

impl NdjsonEncoder {
    pub(super) fn new(layout: &Layout) -> Self {
        let names: Vec<String> = layout.schema.fields().iter().map(|field| field.name.clone()).collect();
        let key = |(place, name): (usize, &String)| {
            let mut key = vec![if place == 0 { b'{' } else { b',' }];
            write_string(name.as_bytes(), &mut key);
            key.push(b':');
            key
        };
        Self { keys: names.iter().enumerate().map(key).collect(), names }
    }

    /// Appends the line of a row.
    pub(super) fn encode(&mut self, columns: &[Column<'_>], row: usize, out: &mut Vec<u8>) -> Result<()> {
        for ((key, name), column) in self.keys.iter().zip(&self.names).zip(columns) {
            out.extend_from_slice(key);
            if column.is_null(row) {
                out.extend_from_slice(b"null");
                continue;
            }
            match column {
                Column::Text(cells) => write_string(cells.get(row).unwrap_or_default(), out),
                Column::Date(_) | Column::Timestamp(_) => {
                    out.push(b'"');
                    column.write_text(row, out);
                    out.push(b'"');
                }
                Column::Float(cells) if cells[row].is_some_and(|number| !number.is_finite()) => {
                    return Err(Error::new(ErrorKind::BadValue("a finite number")).in_column(name));
                }
                Column::Integer(_) | Column::Decimal(_) | Column::Float(_) | Column::Boolean(_) => {
                    column.write_text(row, out);
                }
            }
        }
        out.extend_from_slice(b"}\n");
        Ok(())
    }
}

/// Appends a JSON string.
fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let mut done = 0;
    for (place, byte) in text.iter().enumerate() {
        if *byte >= b' ' && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text[done..place]);
        done = place + 1;
        out.push(b'\\');
        match byte {
            b'"' | b'\\' => out.push(*byte),
            b'\n' => out.push(b'n'),
            b'\r' => out.push(b'r'),
            b'\t' => out.push(b't'),
            0x08 => out.push(b'b'),
            0x0c => out.push(b'f'),
            _ => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"u00");
                out.push(DIGITS[usize::from(byte >> 4)]);
                out.push(DIGITS[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&text[done..]);
    out.push(b'"');
}
