//! Where released rows wait while they are shuffled: memory first, then an encrypted file that has no name.
//!
//! The shuffle is external and exact (Rao 1961; Sandelius 1962): every row goes to a bucket drawn at random, then each
//! bucket, small enough for memory, is permuted by Fisher and Yates. Both draws come from the run's key, by shard and
//! bucket, so the order does not depend on threads and nobody can repeat it once the key is gone.
//!
//! The store is given opaque records. What does not fit its budget goes to a nameless, encrypted [`SpillFile`]: nothing readable
//! outlives the run.

use super::spill_file::SpillFile;
use crate::error::{Error, ErrorKind, Result};
use crate::random::Repeatable;
use crate::secret::StreamKey;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A worker's rows of one shard, one after the other as they come, each with its bucket. Reused from shard to shard.
///
/// Rows are not sorted into buckets here: writing in one place is what memory is good at. They are sorted once, when the
/// shard is done.
#[derive(Default)]
pub struct ShardRows {
    bytes: Vec<u8>,
    buckets: Vec<u32>,
    ends: Vec<u32>,
}

impl ShardRows {
    /// Appends the record that `write` makes to a bucket.
    ///
    /// # Errors
    /// Four gigabytes or more of one shard.
    #[inline]
    pub fn push(&mut self, bucket: u32, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        write(&mut self.bytes);
        let end = u32::try_from(self.bytes.len())
            .map_err(|_| Error::new(ErrorKind::Memory("a shard of four gigabytes or more")))?;
        self.buckets.push(bucket);
        self.ends.push(end);
        Ok(())
    }
}

/// The rows of one shard, by bucket. Nothing else is kept for each row.
///
/// Of a bucket there is first the number of its records, then the length of each, then the records: so they are found by reading a few
/// lines of memory and not one for each.
struct Segment {
    shard: u64,
    place: Place,
    /// Each bucket's first byte, and the end.
    starts: Vec<u32>,
}

enum Place {
    Memory(Vec<u8>),
    /// From this offset of the file, encrypted.
    File(u64),
}

/// Bytes of a number: how many records, and how long each is.
const NUMBER: usize = 4;

/// Takes shards from any thread in any order.
pub struct Store {
    buckets: usize,
    memory: u64,
    spill: SpillFile,
    held: AtomicU64,
    segments: Mutex<Vec<Segment>>,
}

impl Store {
    /// Holds up to `memory` bytes in memory; the rest goes to a nameless file in `folder`.
    #[must_use]
    pub fn new(buckets: usize, memory: u64, folder: &Path, spill: &StreamKey) -> Self {
        Self {
            buckets,
            memory,
            spill: SpillFile::new(folder, spill),
            held: AtomicU64::new(0),
            segments: Mutex::new(Vec::new()),
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
        self.buckets
    }
    /// Takes the rows of a shard and leaves `rows` empty for the next.
    ///
    /// # Errors
    /// When the spill file cannot be written.
    pub fn add(&self, shard: u64, rows: &mut ShardRows) -> Result<()> {
        let (mut grouped, starts) = group(rows, self.buckets)?;
        let size = grouped.len() as u64;
        let place = if self.held.fetch_add(size, Ordering::Relaxed) + size <= self.memory {
            Place::Memory(grouped)
        } else {
            self.held.fetch_sub(size, Ordering::Relaxed);
            Place::File(self.spill.put(&mut grouped)?)
        };
        rows.bytes.clear();
        rows.buckets.clear();
        rows.ends.clear();
        let segment = Segment { shard, place, starts };
        self.segments.lock().map_err(|_| poisoned())?.push(segment);
        Ok(())
    }
    /// All shards are in: the buckets can be read.
    ///
    /// # Errors
    /// When a worker died.
    pub fn finish(self) -> Result<Stored> {
        let mut segments = self.segments.into_inner().map_err(|_| poisoned())?;
        segments.sort_unstable_by_key(|segment| segment.shard);
        Ok(Stored { buckets: self.buckets, segments, spill: self.spill })
    }
}

/// A complete store, read bucket by bucket.
pub struct Stored {
    buckets: usize,
    segments: Vec<Segment>,
    spill: SpillFile,
}

/// The rows of one bucket, in the order of shards and of rows within shards until they are shuffled.
#[derive(Default)]
pub struct BucketRows {
    /// What had to be read back from the file.
    arena: Vec<u8>,
    rows: Vec<Row>,
    order: Vec<u32>,
}

/// Where a row of a bucket lies: in a segment's memory or, for [`ARENA`], in the arena.
#[derive(Clone, Copy)]
struct Row {
    segment: u32,
    length: u32,
    start: u64,
}

const ARENA: u32 = u32::MAX;

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
        random.shuffle(&mut self.order);
    }
    /// Gives the records to `each` in their present order; `stored` is the store that they were found in.
    ///
    /// The rows lie anywhere in memory. Some are touched before they are used, all at once: so their way into the cache
    /// is waited for once and not for each.
    ///
    /// # Errors
    /// What `each` returned.
    pub fn for_each(&self, stored: &Stored, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        const AHEAD: usize = 32;
        for rows in self.order.chunks(AHEAD) {
            let mut records: [&[u8]; AHEAD] = [&[]; AHEAD];
            let mut touched = 0;
            for (record, row) in records.iter_mut().zip(rows) {
                *record = self.record(*row, stored);
                touched ^= record.first().unwrap_or(&0) ^ record.last().unwrap_or(&0);
            }
            std::hint::black_box(touched);
            for record in &records[..rows.len()] {
                each(record)?;
            }
        }
        Ok(())
    }

    fn record<'r>(&'r self, row: u32, stored: &'r Stored) -> &'r [u8] {
        let row = self.rows[row as usize];
        let bytes: &[u8] = match stored.segments.get(row.segment as usize).map(|segment| &segment.place) {
            Some(Place::Memory(bytes)) => bytes,
            _ => &self.arena,
        };
        let start = usize::try_from(row.start).expect("it lies in memory");
        &bytes[start..start + row.length as usize]
    }
}

