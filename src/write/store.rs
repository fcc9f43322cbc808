//! Where released rows wait while they are shuffled: memory first, then an encrypted file that has no name.
//!
//! The shuffle is external and exact (Rao 1961; Sandelius 1962): every row goes to a bucket drawn at random, then each
//! bucket, small enough for memory, is permuted by Fisher and Yates. Both draws come from the run's key, by shard and
//! bucket, so the order does not depend on threads and nobody can repeat it once the key is gone.
//!
//! The store is given opaque records. What does not fit its budget goes to a file opened without a name where the system
//! allows it, else removed at once, and encrypted with the run's key at its offset: nothing readable outlives the run.

use crate::error::{Error, ErrorKind, Result};
use crate::random::Repeatable;
use crate::secret::{SpillCipher, StreamKey};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes before a record: its length.
const PREFIX: usize = 4;

/// A worker's rows of one shard, sorted into buckets as they come. Reused from shard to shard.
pub struct ShardRows {
    buckets: Vec<Vec<u8>>,
    counts: Vec<u32>,
}

impl ShardRows {
    /// Empty, for a store of this many buckets.
    #[must_use]
    pub fn new(buckets: usize) -> Self {
        Self { buckets: vec![Vec::new(); buckets], counts: vec![0; buckets] }
    }
    /// Appends the record that `write` makes to a bucket.
    ///
    /// # Errors
    /// A record of 4 GiB or more.
    #[inline]
    pub fn push(&mut self, bucket: usize, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let bytes = &mut self.buckets[bucket];
        let start = bytes.len();
        bytes.extend_from_slice(&[0; PREFIX]);
        write(bytes);
        let length = u32::try_from(bytes.len() - start - PREFIX)
            .map_err(|_| Error::new(ErrorKind::Memory("a row of four gigabytes or more")))?;
        bytes[start..start + PREFIX].copy_from_slice(&length.to_le_bytes());
        self.counts[bucket] += 1;
        Ok(())
    }
}

/// Where a shard's rows lie.
enum Place {
    Memory(Vec<u8>),
    File(u64),
}

struct Segment {
    shard: u64,
    place: Place,
    /// Start of every bucket in the segment, and the end.
    starts: Vec<u64>,
    counts: Vec<u32>,
}

/// Takes shards from any thread in any order.
pub struct Store {
    buckets: usize,
    memory: u64,
    folder: PathBuf,
    cipher: SpillCipher,
    held: AtomicU64,
    written: AtomicU64,
    file: Mutex<Option<File>>,
    segments: Mutex<Vec<Segment>>,
}

impl Store {
    /// Holds up to `memory` bytes in memory; the rest goes to a nameless file in `folder`.
    #[must_use]
    pub fn new(buckets: usize, memory: u64, folder: &Path, spill: &StreamKey) -> Self {
        Self {
            buckets,
            memory,
            folder: folder.to_path_buf(),
            cipher: SpillCipher::new(spill),
            held: AtomicU64::new(0),
            written: AtomicU64::new(0),
            file: Mutex::new(None),
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
        let total: usize = rows.buckets.iter().map(Vec::len).sum();
        let mut bytes = Vec::with_capacity(total);
        let mut starts = Vec::with_capacity(self.buckets + 1);
        for bucket in &mut rows.buckets {
            starts.push(bytes.len() as u64);
            bytes.extend_from_slice(bucket);
            bucket.clear();
        }
        starts.push(bytes.len() as u64);
        let counts = std::mem::replace(&mut rows.counts, vec![0; self.buckets]);
        let size = bytes.len() as u64;
        let place = if self.held.fetch_add(size, Ordering::Relaxed) + size <= self.memory {
            Place::Memory(bytes)
        } else {
            self.held.fetch_sub(size, Ordering::Relaxed);
            Place::File(self.spill(&mut bytes)?)
        };
        let segment = Segment { shard, place, starts, counts };
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
        let file = self.file.into_inner().map_err(|_| poisoned())?;
        Ok(Stored { buckets: self.buckets, segments, file, cipher: self.cipher, folder: self.folder })
    }

    fn spill(&self, bytes: &mut [u8]) -> Result<u64> {
        let failed = |cause: std::io::Error| Error::io("write a temporary file in", &self.folder, &cause);
        let offset = self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.cipher.apply(offset, bytes);
        let file = {
            let mut file = self.file.lock().map_err(|_| poisoned())?;
            if file.is_none() {
                *file = Some(nameless(&self.folder).map_err(failed)?);
            }
            file.as_ref().expect("opened above").try_clone().map_err(failed)?
        };
        file.write_all_at(bytes, offset).map_err(failed)?;
        Ok(offset)
    }
}

/// A complete store, read bucket by bucket.
pub struct Stored {
    buckets: usize,
    segments: Vec<Segment>,
    file: Option<File>,
    cipher: SpillCipher,
    folder: PathBuf,
}

/// The rows of one bucket, in memory.
#[derive(Default)]
pub struct BucketRows {
    bytes: Vec<u8>,
    /// Start of each record.
    starts: Vec<usize>,
    order: Vec<u32>,
}

impl BucketRows {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }
    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
    /// Permutes the rows.
    pub fn shuffle(&mut self, random: &mut Repeatable) {
        random.shuffle(&mut self.order);
    }
    /// The records in their present order.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        self.order.iter().map(|row| {
            let start = self.starts[*row as usize];
            let length = read_length(&self.bytes[start..]);
            &self.bytes[start + PREFIX..][..length]
        })
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
    /// Rows of a bucket.
    #[must_use]
    pub fn bucket_len(&self, bucket: usize) -> u64 {
        self.segments.iter().map(|segment| u64::from(segment.counts[bucket])).sum()
    }
    /// All bytes of records.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.starts[self.buckets]).sum()
    }
    /// Whether anything went to disk.
    #[must_use]
    pub fn spilled(&self) -> bool {
        self.file.is_some()
    }
    /// Loads a bucket, its rows in the order of shards and of rows within shards.
    ///
    /// # Errors
    /// When the spill file cannot be read.
    pub fn bucket(&self, bucket: usize, rows: &mut BucketRows) -> Result<()> {
        rows.bytes.clear();
        for segment in &self.segments {
            self.load(segment, bucket, bucket + 1, rows)?;
        }
        index(rows)
    }
    /// Loads a whole shard (all its buckets), for releases in input order.
    ///
    /// # Errors
    /// When the spill file cannot be read.
    pub fn shard(&self, number: usize, rows: &mut BucketRows) -> Result<()> {
        rows.bytes.clear();
        self.load(&self.segments[number], 0, self.buckets, rows)?;
        index(rows)
    }

    fn load(&self, segment: &Segment, first: usize, end: usize, rows: &mut BucketRows) -> Result<()> {
        let (start, stop) = (segment.starts[first], segment.starts[end]);
        let size = |bytes: u64| usize::try_from(bytes).map_err(|_| Error::new(ErrorKind::Memory("a bucket of rows")));
        match &segment.place {
            Place::Memory(bytes) => rows.bytes.extend_from_slice(&bytes[size(start)?..size(stop)?]),
            Place::File(offset) => {
                let failed = |cause: std::io::Error| Error::io("read a temporary file in", &self.folder, &cause);
                let file = self.file.as_ref().ok_or(ErrorKind::Internal("spilled rows without a file"))?;
                let at = rows.bytes.len();
                rows.bytes.resize(at + size(stop - start)?, 0);
                file.read_exact_at(&mut rows.bytes[at..], offset + start).map_err(failed)?;
                self.cipher.apply(offset + start, &mut rows.bytes[at..]);
            }
        }
        Ok(())
    }
}

