//! A file that is read by ranges, each checked against its length, or from front to end.

use crate::error::{Error, ErrorKind, Result};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// The bytes of a file: on disk, or in memory for what is made of parts.
pub struct Bytes(Source);

enum Source {
    Disk { file: File, length: u64 },
    Memory(Vec<u8>),
}

impl Bytes {
    /// Opens a file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |cause: std::io::Error| Error::io("open", path, &cause);
        let file = File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        Ok(Self(Source::Disk { file, length }))
    }
    /// Bytes that are in memory already.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Self {
        Self(Source::Memory(bytes))
    }
    /// How many there are.
    #[must_use]
    pub fn length(&self) -> u64 {
        match &self.0 {
            Source::Disk { length, .. } => *length,
            Source::Memory(bytes) => bytes.len() as u64,
        }
    }
    /// A range, or `None` where it does not lie inside.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn range(&self, start: u64, length: u64) -> Result<Option<Vec<u8>>> {
        if start.checked_add(length).is_none_or(|end| end > self.length()) {
            return Ok(None);
        }
        let (Ok(at), Ok(count)) = (usize::try_from(start), usize::try_from(length)) else { return Ok(None) };
        if let Source::Memory(bytes) = &self.0 {
            return Ok(Some(bytes[at..at + count].to_vec()));
        }
        let mut bytes = vec![0; count];
        let read = self.read(start, &mut bytes)?;
        Ok((read == count).then_some(bytes))
    }
    /// Fills a buffer from a place on, as far as there are bytes, and tells how many.
    ///
    /// # Errors
    /// [`ErrorKind::Io`].
    pub fn read(&self, start: u64, out: &mut [u8]) -> Result<usize> {
        let left = usize::try_from(self.length().saturating_sub(start)).unwrap_or(usize::MAX);
        let count = left.min(out.len());
        let out = &mut out[..count];
        match &self.0 {
            Source::Memory(bytes) if count > 0 => {
                let at = usize::try_from(start).expect("it lies in memory");
                out.copy_from_slice(&bytes[at..at + count]);
            }
            Source::Memory(_) => {}
            Source::Disk { file, .. } => file
                .read_exact_at(out, start)
                .map_err(|cause| Error::new(ErrorKind::Io { operation: "read", cause: cause.kind() }))?,
        }
        Ok(count)
    }
}

/// Bytes that are read at once: they stay in the second cache while they are looked at.
pub(super) const PIECE: usize = 128 << 10;

/// The file from front to end; somebody is given what was read.
pub(super) struct Pieces<'a> {
    bytes: &'a Bytes,
    at: u64,
    own: &'a mut dyn FnMut(&[u8]),
}

impl<'a> Pieces<'a> {
    pub(super) fn of(bytes: &'a Bytes, own: &'a mut dyn FnMut(&[u8])) -> Self {
        Self { bytes, at: 0, own }
    }
    /// The same file, for readers that go to and fro; nobody is given what they read.
    pub(super) fn file(&self) -> &'a Bytes {
        self.bytes
    }
    /// Reads on to the end.
    pub(super) fn rest(&mut self) -> Result<()> {
        let mut piece = vec![0; PIECE];
        while self.next(&mut piece)? > 0 {}
        Ok(())
    }
    fn next(&mut self, out: &mut [u8]) -> Result<usize> {
        let count = self.bytes.read(self.at, out)?;
        (self.own)(&out[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.next(out).map_err(|error| match error.kind() {
            ErrorKind::Io { cause, .. } => std::io::Error::from(*cause),
            _ => std::io::Error::from(std::io::ErrorKind::Other),
        })
    }
}