impl Stored {
    /// Number of buckets.
    #[must_use]
    pub fn buckets(&self) -> usize {
        self.buckets
    }
    /// Number of shards.
    #[must_use]
    pub fn shards(&self) -> usize {
        self.segments.len()
    }
    /// All bytes of records.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| u64::from(segment.starts[self.buckets])).sum()
    }
    /// Whether anything went to disk.
    #[must_use]
    pub fn spilled(&self) -> bool {
        self.spill.is_used()
    }
    /// Finds the rows of a bucket and puts them in their first order.
    ///
    /// # Errors
    /// When the spill file cannot be read.
    pub fn bucket(&self, bucket: usize, rows: &mut BucketRows) -> Result<()> {
        rows.arena.clear();
        rows.rows.clear();
        for number in 0..self.segments.len() {
            self.find(number, bucket..bucket + 1, rows)?;
        }
        in_order(rows)
    }
    /// Finds the rows of a whole shard, for releases in input order; the store then has one bucket.
    ///
    /// # Errors
    /// When the spill file cannot be read.
    pub fn shard(&self, number: usize, rows: &mut BucketRows) -> Result<()> {
        rows.arena.clear();
        rows.rows.clear();
        self.find(number, 0..self.buckets, rows)?;
        in_order(rows)
    }

    fn find(&self, number: usize, buckets: std::ops::Range<usize>, rows: &mut BucketRows) -> Result<()> {
        let segment = &self.segments[number];
        let (first, end) = (segment.starts[buckets.start], segment.starts[buckets.end]);
        if first == end {
            return Ok(());
        }
        match &segment.place {
            Place::Memory(bytes) => {
                let number = u32::try_from(number).map_err(|_| Error::new(ErrorKind::Memory("the list of shards")))?;
                index(&bytes[..end as usize], first as usize, number, &mut rows.rows)
            }
            Place::File(offset) => {
                let (at, offset) = (rows.arena.len(), offset + u64::from(first));
                rows.arena.resize(at + (end - first) as usize, 0);
                self.spill.get(offset, &mut rows.arena[at..])?;
                index(&rows.arena, at, ARENA, &mut rows.rows)
            }
        }
    }
}

/// Finds the records of buckets that lie one behind the other in `bytes`, from a place on.
fn index(bytes: &[u8], mut at: usize, segment: u32, rows: &mut Vec<Row>) -> Result<()> {
    let torn = || ErrorKind::Internal("a waiting row is torn");
    while at < bytes.len() {
        let count = bytes[at..].first_chunk::<NUMBER>().ok_or_else(torn)?;
        at += NUMBER;
        let lengths = NUMBER * u32::from_le_bytes(*count) as usize;
        let (lengths, _) = bytes.get(at..at + lengths).ok_or_else(torn)?.as_chunks::<NUMBER>();
        at += NUMBER * lengths.len();
        rows.extend(lengths.iter().map(|length| {
            let length = u32::from_le_bytes(*length);
            let row = Row { segment, length, start: at as u64 };
            at += length as usize;
            row
        }));
    }
    if at == bytes.len() { Ok(()) } else { Err(torn().into()) }
}

