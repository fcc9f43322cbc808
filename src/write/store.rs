//! Where released rows wait while they are shuffled: memory first, then an encrypted file that has no name.
//!
//! The shuffle is external and exact (Rao 1961; Sandelius 1962): every row goes to a bucket drawn at random, then each
//! bucket, small enough for memory, is permuted by Fisher and Yates. Both draws come from the run's key, by shard and
//! bucket, so the order does not depend on threads and nobody can repeat it once the key is gone.
//!
//! Rows come by [`Scatter`], in pieces of one bucket each. The store is given opaque records. What does not fit its budget goes to a
//! nameless, encrypted [`SpillFile`]: nothing readable outlives the run.

use super::scatter::{Filled, Run, Scatter, runs};
use super::spill_file::SpillFile;
use crate::error::{Error, ErrorKind, Result};
use crate::lanes;
use crate::random::Repeatable;
use crate::secret::StreamKey;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows of one bucket that came one after the other from one worker.
struct Piece {
    /// The shard of the first row.
    shard: u64,
    place: Place,
    /// Bytes of the records alone.
    records: usize,
}

enum Place {
    Memory(Filled),
    /// From this offset of the file, encrypted: the records, and so many bytes of notes behind them.
    File(u64, usize),
}

/// Takes rows from any thread in any order.
pub struct Store {
    buckets: Vec<Mutex<Vec<Piece>>>,
    memory: u64,
    spill: SpillFile,
    held: AtomicU64,
}

impl Store {
    /// Holds up to `memory` bytes in memory; the rest goes to a nameless file in `folder`.
    #[must_use]
    pub fn new(buckets: usize, memory: u64, folder: &Path, spill: &StreamKey) -> Self {
        Self {
            buckets: (0..buckets).map(|_| Mutex::new(Vec::new())).collect(),
            memory,
            spill: SpillFile::new(folder, spill),
            held: AtomicU64::new(0),
        }
    }
    /// How many buckets suit an input of this size: a function of the size alone, so that the order of the release does
    /// not depend on the machine.
    #[must_use]
    pub fn buckets_for(bytes: Option<u64>, parts: u32) -> usize {
        const BUCKET: u64 = 128 << 20;
        let by_size = bytes.map_or(1024, |bytes| bytes / BUCKET + 1);
        let buckets = by_size.max(u64::from(parts)).next_power_of_two().clamp(256, 4096);
        usize::try_from(buckets).expect("at most 4096")
    }
    /// Number of buckets.
    #[must_use]
    pub fn buckets(&self) -> usize {
        self.buckets.len()
    }
    /// The way in for one of so many workers. What it may hold at once is taken from the store's budget.
    #[must_use]
    pub fn scatter(&self, workers: usize) -> Scatter {
        let (buckets, workers) = (self.buckets.len() as u64, workers.max(1) as u64);
        let scatter = Scatter::new(self.buckets.len(), self.memory / 4 / workers / buckets.max(1));
        self.held.fetch_add(buckets * scatter.piece_bytes() as u64, Ordering::Relaxed);
        scatter
    }
    /// Takes a piece whose first row is of this shard. The pieces of one worker come in order.
    pub(super) fn put(&self, bucket: usize, shard: u64, mut piece: Filled) -> Result<()> {
        let (size, records) = (piece.bytes.len() as u64, piece.records);
        let place = if self.held.fetch_add(size, Ordering::Relaxed).saturating_add(size) <= self.memory {
            Place::Memory(piece)
        } else {
            self.held.fetch_sub(size, Ordering::Relaxed);
            let notes = piece.bytes.len() - piece.notes;
            piece.bytes.copy_within(piece.notes.., records);
            Place::File(self.spill.put(&mut piece.bytes[..records + notes])?, notes)
        };
        self.buckets[bucket].lock().map_err(|_| poisoned())?.push(Piece { shard, place, records });
        Ok(())
    }
    /// All rows are in, and every [`Scatter`] is closed: the rows can be read.
    ///
    /// # Errors
    /// When a worker died.
    pub fn finish(self) -> Result<Stored> {
        let one = self.buckets.len() == 1;
        let (mut pieces, mut starts) = (Vec::new(), Vec::new());
        for bucket in self.buckets {
            let mut some = bucket.into_inner().map_err(|_| poisoned())?;
            // a shard's pieces are one worker's and stay in order
            some.sort_by_key(|piece| piece.shard);
            let units = some.chunk_by(|one_piece, next| !one || one_piece.shard == next.shard);
            let mut at = pieces.len();
            if !one && some.is_empty() {
                starts.push(at);
            }
            for unit in units {
                starts.push(at);
                at += unit.len();
            }
            pieces.append(&mut some);
        }
        starts.push(pieces.len());
        Ok(Stored { pieces, starts, spill: self.spill })
    }
}

