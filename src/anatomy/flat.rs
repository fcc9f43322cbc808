//! FlatBuffers that remember which of their bytes were read: what no field claims is hidden from every reader.
//!
//! Given: bytes that may be anything. Every step is checked; whatever does not fit is `None`.
//! Source: <https://flatbuffers.dev/internals/>.

use std::cell::RefCell;

/// A buffer.
pub(super) struct Flat<'a> {
    bytes: &'a [u8],
    seen: RefCell<Vec<(usize, usize)>>,
}

impl<'a> Flat<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, seen: RefCell::default() }
    }
    /// The table that the buffer begins with.
    pub(super) fn root(&self) -> Option<Table<'_>> {
        self.table_at(0)
    }
    /// Bytes that are not zero and that no field claims.
    pub(super) fn unread(&self) -> u64 {
        let mut seen = self.seen.borrow().clone();
        seen.sort_unstable();
        let (mut at, mut hidden) = (0, 0);
        for (start, end) in seen.into_iter().chain([(self.bytes.len(), self.bytes.len())]) {
            if start > at {
                hidden += self.bytes[at..start].iter().filter(|byte| **byte != 0).count() as u64;
            }
            at = at.max(end);
        }
        hidden
    }
    /// Some bytes, which are now read.
    fn take(&self, at: usize, length: usize) -> Option<&'a [u8]> {
        let end = at.checked_add(length)?;
        let bytes = self.bytes.get(at..end)?;
        self.seen.borrow_mut().push((at, end));
        Some(bytes)
    }
    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.take(at, N)?.first_chunk().copied()
    }
    /// Where an offset points to.
    fn target(&self, at: usize) -> Option<usize> {
        at.checked_add(usize::try_from(u32::from_le_bytes(self.array(at)?)).ok()?)
    }
    /// The table that the offset at a place points to.
    fn table_at(&self, at: usize) -> Option<Table<'_>> {
        let at = self.target(at)?;
        let back = i64::from(i32::from_le_bytes(self.array(at)?));
        let shape = usize::try_from(i64::try_from(at).ok()?.checked_sub(back)?).ok()?;
        let length = usize::from(u16::from_le_bytes(self.array(shape)?));
        let fields = self.take(shape, length)?.get(4..)?;
        Some(Table { flat: self, at, fields })
    }
}

/// A table in a buffer.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    flat: &'a Flat<'a>,
    at: usize,
    /// Where each field lies.
    fields: &'a [u8],
}

impl<'a> Table<'a> {
    /// Where a field lies; `None` where the table leaves it out.
    fn field(self, slot: usize) -> Option<usize> {
        let entry = self.fields.get(slot * 2..)?.first_chunk::<2>()?;
        let offset = usize::from(u16::from_le_bytes(*entry));
        if offset == 0 { None } else { self.at.checked_add(offset) }
    }
    /// Whether the table has a field.
    pub(super) fn has(self, slot: usize) -> bool {
        self.field(slot).is_some()
    }
    /// How many fields stand behind the known ones.
    pub(super) fn others(self, known: usize) -> u64 {
        (known..self.fields.len() / 2).filter(|slot| self.has(*slot)).count() as u64
    }
    /// A number of this many bytes; 0 where it is left out.
    pub(super) fn number<const N: usize>(self, slot: usize) -> Option<i64> {
        let Some(at) = self.field(slot) else { return Some(0) };
        let mut bytes = [0; 8];
        bytes[..N].copy_from_slice(&self.flat.array::<N>(at)?);
        let shift = 64 - 8 * N;
        Some((i64::from_le_bytes(bytes) << shift) >> shift)
    }
    /// A table inside.
    pub(super) fn table(self, slot: usize) -> Option<Table<'a>> {
        self.flat.table_at(self.field(slot)?)
    }
    /// Text.
    pub(super) fn text(self, slot: usize) -> Option<&'a [u8]> {
        let at = self.flat.target(self.field(slot)?)?;
        let length = usize::try_from(u32::from_le_bytes(self.flat.array(at)?)).ok()?;
        self.flat.take(at.checked_add(4)?, length)
    }
    /// Tables; none where they are left out.
    pub(super) fn tables(self, slot: usize) -> Option<Vec<Table<'a>>> {
        let (start, count) = self.elements(slot, 4)?;
        (0..count).map(|place| self.flat.table_at(start + 4 * place)).collect()
    }
    /// Structures of so many numbers of eight bytes; none where they are left out.
    pub(super) fn longs<const N: usize>(self, slot: usize) -> Option<Vec<[i64; N]>> {
        let (start, count) = self.elements(slot, 8 * N)?;
        let bytes = self.flat.take(start, count * 8 * N)?;
        let (numbers, _) = bytes.as_chunks::<8>();
        let structure = |numbers: &[[u8; 8]]| std::array::from_fn(|place| i64::from_le_bytes(numbers[place]));
        Some(numbers.chunks_exact(N).map(structure).collect())
    }
    /// Start and number of the elements of a vector.
    fn elements(self, slot: usize, size: usize) -> Option<(usize, usize)> {
        let Some(field) = self.field(slot) else { return Some((0, 0)) };
        let at = self.flat.target(field)?;
        let count = usize::try_from(u32::from_le_bytes(self.flat.array(at)?)).ok()?;
        let start = at.checked_add(4)?;
        let end = start.checked_add(count.checked_mul(size)?)?;
        (end <= self.flat.bytes.len()).then_some((start, count))
    }
}
