//! One worker's way into the store: rows are laid down where they will wait, one bucket beside the other.
//!
//! Of every bucket one piece is open. Records fill it from the front, one behind the other. From the back grow notes of four bytes: the
//! length of each record, and where the rows of another shard begin. So records are found by reading a few lines of memory and not one
//! for each, and a record is made in its place: it is not copied before the shuffle reads it.

use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::lanes;

/// What became of an attempt to put a record down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Laid {
    /// It has so many bytes. What was written behind them does not count.
    Ends(usize),
    /// There is too little room: at least so many bytes are needed.
    Short(usize),
}

/// A worker's open pieces. To be closed at the end.
pub struct Scatter {
    open: Vec<Open>,
    piece: usize,
}

/// The piece of a bucket that is being filled.
#[derive(Default)]
struct Open {
    piece: Filled,
    /// The shards of the first and of the last record.
    first: u64,
    last: u64,
}

/// A piece: records up to `records`, notes from `notes` on, nothing between.
#[derive(Default)]
pub(super) struct Filled {
    pub(super) bytes: Vec<u8>,
    pub(super) records: usize,
    pub(super) notes: usize,
}

/// Bytes of a note.
const NOTE: usize = 4;
/// The note that says: the next two are the number of a shard, its lower half first.
const SHARD: u32 = u32::MAX;
/// Bytes of the notes of a shard.
const SHARD_NOTES: usize = 3 * NOTE;
/// Bytes of a piece: few enough that the open ones are a small part of memory, enough that a piece is worth its list entry.
const PIECE: (u64, u64) = (4 << 10, 64 << 10);
/// Bytes that are asked for before a record is laid.
const LINES: usize = 128;

impl Scatter {
    /// For so many buckets, with pieces of about so many bytes.
    pub(super) fn new(buckets: usize, piece: u64) -> Self {
        let piece = usize::try_from(piece.clamp(PIECE.0, PIECE.1)).expect("far below 4 GiB");
        Self { open: (0..buckets).map(|_| Open::default()).collect(), piece }
    }
    /// Bytes of a piece, but for one whose only record is larger.
    pub(super) fn piece_bytes(&self) -> usize {
        self.piece
    }

    /// Puts a record of a shard into a bucket. `lay` writes it at the front of the room that it is given, or asks for more; it is
    /// then called again. A worker takes its shards in rising order, each whole before the next.
    ///
    /// # Errors
    /// What `lay` returned; when the spill file cannot be written; a record of four gigabytes.
    #[inline]
    pub fn push(
        &mut self,
        store: &Store,
        shard: u64,
        bucket: u32,
        mut lay: impl FnMut(&mut [u8]) -> Result<Laid>,
    ) -> Result<()> {
        let at = bucket as usize;
        if self.open[at].piece.bytes.is_empty() || self.open[at].last != shard {
            self.enter(store, shard, at)?;
        }
        let mut needed = 0;
        loop {
            let Filled { bytes, records, notes } = &mut self.open[at].piece;
            let room = bytes[*records..*notes].split_last_chunk_mut::<NOTE>();
            if let Some((room, note)) = room.filter(|(room, _)| room.len() >= needed) {
                match lay(room)? {
                    Laid::Ends(length) => {
                        *note = length_note(length)?;
                        *records += length;
                        *notes -= NOTE;
                        return Ok(());
                    }
                    Laid::Short(more) => needed = more,
                }
            }
            self.begin(store, shard, at, needed)?;
        }
    }
    /// Has the memory fetched into which the next record of a bucket goes.
    #[inline]
    pub fn expect(&self, bucket: u32) {
        if let Some(open) = self.open.get(bucket as usize) {
            let free = &open.piece.bytes[open.piece.records..open.piece.notes];
            lanes::fetch_to_write(&free[..free.len().min(LINES)]);
        }
    }
    /// The same for a record that there is already.
    ///
    /// # Errors
    /// As of [`Self::push`].
    pub fn push_bytes(&mut self, store: &Store, shard: u64, bucket: u32, record: &[u8]) -> Result<()> {
        self.push(store, shard, bucket, |room| Ok(Laid::copy(record, room)))
    }
    /// Gives the store what is left.
    ///
    /// # Errors
    /// When the spill file cannot be written.
    pub fn close(mut self, store: &Store) -> Result<()> {
        (0..self.open.len()).try_for_each(|at| std::mem::take(&mut self.open[at]).hand_over(store, at))
    }

    /// What comes next in a bucket is of this shard. Where there is one bucket, a piece is of one shard.
    #[cold]
    fn enter(&mut self, store: &Store, shard: u64, at: usize) -> Result<()> {
        let one = self.open.len() == 1;
        let open = &mut self.open[at];
        if !one && open.piece.notes - open.piece.records >= SHARD_NOTES {
            open.note_shard(shard);
            return Ok(());
        }
        self.begin(store, shard, at, 0)
    }
    /// Opens another piece, with room for a record of so many bytes.
    #[cold]
    fn begin(&mut self, store: &Store, shard: u64, at: usize, needed: usize) -> Result<()> {
        std::mem::take(&mut self.open[at]).hand_over(store, at)?;
        let size = self.piece.max(needed + NOTE + SHARD_NOTES);
        let piece = Filled { bytes: vec![0; size], records: 0, notes: size };
        self.open[at] = Open { piece, first: shard, last: shard };
        self.open[at].note_shard(shard);
        Ok(())
    }
}

