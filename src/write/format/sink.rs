//! Where the bytes of a part go: gathered into wide writes, compressed or not.
//!
//! Errors of the sink keep their kind; foreign errors and panics lose their text, because it may quote cells.

use super::Compression;
use crate::error::{Error, ErrorKind, Result};
use polars::prelude::PolarsResult;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// A failed write, without the foreign text.
pub(in crate::write) fn write_error(cause: &std::io::Error) -> Error {
    ErrorKind::Io { operation: "write", cause: cause.kind() }.into()
}

/// Lines of text on their way to the sink, compressed or not.
pub(super) enum TextSink<W: Write> {
    Plain(Wide<W>),
    Gzip(flate2::write::GzEncoder<Wide<W>>),
    Zstd(zstd::stream::write::Encoder<'static, Wide<W>>),
}

impl<W: Write> TextSink<W> {
    pub(super) fn new(sink: W, compression: Compression) -> Result<Self> {
        let wide = Wide::new(sink);
        Ok(match compression {
            Compression::None => Self::Plain(wide),
            // No time, no name, and 255 for "unknown system".
            Compression::Gzip => Self::Gzip(
                flate2::GzBuilder::new().mtime(0).operating_system(255).write(wide, flate2::Compression::new(6)),
            ),
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(wide, 3).map_err(|cause| write_error(&cause))?;
                encoder.include_checksum(true).map_err(|cause| write_error(&cause))?;
                Self::Zstd(encoder)
            }
        })
    }
    #[inline]
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(bytes),
            Self::Gzip(sink) => sink.write_all(bytes),
            Self::Zstd(sink) => sink.write_all(bytes),
        }
        .map_err(|cause| write_error(&cause))
    }
    /// Writes what `append` appends.
    #[inline]
    pub(super) fn fill(&mut self, append: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        let Self::Plain(sink) = self else {
            let mut bytes = Vec::new();
            append(&mut bytes)?;
            return self.write(&bytes);
        };
        append(&mut sink.bytes)?;
        sink.pass_on().map_err(|cause| write_error(&cause))
    }
    pub(super) fn finish(self) -> Result<W> {
        match self {
            Self::Plain(sink) => sink.finish(),
            Self::Gzip(sink) => sink.finish().and_then(Wide::finish),
            Self::Zstd(sink) => sink.finish().and_then(Wide::finish),
        }
        .map_err(|cause| write_error(&cause))
    }
}

/// Gathers small writes: the sink sees at least [`WIDTH`] bytes at a time, but for the last.
pub(in crate::write) struct Wide<W: Write> {
    sink: W,
    bytes: Vec<u8>,
}

const WIDTH: usize = 256 * 1024;

impl<W: Write> Wide<W> {
    pub(in crate::write) fn new(sink: W) -> Self {
        Self { sink, bytes: Vec::with_capacity(WIDTH + 4096) }
    }
    /// Gives the sink what there is, where it is enough.
    #[inline]
    fn pass_on(&mut self) -> std::io::Result<()> {
        if self.bytes.len() >= WIDTH {
            self.sink.write_all(&self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
    }
    pub(in crate::write) fn finish(mut self) -> std::io::Result<W> {
        self.sink.write_all(&self.bytes)?;
        self.sink.flush()?;
        Ok(self.sink)
    }
}

impl<W: Write> Write for Wide<W> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        self.pass_on()?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        // The end of the part flushes; compressors must not cut it into small writes before.
        Ok(())
    }
}

/// Calls a foreign writer: its errors and panics may quote cells, so neither passes.
pub(in crate::write) fn guarded<T>(writer: &'static str, call: impl FnOnce() -> PolarsResult<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) | Err(_) => Err(ErrorKind::Foreign(writer).into()),
    }
}

/// Where a foreign writer puts its bytes, and where we take them away: so a failing sink keeps its own error, and the
/// sink comes back at the end.
#[derive(Clone, Default)]
pub(in crate::write) struct Tray(Arc<Mutex<Vec<u8>>>);

impl Tray {
    pub(in crate::write) fn drain(&self, sink: &mut impl Write) -> Result<()> {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let done = sink.write_all(&bytes).map_err(|cause| write_error(&cause));
        bytes.clear();
        done
    }
    /// Takes the bytes that are there.
    pub(in crate::write) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Tray {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