/// The records by bucket, as a [`Segment`] has them, and the first byte of each bucket: sorting by counting.
fn group(rows: &ShardRows, buckets: usize) -> Result<(Vec<u8>, Vec<u32>)> {
    let most = rows.bytes.len() + NUMBER * (rows.ends.len() + buckets);
    if u32::try_from(most).is_err() {
        return Err(Error::new(ErrorKind::Memory("a shard of four gigabytes or more")));
    }
    let lengths = || rows.ends.iter().scan(0, |start, end| Some(end - std::mem::replace(start, *end)));
    // records and bytes of each bucket
    let mut sizes = vec![(0_u32, 0_u32); buckets];
    for (bucket, length) in rows.buckets.iter().zip(lengths()) {
        let (records, bytes) = &mut sizes[*bucket as usize];
        *records += 1;
        *bytes += length;
    }
    let mut starts = Vec::with_capacity(buckets + 1);
    let mut total = 0_usize;
    // where the next length and the next record of each bucket go
    let mut next = Vec::with_capacity(buckets);
    for (records, bytes) in &sizes {
        let numbers = if *records == 0 { 0 } else { NUMBER * (*records as usize + 1) };
        starts.push(offset(total));
        next.push((total + NUMBER, total + numbers));
        total += numbers + *bytes as usize;
    }
    starts.push(offset(total));
    let (mut grouped, mut from) = (vec![0; total], 0);
    for ((records, _), start) in sizes.iter().zip(&starts).filter(|((records, _), _)| *records > 0) {
        grouped[*start as usize..][..NUMBER].copy_from_slice(&records.to_le_bytes());
    }
    for (bucket, length) in rows.buckets.iter().zip(lengths()) {
        let ((number, record), size) = (&mut next[*bucket as usize], length as usize);
        grouped[*number..*number + NUMBER].copy_from_slice(&length.to_le_bytes());
        grouped[*record..*record + size].copy_from_slice(&rows.bytes[from..from + size]);
        *number += NUMBER;
        *record += size;
        from += size;
    }
    Ok((grouped, starts))
}

/// A place in a shard's rows, which are fewer than 2³² bytes.
fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("it was looked at")
}

fn in_order(rows: &mut BucketRows) -> Result<()> {
    let count = u32::try_from(rows.rows.len()).map_err(|_| Error::new(ErrorKind::Memory("a bucket of rows")))?;
    rows.order.clear();
    rows.order.extend(0..count);
    Ok(())
}

fn poisoned() -> Error {
    Error::new(ErrorKind::Internal("a worker died while it held the store"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::MasterKey;

    fn fill(memory: u64, folder: &Path, backwards: bool) -> Stored {
        let key = MasterKey::insecure_from_test_seed(1);
        let store = Store::new(256, memory, folder, &key.stream("spill"));
        let mut shards: Vec<u64> = (0..5).collect();
        if backwards {
            shards.reverse();
        }
        let mut rows = ShardRows::default();
        for shard in shards {
            let mut random = Repeatable::new(&key.stream("shuffle"), shard);
            for row in 0..1000 {
                let bucket = random.below(256);
                rows.push(bucket, |out| out.extend_from_slice(format!("{shard}:{row}").as_bytes())).unwrap();
            }
            store.add(shard, &mut rows).unwrap();
        }
        store.finish().unwrap()
    }

    fn order(stored: &Stored) -> Vec<String> {
        let key = MasterKey::insecure_from_test_seed(1);
        let (mut rows, mut order) = (BucketRows::default(), Vec::new());
        for bucket in 0..stored.buckets() {
            stored.bucket(bucket, &mut rows).unwrap();
            rows.shuffle(&mut Repeatable::new(&key.stream("permute"), bucket as u64));
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
        let first = order(&memory);
        assert_eq!(first, order(&disk));
        let mut sorted = first.clone();
        sorted.sort();
        let mut expected: Vec<String> =
            (0..5).flat_map(|shard| (0..1000).map(move |row| format!("{shard}:{row}"))).collect();
        expected.sort();
        assert_eq!(sorted, expected);
        assert_ne!(first, expected);
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
        let store = Store::new(1, 0, folder.path(), &key.stream("spill"));
        let mut rows = ShardRows::default();
        for shard in [1_u64, 0] {
            for row in 0..3 {
                rows.push(0, |out| out.extend_from_slice(format!("{shard}{row}").as_bytes())).unwrap();
            }
            store.add(shard, &mut rows).unwrap();
        }
        let (stored, mut read, mut all) = (store.finish().unwrap(), BucketRows::default(), String::new());
        for shard in 0..stored.shards() {
            stored.shard(shard, &mut read).unwrap();
            read.for_each(&stored, |record| {
                all.push_str(std::str::from_utf8(record).unwrap());
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(all, "000102101112");
    }

    #[test]
    fn buckets_depend_on_size_alone() {
        assert_eq!(Store::buckets_for(Some(0), 1), 256);
        assert_eq!(Store::buckets_for(Some(449 << 20), 1), 256);
        assert_eq!(Store::buckets_for(Some(500 << 30), 1), 4096);
        assert_eq!(Store::buckets_for(Some(1), 300), 512);
    }
}
