//! A file that is read by ranges, each checked against its length.

use crate::error::{Error, ErrorKind, Result};
use std::fs::File;
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
        match &self.0 {
            Source::Memory(bytes) => Ok(Some(bytes[at..at + count].to_vec())),
            Source::Disk { file, .. } => {
                let mut bytes = vec![0; count];
                let failed =
                    |cause: std::io::Error| Error::new(ErrorKind::Io { operation: "read", cause: cause.kind() });
                file.read_exact_at(&mut bytes, start).map_err(failed)?;
                Ok(Some(bytes))
            }
        }
    }
}