impl Open {
    /// Notes that what follows is of this shard; there is room for that.
    fn note_shard(&mut self, shard: u64) {
        let Filled { bytes, notes, .. } = &mut self.piece;
        let [b0, b1, b2, b3, b4, b5, b6, b7] = shard.to_le_bytes();
        for note in [SHARD.to_le_bytes(), [b0, b1, b2, b3], [b4, b5, b6, b7]] {
            *notes -= NOTE;
            bytes[*notes..][..NOTE].copy_from_slice(&note);
        }
        self.last = shard;
    }
    /// Gives the piece to the store, if there is a record in it.
    fn hand_over(self, store: &Store, bucket: usize) -> Result<()> {
        if self.piece.bytes.len() - self.piece.notes <= SHARD_NOTES {
            return Ok(());
        }
        store.put(bucket, self.first, self.piece)
    }
}

/// The note of a record of so many bytes.
#[inline]
fn length_note(length: usize) -> Result<[u8; NOTE]> {
    match u32::try_from(length) {
        Ok(number) if number != SHARD => Ok(number.to_le_bytes()),
        _ => Err(Error::new(ErrorKind::Memory("a row of four gigabytes or more"))),
    }
}

impl Laid {
    /// Puts a record down that there is already.
    #[inline]
    #[must_use]
    pub fn copy(record: &[u8], room: &mut [u8]) -> Self {
        match room.get_mut(..record.len()) {
            Some(room) => {
                room.copy_from_slice(record);
                Self::Ends(record.len())
            }
            None => Self::Short(record.len()),
        }
    }
}

/// Rows of one shard that lie one behind the other in a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run<'p> {
    pub(super) shard: u64,
    /// Where its first record begins.
    pub(super) start: u32,
    /// The length of each record, the last one first.
    lengths: &'p [[u8; NOTE]],
}

impl Run<'_> {
    /// First byte and length of each record.
    #[inline]
    pub(super) fn records(&self) -> impl ExactSizeIterator<Item = (u32, u32)> {
        let mut end = self.start;
        self.lengths.iter().rev().map(move |length| {
            let length = u32::from_le_bytes(*length);
            let start = end;
            end = end.wrapping_add(length);
            (start, length)
        })
    }
}

/// What lies in a piece whose records have so many bytes, by its notes.
pub(super) fn runs<'p>(records: usize, notes: &'p [u8], mut each: impl FnMut(Run<'p>)) -> Result<()> {
    let torn = || Error::new(ErrorKind::Internal("a waiting row is torn"));
    let (mut notes, rest) = notes.as_chunks::<NOTE>();
    let mut end = 0_u64;
    while let [before @ .., high, low, SHARD_NOTE] = notes {
        let count = before.iter().rev().take_while(|note| **note != SHARD_NOTE).count();
        let lengths;
        (notes, lengths) = before.split_at(before.len() - count);
        let start = u32::try_from(end).map_err(|_| torn())?;
        let shard = u64::from(u32::from_le_bytes(*low)) | u64::from(u32::from_le_bytes(*high)) << 32;
        each(Run { shard, start, lengths });
        end += lengths.iter().map(|length| u64::from(u32::from_le_bytes(*length))).sum::<u64>();
    }
    if notes.is_empty() && rest.is_empty() && end == records as u64 { Ok(()) } else { Err(torn()) }
}

/// The bytes of [`SHARD`].
const SHARD_NOTE: [u8; NOTE] = SHARD.to_le_bytes();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MasterKey;

    #[test]
    fn a_piece_tells_its_runs_and_a_torn_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(2, 1 << 30, folder.path(), &MasterKey::insecure_from_test_seed(1).stream("spill"));
        let mut scatter = store.scatter(1);
        for (shard, record) in [(7, "one"), (7, ""), (7, "three"), (u64::MAX, "x"), (u64::MAX - 1, "four")] {
            scatter.expect(1);
            scatter.push_bytes(&store, shard, 1, record.as_bytes()).unwrap();
        }
        let piece = &scatter.open[1].piece;
        let (records, notes) = (&piece.bytes[..piece.records], &piece.bytes[piece.notes..]);
        let mut found = Vec::new();
        runs(records.len(), notes, |run| found.push((run.shard, run.records().collect::<Vec<_>>()))).unwrap();
        assert_eq!(found, [(7, vec![(0, 3), (3, 0), (3, 5)]), (u64::MAX, vec![(8, 1)]), (u64::MAX - 1, vec![(9, 4)])]);
        assert_eq!(records, b"onethreexfour");
        assert!(runs(records.len() + 1, notes, |_| {}).is_err());
        for torn in 1..notes.len() {
            assert!(runs(records.len(), &notes[torn..], |_| {}).is_err(), "{torn}");
        }
        assert_eq!(Laid::copy(b"more", &mut [0; 3]), Laid::Short(4));
    }
}