/// Finds the records and puts them in their first order.
fn index(rows: &mut BucketRows) -> Result<()> {
    rows.starts.clear();
    let mut at = 0;
    while at < rows.bytes.len() {
        rows.starts.push(at);
        at += PREFIX + read_length(&rows.bytes[at..]);
    }
    let count = u32::try_from(rows.starts.len()).map_err(|_| Error::new(ErrorKind::Memory("a bucket of rows")))?;
    rows.order.clear();
    rows.order.extend(0..count);
    Ok(())
}

fn read_length(bytes: &[u8]) -> usize {
    u32::from_le_bytes(bytes[..PREFIX].try_into().expect("four bytes")) as usize
}

fn poisoned() -> Error {
    Error::new(ErrorKind::Internal("a worker died while it held the store"))
}

/// A file without a name, readable by nobody else: it is gone when the process is, however that ends.
fn nameless(folder: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let mode = Mode::RUSR | Mode::WUSR;
    match rustix::fs::open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, mode) {
        Ok(descriptor) => Ok(File::from(descriptor)),
        Err(_) => {
            // Not every file system knows O_TMPFILE: make a name and take it away at once.
            let path = folder.join(".spill");
            let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
            let file = File::from(rustix::fs::open(&path, flags, mode)?);
            std::fs::remove_file(&path)?;
            Ok(file)
        }
    }
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
        let mut rows = ShardRows::new(256);
        for shard in shards {
            let mut random = Repeatable::new(&key.stream("shuffle"), shard);
            for row in 0..1000 {
                let bucket = random.below(256) as usize;
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
            assert_eq!(rows.len() as u64, stored.bucket_len(bucket));
            rows.shuffle(&mut Repeatable::new(&key.stream("permute"), bucket as u64));
            order.extend(rows.records().map(|record| String::from_utf8(record.to_vec()).unwrap()));
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
    fn spilled_rows_are_encrypted_and_nameless() {
        let folder = tempfile::tempdir().unwrap();
        let stored = fill(0, folder.path(), false);
        let file = stored.file.as_ref().unwrap();
        let mut bytes = vec![0; usize::try_from(file.metadata().unwrap().len()).unwrap()];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert!(memchr::memmem::find(&bytes, b"3:99").is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_store_of_one_bucket_keeps_input_order() {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::insecure_from_test_seed(2);
        let store = Store::new(1, 0, folder.path(), &key.stream("spill"));
        let mut rows = ShardRows::new(1);
        for shard in [1_u64, 0] {
            for row in 0..3 {
                rows.push(0, |out| out.extend_from_slice(format!("{shard}{row}").as_bytes())).unwrap();
            }
            store.add(shard, &mut rows).unwrap();
        }
        let (stored, mut read, mut all) = (store.finish().unwrap(), BucketRows::default(), String::new());
        for shard in 0..stored.shards() {
            stored.shard(shard, &mut read).unwrap();
            read.records().for_each(|record| all.push_str(std::str::from_utf8(record).unwrap()));
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
