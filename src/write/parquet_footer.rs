//! The end of a Parquet file without what tells more than the rows.
//!
//! The writer below puts its own name into the footer, and an index of pages before it. Both are left out here, by copying the
//! footer's Thrift structure field by field. What is copied stays byte for byte as it was; only the steps between the numbers
//! of fields change. Sources: `parquet.thrift`; Thrift's compact protocol.

/// Copies the end of a file, which is anything, then the indexes of pages, the footer, its length and the magic.
/// `None` where it is not that.
pub(super) fn without_index_and_name(end: &[u8]) -> Option<Vec<u8>> {
    let (rest, magic) = end.split_last_chunk::<4>()?;
    let (rest, length) = rest.split_last_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (before, footer) = rest.split_at_checked(rest.len().checked_sub(length)?)?;
    let mut copy = Copy { bytes: footer, at: 0, out: Vec::with_capacity(end.len()), index: 0 };
    copy.structure(Shape::File)?;
    if copy.at != footer.len() || magic != b"PAR1" {
        return None;
    }
    let kept = before.len().checked_sub(usize::try_from(copy.index).ok()?)?;
    let mut out = before[..kept].to_vec();
    out.extend_from_slice(&copy.out);
    out.extend_from_slice(&u32::try_from(copy.out.len()).ok()?.to_le_bytes());
    out.extend_from_slice(magic);
    Some(out)
}

/// Structures in which something is left out, or that hold such.
#[derive(Clone, Copy)]
enum Shape {
    File,
    Group,
    Chunk,
    Other,
}

enum Fate {
    Keep(Shape),
    Drop,
    /// Dropped, but its number is a length to remember.
    DropLength,
}

impl Shape {
    fn fate(self, field: i64) -> Fate {
        match (self, field) {
            (Self::File, 4) => Fate::Keep(Self::Group),
            // keys and values, of which there are none, and the writer's name
            (Self::File, 5 | 6) | (Self::Chunk, 4) => Fate::Drop,
            (Self::Group, 1) => Fate::Keep(Self::Chunk),
            (Self::Chunk, 5) => Fate::DropLength,
            _ => Fate::Keep(Self::Other),
        }
    }
}

struct Copy<'a> {
    bytes: &'a [u8],
    at: usize,
    out: Vec<u8>,
    /// Bytes of all page indexes.
    index: u64,
}

impl Copy<'_> {
    fn structure(&mut self, shape: Shape) -> Option<()> {
        let (mut field, mut before) = (0_i64, 0_i64);
        loop {
            let head = self.byte()?;
            let kind = head & 15;
            if kind == 0 {
                self.out.push(0);
                return Some(());
            }
            field = match head >> 4 {
                0 => self.zigzag()?,
                step => field + i64::from(step),
            };
            let start = self.out.len();
            let inner = match shape.fate(field) {
                Fate::Keep(inner) => {
                    let step = u8::try_from(field - before).ok().filter(|step| (1..16).contains(step))?;
                    self.out.push(step << 4 | kind);
                    before = field;
                    self.value(kind, inner)?;
                    continue;
                }
                Fate::DropLength => {
                    let at = self.at;
                    self.index += u64::try_from(self.zigzag()?).ok()?;
                    self.at = at;
                    Shape::Other
                }
                Fate::Drop => Shape::Other,
            };
            self.value(kind, inner)?;
            self.out.truncate(start);
        }
    }
    /// Copies a value of this kind.
    fn value(&mut self, kind: u8, inner: Shape) -> Option<()> {
        match kind {
            1 | 2 => {} // booleans of fields are their kind
            3 => self.copy(1)?,
            4..=6 => {
                self.varint()?;
            }
            7 => self.copy(8)?,
            8 => {
                let length = self.varint()?;
                self.copy(usize::try_from(length).ok()?)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                self.out.push(head);
                let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
                for _ in 0..count {
                    match head & 15 {
                        1 | 2 => self.copy(1)?,
                        kind => self.value(kind, inner)?,
                    }
                }
            }
            12 => self.structure(inner)?,
            _ => return None,
        }
        Some(())
    }
    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }
    fn copy(&mut self, length: usize) -> Option<()> {
        let end = self.at.checked_add(length)?;
        self.out.extend_from_slice(self.bytes.get(self.at..end)?);
        self.at = end;
        Some(())
    }
    /// Copies a number and gives it.
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for place in 0..10 {
            let byte = self.byte()?;
            self.out.push(byte);
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
    /// Reads a signed number without copying it.
    fn zigzag(&mut self) -> Option<i64> {
        let length = self.out.len();
        let number = self.varint()?;
        self.out.truncate(length);
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_index_go_and_the_rest_stays() {
        // version 1; groups: one of one chunk { offset 8, index at 100 of 6 bytes, 8: "x" }; no pairs; name "Polars"; orders: none
        let chunk = [0x26, 0x10, 0x26, 0xc8, 0x01, 0x15, 0x0c, 0x38, 0x01, b'x', 0x00];
        let mut footer = vec![0x15, 0x02, 0x39, 0x1c, 0x19, 0x1c];
        footer.extend(chunk);
        footer.extend([0x00, 0x19, 0x0c, 0x18, 0x06]);
        footer.extend(b"Polars");
        footer.extend([0x19, 0x0c, 0x00]);
        let mut end = b"rows 6bytes".to_vec();
        end.extend(&footer);
        end.extend(u32::try_from(footer.len()).unwrap().to_le_bytes());
        end.extend(b"PAR1");
        let kept = without_index_and_name(&end).unwrap();
        let wanted = [0x15, 0x02, 0x39, 0x1c, 0x19, 0x1c, 0x26, 0x10, 0x68, 0x01, b'x', 0x00, 0x00, 0x39, 0x0c, 0x00];
        assert_eq!(kept[..5], *b"rows ");
        assert_eq!(kept[5..kept.len() - 8], wanted);
        assert_eq!(kept[kept.len() - 8..kept.len() - 4], [u8::try_from(wanted.len()).unwrap(), 0, 0, 0]);
        for cut in 0..end.len() {
            assert!(without_index_and_name(&end[..cut]).is_none(), "a torn end is refused");
        }
    }
}