/// A complete store, read unit by unit: a unit is a bucket or, of a store of one bucket, a shard.
pub struct Stored {
    pieces: Vec<Piece>,
    /// The first piece of every unit, and the end.
    starts: Vec<usize>,
    spill: SpillFile,
}

/// The rows of one unit, in the order of shards and of rows within shards until they are shuffled.
#[derive(Default)]
pub struct BucketRows {
    /// The first piece of the unit.
    first: usize,
    /// For each piece, what had to be read back from the file; empty for those in memory.
    read: Vec<Vec<u8>>,
    rows: Vec<Row>,
}

/// Where a row lies: which piece of the unit, and where in it.
#[derive(Clone, Copy)]
struct Row {
    piece: u32,
    start: u32,
    length: u32,
}

impl BucketRows {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }
    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
    /// Permutes the rows.
    pub fn shuffle(&mut self, random: &mut Repeatable) {
        random.shuffle(&mut self.rows);
    }
    /// Gives the records to `each` in their present order; `stored` is the store that they were found in.
    ///
    /// The rows lie anywhere in memory, so each is asked for some rows before it is used.
    ///
    /// # Errors
    /// What `each` returned.
    pub fn for_each(&self, stored: &Stored, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        const AHEAD: usize = 24;
        for (at, row) in self.rows.iter().enumerate() {
            if let Some(ahead) = self.rows.get(at + AHEAD) {
                lanes::fetch(self.record(*ahead, stored));
            }
            each(self.record(*row, stored))?;
        }
        Ok(())
    }

    #[inline]
    fn record<'r>(&'r self, row: Row, stored: &'r Stored) -> &'r [u8] {
        let piece = row.piece as usize;
        let bytes = match &stored.pieces[self.first + piece].place {
            Place::Memory(filled) => &filled.bytes,
            Place::File(..) => &self.read[piece],
        };
        &bytes[row.start as usize..][..row.length as usize]
    }
}

impl Stored {
    /// Number of buckets or, of a store of one bucket, of shards that have rows.
    #[must_use]
    pub fn units(&self) -> usize {
        self.starts.len() - 1
    }
    /// All bytes of records.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.records as u64).sum()
    }
    /// Whether anything went to disk.
    #[must_use]
    pub fn spilled(&self) -> bool {
        self.spill.is_used()
    }
    /// Finds the rows of a unit and puts them in their first order.
    ///
    /// # Errors
    /// When the spill file cannot be read.
    pub fn rows(&self, unit: usize, rows: &mut BucketRows) -> Result<()> {
        let (first, pieces) = (self.starts[unit], &self.pieces[self.starts[unit]..self.starts[unit + 1]]);
        let BucketRows { read, rows, first: begin } = rows;
        *begin = first;
        rows.clear();
        read.resize_with(pieces.len().max(read.len()), Vec::new);
        for (piece, read) in pieces.iter().zip(&mut *read) {
            if let Place::File(offset, notes) = piece.place {
                read.resize(piece.records + notes, 0);
                self.spill.get(offset, read)?;
            }
        }
        let mut found: Vec<(u32, Run<'_>)> = Vec::new();
        for ((piece, read), number) in pieces.iter().zip(&*read).zip(0..) {
            let notes = match &piece.place {
                Place::Memory(filled) => &filled.bytes[filled.notes..],
                Place::File(..) => &read[piece.records..],
            };
            runs(piece.records, notes, |run| found.push((number, run)))?;
        }
        // a shard's runs are one worker's and stay in order
        found.sort_by_key(|(_, run)| run.shard);
        for (piece, run) in found {
            rows.extend(run.records().map(|(start, length)| Row { piece, start, length }));
        }
        if u32::try_from(rows.len()).is_err() {
            return Err(ErrorKind::Memory("a bucket of rows").into());
        }
        Ok(())
    }
}

