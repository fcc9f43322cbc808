//! Opens one input and unpacks it.
//!
//! Responsible for: bytes of text out of a file, a pipe or standard input, packed or not; how far reading has come; whether
//! a file is still the one that was opened. It never looks at records.

use super::format::Packing;
use crate::error::{Error, ErrorKind, Result};
use std::fs::{File, Metadata};
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// What tells that a regular file is still the same, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Stamp {
    /// Length in bytes.
    pub(super) bytes: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// The stamp of a file; `None` where it is a pipe or the like, which can be read once only.
    pub(super) fn of(path: &Path) -> Result<Option<Self>> {
        if super::is_stdin(path) {
            return Ok(None);
        }
        let data = std::fs::metadata(path).map_err(|cause| Error::io("open", path, &cause))?;
        if data.is_dir() {
            return Err(Error::new(ErrorKind::Usage("this is a folder; name its files".to_owned())).in_file(path));
        }
        Ok(Self::from_metadata(&data))
    }
    fn from_metadata(data: &Metadata) -> Option<Self> {
        data.is_file().then(|| Self { bytes: data.len(), modified: data.modified().ok() })
    }
}

/// An opened input: unpacked bytes.
pub(super) struct Input {
    reader: Box<dyn Read + Send>,
    packing: Packing,
}

impl Input {
    /// Opens a file, or standard input for `-`. The bytes read, before unpacking, are added to `done`.
    pub(super) fn open(path: &Path, done: &Arc<AtomicU64>) -> Result<Self> {
        let failed = |cause: &io::Error| Error::io("open", path, cause);
        let source: Box<dyn Read + Send> = if super::is_stdin(path) {
            Box::new(io::stdin())
        } else {
            Box::new(File::open(path).map_err(|cause| failed(&cause))?)
        };
        let mut source = Counted { source, done: Arc::clone(done) };
        let mut head = Vec::with_capacity(4);
        source.by_ref().take(4).read_to_end(&mut head).map_err(|cause| Error::io("read", path, &cause))?;
        let packing = Packing::from_magic(&head);
        let promised = Packing::from_path(path);
        if promised != Packing::None && promised != packing {
            return Err(Error::new(ErrorKind::NotOfFormat(promised.intact())).in_file(path));
        }
        if head == *b"PK\x03\x04" {
            return Err(Error::new(ErrorKind::NotOfFormat("text, but a zip archive or workbook")).in_file(path));
        }
        let whole = Cursor::new(head).chain(source);
        let reader: Box<dyn Read + Send> = match packing {
            Packing::None => Box::new(whole),
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 17, whole))),
            Packing::Zstd => Box::new(zstd::stream::read::Decoder::new(whole).map_err(|cause| failed(&cause))?),
        };
        Ok(Self { reader, packing })
    }

    /// Reads until `into` is full or the input ends; gives the number of bytes.
    pub(super) fn fill(&mut self, into: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match self.reader.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(more) => filled += more,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(self.failed(&cause)),
            }
        }
        Ok(filled)
    }

    /// A stream that ends too early or does not match its checksum is told apart from a disk that fails.
    fn failed(&self, cause: &io::Error) -> Error {
        use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
        match cause.kind() {
            InvalidData | InvalidInput | Other | UnexpectedEof if self.packing != Packing::None => {
                ErrorKind::NotOfFormat(self.packing.intact()).into()
            }
            kind => ErrorKind::Io { operation: "read", cause: kind }.into(),
        }
    }
}

/// Counts what is read.
struct Counted {
    source: Box<dyn Read + Send>,
    done: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
