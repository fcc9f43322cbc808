//! As much of `FlatBuffers` as finds the parts of an Arrow IPC file: reading tables, and one table written by hand.
//!
//! Given: bytes that may be anything. Every step is checked; whatever does not fit is `None`.

/// A table in a buffer.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    /// The table that a buffer begins with.
    pub(super) fn root(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { bytes, at: usize::try_from(u32::from_le_bytes(array(bytes, 0)?)).ok()? })
    }
    /// Where the table lies in its buffer.
    pub(super) fn position(self) -> usize {
        self.at
    }
    /// Where the place of a field is noted, `None` where the table does not know the field.
    pub(super) fn entry(self, slot: usize) -> Option<usize> {
        let back = i64::from(i32::from_le_bytes(array(self.bytes, self.at)?));
        let vtable = usize::try_from(i64::try_from(self.at).ok()?.checked_sub(back)?).ok()?;
        let entry = slot * 2 + 4;
        let known = entry + 2 <= usize::from(u16::from_le_bytes(array(self.bytes, vtable)?));
        if known { vtable.checked_add(entry) } else { None }
    }
    /// Where a field lies, `None` where the table leaves it out.
    pub(super) fn field(self, slot: usize) -> Option<usize> {
        let offset = usize::from(u16::from_le_bytes(array(self.bytes, self.entry(slot)?)?));
        if offset == 0 { None } else { self.at.checked_add(offset) }
    }
    /// A vector of structs of two longs; empty where it is left out.
    pub(super) fn pairs(self, slot: usize) -> Option<Vec<(i64, i64)>> {
        let Some(field) = self.field(slot) else { return Some(Vec::new()) };
        let (start, length) = self.elements(field, 16)?;
        let pair = |place: usize| {
            let at = start + place * 16;
            Some((i64::from_le_bytes(array(self.bytes, at)?), i64::from_le_bytes(array(self.bytes, at + 8)?)))
        };
        (0..length).map(pair).collect()
    }
    /// Start and number of the elements of a vector of offsets.
    pub(super) fn elements_of(self, slot: usize) -> Option<(usize, usize)> {
        self.elements(self.field(slot)?, 4)
    }
    /// Follows an offset.
    fn target(self, at: usize) -> Option<usize> {
        at.checked_add(usize::try_from(u32::from_le_bytes(array(self.bytes, at)?)).ok()?)
    }
    /// A byte; 0 where it is left out.
    pub(super) fn byte(self, slot: usize) -> u8 {
        self.field(slot).and_then(|at| self.bytes.get(at)).copied().unwrap_or(0)
    }
    /// A long; 0 where it is left out.
    pub(super) fn long(self, slot: usize) -> Option<i64> {
        match self.field(slot) {
            Some(at) => Some(i64::from_le_bytes(array(self.bytes, at)?)),
            None => Some(0),
        }
    }
    /// A table in the same buffer.
    pub(super) fn table(self, slot: usize) -> Option<Self> {
        Some(Self { bytes: self.bytes, at: self.target(self.field(slot)?)? })
    }
    /// A string.
    pub(super) fn string(self, slot: usize) -> Option<&'a str> {
        let at = self.target(self.field(slot)?)?;
        let length = usize::try_from(u32::from_le_bytes(array(self.bytes, at)?)).ok()?;
        std::str::from_utf8(self.bytes.get(at.checked_add(4)?..)?.get(..length)?).ok()
    }
    /// A vector of tables; empty where it is left out.
    pub(super) fn tables(self, slot: usize) -> Option<Vec<Self>> {
        let Some(field) = self.field(slot) else { return Some(Vec::new()) };
        let (start, length) = self.elements(field, 4)?;
        let table = |place| Some(Self { bytes: self.bytes, at: self.target(start + place * 4)? });
        (0..length).map(table).collect()
    }
    /// A vector of blocks: structs of a long, an int with padding, and a long; empty where it is left out.
    pub(super) fn blocks(self, slot: usize) -> Option<Vec<(i64, i32, i64)>> {
        let Some(field) = self.field(slot) else { return Some(Vec::new()) };
        let (start, length) = self.elements(field, BLOCK)?;
        let block = |place: usize| {
            let at = start + place * BLOCK;
            let (offset, head) = (i64::from_le_bytes(array(self.bytes, at)?), array(self.bytes, at + 8)?);
            Some((offset, i32::from_le_bytes(head), i64::from_le_bytes(array(self.bytes, at + 16)?)))
        };
        (0..length).map(block).collect()
    }
    /// Start and number of the elements of a vector that lies inside the buffer.
    fn elements(self, field: usize, size: usize) -> Option<(usize, usize)> {
        let at = self.target(field)?;
        let length = usize::try_from(u32::from_le_bytes(array(self.bytes, at)?)).ok()?;
        let start = at.checked_add(4)?;
        let end = start.checked_add(length.checked_mul(size)?)?;
        (end <= self.bytes.len()).then_some((start, length))
    }
}

const BLOCK: usize = 24;

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// Lets the offset at a place point to a later one.
pub(super) fn put_offset(bytes: &mut [u8], at: usize, target: usize) -> Option<()> {
    let offset = u32::try_from(target.checked_sub(at)?).ok()?;
    bytes.get_mut(at..)?.first_chunk_mut::<4>()?.copy_from_slice(&offset.to_le_bytes());
    Some(())
}

/// An Arrow footer for at most one record batch, with the schema table at `position` of `schema`.
///
/// The buffer that the schema came in is appended whole: its offsets are relative, so they hold at another place.
pub(super) fn footer(schema: &[u8], position: usize, batch: Option<(u64, u64, u64)>) -> Option<Vec<u8>> {
    const TABLE: u32 = 16;
    const VECTOR: u32 = 36;
    const SCHEMA: u32 = 64;
    const VERSION_5: u16 = 4;
    let mut out = Vec::with_capacity(schema.len() + 64);
    out.extend_from_slice(&TABLE.to_le_bytes());
    // The table of fields: its own length, the table's length, then where version, schema, dictionaries, batches lie.
    for number in [12_u16, 14, 12, 4, 0, 8] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&12_i32.to_le_bytes());
    let schema_at = SCHEMA.checked_add(u32::try_from(position).ok()?)?;
    out.extend_from_slice(&(schema_at - (TABLE + 4)).to_le_bytes());
    out.extend_from_slice(&(VECTOR - (TABLE + 8)).to_le_bytes());
    out.extend_from_slice(&VERSION_5.to_le_bytes());
    out.resize(usize::try_from(VECTOR).ok()?, 0);
    out.extend_from_slice(&u32::from(batch.is_some()).to_le_bytes());
    if let Some((offset, head, body)) = batch {
        for number in [offset, head, body] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
    out.resize(usize::try_from(SCHEMA).ok()?, 0);
    out.extend_from_slice(schema);
    Some(out)
}