fn poisoned() -> Error {
    Error::new(ErrorKind::Internal("a worker died while it held the store"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MasterKey;

    /// Five shards by two workers, the second of which begins later; each shard is one worker's.
    fn fill(memory: u64, folder: &Path, backwards: bool) -> Stored {
        let key = MasterKey::insecure_from_test_seed(1);
        let store = Store::new(256, memory, folder, &key.stream("spill"));
        let mut workers = [store.scatter(2), store.scatter(2)];
        for shard in 0_u64..5 {
            let worker = &mut workers[usize::from((shard % 2 == 0) == backwards)];
            let mut random = Repeatable::new(&key.stream("shuffle"), shard);
            for row in 0..1000 {
                let bucket = random.below(256);
                worker.push_bytes(&store, shard, bucket, format!("{shard}:{row}").as_bytes()).unwrap();
            }
        }
        for worker in workers {
            worker.close(&store).unwrap();
        }
        store.finish().unwrap()
    }

    fn order(stored: &Stored) -> Vec<String> {
        let key = MasterKey::insecure_from_test_seed(1);
        let (mut rows, mut order) = (BucketRows::default(), Vec::new());
        for unit in 0..stored.units() {
            stored.rows(unit, &mut rows).unwrap();
            rows.shuffle(&mut Repeatable::new(&key.stream("permute"), unit as u64));
            rows.for_each(stored, |record| {
                order.push(String::from_utf8(record.to_vec()).unwrap());
                Ok(())
            })
            .unwrap();
        }
        order
    }

    #[test]
    fn same_order_in_memory_and_on_disk_and_for_any_arrival() {
        let folder = tempfile::tempdir().unwrap();
        let memory = fill(u64::MAX, folder.path(), false);
        let disk = fill(0, folder.path(), true);
        assert!(!memory.spilled() && disk.spilled());
        assert_eq!((memory.units(), memory.bytes()), (256, disk.bytes()));
        let first = order(&memory);
        assert_eq!(first, order(&disk));
        let mut sorted = first.clone();
        sorted.sort();
        let mut expected: Vec<String> =
            (0..5).flat_map(|shard| (0..1000).map(move |row| format!("{shard}:{row}"))).collect();
        expected.sort();
        assert_eq!(sorted, expected);
        assert_ne!(first, expected);
        assert_eq!(memory.bytes(), expected.iter().map(|record| record.len() as u64).sum::<u64>());
    }

    #[test]
    fn spilled_rows_have_no_name() {
        let folder = tempfile::tempdir().unwrap();
        assert!(fill(0, folder.path(), false).spilled());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_store_of_one_bucket_keeps_input_order() {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::insecure_from_test_seed(2);
        for memory in [0, u64::MAX] {
            let store = Store::new(1, memory, folder.path(), &key.stream("spill"));
            let mut workers = [store.scatter(2), store.scatter(2)];
            for (worker, shard) in [(0, 1_u64), (1, 0), (0, 3), (0, 7)] {
                // more than one piece of a shard, and one record that is larger than a piece
                for row in 0..300_usize {
                    let record =
                        [format!("{shard}-{row:03};"), "x".repeat(if row == 7 { 1 << 20 } else { row })].concat();
                    workers[worker].push_bytes(&store, shard, 0, record.as_bytes()).unwrap();
                }
            }
            for worker in workers {
                worker.close(&store).unwrap();
            }
            let (stored, mut read, mut all) = (store.finish().unwrap(), BucketRows::default(), Vec::new());
            assert_eq!(stored.units(), 4);
            for unit in 0..stored.units() {
                stored.rows(unit, &mut read).unwrap();
                read.for_each(&stored, |record| {
                    all.push(String::from_utf8_lossy(record).split(';').next().unwrap().to_owned());
                    Ok(())
                })
                .unwrap();
            }
            let expected: Vec<String> = [0, 1, 3, 7]
                .into_iter()
                .flat_map(|shard| (0..300).map(move |row| format!("{shard}-{row:03}")))
                .collect();
            assert_eq!(all, expected);
        }
    }

    #[test]
    fn buckets_depend_on_size_alone() {
        assert_eq!(Store::buckets_for(Some(0), 1), 256);
        assert_eq!(Store::buckets_for(Some(449 << 20), 1), 256);
        assert_eq!(Store::buckets_for(Some(500 << 30), 1), 4096);
        assert_eq!(Store::buckets_for(Some(1), 300), 512);
    }
}
